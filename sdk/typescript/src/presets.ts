// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { type RollupParams, parseParams } from "./params.js";

/** `development`: windows of two and three blocks, for programs. `wallet`: of 40 blocks, for a person. */
export type PresetName = "development" | "wallet";

/** Returns the parameters of a preset, with the length of a batch's data and what else is to differ. */
export function preset(name: PresetName, changes: Partial<RollupParams> & { data_len: number }): RollupParams {
	const file = new URL(`../presets/${name}.json`, import.meta.url);
	return parseParams({ ...JSON.parse(readFileSync(file, "utf8")), ...changes });
}
