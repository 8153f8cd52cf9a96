// SPDX-License-Identifier: Apache-2.0
// A rollup's side: registers the checksum rollup and commits batches to it.
import { address, keyFromSnarkjs, preset } from "@pvs/sdk";
import * as checksum from "./checksum/checksum.mjs";

/** Registers the rollup with the parameters of a preset; the signer is owner and sequencer. Returns its id. */
export async function registerRollup(market, signer, presetName, say) {
	const verifyingKey = keyFromSnarkjs(await checksum.setUp(say));
	return market.registerRollup(signer, {
		verifyingKey,
		genesisRoot: checksum.genesisRoot,
		sequencer: address(signer.publicKey),
		params: preset(presetName, { data_len: checksum.DATA_BYTES }),
	});
}

/** Commits a text as the next batch, for the highest fee that the rollup allows. Returns the batch. */
export async function commitText(market, signer, rollup, text) {
	const { tip_root, params } = await market.rollup(rollup);
	const data = checksum.dataOf(text);
	const nextStateRoot = checksum.execute(tip_root, data);
	return market.commitBatch(signer, { rollup, data, nextStateRoot, maxFee: params.max_reserve });
}
