// SPDX-License-Identifier: Apache-2.0
import type { PolkadotSigner, Transaction, TxEvent } from "polkadot-api";
import { address } from "./accounts.js";
import type { Connection } from "./connection.js";
import { CallFailed, InsufficientBalance, NodeLost, TimedOut, TransactionRefused } from "./errors.js";

const INCLUSION_SECONDS = 60;

/** A call that is in a block. */
export interface Included {
	/** Number and hash of the block. */
	block: number;
	blockHash: string;
	/** The events of the transaction, in their order. */
	events: { type: string; value: { type: string; value: any } }[];
}

/**
 * Signs and sends a call, and waits until the best chain has it. Throws `CallFailed` with the chain's text if it
 * fails there; `InsufficientBalance` before that if the account cannot pay `held` and the fee.
 */
export async function submit(
	connection: Connection,
	signer: PolkadotSigner,
	call: Transaction,
	held = 0n,
): Promise<Included> {
	const { api, url } = connection;
	const account = address(signer.publicKey);
	const name = `${call.decodedCall.type}.${call.decodedCall.value.type}`;
	const [nonce, fee, { data }, existential] = await connection.answer(
		Promise.all([
			api.apis.AccountNonceApi.account_nonce(account, { at: "best" }),
			call.getEstimatedFees(account),
			api.query.System.Account.getValue(account, { at: "best" }),
			api.constants.Balances.ExistentialDeposit({ at: "best" }),
		]),
	);
	const free = data.free > existential ? data.free - existential : 0n;
	if (held + fee > free) {
		const detail = `${account} can spend ${free} planck, the call holds or burns ${held} and costs ${fee}`;
		const docs = connection.texts.docs("Pvs", "InsufficientBalance");
		throw new InsufficientBalance(name, "InsufficientBalance", docs, detail, held + fee, free);
	}
	return new Promise((resolve, reject) => {
		let subscription: { unsubscribe(): void } | undefined;
		const end = (finish: () => void) => {
			clearTimeout(timer);
			finish();
			// The first event can come before there is a subscription.
			queueMicrotask(() => subscription?.unsubscribe());
		};
		const timer = setTimeout(() => {
			const message = `no block took ${name} within ${INCLUSION_SECONDS} s; it may still be taken`;
			end(() => reject(new TimedOut(message)));
		}, INCLUSION_SECONDS * 1000);
		const onEvent = (event: TxEvent) => {
			if (event.type !== "txBestBlocksState") {
				return;
			}
			if (!event.found) {
				if (!event.isValid) {
					end(() => reject(new TransactionRefused(name, undefined, `${name} is not valid any more; nothing was paid`)));
				}
				return;
			}
			const { block, events } = event;
			if (event.ok) {
				end(() => resolve({ block: block.number, blockHash: block.hash, events: events as Included["events"] }));
			} else {
				end(() => reject(failure(connection, name, event.dispatchError, block.number)));
			}
		};
		const onError = (error: Error & { error?: unknown }) =>
			end(() => reject(refusal(url, name, error)));
		subscription = call.signSubmitAndWatch(signer, { nonce }).subscribe({ next: onEvent, error: onError });
	});
}

function failure(
	connection: Connection,
	call: string,
	error: { type: string; value: unknown },
	block: number,
): CallFailed {
	if (error.type === "Module") {
		const { type: pallet, value } = error.value as { type: string; value: { type: string } };
		return new CallFailed(call, value.type, connection.texts.docs(pallet, value.type), block);
	}
	const { type = "" } = (error.value ?? {}) as { type?: string };
	return new CallFailed(call, type ? `${error.type}.${type}` : error.type, "", block);
}

function refusal(url: string, call: string, error: Error & { error?: unknown }): Error {
	if (error.error !== undefined) {
		const reason = JSON.stringify(error.error, (_, value) => (typeof value === "bigint" ? String(value) : value));
		return new TransactionRefused(call, error.error, `the node does not take ${call}: ${reason}; nothing was paid`);
	}
	if (/disconnect|destroyed|disjoint|stop/i.test(`${error.name} ${error.message}`)) {
		return new NodeLost(url, `the connection to ${url} was lost while ${call} was on its way: look whether a block has it`);
	}
	return error;
}

/** Returns the fields of the first event of the market with this name. */
export function findEvent(included: Included, name: string): any {
	const event = included.events.find(({ type, value }) => type === "Pvs" && value.type === name);
	if (event === undefined) {
		throw new CallFailed("the call", "no event", `it succeeded without an event ${name}`, included.block);
	}
	return event.value.value;
}
