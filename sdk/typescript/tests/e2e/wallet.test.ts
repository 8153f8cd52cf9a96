// SPDX-License-Identifier: Apache-2.0
// The walk of docs/wallets.md: what a person pastes into polkadot.js Apps, sent through the library that Apps is made of.
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Market, explain, signerFromSuri } from "@pvs/sdk";
import * as checksum from "../../examples/checksum/checksum.mjs";
import { commitText, registerRollup } from "../../examples/owner.mjs";
import { send, untilPhase } from "../../examples/polkadot-js/prover.mjs";

const root = new URL("../../", import.meta.url).pathname;
const url = inject("url");
let directory: string;
let api: ApiPromise;
let market: Market;

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "pvs-wallet-"));
	api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
	market = await Market.connect(url);
});
afterAll(async () => {
	market.close();
	await api.disconnect();
	await rm(directory, { recursive: true });
});

/** What the command prints, which is what is pasted. */
async function command(...options: string[]): Promise<any> {
	const { stdout } = await promisify(execFile)(process.execPath, [join(root, "dist", "cli.js"), ...options, "--json"], {
		env: { ...process.env, PVS_URL: url },
		cwd: directory,
	});
	return JSON.parse(stdout);
}

/** Sends a call with the values of its fields, one after the other, as Apps does. */
const paste = (signer: any, name: string, fields: Record<string, unknown>) =>
	send(api, signer, (api.tx["pvs"] as any)[name](...Object.values(fields)));

test("bid_and_delivery_by_hand_should_be_paid_when_the_values_are_those_of_the_command", async () => {
	const dave = new Keyring({ type: "sr25519" }).addFromUri("//Dave");
	const owner = signerFromSuri("//Alice//stash");
	const rollup = await registerRollup(market, owner, "wallet", () => {});
	await commitText(market, owner, rollup, "by hand");
	await untilPhase(api, { rollup, index: 0 }, "Bidding");

	const at = ["--rollup", String(rollup), "--account", dave.address];
	const bid = await command("bid", ...at, "--fee", "1000000000000", "--blocks", "200");
	await paste(dave, "placeBid", bid["pvs.placeBid"]);
	await expect(paste(dave, "placeBid", bid["pvs.placeBid"])).rejects.toThrow(/AlreadyBid: The prover has bid in this round already/);
	await expect(paste(dave, "revealBid", bid["pvs.revealBid"])).rejects.toThrow(/NotRevealing/);

	await untilPhase(api, { rollup, index: 0 }, "Revealing");
	await paste(dave, "revealBid", bid["pvs.revealBid"]);
	const { inputs, data } = await command("inputs", ...at);
	const made = await checksum.prove(Buffer.from(data.slice(2), "hex"), inputs);
	const file = async (name: string, json: unknown) => {
		await writeFile(join(directory, name), JSON.stringify(json));
		return name;
	};
	const files = [
		await file("proof.json", made.proof), await file("key.json", await checksum.setUp()), await file("public.json", made.publicSignals),
	];
	const { proof, verified } = await command("proof", ...files);
	expect(verified).toBe(true);
	const batch = { rollup, index: 0 };
	const events = await paste(dave, "submitProof", { batch, prover: dave.address, proof });
	const { data: paid } = events.find(({ method }: any) => method === "ProofAccepted");
	expect(paid.payment.toBigInt()).toBe(5_000_000_000_000n);
	expect((await explain(market, { rollup, index: 0n }, 0, dave.address)).rank).toBe(1);
});

test("command_should_say_what_is_wrong_when_a_value_is", async () => {
	const failing = (...options: string[]) => expect(command(...options)).rejects;
	const account = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
	await failing("bid", "--rollup", "999", "--account", account, "--fee", "1", "--blocks", "1").toThrow(/the chain has no rollup 999/);
	await failing("bid", "--rollup", "0", "--account", account, "--fee", "1.5", "--blocks", "1").toThrow(/--fee: must be a whole number, found '1.5'/);
	await failing("bid", "--rollup", "0", "--account", "nobody", "--fee", "1", "--blocks", "1", "--index", "0").toThrow(/'nobody' is no SS58 address/);
	await failing("bid", "--rollup", "0", "--account", account, "--fee", "1", "--blocks", "1").toThrow(/no round in phase Bidding: no round is open/);
	await failing("proof", "none.json").toThrow(/none\.json: ENOENT/);
	await failing("prove").toThrow(/COMMAND: there is no 'prove'/);
});
