// SPDX-License-Identifier: Apache-2.0
import { poseidon4 } from "poseidon-lite/poseidon4";
import { type AccountLike, accountBytes } from "./accounts.js";
import { type RoundId, encodePlace } from "./bid.js";
import {
	type BytesLike,
	ascii,
	bigEndian,
	blake2_256,
	concat,
	fromBigEndian,
	fromLittleEndian,
	toBytes,
	toFixed,
} from "./bytes.js";
import { InvalidInput } from "./errors.js";

/** Modulus of BN254's scalar field: of roots, data commitments, bindings and public inputs. */
export const SCALAR_MODULUS =
	21888242871839275222246405745257275088548364400416034343698204186575808495617n;
/** Number of public inputs of a proof. */
export const PUBLIC_INPUTS = 4;

const CHUNK_BYTES = 31;
const CHUNKS_PER_HASH = 3;
const DIGEST_ITEM_BYTES = 48;

/** Poseidon of four scalars with circomlib's constants. */
export const poseidon = (inputs: bigint[]): bigint => poseidon4(inputs);

/** Reads a scalar; throws if it is not below the modulus. */
export function scalar(value: BytesLike, field = "scalar"): bigint {
	const number = fromBigEndian(toFixed(value, 32, field));
	if (number >= SCALAR_MODULUS) {
		throw new InvalidInput(field, "is not below the modulus of BN254's scalar field (StateRootNonCanonical)");
	}
	return number;
}

/** Encodes a scalar: 32 bytes big-endian. */
export const encodeScalar = (value: bigint): Uint8Array => bigEndian(value, 32);

/** Returns the commitment to a batch's data that the chain computes. */
export function dataCommitment(data: BytesLike): Uint8Array {
	const bytes = toBytes(data, "data");
	const chunk = (index: number) => {
		const padded = new Uint8Array(CHUNK_BYTES);
		padded.set(bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
		return fromBigEndian(padded);
	};
	let state = BigInt(bytes.length);
	for (let index = 0; index * CHUNK_BYTES < bytes.length; index += CHUNKS_PER_HASH) {
		state = poseidon([state, chunk(index), chunk(index + 1), chunk(index + 2)]);
	}
	return encodeScalar(state);
}

/** Returns the fourth public input of a proof, which binds it to chain, batch, round and prover. */
export function binding(place: RoundId, prover: AccountLike): Uint8Array {
	const hash = blake2_256(
		ascii("pvs/binding/v1"),
		encodePlace(place),
		accountBytes(prover, "prover"),
	);
	return concat(Uint8Array.of(0), hash.slice(0, 31));
}

/** What the public inputs of a proof are made of. */
export interface Statement {
	prevStateRoot: BytesLike;
	nextStateRoot: BytesLike;
	dataCommitment: BytesLike;
}

/** Returns the four public inputs of a proof, each 32 bytes big-endian, in the order of the layout. */
export function publicInputs(statement: Statement, place: RoundId, prover: AccountLike): Uint8Array[] {
	const inputs = [
		toFixed(statement.prevStateRoot, 32, "prevStateRoot"),
		toFixed(statement.nextStateRoot, 32, "nextStateRoot"),
		toFixed(statement.dataCommitment, 32, "dataCommitment"),
		binding(place, prover),
	];
	inputs.forEach((input, index) => scalar(input, `public input ${index}`));
	return inputs;
}

/** Returns public inputs as snarkjs and circuits take them: decimal strings. */
export const toDecimals = (inputs: BytesLike[]): string[] =>
	inputs.map((input, index) => String(fromBigEndian(toFixed(input, 32, `public input ${index}`))));

/** Place of a batch's data, as a header's digest item names it. */
export interface CommitPlace {
	rollup: number;
	index: bigint;
	/** Index of the extrinsic in the block's body. */
	extrinsic: number;
	dataCommitment: Uint8Array;
}

/** Decodes the 48 bytes of a digest item of engine `pvsb`. */
export function decodeDigestItem(item: BytesLike): CommitPlace {
	const bytes = toFixed(item, DIGEST_ITEM_BYTES, "digest item");
	const number = (from: number, until: number) => fromLittleEndian(bytes.slice(from, until));
	return {
		rollup: Number(number(0, 4)),
		index: number(4, 12),
		extrinsic: Number(number(12, 16)),
		dataCommitment: bytes.slice(16),
	};
}
