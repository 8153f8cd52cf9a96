// SPDX-License-Identifier: Apache-2.0
//! Errors of calls, in the words of the chain's metadata.

use crate::{pallet_error::PalletError, submit::SubmitError, PALLET};
use core::marker::PhantomData;
use subxt::{
	error::DispatchError,
	ext::scale_decode::{
		visitor::{decode_with_visitor, DecodeAsTypeResult, IgnoreVisitor},
		Error as DecodeError, IntoVisitor, TypeResolver, Visitor,
	},
	ArcMetadata,
};

/// An error with which a call failed, or one item of a call that takes several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
	/// The error, if it is one of the market's pallet.
	pub error: Option<PalletError>,
	/// The pallet and the name of its error.
	pub name: String,
	/// The error's documentation in the chain's metadata.
	pub explanation: String,
}

impl CallError {
	/// Returns what the chain's metadata says about an error of a call that a block took.
	pub(crate) fn of(dispatched: &DispatchError) -> Self {
		match dispatched {
			DispatchError::Module(module) => match module.details() {
				Ok(details) => {
					let (pallet, variant) = (details.pallet.name(), &details.variant.name);
					let docs = details.variant.docs.join(" ");
					Self {
						error: PalletError::from_name(variant).filter(|_| pallet == PALLET),
						name: format!("{pallet}::{variant}"),
						explanation: docs.trim().to_owned(),
					}
				},
				Err(error) => Self::unnamed(module.details_string(), error.to_string()),
			},
			other => Self::unnamed(ANY_ERROR.into(), other.to_string()),
		}
	}

	fn unnamed(name: String, explanation: String) -> Self {
		Self { error: None, name, explanation }
	}

	/// Returns this as the error with which a call failed.
	pub(crate) fn of_call(self, call: &'static str) -> SubmitError {
		let Self { error, name, explanation } = self;
		SubmitError::Failed { call, error, name, explanation }
	}
}

/// Name of an error that is none of a pallet.
const ANY_ERROR: &str = "a dispatch error";

/// A dispatch error as an event carries it. What it says depends on the chain's metadata.
#[derive(Debug)]
pub(crate) struct EncodedError(Vec<u8>);

impl EncodedError {
	/// Returns what the chain's metadata says about the error.
	pub(crate) fn explained(self, metadata: &ArcMetadata) -> CallError {
		match DispatchError::decode_from(self.0, metadata.clone()) {
			Ok(error) => CallError::of(&error),
			Err(error) => CallError::unnamed(ANY_ERROR.into(), error.to_string()),
		}
	}
}

/// Takes the bytes of a value as they are.
pub(crate) struct EncodedErrorVisitor<R>(PhantomData<R>);

impl<R: TypeResolver> Visitor for EncodedErrorVisitor<R> {
	type Error = DecodeError;
	type Value<'scale, 'resolver> = EncodedError;
	type TypeResolver = R;

	fn unchecked_decode_as_type(
		self,
		input: &mut &[u8],
		type_id: R::TypeId,
		types: &R,
	) -> DecodeAsTypeResult<Self, Result<EncodedError, DecodeError>> {
		let bytes = *input;
		let skipped = decode_with_visitor(input, type_id, types, IgnoreVisitor::<R>::new());
		let length = bytes.len().saturating_sub(input.len());
		let taken = bytes.get(..length).unwrap_or_default();
		DecodeAsTypeResult::Decoded(match skipped {
			Ok(()) => Ok(EncodedError(taken.to_vec())),
			Err(error) => Err(error.into()),
		})
	}
}

impl IntoVisitor for EncodedError {
	type AnyVisitor<R: TypeResolver> = EncodedErrorVisitor<R>;

	fn into_visitor<R: TypeResolver>() -> EncodedErrorVisitor<R> {
		EncodedErrorVisitor(PhantomData)
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::connection::our_metadata;
	use subxt::ext::scale_decode::DecodeAsType;

	/// An error of a pallet as a chain with our metadata encodes it.
	pub(crate) fn encoded(pallet: &str, name: &str) -> Vec<u8> {
		/// Index of `Module` in a dispatch error.
		const MODULE: u8 = 3;
		let metadata = our_metadata().unwrap();
		let pallet = metadata.pallet_by_name(pallet).unwrap();
		let variants = pallet.error_variants().unwrap();
		let index = variants.iter().find(|error| error.name == name).unwrap().index;
		vec![MODULE, pallet.error_index(), index, 0, 0, 0]
	}

	/// The error of a call, as a chain with our metadata tells it.
	pub(crate) fn of(pallet: &str, name: &str) -> CallError {
		let metadata = our_metadata().unwrap().arc();
		CallError::of(&DispatchError::decode_from(encoded(pallet, name), metadata).unwrap())
	}

	#[test]
	fn error_of_the_pallet_should_be_told_with_its_documentation() {
		let metadata = our_metadata().unwrap();
		for variant in metadata.pallet_by_name(PALLET).unwrap().error_variants().unwrap() {
			let error = of(PALLET, &variant.name);
			assert!(error.error.is_some() && !error.explanation.is_empty(), "{error:?}");
			let start = format!("place_bid failed with Pvs::{}: ", variant.name);
			let text = error.of_call("place_bid").to_string();
			assert!(text.starts_with(&start) && text.len() > start.len(), "{text}");
		}
		assert_eq!(of(PALLET, "AlreadyBid").error, Some(PalletError::AlreadyBid));
	}

	#[test]
	fn error_of_another_pallet_should_not_be_taken_for_ours_when_it_has_the_same_name() {
		let name = "InsufficientBalance";
		assert_eq!(of(PALLET, name).error, Some(PalletError::InsufficientBalance));
		assert_eq!(of("Balances", name).error, None);
		let other = CallError::of(&DispatchError::BadOrigin);
		assert_eq!(other.error, None);
		let other = other.of_call("place_bid").to_string();
		assert_eq!(other, "place_bid failed with a dispatch error: Bad origin.");
	}

	#[test]
	fn error_in_an_event_should_be_the_one_that_the_call_alone_would_have_failed_with() {
		let metadata = our_metadata().unwrap().arc();
		let of_errors = metadata.dispatch_error_ty().unwrap();
		/// Index of `BadOrigin` in a dispatch error.
		const BAD_ORIGIN: u8 = 2;
		for (bytes, expected) in [
			(encoded(PALLET, "SlotFeeTooHigh"), of(PALLET, "SlotFeeTooHigh")),
			(encoded("Balances", "InsufficientBalance"), of("Balances", "InsufficientBalance")),
			(vec![BAD_ORIGIN], CallError::of(&DispatchError::BadOrigin)),
		] {
			let input = [&bytes[..], &[9, 9]].concat();
			let mut rest = &input[..];
			let found = EncodedError::decode_as_type(&mut rest, of_errors, metadata.types());
			assert_eq!(found.unwrap().explained(&metadata), expected);
			assert_eq!(rest, [9, 9], "what comes after it is left");
		}
		let short = &encoded(PALLET, "SlotFeeTooHigh")[..3];
		assert!(EncodedError::decode_as_type(&mut &*short, of_errors, metadata.types()).is_err());
	}
}
