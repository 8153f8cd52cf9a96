// SPDX-License-Identifier: Apache-2.0
//! Batch data and seals in the body of a block.
//!
//! A sequencer may commit, and a prover bid, through a proxy, a multisig or a batch of calls, nested as
//! it likes. So every value of the runtime's call type inside an extrinsic is looked at, wherever it sits:
//! nothing here knows which pallets carry calls.

use crate::PALLET;
use pvs_primitives::{
	commit_digest::CommitDigest, hash::blake2_256, poseidon::data_commitment, Bytes32, RollupId,
};
use pvs_timelock::Seal;
use subxt::{
	ext::{
		frame_decode::extrinsics::decode_extrinsic,
		scale_value::{scale::decode_as_type, At, Composite, Primitive, Value, ValueDef},
	},
	Metadata,
};

const COMMIT_CALL: &str = "commit_batch";
const BID_CALL: &str = "place_bid";
const BIDS_CALL: &str = "place_bids";

/// A `commit_batch` call with its arguments. That it is in a block does not say that it succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
	/// The rollup.
	pub rollup: RollupId,
	/// The batch's data.
	pub data: Vec<u8>,
	/// The root that the batch builds on. The chain takes no other than that of the rollup's tip.
	pub prev_state_root: Bytes32,
	/// The root that the sequencer claims.
	pub next_state_root: Bytes32,
}

/// Returns the `commit_batch` calls of an encoded extrinsic that have the data of which the header of its
/// block speaks, in order of execution; none if this metadata cannot decode the extrinsic.
pub(crate) fn commits(metadata: &Metadata, extrinsic: &[u8], digest: &CommitDigest) -> Vec<Commit> {
	let Some(call) = call_of(metadata, extrinsic) else { return Vec::new() };
	let mut found = in_call(metadata, call, |call| as_commit(call).map(|commit| vec![commit]));
	found.retain(|commit| {
		commit.rollup == digest.batch.rollup
			&& data_commitment(&commit.data) == digest.data_commitment
	});
	found
}

/// Returns the seal with this hash among the bids of the `place_bid` and `place_bids` calls of an encoded extrinsic,
/// whether or not they succeeded; `None` if it has none, or this metadata cannot decode it.
pub(crate) fn seal(metadata: &Metadata, extrinsic: &[u8], seal_hash: &Bytes32) -> Option<Seal> {
	let call = call_of(metadata, extrinsic)?;
	let seals = in_call(metadata, call, |call| {
		let arguments =
			[BID_CALL, BIDS_CALL].into_iter().find_map(|name| arguments_of(call, name))?;
		Some(seals_in(arguments))
	});
	seals.into_iter().find(|seal| blake2_256(&[seal]) == *seal_hash)
}

/// Returns the seals in the arguments of a call: of one bid, or of each in a list of them.
fn seals_in(arguments: &Composite<u32>) -> Vec<Seal> {
	let mut seals = Vec::new();
	let mut pending = vec![arguments];
	while let Some(fields) = pending.pop() {
		match fields.at("seal") {
			Some(seal) => seals.extend(bytes(seal).and_then(|seal| Seal::try_from(seal).ok())),
			None => pending.extend(fields.values().filter_map(|value| match &value.value {
				ValueDef::Composite(inner) => Some(inner),
				_ => None,
			})),
		}
	}
	seals
}

/// Returns the encoded call of an encoded extrinsic.
fn call_of<'a>(metadata: &Metadata, extrinsic: &'a [u8]) -> Option<&'a [u8]> {
	let Ok(info) = decode_extrinsic(&mut &extrinsic[..], metadata, metadata.types()) else {
		tracing::debug!("passing over an extrinsic that the metadata does not describe");
		return None;
	};
	extrinsic.get(info.call_data_range())
}

/// Returns what `read` finds in an encoded call of the runtime and in every call inside it, in order of
/// execution.
fn in_call<T>(
	metadata: &Metadata,
	call: &[u8],
	read: impl Fn(&Value<u32>) -> Option<Vec<T>>,
) -> Vec<T> {
	let call_type = metadata.outer_enums().call_enum_ty();
	let Ok(root) = decode_as_type(&mut &call[..], call_type, metadata.types()) else {
		return Vec::new();
	};
	let mut found = Vec::new();
	// A stack of our own: nesting is the sender's choice.
	let mut pending = vec![&root];
	while let Some(value) = pending.pop() {
		if value.context == call_type {
			if let Some(in_value) = read(value) {
				found.extend(in_value);
				continue;
			}
		}
		let first_child = pending.len();
		match &value.value {
			ValueDef::Composite(composite) => pending.extend(composite.values()),
			ValueDef::Variant(variant) => pending.extend(variant.values.values()),
			ValueDef::BitSequence(_) | ValueDef::Primitive(_) => {},
		}
		// The stack gives back the last one first.
		if let Some(children) = pending.get_mut(first_child..) {
			children.reverse();
		}
	}
	found
}

/// Returns the arguments of a value of the call type, if it is a call of this name of the pallet.
fn arguments_of<'a>(call: &'a Value<u32>, name: &str) -> Option<&'a Composite<u32>> {
	let ValueDef::Variant(pallet) = &call.value else { return None };
	let ValueDef::Variant(variant) = &pallet.values.values().next()?.value else { return None };
	(pallet.name == PALLET && variant.name == name).then_some(&variant.values)
}

fn as_commit(call: &Value<u32>) -> Option<Commit> {
	let arguments = arguments_of(call, COMMIT_CALL)?;
	Some(Commit {
		rollup: number(arguments.at("rollup")?)?.try_into().ok()?,
		data: bytes(arguments.at("data")?)?,
		prev_state_root: bytes(arguments.at("prev_state_root")?)?.try_into().ok()?,
		next_state_root: bytes(arguments.at("next_state_root")?)?.try_into().ok()?,
	})
}

fn number(value: &Value<u32>) -> Option<u128> {
	match &value.value {
		ValueDef::Primitive(Primitive::U128(number)) => Some(*number),
		ValueDef::Composite(Composite::Unnamed(inner)) if inner.len() == 1 => {
			number(inner.first()?)
		},
		_ => None,
	}
}

fn bytes(value: &Value<u32>) -> Option<Vec<u8>> {
	let ValueDef::Composite(composite) = &value.value else { return None };
	// A bounded vector is a sequence inside a wrapper of one field.
	if let [wrapped] = composite.values().collect::<Vec<_>>()[..] {
		if let Some(inner) = bytes(wrapped) {
			return Some(inner);
		}
	}
	composite.values().map(|byte| u8::try_from(number(byte)?).ok()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::{connection::our_metadata, BidPlacement, Call};
	use codec::{Compact, Encode};
	use pvs_primitives::api::BatchId;
	use pvs_timelock::SEAL_BYTES;
	use subxt::dynamic::tx;
	use subxt::{config::substrate::SpecVersionForRange, OfflineClient, SubstrateConfig};

	pub(crate) type Dynamic = subxt::tx::DynamicPayload<Composite<()>>;

	pub(crate) fn commit(rollup: u128, data: &[u8]) -> Dynamic {
		let arguments = Composite::named([
			("rollup", Value::u128(rollup)),
			("data", Value::from_bytes(data)),
			("prev_state_root", Value::from_bytes([8; 32])),
			("next_state_root", Value::from_bytes([7; 32])),
			("max_fee", Value::u128(5)),
		]);
		tx(PALLET, COMMIT_CALL, arguments)
	}

	fn remark(bytes: &[u8]) -> Dynamic {
		tx("System", "remark", Composite::named([("remark", Value::from_bytes(bytes))]))
	}

	pub(crate) fn batch_all(calls: impl IntoIterator<Item = Dynamic>) -> Dynamic {
		let calls = Value::unnamed_composite(calls.into_iter().map(Dynamic::into_value));
		tx("Utility", "batch_all", Composite::named([("calls", calls)]))
	}

	fn through_proxy(call: Dynamic) -> Dynamic {
		let real = Value::unnamed_variant("Id", [Value::from_bytes([1; 32])]);
		let arguments = Composite::named([
			("real", real),
			("force_proxy_type", Value::unnamed_variant("None", [])),
			("call", call.into_value()),
		]);
		tx("Proxy", "proxy", arguments)
	}

	fn as_root(call: Dynamic) -> Dynamic {
		tx("Sudo", "sudo", Composite::named([("call", call.into_value())]))
	}

	pub(crate) fn encoded(call: &impl subxt::tx::Payload) -> Vec<u8> {
		let versions = SpecVersionForRange {
			block_range: 0..u64::MAX,
			spec_version: 0,
			transaction_version: 0,
		};
		let config = SubstrateConfig::builder()
			.set_metadata_for_spec_versions([(0, our_metadata().unwrap().arc())])
			.set_spec_version_for_block_ranges([versions])
			.build();
		let client = OfflineClient::new_with_config(config).at_block(0u64).unwrap();
		client.tx().call_data(call).unwrap()
	}

	/// An extrinsic without a signature around a call.
	pub(crate) fn bare_extrinsic(call: &[u8]) -> Vec<u8> {
		const BARE_VERSION_4: u8 = 4;
		let length = Compact(u32::try_from(call.len() + 1).unwrap());
		[length.encode(), vec![BARE_VERSION_4], call.to_vec()].concat()
	}

	/// The calls of an encoded extrinsic whose data is this, for rollup 0.
	fn commits_of(extrinsic: &[u8], data: &[u8]) -> Vec<Commit> {
		let (batch, data_commitment) = (BatchId { rollup: 0, index: 9 }, data_commitment(data));
		let digest = CommitDigest { batch, extrinsic: 0, data_commitment };
		commits(&our_metadata().unwrap(), extrinsic, &digest)
	}

	#[test]
	fn commit_should_be_found_when_it_is_the_extrinsic_itself() {
		let expected = Commit {
			rollup: 0,
			data: vec![1, 2, 3],
			prev_state_root: [8; 32],
			next_state_root: [7; 32],
		};
		let extrinsic = bare_extrinsic(&encoded(&commit(0, &[1, 2, 3])));
		assert_eq!(commits_of(&extrinsic, &[1, 2, 3]), [expected]);
		assert_eq!(commits_of(&extrinsic, &[1, 2, 4]), []);
		assert_eq!(commits_of(&bare_extrinsic(&encoded(&commit(1, &[1, 2, 3]))), &[1, 2, 3]), []);
	}

	#[test]
	fn commit_should_be_found_wherever_it_is_nested() {
		let deep = batch_all([
			remark(b"nothing"),
			commit(0, b"first"),
			through_proxy(batch_all([commit(0, b"second"), commit(1, b"other rollup")])),
			as_root(through_proxy(commit(0, b"third"))),
			commit(0, b"first"),
		]);
		let extrinsic = bare_extrinsic(&encoded(&deep));
		let found = |data: &[u8]| commits_of(&extrinsic, data).len();
		assert_eq!((found(b"first"), found(b"second"), found(b"third")), (2, 1, 1));
		assert_eq!(found(b"other rollup"), 0);
	}

	fn bid_fields(seal: &[u8]) -> Composite<()> {
		let batch = Value::named_composite([("rollup", Value::u128(0)), ("index", Value::u128(4))]);
		Composite::named([
			("batch", batch),
			("round", Value::u128(0)),
			("batch_digest", Value::from_bytes([1; 32])),
			("max_slot_fee", Value::u128(5)),
			("commitment", Value::from_bytes([2; 32])),
			("seal", Value::from_bytes(seal)),
		])
	}

	fn bid(seal: &[u8]) -> Dynamic {
		tx(PALLET, BID_CALL, bid_fields(seal))
	}

	fn bids(seals: &[&[u8]]) -> Dynamic {
		let bids = seals.iter().map(|seal| Value::from(bid_fields(seal)));
		tx(PALLET, BIDS_CALL, Composite::named([("bids", Value::unnamed_composite(bids))]))
	}

	#[test]
	fn seal_should_be_found_by_its_hash_wherever_the_bid_is_nested() {
		let metadata = our_metadata().unwrap();
		let (ours, other) = ([3; SEAL_BYTES], [4; SEAL_BYTES]);
		let nested = batch_all([bid(&other), through_proxy(batch_all([bid(&ours)]))]);
		for call in [bid(&ours), nested] {
			let extrinsic = bare_extrinsic(&encoded(&call));
			assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&ours])), Some(ours));
			assert_eq!(seal(&metadata, &extrinsic, &[9; 32]), None);
		}
	}

	#[test]
	fn seal_should_be_found_by_its_hash_when_its_call_has_several_bids() {
		let metadata = our_metadata().unwrap();
		let (first, second) = ([3; SEAL_BYTES], [4; SEAL_BYTES]);
		let short = [5; SEAL_BYTES - 1];
		let several = bids(&[&short, &first, &second]);
		let nested = batch_all([remark(b"nothing"), through_proxy(bids(&[&second, &first]))]);
		for call in [several, nested] {
			let extrinsic = bare_extrinsic(&encoded(&call));
			for ours in [first, second] {
				assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&ours])), Some(ours));
			}
			assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&short])), None);
		}
		let alone = Call::place_bids(&[BidPlacement {
			batch: BatchId { rollup: 0, index: 4 },
			round: 0,
			batch_digest: [1; 32],
			max_slot_fee: 5,
			commitment: [2; 32],
			seal: first,
		}]);
		let extrinsic = bare_extrinsic(&encoded(&alone));
		assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&first])), Some(first));
		assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&second])), None);
	}

	#[test]
	fn seal_should_not_be_found_when_it_is_too_short_or_only_data() {
		let metadata = our_metadata().unwrap();
		let short = [3; SEAL_BYTES - 1];
		let extrinsic = bare_extrinsic(&encoded(&bid(&short)));
		assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&short])), None);
		let hidden = encoded(&bid(&[3; SEAL_BYTES]));
		let extrinsic = bare_extrinsic(&encoded(&remark(&hidden)));
		assert_eq!(seal(&metadata, &extrinsic, &blake2_256(&[&[3; SEAL_BYTES]])), None);
		assert_eq!(seal(&metadata, &[1, 2, 3], &[0; 32]), None);
	}

	#[test]
	fn commit_should_not_be_found_when_its_bytes_are_only_data_or_cut_short() {
		let call = encoded(&commit(0, b"hidden"));
		let hidden = bare_extrinsic(&encoded(&remark(&call)));
		assert_eq!(commits_of(&hidden, b"hidden"), []);
		let mut short = bare_extrinsic(&call);
		assert_eq!(commits_of(&short, b"hidden").len(), 1);
		short.truncate(short.len() - 3);
		assert_eq!(commits_of(&short, b"hidden"), []);
	}
}
