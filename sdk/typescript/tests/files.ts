// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url);

/** Reads a file of the repository. */
export const readBytes = (path: string): Uint8Array =>
	Uint8Array.from(readFileSync(new URL(path, root)));

/** Reads a JSON file of the repository. */
export const readJson = (path: string): any => JSON.parse(readFileSync(new URL(path, root), "utf8"));

/** The cases of a file of `vectors/`; fails where there are none. */
export function cases(name: string): any[] {
	const { cases: found } = readJson(`vectors/${name}.json`);
	if (!Array.isArray(found) || found.length === 0) {
		throw new Error(`vectors/${name}.json has no cases`);
	}
	return found;
}
