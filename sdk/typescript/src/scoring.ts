// SPDX-License-Identifier: Apache-2.0
// The arithmetic of auctions, as the chain does it: weights in 10^-9, scores in 10^-18.
import type { RollupParams } from "./params.js";

const NANO = 1_000_000_000n;
const ATTO = 1_000_000_000_000_000_000n;

/** A bid that counts. `fee` in planck, `share` in 10^-9. */
export interface CountedBid {
	bidder: string;
	fee: bigint;
	proofBlocks: number;
	share: number;
}

/** A bid with its score. */
export interface ScoredBid extends CountedBid {
	feePart: bigint;
	timePart: bigint;
	score: bigint;
}

/** The parameters that scores and payments depend on. */
export type ScoringParams = Pick<
	RollupParams,
	"w_fee" | "w_time" | "w_share" | "min_proof_blocks" | "max_proof_blocks"
> & { payment_rule: string };

const ceil = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
const shareFactor = (share: number, params: ScoringParams): bigint => ATTO + BigInt(params.w_share) * BigInt(share);

function timePart(blocks: number, params: ScoringParams): bigint {
	const time = BigInt(Math.max(blocks, params.min_proof_blocks));
	return ceil(BigInt(params.w_time) * NANO * time, BigInt(params.max_proof_blocks));
}

/** Scores a bid; lower wins. */
export function scoreBid(bid: CountedBid, reserve: bigint, params: ScoringParams): ScoredBid {
	const feePart = ceil(BigInt(params.w_fee) * NANO * bid.fee, reserve);
	const time = timePart(bid.proofBlocks, params);
	const score = ceil((feePart + time) * shareFactor(bid.share, params), ATTO);
	return { ...bid, feePart, timePart: time, score };
}

/** What a bid is paid for a delivery in time if `next` is the score of the one behind it. */
export function paymentOf(bid: CountedBid, next: bigint | undefined, reserve: bigint, params: ScoringParams): bigint {
	if (params.payment_rule === "FirstPrice") {
		return bid.fee;
	}
	const matching = next === undefined ? reserve : matchingFee(bid, next, reserve, params);
	const capped = matching < reserve ? matching : reserve;
	return capped > bid.fee ? capped : bid.fee;
}

/** The fee at which the score of a bid equals another, rounded down; 0 where none does. */
function matchingFee(bid: CountedBid, score: bigint, reserve: bigint, params: ScoringParams): bigint {
	const forFee = (score * ATTO) / shareFactor(bid.share, params) - timePart(bid.proofBlocks, params);
	return forFee > 0n ? (reserve * forFee) / (BigInt(params.w_fee) * NANO) : 0n;
}

/** The highest fee up to the reserve with which a bid ranks before `other`; nothing if no fee does. */
export function winningFee(
	bid: CountedBid,
	other: bigint | undefined,
	reserve: bigint,
	params: ScoringParams,
): bigint | undefined {
	if (other === undefined) {
		return reserve;
	}
	const equal = matchingFee(bid, other, reserve, params);
	const fees = [equal < reserve ? equal : reserve, equal - 1n].filter((fee) => fee >= 0n);
	return fees.find((fee) => scoreBid({ ...bid, fee }, reserve, params).score < other);
}
