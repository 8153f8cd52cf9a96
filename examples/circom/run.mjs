// SPDX-License-Identifier: Apache-2.0
// From `tally.circom` to a batch proven on a development chain. Started by `run.sh`.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as chain from "./chain.mjs";
import { run, start, stopAll, stopWhenInterrupted } from "./processes.mjs";
import * as tally from "./tally.mjs";

const here = import.meta.dirname;
const build = join(here, "build");
/** In planck: the most that `params.json` allows. */
const MAX_FEE = 10_000_000_000_000n;
const PROVER_SECONDS = 120;
const BATCH_SECONDS = 120;
/** The circuit's 1,880 constraints fit into 2^11 powers of tau. */
const POWER = 11;

const { values: options } = parseArgs({
	options: { "bin-dir": { type: "string" }, json: { type: "boolean", default: false } },
});
const program = (name) => join(options["bin-dir"], name);
const tool =
	(path) =>
	(...args) =>
		run(process.execPath, [join(here, path), ...args], here);
const circom = tool("node_modules/circom2/cli.js");
const snarkjs = tool("node_modules/snarkjs/build/cli.cjs");

/**
 * Takes a step, and says what came of it and how long it took. On a terminal it shows meanwhile what
 * the step says that it is doing.
 */
async function step(title, take) {
	const began = Date.now();
	const seconds = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
	let doing = "";
	const show = (text) => process.stderr.write(`\r\x1b[K${text}`);
	let timer = process.stderr.isTTY
		? setInterval(() => show(`${title}${doing} ... ${seconds()}`), 250)
		: undefined;
	const finish = () => {
		if (timer !== undefined) {
			clearInterval(timer);
			timer = undefined;
			show("");
		}
	};
	try {
		const outcome = await take((what) => (doing = `: ${what}`));
		finish();
		console.log(`${title}: ${outcome.text} (${seconds()})`);
		return outcome;
	} finally {
		finish();
	}
}

async function compile() {
	await mkdir(build, { recursive: true });
	await circom("tally.circom", "--r1cs", "--wasm", "--O2", "-l", "node_modules", "-o", "build");
	const info = await snarkjs("r1cs", "info", "build/tally.r1cs");
	const count = (name) => Number(info.match(new RegExp(`# of ${name}: (\\d+)`))[1]);
	const [constraints, inputs] = [count("Constraints"), count("Public Inputs")];
	return { text: `${constraints} constraints, ${inputs} public inputs`, constraints };
}

/** Powers of tau and key by one contributor, this machine. Powers of tau suit any circuit: kept. */
async function setUp(doing) {
	const entropy = () => `-e=${randomBytes(32).toString("hex")}`;
	const file = (name) => `build/${name}`;
	const remove = (...files) => Promise.all(files.map((name) => rm(join(here, name))));
	const tau = file(`tau_${POWER}.ptau`);
	if (!existsSync(join(here, tau))) {
		const [first, second, third] = ["tau_0.tmp", "tau_1.tmp", "tau_2.tmp"].map(file);
		doing("powers of tau");
		await snarkjs("powersoftau", "new", "bn128", String(POWER), first);
		await snarkjs("powersoftau", "contribute", first, second, entropy());
		doing("powers of tau, second phase");
		await snarkjs("powersoftau", "prepare", "phase2", second, third);
		await rename(join(here, third), join(here, tau));
		await remove(first, second);
	}
	doing("keys");
	const [before, zkey] = ["tally_0.tmp", "tally.zkey"].map(file);
	await snarkjs("groth16", "setup", file("tally.r1cs"), tau, before);
	await snarkjs("zkey", "contribute", before, zkey, entropy());
	await remove(before);
	await snarkjs("zkey", "export", "verificationkey", zkey, file("verification_key.json"));
	const { size } = await stat(join(here, zkey));
	return { text: `for development only, proving key of ${Math.round(size / 1000)} kB` };
}

async function importKey() {
	const from = join(build, "verification_key.json");
	const options = ["keys", "import", "--from", "snarkjs", from, "--force", "--json"];
	const { hash, file } = JSON.parse(await run(program("pvsctl"), options));
	const key = await readFile(file);
	return { text: `${key.length} bytes, hash ${hash}`, key, file };
}

async function startNode() {
	const [rpc, p2p, metrics] = await freePorts(3);
	const ports = ["--rpc-port", rpc, "--port", p2p, "--prometheus-port", metrics].map(String);
	const node = start("the node", program("pvs-node"), ["--dev", "--tmp", ...ports]);
	const url = `ws://127.0.0.1:${rpc}`;
	const api = await Promise.race([chain.connect(url), node.failed]);
	return { text: `answers at ${url}`, url, api, node };
}

/** Starts the prover of the rollup and waits until it is ready to bid. */
async function startProver(url, rollup, keyFile, files, onReport) {
	let ready;
	const isReady = new Promise((resolve) => (ready = resolve));
	const prover = start(
		"the prover",
		program("pvsctl"),
		[
			...["prover", "run", "--url", url, "--suri", "//Bob", "--rollup", String(rollup)],
			...["--verifying-key", keyFile, "--program", process.execPath],
			...["--program-arg", join(here, "rollup.mjs"), "--program-arg", build],
			...["--data-dir", join(files, "prover"), "--once", "--json"],
		],
		here,
		(line) => {
			const report = JSON.parse(line);
			(report.event === "ready" ? ready : onReport)(report);
		},
	);
	await chain.within(PROVER_SECONDS, "the prover is not ready", Promise.race([isReady, prover.failed]));
	return { text: "Bob, with rollup.mjs and snarkjs", prover };
}

/** TCP ports on which nobody listens at the moment. */
async function freePorts(count) {
	const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
	await Promise.all(servers.map((server) => new Promise((open) => server.once("listening", open))));
	const ports = servers.map((server) => server.address().port);
	await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
	return ports;
}

async function main() {
	const { constraints } = await step("circuit", compile);
	await step("set-up", setUp);
	const { key, file: keyFile } = await step("verifying key", importKey);
	const { url, api, node } = await step("node", startNode);
	const files = await mkdtemp(join(tmpdir(), "pvs-circom-"));
	try {
		const alice = chain.developmentKey("//Alice");
		const counters = tally.genesis();
		const genesisRoot = tally.toHex(tally.root(counters));
		const { rollup } = await step("rollup", async () => {
			const params = JSON.parse(await readFile(join(here, "params.json")));
			const rollup = await chain.register(api, alice, key, genesisRoot, params);
			return { text: `registered as ${rollup}, from root ${genesisRoot}`, rollup };
		});
		let proofSeconds;
		let skipped;
		const onReport = (report) => {
			proofSeconds = report.event === "proved" ? report.seconds : proofSeconds;
			skipped = report.event === "skipped" ? report.reason : skipped;
		};
		const starting = () => startProver(url, rollup, keyFile, files, onReport);
		const { prover } = await step("prover", starting);

		const data = tally.encode([
			{ counter: 0, amount: 5, note: "five apples" },
			{ counter: 2, amount: 40, note: "forty pears" },
			{ counter: 0, amount: 2, note: "two apples more" },
		]);
		const after = tally.execute(counters, data);
		const nextRoot = tally.toHex(tally.root(after));
		const batch = await step("batch", async () => {
			const committed = await chain.commit(
				...[api, alice, rollup, data, genesisRoot, nextRoot, MAX_FEE],
			);
			return { text: `${rollup}/${committed.index} in block ${committed.block}`, ...committed };
		});
		const expected = tally.toHex(tally.dataCommitment(data));
		if (batch.dataCommitment !== expected) {
			throw new Error(`the chain commits to ${batch.dataCommitment}, tally.mjs to ${expected}`);
		}

		const blocks = {};
		let payment;
		const { end } = await step("outcome", async () => {
			const following = chain.follow(api, rollup, batch.index, BATCH_SECONDS, (name, event, block) => {
				blocks[name] = block;
				payment = name === "ProofAccepted" ? event.payment.toBigInt() : payment;
			});
			const end = await Promise.race([following, node.failed]);
			return { text: `${end} in block ${blocks[end]}`, end };
		});
		if (end !== "BatchFinalized") {
			const why = skipped === undefined ? "" : `; the prover: ${skipped}`;
			throw new Error(`batch ${rollup}/${batch.index} ended as ${end}${why}`);
		}
		const root = (await api.call.pvsApi.rollup(rollup)).unwrap().finalizedRoot.toHex();
		if (root !== nextRoot) {
			throw new Error(`the chain's final root is ${root}, not ${nextRoot}`);
		}
		const { code } = await chain.within(PROVER_SECONDS, "the prover has not ended", prover.ended);
		if (code !== 0) {
			throw new Error(`the prover ended with exit code ${code}`);
		}
		const { chainDecimals, chainTokens } = api.registry;
		const paid = `${Number(payment) / 10 ** chainDecimals[0]} ${chainTokens[0]}`;
		console.log(
			`proven in ${proofSeconds.toFixed(1)} s, accepted in block ${blocks.ProofAccepted}, ` +
				`Bob was paid ${paid}; counters ${after.join(", ")}`,
		);
		if (options.json) {
			const result = {
				constraints,
				rollup,
				batch: batch.index,
				committed_at: batch.block,
				accepted_at: blocks.ProofAccepted,
				proof_seconds: proofSeconds,
				payment: payment.toString(),
				finalized_root: root,
				counters: after.map(String),
			};
			console.log(JSON.stringify(result));
		}
	} finally {
		await api.disconnect();
		await stopAll();
		await rm(files, { recursive: true, force: true });
	}
}

stopWhenInterrupted();
try {
	await main();
} catch (error) {
	console.error(`circom example: ${error.message}`);
	process.exitCode = 1;
} finally {
	await stopAll();
	process.exit();
}
