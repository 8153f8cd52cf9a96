// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
	BrokenRule, CallFailed, InsufficientBalance, InsufficientStake, InvalidInput, InvalidParams, MalformedKey,
	MalformedProof, Market, NodeLost, NotFound, UnsupportedRuntime, WindowClosed, WouldFail, WrongChain, address,
	dataCommitment, keyFromSnarkjs, preset, proofFromSnarkjs, signerFromSuri, submit, toDecimals, untilPhase, watchRounds,
} from "@pvs/sdk";
import * as checksum from "../../examples/checksum/checksum.mjs";
import { commitText, registerRollup } from "../../examples/owner.mjs";
import { readBytes } from "../files.js";

const url = inject("url");
const owner = signerFromSuri("//Bob//stash");
const nobody = signerFromSuri("//Nobody");
const demoKey = readBytes("presets/demo_rollup/verifying_key.bin");
const zero = `0x${"0".repeat(64)}`;
let market: Market;
let rollup: number;

beforeAll(async () => {
	market = await Market.connect(url);
	rollup = await registerRollup(market, owner, "development", () => {});
});
afterAll(() => market.close());

const relays: WebSocketServer[] = [];
afterAll(() => relays.forEach((server) => server.close()));

/** Stands between a client and the node: may change what the node says, and can be cut. */
async function relay(change: (message: string) => string): Promise<{ url: string; cut: () => void }> {
	const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
	relays.push(server);
	await new Promise((resolve) => server.once("listening", resolve));
	server.on("connection", (client) => {
		const node = new WebSocket(url);
		const early: string[] = [];
		client.on("message", (data) => (node.readyState === WebSocket.OPEN ? node.send(String(data)) : early.push(String(data))));
		node.on("open", () => early.forEach((message) => node.send(message)));
		node.on("message", (data) => client.send(change(String(data))));
		client.on("close", () => node.close());
	});
	const cut = () => {
		server.close();
		server.clients.forEach((client) => client.terminate());
	};
	const { port } = server.address() as { port: number };
	return { url: `ws://127.0.0.1:${port}`, cut };
}

const hex = (text: string) => Buffer.from(text).toString("hex");

describe("connection", () => {
	test("chain_should_be_refused_when_it_is_another_than_asked_for", async () => {
		await expect(Market.connect(url, { genesisHash: zero })).rejects.toThrow(WrongChain);
	});

	test.each([
		["its pallet is missing", "Pvs", "Xyz", WrongChain, /has no pallet Pvs: it has no market/],
		["a call is another", "place_bid", "place_bix", UnsupportedRuntime, /other forms of Pvs\.place_bid: take the version/],
	])("chain_should_be_refused_when_%s", async (_, from, to, kind, message) => {
		const length = (from.length << 2).toString(16).padStart(2, "0");
		const between = await relay((text) => text.replaceAll(length + hex(from), length + hex(to)));
		const connecting = Market.connect(between.url);
		await expect(connecting).rejects.toThrow(kind);
		await expect(connecting).rejects.toThrow(message);
	});

	test("node_should_count_as_lost_when_nobody_answers", async () => {
		const silent = await relay((text) => text);
		silent.cut();
		const connecting = Market.connect(silent.url);
		await expect(connecting).rejects.toThrow(NodeLost);
		await expect(connecting).rejects.toThrow(/refuses the connection: is the node running/);
		await expect(Market.connect("http://127.0.0.1")).rejects.toThrow(/begins with ws:\/\/ or wss:\/\//);
	});

	test("node_should_count_as_lost_when_it_goes_away", async () => {
		const between = await relay((text) => text);
		const lost = await Market.connect(between.url, { timeoutSeconds: 2 });
		const watch = async () => {
			for await (const { block } of watchRounds(lost, 0)) {
				expect(block).toBeGreaterThan(0);
				between.cut();
			}
		};
		await expect(watch()).rejects.toThrow(NodeLost);
		lost.close();
	});
});

describe("before a fee is paid", () => {
	const free = async () => {
		const account = market.connection.api.query.System.Account;
		return (await account.getValue(address(owner.publicKey), { at: "best" })).data.free;
	};

	test("key_and_parameters_should_be_refused_when_they_are_wrong", async () => {
		const before = await free();
		const rollupOf = (changes: object) => ({
			verifyingKey: demoKey, genesisRoot: zero, sequencer: owner.publicKey, params: preset("development", { data_len: 31 }), ...changes,
		});
		const refused = (changes: object) => expect(market.registerRollup(owner, rollupOf(changes))).rejects;
		await refused({ verifyingKey: demoKey.slice(1) }).toThrow(MalformedKey);
		await refused({ verifyingKey: new Uint8Array(1_539) }).toThrow(/exactly 768 bytes, found 1539/);
		await refused({ genesisRoot: `0x${"f".repeat(64)}` }).toThrow(/StateRootNonCanonical/);
		const params = (changes: object) => ({ params: preset("development", { data_len: 31, ...changes }) });
		await refused(params({ late_rate: 1 })).toThrow(BrokenRule);
		await refused(params({ data_len: 1 << 20 })).toThrow(/data_len: must be 1 to \d+, found 1048576 \(ParamsDataLength\)/);
		await refused(params({ max_reserve: 100_000_000_000_000n })).toThrow(/at most MinStake, 100000000000000 planck \(ParamsBond\)/);
		expect(() => params({ bidding_block: 2 })).toThrow(/bidding_block: there is no such field/);
		expect(await free()).toBe(before);
	});

	test("batch_should_be_refused_when_it_cannot_be_committed", async () => {
		const before = await free();
		const batch = { rollup, data: new Uint8Array(31), nextStateRoot: zero, maxFee: 5_000_000_000_000n };
		const refused = (changes: object, signer = owner) => expect(market.commitBatch(signer, { ...batch, ...changes })).rejects;
		await refused({ data: new Uint8Array(32) }).toThrow(/WrongDataLength: data must be exactly 31 bytes, found 32\. .*Pad the batch/);
		await refused({ maxFee: 1n }).toThrow(/MaxFeeTooLow/);
		await refused({ maxFee: 1n << 100n }).toThrow(/MaxFeeTooHigh/);
		await refused({ prevStateRoot: `0x${"0".repeat(63)}1` }).toThrow(/TipChanged/);
		await refused({ rollup: 4_000_000 }).toThrow(NotFound);
		await refused({}, nobody).toThrow(expect.objectContaining({ constructor: WouldFail, error: "NotSequencer" }));
		expect(await free()).toBe(before);
	});

	test("prover_should_be_refused_when_its_stake_or_balance_is_too_low", async () => {
		const least = 100_000_000_000_000n;
		const low = market.registerProver(nobody, least - 1n);
		await expect(low).rejects.toThrow(expect.objectContaining({ constructor: InsufficientStake, needed: least }));
		await expect(low).rejects.toThrow(/The stake is, or has fallen, below `MinStake`/);
		await expect(market.registerProver(nobody, least)).rejects.toThrow(InsufficientBalance);
		await expect(market.registerProver(signerFromSuri("//Bob"), least)).rejects.toThrow(/ProverExists/);
	});

	test("bid_reveal_and_proof_should_be_refused_when_their_window_is_closed_or_they_are_malformed", async () => {
		const prover = signerFromSuri("//Bob");
		const { proof } = await checksum.prove(checksum.dataOf("another"), inputsOf("another"));
		const wrong = proofFromSnarkjs(proof);
		const { index } = await commitText(market, owner, rollup, "for the errors");
		const batch = { rollup, index };
		const round = await untilPhase(market, batch, ["Bidding"], 30);
		const request = { batch, fee: 1n, proofBlocks: 20 };
		const bid = (changes: object, account = prover.publicKey) => expect(market.prepareBid(account, { ...request, ...changes })).rejects;
		const payload = new Uint8Array(85);
		await Promise.all([
			bid({ fee: round.reserve + 1n }).toThrow(/fee: must be at most the reserve/),
			bid({ proofBlocks: 31 }).toThrow(/proofBlocks: must be 1 to 30/),
			bid({ proof: new Uint8Array(255) }).toThrow(/proof: must be exactly 256 bytes, found 255/),
			bid({ maxSlotFee: 0n }).toThrow(/SlotFeeTooHigh/),
			bid({}, owner.publicKey).toThrow(/SequencerMayNotBid/),
			bid({}, nobody.publicKey).toThrow(/ProverNotFound/),
			expect(market.revealBid(prover, { batch, round: 0, payload })).rejects.toThrow(
				expect.objectContaining({ constructor: WindowClosed, error: "NotRevealing", phase: "Bidding" }),
			),
			expect(market.submitProof(prover, { batch, proof: new Uint8Array(256) })).rejects.toThrow(MalformedProof),
			expect(market.revealBid(prover, { batch, round: 0, payload: payload.slice(1) })).rejects.toThrow(/payload: must be exactly 85/),
		]);
		const key = keyFromSnarkjs(await checksum.setUp());
		await expect(market.verifyProof(batch, prover.publicKey, wrong, key)).rejects.toThrow(/ProofInvalid/);
		await expect(market.verifyProof(batch, prover.publicKey, wrong, demoKey)).rejects.toThrow(InvalidInput);
		const closed = { batch: { rollup, index: index + 1n }, fee: 1n, proofBlocks: 20 };
		await expect(market.prepareBid(prover.publicKey, closed)).rejects.toThrow(WindowClosed);
	});
});

/** Inputs that hold for themselves, and for no batch of the chain. */
function inputsOf(text: string): string[] {
	const data = checksum.dataOf(text);
	return [...toDecimals([zero, checksum.execute(zero, data), dataCommitment(data)]), "7"];
}

test("call_should_fail_with_the_text_of_the_chain_when_it_is_sent_unchecked", async () => {
	const { api } = market.connection;
	const batch = { rollup: 0, index: 99n };
	const seal = new Uint8Array(800);
	const call = api.tx.Pvs.place_bid({ batch, round: 0, batch_digest: zero, max_slot_fee: 0n, commitment: zero, seal });
	const failing = submit(market.connection, owner, call);
	await expect(failing).rejects.toThrow(expect.objectContaining({ constructor: CallFailed, error: "SealWrongLength" }));
	await expect(failing).rejects.toThrow(/The seal is not exactly 357 bytes long/);
});

test("watching_should_end_when_it_is_stopped", async () => {
	const stop = new AbortController();
	let seen = 0;
	for await (const { block, rounds } of watchRounds(market, 0, stop.signal)) {
		expect(block).toBeGreaterThan(0);
		expect(rounds).toEqual([]);
		seen += 1;
		stop.abort();
	}
	expect(seen).toBe(1);
});

test("parameters_should_be_refused_by_name_when_one_is_missing", () => {
	expect(() => preset("development", {} as never)).not.toThrow();
	expect(() => preset("development", { data_len: undefined as never })).toThrow(InvalidParams);
});
