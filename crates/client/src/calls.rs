// SPDX-License-Identifier: Apache-2.0
//! The calls of the pallet.
//!
//! Arguments are encoded with the types that the pallet itself uses. That is safe because
//! [`Client::connect`](crate::Client::connect) and every later change of the runtime compare the
//! pallet's metadata with the one that this crate was built with.

use crate::PALLET;
use codec::{Decode, Encode};
use pvs_primitives::{
	api::BatchId, bid::PAYLOAD_BYTES, params::RollupParams, Balance, Bytes32, RollupId,
	RoundNumber, PROOF_BYTES,
};
use pvs_timelock::{Seal, ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES};
use subxt::{
	ext::{
		scale_encode::{EncodeAsFields, Error as EncodeError, FieldIter},
		scale_type_resolver::TypeResolver,
	},
	Metadata,
};

/// Names of the calls that have several items, and of those for one of them.
const PLACE_BIDS: &str = "place_bids";
const REVEAL_BIDS: &str = "reveal_bids";
const PLACE_BID: &str = "place_bid";
const REVEAL_BID: &str = "reveal_bid";
/// Constant of the pallet that bounds how many items they have.
const MAX_BIDS: &str = "MaxBidsPerCall";

/// A call of the pallet with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	name: &'static str,
	arguments: EncodedArguments,
}

/// Arguments in SCALE, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedArguments(Vec<u8>);

impl EncodeAsFields for EncodedArguments {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_fields: &mut dyn FieldIter<'_, R::TypeId>,
		_types: &R,
		out: &mut Vec<u8>,
	) -> Result<(), EncodeError> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

impl subxt::tx::Payload for Call {
	type CallData = EncodedArguments;

	fn pallet_name(&self) -> &str {
		PALLET
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Self::CallData {
		&self.arguments
	}
}

/// A bid, known only by its commitment and its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidPlacement {
	/// The batch.
	pub batch: BatchId,
	/// The round.
	pub round: RoundNumber,
	/// The digest of the batch that the bid was made for.
	pub batch_digest: Bytes32,
	/// Highest cost of the place, in planck.
	pub max_slot_fee: Balance,
	/// The commitment to the payload.
	pub commitment: Bytes32,
	/// The payload, sealed.
	pub seal: Seal,
}

impl BidPlacement {
	/// Name of the call for one bid.
	pub const CALL: &'static str = PLACE_BID;

	/// Returns the fields in the pallet's order.
	fn fields(&self) -> impl Encode + '_ {
		let Self { batch, round, batch_digest, max_slot_fee, commitment, seal } = self;
		(batch, round, batch_digest, max_slot_fee, commitment, seal.as_slice())
	}
}

/// The payload behind the commitment of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidReveal {
	/// The batch.
	pub batch: BatchId,
	/// The round.
	pub round: RoundNumber,
	/// The account that placed the bid.
	pub bidder: Bytes32,
	/// The payload.
	pub payload: [u8; PAYLOAD_BYTES],
}

impl BidReveal {
	/// Name of the call for one reveal.
	pub const CALL: &'static str = REVEAL_BID;

	/// Returns the fields in the pallet's order.
	fn fields(&self) -> impl Encode + '_ {
		(&self.batch, &self.round, &self.bidder, self.payload.as_slice())
	}
}

/// Returns how many bids, or reveals, one transaction takes on a chain with this metadata: 1 where the pallet has only the
/// calls for one.
pub(crate) fn bids_per_call(metadata: &Metadata) -> u32 {
	let most = || {
		let pallet = metadata.pallet_by_name(PALLET)?;
		pallet.call_variant_by_name(PLACE_BIDS)?;
		pallet.call_variant_by_name(REVEAL_BIDS)?;
		u32::decode(&mut pallet.constant_by_name(MAX_BIDS)?.value()).ok()
	};
	most().unwrap_or(1).max(1)
}

impl Call {
	fn new(name: &'static str, arguments: impl Encode) -> Self {
		Self { name, arguments: EncodedArguments(arguments.encode()) }
	}

	/// The name of the call, as in the pallet.
	pub fn name(&self) -> &'static str {
		self.name
	}

	/// `register_rollup`: a new rollup with its key, first root, sequencer and market.
	pub fn register_rollup(
		verifying_key: &[u8],
		genesis_root: Bytes32,
		sequencer: Bytes32,
		params: &RollupParams,
	) -> Self {
		Self::new("register_rollup", (verifying_key, genesis_root, sequencer, params))
	}

	/// `register_prover`: hold `stake` planck and become a prover.
	pub fn register_prover(stake: Balance) -> Self {
		Self::new("register_prover", stake)
	}

	/// `commit_batch`: publish a batch and offer up to `max_fee` planck for its proof.
	pub fn commit_batch(
		rollup: RollupId,
		data: &[u8],
		prev_state_root: Bytes32,
		next_state_root: Bytes32,
		max_fee: Balance,
	) -> Self {
		Self::new("commit_batch", (rollup, data, prev_state_root, next_state_root, max_fee))
	}

	/// `place_bid`: a bid, known only by its commitment and its seal.
	pub fn place_bid(
		batch: BatchId,
		round: RoundNumber,
		batch_digest: Bytes32,
		max_slot_fee: Balance,
		commitment: Bytes32,
		seal: &Seal,
	) -> Self {
		let seal = *seal;
		let bid = BidPlacement { batch, round, batch_digest, max_slot_fee, commitment, seal };
		Self::new(PLACE_BID, bid.fields())
	}

	/// `place_bids`: as `place_bid` for each of several bids, of which the chain may refuse some.
	pub fn place_bids(bids: &[BidPlacement]) -> Self {
		Self::new(PLACE_BIDS, bids.iter().map(BidPlacement::fields).collect::<Vec<_>>())
	}

	/// `reveal_bid`: the payload behind a commitment.
	pub fn reveal_bid(
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		payload: &[u8; PAYLOAD_BYTES],
	) -> Self {
		let reveal = BidReveal { batch, round, bidder, payload: *payload };
		Self::new(REVEAL_BID, reveal.fields())
	}

	/// `reveal_bids`: as `reveal_bid` for each of several bids, of which the chain may refuse some.
	pub fn reveal_bids(reveals: &[BidReveal]) -> Self {
		Self::new(REVEAL_BIDS, reveals.iter().map(BidReveal::fields).collect::<Vec<_>>())
	}

	/// `open_bid`: the solution of a silent bidder's seal, proven for the account that signs.
	pub fn open_bid(
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		seal: &Seal,
		(solution, proof): (&[u8; ELEMENT_BYTES], &[u8; OPENING_PROOF_BYTES]),
	) -> Self {
		let opening = (seal.as_slice(), solution.as_slice(), proof.as_slice());
		Self::new("open_bid", (batch, round, bidder, opening.0, opening.1, opening.2))
	}

	/// `submit_proof`: the proof of a batch, bound to `prover`, whom it pays.
	pub fn submit_proof(batch: BatchId, prover: Bytes32, proof: &[u8; PROOF_BYTES]) -> Self {
		Self::new("submit_proof", (batch, prover, proof.as_slice()))
	}

	/// `accept_place`: take the place on the ladder that is offered.
	pub fn accept_place(batch: BatchId, round: RoundNumber) -> Self {
		Self::new("accept_place", (batch, round))
	}

	/// `deregister_prover`: stop being a prover and get the stake back.
	pub fn deregister_prover() -> Self {
		Self::new("deregister_prover", ())
	}

	/// `deregister_rollup`: give a rollup up; its batches end as they would.
	pub fn deregister_rollup(rollup: RollupId) -> Self {
		Self::new("deregister_rollup", rollup)
	}

	/// `bond_more`: hold `amount` planck more as stake.
	pub fn bond_more(amount: Balance) -> Self {
		Self::new("bond_more", amount)
	}

	/// `unbond`: start to take `amount` planck out of the stake.
	pub fn unbond(amount: Balance) -> Self {
		Self::new("unbond", amount)
	}

	/// `withdraw_unbonded`: get back the stake whose delay is over.
	pub fn withdraw_unbonded() -> Self {
		Self::new("withdraw_unbonded", ())
	}

	/// `set_sequencer`: name who may commit a rollup's batches from now on.
	pub fn set_sequencer(rollup: RollupId, sequencer: Bytes32) -> Self {
		Self::new("set_sequencer", (rollup, sequencer))
	}

	/// `set_params`: the parameters that a rollup's next batch takes.
	pub fn set_params(rollup: RollupId, params: &RollupParams) -> Self {
		Self::new("set_params", (rollup, params))
	}

	/// `transfer_rollup`: offer a rollup to another owner, or withdraw an offer by one to oneself.
	pub fn transfer_rollup(rollup: RollupId, to: Bytes32) -> Self {
		Self::new("transfer_rollup", (rollup, to))
	}

	/// `accept_rollup`: become the owner of a rollup that is offered to the account.
	pub fn accept_rollup(rollup: RollupId) -> Self {
		Self::new("accept_rollup", rollup)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::connection::our_metadata;
	use pvs_primitives::params::{Layout, PaymentRule, SilencePolicy};
	use pvs_timelock::SEAL_BYTES;
	use std::collections::BTreeSet;
	use subxt::ext::scale_value::scale::decode_as_type;

	const BATCH: BatchId = BatchId { rollup: 1, index: 2 };

	fn params() -> RollupParams {
		RollupParams {
			layout: Layout::Fields,
			data_len: 1,
			bidding_blocks: 2,
			reveal_blocks: 3,
			silence_policy: SilencePolicy::ForceOpen { opening_blocks: 15 },
			payment_rule: PaymentRule::FirstPrice,
			w_fee: 4,
			w_time: 5,
			w_share: 16,
			min_proof_blocks: 6,
			max_proof_blocks: 7,
			min_reserve: 8,
			initial_reserve: 17,
			max_reserve: 9,
			reserve_margin: 18,
			reserve_weight: 19,
			escalation_factor: 20,
			silence_penalty: 10,
			grace_blocks: 11,
			late_rate: 12,
			ladder_len: 21,
			ladder_blocks: 22,
			rescue_blocks: 23,
			max_empty_rounds: 13,
			max_failed_rounds: 24,
			sequencer_bond: 14,
		}
	}

	fn placement(byte: u8) -> BidPlacement {
		BidPlacement {
			batch: BATCH,
			round: 6,
			batch_digest: [7; 32],
			max_slot_fee: 88,
			commitment: [9; 32],
			seal: [byte; SEAL_BYTES],
		}
	}

	fn reveal(byte: u8) -> BidReveal {
		BidReveal { batch: BATCH, round: 6, bidder: [4; 32], payload: [byte; PAYLOAD_BYTES] }
	}

	/// The arguments of a call as the metadata reads them: name and value, in the pallet's order.
	fn as_the_chain_reads(call: &Call) -> Vec<(String, String)> {
		let metadata = our_metadata().unwrap();
		let pallet = metadata.pallet_by_name(PALLET).unwrap();
		let variant =
			pallet.call_variant_by_name(call.name()).unwrap_or_else(|| panic!("{}", call.name()));
		let mut rest = call.arguments.0.as_slice();
		let mut arguments = Vec::new();
		for field in &variant.fields {
			let value = decode_as_type(&mut rest, field.ty.id, metadata.types())
				.unwrap_or_else(|error| panic!("{}: {error}", call.name()));
			let name = field.name.clone().unwrap_or_default();
			arguments.push((name, value.to_string().replace(' ', "")));
		}
		assert!(rest.is_empty(), "{} has {} bytes too many", call.name(), rest.len());
		arguments
	}

	/// A call, its arguments in the pallet's order, and how the value of each begins but for
	/// parentheses. No two of a call are the same, so that one in the place of another shows.
	type Expected = (Call, Vec<(&'static str, &'static str)>);

	fn expected() -> Vec<Expected> {
		let (id, batch) = (("batch", "{rollup:1,index:2}"), BATCH);
		let seal = [5; SEAL_BYTES];
		let opening = (&[6; ELEMENT_BYTES], &[7; OPENING_PROOF_BYTES]);
		vec![
			(
				Call::register_rollup(&[1; 768], [2; 32], [3; 32], &params()),
				vec![
					("verifying_key", "1,1,"),
					("genesis_root", "2,2,"),
					("sequencer", "3,3,"),
					("params", "{layout:"),
				],
			),
			(Call::register_prover(77), vec![("stake", "77")]),
			(Call::deregister_prover(), vec![]),
			(Call::deregister_rollup(3), vec![("rollup", "3")]),
			(
				Call::commit_batch(3, &[9, 8], [6; 32], [4; 32], 5),
				vec![
					("rollup", "3"),
					("data", "9,8)"),
					("prev_state_root", "6,6,"),
					("next_state_root", "4,4,"),
					("max_fee", "5"),
				],
			),
			(
				Call::place_bid(batch, 6, [7; 32], 88, [9; 32], &seal),
				vec![
					id,
					("round", "6"),
					("batch_digest", "7,7,"),
					("max_slot_fee", "88"),
					("commitment", "9,9,"),
					("seal", "5,5,"),
				],
			),
			(
				Call::reveal_bid(batch, 6, [4; 32], &[5; PAYLOAD_BYTES]),
				vec![id, ("round", "6"), ("bidder", "4,4,"), ("payload", "5,5,")],
			),
			(
				Call::place_bids(&[placement(5)]),
				vec![("bids", "{batch:{rollup:1,index:2},round:6,")],
			),
			(
				Call::reveal_bids(&[reveal(5)]),
				vec![("reveals", "{batch:{rollup:1,index:2},round:6,")],
			),
			(
				Call::open_bid(batch, 8, [4; 32], &seal, opening),
				vec![
					id,
					("round", "8"),
					("bidder", "4,4,"),
					("seal", "5,5,"),
					("solution", "6,6,"),
					("proof", "7,7,"),
				],
			),
			(
				Call::submit_proof(batch, [1; 32], &[2; PROOF_BYTES]),
				vec![id, ("prover", "1,1,"), ("proof", "2,2,")],
			),
			(Call::accept_place(batch, 6), vec![id, ("round", "6")]),
			(Call::bond_more(78), vec![("amount", "78")]),
			(Call::unbond(79), vec![("amount", "79")]),
			(Call::withdraw_unbonded(), vec![]),
			(Call::set_sequencer(3, [8; 32]), vec![("rollup", "3"), ("sequencer", "8,8,")]),
			(Call::set_params(3, &params()), vec![("rollup", "3"), ("params", "{layout:")]),
			(Call::transfer_rollup(3, [8; 32]), vec![("rollup", "3"), ("to", "8,8,")]),
			(Call::accept_rollup(3), vec![("rollup", "3")]),
		]
	}

	#[test]
	fn arguments_of_calls_should_be_those_of_the_pallet_in_its_order() {
		for (call, expected) in expected() {
			let found = as_the_chain_reads(&call);
			let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
			let wanted: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
			assert_eq!(names, wanted, "{}", call.name());
			for ((name, value), (_, start)) in found.iter().zip(expected) {
				let value = value.trim_start_matches('(');
				assert!(value.starts_with(start), "{}, {name}: {value}", call.name());
			}
		}
	}

	#[test]
	fn items_should_be_read_by_the_pallet_as_they_were_meant() {
		let bytes = |byte: u8, length| vec![byte.to_string(); length].join(",");
		let (digest, commitment, bidder) = (bytes(7, 32), bytes(9, 32), bytes(4, 32));
		let start = "batch:{rollup:1,index:2},round:6";
		let placements = [5, 6].map(|byte| {
			let seal = bytes(byte, SEAL_BYTES);
			let rest = format!("max_slot_fee:88,commitment:{commitment},seal:{seal}");
			format!("{{{start},batch_digest:{digest},{rest}}}")
		});
		let reveals = [5, 6].map(|byte| {
			format!("{{{start},bidder:{bidder},payload:{}}}", bytes(byte, PAYLOAD_BYTES))
		});
		for (call, expected) in [
			(Call::place_bids(&[placement(5), placement(6)]), placements),
			(Call::reveal_bids(&[reveal(5), reveal(6)]), reveals),
		] {
			let arguments = as_the_chain_reads(&call);
			let [(_, items)] = &arguments[..] else { panic!("{}: one argument", call.name()) };
			assert_eq!(items.replace(['(', ')'], ""), expected.join(","), "{}", call.name());
		}
	}

	#[test]
	fn transactions_should_have_as_many_bids_as_the_chain_takes() {
		let metadata = our_metadata().unwrap();
		let constant = metadata.pallet_by_name(PALLET).unwrap().constant_by_name(MAX_BIDS).unwrap();
		let most = bids_per_call(&metadata);
		assert!(most > 1 && most.encode() == constant.value(), "{most}");
	}

	#[test]
	fn every_call_of_the_pallet_should_be_here_or_be_listed_as_not_needed() {
		/// Calls that no program makes.
		const NOT_NEEDED: [&str; 1] = ["submit_proofs"];
		let metadata = our_metadata().unwrap();
		let variants = metadata.pallet_by_name(PALLET).unwrap().call_variants().unwrap();
		let theirs: BTreeSet<&str> = variants.iter().map(|call| call.name.as_str()).collect();
		let ours = expected().into_iter().map(|(call, _)| call.name());
		assert_eq!(ours.chain(NOT_NEEDED).collect::<BTreeSet<_>>(), theirs);
	}

	#[test]
	fn params_should_be_read_by_the_pallet_as_they_were_meant() {
		let arguments = as_the_chain_reads(&Call::set_params(3, &params()));
		let (_, params) = &arguments[1];
		for field in ["opening_blocks:15", "escalation_factor:20", "sequencer_bond:14"] {
			assert!(params.contains(field), "{params}");
		}
	}
}
