// SPDX-License-Identifier: Apache-2.0
import { type BatchId } from "./bid.js";
import type { RoundInfo } from "./checks.js";
import { NodeLost, TimedOut } from "./errors.js";
import type { Market } from "./market.js";

/** An event of the market in a block of the best chain. */
export interface MarketEvent {
	name: string;
	fields: any;
	block: number;
	blockHash: string;
}

/** Hands over each new best block until `signal` aborts. */
async function* blocks(market: Market, signal: AbortSignal): AsyncGenerator<{ number: number; hash: string }> {
	const { client, url, timeoutSeconds } = market.connection;
	const waiting: { number: number; hash: string }[] = [];
	let failure: Error | undefined;
	let wake = () => {};
	let last = -1;
	const subscription = client.bestBlocks$.subscribe({
		next: (chain) => {
			const fresh = last < 0 ? chain.slice(0, 1) : chain.filter(({ number }) => number > last);
			last = Math.max(last, chain[0]?.number ?? last);
			waiting.push(...fresh.reverse());
			wake();
		},
		error: (cause) => {
			failure = new NodeLost(url, `the connection to ${url} was lost while watching`, { cause });
			wake();
		},
	});
	const onAbort = () => wake();
	signal.addEventListener("abort", onAbort);
	try {
		while (!signal.aborted) {
			const block = waiting.shift();
			if (block !== undefined) {
				yield block;
			} else if (failure !== undefined) {
				throw failure;
			} else {
				await new Promise<void>((resolve) => {
					const late = () => {
						failure = new NodeLost(url, `${url} has shown no block for ${timeoutSeconds} s: is the node running?`);
						resolve();
					};
					const timer = setTimeout(late, timeoutSeconds * 1000);
					wake = () => {
						clearTimeout(timer);
						resolve();
					};
				});
			}
		}
	} finally {
		signal.removeEventListener("abort", onAbort);
		subscription.unsubscribe();
	}
}

/** Watches the open rounds of a rollup: all of them with each best block. */
export async function* watchRounds(
	market: Market,
	rollup: number,
	signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<{ block: number; rounds: RoundInfo[] }> {
	for await (const { number } of blocks(market, signal)) {
		yield { block: number, rounds: await market.openRounds(rollup) };
	}
}

/** Watches the events of the market in the best chain. */
export async function* watchEvents(
	market: Market,
	signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<MarketEvent> {
	for await (const { number, hash } of blocks(market, signal)) {
		const events = market.connection.api.query.System.Events.getValue({ at: hash });
		for (const { event } of await market.connection.answer(events)) {
			if (event.type === "Pvs") {
				yield { name: event.value.type, fields: event.value.value, block: number, blockHash: hash };
			}
		}
	}
}

/** Waits until the next block allows one of these phases in a batch's round. */
export async function untilPhase(
	market: Market,
	batch: BatchId,
	phases: string[],
	seconds: number,
): Promise<RoundInfo> {
	const signal = AbortSignal.timeout(seconds * 1000);
	for await (const _ of blocks(market, signal)) {
		const round = await market.round(batch);
		if (round !== undefined && phases.includes(round.phase.type)) {
			return round;
		}
	}
	const name = `batch ${batch.rollup}/${batch.index}`;
	throw new TimedOut(`${name} has not reached ${phases.join(" or ")} within ${seconds} s`);
}
