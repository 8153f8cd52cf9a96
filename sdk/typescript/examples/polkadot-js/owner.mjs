// SPDX-License-Identifier: Apache-2.0
// A rollup's side with polkadot.js alone: registers the checksum rollup and commits batches to it.
import { readFile } from "node:fs/promises";
import { u8aConcat, u8aToHex } from "@polkadot/util";
import * as checksum from "../checksum/checksum.mjs";
import { send } from "./prover.mjs";

const bytes = (decimal) => Uint8Array.from(Buffer.from(BigInt(decimal).toString(16).padStart(64, "0"), "hex"));
const g1 = ([x, y]) => u8aConcat(bytes(x), bytes(y));
/** The imaginary part of each coordinate first: snarkjs writes it second. */
const g2 = ([x, y]) => u8aConcat(bytes(x[1]), bytes(x[0]), bytes(y[1]), bytes(y[0]));

/** Converts `verification_key.json` of snarkjs into 768 bytes. */
export const keyBytes = (key) =>
	u8aConcat(g1(key.vk_alpha_1), g2(key.vk_beta_2), g2(key.vk_gamma_2), g2(key.vk_delta_2), ...key.IC.map(g1));

/** Registers the rollup with the parameters of a preset. Returns its id. */
export async function registerRollup(api, owner, presetName, say) {
	const key = u8aToHex(keyBytes(await checksum.setUp(say)));
	const file = new URL(`../../presets/${presetName}.json`, import.meta.url);
	const params = { ...JSON.parse(await readFile(file, "utf8")), data_len: checksum.DATA_BYTES };
	// polkadot.js writes 0 for a field that it does not find, and ignores one that it does not know.
	const known = Object.keys(api.createType("PvsPrimitivesParamsRollupParams").toJSON());
	const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
	const given = Object.keys(params).map(camel);
	const wrong = [...known.filter((name) => !given.includes(name)), ...given.filter((name) => !known.includes(name))];
	if (wrong.length > 0) {
		throw new Error(`missing or misspelt parameters: ${wrong.join(", ")}`);
	}
	const call = api.tx.pvs.registerRollup(key, checksum.genesisRoot, owner.address, params);
	const events = await send(api, owner, call);
	return events.find(({ method }) => method === "RollupRegistered").data.rollup.toNumber();
}

/** Commits a text as the next batch. Returns its index. */
export async function commitText(api, owner, rollup, text) {
	const { tipRoot, params } = (await api.call.pvsApi.rollup(rollup)).unwrap();
	const data = checksum.dataOf(text);
	const [before, after] = [tipRoot.toHex(), checksum.execute(tipRoot.toHex(), data)];
	const call = api.tx.pvs.commitBatch(rollup, u8aToHex(data), before, after, params.maxReserve);
	const events = await send(api, owner, call);
	return events.find(({ method }) => method === "BatchCommitted").data.batch.index.toNumber();
}
