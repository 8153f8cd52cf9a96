// SPDX-License-Identifier: Apache-2.0
//! Sealing and reading.

use crate::{small, Bid};
use pvs_timelock::{check_seal, recover, seal, Exponent, SEAL_BYTES};
use std::collections::BTreeSet;

#[test]
fn payload_should_come_back_when_solved_opened_or_recovered() {
	for seed in 0..8 {
		let bid = Bid::random(seed);
		assert_eq!(check_seal(&bid.seal), Ok(()));
		let solved = bid.solve();
		assert_eq!(bid.verify(&solved), Ok(()));
		assert_eq!(bid.open(), solved);
		assert_eq!(bid.decrypt(&solved.solution), Some(bid.payload));
		let recovered = recover(&bid.parameters, &bid.seal, &bid.context, &bid.exponent);
		assert_eq!(recovered, Some(bid.payload));
	}
}

#[test]
fn payload_should_stay_closed_when_exponent_context_or_parameters_are_others() {
	let (bid, other) = (Bid::random(1), Bid::random(2));
	let read = |parameters, context, exponent| recover(parameters, &bid.seal, context, exponent);
	assert_eq!(read(&bid.parameters, &bid.context, &other.exponent), None);
	assert_eq!(read(&bid.parameters, &other.context, &bid.exponent), None);
	let mut parameters = bid.parameters.clone();
	parameters.delay += 1;
	assert_eq!(read(&parameters, &bid.context, &bid.exponent), None);
	assert_eq!(bid.decrypt(&other.open().solution), None);
}

/// Bids are opaque: a seal's bytes tell nothing but their own number, and equal payloads differ.
#[test]
fn seals_should_differ_in_every_part_when_the_same_payload_is_sealed_again() {
	let bid = Bid::random(1);
	let again = || seal(&small().0, &bid.context, &bid.payload, &Exponent::random().unwrap());
	let seals: Vec<_> = (0..8).map(|_| again()).collect();
	for part in [0..256, 256..341, 341..SEAL_BYTES] {
		let distinct: BTreeSet<_> = seals.iter().map(|seal| &seal[part.clone()]).collect();
		assert_eq!(distinct.len(), seals.len());
	}
}

#[test]
fn exponent_should_not_show_when_it_is_printed() {
	let exponent = Exponent::from([0xab; 272]);
	assert_eq!(format!("{exponent:?}"), "Exponent(..)");
	assert_eq!(exponent.as_bytes(), &[0xab; 272]);
}
