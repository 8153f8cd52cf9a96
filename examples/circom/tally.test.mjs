// SPDX-License-Identifier: Apache-2.0
// The circuit, the rules in JavaScript and the chain agree. Compiles the circuit; takes seconds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { wtns } from "snarkjs";
import * as tally from "./tally.mjs";

// snarkjs cannot check without one.
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const vectors = "../../vectors/data_commitment.json";
let build, wasm, r1cs;

before(() => {
	build = mkdtempSync(join(tmpdir(), "tally-"));
	const circom = new URL("node_modules/circom2/cli.js", import.meta.url).pathname;
	const options = ["tally.circom", "--r1cs", "--wasm", "--O2", "-l", "node_modules", "-o", build];
	execFileSync(process.execPath, [circom, ...options], { cwd: import.meta.dirname });
	wasm = join(build, "tally_js", "tally.wasm");
	r1cs = join(build, "tally.r1cs");
});
after(() => {
	rmSync(build, { recursive: true });
	setImmediate(() => process.exit());
});

const counters = [5n, 0n, 7n, (1n << 64n) - 10n];
const data = tally.encode([
	{ counter: 3, amount: 9, note: "up to the limit" },
	{ counter: 0, amount: (1n << 64n) - 6n },
	{ counter: 1, amount: 3 },
]);

function inputs(changes = {}) {
	const next = tally.execute(counters, data);
	const roots = [tally.root(counters), tally.root(next), tally.dataCommitment(data), 42n];
	return { ...tally.circuitInput(counters, data, roots.map(String)), ...changes };
}

async function witness(input) {
	const file = { type: "mem" };
	await wtns.calculate(input, wasm, file);
	return file;
}

test("data_commitment_should_be_that_of_the_chain", () => {
	const cases = JSON.parse(readFileSync(new URL(vectors, import.meta.url))).cases;
	const ours = cases.filter(({ length }) => length === tally.DATA_BYTES);
	assert.ok(ours.length > 0);
	for (const { data, commitment } of ours) {
		assert.equal(tally.toHex(tally.dataCommitment(tally.fromHex(data))), commitment);
	}
});

test("circuit_should_agree_with_the_rules_when_the_batch_is_valid", async () => {
	assert.ok(await wtns.check(r1cs, await witness(inputs()), silent));
});

test("circuit_should_refuse_every_public_input_but_the_right_one", async () => {
	for (const name of ["prev_state_root", "next_state_root", "data_commitment"]) {
		const wrong = { [name]: String(BigInt(inputs()[name]) + 1n) };
		await assert.rejects(witness(inputs(wrong)), /Assert Failed/, name);
	}
	// Whoever cheats does not ask the witness generator.
	for (const index of [1, 2, 3, 4]) {
		const { data: bytes } = await witness(inputs());
		const forged = Uint8Array.from(bytes);
		const values = forged.length - sizeOfValues(forged);
		forged[values + 32 * index] ^= 1;
		const holds = await wtns.check(r1cs, { type: "mem", data: forged }, silent);
		assert.equal(holds, false, `public input ${index}`);
	}
});

/** The section of values is the last of the file: 32 bytes for each. */
function sizeOfValues(bytes) {
	const header = new DataView(bytes.buffer, bytes.byteOffset);
	// Magic, version, number of sections; then type and size of the first, whose last four bytes
	// count the values.
	const first = 12 + 12 + Number(header.getBigUint64(16, true));
	return 32 * header.getUint32(first - 4, true);
}

test("rules_and_circuit_should_refuse_the_same_batches", async () => {
	const noCounter = Buffer.from(data);
	noCounter[0] = 4;
	const overflow = Buffer.from(data);
	overflow.writeBigUInt64BE(10n, 1);
	for (const [wrong, reason] of [[noCounter, /names counter 4/], [overflow, /above 2\^64/]]) {
		assert.throws(() => tally.execute(counters, wrong), reason);
		const commitment = String(tally.dataCommitment(wrong));
		const input = inputs({ data_commitment: commitment, chunks: tally.chunksOf(wrong).map(String) });
		const next = [...counters];
		if (wrong === overflow) {
			next[3] += 10n;
			next[0] += (1n << 64n) - 6n;
			next[1] += 3n;
			input.next_state_root = String(tally.root(next));
		}
		await assert.rejects(witness(input), /Assert Failed/);
	}
	assert.throws(() => tally.execute(counters, data.subarray(1)), /92 bytes/);
});

test("circuit_should_refuse_a_chunk_of_more_than_31_bytes", async () => {
	// The lower 248 bits, and so the entry, are the same.
	const chunks = tally.chunksOf(data);
	chunks[0] += 1n << 248n;
	const data_commitment = String(poseidon4([BigInt(tally.DATA_BYTES), ...chunks]));
	const input = inputs({ chunks: chunks.map(String), data_commitment });
	await assert.rejects(witness(input), /Assert Failed[^]*Num2Bits/);
});

test("state_should_survive_writing_and_reading", () => {
	assert.deepEqual(tally.readState(tally.writeState(counters)), counters);
});
