// SPDX-License-Identifier: Apache-2.0
// From nothing to a paid proof beside a running development chain: //Alice registers a rollup and commits a batch, //Bob
// (or --suri) proves it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Market, signerFromSuri } from "@pvs/sdk";
import { commitText, registerRollup } from "./owner.mjs";
import { proveOne } from "./prover.mjs";

const { values } = parseArgs({
	options: {
		url: { type: "string", default: process.env.PVS_URL ?? "ws://127.0.0.1:9944" },
		suri: { type: "string", default: process.env.PVS_SURI ?? "//Bob" },
		json: { type: "boolean", default: false },
		help: { type: "boolean", short: "h", default: false },
	},
});
if (values.help) {
	console.log("Usage: npm run first-proof -- [--url ws://127.0.0.1:9944] [--suri //Bob] [--json]");
	process.exit(0);
}
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${text}`);
try {
	const market = await Market.connect(values.url);
	const owner = signerFromSuri("//Alice");
	const rollup = await registerRollup(market, owner, "development", say);
	say(`rollup ${rollup} registered by //Alice`);
	const directory = join(import.meta.dirname, "..", "build", "bids");
	const proving = proveOne(market, signerFromSuri(values.suri), { rollup, fee: 1_000_000_000_000n, directory, say });
	const { index } = await commitText(market, owner, rollup, "my first batch");
	say(`batch ${rollup}/${index} committed by //Alice`);
	const { payment, block } = await proving;
	if (values.json) {
		console.log(JSON.stringify({ rollup, batch: String(index), payment: String(payment), block }));
	}
	process.exit(0);
} catch (error) {
	console.error(`first-proof: ${error.message}`);
	process.exit(1);
}
