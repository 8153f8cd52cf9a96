// SPDX-License-Identifier: Apache-2.0
// The one place that knows the programs' names, their options and where they are.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const START_SECONDS = 120;
const TAIL_LINES = 20;
const NODE = "pvs-node";

/** The folder of the programs: `PVS_BIN_DIR`, or where scripts/env.sh has the repository's build. */
function binaries(): string {
	const given = process.env["PVS_BIN_DIR"];
	if (given !== undefined) {
		return given;
	}
	const env = fileURLToPath(new URL("../../../../scripts/env.sh", import.meta.url));
	const print = '. "$1" && printf %s "$CARGO_TARGET_DIR"';
	return join(execFileSync("bash", ["-c", print, "bash", env], { encoding: "utf8" }), "release");
}

async function freePorts(count: number): Promise<number[]> {
	const first = Number(process.env["PVS_FIRST_PORT"] ?? 0);
	const servers = Array.from({ length: count }, () => createServer());
	const ports: number[] = [];
	for (const server of servers) {
		for (let port = first && first + ports.length; ; port++) {
			const bound = await new Promise<boolean>((resolve) => {
				server.once("error", () => resolve(false)).listen({ port, host: "127.0.0.1" }, () => resolve(true));
			});
			const address = server.address();
			if (bound && address !== null && typeof address === "object" && !ports.includes(address.port)) {
				ports.push(address.port);
				break;
			}
		}
	}
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

/** Starts a development node. Returns its address, and what stops it. */
export async function startNode(): Promise<{ url: string; stop: () => Promise<void> }> {
	const program = join(binaries(), NODE);
	if (!existsSync(program)) {
		throw new Error(`${program} is missing: build it, or set PVS_BIN_DIR`);
	}
	const [rpc, p2p, metrics] = (await freePorts(3)).map(String) as [string, string, string];
	const options = ["--dev", "--tmp", "--rpc-port", rpc, "--port", p2p, "--prometheus-port", metrics];
	const node = spawn(program, options, { stdio: ["ignore", "ignore", "pipe"] });
	const tail: string[] = [];
	node.stderr.on("data", (data) => tail.push(...String(data).split("\n")) > TAIL_LINES && tail.splice(0, tail.length - TAIL_LINES));
	const giveUp = Date.now() + START_SECONDS * 1000;
	const isReady = () => fetch(`http://127.0.0.1:${rpc}/health`).then(({ ok }) => ok, () => false);
	while (!(await isReady())) {
		if (node.exitCode !== null || Date.now() > giveUp) {
			await stop(node);
			throw new Error(`${NODE} does not answer\n${tail.join("\n")}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 250));
	}
	return { url: `ws://127.0.0.1:${rpc}`, stop: () => stop(node) };
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) {
		return;
	}
	const ended = new Promise((resolve) => child.once("close", resolve));
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
	await ended;
	clearTimeout(timer);
}
