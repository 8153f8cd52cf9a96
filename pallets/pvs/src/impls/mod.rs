// SPDX-License-Identifier: Apache-2.0
//! Work of calls and hooks, by subject.

mod agenda;
mod batch;
mod bids;
mod delivery;
mod effects;
mod genesis;
mod money;
mod places;
mod prover;
mod reads;
mod rollup;
mod round;
mod rows;
mod settle;
mod upgrade;

use crate::pallet::*;
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	pallet_prelude::*,
};

impl<T: Config> Pallet<T> {
	/// A length that is bounded by far less.
	pub(crate) fn count(length: usize) -> u32 {
		u32::try_from(length).unwrap_or(u32::MAX)
	}

	/// The outcome of a call that did as much as this, whether it succeeded or not.
	pub(crate) fn charged(weight: Weight, outcome: DispatchResult) -> DispatchResultWithPostInfo {
		match outcome {
			Ok(()) => Ok(Some(weight).into()),
			Err(error) => Err(error.with_weight(weight)),
		}
	}
}
