// SPDX-License-Identifier: Apache-2.0
//! The layout of the storage: rows of every item, in every stage, are the committed bytes, and no row is longer than
//! the committed numbers say. Whoever changes a record changes the version of the storage with it.
//!
//! `PVS_WRITE_VECTORS=1` writes `vectors/storage.json` anew; `python3 vectors/check.py` computes it a second way.

use crate::{mock::*, types::*};
use codec::{DecodeAll, Encode};
use frame_support::traits::StorageInfoTrait;
use pvs_auction::{
	recent::RecentBatch,
	reserve::Reserve,
	round::{
		Assignment, Auction, BidStage, Delivery, Ladder, Offer, Place, Rescue, Round, Stage, Terms,
	},
	score::Scoring,
	settle::{ClosedRound, WinningScores},
	share::{RecentAmount, RecentCount},
};
use pvs_primitives::{
	api::{BatchId, MarketStats, ProverStats, SealPlace, Unbonding},
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	seal_timing::SealTiming,
	Balance, Bytes32,
};
use pvs_verifier::PREPARED_KEY_BYTES;
use serde_json::{json, Value};
use sp_core::bytes::{from_hex, to_hex};
use std::collections::{BTreeMap, BTreeSet};

/// Returns whether bytes decode to a row, all of them.
type Decodes = Box<dyn Fn(&[u8]) -> bool>;

/// A row of an item of the storage.
struct Row {
	/// The item.
	item: &'static str,
	/// Particular of this row.
	what: &'static str,
	/// Its bytes.
	bytes: Vec<u8>,
	decodes: Decodes,
}

fn row<R>(item: &'static str, what: &'static str, value: R) -> Row
where
	R: Encode + DecodeAll + PartialEq + 'static,
{
	let bytes = value.encode();
	let decodes = move |mut bytes: &[u8]| R::decode_all(&mut bytes).is_ok_and(|row| row == value);
	Row { item, what, bytes, decodes: Box::new(decodes) }
}

fn account(byte: u8) -> AccountId {
	AccountId::new([byte; 32])
}

fn bytes32(byte: u8) -> Bytes32 {
	[byte; 32]
}

/// A value of its own for each field.
fn numbered_params(silence_policy: SilencePolicy) -> RollupParams {
	RollupParams {
		layout: Layout::Fields,
		data_len: 1,
		bidding_blocks: 2,
		reveal_blocks: 3,
		silence_policy,
		payment_rule: PaymentRule::FirstPrice,
		w_fee: 4,
		w_time: 5,
		w_share: 6,
		min_proof_blocks: 7,
		max_proof_blocks: 8,
		min_reserve: 9,
		initial_reserve: 10,
		max_reserve: 11,
		reserve_margin: 12,
		reserve_weight: 13,
		escalation_factor: 14,
		silence_penalty: 15,
		grace_blocks: 16,
		late_rate: 17,
		ladder_len: 18,
		ladder_blocks: 19,
		rescue_blocks: 20,
		max_empty_rounds: 21,
		max_failed_rounds: 22,
		sequencer_bond: 23,
	}
}

fn place_of(prover: u8, proof_commitment: Option<u8>) -> Place<AccountId> {
	Place {
		prover: account(prover),
		fee: 1 << 100,
		payment: 2,
		proof_blocks: 3,
		proof_commitment: proof_commitment.map(bytes32),
		bond: 4,
	}
}

/// Every stage that a round may be in.
fn stages() -> Vec<(&'static str, Stage<AccountId>)> {
	let ladder = |places: &[Place<AccountId>]| Ladder::truncate_from(places.to_vec());
	let [second, third] = [place_of(0xa2, None), place_of(0xa3, Some(0xb3))];
	vec![
		("auction", Stage::Auction(Auction { bids: 3, sealed: 2, opened: 1 })),
		(
			"assigned",
			Stage::Assigned(Assignment {
				place: place_of(0xa1, Some(0xb1)),
				delivery: Delivery { assigned_at: 1, clock: 2, on_time_until: 3, late_until: 4 },
				first_payment: 5,
				ladder: ladder(&[second.clone(), third.clone()]),
			}),
		),
		(
			"offered",
			Stage::Offered(Offer {
				offered_at: 1,
				first_payment: 2,
				place: second,
				ladder: ladder(&[third]),
			}),
		),
		("rescue", Stage::Rescue(Rescue { started_at: 1, first_payment: 2 })),
		("waiting", Stage::Waiting),
		("proven", Stage::Proven { prover: account(0xa1), at: 1, paid: 2 }),
	]
}

fn batch_row(
	stage: Stage<AccountId>,
	policy: SilencePolicy,
	due: Option<Due>,
) -> BatchRecord<AccountId> {
	BatchRecord {
		sequencer: account(0xc1),
		committed_at: 1,
		prev_state_root: bytes32(2),
		next_state_root: bytes32(3),
		data_commitment: bytes32(4),
		genesis_hash: bytes32(0xe1),
		max_fee: 5,
		deposit: 6,
		place: PendingPlace { kind: PlaceKind::Pool, rate: 7, until: 8 },
		snapshot: Snapshot {
			params: numbered_params(policy),
			finality_gap: 1,
			inclusion_slack: 2,
			max_bids: 3,
			slot_fee_base: 4,
			seal_timing: SealTiming {
				slot_millis: 1,
				stretch_percent: 2,
				fastest_squarings: 3,
				margin: 4,
				opener_squarings: 5,
				opener_cores: 6,
			},
			seal_digest: bytes32(0xd1),
		},
		round: Round {
			number: 1,
			opened_at: 2,
			reserve: 3,
			empty_rounds: 4,
			failed_rounds: 5,
			slashed: 6,
			counted: 7,
			stage,
		},
		due,
		cleaned: true,
	}
}

fn rollup_row(offered_to: Option<u8>, mean: Option<Balance>) -> RollupRecord<AccountId> {
	RollupRecord {
		owner: account(0xc2),
		sequencer: account(0xc1),
		verifying_key_hash: bytes32(1),
		genesis_root: bytes32(2),
		finalized_root: bytes32(3),
		next_to_finalize: 1 << 40,
		next_index: (1 << 40) + 1,
		tip_root: bytes32(4),
		pending: 5,
		guaranteed: 6,
		waiting: 7,
		finals: 8,
		stats: market_stats(),
		params: numbered_params(SilencePolicy::Settle { settle_blocks: 24 }),
		prices: Reserve { reserve: 7, mean },
		deposit: 8,
		offered_to: offered_to.map(account),
	}
}

fn bid_row(stage: BidStage) -> BidRecord {
	BidRecord {
		commitment: bytes32(1),
		seal_hash: bytes32(2),
		placed: SealPlace { block: 3, extrinsic: 4 },
		share: 5,
		stage,
	}
}

fn unsettled_row(winner: Option<WinningScores>) -> UnsettledRound<AccountId> {
	UnsettledRound {
		committer: account(0xc1),
		sequencer: account(0xc3),
		batch_digest: bytes32(1),
		seal_digest: bytes32(2),
		closed: ClosedRound {
			reserve: 3,
			silence_penalty: 4,
			scoring: Scoring {
				w_fee: 5,
				w_time: 6,
				w_share: 7,
				min_proof_blocks: 8,
				max_proof_blocks: 9,
			},
			winner,
			until: 10,
		},
		bids: 11,
		expires_at: 12,
	}
}

fn prover_row(unbonding: Option<Unbonding>) -> ProverRecord {
	ProverRecord {
		stake: 1,
		reserved: 2,
		unbonding,
		deposit: 3,
		recent: RecentCount { epoch: 4, count: 5 },
		recent_paid: RecentAmount { epoch: 6, amount: 7 },
		stats: ProverStats {
			bids: 8,
			reveals: 9,
			wins: 10,
			on_time: 11,
			late: 12,
			defaults: 13,
			silences: 14,
			opened: 15,
			earned: 16,
			slashed: 17,
		},
	}
}

fn market_stats() -> MarketStats {
	MarketStats {
		proven: 1,
		failed: 2,
		dropped: 3,
		late: 4,
		defaults: 5,
		empty_rounds: 6,
		paid: 7,
		last_payment: 8,
		latency_blocks: 9,
		last_latency_blocks: 10,
	}
}

/// Rows of every item, in every stage, in the order of the file.
fn rows() -> Vec<Row> {
	let number: u32 = 0x0102_0304;
	let mut rows = vec![
		row("NextRollupId", "", number),
		row("RollupCount", "", number),
		row("Rollups", "offered", rollup_row(Some(0xc4), Some(9))),
		row("Rollups", "fresh", rollup_row(None, None)),
		row("RecentBatches", "", RecentBatch { prover: account(0xa1), paid: 1 }),
		row("VerifyingKeys", "", [0x5a_u8; PREPARED_KEY_BYTES]),
	];
	let policies = [
		SilencePolicy::Exclude,
		SilencePolicy::ForceOpen { opening_blocks: 24 },
		SilencePolicy::Settle { settle_blocks: 24 },
	];
	for ((what, stage), policy) in stages().into_iter().zip(policies.into_iter().cycle()) {
		let lane = if what == "auction" { Lane::Closes } else { Lane::Others };
		let resting = matches!(stage, Stage::Waiting | Stage::Proven { .. });
		let due = (!resting).then_some(Due { lane, at: 9 });
		rows.push(row("Batches", what, batch_row(stage, policy, due)));
	}
	let recent_proofs = RecentCount { epoch: 1, count: 2 };
	rows.push(row(
		"Totals",
		"",
		ChainTotals { recent_proofs, taken_places: 3, kept_bonds: 1 << 100 },
	));
	let terms = Terms {
		fee: 1,
		proof_blocks: 2,
		proof_commitment: Some(bytes32(0xb1)),
		salt: bytes32(0xb2),
		score: 3,
	};
	for (what, stage) in [
		("sealed", BidStage::Sealed),
		("revealed", BidStage::Revealed(terms.clone())),
		("void", BidStage::Void),
		("opened", BidStage::Opened(terms)),
	] {
		rows.push(row("Bids", what, bid_row(stage)));
	}
	let BidRecord { commitment, seal_hash, placed, share, .. } = bid_row(BidStage::Sealed);
	let batch = BatchId { rollup: 2, index: 3 };
	let key = |lane| agenda_key(Due { lane, at: 1 }, batch);
	let passes = [AgendaPass { last: Some((1, 2)), until: 3 }, AgendaPass { last: None, until: 4 }];
	rows.extend([
		row("UnsettledRounds", "won", unsettled_row(Some(WinningScores { won: 13, paid: 14 }))),
		row("UnsettledRounds", "empty", unsettled_row(None)),
		row("UnsettledBids", "", UnsettledBid { commitment, seal_hash, placed, share }),
		row("Expiries", "key", expiry_key(1, RoundKey { batch, round: 4 })),
		row("Provers", "unbonding", prover_row(Some(Unbonding { amount: 18, at: 19 }))),
		row("Provers", "bonded", prover_row(None)),
		row("Agenda", "closes", key(Lane::Closes)),
		row("Agenda", "others", key(Lane::Others)),
		row("CurrentPasses", "", passes),
		row("CommitsInBlock", "", number),
		row("BlockDataBytes", "", number),
	]);
	rows
}

/// The most bytes of key and value of each item.
fn max_size() -> BTreeMap<String, u32> {
	Pvs::storage_info()
		.into_iter()
		.map(|item| {
			let name = String::from_utf8(item.storage_name).expect("it is text");
			let most = item.max_size.unwrap_or_else(|| panic!("{name} has no bound"));
			(name, most)
		})
		.collect()
}

/// The committed file, which is written where that was asked for.
fn committed() -> Value {
	let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/storage.json");
	if std::env::var_os("PVS_WRITE_VECTORS").is_some() {
		let cases: Vec<_> = rows()
			.iter()
			.map(|row| {
				let Row { item, what, bytes, .. } = row;
				json!({ "item": item, "what": what, "bytes": to_hex(bytes, false) })
			})
			.collect();
		let about = "SCALE bytes of rows of the pallet's storage, version 2, and the most bytes of key and value";
		let file = json!({ "about": about, "cases": cases, "max_size": max_size() });
		let text = serde_json::to_string_pretty(&file).expect("it is JSON");
		std::fs::write(&path, format!("{text}\n")).expect("the folder is writable");
	}
	let text = std::fs::read_to_string(&path).expect("it is committed");
	serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn rows_should_be_the_committed_bytes_in_every_stage() {
	let file = committed();
	let cases = file["cases"].as_array().expect("a list");
	let rows = rows();
	assert_eq!(cases.len(), rows.len());
	for (case, row) in cases.iter().zip(&rows) {
		let name = format!("{} {}", row.item, row.what);
		assert_eq!(
			(case["item"].as_str(), case["what"].as_str()),
			(Some(row.item), Some(row.what))
		);
		let bytes = from_hex(case["bytes"].as_str().expect("text")).expect("hexadecimal");
		assert_eq!(bytes, row.bytes, "{name}: change the version of the storage with its layout");
		assert!((row.decodes)(&bytes), "{name} does not decode to what it was");
		let mut longer = bytes.clone();
		longer.push(0);
		assert!(!(row.decodes)(&longer) && !(row.decodes)(&bytes[1..]), "{name}");
	}
	let with_rows: BTreeSet<_> = rows.iter().map(|row| row.item.to_owned()).collect();
	assert_eq!(with_rows, max_size().into_keys().collect::<BTreeSet<_>>(), "an item has no row");
}

#[test]
fn no_row_should_be_longer_than_the_committed_size() {
	let file = committed();
	let sizes: BTreeMap<String, u32> =
		serde_json::from_value(file["max_size"].clone()).expect("numbers by name");
	assert_eq!(max_size(), sizes);
	for row in rows() {
		let most = sizes[row.item];
		assert!(row.bytes.len() <= usize::try_from(most).expect("small"), "{}", row.item);
	}
}
