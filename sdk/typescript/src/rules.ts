// SPDX-License-Identifier: Apache-2.0
// The rules between a rollup's parameters and its chain's limits, as the chain checks them.
import { InvalidParams } from "./errors.js";
import { type RollupParams, policyOf } from "./params.js";

const WHOLE = 1_000_000_000;
const MAX_LADDER = 8;

/** The limits that a chain sets. Amounts in planck, windows in blocks. */
export interface Limits {
	maxDataBytes: number;
	inclusionSlack: number;
	maxWindowBlocks: number;
	minStake: bigint;
	maxRounds: number;
	existentialDeposit: bigint;
	minSequencerBond: bigint;
	placeRent: bigint;
	maxSettleBlocks: number;
	maxBiddingBlocks: number;
	minOpeningBlocks: number;
	minSettleBlocks: number;
}

/** Parameters that break a rule of the chain. `chainError` is the chain's name for it. */
export class BrokenRule extends InvalidParams {
	constructor(
		readonly chainError: string,
		field: string,
		message: string,
	) {
		super(field, `${message} (${chainError})`);
	}
}

/** Checks every rule that the chain would check, in its order; throws `BrokenRule` for the first that is broken. */
export function checkParams(params: RollupParams, limits: Limits): void {
	const slack = limits.inclusionSlack;
	const longest = limits.maxWindowBlocks;
	const most = (left: bigint, right: bigint) => (left > right ? left : right);
	const within = (error: string, field: keyof RollupParams, low: bigint | number, high?: bigint | number) => {
		const value = params[field] as number | bigint;
		if (value < low || (high !== undefined && value > high)) {
			const range = high === undefined ? `at least ${low}` : `${low} to ${high}`;
			throw new BrokenRule(error, field, `must be ${range}, found ${value}`);
		}
	};
	within("ParamsDataLength", "data_len", 1, limits.maxDataBytes);
	within("ParamsBiddingWindow", "bidding_blocks", slack + 1, longest);
	within("ParamsSealedTime", "bidding_blocks", 0, limits.maxBiddingBlocks);
	within("ParamsRevealWindow", "reveal_blocks", slack + 2, longest);
	within("ParamsFeeWeight", "w_fee", 1);
	within("ParamsTimeWeight", "w_time", 1);
	within("ParamsProofBlocks", "min_proof_blocks", 1, params.max_proof_blocks);
	within("ParamsProofBlocks", "max_proof_blocks", 1, longest);
	within("ParamsReserve", "min_reserve", most(limits.existentialDeposit, 1n));
	within("ParamsReserve", "initial_reserve", params.min_reserve, params.max_reserve);
	within("ParamsReserveMargin", "reserve_margin", 1);
	within("ParamsReserveWeight", "reserve_weight", 1, WHOLE);
	within("ParamsEscalationFactor", "escalation_factor", WHOLE + 1);
	within("ParamsSilencePenalty", "silence_penalty", most(limits.existentialDeposit, 1n));
	if (params.max_reserve + params.silence_penalty > limits.minStake) {
		const message = `max_reserve + silence_penalty must be at most MinStake, ${limits.minStake} planck`;
		throw new BrokenRule("ParamsBond", "max_reserve", message);
	}
	within("ParamsLateRate", "late_rate", leastLateRate(params), WHOLE);
	within("ParamsGrace", "grace_blocks", 1, longest);
	within("ParamsLadder", "ladder_len", 1, MAX_LADDER);
	within("ParamsLadder", "ladder_blocks", slack + 1, longest);
	within("ParamsRescue", "rescue_blocks", slack + 2, longest);
	within("ParamsEmptyRounds", "max_empty_rounds", 2, limits.maxRounds);
	within("ParamsFailedRounds", "max_failed_rounds", 1, limits.maxRounds);
	within("ParamsSequencerBond", "sequencer_bond", most(limits.minSequencerBond, 1n));
	checkPolicy(params, limits);
}

/** The lowest `late_rate` at which claiming a time that one cannot hold does not pay. */
function leastLateRate(params: RollupParams): bigint {
	const divisor = BigInt(params.w_fee) * BigInt(params.max_proof_blocks);
	return ceil(BigInt(params.w_time) * BigInt(WHOLE), divisor);
}

function checkPolicy(params: RollupParams, limits: Limits): void {
	const [policy, blocks = 0] = policyOf(params.silence_policy);
	const between = (error: string, low: number, high: number) => {
		if (blocks < low || blocks > high) {
			const message = low > high ? "no window of this chain is long enough" : `the window must be ${low} to ${high} blocks, found ${blocks}`;
			throw new BrokenRule(error, `silence_policy.${policy}`, message);
		}
	};
	const penalty = (error: string, least: bigint) => {
		if (params.silence_penalty < least) {
			const message = `must be at least ${least} planck with ${policy}, found ${params.silence_penalty}`;
			throw new BrokenRule(error, "silence_penalty", message);
		}
	};
	if (policy === "ForceOpen") {
		const least = Math.max(limits.minOpeningBlocks, limits.inclusionSlack + 1);
		between("ParamsSilencePolicy", least, limits.maxWindowBlocks);
		const worth = ceil(params.max_reserve * BigInt(params.w_time), BigInt(params.w_fee));
		penalty("ParamsSilencePenaltyForOpening", 2n * worth);
	} else if (policy === "Settle") {
		between("ParamsSettleWindow", Math.max(limits.minSettleBlocks, 1), limits.maxSettleBlocks);
		penalty("ParamsSilencePenaltyForSettling", limits.placeRent * BigInt(limits.maxSettleBlocks));
	}
}

const ceil = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
