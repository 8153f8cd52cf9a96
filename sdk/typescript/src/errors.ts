// SPDX-License-Identifier: Apache-2.0

/** Base of all errors of this package. `code` is the name of the class. */
export class PvsError extends Error {
	get code(): string {
		return this.name;
	}

	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = new.target.name;
	}
}

/** An argument of this package that cannot be right. `field` names it. */
export class InvalidInput extends PvsError {
	constructor(
		readonly field: string,
		message: string,
	) {
		super(`${field}: ${message}`);
	}
}

/** Bytes that are too long or too short. */
export class WrongLength extends InvalidInput {
	constructor(
		field: string,
		readonly expected: number,
		readonly found: number,
		advice = "",
	) {
		super(field, `must be exactly ${expected} bytes, found ${found}${advice && `: ${advice}`}`);
	}
}

/** A verifying key that the chain refuses. `chainError` is the chain's name for the fault. */
export class MalformedKey extends PvsError {
	constructor(
		readonly chainError: string,
		message: string,
	) {
		super(`verifying key: ${message} (${chainError})`);
	}
}

/** A proof that the chain refuses. `chainError` is the chain's name for the fault. */
export class MalformedProof extends PvsError {
	constructor(
		readonly chainError: string,
		message: string,
	) {
		super(`proof: ${message} (${chainError})`);
	}
}

/** A JSON file of snarkjs that does not hold what it should. */
export class MalformedFile extends InvalidInput {}

/** Parameters of a rollup with a field that is missing, misspelt, of another type or out of range. */
export class InvalidParams extends InvalidInput {}

/** An opening that does not hold. `chainError` is the chain's name for the fault, if it has one. */
export class OpeningRefused extends PvsError {
	constructor(
		readonly chainError: string,
		message: string,
	) {
		super(`opening: ${message} (${chainError})`);
	}
}

/** The node is of a chain without this market, or of another chain than was asked for. */
export class WrongChain extends PvsError {}

/** The chain's runtime has other calls, events or types than this package was generated from. */
export class UnsupportedRuntime extends PvsError {
	constructor(
		readonly items: string[],
		message: string,
	) {
		super(message);
	}
}

/** The node does not answer, or the connection to it broke. */
export class NodeLost extends PvsError {
	constructor(
		readonly url: string,
		message: string,
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}

/** Something was awaited and did not come in time. */
export class TimedOut extends PvsError {}

/** What is asked for is not on the chain, or is there no more. */
export class NotFound extends PvsError {}

/**
 * A call that the chain would refuse, found before anything was signed or paid. `error` and `docs` are the
 * chain's own name and text for it.
 */
export class WouldFail extends PvsError {
	constructor(
		readonly call: string,
		readonly error: string,
		readonly docs: string,
		detail: string,
	) {
		super(`${call} would fail with ${error}: ${detail}. ${docs}`.trim());
	}
}

/** The window of a call is not open. `phase` is what the next block allows. */
export class WindowClosed extends WouldFail {
	constructor(
		call: string,
		error: string,
		docs: string,
		detail: string,
		readonly phase: string | undefined,
	) {
		super(call, error, docs, detail);
	}
}

/** The stake that backs nothing else does not cover a call. Amounts in planck. */
export class InsufficientStake extends WouldFail {
	constructor(
		call: string,
		error: string,
		docs: string,
		detail: string,
		readonly needed: bigint,
		readonly free: bigint,
	) {
		super(call, error, docs, detail);
	}
}

/** The account cannot pay what a call holds or burns, and its fee. Amounts in planck. */
export class InsufficientBalance extends WouldFail {
	constructor(
		call: string,
		error: string,
		docs: string,
		detail: string,
		readonly needed: bigint,
		readonly free: bigint,
	) {
		super(call, error, docs, detail);
	}
}

/** A transaction that the node's pool did not take. Nothing was paid. */
export class TransactionRefused extends PvsError {
	constructor(
		readonly call: string,
		readonly reason: unknown,
		message: string,
	) {
		super(message);
	}
}

/** A call that is in a block and failed; its fee is paid. `error` and `docs` are the chain's own name and text. */
export class CallFailed extends PvsError {
	constructor(
		readonly call: string,
		readonly error: string,
		readonly docs: string,
		readonly block: number,
	) {
		super(`${call} failed in block ${block}: ${error}. ${docs}`.trim());
	}
}
