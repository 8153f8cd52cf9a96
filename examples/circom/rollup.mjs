// SPDX-License-Identifier: Apache-2.0
// The program of the tally rollup for `pvsctl prover run --program`: answers requests, one line of JSON
// each, on standard input and output. Usage: node rollup.mjs BUILD_DIRECTORY
import { join } from "node:path";
import { createInterface } from "node:readline";
import { groth16 } from "snarkjs";
import * as tally from "./tally.mjs";

const VERSION = 1;
const build = process.argv[2];
if (build === undefined) {
	console.error("rollup.mjs: name the directory with tally_js/tally.wasm and tally.zkey");
	process.exit(2);
}

const described = (counters) => ({
	root: tally.toHex(tally.root(counters)),
	state: tally.writeState(counters),
});

const methods = {
	genesis: () => ({ version: VERSION, ...described(tally.genesis()) }),

	execute: ({ state, data }) =>
		described(tally.execute(tally.readState(state), tally.fromHex(data))),

	prove: async ({ state, data, inputs }) => {
		const input = tally.circuitInput(tally.readState(state), tally.fromHex(data), inputs);
		const wasm = join(build, "tally_js", "tally.wasm");
		const { proof } = await groth16.fullProve(input, wasm, join(build, "tally.zkey"));
		return { proof };
	},
};

for await (const line of createInterface({ input: process.stdin })) {
	const { id, method, params } = JSON.parse(line);
	let answer;
	try {
		answer = { id, result: await methods[method](params) };
	} catch (error) {
		answer = { id, error: error.message };
	}
	process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// snarkjs keeps its worker threads for the next proof.
process.exit(0);
