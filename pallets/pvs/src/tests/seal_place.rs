// SPDX-License-Identifier: Apache-2.0
//! Seals stay in the blocks' bodies: the state keeps their hashes and places.

use crate::{mock::*, Bids, Call, Error, RoundKey, SealBytes};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{
	api::{BatchId, SealPlace},
	hash::blake2_256,
	params::{RollupParams, SilencePolicy},
};

fn opens() -> RollupParams {
	RollupParams {
		silence_policy: SilencePolicy::ForceOpen { opening_blocks: 20 },
		max_reserve: 1_000,
		silence_penalty: 860,
		..params()
	}
}

/// Opens Ann's bid with this seal.
fn open_with(id: BatchId, seal: SealBytes) -> CallResult {
	let (solution, proof) = solved(id, &ANN, &GUEST);
	let call = Call::open_bid { batch: id, round: 0, bidder: ANN, seal, solution, proof };
	outcome(dispatch(signed(&GUEST), call))
}

#[test]
fn seal_should_be_kept_as_its_hash_and_its_place() {
	market(|| {
		let id = commit(500);
		run_to(3);
		in_extrinsic(17);
		let payload = payload(100, 5).encode();
		assert_ok!(place_sealed(id, &ANN, &payload));
		let bid = Bids::<Test>::get(id, ANN).expect("placed");
		let seal = sealed(&context(id, &ANN), &payload);
		assert_eq!(bid.seal_hash, blake2_256(&[&seal]));
		assert_eq!(bid.placed, SealPlace { block: 3, extrinsic: 17 });
		let shown = Pvs::round_info(id).expect("open").bids.remove(0);
		assert_eq!((shown.seal_hash, shown.placed), (bid.seal_hash, bid.placed));
	});
}

#[test]
fn opening_should_be_refused_when_it_brings_another_seal() {
	market_with(opens(), || {
		let id = commit(500);
		run_to(2);
		let payload = payload(100, 5).encode();
		assert_ok!(place_sealed(id, &ANN, &payload));
		run_to(10);
		let seal = sealed(&context(id, &ANN), &payload);
		let mut other = seal.to_vec();
		other[356] ^= 1;
		let other = SealBytes::truncate_from(other);
		assert_noop!(open_with(id, other), Error::<Test>::SealMismatch);
		assert_noop!(open_with(id, any_seal()), Error::<Test>::SealMismatch);
		for length in [0, 356, 358, 714] {
			let mut bytes = seal.to_vec();
			bytes.resize(length, 0);
			let bytes = SealBytes::truncate_from(bytes);
			assert_noop!(open_with(id, bytes), Error::<Test>::SealWrongLength);
		}
		assert_ok!(open_with(id, seal));
		assert_eq!(winner(id), Some(ANN));
	});
}

#[test]
fn check_of_an_opening_should_say_no_to_another_seal() {
	market_with(opens(), || {
		let id = commit(500);
		run_to(2);
		let payload = payload(100, 5).encode();
		assert_ok!(place_sealed(id, &ANN, &payload));
		run_to(10);
		let (solution, proof) = solved(id, &ANN, &GUEST);
		let holds = |seal: &[u8]| {
			let opening = opening_of(seal, &solution, &proof);
			Pvs::opening_holds(RoundKey { batch: id, round: 0 }, &ANN, &GUEST, &opening)
		};
		assert_eq!(holds(&sealed(&context(id, &ANN), &payload)), Some(true));
		assert_eq!(holds(&any_seal()), Some(false));
	});
}
