// SPDX-License-Identifier: Apache-2.0
//! The committed test vectors: every implementation of the encodings must reproduce them.
//!
//! `PVS_WRITE_VECTORS=1 cargo test -p pvs-primitives --test vectors` writes them again;
//! `python3 vectors/check.py` computes them a second way. Values of u64 and u128 are decimal
//! strings: `vectors/README.md`.

use codec::{DecodeAll, Encode};
use pvs_primitives::{
	api::BatchId,
	bid::{batch_digest, bid_commitment, BidPayload, PayloadError},
	commit_digest::{CommitDigest, ENGINE_ID},
	field::{scalar_from_be, scalar_to_be},
	hash::blake2_256,
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	poseidon::{data_commitment, hash4},
	public_inputs::binding,
	seal_timing::SealTiming,
	Bytes32,
};
use serde_json::{json, Value};
use std::{
	fs,
	path::{Path, PathBuf},
};

const MODULUS: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";

/// Bytes that look random and depend on nothing but the label.
fn filler(label: &str, length: usize) -> Vec<u8> {
	(0u32..)
		.flat_map(|counter| blake2_256(&[label.as_bytes(), &counter.to_le_bytes()]))
		.take(length)
		.collect()
}

fn filler32(label: &str) -> Bytes32 {
	filler(label, 32).try_into().unwrap()
}

/// As `filler32`, with the highest bits cleared so that it is below the modulus.
fn element(label: &str) -> Bytes32 {
	let mut bytes = filler32(label);
	bytes[0] &= 0x1f;
	bytes
}

fn modulus_minus_one() -> Bytes32 {
	let mut bytes: Bytes32 = hex::decode(MODULUS).unwrap().try_into().unwrap();
	bytes[31] -= 1;
	bytes
}

fn small(value: u8) -> Bytes32 {
	let mut bytes = [0; 32];
	bytes[31] = value;
	bytes
}

fn hex_of(bytes: impl AsRef<[u8]>) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn bytes_of(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

fn bytes32_of(value: &Value) -> Bytes32 {
	bytes_of(value).try_into().unwrap()
}

fn u32_of(value: &Value) -> u32 {
	value.as_u64().unwrap().try_into().unwrap()
}

fn u64_of(value: &Value) -> u64 {
	value.as_str().unwrap().parse().unwrap()
}

fn u128_of(value: &Value) -> u128 {
	value.as_str().unwrap().parse().unwrap()
}

fn folder() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Writes the file where that was asked for, and returns the cases of the committed file.
fn committed(name: &str, about: &str, cases: Vec<Value>) -> Vec<Value> {
	let path = folder().join(name);
	let expected = json!({ "about": about, "cases": cases });
	if std::env::var_os("PVS_WRITE_VECTORS").is_some() {
		let text = serde_json::to_string_pretty(&expected).unwrap();
		fs::write(&path, format!("{text}\n")).unwrap();
	}
	let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
	assert_eq!(file, expected, "{name} is not what this code writes");
	file["cases"].as_array().unwrap().clone()
}

fn poseidon_of(inputs: &[Bytes32; 4]) -> Bytes32 {
	scalar_to_be(&hash4(&inputs.map(|input| scalar_from_be(&input).unwrap())))
}

#[test]
fn poseidon_should_match_the_committed_vectors() {
	let mut inputs = vec![
		[0, 0, 0, 0].map(small),
		[1, 2, 3, 4].map(small),
		[4, 3, 2, 1].map(small),
		[modulus_minus_one(); 4],
		[small(0), small(0), small(0), modulus_minus_one()],
	];
	inputs.extend((0..5).map(|case| {
		["a", "b", "c", "d"].map(|input| element(&format!("pvs/vectors/poseidon/{case}/{input}")))
	}));
	let cases = inputs
		.iter()
		.map(
			|inputs| json!({ "inputs": inputs.map(hex_of), "output": hex_of(poseidon_of(inputs)) }),
		)
		.collect();
	let about = "circomlib Poseidon(4) over BN254's scalar field; elements are 32 bytes big-endian";
	let cases = committed("poseidon.json", about, cases);
	assert_eq!(cases.len(), 10);
	for case in &cases {
		let inputs = case["inputs"].as_array().unwrap().iter().map(bytes32_of).collect::<Vec<_>>();
		let output = poseidon_of(&inputs.try_into().unwrap());
		assert_eq!(output, bytes32_of(&case["output"]));
	}
	// From circomlibjs's own tests.
	let known = "0x299c867db6c1fdd79dcefa40e4510b9837e60ebb1ce0663dbaa525df65250465";
	assert_eq!(cases[1]["output"], known);
}

#[test]
fn data_commitment_should_match_the_committed_vectors() {
	let lengths = [0, 1, 30, 31, 32, 61, 62, 63, 92, 93, 94, 186, 187, 1000, 4096];
	let mut data = lengths.map(|n| filler(&format!("pvs/vectors/data/{n}"), n)).to_vec();
	data.extend([
		vec![0; 1],
		vec![0; 31],
		vec![0; 93],
		vec![0; 94],
		vec![0xff; 93],
		vec![0xff; 124],
	]);
	let cases = data
		.iter()
		.map(|data| {
			json!({
				"length": data.len(),
				"data": hex_of(data),
				"commitment": hex_of(data_commitment(data)),
			})
		})
		.collect();
	let about = "acc = length; for each three chunks of 31 bytes acc = Poseidon(acc, c0, c1, c2)";
	for case in committed("data_commitment.json", about, cases) {
		let data = bytes_of(&case["data"]);
		assert_eq!(json!(data.len()), case["length"]);
		assert_eq!(data_commitment(&data), bytes32_of(&case["commitment"]));
	}
}

#[test]
fn binding_should_match_the_committed_vectors() {
	let at = [(0, 0_u64, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (7, 1 << 40, 3), (!0, !0, !0)];
	let cases = at
		.map(|(rollup, index, round)| {
			let genesis_hash = filler32("pvs/vectors/genesis");
			let prover = filler32(&format!("pvs/vectors/prover/{round}"));
			let result = binding(&genesis_hash, BatchId { rollup, index }, round, &prover);
			json!({
				"genesis_hash": hex_of(genesis_hash),
				"rollup": rollup,
				"index": index.to_string(),
				"round": round,
				"prover": hex_of(prover),
				"binding": hex_of(result),
			})
		})
		.to_vec();
	let about = "the fourth public input: 31 bytes of a blake2_256, behind a zero byte";
	for case in committed("binding.json", about, cases) {
		let batch = batch_of(&case);
		let genesis_hash = bytes32_of(&case["genesis_hash"]);
		let prover = bytes32_of(&case["prover"]);
		let result = binding(&genesis_hash, batch, u32_of(&case["round"]), &prover);
		assert_eq!(result, bytes32_of(&case["binding"]));
	}
}

fn batch_of(case: &Value) -> BatchId {
	BatchId { rollup: u32_of(&case["rollup"]), index: u64_of(&case["index"]) }
}

#[test]
fn bid_should_match_the_committed_vectors() {
	let payload = |case: u32, fee: u128, proof_blocks: u32, proof_commitment| BidPayload {
		fee,
		proof_blocks,
		proof_commitment,
		salt: filler32(&format!("pvs/vectors/salt/{case}")),
	};
	let payloads = [
		payload(0, 1_000_000_000_000, 6, None),
		payload(1, 1, 1, Some(filler32("pvs/vectors/proof"))),
		payload(2, u128::MAX, u32::MAX, Some([0; 32])),
		payload(3, 0, 0, None),
		payload(4, 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, 0x1112_1314, Some([0xff; 32])),
	];
	let at = [(0, 0_u64, 0), (1, 2, 3), (5, 1 << 33, 1), (!0, !0, !0), (2, 1, 0)];
	let cases = payloads
		.iter()
		.zip(at)
		.map(|(payload, (rollup, index, round))| {
			let genesis_hash = filler32("pvs/vectors/genesis");
			let digest = filler32(&format!("pvs/vectors/digest/{index}"));
			let bidder = filler32(&format!("pvs/vectors/bidder/{index}"));
			let bytes = payload.encode();
			let batch = BatchId { rollup, index };
			let commitment = bid_commitment(&genesis_hash, batch, round, &digest, &bidder, &bytes);
			json!({
				"genesis_hash": hex_of(genesis_hash),
				"rollup": rollup,
				"index": index.to_string(),
				"round": round,
				"batch_digest": hex_of(digest),
				"bidder": hex_of(bidder),
				"fee": payload.fee.to_string(),
				"proof_blocks": payload.proof_blocks,
				"proof_commitment": payload.proof_commitment.map(hex_of),
				"salt": hex_of(payload.salt),
				"payload": hex_of(bytes),
				"commitment": hex_of(commitment),
			})
		})
		.collect();
	let about = "payload of 85 bytes and the commitment to it; integers are little-endian";
	for case in committed("bid.json", about, cases) {
		let payload = BidPayload {
			fee: u128_of(&case["fee"]),
			proof_blocks: u32_of(&case["proof_blocks"]),
			proof_commitment: case["proof_commitment"]
				.is_string()
				.then(|| bytes32_of(&case["proof_commitment"])),
			salt: bytes32_of(&case["salt"]),
		};
		let bytes = bytes_of(&case["payload"]);
		assert_eq!(payload.encode().to_vec(), bytes);
		assert_eq!(BidPayload::decode(&bytes), Ok(payload));
		let commitment = bid_commitment(
			&bytes32_of(&case["genesis_hash"]),
			batch_of(&case),
			u32_of(&case["round"]),
			&bytes32_of(&case["batch_digest"]),
			&bytes32_of(&case["bidder"]),
			&bytes.try_into().unwrap(),
		);
		assert_eq!(commitment, bytes32_of(&case["commitment"]));
	}
}

#[test]
fn malformed_payload_should_match_the_committed_vectors() {
	let good = BidPayload {
		fee: 5,
		proof_blocks: 6,
		proof_commitment: None,
		salt: filler32("pvs/vectors/salt/malformed"),
	}
	.encode();
	let changed = |position: usize, value: u8| {
		let mut bytes = good;
		bytes[position] = value;
		bytes.to_vec()
	};
	let malformed = [
		(Vec::new(), PayloadError::WrongLength),
		(good[..84].to_vec(), PayloadError::WrongLength),
		([&good[..], &[0]].concat(), PayloadError::WrongLength),
		(changed(20, 2), PayloadError::UnknownFlag),
		(changed(20, 0xff), PayloadError::UnknownFlag),
		(changed(21, 1), PayloadError::UnflaggedCommitment),
		(changed(52, 1), PayloadError::UnflaggedCommitment),
	];
	let cases = malformed
		.iter()
		.map(|(bytes, error)| json!({ "payload": hex_of(bytes), "error": format!("{error:?}") }))
		.collect();
	let about = "bytes that are not a payload, and why";
	for case in committed("malformed_payload.json", about, cases) {
		let error = BidPayload::decode(&bytes_of(&case["payload"])).unwrap_err();
		assert_eq!(json!(format!("{error:?}")), case["error"]);
	}
}

fn silence_policy_of(value: &Value) -> SilencePolicy {
	if value == "Exclude" {
		return SilencePolicy::Exclude;
	}
	let policy = value.as_object().unwrap();
	let (name, fields) = policy.iter().next().unwrap();
	assert_eq!(policy.len(), 1);
	match name.as_str() {
		"ForceOpen" => {
			SilencePolicy::ForceOpen { opening_blocks: u32_of(&fields["opening_blocks"]) }
		},
		"Settle" => SilencePolicy::Settle { settle_blocks: u32_of(&fields["settle_blocks"]) },
		other => panic!("unknown silence policy {other}"),
	}
}

fn params_of(case: &Value) -> RollupParams {
	let number = |name: &str| u32_of(&case[name]);
	let amount = |name: &str| u128_of(&case[name]);
	RollupParams {
		layout: match case["layout"].as_str().unwrap() {
			"Fields" => Layout::Fields,
			other => panic!("unknown layout {other}"),
		},
		data_len: number("data_len"),
		bidding_blocks: number("bidding_blocks"),
		reveal_blocks: number("reveal_blocks"),
		silence_policy: silence_policy_of(&case["silence_policy"]),
		payment_rule: match case["payment_rule"].as_str().unwrap() {
			"SecondScore" => PaymentRule::SecondScore,
			"FirstPrice" => PaymentRule::FirstPrice,
			other => panic!("unknown payment rule {other}"),
		},
		w_fee: number("w_fee"),
		w_time: number("w_time"),
		w_share: number("w_share"),
		min_proof_blocks: number("min_proof_blocks"),
		max_proof_blocks: number("max_proof_blocks"),
		min_reserve: amount("min_reserve"),
		initial_reserve: amount("initial_reserve"),
		max_reserve: amount("max_reserve"),
		reserve_margin: number("reserve_margin"),
		reserve_weight: number("reserve_weight"),
		escalation_factor: number("escalation_factor"),
		silence_penalty: amount("silence_penalty"),
		grace_blocks: number("grace_blocks"),
		late_rate: number("late_rate"),
		ladder_len: number("ladder_len"),
		ladder_blocks: number("ladder_blocks"),
		rescue_blocks: number("rescue_blocks"),
		max_empty_rounds: number("max_empty_rounds"),
		max_failed_rounds: number("max_failed_rounds"),
		sequencer_bond: amount("sequencer_bond"),
	}
}

fn snapshot_of(case: &Value) -> Snapshot {
	let timing = &case["seal_timing"];
	Snapshot {
		params: params_of(&case["params"]),
		finality_gap: u32_of(&case["finality_gap"]),
		inclusion_slack: u32_of(&case["inclusion_slack"]),
		max_bids: u32_of(&case["max_bids"]),
		slot_fee_base: u128_of(&case["slot_fee_base"]),
		seal_timing: SealTiming {
			slot_millis: u64_of(&timing["slot_millis"]),
			stretch_percent: u32_of(&timing["stretch_percent"]),
			fastest_squarings: u64_of(&timing["fastest_squarings"]),
			margin: u32_of(&timing["margin"]),
			opener_squarings: u64_of(&timing["opener_squarings"]),
			opener_cores: u32_of(&timing["opener_cores"]),
		},
		seal_digest: bytes32_of(&case["seal_digest"]),
	}
}

#[test]
fn batch_digest_should_match_the_committed_vectors() {
	let snapshot = |params: Value, scale: u32| {
		json!({
			"params": params,
			"finality_gap": scale - 1,
			"inclusion_slack": scale / 2,
			"max_bids": 64 / scale,
			"slot_fee_base": (1_000_000_000_u128 << (30 * (scale - 1))).to_string(),
			"seal_timing": {
				"slot_millis": (1_000 * u64::from(scale)).to_string(),
				"stretch_percent": 100 + 25 * (scale - 1),
				"fastest_squarings": (15_000_000_u64 << (12 * (scale - 1))).to_string(),
				"margin": 10 / scale,
				"opener_squarings": (1_000_000_u64 << (13 * (scale - 1))).to_string(),
				"opener_cores": 2 * scale,
			},
			"seal_digest": hex_of(filler32(&format!("pvs/vectors/seal/{scale}"))),
		})
	};
	let params = |payment_rule: PaymentRule, silence_policy: SilencePolicy, scale: u32| {
		let rule = format!("{payment_rule:?}");
		json!({
			"layout": "Fields",
			"data_len": 1024 * scale,
			"bidding_blocks": 2 * scale,
			"reveal_blocks": 3 * scale,
			"silence_policy": silence_policy,
			"payment_rule": rule,
			"w_fee": 700_000_000 / scale,
			"w_time": 300_000_000 / scale,
			"w_share": 100_000_000 * (scale - 1),
			"min_proof_blocks": scale,
			"max_proof_blocks": 20 * scale,
			"min_reserve": (1_000_000_000_u128 * u128::from(scale)).to_string(),
			"initial_reserve": (1_700_000_000_000_u128 * u128::from(scale)).to_string(),
			"max_reserve": (u128::MAX / u128::from(scale)).to_string(),
			"reserve_margin": 250_000_000 * scale,
			"reserve_weight": 125_000_000 * scale,
			"escalation_factor": 1_000_000_000 + 500_000_000 / scale,
			"silence_penalty": "1000000000000",
			"grace_blocks": 5 * scale,
			"late_rate": 25_000_000 * scale,
			"ladder_len": 2 * scale,
			"ladder_blocks": 4 + scale,
			"rescue_blocks": 9 + scale,
			"max_empty_rounds": 3 + scale,
			"max_failed_rounds": 2 + scale,
			"sequencer_bond": "5000000000000",
		})
	};
	let open = |opening_blocks| SilencePolicy::ForceOpen { opening_blocks };
	let settle = |settle_blocks| SilencePolicy::Settle { settle_blocks };
	let cases = [
		(
			snapshot(params(PaymentRule::SecondScore, SilencePolicy::Exclude, 1), 1),
			2_000_000_000_000_u128,
			1_500_000_000_000_u128,
		),
		(snapshot(params(PaymentRule::FirstPrice, open(40), 2), 2), 1, 1),
		(snapshot(params(PaymentRule::SecondScore, open(u32::MAX), 4), 4), u128::MAX, 0),
		(snapshot(params(PaymentRule::FirstPrice, settle(0x0102_0304), 3), 3), 1 << 64, 1 << 40),
	]
	.into_iter()
	.enumerate()
	.map(|(case, (snapshot, max_fee, reserve))| {
		let prev_root = element(&format!("pvs/vectors/prev/{case}"));
		let next_root = element(&format!("pvs/vectors/next/{case}"));
		let data = element(&format!("pvs/vectors/commitment/{case}"));
		let read = snapshot_of(&snapshot);
		let digest = batch_digest(&prev_root, &next_root, &data, max_fee, reserve, &read);
		json!({
			"prev_state_root": hex_of(prev_root),
			"next_state_root": hex_of(next_root),
			"data_commitment": hex_of(data),
			"max_fee": max_fee.to_string(),
			"reserve": reserve.to_string(),
			"snapshot": snapshot,
			"snapshot_bytes": hex_of(read.encode()),
			"batch_digest": hex_of(digest),
		})
	})
	.collect();
	let about =
		"what place_bid names; the snapshot is hashed in SCALE, field by field in the order of \
	             its declaration";
	for case in committed("batch_digest.json", about, cases) {
		let snapshot = snapshot_of(&case["snapshot"]);
		let bytes = bytes_of(&case["snapshot_bytes"]);
		assert_eq!(snapshot.encode(), bytes);
		assert_eq!(Snapshot::decode_all(&mut bytes.as_slice()), Ok(snapshot.clone()));
		let digest = batch_digest(
			&bytes32_of(&case["prev_state_root"]),
			&bytes32_of(&case["next_state_root"]),
			&bytes32_of(&case["data_commitment"]),
			u128_of(&case["max_fee"]),
			u128_of(&case["reserve"]),
			&snapshot,
		);
		assert_eq!(digest, bytes32_of(&case["batch_digest"]));
	}
}

#[test]
fn digest_item_should_match_the_committed_vectors() {
	let at = [(0, 0_u64, 1), (0, 1, 2), (1, 0, 1), (7, 1 << 40, 3), (!0, !0, !0)];
	let cases = at
		.iter()
		.enumerate()
		.map(|(case, (rollup, index, extrinsic))| {
			let digest = CommitDigest {
				batch: BatchId { rollup: *rollup, index: *index },
				extrinsic: *extrinsic,
				data_commitment: element(&format!("pvs/vectors/item/{case}")),
			};
			json!({
				"engine": hex_of(ENGINE_ID),
				"rollup": rollup,
				"index": index.to_string(),
				"extrinsic": extrinsic,
				"data_commitment": hex_of(digest.data_commitment),
				"item": hex_of(digest.encode()),
			})
		})
		.collect();
	let about =
		"what a commit leaves in its block's header: a consensus message of this engine with \
	             these 48 bytes";
	for case in committed("digest_item.json", about, cases) {
		let digest = CommitDigest {
			batch: batch_of(&case),
			extrinsic: u32_of(&case["extrinsic"]),
			data_commitment: bytes32_of(&case["data_commitment"]),
		};
		let bytes = bytes_of(&case["item"]);
		assert_eq!(digest.encode().to_vec(), bytes);
		assert_eq!(CommitDigest::decode(&bytes), Some(digest));
		assert_eq!(bytes_of(&case["engine"]), ENGINE_ID);
	}
}

/// Largest integer that JavaScript, which reads numbers as doubles, tells from its neighbors.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Returns the places of numbers that a reader with doubles may round: all but small naturals.
fn unsafe_numbers(value: &Value, place: &str) -> Vec<String> {
	match value {
		Value::Number(number) if number.as_u64().is_none_or(|n| n > MAX_SAFE_INTEGER) => {
			vec![format!("{place}: {number}")]
		},
		Value::Array(values) => values
			.iter()
			.enumerate()
			.flat_map(|(index, value)| unsafe_numbers(value, &format!("{place}[{index}]")))
			.collect(),
		Value::Object(fields) => fields
			.iter()
			.flat_map(|(name, value)| unsafe_numbers(value, &format!("{place}.{name}")))
			.collect(),
		_ => Vec::new(),
	}
}

#[test]
fn vectors_should_hold_no_number_that_doubles_round() {
	let mut files = 0;
	for entry in fs::read_dir(folder()).unwrap() {
		let path = entry.unwrap().path();
		if path.extension().is_none_or(|extension| extension != "json") {
			continue;
		}
		let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
		let name = path.file_stem().unwrap().to_str().unwrap();
		assert_eq!(unsafe_numbers(&file, name), Vec::<String>::new(), "write them as strings");
		files += 1;
	}
	assert_eq!(files, 9);
}

#[test]
fn unsafe_numbers_should_be_found_when_they_are_no_small_naturals() {
	let value = json!({
		"largest": MAX_SAFE_INTEGER,
		"list": [{ "next": MAX_SAFE_INTEGER + 1 }, u64::MAX, "18446744073709551615", -1, 0.5],
	});
	let found = unsafe_numbers(&value, "file");
	let expected = [
		"file.list[0].next: 9007199254740992",
		"file.list[1]: 18446744073709551615",
		"file.list[3]: -1",
		"file.list[4]: 0.5",
	];
	assert_eq!(found, expected);
}
