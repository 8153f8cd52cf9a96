// SPDX-License-Identifier: Apache-2.0
// Runs programs, and stops what was started however this one ends.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const STOP_SECONDS = 5;
const TAIL_LINES = 20;
const started = new Set();

/** Runs a program to its end. Returns what it wrote to its standard output. */
export async function run(program, options, directory) {
	try {
		const { stdout } = await promisify(execFile)(program, options, { cwd: directory });
		return stdout;
	} catch (error) {
		const said = `${error.stderr ?? ""}${error.stdout ?? ""}`.trim() || error.message;
		throw new Error(`${program} ${options.join(" ")}\n${said}`);
	}
}

/** Starts a program that runs beside this one. `onLine` gets each line of its standard output. */
export function start(name, program, options, directory, onLine = () => {}) {
	const child = spawn(program, options, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
	const tail = [];
	const keep = (line) => tail.push(line) > TAIL_LINES && tail.shift();
	createInterface({ input: child.stderr }).on("line", keep);
	createInterface({ input: child.stdout }).on("line", (line) => {
		keep(line);
		onLine(line);
	});
	started.add(child);
	const ended = new Promise((resolve, reject) => {
		child.on("error", (error) => reject(new Error(`cannot start ${name}: ${error.message}`)));
		child.on("close", (code, signal) => {
			started.delete(child);
			resolve({ code, signal });
		});
	});
	// Rejects if the program ends or cannot be started: to be raced against what it is needed for.
	const failed = ended.then(({ code, signal }) => {
		const how = signal ?? `exit code ${code}`;
		throw new Error(`${name} has stopped (${how})\n${tail.join("\n")}`);
	});
	failed.catch(() => {});
	return { ended, failed };
}

/** Stops everything that was started. */
export async function stopAll() {
	const giveUp = Date.now() + STOP_SECONDS * 1000;
	while (started.size > 0 && Date.now() < giveUp) {
		// A prover finishes open jobs at the first request and stops at the second.
		started.forEach((child) => child.kill("SIGTERM"));
		await sleep(200);
	}
	const remaining = [...started];
	remaining.forEach((child) => child.kill("SIGKILL"));
	await Promise.all(remaining.map((child) => once(child, "close")));
}

/** Stops everything, then ends, on an interrupt and on an error that nobody has caught. */
export function stopWhenInterrupted() {
	const end = (code) => stopAll().finally(() => process.exit(code));
	for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
		process.on(signal, () => end(code));
	}
	process.on("uncaughtException", (error) => {
		console.error(error);
		end(1);
	});
}
