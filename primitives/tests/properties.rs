// SPDX-License-Identifier: Apache-2.0
//! Properties that hold for every input.

use proptest::prelude::*;
use pvs_primitives::{
	api::BatchId,
	bid::{batch_digest, bid_commitment, BidPayload, PAYLOAD_BYTES},
	field::{is_canonical, scalar_from_be, scalar_to_be, Scalar},
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	poseidon::{data_chunks, data_commitment, hash4, BYTES_PER_HASH, CHUNK_BYTES},
	public_inputs::{binding, PublicInputs},
	seal_timing::SealTiming,
	Bytes32,
};

fn payload() -> impl Strategy<Value = BidPayload> {
	(any::<u128>(), any::<u32>(), any::<Option<Bytes32>>(), any::<Bytes32>()).prop_map(
		|(fee, proof_blocks, proof_commitment, salt)| BidPayload {
			fee,
			proof_blocks,
			proof_commitment,
			salt,
		},
	)
}

fn flip(bytes: &mut [u8], bit: usize) {
	let bit = bit % (bytes.len() * 8);
	bytes[bit / 8] ^= 1 << (bit % 8);
}

fn flipped(bytes: &Bytes32, bit: usize) -> Bytes32 {
	let mut changed = *bytes;
	flip(&mut changed, bit);
	changed
}

/// Parameters of these numbers; without `open`, the fourth number has no place.
fn params(numbers: [u32; 19], amounts: [u128; 5], second: bool, open: bool) -> RollupParams {
	let [data_len, bidding_blocks, reveal_blocks, opening_blocks, w_fee, w_time, w_share, rest @ ..] =
		numbers;
	let [min_proof_blocks, max_proof_blocks, reserve_margin, reserve_weight, escalation_factor, rest @ ..] =
		rest;
	let [grace_blocks, late_rate, ladder_len, ladder_blocks, rescue_blocks, rest @ ..] = rest;
	let [max_empty_rounds, max_failed_rounds] = rest;
	let [min_reserve, initial_reserve, max_reserve, silence_penalty, sequencer_bond] = amounts;
	RollupParams {
		layout: Layout::Fields,
		data_len,
		bidding_blocks,
		reveal_blocks,
		silence_policy: if open {
			SilencePolicy::ForceOpen { opening_blocks }
		} else {
			SilencePolicy::Exclude
		},
		payment_rule: if second { PaymentRule::SecondScore } else { PaymentRule::FirstPrice },
		w_fee,
		w_time,
		w_share,
		min_proof_blocks,
		max_proof_blocks,
		min_reserve,
		initial_reserve,
		max_reserve,
		reserve_margin,
		reserve_weight,
		escalation_factor,
		silence_penalty,
		grace_blocks,
		late_rate,
		ladder_len,
		ladder_blocks,
		rescue_blocks,
		max_empty_rounds,
		max_failed_rounds,
		sequencer_bond,
	}
}

/// Constants of these numbers around parameters.
fn snapshot(
	params: RollupParams,
	constants: [u32; 6],
	squarings: [u64; 3],
	slot_fee_base: u128,
	seal_digest: Bytes32,
) -> Snapshot {
	let [finality_gap, inclusion_slack, max_bids, stretch_percent, margin, opener_cores] =
		constants;
	let [slot_millis, fastest_squarings, opener_squarings] = squarings;
	Snapshot {
		params,
		finality_gap,
		inclusion_slack,
		max_bids,
		slot_fee_base,
		seal_timing: SealTiming {
			slot_millis,
			stretch_percent,
			fastest_squarings,
			margin,
			opener_squarings,
			opener_cores,
		},
		seal_digest,
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

	#[test]
	fn payload_should_survive_a_round_trip(payload in payload()) {
		let bytes = payload.encode();
		prop_assert_eq!(BidPayload::decode(&bytes), Ok(payload));
	}

	#[test]
	fn payload_should_be_the_only_decoding_of_its_bytes(
		mut bytes in prop::array::uniform32(any::<u8>()).prop_flat_map(|head| {
			prop::collection::vec(any::<u8>(), PAYLOAD_BYTES - 32)
				.prop_map(move |rest| [&head[..], &rest[..]].concat())
		}),
		flag in 0..3_u8,
		empty in any::<bool>(),
	) {
		bytes[20] = flag;
		if empty {
			bytes[21..53].fill(0);
		}
		match BidPayload::decode(&bytes) {
			Ok(payload) => prop_assert_eq!(payload.encode().to_vec(), bytes),
			Err(_) => prop_assert!(flag == 2 || (flag == 0 && !empty)),
		}
	}

	#[test]
	fn payload_should_be_refused_when_the_length_is_wrong(
		payload in payload(),
		cut in 0..PAYLOAD_BYTES,
		extra in prop::collection::vec(any::<u8>(), 1..64),
	) {
		let bytes = payload.encode();
		prop_assert!(BidPayload::decode(&bytes[..cut]).is_err());
		prop_assert!(BidPayload::decode(&[&bytes[..], &extra[..]].concat()).is_err());
	}

	#[test]
	fn bid_commitment_should_change_when_any_part_changes(
		genesis in any::<Bytes32>(),
		(rollup, index, round) in any::<(u32, u64, u32)>(),
		digest in any::<Bytes32>(),
		bidder in any::<Bytes32>(),
		payload in payload(),
		bit in any::<usize>(),
	) {
		let batch = BatchId { rollup, index };
		let bytes = payload.encode();
		let original = bid_commitment(&genesis, batch, round, &digest, &bidder, &bytes);
		let other_rollup = BatchId { rollup: rollup ^ 1 << (bit % 32), index };
		let other_index = BatchId { rollup, index: index ^ 1 << (bit % 64) };
		let mut other_bytes = bytes;
		flip(&mut other_bytes, bit);
		let round2 = round ^ 1 << (bit % 32);
		for changed in [
			bid_commitment(&flipped(&genesis, bit), batch, round, &digest, &bidder, &bytes),
			bid_commitment(&genesis, other_rollup, round, &digest, &bidder, &bytes),
			bid_commitment(&genesis, other_index, round, &digest, &bidder, &bytes),
			bid_commitment(&genesis, batch, round2, &digest, &bidder, &bytes),
			bid_commitment(&genesis, batch, round, &flipped(&digest, bit), &bidder, &bytes),
			bid_commitment(&genesis, batch, round, &digest, &flipped(&bidder, bit), &bytes),
			bid_commitment(&genesis, batch, round, &digest, &bidder, &other_bytes),
		] {
			prop_assert_ne!(changed, original);
		}
	}

	#[test]
	fn batch_digest_should_change_when_any_part_changes(
		roots in any::<[Bytes32; 3]>(),
		(max_fee, reserve) in any::<(u128, u128)>(),
		numbers in any::<[u32; 19]>(),
		amounts in any::<[u128; 5]>(),
		second in any::<bool>(),
		constants in any::<[u32; 6]>(),
		squarings in any::<[u64; 3]>(),
		slot_fee_base in any::<u128>(),
		seal_digest in any::<Bytes32>(),
		bit in any::<usize>(),
	) {
		let [prev, next, data] = &roots;
		let digest =
			|snapshot: &Snapshot| batch_digest(prev, next, data, max_fee, reserve, snapshot);
		let of_params = |params: RollupParams| {
			digest(&snapshot(params, constants, squarings, slot_fee_base, seal_digest))
		};
		let params_of_all = params(numbers, amounts, second, true);
		let of_constants = |constants, squarings, slot_fee_base, seal_digest| {
			let params = params_of_all.clone();
			digest(&snapshot(params, constants, squarings, slot_fee_base, seal_digest))
		};
		let whole =
			snapshot(params_of_all.clone(), constants, squarings, slot_fee_base, seal_digest);
		let original = digest(&whole);

		let mut changed = vec![
			batch_digest(&flipped(prev, bit), next, data, max_fee, reserve, &whole),
			batch_digest(prev, &flipped(next, bit), data, max_fee, reserve, &whole),
			batch_digest(prev, next, &flipped(data, bit), max_fee, reserve, &whole),
			batch_digest(prev, next, data, max_fee ^ 1 << (bit % 128), reserve, &whole),
			batch_digest(prev, next, data, max_fee, reserve ^ 1 << (bit % 128), &whole),
			of_params(params(numbers, amounts, !second, true)),
			of_params(params(numbers, amounts, second, false)),
			of_constants(constants, squarings, slot_fee_base ^ 1 << (bit % 128), seal_digest),
			of_constants(constants, squarings, slot_fee_base, flipped(&seal_digest, bit)),
		];
		for position in 0..numbers.len() {
			let mut others = numbers;
			others[position] ^= 1 << (bit % 32);
			changed.push(of_params(params(others, amounts, second, true)));
		}
		for position in 0..amounts.len() {
			let mut others = amounts;
			others[position] ^= 1 << (bit % 128);
			changed.push(of_params(params(numbers, others, second, true)));
		}
		for position in 0..constants.len() {
			let mut others = constants;
			others[position] ^= 1 << (bit % 32);
			changed.push(of_constants(others, squarings, slot_fee_base, seal_digest));
		}
		for position in 0..squarings.len() {
			let mut others = squarings;
			others[position] ^= 1 << (bit % 64);
			changed.push(of_constants(constants, others, slot_fee_base, seal_digest));
		}
		for (part, changed) in changed.into_iter().enumerate() {
			prop_assert_ne!(changed, original, "part {}", part);
		}
	}

	#[test]
	fn binding_should_be_canonical_and_change_when_any_part_changes(
		genesis in any::<Bytes32>(),
		(rollup, index, round) in any::<(u32, u64, u32)>(),
		prover in any::<Bytes32>(),
		bit in any::<usize>(),
	) {
		let batch = BatchId { rollup, index };
		let original = binding(&genesis, batch, round, &prover);
		prop_assert!(is_canonical(&original));
		prop_assert_eq!(original[0], 0);
		let other_rollup = BatchId { rollup: rollup ^ 1 << (bit % 32), index };
		let other_index = BatchId { rollup, index: index ^ 1 << (bit % 64) };
		for changed in [
			binding(&flipped(&genesis, bit), batch, round, &prover),
			binding(&genesis, other_rollup, round, &prover),
			binding(&genesis, other_index, round, &prover),
			binding(&genesis, batch, round ^ 1 << (bit % 32), &prover),
			binding(&genesis, batch, round, &flipped(&prover, bit)),
		] {
			prop_assert_ne!(changed, original);
		}
	}

	#[test]
	fn scalar_should_survive_a_round_trip_when_canonical(bytes in any::<Bytes32>()) {
		prop_assert_eq!(scalar_from_be(&bytes).is_some(), is_canonical(&bytes));
		if let Some(scalar) = scalar_from_be(&bytes) {
			prop_assert_eq!(scalar_to_be(&scalar), bytes);
		}
	}

	#[test]
	fn data_commitment_should_change_when_data_changes(
		data in prop::collection::vec(any::<u8>(), 1..300),
		bit in any::<usize>(),
	) {
		let original = data_commitment(&data);
		prop_assert!(is_canonical(&original));
		let mut changed = data.clone();
		flip(&mut changed, bit);
		prop_assert_ne!(data_commitment(&changed), original);
		let longer = [&data[..], &[0]].concat();
		prop_assert_ne!(data_commitment(&longer), original);
		prop_assert_ne!(data_commitment(&data[..data.len() - 1]), original);
	}

	#[test]
	fn data_chunks_should_hold_the_data_padded_with_zeros(
		data in prop::collection::vec(any::<u8>(), 0..400),
	) {
		let groups: Vec<[Scalar; 3]> = data_chunks(&data).collect();
		prop_assert_eq!(groups.len(), data.len().div_ceil(BYTES_PER_HASH));
		let mut bytes = Vec::new();
		for scalar in groups.iter().flatten() {
			let encoded = scalar_to_be(scalar);
			prop_assert_eq!(encoded[0], 0);
			bytes.extend_from_slice(&encoded[1..]);
		}
		prop_assert_eq!(bytes.len(), groups.len() * 3 * CHUNK_BYTES);
		prop_assert_eq!(&bytes[..data.len()], &data[..]);
		prop_assert!(bytes[data.len()..].iter().all(|byte| *byte == 0));
	}
}

#[test]
fn data_commitment_should_follow_its_definition_when_two_hashes_are_needed() {
	let data: Vec<u8> = (1..=100).collect();
	let chunk = |range: std::ops::Range<usize>| {
		let mut bytes = [0; 32];
		bytes[1..=range.len()].copy_from_slice(&data[range]);
		scalar_from_be(&bytes).unwrap()
	};
	let zero = Scalar::from(0u64);
	let first = hash4(&[Scalar::from(100u64), chunk(0..31), chunk(31..62), chunk(62..93)]);
	let second = hash4(&[first, chunk(93..100), zero, zero]);
	assert_eq!(data_commitment(&data), scalar_to_be(&second));
}

#[test]
fn data_commitment_should_be_zero_when_there_is_no_data() {
	assert_eq!(data_commitment(&[]), [0; 32]);
	assert_eq!(data_chunks(&[]).count(), 0);
}

#[test]
fn public_inputs_should_be_in_layout_order() {
	let inputs = PublicInputs {
		prev_state_root: [1; 32],
		next_state_root: [2; 32],
		data_commitment: [3; 32],
		binding: [4; 32],
	};
	assert_eq!(inputs.to_array(), [[1; 32], [2; 32], [3; 32], [4; 32]]);
}
