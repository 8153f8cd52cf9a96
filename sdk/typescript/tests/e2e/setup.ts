// SPDX-License-Identifier: Apache-2.0
import type { TestProject } from "vitest/node";
import * as checksum from "../../examples/checksum/checksum.mjs";
import { startNode } from "./programs.js";

declare module "vitest" {
	export interface ProvidedContext {
		url: string;
	}
}

/** Makes the key of the rollup and starts the chain that all tests share. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const [node] = await Promise.all([startNode(), checksum.setUp()]);
	project.provide("url", node.url);
	return node.stop;
}
