// SPDX-License-Identifier: Apache-2.0
import { ss58Address, ss58Decode } from "@polkadot-labs/hdkd-helpers";
import { type BytesLike, equal, toFixed } from "./bytes.js";
import { InvalidInput } from "./errors.js";

/** An account: its address in SS58, or its 32 bytes. */
export type AccountLike = BytesLike;

/** Prefix of addresses for any Substrate chain; what the development chain has. */
const ANY_CHAIN = 42;

/** Returns the 32 bytes of an account. */
export function accountBytes(account: AccountLike, field = "account"): Uint8Array {
	if (typeof account === "string" && !account.startsWith("0x")) {
		try {
			const [bytes] = ss58Decode(account);
			return toFixed(bytes, 32, field);
		} catch (cause) {
			throw new InvalidInput(field, `'${account}' is no SS58 address (${(cause as Error).message})`);
		}
	}
	return toFixed(account, 32, field);
}

/** Returns the address of an account. */
export function address(account: AccountLike, prefix = ANY_CHAIN): string {
	return ss58Address(accountBytes(account), prefix);
}

/** Returns whether two values name the same account. */
export function isSameAccount(left: AccountLike, right: AccountLike): boolean {
	return equal(accountBytes(left), accountBytes(right));
}
