// SPDX-License-Identifier: Apache-2.0
import { type BytesLike, concat, littleEndian, toFixed } from "./bytes.js";
import { InvalidParams } from "./errors.js";

/** What becomes of a round in which a bidder stays silent. */
export type SilencePolicy =
	| "Exclude"
	| { ForceOpen: { opening_blocks: number } }
	| { Settle: { settle_blocks: number } };

/** Parameters of a rollup, named as on the chain and in files of presets. Units as on the chain. */
export interface RollupParams {
	layout: "Fields";
	data_len: number;
	bidding_blocks: number;
	reveal_blocks: number;
	silence_policy: SilencePolicy;
	payment_rule: "SecondScore" | "FirstPrice";
	w_fee: number;
	w_time: number;
	w_share: number;
	min_proof_blocks: number;
	max_proof_blocks: number;
	min_reserve: bigint;
	initial_reserve: bigint;
	max_reserve: bigint;
	reserve_margin: number;
	reserve_weight: number;
	escalation_factor: number;
	silence_penalty: bigint;
	grace_blocks: number;
	late_rate: number;
	ladder_len: number;
	ladder_blocks: number;
	rescue_blocks: number;
	max_empty_rounds: number;
	max_failed_rounds: number;
	sequencer_bond: bigint;
}

/** What a batch is bound to from its commitment to its end. */
export interface Snapshot {
	params: RollupParams;
	finality_gap: number;
	inclusion_slack: number;
	max_bids: number;
	slot_fee_base: bigint;
	seal_timing: SealTiming;
	seal_digest: BytesLike;
}

/** What a chain records about squarings and time. */
export interface SealTiming {
	slot_millis: bigint;
	stretch_percent: number;
	fastest_squarings: bigint;
	margin: number;
	opener_squarings: bigint;
	opener_cores: number;
}

type Kind = "u32" | "u64" | "u128" | "layout" | "policy" | "rule";

/** All fields in the order of their declaration, which is that of their encoding. */
const FIELDS: Record<keyof RollupParams, Kind> = {
	layout: "layout",
	data_len: "u32",
	bidding_blocks: "u32",
	reveal_blocks: "u32",
	silence_policy: "policy",
	payment_rule: "rule",
	w_fee: "u32",
	w_time: "u32",
	w_share: "u32",
	min_proof_blocks: "u32",
	max_proof_blocks: "u32",
	min_reserve: "u128",
	initial_reserve: "u128",
	max_reserve: "u128",
	reserve_margin: "u32",
	reserve_weight: "u32",
	escalation_factor: "u32",
	silence_penalty: "u128",
	grace_blocks: "u32",
	late_rate: "u32",
	ladder_len: "u32",
	ladder_blocks: "u32",
	rescue_blocks: "u32",
	max_empty_rounds: "u32",
	max_failed_rounds: "u32",
	sequencer_bond: "u128",
};

const TIMING: Record<keyof SealTiming, Kind> = {
	slot_millis: "u64",
	stretch_percent: "u32",
	fastest_squarings: "u64",
	margin: "u32",
	opener_squarings: "u64",
	opener_cores: "u32",
};

const CONSTANTS: Record<string, Kind> = {
	finality_gap: "u32",
	inclusion_slack: "u32",
	max_bids: "u32",
	slot_fee_base: "u128",
};

const POLICIES = { Exclude: undefined, ForceOpen: "opening_blocks", Settle: "settle_blocks" } as const;
const RULES = ["SecondScore", "FirstPrice"];
const BYTES = { u32: 4, u64: 8, u128: 16 } as const;

type Json = Record<string, unknown>;

/**
 * Reads parameters from JSON, as files of presets have them: amounts are decimal strings, other numbers are
 * numbers. A field that is missing, misspelt or of another type is refused by its name: the chain would take
 * what a wallet makes of it.
 */
export function parseParams(json: unknown): RollupParams {
	return readFields(json, FIELDS, "params") as unknown as RollupParams;
}

/** Reads a snapshot from JSON, as the vectors have it. */
export function parseSnapshot(json: unknown): Snapshot {
	const { params, seal_timing, seal_digest, ...rest } = object(json, "snapshot");
	return {
		...readFields(rest, CONSTANTS, "snapshot"),
		params: parseParams(params),
		seal_timing: readFields(seal_timing, TIMING, "seal_timing"),
		seal_digest: toFixed(seal_digest as BytesLike, 32, "seal_digest"),
	} as unknown as Snapshot;
}

function readFields(json: unknown, fields: Record<string, Kind>, owner: string): Json {
	const given = object(json, owner);
	const names = Object.keys(fields);
	const missing = names.filter((name) => !(name in given));
	const unknown = Object.keys(given).filter((name) => !names.includes(name));
	for (const name of unknown) {
		const near = nearest(name, missing);
		const advice = near === undefined ? `the fields are ${names.join(", ")}` : `did you mean ${near}?`;
		throw new InvalidParams(`${owner}.${name}`, `there is no such field; ${advice}`);
	}
	if (missing[0] !== undefined) {
		throw new InvalidParams(`${owner}.${missing[0]}`, "is missing; take it from a preset");
	}
	return Object.fromEntries(
		Object.entries(fields).map(([name, kind]) => [name, read(given[name], kind, `${owner}.${name}`)]),
	);
}

function object(json: unknown, owner: string): Json {
	if (typeof json !== "object" || json === null || Array.isArray(json)) {
		throw new InvalidParams(owner, "must be a JSON object");
	}
	return json as Json;
}

function read(value: unknown, kind: Kind, field: string): unknown {
	switch (kind) {
		case "u32":
			if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > 0xffffffff) {
				throw new InvalidParams(field, `must be a whole number, 0 to 2^32 - 1, found ${show(value)}`);
			}
			return value;
		case "u64":
		case "u128":
			return readAmount(value, BYTES[kind], field);
		case "layout":
			return choice(value, ["Fields"], field);
		case "rule":
			return choice(value, RULES, field);
		case "policy":
			return readPolicy(value, field);
	}
}

function readAmount(value: unknown, bytes: number, field: string): bigint {
	const isText = typeof value === "string" && /^(0|[1-9][0-9]*)$/.test(value);
	if (!isText && typeof value !== "bigint") {
		const advice = "JavaScript rounds numbers above 2^53";
		throw new InvalidParams(field, `must be a decimal string or a bigint, found ${show(value)}; ${advice}`);
	}
	const amount = BigInt(value);
	if (amount < 0n || amount >= 1n << BigInt(8 * bytes)) {
		throw new InvalidParams(field, `must be 0 to 2^${8 * bytes} - 1, found ${amount}`);
	}
	return amount;
}

function readPolicy(value: unknown, field: string): SilencePolicy {
	if (value === "Exclude") {
		return value;
	}
	const [name, ...others] = typeof value === "object" && value !== null ? Object.keys(value) : [];
	if ((name !== "ForceOpen" && name !== "Settle") || others.length > 0) {
		const choices = '"Exclude", { "ForceOpen": { "opening_blocks": N } } or { "Settle": { "settle_blocks": N } }';
		throw new InvalidParams(field, `must be ${choices}, found ${show(value)}`);
	}
	const window = (value as Json)[name];
	return { [name]: readFields(window, { [POLICIES[name]]: "u32" }, `${field}.${name}`) } as unknown as SilencePolicy;
}

function choice(value: unknown, choices: string[], field: string): unknown {
	if (!choices.includes(String(value))) {
		throw new InvalidParams(field, `must be ${choices.join(" or ")}, found ${show(value)}`);
	}
	return value;
}

const show = (value: unknown): string =>
	typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? "nothing");

/** Returns the name that differs least, if it is close enough to be a slip. */
function nearest(name: string, names: string[]): string | undefined {
	const byDistance = names
		.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
		.sort((left, right) => left.distance - right.distance);
	const [best] = byDistance;
	return best !== undefined && best.distance <= 4 ? best.candidate : undefined;
}

/** Number of letters to add, remove or change. */
function editDistance(left: string, right: string): number {
	let row = Array.from({ length: right.length + 1 }, (_, index) => index);
	for (let i = 1; i <= left.length; i++) {
		const next = [i];
		for (let j = 1; j <= right.length; j++) {
			const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
			next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[right.length] ?? 0;
}

function encodeFields(values: object, fields: Record<string, Kind>, owner: string): Uint8Array {
	const given = values as Json;
	const parts = Object.entries(fields).map(([name, kind]) => {
		const [value, field] = [given[name], `${owner}.${name}`];
		if (kind === "layout") {
			return Uint8Array.of(0);
		}
		if (kind === "rule") {
			return Uint8Array.of(RULES.indexOf(String(value)));
		}
		return kind === "policy"
			? encodePolicy(value as SilencePolicy)
			: littleEndian(value as number | bigint, BYTES[kind], field);
	});
	return concat(...parts);
}

function encodePolicy(policy: SilencePolicy): Uint8Array {
	const [name, blocks] = policyOf(policy);
	const index = Uint8Array.of(Object.keys(POLICIES).indexOf(name));
	return blocks === undefined ? index : concat(index, littleEndian(blocks, 4, "silence_policy"));
}

/** Returns the name of a policy and the length of its window. */
export function policyOf(policy: SilencePolicy): [keyof typeof POLICIES, number | undefined] {
	if (policy === "Exclude") {
		return ["Exclude", undefined];
	}
	return "ForceOpen" in policy
		? ["ForceOpen", policy.ForceOpen.opening_blocks]
		: ["Settle", policy.Settle.settle_blocks];
}

/** Encodes a snapshot in SCALE, as the batch digest hashes it. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
	return concat(
		encodeFields(snapshot.params, FIELDS, "params"),
		encodeFields(snapshot, CONSTANTS, "snapshot"),
		encodeFields(snapshot.seal_timing, TIMING, "seal_timing"),
		toFixed(snapshot.seal_digest, 32, "seal_digest"),
	);
}

/** Writes parameters as JSON with amounts as decimal strings: the format of presets, and what polkadot.js takes. */
export function paramsToJson(params: RollupParams): Json {
	return Object.fromEntries(
		Object.entries(params).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
	);
}
