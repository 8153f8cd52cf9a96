// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::connection::our_metadata;
use std::collections::BTreeSet;

/// Events of which no program wants to know: those of calls about rollups and stakes, whose effect the
/// Runtime API shows, and of burned amounts.
const NOT_READ: [&str; 16] = [
	"RollupRegistered",
	"RollupDeregistered",
	"SequencerChanged",
	"ParamsChanged",
	"RollupOffered",
	"RollupTransferred",
	"ProverRegistered",
	"ProverDeregistered",
	"StakeIncreased",
	"StakeUnbonding",
	"StakeWithdrawn",
	"ProverSuspended",
	"ProverReinstated",
	"PayoutBurned",
	"ProofRefused",
	"RentBurned",
];
/// Fields of events that are read without them.
const FIELDS_NOT_READ: [(&str, &str); 1] = [("AgendaItemFailed", "error")];

/// Fails with the names that are in one of the sets only.
fn assert_same(what: &str, theirs: &BTreeSet<&str>, ours: &BTreeSet<&str>) {
	let [missing, gone] = [theirs.difference(ours), ours.difference(theirs)]
		.map(|names| names.copied().collect::<Vec<_>>());
	assert!(missing.is_empty() && gone.is_empty(), "{what}: missing {missing:?}, gone {gone:?}");
}

#[test]
fn every_event_of_the_pallet_should_be_read_or_be_listed_as_not_needed() {
	let metadata = our_metadata().unwrap();
	let variants = metadata.pallet_by_name(PALLET).unwrap().event_variants().unwrap();
	let theirs: BTreeSet<&str> = variants.iter().map(|event| event.name.as_str()).collect();
	let read = READ.iter().map(|(name, _)| *name);
	let ours: BTreeSet<&str> = read.clone().chain(NOT_READ).collect();
	assert_eq!(ours.len(), READ.len() + NOT_READ.len(), "one is listed twice");
	assert_same("events", &theirs, &ours);
}

#[test]
fn fields_of_events_should_be_those_of_the_pallet_and_be_read_as_it_writes_them() {
	let metadata = our_metadata().unwrap();
	let variants = metadata.pallet_by_name(PALLET).unwrap().event_variants().unwrap();
	for (name, fields) in READ {
		let event = variants.iter().find(|event| event.name == *name).unwrap();
		let theirs = event.fields.iter().filter_map(|field| field.name.as_deref()).collect();
		let not_read = FIELDS_NOT_READ.iter().filter(|(event, _)| event == name);
		let ours = fields.iter().copied().chain(not_read.map(|(_, field)| *field)).collect();
		assert_same(name, &theirs, &ours);
		// A number that has become wider than ours is too large then.
		let bytes = [1; 1_024];
		let mut types = event
			.fields
			.iter()
			.map(|field| scale_decode::Field::new(field.ty.id, field.name.as_deref()));
		let result = read_fields(name, &bytes, &mut types, metadata.types());
		result.unwrap_or_else(|error| panic!("{name}: {error}"));
	}
}

/// Reads every value of an enum that a field of an event has, and checks that it reads the same as what
/// the metadata says. Returns the number of values.
fn values_as_the_chain_reads<Ours: DecodeAsType + core::fmt::Debug>(
	event: &str,
	field: &str,
	bytes: impl Iterator<Item = Vec<u8>>,
) -> usize {
	use subxt::ext::scale_value::scale::decode_as_type;
	let metadata = our_metadata().unwrap();
	let pallet = metadata.pallet_by_name(PALLET).unwrap();
	let variants = pallet.event_variants().unwrap();
	let event = variants.iter().find(|found| found.name == event).unwrap();
	let field = event.fields.iter().find(|found| found.name.as_deref() == Some(field));
	let field = field.unwrap().ty.id;
	let mut values = 0;
	for bytes in bytes {
		let Ok(theirs) = decode_as_type(&mut &bytes[..], field, metadata.types()) else {
			continue;
		};
		let ours = Ours::decode_as_type(&mut &bytes[..], field, metadata.types());
		let ours = format!("{:?}", ours.unwrap_or_else(|error| panic!("{theirs}: {error}")));
		let name = ours.split('(').next().unwrap();
		assert!(theirs.to_string().contains(name), "{theirs}");
		values += 1;
	}
	values
}

/// A reason that is missing here would make the events of a whole block unreadable.
#[test]
fn reasons_for_voiding_a_bid_should_be_those_of_the_pallet() {
	let bytes = (0..=u8::MAX).map(|index| vec![index]);
	assert_eq!(values_as_the_chain_reads::<VoidReason>("BidVoided", "reason", bytes), 7);
}

#[test]
fn verdicts_on_silent_bids_should_be_those_of_the_pallet() {
	let bytes = (0..=u8::MAX).map(|index| vec![index, 0]);
	assert_eq!(values_as_the_chain_reads::<Verdict>("BidSettled", "verdict", bytes), 4);
}

#[test]
fn refusal_should_be_read_with_the_error_of_the_call_for_one() {
	use crate::call_error::tests::{encoded, of};
	let metadata = our_metadata().unwrap().arc();
	let variants = metadata.pallet_by_name(PALLET).unwrap().event_variants().unwrap();
	let event = variants.iter().find(|event| event.name == "BidRefused").unwrap();
	let mut types = event
		.fields
		.iter()
		.map(|field| scale_decode::Field::new(field.ty.id, field.name.as_deref()));
	let (item, rollup, index, round) = (2_u32, 7_u32, 4_u64, 1_u32);
	let [item_bytes, rollup_bytes, round_bytes] = [item, rollup, round].map(u32::to_le_bytes);
	let start = [&item_bytes[..], &rollup_bytes, &index.to_le_bytes(), &round_bytes].concat();
	let bytes = [&start[..], &[5; 32], &encoded(PALLET, "RoundFull")].concat();
	let read = wire::BidRefused::decode_as_fields(&mut &bytes[..], &mut types, metadata.types());
	let read = read.unwrap();
	assert_eq!((read.item, read.round, read.bidder.0), (item, round, [5; 32]));
	assert_eq!(BatchId::from(read.batch), BatchId { rollup, index });
	assert_eq!(read.error.explained(&metadata), of(PALLET, "RoundFull"));
}

#[test]
fn fee_of_a_transaction_should_be_read_without_its_tip() {
	let metadata = our_metadata().unwrap();
	let (pallet, name) = FEE_PAID;
	let variants = metadata.pallet_by_name(pallet).unwrap().event_variants().unwrap();
	let event = variants.iter().find(|event| event.name == name).unwrap();
	let mut types = event
		.fields
		.iter()
		.map(|field| scale_decode::Field::new(field.ty.id, field.name.as_deref()));
	let (who, fee, tip) = ([1; 32], 7_u128.to_le_bytes(), 2_u128.to_le_bytes());
	let bytes = [&who[..], &fee, &tip].concat();
	let paid = FeePaid::decode_as_fields(&mut &bytes[..], &mut types, metadata.types()).unwrap();
	assert_eq!(paid.without_tip(), 5);
}
