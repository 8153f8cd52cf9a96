// SPDX-License-Identifier: Apache-2.0
// The rules of the tally rollup, as `tally.circom` proves them.
import { poseidon4 } from "poseidon-lite/poseidon4";

export const COUNTERS = 4;
export const ENTRIES = 3;
export const CHUNK_BYTES = 31;
export const DATA_BYTES = ENTRIES * CHUNK_BYTES;
const AMOUNT_LIMIT = 1n << 64n;

export const genesis = () => Array(COUNTERS).fill(0n);

export const root = (counters) => poseidon4(counters);

/** The data as numbers of 31 bytes, big-endian. */
export function chunksOf(data) {
	if (data.length !== DATA_BYTES) {
		throw new Error(`the data has ${data.length} bytes, not ${DATA_BYTES}`);
	}
	return Array.from({ length: ENTRIES }, (_, index) => {
		const chunk = data.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
		return BigInt(`0x${Buffer.from(chunk).toString("hex")}`);
	});
}

/** What the chain computes of the data: `Poseidon(length, chunk, chunk, chunk)` for three chunks. */
export const dataCommitment = (data) => poseidon4([BigInt(data.length), ...chunksOf(data)]);

/** The data of a batch of `{ counter, amount, note }`. */
export function encode(entries) {
	const data = Buffer.alloc(DATA_BYTES);
	entries.forEach(({ counter, amount, note = "" }, index) => {
		const chunk = data.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
		chunk.writeUInt8(counter);
		chunk.writeBigUInt64BE(BigInt(amount), 1);
		chunk.write(note, 9);
	});
	return data;
}

/** The counters after a batch. Throws, with the reason, if the batch is invalid. */
export function execute(counters, data) {
	const after = [...counters];
	chunksOf(data).forEach((chunk, index) => {
		const counter = Number(chunk >> 240n);
		const amount = (chunk >> 176n) % AMOUNT_LIMIT;
		if (counter >= COUNTERS) {
			throw new Error(`entry ${index} names counter ${counter}, the last is ${COUNTERS - 1}`);
		}
		after[counter] += amount;
		if (after[counter] >= AMOUNT_LIMIT) {
			throw new Error(`entry ${index} takes counter ${counter} above 2^64 - 1`);
		}
	});
	return after;
}

/** What the circuit takes: the public inputs, in the order of layout v1, and the witness. */
export function circuitInput(counters, data, publicInputs) {
	const [prev_state_root, next_state_root, data_commitment, binding] = publicInputs;
	return {
		prev_state_root,
		next_state_root,
		data_commitment,
		binding,
		counters: counters.map(String),
		chunks: chunksOf(data).map(String),
	};
}

/** A field element as 0x and 64 hex digits. */
export const toHex = (element) => `0x${element.toString(16).padStart(64, "0")}`;
export const fromHex = (text) => Buffer.from(text.slice(2), "hex");

/** States as `pvsctl prover` keeps them between requests: a text that only this program reads. */
export const writeState = (counters) => counters.join(",");
export const readState = (text) => text.split(",").map(BigInt);
