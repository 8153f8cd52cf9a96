// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import {
	BrokenRule, InvalidParams, checkParams, dataInExtrinsic, dataCommitment, parseParams, paramsToJson, paymentOf, scoreBid,
	signerFromSuri, winningFee, address,
} from "../../src/index.js";
import { readJson } from "../files.js";

const file = () => readJson("presets/params/development.json");
const limits = {
	maxDataBytes: 4096, inclusionSlack: 0, maxWindowBlocks: 86_400, minStake: 100_000_000_000_000n, maxRounds: 16,
	existentialDeposit: 1_000_000_000n, minSequencerBond: 100_000_000_000n, placeRent: 50_000n, maxSettleBlocks: 86_400,
	maxBiddingBlocks: 86_400, minOpeningBlocks: 9, minSettleBlocks: 9,
};

test.each(["development", "wallet"])("preset_%s_should_keep_every_rule_and_survive_writing", (name) => {
	const params = parseParams(readJson(`presets/params/${name}.json`));
	checkParams(params, limits);
	expect(parseParams(JSON.parse(JSON.stringify(paramsToJson(params))))).toEqual(params);
});

test("parameters_should_be_refused_by_name_when_one_is_missing_or_misspelt", () => {
	const { w_time, ...missing } = file();
	expect(() => parseParams(missing)).toThrow(/^params\.w_time: is missing; take it from a preset$/);
	expect(() => parseParams({ ...missing, w_tiem: w_time })).toThrow(/^params\.w_tiem: there is no such field; did you mean w_time\?$/);
	expect(() => parseParams({ ...missing, wTime: w_time })).toThrow(/did you mean w_time\?/);
	expect(() => parseParams({ ...file(), color: 1 })).toThrow(/there is no such field; the fields are layout, data_len/);
	expect(() => parseParams([])).toThrow(InvalidParams);
});

test.each([
	["max_reserve", 1e13, /must be a decimal string or a bigint, found 10000000000000; JavaScript rounds/],
	["max_reserve", "1e13", /must be a decimal string/],
	["max_reserve", String(1n << 128n), /must be 0 to 2\^128 - 1/],
	["w_fee", "1", /must be a whole number, 0 to 2\^32 - 1, found "1"/],
	["w_fee", -1, /must be a whole number/],
	["layout", "Cells", /must be Fields, found "Cells"/],
	["payment_rule", "Third", /must be SecondScore or FirstPrice/],
	["silence_policy", "Settle", /must be "Exclude", \{ "ForceOpen"/],
	["silence_policy", { Settle: { settle_block: 5 } }, /settle_block: there is no such field; did you mean settle_blocks\?/],
])("parameter_%s_should_be_refused_when_it_is_%s", (name, value, message) => {
	expect(() => parseParams({ ...file(), [name]: value })).toThrow(message);
});

test.each([
	["ParamsDataLength", { data_len: 0 }],
	["ParamsBiddingWindow", { bidding_blocks: 0 }],
	["ParamsRevealWindow", { reveal_blocks: 1 }],
	["ParamsFeeWeight", { w_fee: 0 }],
	["ParamsTimeWeight", { w_time: 0 }],
	["ParamsProofBlocks", { min_proof_blocks: 31 }],
	["ParamsReserve", { min_reserve: "0" }],
	["ParamsReserve", { initial_reserve: "10000000000001" }],
	["ParamsReserveMargin", { reserve_margin: 0 }],
	["ParamsReserveWeight", { reserve_weight: 1_000_000_001 }],
	["ParamsEscalationFactor", { escalation_factor: 1_000_000_000 }],
	["ParamsSilencePenalty", { silence_penalty: "0" }],
	["ParamsSilencePenaltyForSettling", { silence_penalty: "1000000000" }],
	["ParamsSilencePenaltyForOpening", { silence_policy: { ForceOpen: { opening_blocks: 100 } } }],
	["ParamsSilencePolicy", { silence_policy: { ForceOpen: { opening_blocks: 1 } } }],
	["ParamsSettleWindow", { silence_policy: { Settle: { settle_blocks: 1 } } }],
	["ParamsBond", { max_reserve: "99999999999999" }],
	["ParamsLateRate", { late_rate: 14_285_714 }],
	["ParamsGrace", { grace_blocks: 0 }],
	["ParamsLadder", { ladder_len: 9 }],
	["ParamsRescue", { rescue_blocks: 1 }],
	["ParamsEmptyRounds", { max_empty_rounds: 1 }],
	["ParamsFailedRounds", { max_failed_rounds: 0 }],
	["ParamsSequencerBond", { sequencer_bond: "1" }],
])("parameters_should_break_%s %#", (chainError, change) => {
	const params = parseParams({ ...file(), ...change });
	expect(() => checkParams(params, limits)).toThrow(expect.objectContaining({ constructor: BrokenRule, chainError }));
});

test("late_rate_should_pass_when_it_is_the_least_that_deters", () => {
	// 0.3 / (0.7 * 30) is 0.0142857142..
	checkParams(parseParams({ ...file(), late_rate: 14_285_715 }), limits);
});

test("bids_should_be_scored_and_paid_as_the_chain_does", () => {
	const params = { w_fee: 700_000_000, w_time: 300_000_000, w_share: 0, min_proof_blocks: 1, max_proof_blocks: 20, payment_rule: "SecondScore" };
	const bid = (fee: bigint, proofBlocks = 10) => scoreBid({ bidder: "", fee, proofBlocks, share: 0 }, 100n, params);
	const [first, second] = [bid(50n), bid(60n)];
	expect([first.feePart, first.timePart]).toEqual([350_000_000_000_000_000n, 150_000_000_000_000_000n]);
	expect(paymentOf(first, second.score, 100n, params)).toBe(60n);
	expect(paymentOf(second, undefined, 100n, params)).toBe(100n);
	expect(paymentOf(bid(40n, 5), second.score, 100n, params)).toBe(70n);
	expect([winningFee(first, second.score, 100n, params), winningFee(second, first.score, 100n, params)]).toEqual([59n, 49n]);
	expect(winningFee(bid(0n, 20), bid(5n, 2).score, 100n, params)).toBeUndefined();
	expect(winningFee(first, undefined, 100n, params)).toBe(100n);
	const shared = { ...params, w_share: 1_000_000_000 };
	expect(paymentOf({ ...bid(40n), share: 100_000_000 }, second.score, 100n, shared)).toBe(52n);
	expect(paymentOf(first, second.score, 100n, { ...params, payment_rule: "FirstPrice" })).toBe(50n);
});

test("data_should_be_found_below_any_call_by_its_commitment", () => {
	const data = Uint8Array.from({ length: 93 }, (_, index) => index);
	const prefix = [(93 << 2) & 255 | 1, 93 >> 6];
	const decoy = Uint8Array.from({ length: 93 }, () => 7);
	const extrinsic = Uint8Array.of(1, 2, ...prefix, ...decoy, 9, ...prefix, ...data, 3);
	expect(dataInExtrinsic(extrinsic, 93, dataCommitment(data))).toEqual(data);
	expect(dataInExtrinsic(extrinsic, 93, dataCommitment(Uint8Array.of(1)))).toBeUndefined();
});

test("signer_should_be_the_account_of_its_suri", () => {
	expect(address(signerFromSuri("//Alice").publicKey)).toBe("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
	const phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
	expect(address(signerFromSuri(`${phrase}//Alice`).publicKey)).toBe("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
	for (const wrong of ["", "bob", "//Alice bob", `${phrase} walk`]) {
		expect(() => signerFromSuri(wrong)).toThrow(/^suri: must be a phrase of words or a path/);
	}
	// A secret is not repeated.
	expect(() => signerFromSuri("very secret words")).not.toThrow(/very secret/);
});
