// SPDX-License-Identifier: Apache-2.0
import { type PolkadotClient, type TypedApi, createClient } from "polkadot-api";
import { WsEvent, getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";
import { pvs } from "#descriptors";
import { NodeLost, PvsError, UnsupportedRuntime, WrongChain } from "./errors.js";
import { ChainTexts } from "./texts.js";

/** Typed calls, reads and events of a chain. */
export type Api = TypedApi<typeof pvs>;

/** Options of a connection. */
export interface ConnectOptions {
	/** Hash of the first block that the chain must have. */
	genesisHash?: string;
	/** Seconds without an answer after which the node counts as lost; 20 unless given. */
	timeoutSeconds?: number;
}

/** Calls and reads that this package makes: a runtime in which one of them differs is refused. */
const CALLS = [
	"register_rollup", "commit_batch", "register_prover", "place_bid", "reveal_bid", "submit_proof",
] as const;
const READS = [
	"rollup", "batch", "round", "open_rounds", "prover", "seals", "explain", "expected_winner", "public_inputs",
] as const;

const SETTLE_MILLISECONDS = 1_000;

/** A connection to a node of a chain with the market. */
export class Connection {
	private constructor(
		readonly url: string,
		readonly client: PolkadotClient,
		readonly api: Api,
		/** Hash of the chain's first block, to which bids and proofs are bound. */
		readonly genesisHash: string,
		/** The chain's own texts for its errors. */
		readonly texts: ChainTexts,
		/** Seconds without an answer, or without a block while watching, after which the node counts as lost. */
		readonly timeoutSeconds: number,
	) {}

	/** Connects, and refuses a chain whose market is not the one that this package was generated from. */
	static async open(url: string, options: ConnectOptions = {}): Promise<Connection> {
		if (!URL.canParse(url) || !/^wss?:/.test(url)) {
			throw new NodeLost(url, `'${url}' is no WebSocket address: it begins with ws:// or wss://`);
		}
		const timeoutSeconds = options.timeoutSeconds ?? 20;
		// Node.js has a WebSocket of its own from version 22 on.
		const websocketClass = (globalThis.WebSocket ?? WebSocket) as typeof globalThis.WebSocket;
		let refuse = (_: NodeLost) => {};
		const refused = new Promise<never>((_, reject) => (refuse = reject));
		// Nobody waits for it once there was a connection.
		refused.catch(() => {});
		const onStatusChanged = ({ type }: { type: WsEvent }) => {
			if (type === WsEvent.ERROR || type === WsEvent.CLOSE) {
				refuse(new NodeLost(url, `${url} refuses the connection: is the node running, and is this its address?`));
			}
		};
		const client = createClient(getWsProvider(url, { websocketClass, onStatusChanged }));
		const answer = <T>(promise: Promise<T>) => answered(url, timeoutSeconds, promise);
		try {
			const { genesisHash } = await Promise.race([refused, answer(client.getChainSpecData())]);
			if (options.genesisHash !== undefined && options.genesisHash !== genesisHash) {
				throw new WrongChain(`${url} is of the chain ${genesisHash}, not of ${options.genesisHash}`);
			}
			const [best] = await answer(client.getBestBlocks());
			const metadata = await answer(client.getMetadata(best?.hash ?? genesisHash));
			const texts = new ChainTexts(metadata);
			if (!texts.hasMarket) {
				throw new WrongChain(`the chain at ${url} has no pallet Pvs: it has no market`);
			}
			const api = client.getTypedApi(pvs);
			await answer(checkRuntime(api, url));
			return new Connection(url, client, api, genesisHash, texts, timeoutSeconds);
		} catch (error) {
			// While the client still begins to follow the chain, its end would be an error that nobody can catch.
			setTimeout(() => client.destroy(), SETTLE_MILLISECONDS);
			throw error;
		}
	}

	/** Waits for an answer of the node; throws `NodeLost` where none comes in time. */
	answer<T>(promise: Promise<T>): Promise<T> {
		return answered(this.url, this.timeoutSeconds, promise);
	}

	/** Number and hash of the best block. */
	async best(): Promise<{ number: number; hash: string }> {
		const [best] = await this.answer(this.client.getBestBlocks());
		if (best === undefined) {
			throw new NodeLost(this.url, `${this.url} names no block`);
		}
		return best;
	}

	/** Ends the connection; nothing can be done with it any more. */
	close(): void {
		this.client.destroy();
	}
}

async function answered<T>(url: string, seconds: number, promise: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		const message = `${url} has not answered for ${seconds} s: is the node running, and is this its address?`;
		timer = setTimeout(() => reject(new NodeLost(url, message)), seconds * 1000);
	});
	try {
		return await Promise.race([promise, late]);
	} catch (error) {
		if (error instanceof PvsError) {
			throw error;
		}
		const { message, name } = error as Error;
		if (/disconnect|destroyed|disjoint|stopped|not connected/i.test(`${name} ${message}`)) {
			throw new NodeLost(url, `the connection to ${url} was lost: ${message || name}`, { cause: error });
		}
		throw error;
	} finally {
		clearTimeout(timer);
	}
}

async function checkRuntime(api: Api, url: string): Promise<void> {
	const { compat } = await api.getStaticApis({ at: "best" });
	const calls = CALLS.filter((name) => !compat.tx.Pvs[name].isCompatible()).map((name) => `Pvs.${name}`);
	const reads = READS.filter((name) => !compat.apis.PvsApi[name].isCompatible()).map((name) => `PvsApi.${name}`);
	const differ = [...calls, ...reads];
	if (differ.length > 0) {
		const { spec_name: name, spec_version: version } = await api.constants.System.Version({ at: "best" });
		const advice = "take the version of this package that belongs to the chain, or run `npm run generate` on its metadata";
		throw new UnsupportedRuntime(
			differ,
			`the runtime ${name} ${version} at ${url} has other forms of ${differ.join(", ")}: ${advice}`,
		);
	}
}
