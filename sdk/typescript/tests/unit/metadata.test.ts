// SPDX-License-Identifier: Apache-2.0
// What a wallet shows beside the fields of a call, an event or an error.
import { decAnyMetadata, unifyMetadata } from "@polkadot-api/substrate-bindings";
import { expect, test } from "vitest";
import { ChainTexts } from "../../src/index.js";
import { readBytes } from "../files.js";

const bytes = readBytes("presets/metadata.scale");
const { pallets, lookup } = unifyMetadata(decAnyMetadata(bytes));
const market = pallets.find(({ name }) => name === "Pvs") as any;

test.each(["calls", "events", "errors"])("%s_should_all_have_docs", (kind) => {
	const variants = lookup[market[kind].type]?.def.value as any[];
	expect(variants.length).toBeGreaterThan(15);
	expect(variants.filter(({ docs }) => docs.join("").trim() === "").map(({ name }) => name)).toEqual([]);
});

test("fields_of_events_and_parameters_should_all_have_docs", () => {
	const events = lookup[market.events.type]?.def.value as any[];
	const params = lookup.find(({ path }) => path.at(-1) === "RollupParams")?.def.value as any[];
	const fields = [...events.flatMap(({ name, fields }) => fields.map((field: any) => ({ ...field, name: `${name}.${field.name}` }))), ...params];
	expect(fields.length).toBeGreaterThan(100);
	expect(fields.filter(({ docs }) => docs.join("").trim() === "").map(({ name }) => name)).toEqual([]);
});

test("texts_of_errors_should_be_those_of_the_metadata", () => {
	const texts = new ChainTexts(bytes);
	expect(texts.hasMarket).toBe(true);
	expect(texts.docs("Pvs", "AlreadyBid")).toBe("The prover has bid in this round already.");
	expect(texts.docs("Pvs", "Nothing")).toBe("");
});
