// SPDX-License-Identifier: Apache-2.0
import { blake2b } from "@noble/hashes/blake2.js";
import { InvalidInput, WrongLength } from "./errors.js";

/** Bytes, or `0x` and two hexadecimal digits for each. */
export type BytesLike = Uint8Array | string;

const U128_LIMIT = 1n << 128n;

/** Returns `0x` and two lower-case digits for each byte. */
export function toHex(bytes: Uint8Array): string {
	return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}

/** Returns the bytes of `value`; `field` is what an error calls it. */
export function toBytes(value: BytesLike, field = "bytes"): Uint8Array {
	if (value instanceof Uint8Array) {
		return value;
	}
	if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) {
		throw new InvalidInput(field, "must be 0x and an even number of hexadecimal digits");
	}
	return Uint8Array.from(Buffer.from(value.slice(2), "hex"));
}

/** Returns exactly `length` bytes of `value`. */
export function toFixed(value: BytesLike, length: number, field: string, advice = ""): Uint8Array {
	const bytes = toBytes(value, field);
	if (bytes.length !== length) {
		throw new WrongLength(field, length, bytes.length, advice);
	}
	return bytes;
}

/** Joins byte strings. */
export function concat(...parts: Uint8Array[]): Uint8Array {
	const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		joined.set(part, at);
		at += part.length;
	}
	return joined;
}

/** Returns whether two byte strings are equal. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
	return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Encodes a whole number little-endian in `length` bytes. */
export function littleEndian(value: bigint | number, length: number, field = "number"): Uint8Array {
	const whole = wholeNumber(value, field);
	if (whole >= 1n << BigInt(8 * length)) {
		throw new InvalidInput(field, `must be below 2^${8 * length}, found ${whole}`);
	}
	return bigEndian(whole, length).reverse();
}

/** Reads a little-endian number. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
	return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Encodes a number that fits into `length` bytes big-endian. */
export function bigEndian(value: bigint, length: number): Uint8Array {
	return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
}

/** Reads a big-endian number. */
export function fromBigEndian(bytes: Uint8Array): bigint {
	return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** Returns a whole number that is neither negative nor rounded by JavaScript. */
export function wholeNumber(value: bigint | number, field: string): bigint {
	const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
	if (!isWhole) {
		throw new InvalidInput(field, `must be a whole number, above 2^53 as bigint, found ${String(value)}`);
	}
	const whole = BigInt(value);
	if (whole < 0n || whole >= U128_LIMIT) {
		throw new InvalidInput(field, `must be 0 to 2^128 - 1, found ${whole}`);
	}
	return whole;
}

/** Returns the bytes of an ASCII text. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "ascii"));

/** BLAKE2b with 32 bytes of output. */
export const blake2_256 = (...parts: Uint8Array[]): Uint8Array =>
	blake2b(concat(...parts), { dkLen: 32 });

/** BLAKE2b with 64 bytes of output. */
export const blake2_512 = (...parts: Uint8Array[]): Uint8Array =>
	blake2b(concat(...parts), { dkLen: 64 });
