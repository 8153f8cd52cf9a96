// SPDX-License-Identifier: Apache-2.0
// Openings of silent bidders' seals: squaring, and Wesolowski's proof that it was done.
import { type AccountLike, accountBytes } from "./accounts.js";
import { CONTEXT_BYTES, bidCommitment } from "./bid.js";
import {
	type BytesLike,
	ascii,
	bigEndian,
	blake2_512,
	concat,
	equal,
	fromBigEndian,
	littleEndian,
	toFixed,
} from "./bytes.js";
import { OpeningRefused } from "./errors.js";
import {
	ELEMENT_BYTES,
	GENERATOR,
	MODULUS,
	SEAL_BYTES,
	type SealParameters,
	decodeElement,
	decryptSeal,
	encodeElement,
	power,
} from "./seal.js";

/** Bytes of the proof of an opening. */
export const OPENING_PROOF_BYTES = 257;

const MAX_CANDIDATES = 1024;
const MAX_TESTS = 64;
const PRIME_BYTES = 33;
const BASES = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n];
const SMALL_PRIMES = Array.from({ length: 1021 }, (_, index) => index + 3).filter((n) => {
	for (let divisor = 2; divisor * divisor <= n; divisor++) {
		if (n % divisor === 0) {
			return false;
		}
	}
	return true;
});
// One large remainder instead of many.
const SMALL_PRODUCT = SMALL_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/** A bid whose seal is opened. */
export interface SealedBid {
	/** What the bid is bound to: see `bidContext`. */
	context: BytesLike;
	commitment: BytesLike;
	seal: BytesLike;
}

/** What `open_bid` takes beside the seal. */
export interface Opening {
	/** 256 bytes. */
	solution: Uint8Array;
	/** 257 bytes. */
	proof: Uint8Array;
}

/** Whether a number passes as prime: a strong probable prime to eight bases. */
function isPrime(n: bigint): boolean {
	let [odd, twos] = [n - 1n, 0];
	for (; odd % 2n === 0n; odd /= 2n) {
		twos += 1;
	}
	return BASES.every((base) => {
		let value = power(base, odd, n);
		if (value === 1n || value === n - 1n) {
			return true;
		}
		for (let step = 1; step < twos; step++) {
			value = (value * value) % n;
			if (value === n - 1n) {
				return true;
			}
		}
		return false;
	});
}

function hasSmallFactor(n: bigint): boolean {
	let [left, right] = [SMALL_PRODUCT % n, n];
	while (left !== 0n) {
		[left, right] = [right % left, left];
	}
	return right !== 1n;
}

/** Returns the prime that a transcript leads to, or nothing if its search ends without one. */
function challenge(...transcript: Uint8Array[]): bigint | undefined {
	const seed = blake2_512(...transcript);
	let tests = 0;
	for (let index = 0; index < MAX_CANDIDATES && tests < MAX_TESTS; index++) {
		const hash = blake2_512(ascii("pvs/challenge/v1"), seed, littleEndian(index, 4));
		const candidate = fromBigEndian(hash.slice(0, PRIME_BYTES)) | (1n << 263n) | 1n;
		if (hasSmallFactor(candidate)) {
			continue;
		}
		tests += 1;
		if (isPrime(candidate)) {
			return candidate;
		}
	}
	return undefined;
}

function openingChallenge(
	delay: bigint,
	bid: SealedBid,
	solution: Uint8Array,
	opener: AccountLike,
	attempt: number,
): bigint | undefined {
	const seal = toFixed(bid.seal, SEAL_BYTES, "seal");
	return challenge(
		ascii("pvs/opening/v1"),
		bigEndian(MODULUS, ELEMENT_BYTES),
		littleEndian(delay, 8),
		seal.slice(0, ELEMENT_BYTES),
		solution,
		toFixed(bid.context, CONTEXT_BYTES, "context"),
		toFixed(bid.commitment, 32, "commitment"),
		seal.slice(ELEMENT_BYTES),
		accountBytes(opener, "opener"),
		Uint8Array.of(attempt),
	);
}

/** Whether `pi^l * base^(2^T mod l)` is the claimed power. */
function holds(base: bigint, delay: bigint, prime: bigint, pi: bigint, claimed: Uint8Array): boolean {
	const rest = power(2n, delay, prime);
	return equal(encodeElement(power(pi, prime) * power(base, rest)), claimed);
}

/** Whether the proof that a chain gives for `h` holds. */
export function areParametersProven(parameters: SealParameters, proof: BytesLike): boolean {
	const bytes = toFixed(proof, OPENING_PROOF_BYTES, "h_proof");
	const prime = challenge(
		ascii("pvs/seal-parameters-proof/v1"),
		bigEndian(MODULUS, ELEMENT_BYTES),
		littleEndian(parameters.delay, 8),
		bigEndian(GENERATOR, ELEMENT_BYTES),
		parameters.h,
		bytes.slice(0, 1),
	);
	const pi = decodeElement(bytes.slice(1));
	return (
		prime !== undefined &&
		pi !== undefined &&
		holds(GENERATOR, parameters.delay, prime, pi, parameters.h)
	);
}

/**
 * Opens a seal by squaring, and proves it. It takes `delay` squarings twice, about 4 microseconds each: for
 * the development chain and for tests. `pvsctl opener` of the repository is many times faster.
 */
export function openSeal(parameters: SealParameters, bid: SealedBid, opener: AccountLike): Opening {
	const u = fromBigEndian(toFixed(bid.seal, SEAL_BYTES, "seal").slice(0, ELEMENT_BYTES));
	let squared = u;
	for (let step = 0n; step < parameters.delay; step++) {
		squared = (squared * squared) % MODULUS;
	}
	const solution = encodeElement(squared);
	for (let attempt = 0; attempt < 256; attempt++) {
		const prime = openingChallenge(parameters.delay, bid, solution, opener, attempt);
		if (prime !== undefined) {
			const pi = encodeElement(powerOfQuotient(u, parameters.delay, prime));
			return { solution, proof: concat(Uint8Array.of(attempt), pi) };
		}
	}
	throw new OpeningRefused("OpeningAttemptFailed", "256 attempts ended without a prime");
}

/** Returns `u^floor(2^T / l)` by long division. */
function powerOfQuotient(u: bigint, delay: bigint, prime: bigint): bigint {
	let [result, rest] = [1n, 1n];
	for (let step = 0n; step < delay; step++) {
		rest *= 2n;
		result = (result * result) % MODULUS;
		if (rest >= prime) {
			rest -= prime;
			result = (result * u) % MODULUS;
		}
	}
	return result;
}

/**
 * Checks an opening as the chain does, and returns the payload. Throws `OpeningRefused` with the chain's error;
 * `NotAuthentic` and `CommitmentDiffers` are openings that the chain accepts and that void the bid.
 */
export function checkOpening(
	parameters: SealParameters,
	bid: SealedBid,
	opening: { solution: BytesLike; proof: BytesLike },
	opener: AccountLike,
): Uint8Array {
	const u = checkSeal(bid.seal);
	const solution = toFixed(opening.solution, ELEMENT_BYTES, "solution");
	const proof = toFixed(opening.proof, OPENING_PROOF_BYTES, "proof of the opening");
	if (decodeElement(solution) === undefined) {
		throw new OpeningRefused("SolutionNonCanonical", "the solution is not the smaller of x and N - x");
	}
	const pi = decodeElement(proof.slice(1));
	if (pi === undefined) {
		throw new OpeningRefused("OpeningProofNonCanonical", "pi is not the smaller of x and N - x");
	}
	const prime = openingChallenge(parameters.delay, bid, solution, opener, proof[0] ?? 0);
	if (prime === undefined) {
		throw new OpeningRefused("OpeningAttemptFailed", "the attempt has no challenge: prove with the next one");
	}
	if (!holds(u, parameters.delay, prime, pi, solution)) {
		const message = "the proof does not hold for this seal, this solution and this opener";
		throw new OpeningRefused("OpeningProofInvalid", message);
	}
	const payload = decryptSeal(parameters, bid.context, bid.seal, solution);
	if (payload === undefined) {
		throw new OpeningRefused("NotAuthentic", "the seal does not decrypt: the bid is void");
	}
	const commitment = bidCommitment(toFixed(bid.context, CONTEXT_BYTES, "context"), payload);
	if (!equal(commitment, toFixed(bid.commitment, 32, "commitment"))) {
		throw new OpeningRefused("CommitmentDiffers", "the seal holds another payload: the bid is void");
	}
	return payload;
}

/** Checks a seal as `place_bid` does, and returns `u`. */
export function checkSeal(seal: BytesLike): bigint {
	const advice = "a seal is u (256), the encrypted payload (85) and its tag (16)";
	const bytes = toFixed(seal, SEAL_BYTES, "seal", advice).slice(0, ELEMENT_BYTES);
	const value = fromBigEndian(bytes);
	if (value < 2n) {
		throw new OpeningRefused("SealTrivial", "u is 0 or 1: draw another exponent");
	}
	const u = decodeElement(bytes);
	if (u === undefined) {
		throw new OpeningRefused("SealNonCanonical", "u is not the smaller of x and N - x");
	}
	return u;
}
