// SPDX-License-Identifier: Apache-2.0
// A prover with polkadot.js alone: waits for a batch of the checksum rollup, bids, reveals, proves and is paid.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { u8aToHex } from "@polkadot/util";
import * as checksum from "../checksum/checksum.mjs";
import { makeBid, proofBytes } from "./bid.mjs";

const PROOF_BLOCKS = 20;
const INCLUSION_SECONDS = 60;

/** Signs and sends a call. Returns the events of its transaction, or throws with the chain's text. */
export function send(api, signer, call) {
	const name = `${call.method.section}.${call.method.method}`;
	return new Promise((resolve, reject) => {
		let stop = () => {};
		const end = (finish) => {
			clearTimeout(timer);
			finish();
			stop();
		};
		const late = () => reject(new Error(`no block took ${name} within ${INCLUSION_SECONDS} s`));
		const timer = setTimeout(() => end(late), INCLUSION_SECONDS * 1000);
		const onResult = ({ status, events, dispatchError, isError }) => {
			if (dispatchError?.isModule) {
				const { name: error, docs } = api.registry.findMetaError(dispatchError.asModule);
				end(() => reject(new Error(`${name} failed with ${error}: ${docs.join(" ")}`)));
			} else if (dispatchError || isError) {
				end(() => reject(new Error(`${name} failed: ${dispatchError ?? status.type}`)));
			} else if (status.isInBlock) {
				end(() => resolve(events.map(({ event }) => event)));
			}
		};
		call.signAndSend(signer, { nonce: -1 }, onResult).then((unsubscribe) => (stop = unsubscribe), (error) => end(() => reject(error)));
	});
}

/** Calls `look` with each new block until it returns something. */
export async function withEachBlock(api, look) {
	let stop = () => {};
	try {
		return await new Promise((resolve, reject) => {
			let isBusy = false;
			const onHead = async () => {
				if (isBusy) {
					return;
				}
				isBusy = true;
				try {
					const found = await look();
					if (found !== undefined) {
						resolve(found);
					}
				} catch (error) {
					reject(error);
				}
				isBusy = false;
			};
			api.rpc.chain.subscribeNewHeads(onHead).then((unsubscribe) => (stop = unsubscribe), reject);
		});
	} finally {
		stop();
	}
}

/** Waits for a phase of a batch's round. */
export const untilPhase = (api, batch, phase) =>
	withEachBlock(api, async () => {
		const round = (await api.call.pvsApi.round(batch)).unwrapOr(undefined);
		return round?.phase.type === phase ? round : undefined;
	});

/** Finds the data of a batch below the extrinsics of its block. */
async function readData(api, info) {
	const hash = await api.rpc.chain.getBlockHash(info.committedAt.toNumber());
	const { block } = await api.rpc.chain.getBlock(hash);
	const calls = block.extrinsics.map(({ method }) => method);
	while (calls.length > 0) {
		const call = calls.pop();
		if (call.section === "pvs" && call.method === "commitBatch" && call.args[0].eq(info.id.rollup)) {
			const data = call.args[1].toU8a(true);
			if (checksum.execute(info.prevStateRoot.toHex(), data) === info.nextStateRoot.toHex()) {
				return data;
			}
		}
		// Calls in calls, such as those of a batch, a proxy or a multisig.
		calls.push(...call.args.flatMap((arg) => (Array.isArray(arg) ? arg : [arg])).filter((arg) => arg.section));
	}
	return undefined;
}

/** Proves one batch of a rollup. Returns what it was paid. */
export async function proveOne(api, bidder, { rollup, fee, directory, say }) {
	await checksum.setUp(say);
	if ((await api.call.pvsApi.prover(bidder.address)).isNone) {
		await send(api, bidder, api.tx.pvs.registerProver(api.consts.pvs.minStake));
	}
	const { round, info, data } = await withEachBlock(api, async () => {
		const { items } = await api.call.pvsApi.openRounds(rollup, 0, 64);
		const round = items.find(({ phase }) => phase.isBidding);
		if (round === undefined) {
			return undefined;
		}
		const info = (await api.call.pvsApi.batch(round.batch)).unwrap();
		const data = await readData(api, info);
		return data && { round, info, data };
	});
	const seals = await api.call.pvsApi.seals();
	if (!seals.digest.eq(info.snapshot.sealDigest)) {
		throw new Error("the batch takes another set of seal parameters than the chain's present one");
	}
	const bid = makeBid(api, round, seals, bidder, fee, PROOF_BLOCKS);
	const { batch, round: number, batchDigest, slotFee } = round;
	const secret = { payload: u8aToHex(bid.payload), exponent: u8aToHex(bid.exponent) };
	await mkdir(directory, { recursive: true, mode: 0o700 });
	await writeFile(join(directory, `bid-${batch.rollup}-${batch.index}-${number}.json`), JSON.stringify(secret), { mode: 0o600 });
	const hex = (part) => u8aToHex(part);
	const { placeBid, revealBid, submitProof } = api.tx.pvs;
	await send(api, bidder, placeBid(batch, number, batchDigest, slotFee, hex(bid.commitment), hex(bid.seal)));
	say(`bid ${fee} planck on batch ${batch.rollup}/${batch.index}, sealed`);
	await untilPhase(api, batch, "Revealing");
	await send(api, bidder, revealBid(batch, number, bidder.address, hex(bid.payload)));
	const won = await untilPhase(api, batch, "Proving");
	if (!won.assignment.unwrap().prover.eq(bidder.address)) {
		throw new Error(`the round was won by ${won.assignment.unwrap().prover}`);
	}
	const inputs = (await api.call.pvsApi.publicInputs(batch, bidder.address)).unwrap();
	const { proof } = await checksum.prove(data, inputs.map((input) => String(BigInt(input.toHex()))));
	const events = await send(api, bidder, submitProof(batch, bidder.address, hex(proofBytes(proof))));
	const { data: paid } = events.find(({ section, method }) => section === "pvs" && method === "ProofAccepted");
	say(`proof accepted: paid ${paid.payment} planck`);
	return paid.payment.toBigInt();
}

if (process.argv[1] === import.meta.filename) {
	const { values } = parseArgs({
		options: {
			url: { type: "string", default: process.env.PVS_URL ?? "ws://127.0.0.1:9944" },
			rollup: { type: "string" },
			suri: { type: "string", default: process.env.PVS_SURI ?? "//Bob" },
			fee: { type: "string", default: "1000000000000" },
			help: { type: "boolean", short: "h", default: false },
		},
	});
	if (values.help || values.rollup === undefined) {
		console.log("Usage: node examples/polkadot-js/prover.mjs --rollup N [--url URL] [--suri //Bob] [--fee PLANCK]");
		process.exit(values.help ? 0 : 2);
	}
	try {
		const api = await ApiPromise.create({ provider: new WsProvider(values.url), noInitWarn: true });
		const bidder = new Keyring({ type: "sr25519" }).addFromUri(values.suri);
		const directory = join(import.meta.dirname, "..", "..", "build", "bids");
		await proveOne(api, bidder, { rollup: Number(values.rollup), fee: BigInt(values.fee), directory, say: console.log });
		process.exit(0);
	} catch (error) {
		console.error(`prover: ${error.message}`);
		process.exit(1);
	}
}
