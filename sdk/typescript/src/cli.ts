#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Makes what a wallet cannot: the values of a bid, of a key and of a proof, to be pasted into polkadot.js Apps.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BatchId } from "./bid.js";
import { toHex } from "./bytes.js";
import { InvalidInput, NotFound } from "./errors.js";
import { explain } from "./explain.js";
import { keyHash, verify } from "./groth16.js";
import { publicInputs, toDecimals } from "./inputs.js";
import { Market } from "./market.js";
import { keyFromSnarkjs, proofFromSnarkjs, publicInputsFromSnarkjs } from "./snarkjs.js";

const HELP = `Usage: pvs-sdk COMMAND [OPTIONS]

  rounds  --rollup N                              the open rounds of a rollup
  bid     --rollup N --account ADDRESS --fee PLANCK --blocks N [--index N] [--data-dir DIR]
                                                  payload, commitment and seal of a bid; sends nothing
  inputs  --rollup N --account ADDRESS [--index N]  the public inputs of a proof, for circuits
  proof   PROOF.json [KEY.json PUBLIC.json]       256 bytes of a proof of snarkjs, verified if a key is given
  key     KEY.json                                768 bytes of a verifying key of snarkjs
  explain --rollup N --index N --round N --account ADDRESS  why a bid won or lost

  --url URL       WebSocket address of a node [env: PVS_URL] [default: ws://127.0.0.1:9944]
  --data-dir DIR  where payload and exponent of a bid are written, for its owner only [default: pvs-bids]
  --json          one JSON object instead of lines

Examples:
  pvs-sdk bid --rollup 1 --account 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --fee 1000000000000 --blocks 20
  pvs-sdk proof proof.json verification_key.json public.json`;

const OPTIONS = {
	url: { type: "string", default: process.env["PVS_URL"] ?? "ws://127.0.0.1:9944" },
	rollup: { type: "string" },
	index: { type: "string" },
	round: { type: "string" },
	account: { type: "string" },
	fee: { type: "string" },
	blocks: { type: "string" },
	"data-dir": { type: "string", default: "pvs-bids" },
	json: { type: "boolean", default: false },
	help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parse>["values"];
type Answer = Record<string, unknown>;

const parse = () => parseArgs({ options: OPTIONS, allowPositionals: true });

function text(values: Values, name: "account"): string {
	const value = values[name];
	if (value === undefined) {
		throw new InvalidInput(`--${name}`, "is missing; see --help");
	}
	return value;
}

function whole(values: Values, name: "rollup" | "index" | "round" | "fee" | "blocks"): bigint {
	const value = values[name];
	if (value === undefined || !/^[0-9]+$/.test(value)) {
		throw new InvalidInput(`--${name}`, value === undefined ? "is missing; see --help" : `must be a whole number, found '${value}'`);
	}
	return BigInt(value);
}

function json(file: string | undefined, what: string): unknown {
	if (file === undefined) {
		throw new InvalidInput(what, "is missing; see --help");
	}
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch (cause) {
		throw new InvalidInput(file, (cause as Error).message);
	}
}

/** Returns the batch of `--index`, or the first whose round is in this phase. */
async function batchOf(market: Market, values: Values, phase: string): Promise<BatchId> {
	const rollup = Number(whole(values, "rollup"));
	if (values.index !== undefined) {
		return { rollup, index: whole(values, "index") };
	}
	await market.rollup(rollup);
	const rounds = await market.openRounds(rollup);
	const found = rounds.find((round) => round.phase.type === phase);
	if (found === undefined) {
		const phases = rounds.map(({ batch, phase }) => `batch ${batch.index} is in ${phase.type}`).join(", ");
		throw new NotFound(`rollup ${rollup} has no round in phase ${phase}: ${phases || "no round is open"}`);
	}
	return found.batch;
}

async function bid(market: Market, values: Values): Promise<Answer> {
	const bidder = text(values, "account");
	const request = { fee: whole(values, "fee"), proofBlocks: Number(whole(values, "blocks")) };
	const batch = await batchOf(market, values, "Bidding");
	const made = await market.prepareBid(bidder, { batch, ...request });
	const directory = values["data-dir"];
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const file = join(directory, `bid-${batch.rollup}-${batch.index}-${made.round}.json`);
	const secret = { payload: toHex(made.payload), exponent: toHex(made.exponent), seal: toHex(made.seal) };
	writeFileSync(file, JSON.stringify(secret), { mode: 0o600, flag: "wx" });
	const round = await market.round(batch);
	return {
		"pvs.placeBid": {
			batch: { rollup: batch.rollup, index: batch.index },
			round: made.round,
			batchDigest: made.batchDigest,
			maxSlotFee: made.maxSlotFee,
			commitment: toHex(made.commitment),
			seal: secret.seal,
		},
		"pvs.revealBid": {
			batch: { rollup: batch.rollup, index: batch.index },
			round: made.round,
			bidder,
			payload: secret.payload,
		},
		"place it before block": round?.reveal_from,
		"reveal it before block": round?.reveal_until,
		"secret, kept in": file,
	};
}

async function run(command: string, files: string[], values: Values): Promise<Answer> {
	if (command === "key") {
		const key = keyFromSnarkjs(json(files[0], "KEY.json"));
		return { hash: toHex(keyHash(key)), verifyingKey: toHex(key) };
	}
	if (command === "proof") {
		const proof = proofFromSnarkjs(json(files[0], "PROOF.json"));
		const isVerified = files[1] !== undefined;
		if (isVerified) {
			const inputs = publicInputsFromSnarkjs(json(files[2], "PUBLIC.json"));
			if (!verify(keyFromSnarkjs(json(files[1], "KEY.json")), inputs, proof)) {
				throw new InvalidInput("PROOF.json", "the proof does not hold for these public inputs and this key");
			}
		}
		return { verified: isVerified, proof: toHex(proof) };
	}
	const market = await Market.connect(values.url);
	try {
		return await ask(market, command, values);
	} finally {
		market.close();
	}
}

async function ask(market: Market, command: string, values: Values): Promise<Answer> {
	switch (command) {
		case "rounds": {
			const { id } = await market.rollup(Number(whole(values, "rollup")));
			const rounds = await market.openRounds(id);
			return {
				rounds: rounds.map((round) => ({
					batch: round.batch.index, round: round.round, phase: round.phase.type, until: round.phase_ends_at,
					reserve: round.reserve, bond: round.bond, slotFee: round.slot_fee, bids: round.bids.length,
				})),
			};
		}
		case "bid":
			return bid(market, values);
		case "inputs": {
			const batch = await batchOf(market, values, "Proving");
			const account = text(values, "account");
			const info = await market.batch(batch);
			const place = { genesisHash: market.connection.genesisHash, ...batch, round: info.round };
			const inputs = publicInputs(
				{ prevStateRoot: info.prev_state_root, nextStateRoot: info.next_state_root, dataCommitment: info.data_commitment },
				place,
				account,
			);
			return { inputs: toDecimals(inputs), data: toHex(await market.data(info)) };
		}
		case "explain": {
			const id = { rollup: Number(whole(values, "rollup")), index: whole(values, "index") };
			return { ...(await explain(market, id, Number(whole(values, "round")), text(values, "account"))) };
		}
		default:
			throw new InvalidInput("COMMAND", `there is no '${command}'; see --help`);
	}
}

const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

function print(answer: Answer, indent = ""): void {
	for (const [name, value] of Object.entries(answer)) {
		if (typeof value === "object" && value !== null) {
			console.log(`${indent}${name}`);
			print(value as Answer, `${indent}  `);
		} else {
			console.log(`${indent}${name}: ${value}`);
		}
	}
}

try {
	const { values, positionals } = parse();
	const [command, ...files] = positionals;
	if (values.help || command === undefined) {
		console.log(HELP);
		process.exitCode = values.help ? 0 : 2;
	} else {
		const answer = await run(command, files, values);
		if (values.json) {
			console.log(JSON.stringify(answer, plain));
		} else {
			print(answer);
		}
	}
} catch (error) {
	console.error(`pvs-sdk: ${(error as Error).message}`);
	process.exitCode = 1;
}
