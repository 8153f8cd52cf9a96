// SPDX-License-Identifier: Apache-2.0
// The rules of the checksum rollup, and its development key and proofs by snarkjs.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export const DATA_BYTES = 31;
/** The circuit's 303 constraints and its five public wires fit into 2^9 powers of tau. */
const POWER = 9;
const MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const here = import.meta.dirname;
const build = join(here, "..", "..", "build", "checksum");
const modules = join(here, "..", "..", "node_modules");
const file = (name) => join(build, name);

const toNumber = (bytes) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const toRoot = (number) => `0x${number.toString(16).padStart(64, "0")}`;

/** The root before any batch. */
export const genesisRoot = toRoot(0n);

/** The data of a batch: a text of at most 31 bytes. */
export const dataOf = (text) => Uint8Array.from(Buffer.alloc(DATA_BYTES, 0).fill(text, 0, Buffer.byteLength(text)));

/** The root after a batch. */
export const execute = (root, data) => toRoot((BigInt(root) ** 2n + toNumber(data)) % MODULUS);

async function tool(path, ...options) {
	try {
		await promisify(execFile)(process.execPath, [join(modules, path), ...options]);
	} catch (error) {
		throw new Error(`${path} ${options.join(" ")}\n${error.stderr}${error.stdout}`.trim());
	}
}
const snarkjs = (...options) => tool("snarkjs/build/cli.cjs", ...options);

/**
 * Compiles the circuit and makes a key by one contributor, this machine, unless that was done before. For development
 * only. `say` is told what it is doing. Returns `verification_key.json`.
 */
export async function setUp(say = () => {}) {
	const finished = file("verification_key.json");
	if (!existsSync(finished)) {
		await rm(build, { recursive: true, force: true });
		await mkdir(build, { recursive: true });
		say("compiling the circuit");
		const source = join(here, "checksum.circom");
		await tool("circom2/cli.js", source, "--r1cs", "--wasm", "--O2", "-l", modules, "-o", build);
		say("making powers of tau");
		const entropy = () => `-e=${randomBytes(32).toString("hex")}`;
		await snarkjs("powersoftau", "new", "bn128", String(POWER), file("0.ptau"));
		await snarkjs("powersoftau", "contribute", file("0.ptau"), file("1.ptau"), entropy());
		await snarkjs("powersoftau", "prepare", "phase2", file("1.ptau"), file("2.ptau"));
		say("making the key");
		await snarkjs("groth16", "setup", file("checksum.r1cs"), file("2.ptau"), file("0.zkey"));
		await snarkjs("zkey", "contribute", file("0.zkey"), file("checksum.zkey"), entropy());
		await snarkjs("zkey", "export", "verificationkey", file("checksum.zkey"), file("key.tmp"));
		await Promise.all(["0.ptau", "1.ptau", "2.ptau", "0.zkey"].map((name) => rm(file(name))));
		await rename(file("key.tmp"), finished);
	}
	return JSON.parse(await readFile(finished, "utf8"));
}

/** Proves a batch for these public inputs, decimal strings. Returns what snarkjs does: `{ proof, publicSignals }`. */
export async function prove(data, [prev_state_root, next_state_root, data_commitment, binding]) {
	const { groth16 } = await import("snarkjs");
	const input = { prev_state_root, next_state_root, data_commitment, binding, chunk: String(toNumber(data)) };
	return groth16.fullProve(input, file("checksum_js/checksum.wasm"), file("checksum.zkey"));
}
