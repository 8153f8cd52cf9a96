// SPDX-License-Identifier: Apache-2.0
//! Reads of rows that calls ask for, each written once. A row that is there and does not decode, as one of another
//! layout, is never taken for one that is not there.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use pvs_auction::round::Bid;
use pvs_primitives::{api::BatchId, RollupId};
use pvs_verifier::PREPARED_KEY_BYTES;

impl<T: Config> Pallet<T> {
	/// Returns a rollup.
	///
	/// # Errors
	/// `RollupNotFound`, or `Corrupt` if its row does not decode.
	pub(crate) fn rollup(id: RollupId) -> Result<RollupRecordOf<T>, Error<T>> {
		Rollups::<T>::get(id)
			.ok_or_else(|| Self::unread(Rollups::<T>::contains_key(id), Error::RollupNotFound))
	}

	/// Returns the key of a rollup that has a row.
	///
	/// # Errors
	/// `Corrupt` if there is none.
	pub(crate) fn verifying_key(id: RollupId) -> Result<[u8; PREPARED_KEY_BYTES], Error<T>> {
		VerifyingKeys::<T>::get(id).ok_or(Error::Corrupt)
	}

	/// Returns a pending batch.
	///
	/// # Errors
	/// `BatchNotFound`, or `Corrupt` if its row does not decode.
	pub(crate) fn batch(id: BatchId) -> Result<BatchRecordOf<T>, Error<T>> {
		Batches::<T>::get(id)
			.ok_or_else(|| Self::unread(Batches::<T>::contains_key(id), Error::BatchNotFound))
	}

	/// Returns a pending batch with its rollup.
	///
	/// # Errors
	/// `BatchNotFound`, or `Corrupt` if a row does not decode or the rollup has none.
	pub(crate) fn entry(id: BatchId) -> Result<Entry<T>, Error<T>> {
		let batch = Self::batch(id)?;
		let rollup = Self::rollup(id.rollup).map_err(|_| Error::<T>::Corrupt)?;
		Ok(Entry::new(id, rollup, batch))
	}

	/// Returns a registered prover.
	///
	/// # Errors
	/// `ProverNotFound`, or `Corrupt` if its row does not decode.
	pub(crate) fn prover(who: &T::AccountId) -> Result<ProverRecord, Error<T>> {
		Provers::<T>::get(who)
			.ok_or_else(|| Self::unread(Provers::<T>::contains_key(who), Error::ProverNotFound))
	}

	/// Returns a bid in the open auction of a batch.
	///
	/// # Errors
	/// `BidNotFound`, or `Corrupt` if its row does not decode.
	pub(crate) fn bid(batch: BatchId, bidder: &T::AccountId) -> Result<BidRecord, Error<T>> {
		Bids::<T>::get(batch, bidder)
			.ok_or_else(|| Self::unread(Bids::<T>::contains_key(batch, bidder), Error::BidNotFound))
	}

	/// Returns the bids in the open auction of a batch, as the rules take them.
	pub(crate) fn auction_bids(batch: BatchId) -> Vec<Bid<T::AccountId>> {
		Bids::<T>::iter_prefix(batch)
			.map(|(bidder, bid)| Bid { bidder, share: bid.share, stage: bid.stage })
			.collect()
	}

	/// Returns a closed round with silent bids.
	///
	/// # Errors
	/// `NothingToSettle` if there is none, or `Corrupt` if its row does not decode.
	pub(crate) fn silent_round(at: RoundKey) -> Result<UnsettledRoundOf<T>, Error<T>> {
		let RoundKey { batch, round } = at;
		UnsettledRounds::<T>::get(batch, round).ok_or_else(|| {
			let exists = UnsettledRounds::<T>::contains_key(batch, round);
			Self::unread(exists, Error::NothingToSettle)
		})
	}

	/// Returns a silent bid of a closed round.
	///
	/// # Errors
	/// `NothingToSettle` if there is none, or `Corrupt` if its row does not decode.
	pub(crate) fn silent_bid(
		at: RoundKey,
		bidder: &T::AccountId,
	) -> Result<UnsettledBid, Error<T>> {
		UnsettledBids::<T>::get(at.id(), bidder).ok_or_else(|| {
			let exists = UnsettledBids::<T>::contains_key(at.id(), bidder);
			Self::unread(exists, Error::NothingToSettle)
		})
	}

	/// The error of a row that could not be read.
	fn unread(exists: bool, absent: Error<T>) -> Error<T> {
		if exists {
			Error::Corrupt
		} else {
			absent
		}
	}
}
