// SPDX-License-Identifier: Apache-2.0
// Prints the median time of snarkjs's Groth16 verification as one JSON object. Arguments: a
// verification key, public inputs and a proof, as snarkjs writes them.
import { readFileSync } from "node:fs";
import { groth16 } from "snarkjs";

const ROUNDS = 31;

const [key, inputs, proof] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file)));
const times = [];
for (let round = 0; round < ROUNDS; round++) {
	const started = performance.now();
	if (!(await groth16.verify(key, inputs, proof))) {
		console.error("snarkjs refuses the proof");
		process.exit(1);
	}
	times.push(performance.now() - started);
}
times.sort((left, right) => left - right);
console.log(JSON.stringify({ median_ms: times[ROUNDS >> 1], rounds: ROUNDS }));
// snarkjs keeps worker threads.
process.exit(0);
