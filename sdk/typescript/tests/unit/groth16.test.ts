// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import {
	InvalidInput,
	MalformedKey,
	MalformedProof,
	decodeKey,
	decodeProof,
	keyFromSnarkjs,
	keyHash,
	proofFromSnarkjs,
	publicInputsFromSnarkjs,
	toHex,
	verify,
} from "../../src/index.js";
import { BASE_MODULUS } from "../../src/groth16.js";
import { readBytes, readJson } from "../files.js";

const fixture = (name: string) => readJson(`crates/formats/tests/fixtures/snarkjs/${name}.json`);
const key = keyFromSnarkjs(fixture("verification_key"));
const demoKey = readBytes("presets/demo_rollup/verifying_key.bin");

const changed = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array => {
	const copy = Uint8Array.from(bytes);
	copy.set(part, at);
	return copy;
};
/** A point of the twist outside the subgroup: the smallest `x` without imaginary part that has a `y`. */
const OUTSIDE = [
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000001",
	"0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4",
	"2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb",
];
const refusal = (kind: unknown, chainError: string) =>
	expect.objectContaining({ constructor: kind, chainError });

test.each(["small", "large"])("proof_should_hold_when_snarkjs_made_it_of_%s_inputs", (size) => {
	const proof = proofFromSnarkjs(fixture(`proof_${size}`));
	const inputs = publicInputsFromSnarkjs(fixture(`public_${size}`));
	expect(proof.length).toBe(256);
	expect(verify(key, inputs, proof)).toBe(true);
	const [first, second, ...others] = inputs;
	expect(verify(key, [second, first, ...others] as Uint8Array[], proof)).toBe(false);
	expect(proofFromSnarkjs({ proof: fixture(`proof_${size}`), publicSignals: [] })).toEqual(proof);
});

test("key_of_the_demo_rollup_should_pass", () => {
	decodeKey(demoKey);
	expect(keyHash(demoKey).length).toBe(32);
});

test.each([
	["alpha", 0, 64, "KeyIdentity", /^verifying key: alpha is the identity/],
	["gamma", 192, 128, "KeyIdentity", /gamma is the identity/],
	["IC[4]", 704, 64, "KeyIdentity", /IC\[4\] is the identity/],
])("key_should_be_refused_when_%s_is_zero", (_, at, length, error, message) => {
	const bad = changed(demoKey, at, new Uint8Array(length));
	expect(() => decodeKey(bad)).toThrow(refusal(MalformedKey, error));
	expect(() => decodeKey(bad)).toThrow(message);
});

test("key_should_be_refused_with_its_fault", () => {
	const modulus = Uint8Array.from(Buffer.from(BASE_MODULUS.toString(16), "hex"));
	expect(() => decodeKey(changed(demoKey, 0, modulus))).toThrow(refusal(MalformedKey, "KeyNonCanonical"));
	expect(() => decodeKey(changed(demoKey, 63, Uint8Array.of(0)))).toThrow(refusal(MalformedKey, "KeyNotOnCurve"));
	expect(() => decodeKey(changed(demoKey, 191, Uint8Array.of(0)))).toThrow(refusal(MalformedKey, "KeyNotOnCurve"));
	const [gamma, delta] = [demoKey.slice(192, 320), demoKey.slice(320, 448)];
	expect(() => decodeKey(changed(demoKey, 192, delta))).toThrow(refusal(MalformedKey, "KeyGammaEqualsDelta"));
	expect(() => decodeKey(changed(demoKey, 64, gamma))).toThrow(refusal(MalformedKey, "KeyBetaEqualsGamma"));
	expect(() => decodeKey(changed(demoKey, 64, delta))).toThrow(refusal(MalformedKey, "KeyBetaEqualsDelta"));
});

test("key_should_be_refused_when_a_point_is_outside_the_subgroup", () => {
	const outside = Uint8Array.from(Buffer.from(OUTSIDE.join(""), "hex"));
	expect(() => decodeKey(changed(demoKey, 64, outside))).toThrow(refusal(MalformedKey, "KeyNotInSubgroup"));
	const proof = proofFromSnarkjs(fixture("proof_small"));
	expect(() => decodeProof(changed(proof, 64, outside))).toThrow(refusal(MalformedProof, "ProofNotInSubgroup"));
});

test("key_should_be_refused_with_advice_when_something_else_was_given", () => {
	const text = Buffer.from(JSON.stringify(fixture("verification_key")));
	expect(() => decodeKey(text)).toThrow(/exactly 768 bytes, found \d+; it begins like JSON: give the bytes that keyFromSnarkjs makes \(KeyWrongLength\)/);
	const hexText = Buffer.from(toHex(demoKey));
	expect(() => decodeKey(hexText)).toThrow(/found 1538; it begins like hexadecimal text/);
	expect(() => decodeKey("nonsense")).toThrow(InvalidInput);
});

test("proof_should_be_refused_with_its_fault", () => {
	const proof = proofFromSnarkjs(fixture("proof_small"));
	expect(() => decodeProof(proof.slice(1))).toThrow(refusal(MalformedProof, "ProofWrongLength"));
	expect(() => decodeProof(changed(proof, 0, new Uint8Array(64)))).toThrow(refusal(MalformedProof, "ProofIdentity"));
	expect(() => decodeProof(changed(proof, 255, Uint8Array.of((proof[255] ?? 0) ^ 1)))).toThrow(refusal(MalformedProof, "ProofNotOnCurve"));
	expect(() => decodeProof(changed(proof, 0, new Uint8Array(32).fill(255)))).toThrow(refusal(MalformedProof, "ProofNonCanonical"));
	expect(() => verify(key, [], proof)).toThrow(/public inputs: must be 4, found 0/);
});

test.each([
	["verification_key_bls12381", /^curve: must be BN254 \(bn128\), found bls12381/],
	["verification_key_plonk", /^protocol: must be groth16, found plonk/],
	["verification_key_3_inputs", /has 3 public inputs, the chain needs exactly 4/],
	["verification_key_no_phase2", /gamma equals delta: contribute to phase 2 \(KeyGammaEqualsDelta\)/],
	["proof_small", /^vk_alpha_1: is missing: is this another file\? It has pi_a/],
])("key_file_should_be_refused_when_it_is_%s", (name, message) => {
	expect(() => keyFromSnarkjs(fixture(name))).toThrow(message);
});

test.each([
	["proof_bls12381", /^curve: must be BN254/],
	["proof_plonk", /^protocol: must be groth16/],
	["verification_key", /^pi_a: is missing/],
])("proof_file_should_be_refused_when_it_is_%s", (name, message) => {
	expect(() => proofFromSnarkjs(fixture(name))).toThrow(message);
});

test.each([
	["0x1", /string of decimal digits, found "0x1"/],
	["01", /string of decimal digits/],
	[1, /string of decimal digits, found 1/],
	[String(BASE_MODULUS), /not below the modulus of BN254's base field/],
])("proof_file_should_be_refused_when_a_coordinate_is_%s", (coordinate, message) => {
	const proof = fixture("proof_small");
	proof.pi_c[0] = coordinate;
	expect(() => proofFromSnarkjs(proof)).toThrow(message);
});

test("public_inputs_should_be_refused_when_they_are_not_four_scalars", () => {
	expect(() => publicInputsFromSnarkjs(["1", "2", "3"])).toThrow(/has 3 public inputs, the chain needs exactly 4/);
	expect(() => publicInputsFromSnarkjs({})).toThrow(/list of decimal strings/);
	expect(() => publicInputsFromSnarkjs(["1", "2", "3", String(1n << 255n)])).toThrow(/scalar field/);
});

