// SPDX-License-Identifier: Apache-2.0
import { decAnyMetadata, unifyMetadata } from "@polkadot-api/substrate-bindings";

/** The texts that a chain's metadata has for the errors of its pallets. */
export class ChainTexts {
	readonly #docs = new Map<string, string>();
	readonly #pallets = new Set<string>();

	constructor(metadata: Uint8Array) {
		const { pallets, lookup } = unifyMetadata(decAnyMetadata(metadata));
		for (const { name, errors } of pallets) {
			this.#pallets.add(name);
			const id = typeof errors === "object" && errors !== null ? errors.type : errors;
			const type = id === undefined ? undefined : lookup[id];
			if (type?.def.tag !== "variant") {
				continue;
			}
			for (const variant of type.def.value) {
				this.#docs.set(`${name}.${variant.name}`, variant.docs.join(" ").trim());
			}
		}
	}

	/** Whether the chain has the market's pallet. */
	get hasMarket(): boolean {
		return this.#pallets.has("Pvs");
	}

	/** The text of an error; empty where the chain has none. */
	docs(pallet: string, error: string): string {
		return this.#docs.get(`${pallet}.${error}`) ?? "";
	}
}
