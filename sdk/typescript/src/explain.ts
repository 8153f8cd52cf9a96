// SPDX-License-Identifier: Apache-2.0
import { type AccountLike, address, isSameAccount } from "./accounts.js";
import { type BatchId } from "./bid.js";
import type { BatchInfo, RoundInfo } from "./checks.js";
import { NotFound } from "./errors.js";
import type { Market } from "./market.js";
import { type CountedBid, type ScoredBid, type ScoringParams, paymentOf, scoreBid, winningFee } from "./scoring.js";

const LOOK_BACK_BLOCKS = 200;

/** Why a bid ranks as it does. Amounts in planck, parts and score in 10^-18; lower scores win. */
export interface Explanation {
	/** 1 for the winner; nothing where the bid does not count. */
	rank: number | undefined;
	/** How many bids count. */
	counted: number;
	/** One sentence. */
	text: string;
	/** The bid with its score. */
	bid?: ScoredBid;
	/** What it is paid for a delivery in time, as winner or in its place on the ladder. */
	payment?: bigint;
	/** The highest fee with which it would have ranked first; nothing if none would. */
	winningFee?: bigint | undefined;
}

/** A round as it closed, or as it stands. */
interface Standing {
	round: RoundInfo;
	batch: BatchInfo;
	counted: CountedBid[];
	winner: string | undefined;
}

/**
 * Explains a bid of a round, as it stands or as it closed. Of a closed round it looks for the block that closed it
 * among the last 200: the node must still have the state before it.
 */
export async function explain(
	market: Market,
	batch: BatchId,
	round: number,
	bidder: AccountLike,
): Promise<Explanation> {
	const account = address(bidder);
	const standing = (await openStanding(market, batch, round)) ?? (await closedStanding(market, batch, round));
	const params: ScoringParams = {
		...standing.batch.snapshot.params,
		payment_rule: standing.batch.snapshot.params.payment_rule.type,
	};
	const { reserve } = standing.round;
	const isWinner = ({ bidder: who }: CountedBid) => standing.winner !== undefined && isSameAccount(who, standing.winner);
	const ranked = standing.counted
		.map((bid) => scoreBid(bid, reserve, params))
		// Ties are broken by salts, which the chain does not show: of equal scores the winner's is first.
		.sort((left, right) => Number(left.score - right.score) || Number(isWinner(right)) - Number(isWinner(left)));
	const place = ranked.findIndex((bid) => isSameAccount(bid.bidder, account));
	const [counted, bid] = [ranked.length, ranked[place]];
	if (bid === undefined) {
		const state = standing.round.bids.find((found) => isSameAccount(found.bidder, account))?.state.type;
		return { rank: undefined, counted, text: whyNotCounted(account, round, state) };
	}
	const other = ranked[place === 0 ? 1 : 0]?.score;
	const best = winningFee(bid, other, reserve, params);
	const payment = paymentOf(bid, ranked[place + 1]?.score, reserve, params);
	return { rank: place + 1, counted, text: describe(bid, place + 1, counted, payment, best), bid, payment, winningFee: best };
}

function describe(bid: ScoredBid, rank: number, counted: number, payment: bigint, best: bigint | undefined): string {
	const asked = `asked ${bid.fee} planck for ${bid.proofBlocks} blocks`;
	const parts = `score ${bid.score}, of it ${bid.feePart} for the fee and ${bid.timePart} for the time`;
	const lost = best === undefined ? "no fee would have won with this time" : `up to ${best} planck would have won`;
	return `${bid.bidder} is ${rank} of ${counted}: it ${asked}, ${parts}; ${rank === 1 ? `it is paid ${payment} planck` : lost}`;
}

function whyNotCounted(account: string, round: number, state: string | undefined): string {
	const reasons: Record<string, string> = {
		Sealed: "is sealed: it does not count before it is revealed",
		Void: "is void: its payload was malformed or asked more than the reserve",
	};
	const why = reasons[state ?? ""];
	return why === undefined ? `${account} has no bid in round ${round}` : `the bid of ${account} in round ${round} ${why}`;
}

async function openStanding(market: Market, batch: BatchId, number: number): Promise<Standing | undefined> {
	const { hash } = await market.connection.best();
	const standing = await standingAt(market, batch, number, hash);
	const isOpen = standing?.round.phase.type === "Bidding" || standing?.round.phase.type === "Revealing";
	return isOpen ? standing : undefined;
}

/** Reads the bids that count at a block. */
async function standingAt(market: Market, id: BatchId, number: number, at: string): Promise<Standing | undefined> {
	const { connection } = market;
	const { PvsApi } = connection.api.apis;
	const [round, batch] = await connection.answer(Promise.all([PvsApi.round(id, { at }), PvsApi.batch(id, { at })]));
	if (round === undefined || batch === undefined || round.round !== number) {
		return undefined;
	}
	const counted = await Promise.all(
		round.bids.flatMap(({ bidder, state }) =>
			state.type === "Revealed" || state.type === "Opened"
				? [count(market, round, batch, { bidder, fee: state.value.fee, proofBlocks: state.value.proof_blocks })]
				: [],
		),
	);
	return { round, batch, counted, winner: undefined };
}

/** Adds the share that a bidder had when it bid, which counts only where a rollup weighs it. */
async function count(
	market: Market,
	round: RoundInfo,
	batch: BatchInfo,
	bid: Omit<CountedBid, "share">,
): Promise<CountedBid> {
	const placed = round.bids.find(({ bidder }) => isSameAccount(bidder, bid.bidder))?.placed.block;
	if (batch.snapshot.params.w_share === 0 || placed === undefined) {
		return { ...bid, share: 0 };
	}
	const { api } = market.connection;
	const at = await market.connection.answer(api.query.System.BlockHash.getValue(placed - 1, { at: "best" }));
	const prover = await market.connection.answer(api.apis.PvsApi.prover(bid.bidder, { at }));
	return { ...bid, share: prover?.recent_share ?? 0 };
}

/** Goes back from the best block to the one that closed the round: what it revealed itself counts too. */
async function closedStanding(market: Market, batch: BatchId, number: number): Promise<Standing> {
	const { connection } = market;
	let { hash } = await connection.best();
	for (let step = 0; step < LOOK_BACK_BLOCKS && !/^0x0*$/.test(hash); step++) {
		const [records, parent] = await connection.answer(
			Promise.all([
				connection.api.query.System.Events.getValue({ at: hash }),
				connection.api.query.System.ParentHash.getValue({ at: hash }),
			]),
		);
		const events = records
			.map(({ event }) => ({ pallet: event.type, ...(event.value as { type: string; value: any }) }))
			.filter(({ pallet, value }) => pallet === "Pvs" && value?.round === number)
			.filter(({ value }) => value.batch.rollup === batch.rollup && value.batch.index === batch.index);
		const close = events.find(({ type }) => type === "WinnerSelected" || type === "RoundEmpty");
		const before = close && (await standingAt(market, batch, number, parent));
		if (before) {
			const shown = events.filter(({ type }) => type === "BidRevealed" || type === "BidOpened");
			const late = shown.map(({ value: { bidder, fee, proof_blocks: proofBlocks } }) =>
				count(market, before.round, before.batch, { bidder, fee, proofBlocks }),
			);
			const counted = [...before.counted, ...(await Promise.all(late))];
			return { ...before, counted, winner: close.value.prover };
		}
		hash = parent;
	}
	const name = `${batch.rollup}/${batch.index}`;
	throw new NotFound(`no block of the last ${LOOK_BACK_BLOCKS} closes round ${number} of batch ${name}`);
}
