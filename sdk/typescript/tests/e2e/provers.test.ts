// SPDX-License-Identifier: Apache-2.0
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Market, explain, preset, signerFromSuri, toHex } from "@pvs/sdk";
import * as sdkOwner from "../../examples/owner.mjs";
import * as pjsOwner from "../../examples/polkadot-js/owner.mjs";
import * as pjsProver from "../../examples/polkadot-js/prover.mjs";
import { proveOne } from "../../examples/prover.mjs";
import { readBytes } from "../files.js";

const ONE = 1_000_000_000_000n;
const quiet = () => {};
const url = inject("url");
let market: Market;
let directory: string;

beforeAll(async () => {
	market = await Market.connect(url);
	directory = await mkdtemp(join(tmpdir(), "pvs-bids-"));
});
afterAll(async () => {
	market.close();
	await rm(directory, { recursive: true });
});

test("metadata_should_be_that_of_the_descriptors", async () => {
	const { hash } = await market.connection.best();
	const metadata = await market.connection.client.getMetadata(hash);
	expect(toHex(metadata)).toBe(toHex(readBytes("presets/metadata.scale")));
});

test("preset_should_be_that_of_the_chain", async () => {
	const { params } = await market.rollup(0);
	const { layout, payment_rule, silence_policy, ...numbers } = params;
	const [rule, policy] = [payment_rule.type, { [silence_policy.type]: silence_policy.value }];
	expect(preset("development", { data_len: params.data_len })).toEqual({
		...numbers, layout: layout.type, payment_rule: rule, silence_policy: policy,
	});
});

test.concurrent("prover_should_win_and_be_paid_when_it_is_written_with_the_sdk_alone", async () => {
	const [owner, prover] = [signerFromSuri("//Alice"), signerFromSuri("//Ferdie")];
	const rollup = await sdkOwner.registerRollup(market, owner, "development", quiet);
	const bids = join(directory, "sdk");
	const proving = proveOne(market, prover, { rollup, fee: ONE, directory: bids, say: quiet });
	const batch = await sdkOwner.commitText(market, owner, rollup, "by the SDK");
	const { payment } = await proving;
	// Alone in its round, it gets the reserve.
	expect(payment).toBe(5n * ONE);
	const { stats } = (await market.prover(prover.publicKey)) ?? {};
	expect(stats).toMatchObject({ bids: 1, reveals: 1, wins: 1, on_time: 1, earned: payment });
	const why = await explain(market, batch, 0, prover.publicKey);
	expect(why).toMatchObject({ rank: 1, counted: 1, payment, winningFee: 5n * ONE });
	const [file = ""] = await readdir(bids);
	expect((await stat(join(bids, file))).mode & 0o777).toBe(0o600);
	expect(JSON.parse(await readFile(join(bids, file), "utf8")).payload).toMatch(/^0x[0-9a-f]{170}$/);
});

test.concurrent("prover_should_win_and_be_paid_when_it_is_written_with_polkadot_js_alone", async () => {
	const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
	try {
		const keys = new Keyring({ type: "sr25519" });
		const [owner, prover] = [keys.addFromUri("//Eve"), keys.addFromUri("//Charlie")];
		const rollup = await pjsOwner.registerRollup(api, owner, "development", quiet);
		const proving = pjsProver.proveOne(api, prover, { rollup, fee: ONE, directory: join(directory, "pjs"), say: quiet });
		await pjsOwner.commitText(api, owner, rollup, "by polkadot.js");
		expect(await proving).toBe(5n * ONE);
	} finally {
		await api.disconnect();
	}
});

test("first_proof_should_be_paid_when_the_shipped_script_is_run_beside_a_chain", async () => {
	const script = new URL("../../examples/first-proof.mjs", import.meta.url).pathname;
	const { stdout } = await promisify(execFile)(process.execPath, [script, "--url", url, "--suri", "//Charlie", "--json"]);
	expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ batch: "0", payment: String(5n * ONE) });
});
