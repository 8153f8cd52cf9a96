// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import {
	InvalidInput,
	MalformedPayload,
	WrongLength,
	accountBytes,
	address,
	batchDigest,
	bidCommitment,
	bidContext,
	binding,
	checkTerms,
	dataCommitment,
	decodeDigestItem,
	decodePayload,
	encodePayload,
	encodeSnapshot,
	parseSnapshot,
	poseidon,
	publicInputs,
	randomSalt,
	toDecimals,
	toHex,
} from "../../src/index.js";
import { cases } from "../files.js";

const place = (values: any) => ({
	genesisHash: values.genesis_hash,
	rollup: values.rollup,
	index: BigInt(values.index),
	round: values.round,
});
const terms = (values: any) => ({
	fee: BigInt(values.fee),
	proofBlocks: values.proof_blocks,
	proofCommitment: values.proof_commitment ?? undefined,
	salt: values.salt,
});

describe("vectors", () => {
	test.each(cases("poseidon"))("poseidon_should_be_that_of_the_chain", ({ inputs, output }) => {
		expect(poseidon(inputs.map(BigInt))).toBe(BigInt(output));
	});

	test.each(cases("data_commitment"))("commitment_should_be_that_of_the_chain_when_the_data_has_$length_bytes", (values) => {
		expect(toHex(dataCommitment(values.data))).toBe(values.commitment);
	});

	test.each(cases("binding"))("binding_should_be_that_of_the_chain", (values) => {
		expect(toHex(binding(place(values), values.prover))).toBe(values.binding);
	});

	test.each(cases("bid"))("payload_and_commitment_should_be_those_of_the_chain", (values) => {
		const payload = encodePayload(terms(values));
		expect(toHex(payload)).toBe(values.payload);
		const context = bidContext(place(values), values.batch_digest, values.bidder);
		expect(toHex(bidCommitment(context, payload))).toBe(values.commitment);
		expect(toHex(encodePayload(decodePayload(payload)))).toBe(values.payload);
	});

	test.each(cases("malformed_payload"))("payload_should_be_refused_with_$error", ({ payload, error }) => {
		expect(() => decodePayload(payload)).toThrow(
			expect.objectContaining({ constructor: MalformedPayload, fault: error }),
		);
	});

	test.each(cases("batch_digest"))("batch_digest_should_be_that_of_the_chain", (values) => {
		const snapshot = parseSnapshot(values.snapshot);
		expect(toHex(encodeSnapshot(snapshot))).toBe(values.snapshot_bytes);
		const digest = batchDigest({
			prevStateRoot: values.prev_state_root,
			nextStateRoot: values.next_state_root,
			dataCommitment: values.data_commitment,
			maxFee: BigInt(values.max_fee),
			reserve: BigInt(values.reserve),
			snapshot,
		});
		expect(toHex(digest)).toBe(values.batch_digest);
	});

	test.each(cases("digest_item"))("digest_item_should_decode_as_the_chain_wrote_it", (values) => {
		const item = decodeDigestItem(values.item);
		expect({ ...item, index: String(item.index), dataCommitment: toHex(item.dataCommitment) }).toEqual({
			rollup: values.rollup,
			index: values.index,
			extrinsic: values.extrinsic,
			dataCommitment: values.data_commitment,
		});
	});
});

describe("bad input", () => {
	const good = { fee: 5n, proofBlocks: 2, salt: randomSalt() };
	const limits = { reserve: 10n, maxProofBlocks: 30 };

	test("terms_should_pass_when_they_are_at_their_limits", () => {
		checkTerms({ ...good, fee: 10n, proofBlocks: 30 }, limits);
		checkTerms({ ...good, fee: 0n, proofBlocks: 1 }, limits);
	});

	test.each([
		[{ fee: 11n }, /^fee: must be at most the reserve of the round, 10 planck, found 11$/],
		[{ fee: -1n }, /^fee: must be 0 to 2\^128 - 1/],
		[{ proofBlocks: 0 }, /^proofBlocks: must be 1 to 30/],
		[{ proofBlocks: 31 }, /^proofBlocks: must be 1 to 30/],
		[{ proofBlocks: 1.5 }, /^proofBlocks: must be a whole number/],
		[{ salt: new Uint8Array(32) }, /^salt: must not be zero/],
		[{ salt: new Uint8Array(31) }, /^salt: must be exactly 32 bytes, found 31/],
	])("terms_should_be_refused_when_the_chain_would_void_the_bid %#", (change, message) => {
		expect(() => checkTerms({ ...good, ...change }, limits)).toThrow(message);
	});

	test.each([
		["0x1", /even number of hexadecimal digits/],
		["12ab", /no SS58 address/],
		["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX", /no SS58 address/],
		["0x00", /exactly 32 bytes, found 1/],
	])("account_should_be_refused_when_it_is_%s", (account, message) => {
		expect(() => accountBytes(account)).toThrow(message);
		expect(() => accountBytes(account)).toThrow(InvalidInput);
	});

	test("account_should_be_the_same_by_address_and_by_bytes", () => {
		const alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		expect(address(accountBytes(alice))).toBe(alice);
	});

	test("numbers_should_be_refused_when_they_do_not_fit_their_width", () => {
		expect(() => encodePayload({ ...good, fee: 1n << 128n })).toThrow(/fee: must be 0 to 2\^128/);
		expect(() => encodePayload({ ...good, proofBlocks: 2 ** 32 })).toThrow(/below 2\^32/);
		expect(() => encodePayload({ ...good, fee: 2 ** 60 as never })).toThrow(/above 2\^53 as bigint/);
		expect(() => bidContext({ genesisHash: "0x00", rollup: 0, index: 0n, round: 0 }, "0x00", "0x00")).toThrow(WrongLength);
	});

	test("root_should_be_refused_when_it_is_not_below_the_modulus", () => {
		const root = `0x${"f".repeat(64)}`;
		const zero = `0x${"0".repeat(64)}`;
		const where = { genesisHash: zero, rollup: 0, index: 0n, round: 0 };
		const statement = { prevStateRoot: root, nextStateRoot: zero, dataCommitment: zero };
		expect(() => publicInputs(statement, where, zero)).toThrow(/public input 0: is not below the modulus/);
		const inputs = publicInputs({ ...statement, prevStateRoot: zero }, where, zero);
		expect(toDecimals(inputs).slice(0, 3)).toEqual(["0", "0", "0"]);
	});
});
