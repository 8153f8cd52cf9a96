// SPDX-License-Identifier: Apache-2.0
//! Batch data and seals in the body of a block.
//!
//! A sequencer may commit, and a prover bid, through a proxy, a multisig or a batch of calls, nested as
//! it likes. So every value of the runtime's call type inside an extrinsic is looked at, wherever it sits:
//! nothing here knows which pallets carry calls.

use crate::PALLET;
use codec::Encode;
use pvs_primitives::{hash::blake2_256, Balance, Bytes32, RollupId};
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
	/// The highest fee that the sequencer pays, in planck.
	pub max_fee: Balance,
}

impl Commit {
	/// The Poseidon commitment to the data, as the chain computes it.
	pub fn data_commitment(&self) -> Bytes32 {
		pvs_primitives::poseidon::data_commitment(&self.data)
	}
}

/// All `commit_batch` calls for a rollup in the encoded extrinsics of a block, in order of
/// execution. Extrinsics that this metadata cannot decode are passed over.
pub fn commits(metadata: &Metadata, body: &[Vec<u8>], rollup: RollupId) -> Vec<Commit> {
	let Some(needle) = Needle::new(metadata, COMMIT_CALL, &rollup.encode()) else {
		return Vec::new();
	};
	let mut found: Vec<Commit> = body
		.iter()
		.filter(|extrinsic| needle.is_in(extrinsic))
		.filter_map(|extrinsic| call_of(metadata, extrinsic))
		.flat_map(|call| commits_in_call(metadata, call))
		.collect();
	found.retain(|commit| commit.rollup == rollup);
	found
}

/// Returns the seal with this hash among the `place_bid` calls of an encoded extrinsic, whether or not
/// they succeeded; `None` if it has none, or this metadata cannot decode it.
pub fn seal(metadata: &Metadata, extrinsic: &[u8], seal_hash: &Bytes32) -> Option<Seal> {
	let call = call_of(metadata, extrinsic)?;
	let seals = in_call(metadata, call, |call| {
		bytes(arguments_of(call, BID_CALL)?.at("seal")?)?.as_slice().try_into().ok()
	});
	seals.into_iter().find(|seal: &Seal| blake2_256(&[seal]) == *seal_hash)
}

/// Returns the encoded call of an encoded extrinsic.
fn call_of<'a>(metadata: &Metadata, extrinsic: &'a [u8]) -> Option<&'a [u8]> {
	let Ok(info) = decode_extrinsic(&mut &extrinsic[..], metadata, metadata.types()) else {
		tracing::debug!("passing over an extrinsic that the metadata does not describe");
		return None;
	};
	extrinsic.get(info.call_data_range())
}

/// All `commit_batch` calls in one encoded call of the runtime: itself or any call inside it.
pub fn commits_in_call(metadata: &Metadata, call: &[u8]) -> Vec<Commit> {
	in_call(metadata, call, as_commit)
}

/// Returns what `read` finds in an encoded call of the runtime and in every call inside it, in order of
/// execution.
fn in_call<T>(metadata: &Metadata, call: &[u8], read: impl Fn(&Value<u32>) -> Option<T>) -> Vec<T> {
	let call_type = metadata.outer_enums().call_enum_ty();
	let Ok(root) = decode_as_type(&mut &call[..], call_type, metadata.types()) else {
		return Vec::new();
	};
	let mut found = Vec::new();
	// A stack of our own: nesting is the sender's choice.
	let mut pending = vec![&root];
	while let Some(value) = pending.pop() {
		if value.context == call_type {
			if let Some(call) = read(value) {
				found.push(call);
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

/// The bytes that every encoded call of a name with these first arguments starts with. Looking for them
/// first saves decoding the rest of a block.
struct Needle(Vec<u8>);

impl Needle {
	fn new(metadata: &Metadata, name: &str, arguments: &[u8]) -> Option<Self> {
		let pallet = metadata.pallet_by_name(PALLET)?;
		let call = pallet.call_variant_by_name(name)?;
		Some(Self([&[pallet.call_index(), call.index], arguments].concat()))
	}

	fn is_in(&self, bytes: &[u8]) -> bool {
		bytes.windows(self.0.len()).any(|window| window == self.0)
	}
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
		max_fee: number(arguments.at("max_fee")?)?,
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
mod tests {
	use super::*;
	use crate::connection::our_metadata;
	use codec::Compact;
	use pvs_timelock::SEAL_BYTES;
	use subxt::dynamic::tx;
	use subxt::{config::substrate::SpecVersionForRange, OfflineClient, SubstrateConfig};

	type Dynamic = subxt::tx::DynamicPayload<Composite<()>>;

	fn commit(rollup: u128, data: &[u8]) -> Dynamic {
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

	fn batch_all(calls: impl IntoIterator<Item = Dynamic>) -> Dynamic {
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

	fn encoded(call: &Dynamic) -> Vec<u8> {
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
	fn bare_extrinsic(call: &[u8]) -> Vec<u8> {
		const BARE_VERSION_4: u8 = 4;
		let length = Compact(u32::try_from(call.len() + 1).unwrap());
		[length.encode(), vec![BARE_VERSION_4], call.to_vec()].concat()
	}

	fn data_of(call: &Dynamic) -> Vec<Vec<u8>> {
		let metadata = our_metadata().unwrap();
		let body = [bare_extrinsic(&encoded(call))];
		commits(&metadata, &body, 0).into_iter().map(|commit| commit.data).collect()
	}

	#[test]
	fn commit_should_be_found_when_it_is_the_extrinsic_itself() {
		let metadata = our_metadata().unwrap();
		let body = [bare_extrinsic(&encoded(&commit(0, &[1, 2, 3])))];
		let expected = Commit {
			rollup: 0,
			data: vec![1, 2, 3],
			prev_state_root: [8; 32],
			next_state_root: [7; 32],
			max_fee: 5,
		};
		assert_eq!(commits(&metadata, &body, 0), [expected]);
		assert_eq!(commits(&metadata, &body, 1), []);
	}

	#[test]
	fn commits_should_be_found_in_order_when_they_are_nested() {
		let deep = batch_all([
			remark(b"nothing"),
			commit(0, b"first"),
			through_proxy(batch_all([commit(0, b"second"), commit(1, b"other rollup")])),
			as_root(through_proxy(commit(0, b"third"))),
		]);
		assert_eq!(data_of(&deep), [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]);
	}

	fn bid(seal: &[u8]) -> Dynamic {
		let batch = Value::named_composite([("rollup", Value::u128(0)), ("index", Value::u128(4))]);
		let arguments = Composite::named([
			("batch", batch),
			("round", Value::u128(0)),
			("batch_digest", Value::from_bytes([1; 32])),
			("max_slot_fee", Value::u128(5)),
			("commitment", Value::from_bytes([2; 32])),
			("seal", Value::from_bytes(seal)),
		]);
		tx(PALLET, BID_CALL, arguments)
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
	fn commit_should_not_be_found_when_its_bytes_are_only_data() {
		let hidden = encoded(&commit(0, b"hidden"));
		assert_eq!(data_of(&remark(&hidden)), Vec::<Vec<u8>>::new());
	}

	#[test]
	fn body_should_be_searched_on_when_an_extrinsic_cannot_be_decoded() {
		let metadata = our_metadata().unwrap();
		let good = bare_extrinsic(&encoded(&commit(0, b"good")));
		let mut broken = good.clone();
		broken.truncate(broken.len() - 3);
		assert_eq!(commits(&metadata, &[broken, good], 0).len(), 1);
	}
}
