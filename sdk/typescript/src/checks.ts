// SPDX-License-Identifier: Apache-2.0
// What can be known before a fee is paid.
import { isSameAccount } from "./accounts.js";
import type { Api, Connection } from "./connection.js";
import { InsufficientStake, WindowClosed, WouldFail } from "./errors.js";
import type { Limits } from "./rules.js";

/** A round, a batch, a rollup and a prover as the chain shows them. */
export type RoundInfo = NonNullable<Awaited<ReturnType<Api["apis"]["PvsApi"]["round"]>>>;
export type BatchInfo = NonNullable<Awaited<ReturnType<Api["apis"]["PvsApi"]["batch"]>>>;
export type RollupInfo = NonNullable<Awaited<ReturnType<Api["apis"]["PvsApi"]["rollup"]>>>;
export type ProverInfo = NonNullable<Awaited<ReturnType<Api["apis"]["PvsApi"]["prover"]>>>;
export type SealInfo = Awaited<ReturnType<Api["apis"]["PvsApi"]["seals"]>>;

/** Throws `WouldFail` with the chain's text for an error of its market. */
export function wouldFail(connection: Connection, call: string, error: string, detail: string): never {
	throw new WouldFail(call, error, connection.texts.docs("Pvs", error), detail);
}

/** Throws `WindowClosed` unless the next block allows one of these phases. */
export function checkPhase(
	connection: Connection,
	call: string,
	error: string,
	round: RoundInfo | undefined,
	phases: string[],
): asserts round is RoundInfo {
	const phase = round?.phase.type;
	if (phase === undefined || !phases.includes(phase)) {
		const docs = connection.texts.docs("Pvs", error);
		const detail =
			round === undefined
				? "the batch has no open round: it was never committed, is proven, dropped or waits"
				: `batch ${round.batch.rollup}/${round.batch.index} is in phase ${phase} until block ${round.phase_ends_at}`;
		throw new WindowClosed(call, error, docs, detail, phase);
	}
}

/** Checks that an account may bid in a round, as the chain would. */
export async function checkBidder(
	connection: Connection,
	call: string,
	account: string,
	round: RoundInfo,
	batch: BatchInfo,
	rollup: RollupInfo,
	prover: ProverInfo | undefined,
): Promise<void> {
	const refuse = (error: string, detail: string) => wouldFail(connection, call, error, detail);
	if (isSameAccount(batch.sequencer, account) || isSameAccount(rollup.sequencer, account)) {
		refuse("SequencerMayNotBid", `${account} is the sequencer of rollup ${rollup.id}`);
	}
	if (prover === undefined) {
		return refuse("ProverNotFound", `${account} is not registered`);
	}
	if (prover.suspended) {
		refuse("StakeTooLow", `${account} has a stake of ${prover.stake} planck`);
	}
	if (round.bids.some(({ bidder }) => isSameAccount(bidder, account))) {
		refuse("AlreadyBid", `${account} has a bid in round ${round.round}`);
	}
	if (round.bids.length >= batch.snapshot.max_bids) {
		refuse("RoundFull", `round ${round.round} has ${round.bids.length} bids`);
	}
	const free = prover.stake - prover.reserved;
	if (free < round.bond) {
		const docs = connection.texts.docs("Pvs", "InsufficientStake");
		const detail = `a bid reserves ${round.bond} planck, ${free} of the stake are free`;
		throw new InsufficientStake(call, "InsufficientStake", docs, detail, round.bond, free);
	}
}

/** Reads the limits that the chain sets for parameters of rollups. */
export async function readLimits(connection: Connection, seals: SealInfo): Promise<Limits> {
	const { Pvs, Balances } = connection.api.constants;
	const at = { at: "best" } as const;
	const [
		maxDataBytes, inclusionSlack, maxWindowBlocks, minStake, maxRounds, existentialDeposit, minSequencerBond,
		placeRent, maxSettleBlocks,
	] = await connection.answer(
		Promise.all([
			Pvs.MaxDataBytes(at), Pvs.InclusionSlack(at), Pvs.MaxWindowBlocks(at), Pvs.MinStake(at), Pvs.MaxRounds(at),
			Balances.ExistentialDeposit(at), Pvs.MinSequencerBond(at), Pvs.PlaceRent(at), Pvs.MaxSettleBlocks(at),
		]),
	);
	return {
		maxDataBytes, inclusionSlack, maxWindowBlocks, minStake, maxRounds, existentialDeposit, minSequencerBond,
		placeRent, maxSettleBlocks,
		maxBiddingBlocks: seals.max_bidding_blocks,
		minOpeningBlocks: seals.min_opening_blocks,
		minSettleBlocks: seals.min_settle_blocks,
	};
}
