// SPDX-License-Identifier: Apache-2.0
import { sr25519CreateDerive } from "@polkadot-labs/hdkd";
import { DEV_PHRASE, entropyToMiniSecret, mnemonicToEntropy, parseSuri, validateMnemonic } from "@polkadot-labs/hdkd-helpers";
import type { PolkadotSigner } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { InvalidInput } from "./errors.js";

/**
 * Returns a signer for a secret URI: a phrase of words, then junctions `/soft` and `//hard`, then `///password`. A path
 * alone, such as `//Bob`, is of the development phrase, whose secret is public. Wallets give a `PolkadotSigner` of
 * their own instead.
 */
export function signerFromSuri(suri: string): PolkadotSigner {
	const whole = suri.startsWith("/") ? `${DEV_PHRASE}${suri}` : suri;
	const { phrase = "", paths = "", password } = parseSuri(whole);
	const isPath = paths === "" || /^(\/\/?[^/\s]+)+$/.test(paths);
	if (!validateMnemonic(phrase) || !isPath) {
		// What was given may be a secret: it is not repeated.
		throw new InvalidInput("suri", "must be a phrase of words or a path such as //Bob, with junctions /soft and //hard");
	}
	const derive = sr25519CreateDerive(entropyToMiniSecret(mnemonicToEntropy(phrase), password));
	const { publicKey, sign } = derive(paths);
	return getPolkadotSigner(publicKey, "Sr25519", sign);
}
