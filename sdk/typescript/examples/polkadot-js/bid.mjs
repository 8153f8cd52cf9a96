// SPDX-License-Identifier: Apache-2.0
// Payload, commitment, seal and proof of a bid, with nothing but Node.js and polkadot.js: docs/encodings.md and
// docs/seal.md of the repository have every byte.
import { createCipheriv, randomBytes } from "node:crypto";
import { bnToU8a, hexToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsU8a } from "@polkadot/util-crypto";

const u32 = (value) => bnToU8a(value, { bitLength: 32, isLe: true });
const u64 = (value) => bnToU8a(value, { bitLength: 64, isLe: true });
const u128 = (value) => bnToU8a(value, { bitLength: 128, isLe: true });
const number = (bytes) => BigInt(u8aToHex(bytes));
const bytes = (value, length) => hexToU8a(`0x${value.toString(16).padStart(2 * length, "0")}`);

function power(base, exponent, modulus) {
	let result = 1n;
	for (const bit of exponent.toString(2)) {
		result = (result * result) % modulus;
		result = bit === "1" ? (result * base) % modulus : result;
	}
	return result;
}

/** Makes a bid: `round` and `seals` are what the Runtime API shows. Keep `payload` and `exponent` on disk. */
export function makeBid(api, round, seals, bidder, fee, proofBlocks) {
	const salt = randomBytes(32);
	const payload = u8aConcat(u128(fee), u32(proofBlocks), new Uint8Array(33), salt);
	const { rollup, index } = round.batch;
	const place = u8aConcat(api.genesisHash.toU8a(), u32(rollup), u64(index), u32(round.round));
	const context = u8aConcat("pvs/bid/v1", place, round.batchDigest.toU8a(), bidder.publicKey);
	const commitment = blake2AsU8a(u8aConcat(context, payload), 256);

	const [modulus, generator, h] = [seals.modulus, seals.generator, seals.h].map((part) => number(part.toU8a(true)));
	const exponent = randomBytes(272);
	const element = (base) => {
		const value = power(base, number(exponent), modulus);
		return bytes(value > modulus / 2n ? modulus - value : value, 256);
	};
	const [u, solution] = [element(generator), element(h)];
	const key = blake2AsU8a(u8aConcat("pvs/seal-key/v1", seals.digest.toU8a(), solution, u, context), 256);
	const cipher = createCipheriv("chacha20-poly1305", key, new Uint8Array(12), { authTagLength: 16 });
	cipher.setAAD(context, { plaintextLength: payload.length });
	const ciphertext = u8aConcat(cipher.update(payload), cipher.final());
	const seal = u8aConcat(u, ciphertext, cipher.getAuthTag());
	return { payload, commitment, seal, exponent };
}

/** Converts a proof of snarkjs: coordinates big-endian, of B the imaginary parts first. */
export function proofBytes({ pi_a: a, pi_b: b, pi_c: c }) {
	const [[xReal, xImaginary], [yReal, yImaginary]] = b;
	const coordinates = [a[0], a[1], xImaginary, xReal, yImaginary, yReal, c[0], c[1]];
	return u8aConcat(...coordinates.map((coordinate) => bytes(BigInt(coordinate), 32)));
}
