// SPDX-License-Identifier: Apache-2.0
//! Secrecy of a bid before it is opened: the chain shows nothing of it (G5), and what a fork could show of it.

use crate::{mock::*, Bids, Error, SealBytes};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use pvs_primitives::bid::BidPayload;
use pvs_timelock::{modulus, SEAL_BYTES};
use std::collections::BTreeMap;

type Storage = BTreeMap<Vec<u8>, Vec<u8>>;

fn storage() -> Storage {
	std::iter::successors(sp_io::storage::next_key(&[]), |key| sp_io::storage::next_key(key))
		.map(|key| {
			let value = sp_io::storage::get(&key).expect("the key is there").to_vec();
			(key, value)
		})
		.collect()
}

/// Everything that a chain shows at the end of bidding, where Ann and Ben placed these bids: storage,
/// events and the round as the Runtime API tells it, without commitments and seals.
fn trace(bids: &[BidPayload; 2]) -> (Storage, Vec<String>, String) {
	let mut seen = None;
	market_with(params(), || {
		let id = commit(500);
		run_to(2);
		System::reset_events();
		for (bidder, payload) in [ANN, BEN].iter().zip(bids) {
			assert_ok!(place_sealed(id, bidder, &payload.encode()));
		}
		let events = events().iter().map(|event| format!("{event:?}")).collect();
		let mut info = Pvs::round_info(id).expect("open");
		for bid in &mut info.bids {
			(bid.commitment, bid.seal_hash) = ([0; 32], [0; 32]);
		}
		let mut storage = storage();
		for bidder in [ANN, BEN] {
			let key = Bids::<Test>::hashed_key_for(id, &bidder);
			let value = storage.get_mut(&key).expect("the bid has a row");
			// The commitment and the seal's hash come first; they hide what is in them.
			value[..64].fill(0);
		}
		seen = Some((storage, events, format!("{info:?}")));
	});
	seen.expect("the market ran")
}

fn any_payload() -> impl Strategy<Value = BidPayload> {
	(0..=500u128, 1..=20u32, any::<Option<[u8; 32]>>(), any::<[u8; 32]>()).prop_map(
		|(fee, proof_blocks, proof_commitment, salt)| BidPayload {
			fee,
			proof_blocks,
			proof_commitment,
			salt,
		},
	)
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		..ProptestConfig::with_cases(48)
	})]

	/// A4 and G5: keys, sizes, events, fees and bonds are the same whatever was bid; only the opaque
	/// bytes of commitment and seal differ, and those are of constant length.
	#[test]
	fn prop_storage_trace_independent_of_bid(
		one in [any_payload(), any_payload()],
		other in [any_payload(), any_payload()],
	) {
		prop_assert_eq!(trace(&one), trace(&other));
	}

	/// A1: whoever copies a bid and mauls it, bit by bit, never gets one that counts: it forfeits its bond.
	#[test]
	fn fuzz_commit_maul(
		flips in prop::collection::vec((0..32 + SEAL_BYTES, 0..8u8), 0..4),
		is_copy_of_all: bool,
	) {
		market_with(opening_params(), || {
			let id = commit(500);
			run_to(2);
			assert_ok!(place_sealed(id, &ANN, &payload(100, 5).encode()));
			let original = Bids::<Test>::get(id, &ANN).expect("placed");
			let mut bytes = [&original.commitment[..], &seal_of(id, &ANN)].concat();
			for (at, bit) in flips {
				bytes[at] ^= 1 << bit;
			}
			let (hash, seal) = bytes.split_at(32);
			let hash = if is_copy_of_all { original.commitment } else { hash.try_into().expect("32") };
			let digest = Pvs::round_info(id).expect("open").batch_digest;
			let seal = seal.to_vec().try_into().expect("357");
			remember_seal(&seal);
			let placed = Pvs::place_bid(signed(&BEN), id, 0, digest, 99, hash, seal);
			run_to(10);
			assert_ok!(open(id, &ANN, &GUEST));
			if placed.is_ok() {
				assert_ok!(open(id, &BEN, &GUEST));
				assert_eq!(prover(&BEN).stats.slashed, 600);
			}
			assert_eq!(winner(id), Some(ANN));
			assert_eq!(prover(&ANN).stats.slashed, 100);
		});
	}

	/// C1 and G10: bytes near those of a right opening are refused, and change nothing, unless they are
	/// those; the right ones then still open the seal.
	#[test]
	fn fuzz_force_open_near_miss(
		at in 0..513usize,
		bit in 0..8u8,
	) {
		market_with(opening_params(), || {
			let id = commit(500);
			run_to(2);
			assert_ok!(place_sealed(id, &ANN, &payload(100, 5).encode()));
			run_to(10);
			let (solution, proof) = solved(id, &ANN, &GUEST);
			let mut bytes = [&solution[..], &proof[..]].concat();
			bytes[at] ^= 1 << bit;
			let near = (bytes[..256].to_vec(), bytes[256..].to_vec());
			let before = storage();
			let refused = Pvs::open_bid(
				signed(&GUEST),
				id,
				0,
				ANN,
				seal_of(id, &ANN),
				near.0.try_into().expect("256"),
				near.1.try_into().expect("257"),
			);
			assert!(refused.is_err());
			assert_eq!(storage(), before);
			assert_ok!(Pvs::open_bid(signed(&GUEST), id, 0, ANN,seal_of(id, &ANN), solution, proof));
			assert_eq!(winner(id), Some(ANN));
		});
	}

	/// C1 and G10: whatever bytes come as a seal, its solution and its proof, no call panics, and a
	/// refused one changes nothing.
	#[test]
	fn fuzz_force_open_bytes(
		mut seal in prop::collection::vec(any::<u8>(), 0..=714),
		solution in prop::collection::vec(any::<u8>(), 0..=512),
		proof in prop::collection::vec(any::<u8>(), 0..=514),
		exact: bool,
		small: bool,
	) {
		let fit = |mut bytes: Vec<u8>, length: usize| {
			if exact {
				bytes.resize(length, 7);
			}
			bytes
		};
		if exact {
			seal.resize(SEAL_BYTES, 7);
			// A canonical element, mostly.
			seal[0] &= if small { 0x3f } else { 0xff };
		}
		let (solution, proof) = (fit(solution, 256), fit(proof, 257));
		market_with(opening_params(), || {
			let id = commit(500);
			run_to(2);
			let before = storage();
			let seal = SealBytes::try_from(seal.clone()).expect("short enough");
			let placed = place_with(id, &ANN, &payload(100, 5).encode(), seal.clone());
			let canonical = seal.len() == SEAL_BYTES && {
				let negated = num_bigint::BigUint::from_bytes_be(modulus());
				let u = num_bigint::BigUint::from_bytes_be(&seal[..256]);
				u > 1u8.into() && u.clone() + u < negated
			};
			assert_eq!(placed.is_ok(), canonical);
			if !canonical {
				assert_eq!(storage(), before);
				assert_ok!(place(id, &ANN, &payload(100, 5).encode()));
			}
			run_to(10);
			let before = storage();
			let opened = Pvs::open_bid(
				signed(&GUEST),
				id,
				0,
				ANN,
				seal_of(id, &ANN),
				solution.clone().try_into().expect("short enough"),
				proof.clone().try_into().expect("short enough"),
			);
			assert!(opened.is_err(), "random bytes are no proof");
			assert_eq!(storage(), before);
		});
	}
}

/// B4: where a fork replaces the end of bidding, what was revealed on the other branch is no use: a
/// reveal comes a finality gap after bidding closes, a branch that is shorter than the gap has closed
/// bidding as well, and a reveal that reaches it while bids are taken is refused and changes nothing.
#[test]
fn test_reorg_reopens_commit_window() {
	let mut fork = new_ext();
	let setup = || {
		register_rollup(params());
		for prover in [ANN, BEN] {
			assert_ok!(Pvs::register_prover(signed(&prover), 2 * MIN_STAKE));
		}
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		id
	};
	let id = fork.execute_with(setup);
	// The other branch: time goes on and Ann reveals in its first block of the reveal window.
	new_ext().execute_with(|| {
		let id = setup();
		let round = Pvs::round_info(id).expect("open");
		run_to(round.reveal_from);
		assert_ok!(reveal(id, &ANN, 100, 5));
		// A branch that leaves this one no more than the gap before cannot be in its bidding window.
		assert_eq!(round.reveal_from - FINALITY_GAP, 5);
	});
	// The fork, still in its bidding window: the public reveal is refused, Ben may bid, and Ann's bid
	// stands as it was.
	fork.execute_with(|| {
		run_to(4);
		let before = storage();
		assert_noop!(reveal(id, &ANN, 100, 5), Error::<Test>::NotRevealing);
		assert_eq!(storage(), before);
		bid(id, &BEN, 90, 5);
		assert!(Bids::<Test>::contains_key(id, &ANN));
	});
}
