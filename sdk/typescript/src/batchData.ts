// SPDX-License-Identifier: Apache-2.0
import { type BatchId } from "./bid.js";
import { type BytesLike, concat, equal, littleEndian, toBytes, toFixed } from "./bytes.js";
import type { Connection } from "./connection.js";
import { NotFound } from "./errors.js";
import { dataCommitment, decodeDigestItem } from "./inputs.js";

const ENGINE = "pvsb";

/** Returns the compact length that stands before a byte string in SCALE. */
function lengthPrefix(length: number): Uint8Array {
	if (length < 1 << 6) {
		return littleEndian(length << 2, 1);
	}
	return length < 1 << 14 ? littleEndian((length << 2) | 1, 2) : littleEndian(length * 4 + 2, 4);
}

/**
 * Finds a batch's data in an extrinsic, however deep below it the commit stands: it is the byte string of this length
 * that has the commitment.
 */
export function dataInExtrinsic(extrinsic: Uint8Array, length: number, commitment: BytesLike): Uint8Array | undefined {
	const [prefix, wanted] = [lengthPrefix(length), toFixed(commitment, 32, "dataCommitment")];
	for (let at = 0; at + prefix.length + length <= extrinsic.length; at++) {
		const isHere = prefix.every((byte, index) => byte === extrinsic[at + index]);
		if (isHere) {
			const data = extrinsic.slice(at + prefix.length, at + prefix.length + length);
			if (equal(dataCommitment(data), wanted)) {
				return data;
			}
		}
	}
	return undefined;
}

/** Reads the data of a batch from the block that committed it, by the item in its header. */
export async function readBatchData(
	connection: Connection,
	batch: BatchId & { committedAt: number; dataLength: number; dataCommitment: BytesLike },
): Promise<Uint8Array> {
	const { client, api } = connection;
	const hash = await connection.answer(api.query.System.BlockHash.getValue(batch.committedAt, { at: "best" }));
	const best = await connection.best();
	const block = best.number === batch.committedAt ? best.hash : hash;
	const [header, body] = await connection.answer(
		Promise.all([client.getBlockHeader(block), client.getBlockBody(block)]),
	);
	for (const { type, value } of header.digests) {
		if (type !== "consensus" || value.engine !== ENGINE) {
			continue;
		}
		const place = decodeDigestItem(toBytes(value.payload as BytesLike));
		const extrinsic = body[place.extrinsic];
		if (place.rollup === batch.rollup && place.index === batch.index && extrinsic !== undefined) {
			const data = dataInExtrinsic(concat(extrinsic), batch.dataLength, batch.dataCommitment);
			if (data !== undefined) {
				return data;
			}
		}
	}
	throw new NotFound(`block ${batch.committedAt} (${block}) names no data of batch ${batch.rollup}/${batch.index}`);
}
