// SPDX-License-Identifier: Apache-2.0
// A prover: waits for a batch of the checksum rollup, bids, reveals, proves and is paid. See README.md.
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
	Market, address, explain, keyFromSnarkjs, proofFromSnarkjs, signerFromSuri, toDecimals, toHex, untilPhase, watchRounds,
} from "@pvs/sdk";
import * as checksum from "./checksum/checksum.mjs";

const MAX_PROOF_BLOCKS = 20;
const WINDOW_SECONDS = 300;

/** Stake of a prover that is not registered yet: as much as the chain asks for. */
async function register(market, signer, say) {
	if ((await market.prover(signer.publicKey)) === undefined) {
		const stake = await market.connection.api.constants.Pvs.MinStake();
		const { block } = await market.registerProver(signer, stake);
		say(`registered in block ${block}, with a stake of ${stake} planck`);
	}
}

/** Writes what a bid needs to be revealed, readable by its owner only, before it is sent. */
async function keep(directory, bid) {
	await mkdir(directory, { recursive: true, mode: 0o700 });
	const file = join(directory, `bid-${bid.batch.rollup}-${bid.batch.index}-${bid.round}.json`);
	const secret = { payload: toHex(bid.payload), exponent: toHex(bid.exponent), seal: toHex(bid.seal) };
	await writeFile(file, JSON.stringify(secret), { mode: 0o600 });
	await chmod(file, 0o600);
}

/** Proves one batch of a rollup. Returns what it was paid. */
export async function proveOne(market, signer, { rollup, fee, directory, say }) {
	await register(market, signer, say);
	const verifyingKey = keyFromSnarkjs(await checksum.setUp(say));
	const own = address(signer.publicKey);
	for await (const { rounds } of watchRounds(market, rollup)) {
		const round = rounds.find(({ phase }) => phase.type === "Bidding");
		if (round === undefined) {
			continue;
		}
		const batch = await market.batch(round.batch);
		const data = await market.data(batch);
		if (checksum.execute(batch.prev_state_root, data) !== batch.next_state_root) {
			say(`batch ${rollup}/${round.batch.index} cannot be proved: its sequencer claims another root`);
			continue;
		}
		const request = { batch: round.batch, fee, proofBlocks: MAX_PROOF_BLOCKS };
		const bid = await market.placeBid(signer, request, (bid) => keep(directory, bid));
		say(`bid ${fee} planck on batch ${rollup}/${bid.batch.index} in block ${bid.block}, sealed`);

		await untilPhase(market, bid.batch, ["Revealing"], WINDOW_SECONDS);
		const revealed = await market.revealBid(signer, bid);
		say(`revealed in block ${revealed.block}`);
		const won = await untilPhase(market, bid.batch, ["Proving"], WINDOW_SECONDS);
		say((await explain(market, bid.batch, bid.round, own)).text);
		if (won.assignment?.prover !== own) {
			continue;
		}
		const inputs = toDecimals(await market.publicInputs(bid.batch, own));
		const proof = proofFromSnarkjs(await checksum.prove(data, inputs));
		const { payment, block } = await market.submitProof(signer, { batch: bid.batch, proof, verifyingKey });
		say(`proof accepted in block ${block}: paid ${payment} planck`);
		return { batch: bid.batch, payment, block };
	}
}

const isProgram = process.argv[1] === import.meta.filename;
if (isProgram) {
	const { values } = parseArgs({
		options: {
			url: { type: "string", default: process.env.PVS_URL ?? "ws://127.0.0.1:9944" },
			rollup: { type: "string" },
			suri: { type: "string", default: process.env.PVS_SURI ?? "//Bob" },
			fee: { type: "string", default: "1000000000000" },
			"data-dir": { type: "string", default: join(import.meta.dirname, "..", "build", "bids") },
			help: { type: "boolean", short: "h", default: false },
		},
	});
	if (values.help || values.rollup === undefined) {
		console.log("Usage: node examples/prover.mjs --rollup N [--url URL] [--suri //Bob] [--fee PLANCK] [--data-dir DIR]");
		process.exit(values.help ? 0 : 2);
	}
	try {
		const market = await Market.connect(values.url);
		const options = {
			rollup: Number(values.rollup), fee: BigInt(values.fee), directory: values["data-dir"], say: console.log,
		};
		await proveOne(market, signerFromSuri(values.suri), options);
		process.exit(0);
	} catch (error) {
		console.error(`prover: ${error.message}`);
		process.exit(1);
	}
}
