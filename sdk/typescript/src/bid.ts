// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { type AccountLike, accountBytes } from "./accounts.js";
import {
	type BytesLike,
	ascii,
	blake2_256,
	concat,
	fromLittleEndian,
	littleEndian,
	toBytes,
	toFixed,
	wholeNumber,
} from "./bytes.js";
import { InvalidInput, PvsError } from "./errors.js";
import { type Snapshot, encodeSnapshot } from "./params.js";

/** Bytes of a payload. */
export const PAYLOAD_BYTES = 85;
/** Bytes of a bid's context. */
export const CONTEXT_BYTES = 122;

/** A batch in the whole chain. */
export interface BatchId {
	rollup: number;
	index: bigint;
}

/** A round of a batch on one chain. */
export interface RoundId extends BatchId {
	/** Hash of the chain's first block. */
	genesisHash: BytesLike;
	round: number;
}

/** The terms of a bid, secret until it is revealed. */
export interface BidTerms {
	/** The least that the bidder wants, in planck; at most the reserve. */
	fee: bigint;
	/** The time in which it commits to prove, in blocks; at most the rollup's `max_proof_blocks`. */
	proofBlocks: number;
	/** `blake2_256` of the 256 bytes of the proof, if it exists already. */
	proofCommitment?: BytesLike | undefined;
	/** 32 random bytes, never used twice. */
	salt: BytesLike;
}

/** Payload bytes that are none. */
export class MalformedPayload extends PvsError {
	constructor(
		readonly fault: "WrongLength" | "UnknownFlag" | "UnflaggedCommitment",
		message: string,
	) {
		super(`payload: ${message}`);
	}
}

/** Returns a salt from the operating system's random source. */
export const randomSalt = (): Uint8Array => Uint8Array.from(randomBytes(32));

/** Encodes the terms of a bid: 85 bytes. */
export function encodePayload(terms: BidTerms): Uint8Array {
	const { proofCommitment } = terms;
	const commitment =
		proofCommitment === undefined
			? new Uint8Array(32)
			: toFixed(proofCommitment, 32, "proofCommitment");
	return concat(
		littleEndian(terms.fee, 16, "fee"),
		littleEndian(terms.proofBlocks, 4, "proofBlocks"),
		Uint8Array.of(proofCommitment === undefined ? 0 : 1),
		commitment,
		toFixed(terms.salt, 32, "salt"),
	);
}

/** Decodes a payload; throws `MalformedPayload` where the chain would make the bid void. */
export function decodePayload(payload: BytesLike): BidTerms {
	const bytes = toBytes(payload, "payload");
	if (bytes.length !== PAYLOAD_BYTES) {
		const message = `must be exactly ${PAYLOAD_BYTES} bytes, found ${bytes.length}`;
		throw new MalformedPayload("WrongLength", message);
	}
	const [flag, commitment] = [bytes[20] ?? 0, bytes.slice(21, 53)];
	if (flag > 1) {
		throw new MalformedPayload("UnknownFlag", `the flag at byte 20 must be 0 or 1, found ${flag}`);
	}
	if (flag === 0 && commitment.some((byte) => byte !== 0)) {
		const message = "the flag at byte 20 is 0, but bytes 21 to 52 are not zero";
		throw new MalformedPayload("UnflaggedCommitment", message);
	}
	return {
		fee: fromLittleEndian(bytes.slice(0, 16)),
		proofBlocks: Number(fromLittleEndian(bytes.slice(16, 20))),
		proofCommitment: flag === 1 ? commitment : undefined,
		salt: bytes.slice(53),
	};
}

/** Encodes chain, rollup, index and round as they stand in contexts and bindings: 48 bytes. */
export function encodePlace(place: RoundId): Uint8Array {
	return concat(
		toFixed(place.genesisHash, 32, "genesisHash"),
		littleEndian(place.rollup, 4, "rollup"),
		littleEndian(place.index, 8, "index"),
		littleEndian(place.round, 4, "round"),
	);
}

/** Returns what a bid's commitment hashes before the payload, and what its seal is bound to: 122 bytes. */
export function bidContext(place: RoundId, batchDigest: BytesLike, bidder: AccountLike): Uint8Array {
	return concat(
		ascii("pvs/bid/v1"),
		encodePlace(place),
		toFixed(batchDigest, 32, "batchDigest"),
		accountBytes(bidder, "bidder"),
	);
}

/** Returns the commitment to a payload: 32 bytes. */
export function bidCommitment(context: Uint8Array, payload: Uint8Array): Uint8Array {
	return blake2_256(
		toFixed(context, CONTEXT_BYTES, "context"),
		toFixed(payload, PAYLOAD_BYTES, "payload"),
	);
}

/** A batch and the reserve of its round, as `batchDigest` hashes them. */
export interface BatchTerms {
	prevStateRoot: BytesLike;
	nextStateRoot: BytesLike;
	dataCommitment: BytesLike;
	maxFee: bigint;
	reserve: bigint;
	snapshot: Snapshot;
}

/** Returns what `place_bid` names, so that a bid lands nowhere but where it was meant: 32 bytes. */
export function batchDigest(batch: BatchTerms): Uint8Array {
	return blake2_256(
		ascii("pvs/batch/v1"),
		toFixed(batch.prevStateRoot, 32, "prevStateRoot"),
		toFixed(batch.nextStateRoot, 32, "nextStateRoot"),
		toFixed(batch.dataCommitment, 32, "dataCommitment"),
		littleEndian(batch.maxFee, 16, "maxFee"),
		littleEndian(batch.reserve, 16, "reserve"),
		blake2_256(encodeSnapshot(batch.snapshot)),
	);
}

/** Limits of a round that the terms of a bid must keep. */
export interface TermLimits {
	/** The highest fee, in planck. */
	reserve: bigint;
	/** The longest time, in blocks. */
	maxProofBlocks: number;
}

/** Checks terms against the limits of a round: the chain voids a bid that breaks them and takes its bond. */
export function checkTerms(terms: BidTerms, limits: TermLimits): void {
	const { reserve, maxProofBlocks } = limits;
	const fee = wholeNumber(terms.fee, "fee");
	if (fee > reserve) {
		throw new InvalidInput("fee", `must be at most the reserve of the round, ${reserve} planck, found ${fee}`);
	}
	const blocks = wholeNumber(terms.proofBlocks, "proofBlocks");
	if (blocks < 1n || blocks > BigInt(maxProofBlocks)) {
		throw new InvalidInput("proofBlocks", `must be 1 to ${maxProofBlocks} (max_proof_blocks), found ${blocks}`);
	}
	if (toFixed(terms.salt, 32, "salt").every((byte) => byte === 0)) {
		throw new InvalidInput("salt", "must not be zero: draw 32 random bytes");
	}
}
