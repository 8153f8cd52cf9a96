// SPDX-License-Identifier: Apache-2.0
// The owner's and the sequencer's part: registers a rollup, commits a batch, watches how it ends.
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { setTimeout as sleep } from "node:timers/promises";

const CONNECT_SECONDS = 60;
const INCLUSION_SECONDS = 30;
const POLL_MILLISECONDS = 250;

/** Connects to a node, which may still be starting. */
export async function connect(url) {
	const giveUp = Date.now() + CONNECT_SECONDS * 1000;
	const health = new URL("/health", url.replace(/^ws/, "http"));
	while (!(await fetch(health).then(({ ok }) => ok, () => false))) {
		if (Date.now() >= giveUp) {
			throw new Error(`no answer from ${url} within ${CONNECT_SECONDS} s`);
		}
		await sleep(POLL_MILLISECONDS);
	}
	return ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
}

/** The key of a development account, such as //Alice. */
export const developmentKey = (path) => new Keyring({ type: "sr25519" }).addFromUri(path);

/** Registers a rollup whose sequencer is its owner. Returns its id. */
export async function register(api, owner, verifyingKey, genesisRoot, params) {
	const key = `0x${verifyingKey.toString("hex")}`;
	const call = api.tx.pvs.registerRollup(key, genesisRoot, owner.address, params);
	const { events } = await send(api, owner, call);
	return find(events, "RollupRegistered").rollup.toNumber();
}

/** Commits a batch on the rollup's tip. Returns its index and the block. */
export async function commit(api, sequencer, rollup, data, previousRoot, nextRoot, maxFee) {
	const bytes = `0x${data.toString("hex")}`;
	const call = api.tx.pvs.commitBatch(rollup, bytes, previousRoot, nextRoot, maxFee);
	const { events, block } = await send(api, sequencer, call);
	const { batch, dataCommitment } = find(events, "BatchCommitted");
	return { index: batch.index.toNumber(), block, dataCommitment: dataCommitment.toHex() };
}

/**
 * Follows the best chain until the batch is final, failed or dropped. `onEvent` gets the name, the
 * fields and the block of each event of the batch. Returns the name of the last.
 */
export async function follow(api, rollup, index, seconds, onEvent) {
	const ends = ["BatchFinalized", "BatchFailed", "BatchDropped"];
	let stop;
	const ended = new Promise((resolve, reject) => {
		let next = Promise.resolve();
		const onHead = (head) => {
			// One block after the other, although reading its events takes time.
			next = next
				.then(async () => {
					const at = await api.at(head.hash);
					for (const { event } of await at.query.system.events()) {
						const batch = event.section === "pvs" && event.data.batch;
						const isOurs =
							batch &&
							batch.rollup.toNumber() === rollup &&
							batch.index.toNumber() === index;
						if (isOurs) {
							onEvent(event.method, event.data, head.number.toNumber());
							if (ends.includes(event.method)) {
								resolve(event.method);
							}
						}
					}
				})
				.catch(reject);
		};
		api.rpc.chain.subscribeNewHeads(onHead).then((unsubscribe) => (stop = unsubscribe), reject);
	});
	try {
		return await within(seconds, `batch ${rollup}/${index} has not ended`, ended);
	} finally {
		stop?.();
	}
}

/** Signs and sends a call. Returns the events of its transaction and its block. */
async function send(api, signer, call) {
	const name = `${call.method.section}.${call.method.method}`;
	let stop;
	const included = new Promise((resolve, reject) => {
		call.signAndSend(signer, { nonce: -1 }, ({ status, events, dispatchError, isError }) => {
			if (dispatchError) {
				reject(new Error(`${name} failed: ${explain(api, dispatchError)}`));
			} else if (isError) {
				reject(new Error(`${name} was not included: ${status.type}`));
			} else if (status.isInBlock) {
				resolve({ events, hash: status.asInBlock });
			}
		}).then((unsubscribe) => (stop = unsubscribe), reject);
	});
	try {
		const { events, hash } = await within(INCLUSION_SECONDS, `no block took ${name}`, included);
		const header = await api.rpc.chain.getHeader(hash);
		return { events, block: header.number.toNumber() };
	} finally {
		stop?.();
	}
}

function explain(api, dispatchError) {
	if (!dispatchError.isModule) {
		return dispatchError.toString();
	}
	const { section, name, docs } = api.registry.findMetaError(dispatchError.asModule);
	return `${section}.${name}: ${docs.join(" ")}`;
}

function find(events, name) {
	const record = events.find(({ event }) => event.section === "pvs" && event.method === name);
	if (record === undefined) {
		throw new Error(`the transaction succeeded without an event ${name}`);
	}
	return record.event.data;
}

/** A promise, for so many seconds. */
export function within(seconds, complaint, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		const fail = () => reject(new Error(`${complaint} within ${seconds} s`));
		timer = setTimeout(fail, seconds * 1000);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
