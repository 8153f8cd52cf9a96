// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import {
	OpeningRefused,
	areParametersProven,
	checkOpening,
	checkSeal,
	decryptSeal,
	makeSeal,
	openSeal,
	parametersDigest,
	recoverPayload,
	sealKey,
	sealParameters,
	toBytes,
	toHex,
} from "../../src/index.js";
import { GENERATOR, MODULUS } from "../../src/seal.js";
import { readBytes, readJson } from "../files.js";

const vectors = readJson("vectors/seal.json");
const { parameters: given } = vectors;
const parameters = sealParameters(BigInt(given.delay), given.h, given.digest);

/** Errors of the vectors by the chain's names for them. */
const CHAIN_ERRORS: Record<string, string> = {
	SealNotCanonical: "SealNonCanonical",
	SolutionNotCanonical: "SolutionNonCanonical",
	ProofNotCanonical: "OpeningProofNonCanonical",
	ChallengeNotFound: "OpeningAttemptFailed",
	WrongSolution: "OpeningProofInvalid",
};

test("parameters_should_be_those_of_the_vectors", () => {
	expect(MODULUS).toBe(BigInt(given.modulus));
	expect(GENERATOR).toBe(BigInt(given.generator));
	expect(areParametersProven(parameters, given.h_proof)).toBe(true);
	const proof = toBytes(given.h_proof);
	proof[256] = (proof[256] ?? 0) ^ 1;
	expect(areParametersProven(parameters, proof)).toBe(false);
});

test.each(vectors.shipped as any[])("parameters_$name_should_be_proven_and_have_their_digest", ({ name, delay, digest }) => {
	const file = readBytes(`crates/timelock/parameters/${name.replace("-", "_")}.bin`);
	const shipped = sealParameters(BigInt(delay), file.slice(0, 256), digest);
	expect(areParametersProven(shipped, file.slice(256))).toBe(true);
});

test("parameters_should_be_refused_when_they_do_not_hash_to_their_digest", () => {
	expect(() => sealParameters(parameters.delay + 1n, given.h, given.digest)).toThrow(/do not hash to their digest/);
	const identity = new Uint8Array(256).fill(1, 255);
	const digest = parametersDigest(5n, identity);
	expect(() => sealParameters(5n, identity, digest)).toThrow(/no element of the group, or 1/);
});

describe("good", () => {
	test.each(vectors.good as any[])("seal_and_opening_should_be_those_of_the_vectors %#", (values) => {
		const { context, payload, exponent, solution } = values;
		const { seal } = makeSeal(parameters, context, payload, exponent);
		expect(toHex(seal)).toBe(values.seal);
		const key = sealKey(parameters, seal.slice(0, 256), toBytes(context), toBytes(solution));
		expect(toHex(key)).toBe(values.key);
		expect(toHex(decryptSeal(parameters, context, seal, solution) ?? seal)).toBe(payload);
		expect(toHex(recoverPayload(parameters, context, seal, exponent) ?? seal)).toBe(payload);
		const opened = openSeal(parameters, values, values.opener);
		expect(toHex(opened.solution)).toBe(solution);
		expect(toHex(opened.proof)).toBe(values.proof);
		expect(toHex(checkOpening(parameters, values, values, values.opener))).toBe(payload);
	});
});

describe("bad", () => {
	test.each(vectors.bad as any[])("opening_should_be_refused_with_$error_when_$what", (values) => {
		const error = CHAIN_ERRORS[values.error] ?? values.error;
		const check = () => checkOpening(parameters, values, values, values.opener);
		expect(check).toThrow(expect.objectContaining({ constructor: OpeningRefused, chainError: error }));
	});
});

test("seals_of_one_payload_should_differ_and_belong_to_their_exponents", () => {
	const { context, payload } = vectors.good[0];
	const [first, second] = [makeSeal(parameters, context, payload), makeSeal(parameters, context, payload)];
	expect(toHex(first.seal)).not.toBe(toHex(second.seal));
	expect(recoverPayload(parameters, context, first.seal, second.exponent)).toBeUndefined();
});

test("seal_should_be_refused_when_it_has_another_length", () => {
	expect(() => checkSeal(new Uint8Array(800))).toThrow(/seal: must be exactly 357 bytes, found 800/);
	expect(() => makeSeal(parameters, new Uint8Array(121), new Uint8Array(85))).toThrow(/context: must be exactly 122/);
	expect(() => makeSeal(parameters, new Uint8Array(122), new Uint8Array(84))).toThrow(/payload: must be exactly 85/);
	expect(() => makeSeal(parameters, new Uint8Array(122), new Uint8Array(85), new Uint8Array(272))).toThrow(/draw another/);
});
