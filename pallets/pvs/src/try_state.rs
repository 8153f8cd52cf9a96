// SPDX-License-Identifier: Apache-2.0
//! Invariants of the pallet's storage after every block and every test.

use crate::{pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, pallet_prelude::*};
use pvs_auction::{
	recent::RECENT_BATCHES,
	round::{BidStage, Stage},
};
use pvs_primitives::{api::BatchId, Balance, BatchIndex, RollupId};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks the numbered invariants.
	///
	/// # Errors
	/// The text of the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(Self::is_storage_current(), "45: storage has the version that this runtime reads");
		Self::check_money()?;
		Self::check_bids()?;
		Self::check_batches()?;
		Self::check_unsettled()?;
		Self::check_agenda()
	}

	fn check_money() -> Result<(), TryRuntimeError> {
		// Rollups' sequencers have an entry even without a batch: what is left behind would show.
		let mut escrow: BTreeMap<T::AccountId, [Balance; 4]> =
			Rollups::<T>::iter_values().map(|rollup| (rollup.sequencer, [0; 4])).collect();
		for record in Batches::<T>::iter_values() {
			let rent = record.rent();
			let owed = escrow.entry(record.sequencer).or_default();
			let proven = matches!(record.round.stage, Stage::Proven { .. });
			let [fees, bonds, deposits, rents] = owed;
			if !proven {
				*fees = fees.saturating_add(record.max_fee);
				*bonds = bonds.saturating_add(record.snapshot.params.sequencer_bond);
			}
			*deposits = deposits.saturating_add(record.deposit);
			*rents = rents.saturating_add(rent);
		}
		for (sequencer, [fees, bonds, deposits, rents]) in escrow {
			ensure!(
				Self::held(HoldReason::Escrow, &sequencer) == fees,
				"1: a sequencer's escrow is the sum of its unproven batches' max_fee"
			);
			ensure!(
				Self::held(HoldReason::SequencerBond, &sequencer) == bonds,
				"2: a sequencer's bond is the sum of its unproven batches' bonds"
			);
			ensure!(
				Self::held(HoldReason::BatchDeposit, &sequencer) == deposits,
				"3: every batch's row is paid for by a deposit"
			);
			ensure!(
				Self::held(HoldReason::PlaceRent, &sequencer) == rents,
				"38: a sequencer's rent is the sum over its batches' places"
			);
		}
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		for record in Rollups::<T>::iter_values() {
			let sum = deposits.entry(record.owner).or_default();
			*sum = sum.saturating_add(record.deposit);
		}
		for (owner, sum) in deposits {
			ensure!(
				Self::held(HoldReason::RollupDeposit, &owner) == sum,
				"4: every rollup's row is paid for by a deposit"
			);
		}
		let mut reserved = BTreeMap::<T::AccountId, Balance>::new();
		let mut kept: Balance = 0;
		for (id, record) in Batches::<T>::iter() {
			kept = kept.saturating_add(record.round.slashed);
			let reserve = record.round.reserve;
			let penalty = record.snapshot.params.silence_penalty;
			let bids = Bids::<T>::iter_prefix(id).map(|(bidder, bid)| {
				let bond = match bid.stage {
					BidStage::Sealed | BidStage::Revealed(_) => reserve.saturating_add(penalty),
					BidStage::Opened(_) => reserve,
					BidStage::Void => 0,
				};
				(bidder, bond)
			});
			let places = record.round.bonded().map(|place| (place.prover.clone(), place.bond));
			for (prover, bond) in places.chain(bids) {
				let sum = reserved.entry(prover).or_default();
				*sum = sum.saturating_add(bond);
			}
		}
		for (at, bidder, _) in UnsettledBids::<T>::iter() {
			let bond = UnsettledRounds::<T>::get(at.0, at.1).map_or(0, |kept| kept.closed.bond());
			let sum = reserved.entry(bidder).or_default();
			*sum = sum.saturating_add(bond);
		}
		ensure!(
			Totals::<T>::get().kept_bonds == kept && Self::pot_balance() >= kept,
			"25: slashed bonds are kept until their batch ends"
		);
		for (prover, record) in Provers::<T>::iter() {
			ensure!(
				Self::held(HoldReason::ProverStake, &prover) == record.held(),
				"5: a prover's stake, with what is unbonding, is what is held from it"
			);
			ensure!(
				reserved.remove(&prover).unwrap_or_default() == record.reserved,
				"6: what a prover has reserved is the sum of its obligations"
			);
			ensure!(record.reserved <= record.stake, "7: bonds are covered by the stake");
			ensure!(
				Self::held(HoldReason::ProverDeposit, &prover) == record.deposit,
				"26: every prover's row is paid for by a deposit"
			);
		}
		ensure!(reserved.values().all(|bond| *bond == 0), "8: only registered provers have bonds");
		Ok(())
	}

	fn check_bids() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<BatchId, (u32, u32)>::new();
		for (batch, _, bid) in Bids::<T>::iter() {
			let (bids, sealed) = counts.entry(batch).or_default();
			*bids = bids.saturating_add(1);
			if bid.stage == BidStage::Sealed {
				*sealed = sealed.saturating_add(1);
			}
		}
		for (batch, record) in Batches::<T>::iter() {
			let expected = match record.round.stage {
				Stage::Auction(auction) => (auction.bids, auction.sealed),
				_ => (0, 0),
			};
			ensure!(
				counts.remove(&batch).unwrap_or_default() == expected,
				"9: a round counts its bids and its sealed bids"
			);
			ensure!(
				expected.0 <= record.snapshot.max_bids,
				"10: a round has at most as many bids as its snapshot says"
			);
		}
		ensure!(counts.is_empty(), "11: bids belong to a batch");
		Ok(())
	}

	fn check_batches() -> Result<(), TryRuntimeError> {
		let mut rows = BTreeMap::<RollupId, BTreeMap<BatchIndex, BatchRecord<T::AccountId>>>::new();
		let mut pool = 0u32;
		for (batch, record) in Batches::<T>::iter() {
			if record.place.kind == PlaceKind::Pool {
				pool = pool.saturating_add(1);
			}
			let round = &record.round;
			ensure!(
				round.reserve >= 1 && round.reserve <= record.max_fee,
				"28: a round's reserve is covered by the escrow"
			);
			ensure!(
				round.empty_rounds <= record.snapshot.params.max_empty_rounds.saturating_add(1)
					&& round.failed_rounds
						<= record.snapshot.params.max_failed_rounds.saturating_add(1),
				"29: a batch has at most one round beyond its bounds"
			);
			ensure!(
				Self::seals_of(&record.snapshot.seal_digest).is_some(),
				"30: the runtime has the seal parameters that a batch names"
			);
			ensure!(
				record.snapshot.max_bids <= T::MaxBids::get(),
				"31: MaxBids, on which weights rely, is not below what a batch may have"
			);
			ensure!(
				record.place.until > record.committed_at && record.place.rate >= 1,
				"39: every batch's place has a price, for a block at the least"
			);
			rows.entry(batch.rollup).or_default().insert(batch.index, record);
		}
		ensure!(
			Totals::<T>::get().taken_places == pool,
			"12: the pool counts the places that are taken"
		);
		let mut recent = BTreeMap::<RollupId, BTreeSet<u32>>::new();
		for (rollup, slot) in RecentBatches::<T>::iter_keys() {
			recent.entry(rollup).or_default().insert(slot);
		}
		let mut rollups = 0u32;
		for (id, rollup) in Rollups::<T>::iter() {
			let batches = rows.remove(&id).unwrap_or_default();
			let count = u32::try_from(batches.len()).unwrap_or(u32::MAX);
			rollups = rollups.saturating_add(1);
			ensure!(rollup.pending == count, "13: a rollup counts its batches");
			let guaranteed = batches
				.values()
				.filter(|record| record.place.kind == PlaceKind::Guaranteed)
				.count();
			ensure!(
				usize::try_from(rollup.guaranteed) == Ok(guaranteed),
				"40: a rollup counts its batches with guaranteed places"
			);
			ensure!(
				rollup.offered_to.as_ref() != Some(&rollup.owner),
				"41: no rollup is offered to its own owner"
			);
			ensure!(VerifyingKeys::<T>::contains_key(id), "14: every rollup has a key");
			ensure!(
				rollup.prices.reserve >= rollup.params.min_reserve
					&& rollup.prices.reserve <= rollup.params.max_reserve,
				"27: a rollup's reserve is within its bounds"
			);
			let mut root = rollup.finalized_root;
			let mut next = rollup.next_to_finalize;
			for (index, record) in batches.range(rollup.next_to_finalize..) {
				ensure!(*index == next, "15: live batches have no gaps");
				ensure!(
					record.prev_state_root == root,
					"16: each live batch builds on the one before"
				);
				root = record.next_state_root;
				next = next.saturating_add(1);
			}
			ensure!(next == rollup.next_index, "17: the next index follows the last batch");
			ensure!(root == rollup.tip_root, "18: the tip is the root of the last live batch");
			// Before the next one to finalize, each index has become final, failed or been dropped; rows
			// there wait for their clean-up.
			let stats = &rollup.stats;
			let rows = batches.range(..rollup.next_to_finalize).count();
			let others = stats.failed.saturating_add(stats.dropped);
			let finals = u64::try_from(rows)
				.ok()
				.and_then(|rows| rollup.next_to_finalize.checked_sub(others)?.checked_sub(rows));
			ensure!(finals == Some(rollup.finals), "46: a rollup counts its final batches");
			let kept = recent.remove(&id).unwrap_or_default();
			ensure!(
				(0..RECENT_BATCHES)
					.all(|slot| { kept.contains(&slot) == (u64::from(slot) < rollup.finals) })
					&& kept.iter().all(|slot| *slot < RECENT_BATCHES),
				"43: a rollup keeps who proved its newest final batches"
			);
			let waiting = batches.values().filter(|record| record.is_waiting()).count();
			ensure!(
				usize::try_from(rollup.waiting) == Ok(waiting),
				"47: a rollup counts its batches that wait for a predecessor"
			);
		}
		ensure!(rows.is_empty(), "19: batches belong to a rollup");
		ensure!(recent.is_empty(), "44: newest final batches belong to a rollup");
		ensure!(RollupCount::<T>::get() == rollups, "42: the chain counts its rollups");
		Ok(())
	}

	fn check_unsettled() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<RoundId, u32>::new();
		for (at, _, _) in UnsettledBids::<T>::iter() {
			let count = counts.entry(at).or_default();
			*count = count.saturating_add(1);
		}
		let mut expiries: BTreeMap<_, _> = Expiries::<T>::iter_keys()
			.map(expiry_item)
			.map(|(block, at)| (at.id(), block))
			.collect();
		ensure!(
			expiries.len() == Expiries::<T>::iter_keys().count(),
			"32: the silent bids of a round expire once"
		);
		for (batch, round, kept) in UnsettledRounds::<T>::iter() {
			let at = (batch, round);
			ensure!(
				kept.bids >= 1 && counts.remove(&at) == Some(kept.bids),
				"33: a closed round counts its silent bids"
			);
			ensure!(
				expiries.remove(&at) == Some(kept.expires_at)
					&& kept.expires_at >= kept.closed.until,
				"34: silent bids expire when their window is over"
			);
			ensure!(
				Self::seals_of(&kept.seal_digest).is_some(),
				"35: the runtime has the seal parameters that a silent bid names"
			);
		}
		ensure!(counts.is_empty(), "36: silent bids belong to a closed round");
		ensure!(expiries.is_empty(), "37: expiries belong to a closed round");
		Ok(())
	}

	fn check_agenda() -> Result<(), TryRuntimeError> {
		let mut entries = BTreeMap::new();
		for (at, batch) in Agenda::<T>::iter_keys().map(agenda_item) {
			ensure!(
				entries.insert(batch, at).is_none(),
				"20: a batch has at most one entry in the agenda"
			);
		}
		ensure!(
			CurrentPasses::<T>::get().iter().all(|pass| pass.until <= Self::now()),
			"21: a pass of the agenda began in a block that has passed"
		);
		for (batch, record) in Batches::<T>::iter() {
			ensure!(entries.remove(&batch) == record.due, "22: agenda and batch agree");
			if !matches!(record.round.stage, Stage::Waiting | Stage::Proven { .. }) {
				ensure!(record.due.is_some(), "23: every open round has a deadline");
			}
		}
		ensure!(entries.is_empty(), "24: agenda entries belong to a batch");
		Ok(())
	}
}
