// SPDX-License-Identifier: Apache-2.0
// Time-lock puzzles around bids: docs/seal.md of the repository has every byte.
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { randomBytes } from "node:crypto";
import { CONTEXT_BYTES, PAYLOAD_BYTES } from "./bid.js";
import {
	type BytesLike,
	ascii,
	bigEndian,
	blake2_256,
	concat,
	equal,
	fromBigEndian,
	littleEndian,
	toFixed,
} from "./bytes.js";
import { InvalidInput } from "./errors.js";

/** Bytes of an element of the group. */
export const ELEMENT_BYTES = 256;
/** Bytes of a seal. */
export const SEAL_BYTES = 357;
/** Bytes of the secret exponent of a seal. */
export const EXPONENT_BYTES = 272;
/** The RSA-2048 challenge number. */
export const MODULUS = BigInt(
	"0xc7970ceedcc3b0754490201a7aa613cd73911081c790f5f1a8726f463550bb5b" +
		"7ff0db8e1ea1189ec72f93d1650011bd721aeeacc2acde32a04107f0648c2813" +
		"a31f5b0b7765ff8b44b4b6ffc93384b646eb09c7cf5e8592d40ea33c80039f35" +
		"b4f14a04b51f7bfd781be4d1673164ba8eb991c2c4d730bbbe35f592bdef524a" +
		"f7e8daefd26c66fc02c479af89d64d373f442709439de66ceb955f3ea37d5159" +
		"f6135809f85334b5cb1813addc80cd05609f10ac6a95ad65872c909525bdad32" +
		"bc729592642920f24c61dc5b3c3b7923e56b16a4d9d373d8721f24a3fc0f1b31" +
		"31f55615172866bccc30f95054c824e733a5eb6817f7bc16399d48c6361cc7e5",
);
/** The generator. */
export const GENERATOR = 4n;

const NONCE = new Uint8Array(12);
const LARGEST = (MODULUS - 1n) / 2n;

/** The puzzle of a chain's seals. */
export interface SealParameters {
	/** How many squarings a seal takes to open. */
	delay: bigint;
	/** The generator after that many squarings: 256 bytes. */
	h: Uint8Array;
	/** Pins all of it: 32 bytes. */
	digest: Uint8Array;
}

/** A seal, and the exponent that opens it: keep it secret until the bid is revealed. */
export interface MadeSeal {
	/** What `place_bid` takes: 357 bytes. */
	seal: Uint8Array;
	/** With it alone the payload comes back from the seal: 272 bytes. */
	exponent: Uint8Array;
}

/** Returns `base^exponent` modulo N. It takes longer for some exponents than for others. */
export function power(base: bigint, exponent: bigint, modulus = MODULUS): bigint {
	// Four bits at a time.
	const table = [1n];
	for (let index = 1; index < 16; index++) {
		table.push(((table[index - 1] ?? 1n) * base) % modulus);
	}
	let result = 1n;
	for (const digit of exponent.toString(16)) {
		result = (result * result) % modulus;
		result = (result * result) % modulus;
		result = (result * result) % modulus;
		result = (result * result) % modulus;
		result = (result * (table[Number.parseInt(digit, 16)] ?? 1n)) % modulus;
	}
	return result;
}

/** Returns the only encoding of an element: the smaller of `x` and `N - x`, 256 bytes. */
export function encodeElement(value: bigint): Uint8Array {
	const reduced = value % MODULUS;
	return bigEndian(reduced > LARGEST ? MODULUS - reduced : reduced, ELEMENT_BYTES);
}

/** Returns the element of an encoding, or nothing if it is 0 or not canonical. */
export function decodeElement(bytes: Uint8Array): bigint | undefined {
	const value = fromBigEndian(bytes);
	return value >= 1n && value <= LARGEST ? value : undefined;
}

/** Returns the digest of a set of parameters. */
export function parametersDigest(delay: bigint, h: BytesLike): Uint8Array {
	return blake2_256(
		ascii("pvs/seal-parameters/v1"),
		bigEndian(MODULUS, ELEMENT_BYTES),
		littleEndian(delay, 8, "delay"),
		bigEndian(GENERATOR, ELEMENT_BYTES),
		toFixed(h, ELEMENT_BYTES, "h"),
	);
}

/** Returns the parameters of a chain once they hash to the digest that it names, and `h` is an element. */
export function sealParameters(delay: bigint, h: BytesLike, digest: BytesLike): SealParameters {
	const [found, element] = [parametersDigest(delay, h), toFixed(h, ELEMENT_BYTES, "h")];
	if (!equal(found, toFixed(digest, 32, "digest"))) {
		throw new InvalidInput("seal parameters", "do not hash to their digest: make no bid with them");
	}
	const value = decodeElement(element);
	if (value === undefined || value === 1n) {
		throw new InvalidInput("h", "is no element of the group, or 1: make no bid with it");
	}
	return { delay, h: element, digest: found };
}

/** Returns the key of a seal's cipher. */
export function sealKey(
	parameters: SealParameters,
	u: Uint8Array,
	context: Uint8Array,
	solution: Uint8Array,
): Uint8Array {
	return blake2_256(ascii("pvs/seal-key/v1"), parameters.digest, solution, u, context);
}

/**
 * Seals a payload. The exponent is drawn from the operating system unless one is given, which is for test
 * vectors: an exponent is never used twice. Takes tens of milliseconds, and not the same for each exponent.
 */
export function makeSeal(
	parameters: SealParameters,
	context: BytesLike,
	payload: BytesLike,
	exponent: BytesLike = Uint8Array.from(randomBytes(EXPONENT_BYTES)),
): MadeSeal {
	const [boundTo, text] = [
		toFixed(context, CONTEXT_BYTES, "context"),
		toFixed(payload, PAYLOAD_BYTES, "payload"),
	];
	const secret = toFixed(exponent, EXPONENT_BYTES, "exponent");
	const r = fromBigEndian(secret);
	const u = encodeElement(power(GENERATOR, r));
	if (decodeElement(u) === undefined || fromBigEndian(u) === 1n) {
		throw new InvalidInput("exponent", "makes a seal that the chain refuses: draw another");
	}
	const solution = encodeElement(power(fromBigEndian(parameters.h), r));
	const cipher = chacha20poly1305(sealKey(parameters, u, boundTo, solution), NONCE, boundTo);
	return { seal: concat(u, cipher.encrypt(text)), exponent: secret };
}

/** Reads the payload of one's own seal with its exponent; nothing if the seal is not of this exponent. */
export function recoverPayload(
	parameters: SealParameters,
	context: BytesLike,
	seal: BytesLike,
	exponent: BytesLike,
): Uint8Array | undefined {
	const r = fromBigEndian(toFixed(exponent, EXPONENT_BYTES, "exponent"));
	return decryptSeal(parameters, context, seal, encodeElement(power(fromBigEndian(parameters.h), r)));
}

/** Reads the payload of a seal with its solution; nothing if it does not decrypt. */
export function decryptSeal(
	parameters: SealParameters,
	context: BytesLike,
	seal: BytesLike,
	solution: BytesLike,
): Uint8Array | undefined {
	const bytes = toFixed(seal, SEAL_BYTES, "seal");
	const boundTo = toFixed(context, CONTEXT_BYTES, "context");
	const element = toFixed(solution, ELEMENT_BYTES, "solution");
	const key = sealKey(parameters, bytes.slice(0, ELEMENT_BYTES), boundTo, element);
	try {
		return chacha20poly1305(key, NONCE, boundTo).decrypt(bytes.slice(ELEMENT_BYTES));
	} catch {
		// The library has this one error for a tag that does not fit.
		return undefined;
	}
}
