// SPDX-License-Identifier: Apache-2.0
// Keys and proofs of Groth16 over BN254 as the chain takes them: docs/encodings.md of the repository.
import { bn254 } from "@noble/curves/bn254.js";
import { type BytesLike, bigEndian, blake2_256, concat, fromBigEndian, toBytes, toFixed } from "./bytes.js";
import { InvalidInput, MalformedKey, MalformedProof } from "./errors.js";
import { PUBLIC_INPUTS, scalar } from "./inputs.js";

/** Bytes of a verifying key. */
export const KEY_BYTES = 768;
/** Bytes of a proof. */
export const PROOF_BYTES = 256;

/** Modulus of BN254's base field: of coordinates of points. */
export const BASE_MODULUS =
	21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** `x` and `y`. */
export type PointG1 = [bigint, bigint];
/** `x` and `y`, of each the real part and the imaginary part. */
export type PointG2 = [[bigint, bigint], [bigint, bigint]];

/** The points of a verifying key. */
export interface VerifyingKey {
	alpha: PointG1;
	beta: PointG2;
	gamma: PointG2;
	delta: PointG2;
	/** Of the constant 1, then of each public input. */
	ic: PointG1[];
}

/** The points of a proof. */
export interface Proof {
	a: PointG1;
	b: PointG2;
	c: PointG1;
}

const COORDINATE = 32;
const { G1, G2 } = bn254;
const { Fp2, Fp12 } = bn254.fields;
type Fault = "NonCanonical" | "NotOnCurve" | "NotInSubgroup" | "Identity";

const FAULTS: Record<Fault, string> = {
	NonCanonical: "has a coordinate that is not below the modulus of BN254's base field",
	Identity: "is the identity",
	NotOnCurve: "is not on its curve: check byte order and curve (BN254)",
	NotInSubgroup: "is outside the subgroup of prime order",
};

const encodeG1 = (point: PointG1): Uint8Array =>
	concat(...point.map((coordinate) => bigEndian(coordinate, COORDINATE)));

/** Writes the imaginary part of each coordinate first. */
const encodeG2 = (point: PointG2): Uint8Array =>
	concat(...point.flatMap(([real, imaginary]) => [imaginary, real]).map((part) => bigEndian(part, COORDINATE)));

function reader(bytes: Uint8Array) {
	let at = 0;
	const next = () => fromBigEndian(bytes.slice(at, (at += COORDINATE)));
	const g1 = (): PointG1 => [next(), next()];
	const g2 = (): PointG2 => {
		const [xImaginary, xReal, yImaginary, yReal] = [next(), next(), next(), next()];
		return [
			[xReal, xImaginary],
			[yReal, yImaginary],
		];
	};
	return { g1, g2 };
}

/** Encodes a verifying key; it is not checked. */
export function encodeKey(key: VerifyingKey): Uint8Array {
	return concat(
		encodeG1(key.alpha),
		encodeG2(key.beta),
		encodeG2(key.gamma),
		encodeG2(key.delta),
		...key.ic.map(encodeG1),
	);
}

/** Encodes a proof; it is not checked. */
export function encodeProof(proof: Proof): Uint8Array {
	return concat(encodeG1(proof.a), encodeG2(proof.b), encodeG1(proof.c));
}

function faultOfG1([x, y]: PointG1): Fault | undefined {
	if (x >= BASE_MODULUS || y >= BASE_MODULUS) {
		return "NonCanonical";
	}
	if (x === 0n && y === 0n) {
		return "Identity";
	}
	return (y * y - x * x * x - 3n) % BASE_MODULUS === 0n ? undefined : "NotOnCurve";
}

function faultOfG2(point: PointG2): Fault | undefined {
	const parts = point.flat();
	if (parts.some((part) => part >= BASE_MODULUS)) {
		return "NonCanonical";
	}
	if (parts.every((part) => part === 0n)) {
		return "Identity";
	}
	const [x, y] = point.map(([c0, c1]) => ({ c0, c1 })) as [Fp2Value, Fp2Value];
	const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.Point.CURVE().b);
	if (!Fp2.eql(Fp2.sqr(y), right)) {
		return "NotOnCurve";
	}
	return G2.Point.fromAffine({ x, y }).isTorsionFree() ? undefined : "NotInSubgroup";
}

type Fp2Value = { c0: bigint; c1: bigint };

function toG1([x, y]: PointG1) {
	return G1.Point.fromAffine({ x, y });
}

function toG2([x, y]: PointG2) {
	return G2.Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } });
}

/**
 * Decodes and checks a verifying key: length, coordinates, curves, subgroups, identity points, and the relations
 * of beta, gamma, delta and the generator under which anyone forges proofs. The chain checks more relations, with
 * pairings: docs/verification.md has all.
 */
export function decodeKey(value: BytesLike): VerifyingKey {
	const bytes = toBytes(value, "verifying key");
	if (bytes.length !== KEY_BYTES) {
		throw new MalformedKey("KeyWrongLength", lengthOfKey(bytes));
	}
	const { g1, g2 } = reader(bytes);
	const key = { alpha: g1(), beta: g2(), gamma: g2(), delta: g2(), ic: [g1(), g1(), g1(), g1(), g1()] };
	checkKey(key);
	return key;
}

function lengthOfKey(bytes: Uint8Array): string {
	const message = `must be exactly ${KEY_BYTES} bytes, found ${bytes.length}`;
	const first = bytes[0];
	if (first === 0x7b || first === 0x30) {
		const advice = first === 0x7b ? "it begins like JSON" : "it begins like hexadecimal text";
		return `${message}; ${advice}: give the bytes that keyFromSnarkjs makes`;
	}
	return message;
}

/** Checks the points of a verifying key; see `decodeKey`. */
export function checkKey(key: VerifyingKey): void {
	if (key.ic.length !== PUBLIC_INPUTS + 1) {
		const message = `has ${key.ic.length - 1} public inputs, the chain needs exactly ${PUBLIC_INPUTS}: prev_state_root, next_state_root, data_commitment, binding`;
		throw new MalformedKey("KeyWrongLength", message);
	}
	const refuse = (name: string, fault: Fault | undefined) => {
		if (fault !== undefined) {
			throw new MalformedKey(`Key${fault}`, `${name} ${FAULTS[fault]}`);
		}
	};
	refuse("alpha", faultOfG1(key.alpha));
	refuse("beta", faultOfG2(key.beta));
	refuse("gamma", faultOfG2(key.gamma));
	refuse("delta", faultOfG2(key.delta));
	key.ic.forEach((point, index) => refuse(`IC[${index}]`, faultOfG1(point)));
	checkRelations(key);
}

function checkRelations(key: VerifyingKey): void {
	const [beta, gamma, delta, one] = [toG2(key.beta), toG2(key.gamma), toG2(key.delta), G2.Point.BASE];
	const advice = "proofs could be forged";
	const pairs = [
		["KeyGammaEqualsDelta", gamma, delta, "gamma equals delta: contribute to phase 2"],
		["KeyGammaEqualsMinusDelta", gamma, delta.negate(), "gamma is minus delta: run phase 2 again"],
		["KeyBetaEqualsDelta", beta, delta, "beta equals delta: run the set-up again"],
		["KeyBetaEqualsMinusDelta", beta, delta.negate(), "beta is minus delta: run the set-up again"],
		["KeyBetaEqualsGamma", beta, gamma, "beta equals gamma: run the set-up again"],
		["KeyBetaEqualsMinusGamma", beta, gamma.negate(), "beta is minus gamma: run the set-up again"],
		["KeyDeltaIsGenerator", delta, one, "delta is 1: contribute to phase 2"],
		["KeyDeltaIsGenerator", delta, one.negate(), "delta is -1: contribute to phase 2"],
	] as const;
	for (const [error, left, right, message] of pairs) {
		if (left.equals(right)) {
			throw new MalformedKey(error, `${advice}: ${message}`);
		}
	}
}

/** Decodes and checks a proof, as the chain does before any pairing. */
export function decodeProof(value: BytesLike): Proof {
	const bytes = toBytes(value, "proof");
	if (bytes.length !== PROOF_BYTES) {
		throw new MalformedProof("ProofWrongLength", `must be exactly ${PROOF_BYTES} bytes, found ${bytes.length}`);
	}
	const { g1, g2 } = reader(bytes);
	const proof = { a: g1(), b: g2(), c: g1() };
	checkProof(proof);
	return proof;
}

/** Checks the points of a proof; see `decodeProof`. */
export function checkProof(proof: Proof): void {
	const points = [
		["A", faultOfG1(proof.a)],
		["B", faultOfG2(proof.b)],
		["C", faultOfG1(proof.c)],
	] as const;
	for (const [name, fault] of points) {
		if (fault !== undefined) {
			throw new MalformedProof(`Proof${fault}`, `${name} ${FAULTS[fault]}`);
		}
	}
}

/** Whether a proof holds for these public inputs under a key. Throws if any of them is malformed. */
export function verify(key: BytesLike, inputs: BytesLike[], proof: BytesLike): boolean {
	const { alpha, beta, gamma, delta, ic } = decodeKey(key);
	const { a, b, c } = decodeProof(proof);
	if (inputs.length !== PUBLIC_INPUTS) {
		throw new InvalidInput("public inputs", `must be ${PUBLIC_INPUTS}, found ${inputs.length}`);
	}
	const [constant, ...points] = ic.map(toG1);
	const sum = points.reduce((total, point, index) => {
		const factor = scalar(inputs[index] ?? new Uint8Array(), `public input ${index}`);
		return factor === 0n ? total : total.add(point.multiplyUnsafe(factor));
	}, constant ?? G1.Point.ZERO);
	const pairs = [
		{ g1: toG1(a), g2: toG2(b) },
		{ g1: toG1(alpha).negate(), g2: toG2(beta) },
		{ g1: sum.negate(), g2: toG2(gamma) },
		{ g1: toG1(c).negate(), g2: toG2(delta) },
	];
	return Fp12.eql(bn254.pairingBatch(pairs.filter(({ g1 }) => !g1.is0())), Fp12.ONE);
}

/** Returns the hash by which the chain names a verifying key. */
export const keyHash = (key: BytesLike): Uint8Array =>
	blake2_256(toFixed(key, KEY_BYTES, "verifying key"));

/** Returns the commitment to a proof that a bid may name. */
export const proofCommitment = (proof: BytesLike): Uint8Array =>
	blake2_256(toFixed(proof, PROOF_BYTES, "proof"));
