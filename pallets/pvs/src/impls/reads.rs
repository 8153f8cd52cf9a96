// SPDX-License-Identifier: Apache-2.0
//! Answers of the Runtime API, and the hashes that bind bids and proofs.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use pvs_auction::{
	concentration::concentration,
	explain::{explain, RankedBid},
	phase::{phase, Windows},
	recent::{by_batches, by_payment},
	round::{Auction, BidStage, Place, Stage, Standing},
	share::epoch,
	slashing::rescue_payment,
	slot_fee::slot_fee,
	step::expected_winner,
};
use pvs_primitives::{
	api::{
		AssignmentInfo, BatchId, BatchInfo, BatchStatus, BidExplanation, BidInfo, BidState,
		ExpectedWinner, MarketInfo, Page, PlaceInfo, ProverInfo, RescueInfo, RollupInfo, RoundInfo,
		SealInfo, UnsettledBidInfo, UnsettledRoundInfo,
	},
	bid,
	bid::{BID_CONTEXT_BYTES, PAYLOAD_BYTES},
	hash::blake2_256,
	public_inputs::{binding, PublicInputs},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId, RoundNumber,
};
use pvs_timelock::{generator, modulus, verify_opening, Statement};
use sp_runtime::{
	traits::{BlockNumberProvider, Zero},
	SaturatedConversion,
};

impl<T: Config> Pallet<T> {
	/// The height that windows and deadlines are measured by.
	pub fn now() -> BlockNumber {
		T::BlockNumberProvider::current_block_number().saturated_into()
	}

	/// The hash of block 0, which FRAME never prunes.
	pub fn genesis_hash() -> Bytes32 {
		let hash = frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		);
		let mut bytes = [0u8; 32];
		hash.as_ref().iter().zip(bytes.iter_mut()).for_each(|(from, to)| *to = *from);
		bytes
	}

	/// Returns what a bid of this bidder in the current round is bound to.
	pub(crate) fn bid_context(entry: &Entry<T>, bidder: &T::AccountId) -> [u8; BID_CONTEXT_BYTES] {
		bid::bid_context(
			&entry.batch.genesis_hash,
			entry.id,
			entry.batch.round.number,
			&Self::batch_digest(&entry.batch, entry.batch.round.reserve),
			bidder.as_ref(),
		)
	}

	/// The longest bidding window that seals keep secret. Insecure parameters say so by name and are
	/// not held to it.
	pub(crate) fn max_bidding_blocks() -> BlockNumber {
		let parameters = T::Seals::get().parameters;
		if parameters.insecure {
			return BlockNumber::MAX;
		}
		Self::seal_timing().covered_blocks(parameters.delay).saturating_sub(Self::finality_gap())
	}

	/// The shortest opening window in which the seals of a full round can be opened.
	pub(crate) fn min_opening_blocks() -> BlockNumber {
		Self::seal_timing()
			.opening_blocks(T::Seals::get().parameters.delay, T::MaxBids::get())
			.saturating_add(Self::inclusion_slack())
	}

	/// The body of `PvsApi::seals`.
	pub fn seal_info() -> SealInfo {
		let parameters = T::Seals::get().parameters;
		SealInfo {
			name: parameters.name.as_bytes().to_vec(),
			insecure: parameters.insecure,
			digest: parameters.digest(),
			delay: parameters.delay,
			h: parameters.h.to_vec(),
			h_proof: parameters.h_proof.to_vec(),
			max_bidding_blocks: Self::max_bidding_blocks(),
			min_opening_blocks: Self::min_opening_blocks(),
			min_settle_blocks: Self::min_settle_blocks(),
			slot_millis: Self::seal_timing().slot_millis,
			modulus: modulus().to_vec(),
			generator: generator().to_vec(),
		}
	}

	/// The body of `PvsApi::check_opening`.
	pub fn opening_holds(
		at: RoundKey,
		bidder: &T::AccountId,
		opener: &T::AccountId,
		opening: &Opening,
	) -> Option<bool> {
		let RoundKey { batch, round } = at;
		let (commitment, seal_hash, seal_digest, context) = if let Ok(kept) = Self::silent_round(at)
		{
			let bid = Self::silent_bid(at, bidder).ok()?;
			let context = Self::unsettled_context(at, &kept, bidder);
			(bid.commitment, bid.seal_hash, kept.seal_digest, context)
		} else {
			let entry =
				Self::entry(batch).ok().filter(|entry| entry.batch.round.number == round)?;
			let bid = Self::bid(batch, bidder).ok()?;
			if bid.stage != BidStage::Sealed {
				return None;
			}
			let context = Self::bid_context(&entry, bidder);
			(bid.commitment, bid.seal_hash, entry.batch.snapshot.seal_digest, context)
		};
		if blake2_256(&[&opening.seal]) != seal_hash {
			return Some(false);
		}
		let statement = Statement {
			parameters: Self::seals_of(&seal_digest)?,
			seal: &opening.seal,
			context: &context,
			commitment: &commitment,
			opener: opener.as_ref(),
		};
		Some(verify_opening(&statement, &opening.solution, &opening.proof).is_ok())
	}

	pub(crate) fn batch_digest(record: &BatchRecordOf<T>, reserve: Balance) -> Bytes32 {
		bid::batch_digest(
			&record.prev_state_root,
			&record.next_state_root,
			&record.data_commitment,
			record.max_fee,
			reserve,
			&record.snapshot,
		)
	}

	pub(crate) fn inputs(
		batch: BatchId,
		record: &BatchRecordOf<T>,
		prover: &T::AccountId,
	) -> PublicInputs {
		PublicInputs {
			prev_state_root: record.prev_state_root,
			next_state_root: record.next_state_root,
			data_commitment: record.data_commitment,
			binding: binding(&record.genesis_hash, batch, record.round.number, prover.as_ref()),
		}
	}

	/// The body of `PvsApi::rollup`.
	pub fn rollup_info(rollup: RollupId) -> Option<RollupInfo<T::AccountId>> {
		let record = Self::rollup(rollup).ok()?;
		let snapshot = Self::snapshot(record.params.clone());
		let next_place = Self::next_place(rollup, &record, &snapshot).ok();
		Some(RollupInfo {
			id: rollup,
			owner: record.owner,
			sequencer: record.sequencer,
			verifying_key_hash: record.verifying_key_hash,
			genesis_root: record.genesis_root,
			finalized_root: record.finalized_root,
			next_to_finalize: record.next_to_finalize,
			next_index: record.next_index,
			tip_root: record.tip_root,
			pending: record.pending,
			reserve: record.prices.reserve,
			params: record.params,
			deposit: record.deposit,
			offered_to: record.offered_to,
			next_rent: next_place.map(|place| place.rent_from(Self::now())),
		})
	}

	/// The body of `PvsApi::batch`.
	pub fn batch_info(batch: BatchId) -> Option<BatchInfo<T::AccountId>> {
		let entry = Self::entry(batch).ok()?;
		let dropped = Self::standing(batch, &entry.rollup) == Standing::Dropped;
		let Entry { batch: record, .. } = entry;
		let status = match record.round.stage {
			_ if dropped => BatchStatus::Dropped,
			Stage::Proven { prover, at, .. } => BatchStatus::Proven { prover, at },
			Stage::Auction(_) => BatchStatus::Auction,
			Stage::Assigned(_) => BatchStatus::Assigned,
			Stage::Offered(_) => BatchStatus::Offered,
			Stage::Rescue(_) => BatchStatus::Rescue,
			Stage::Waiting => BatchStatus::Waiting,
		};
		Some(BatchInfo {
			id: batch,
			sequencer: record.sequencer,
			committed_at: record.committed_at,
			prev_state_root: record.prev_state_root,
			next_state_root: record.next_state_root,
			data_commitment: record.data_commitment,
			max_fee: record.max_fee,
			round: record.round.number,
			empty_rounds: record.round.empty_rounds,
			failed_rounds: record.round.failed_rounds,
			slashed: record.round.slashed,
			status,
			rent_rate: record.place.rate,
			rent_until: record.place.until,
			snapshot: record.snapshot,
		})
	}

	/// The body of `PvsApi::rollups`.
	pub fn rollups_page(from: RollupId, limit: u32) -> Page<RollupInfo<T::AccountId>, RollupId> {
		Page::fill(from..NextRollupId::<T>::get(), limit, Self::rollup_info)
	}

	/// The body of `PvsApi::open_rounds`. Work grows with the pending batches of the chain: it is for
	/// reading off chain.
	pub fn open_rounds_page(
		rollup: RollupId,
		from: BatchIndex,
		limit: u32,
	) -> Page<RoundInfo<T::AccountId>, BatchIndex> {
		let mut indices: Vec<_> = Batches::<T>::iter_keys()
			.filter(|batch| batch.rollup == rollup && batch.index >= from)
			.map(|batch| batch.index)
			.collect();
		indices.sort_unstable();
		Page::fill(indices, limit, |index| Self::round_info(BatchId { rollup, index }))
	}

	/// The body of `PvsApi::unsettled_bids`. Work grows with the unsettled rounds of the chain: it is for
	/// reading off chain.
	pub fn unsettled_page(
		rollup: RollupId,
		from: (BatchIndex, RoundNumber),
		limit: u32,
	) -> Page<UnsettledRoundInfo<T::AccountId>, (BatchIndex, RoundNumber)> {
		let mut keys: Vec<_> = UnsettledRounds::<T>::iter_keys()
			.filter(|(batch, _)| batch.rollup == rollup)
			.map(|(batch, round)| (batch.index, round))
			.filter(|key| *key >= from)
			.collect();
		keys.sort_unstable();
		Page::fill(keys, limit, |(index, round)| {
			Self::unsettled_info(RoundKey { batch: BatchId { rollup, index }, round })
		})
	}

	fn unsettled_info(at: RoundKey) -> Option<UnsettledRoundInfo<T::AccountId>> {
		let RoundKey { batch, round } = at;
		let kept = Self::silent_round(at).ok()?;
		Some(UnsettledRoundInfo {
			batch,
			round,
			committer: kept.committer,
			sequencer: kept.sequencer,
			batch_digest: kept.batch_digest,
			seal_digest: kept.seal_digest,
			reserve: kept.closed.reserve,
			bond: kept.closed.bond(),
			until: kept.closed.until,
			bids: UnsettledBids::<T>::iter_prefix(at.id())
				.map(|(bidder, bid)| UnsettledBidInfo {
					bidder,
					commitment: bid.commitment,
					seal_hash: bid.seal_hash,
					placed: bid.placed,
				})
				.collect(),
		})
	}

	/// The body of `PvsApi::round`.
	pub fn round_info(batch: BatchId) -> Option<RoundInfo<T::AccountId>> {
		let entry = Self::entry(batch).ok()?;
		let context = Self::context(&entry);
		let round = &entry.batch.round;
		let dropped = context.standing == Standing::Dropped;
		let auction = match &round.stage {
			// A prover at work on a dropped batch may still deliver.
			Stage::Assigned(_) => None,
			_ if dropped => return None,
			Stage::Auction(auction) => Some(*auction),
			Stage::Offered(_) | Stage::Rescue(_) => None,
			Stage::Waiting | Stage::Proven { .. } => return None,
		};
		let full = Auction { bids: entry.batch.snapshot.max_bids, ..Auction::default() };
		let auction = auction.unwrap_or(full);
		let next_block = Self::now().saturating_add(1);
		let (phase, phase_ends_at) = phase(round, &context, next_block);
		let windows = Windows::new(round.opened_at, &auction, &context);
		Some(RoundInfo {
			batch,
			round: round.number,
			opened_at: round.opened_at,
			reserve: round.reserve,
			bond: context.bond(round.reserve),
			slot_fee: slot_fee(round.reserve, auction.bids, context.snapshot).ok()?,
			batch_digest: Self::batch_digest(&entry.batch, round.reserve),
			phase,
			phase_ends_at,
			bidding_from: windows.bidding_from,
			reveal_from: windows.reveal_from,
			reveal_until: windows.reveal_until,
			opening_until: windows.opening_until,
			bids: Bids::<T>::iter_prefix(batch)
				.map(|(bidder, bid)| BidInfo {
					bidder,
					commitment: bid.commitment,
					seal_hash: bid.seal_hash,
					placed: bid.placed,
					state: match bid.stage {
						BidStage::Sealed => BidState::Sealed,
						BidStage::Revealed(terms) => {
							BidState::Revealed { fee: terms.fee, proof_blocks: terms.proof_blocks }
						},
						BidStage::Opened(terms) => {
							BidState::Opened { fee: terms.fee, proof_blocks: terms.proof_blocks }
						},
						BidStage::Void => BidState::Void,
					},
				})
				.collect(),
			assignment: match &round.stage {
				Stage::Assigned(assignment) => Some(AssignmentInfo {
					prover: assignment.place.prover.clone(),
					fee: assignment.place.fee,
					payment: assignment.place.payment,
					proof_blocks: assignment.place.proof_blocks,
					assigned_at: assignment.delivery.assigned_at,
					clock: assignment.delivery.clock,
					on_time_until: assignment.delivery.on_time_until,
					late_until: assignment.delivery.late_until,
				}),
				_ => None,
			},
			ladder: round.runners_up().map(Self::place_info).collect(),
			rescue: match &round.stage {
				Stage::Rescue(rescue) => Some(RescueInfo {
					started_at: rescue.started_at,
					payment: rescue_payment(
						rescue.first_payment,
						round.reserve,
						rescue.started_at,
						context.params().rescue_blocks,
						next_block,
					)
					.ok()?,
					last_payment: round.reserve,
				}),
				_ => None,
			},
		})
	}

	/// The body of `PvsApi::expected_winner`.
	pub fn expected_winner_info(batch: BatchId) -> Option<ExpectedWinner<T::AccountId>> {
		let entry = Self::entry(batch).ok()?;
		let bids = Self::auction_bids(batch);
		let next_block = Self::now().saturating_add(1);
		let round = &entry.batch.round;
		let winner = expected_winner(round, &bids, &Self::context(&entry), next_block).ok()??;
		Some(ExpectedWinner {
			round: round.number,
			prover: winner.place.prover,
			fee: winner.place.fee,
			payment: winner.place.payment,
			proof_blocks: winner.place.proof_blocks,
			clock: winner.delivery.clock,
			on_time_until: winner.delivery.on_time_until,
			late_until: winner.delivery.late_until,
			decided: winner.decided,
		})
	}

	/// The body of `PvsApi::explain`.
	pub fn explanation(
		batch: BatchId,
		round: RoundNumber,
	) -> Option<Vec<BidExplanation<T::AccountId>>> {
		let entry = Self::entry(batch).ok()?;
		let current = &entry.batch.round;
		if current.number != round || !matches!(current.stage, Stage::Auction(_)) {
			return None;
		}
		let bids = Self::auction_bids(batch);
		let ranked = explain(&bids, current.reserve, &Self::context(&entry)).ok()?;
		let explanation = |bid: RankedBid<T::AccountId>| BidExplanation {
			bidder: bid.bidder,
			fee: bid.fee,
			proof_blocks: bid.proof_blocks,
			share: bid.share,
			fee_part: bid.fee_part,
			time_part: bid.time_part,
			score: bid.score,
			payment: bid.payment,
			winning_fee: bid.winning_fee,
		};
		Some(ranked.into_iter().map(explanation).collect())
	}

	fn place_info(place: &Place<T::AccountId>) -> PlaceInfo<T::AccountId> {
		PlaceInfo {
			prover: place.prover.clone(),
			fee: place.fee,
			payment: place.payment,
			proof_blocks: place.proof_blocks,
		}
	}

	/// The body of `PvsApi::prover`.
	pub fn prover_info(account: T::AccountId) -> Option<ProverInfo<T::AccountId>> {
		let record = Self::prover(&account).ok()?;
		Some(ProverInfo {
			account,
			stake: record.stake,
			reserved: record.reserved,
			unbonding: record.unbonding,
			suspended: Self::is_suspended(&record),
			recent_share: Self::recent_share(&record),
			stats: record.stats,
		})
	}

	/// The body of `PvsApi::market`. Work grows with the registered provers: it is for reading off
	/// chain.
	pub fn market_info(rollup: RollupId) -> Option<MarketInfo> {
		let RollupRecord { prices, stats, .. } = Self::rollup(rollup).ok()?;
		let epoch = epoch(Self::now(), T::ShareEpoch::get());
		let (proofs, paid): (Vec<_>, Vec<_>) = Provers::<T>::iter_values()
			.map(|record| (record.recent.at(epoch), record.recent_paid.at(epoch)))
			.unzip();
		let batches: Vec<_> = RecentBatches::<T>::iter_prefix_values(rollup).collect();
		Some(MarketInfo {
			reserve: prices.reserve,
			mean_payment: prices.mean,
			stats,
			concentration: concentration(proofs.into_iter().map(u128::from)),
			concentration_by_payment: concentration(paid),
			rollup_concentration: by_batches(&batches),
			rollup_concentration_by_payment: by_payment(&batches),
		})
	}

	/// The body of `PvsApi::public_inputs`.
	pub fn public_inputs_of(batch: BatchId, prover: T::AccountId) -> Option<[Bytes32; 4]> {
		let record = Self::batch(batch).ok()?;
		Some(Self::inputs(batch, &record, &prover).to_array())
	}

	/// The body of `PvsApi::bid_commitment`.
	pub fn commitment_of(
		batch: BatchId,
		bidder: T::AccountId,
		payload: [u8; PAYLOAD_BYTES],
	) -> Option<Bytes32> {
		let entry = Self::entry(batch).ok()?;
		if !matches!(entry.batch.round.stage, Stage::Auction(_)) {
			return None;
		}
		Some(bid::commitment_in(&Self::bid_context(&entry, &bidder), &payload))
	}
}
