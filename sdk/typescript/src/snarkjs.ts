// SPDX-License-Identifier: Apache-2.0
// From the JSON of snarkjs to the chain's bytes.
import { MalformedFile } from "./errors.js";
import {
	BASE_MODULUS,
	type PointG1,
	type PointG2,
	checkKey,
	checkProof,
	encodeKey,
	encodeProof,
} from "./groth16.js";
import { PUBLIC_INPUTS, SCALAR_MODULUS, encodeScalar } from "./inputs.js";

type Json = Record<string, unknown>;
const CURVES = ["bn128", "bn254", "altbn128"];

/** Converts `verification_key.json` into the 768 bytes that `register_rollup` takes. Throws if the chain would refuse them. */
export function keyFromSnarkjs(json: unknown): Uint8Array {
	const file = object(json, "verification_key.json");
	checkKind(file, "vk_alpha_1");
	const ic = file["IC"];
	if (!Array.isArray(ic)) {
		throw new MalformedFile("IC", "must be a list of points");
	}
	if (file["nPublic"] !== ic.length - 1) {
		throw new MalformedFile("nPublic", `is ${String(file["nPublic"])}, but IC has ${ic.length} points`);
	}
	const key = {
		alpha: pointG1(file["vk_alpha_1"], "vk_alpha_1"),
		beta: pointG2(file["vk_beta_2"], "vk_beta_2"),
		gamma: pointG2(file["vk_gamma_2"], "vk_gamma_2"),
		delta: pointG2(file["vk_delta_2"], "vk_delta_2"),
		ic: ic.map((point, index) => pointG1(point, `IC[${index}]`)),
	};
	checkKey(key);
	return encodeKey(key);
}

/** Converts `proof.json`, or what `groth16.fullProve` returns, into the 256 bytes that `submit_proof` takes. */
export function proofFromSnarkjs(json: unknown): Uint8Array {
	const given = object(json, "proof.json");
	const file = "proof" in given ? object(given["proof"], "proof") : given;
	checkKind(file, "pi_a");
	const proof = {
		a: pointG1(file["pi_a"], "pi_a"),
		b: pointG2(file["pi_b"], "pi_b"),
		c: pointG1(file["pi_c"], "pi_c"),
	};
	checkProof(proof);
	return encodeProof(proof);
}

/** Converts `public.json`, or what `groth16.fullProve` returns, into four public inputs of 32 bytes. */
export function publicInputsFromSnarkjs(json: unknown): Uint8Array[] {
	const list = Array.isArray(json) ? json : object(json, "public.json")["publicSignals"];
	if (!Array.isArray(list)) {
		throw new MalformedFile("public.json", "must be a list of decimal strings");
	}
	if (list.length !== PUBLIC_INPUTS) {
		throw new MalformedFile("public.json", `has ${list.length} public inputs, the chain needs exactly ${PUBLIC_INPUTS}`);
	}
	return list.map((value, index) => encodeScalar(decimal(value, `public input ${index}`, SCALAR_MODULUS)));
}

function checkKind(file: Json, field: string): void {
	const { protocol, curve } = file;
	if (protocol !== undefined && protocol !== "groth16") {
		throw new MalformedFile("protocol", `must be groth16, found ${String(protocol)}`);
	}
	const name = String(curve ?? "bn128").toLowerCase().replace(/[^a-z0-9]/g, "");
	if (!CURVES.includes(name)) {
		throw new MalformedFile("curve", `must be BN254 (bn128), found ${String(curve)}: compile with --prime bn128`);
	}
	if (!(field in file)) {
		const others = Object.keys(file).join(", ");
		throw new MalformedFile(field, `is missing: is this another file? It has ${others || "no fields"}`);
	}
}

function object(json: unknown, name: string): Json {
	if (typeof json !== "object" || json === null || Array.isArray(json)) {
		throw new MalformedFile(name, "must be the object that JSON.parse makes of the file");
	}
	return json as Json;
}

function decimal(value: unknown, field: string, modulus: bigint): bigint {
	if (typeof value !== "string" || !/^(0|[1-9][0-9]{0,77})$/.test(value)) {
		throw new MalformedFile(field, `must be a string of decimal digits, found ${JSON.stringify(value)}`);
	}
	const number = BigInt(value);
	if (number >= modulus) {
		const name = modulus === BASE_MODULUS ? "base" : "scalar";
		throw new MalformedFile(field, `is not below the modulus of BN254's ${name} field`);
	}
	return number;
}

function list(value: unknown, length: number, field: string): unknown[] {
	if (!Array.isArray(value) || value.length !== length) {
		throw new MalformedFile(field, `must be a list of ${length}, as snarkjs writes it`);
	}
	return value;
}

function pointG1(value: unknown, field: string): PointG1 {
	const [x, y, z] = list(value, 3, field).map((part) => decimal(part, field, BASE_MODULUS));
	if (z !== 1n) {
		throw new MalformedFile(field, z === 0n ? "is the identity" : "must be affine, with 1 as its last coordinate");
	}
	return [x ?? 0n, y ?? 0n];
}

/** Reads the real part of each coordinate first, as snarkjs writes it. */
function pointG2(value: unknown, field: string): PointG2 {
	const [x, y, z] = list(value, 3, field).map((part) => {
		const [real, imaginary] = list(part, 2, field).map((half) => decimal(half, field, BASE_MODULUS));
		return [real ?? 0n, imaginary ?? 0n] as [bigint, bigint];
	});
	if (x === undefined || y === undefined || z === undefined || z[0] !== 1n || z[1] !== 0n) {
		const isIdentity = z !== undefined && z[0] === 0n && z[1] === 0n;
		throw new MalformedFile(field, isIdentity ? "is the identity" : "must be affine, with 1, 0 as its last coordinate");
	}
	return [x, y];
}
