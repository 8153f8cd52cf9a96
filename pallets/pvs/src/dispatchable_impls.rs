// SPDX-License-Identifier: Apache-2.0
//! The bodies of the calls.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use crate::{pallet::*, types::*, weights::WeightInfo};
use frame_support::{ensure, pallet_prelude::*};
use pvs_auction::{rules, rules::BrokenRule, score::score, slot_fee::slot_fee};
use pvs_primitives::{
	api::{BatchId, Phase},
	bid::{bid_commitment, BidPayload, PAYLOAD_BYTES},
	field,
	hash::blake2_256,
	params::RollupParams,
	poseidon, Balance, Bytes32, RollupId, RoundNumber,
};
use pvs_verifier::{KeyError, ProofError, ProofVerifier};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_rollup(
		owner: T::AccountId,
		verifying_key: &[u8],
		genesis_root: Bytes32,
		sequencer: T::AccountId,
		params: RollupParams,
	) -> DispatchResult {
		rules::check(&params, &Self::limits()).map_err(Self::params_error)?;
		ensure!(field::is_canonical(&genesis_root), Error::<T>::StateRootNonCanonical);
		let prepared = T::ProofVerifier::prepare_key(verifying_key).map_err(Self::key_error)?;
		let deposit = T::RollupDeposit::get();
		Self::hold(HoldReason::RollupDeposit, &owner, deposit)?;

		let rollup = NextRollupId::<T>::get();
		NextRollupId::<T>::put(rollup.checked_add(1).ok_or(Error::<T>::Corrupt)?);
		let verifying_key_hash = blake2_256(&[verifying_key]);
		VerifyingKeys::<T>::insert(rollup, prepared);
		Rollups::<T>::insert(
			rollup,
			RollupRecord {
				owner: owner.clone(),
				sequencer: sequencer.clone(),
				verifying_key_hash,
				genesis_root,
				finalized_root: genesis_root,
				next_to_finalize: 0,
				next_index: 0,
				tip_root: genesis_root,
				pending: 0,
				params,
				deposit,
			},
		);
		Self::deposit_event(Event::RollupRegistered {
			rollup,
			owner,
			sequencer,
			verifying_key_hash,
			genesis_root,
		});
		Ok(())
	}

	pub(crate) fn do_deregister_rollup(owner: T::AccountId, rollup: RollupId) -> DispatchResult {
		let record = Rollups::<T>::get(rollup).ok_or(Error::<T>::RollupNotFound)?;
		ensure!(record.owner == owner, Error::<T>::NotOwner);
		ensure!(record.pending == 0, Error::<T>::RollupBusy);
		Self::release(HoldReason::RollupDeposit, &owner, record.deposit)?;
		Rollups::<T>::remove(rollup);
		VerifyingKeys::<T>::remove(rollup);
		Self::deposit_event(Event::RollupDeregistered { rollup, deposit: record.deposit });
		Ok(())
	}

	pub(crate) fn do_register_prover(prover: T::AccountId, stake: Balance) -> DispatchResult {
		ensure!(!Provers::<T>::contains_key(&prover), Error::<T>::ProverExists);
		ensure!(stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
		Self::hold(HoldReason::ProverStake, &prover, stake)?;
		Provers::<T>::insert(&prover, ProverRecord { stake, ..Default::default() });
		Self::deposit_event(Event::ProverRegistered { prover, stake });
		Ok(())
	}

	pub(crate) fn do_deregister_prover(prover: T::AccountId) -> DispatchResult {
		let record = Provers::<T>::get(&prover).ok_or(Error::<T>::ProverNotFound)?;
		ensure!(record.reserved == 0, Error::<T>::ProverBusy);
		Self::release(HoldReason::ProverStake, &prover, record.stake)?;
		Provers::<T>::remove(&prover);
		Self::deposit_event(Event::ProverDeregistered { prover, stake: record.stake });
		Ok(())
	}

	pub(crate) fn do_commit_batch(
		sequencer: T::AccountId,
		rollup: RollupId,
		data: &[u8],
		next_state_root: Bytes32,
		max_fee: Balance,
	) -> DispatchResult {
		let mut record = Rollups::<T>::get(rollup).ok_or(Error::<T>::RollupNotFound)?;
		ensure!(record.sequencer == sequencer, Error::<T>::NotSequencer);
		let data_len = u32::try_from(data.len()).map_err(|_| Error::<T>::WrongDataLength)?;
		ensure!(data_len == record.params.data_len, Error::<T>::WrongDataLength);
		ensure!(field::is_canonical(&next_state_root), Error::<T>::StateRootNonCanonical);
		ensure!(max_fee >= record.params.min_reserve, Error::<T>::MaxFeeTooLow);
		ensure!(max_fee <= record.params.max_reserve, Error::<T>::MaxFeeTooHigh);
		ensure!(record.pending < T::MaxPendingBatches::get(), Error::<T>::TooManyPendingBatches);
		let in_chain = PendingInChain::<T>::get();
		ensure!(in_chain < T::MaxPendingInChain::get(), Error::<T>::ChainFull);
		let block_data = BlockDataBytes::<T>::get().saturating_add(data_len);
		ensure!(block_data <= T::MaxBlockDataBytes::get(), Error::<T>::BlockDataFull);

		let deposit = T::BatchDeposit::get();
		Self::hold(HoldReason::Escrow, &sequencer, max_fee)?;
		Self::hold(HoldReason::SequencerBond, &sequencer, record.params.sequencer_bond)?;
		Self::hold(HoldReason::BatchDeposit, &sequencer, deposit)?;

		let batch = BatchId { rollup, index: record.next_index };
		let prev_state_root = record.tip_root;
		let data_commitment = poseidon::data_commitment(data);
		record.next_index = successor::<T>(batch.index)?;
		record.tip_root = next_state_root;
		record.pending = record.pending.saturating_add(1);
		let params = record.params.clone();
		Rollups::<T>::insert(rollup, record);
		PendingInChain::<T>::put(in_chain.saturating_add(1));
		BlockDataBytes::<T>::put(block_data);
		Self::deposit_event(Event::BatchCommitted {
			batch,
			sequencer: sequencer.clone(),
			prev_state_root,
			next_state_root,
			data_commitment,
			max_fee,
		});

		let mut record = BatchRecord {
			sequencer,
			committed_at: Self::now(),
			prev_state_root,
			next_state_root,
			data_commitment,
			max_fee,
			deposit,
			params,
			round: 0,
			stage: Stage::Waiting,
			due: None,
		};
		Self::open_round(batch, &mut record);
		Batches::<T>::insert(batch, record);
		Ok(())
	}

	pub(crate) fn do_place_bid(
		bidder: T::AccountId,
		batch: BatchId,
		round: RoundNumber,
		batch_digest: Bytes32,
		max_slot_fee: Balance,
		commitment: Bytes32,
	) -> DispatchResult {
		let (rollup, mut record) = Self::live_batch(batch)?;
		let Stage::Auction(mut auction) = record.stage else {
			return Err(Error::<T>::NotBidding.into());
		};
		ensure!(record.round == round, Error::<T>::WrongRound);
		let (phase, _) = Self::timeline(&record.params, &auction).phase(Self::now());
		ensure!(phase == Phase::Bidding, Error::<T>::NotBidding);
		let digest = Self::batch_digest(&record, auction.reserve);
		ensure!(digest == batch_digest, Error::<T>::BatchChanged);
		ensure!(
			bidder != record.sequencer && bidder != rollup.sequencer,
			Error::<T>::SequencerMayNotBid
		);
		let mut prover = Provers::<T>::get(&bidder).ok_or(Error::<T>::ProverNotFound)?;
		ensure!(prover.stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
		ensure!(!Bids::<T>::contains_key(batch, &bidder), Error::<T>::AlreadyBid);
		ensure!(auction.bids < T::MaxBids::get(), Error::<T>::RoundFull);
		let fee = slot_fee(T::SlotFeeBase::get(), auction.bids, T::MaxBids::get());
		ensure!(fee <= max_slot_fee, Error::<T>::SlotFeeTooHigh);
		let bond = Self::bond(&record.params, auction.reserve)?;
		let reserved = prover.reserved.checked_add(bond).ok_or(Error::<T>::InsufficientStake)?;
		ensure!(reserved <= prover.stake, Error::<T>::InsufficientStake);
		Self::burn_free(&bidder, fee)?;

		prover.reserved = reserved;
		prover.stats.bids = prover.stats.bids.saturating_add(1);
		Provers::<T>::insert(&bidder, prover);
		let first = auction.bids == 0;
		auction.bids = auction.bids.saturating_add(1);
		auction.sealed = auction.sealed.saturating_add(1);
		record.stage = Stage::Auction(auction);
		if first {
			let due = Self::timeline(&record.params, &auction).due();
			Self::schedule(batch, &mut record, due);
		}
		Batches::<T>::insert(batch, record);
		Bids::<T>::insert(batch, &bidder, BidRecord { commitment, bond, stage: BidStage::Sealed });
		Self::deposit_event(Event::BidPlaced { batch, round, bidder, bond, slot_fee: fee });
		Ok(())
	}

	/// Returns the weight of closing the round, if this reveal closed it.
	pub(crate) fn do_reveal_bid(
		bidder: T::AccountId,
		batch: BatchId,
		payload: &[u8; PAYLOAD_BYTES],
	) -> Result<Weight, DispatchError> {
		let (_, mut record) = Self::live_batch(batch)?;
		let Stage::Auction(mut auction) = record.stage else {
			return Err(Error::<T>::NotRevealing.into());
		};
		let (phase, _) = Self::timeline(&record.params, &auction).phase(Self::now());
		ensure!(phase == Phase::Revealing, Error::<T>::NotRevealing);
		let mut bid = Bids::<T>::get(batch, &bidder).ok_or(Error::<T>::BidNotFound)?;
		ensure!(bid.stage == BidStage::Sealed, Error::<T>::AlreadyRevealed);
		let digest = Self::batch_digest(&record, auction.reserve);
		let commitment = bid_commitment(
			&Self::genesis_hash(),
			batch,
			record.round,
			&digest,
			bidder.as_ref(),
			payload,
		);
		ensure!(commitment == bid.commitment, Error::<T>::CommitmentMismatch);

		let round = record.round;
		match Self::check_payload(payload, auction.reserve, &record.params) {
			Ok(valid) => {
				bid.stage = BidStage::Revealed {
					fee: valid.fee,
					proof_blocks: valid.proof_blocks,
					proof_commitment: valid.proof_commitment,
					salt: valid.salt,
					score: score(valid.fee, valid.proof_blocks, auction.reserve, &record.params)
						.map_err(|_| Error::<T>::Corrupt)?,
				};
				Provers::<T>::mutate(&bidder, |prover| {
					if let Some(prover) = prover {
						prover.stats.reveals = prover.stats.reveals.saturating_add(1);
					}
				});
				Self::deposit_event(Event::BidRevealed {
					batch,
					round,
					bidder: bidder.clone(),
					fee: valid.fee,
					proof_blocks: valid.proof_blocks,
				});
			},
			Err(reason) => {
				Self::slash(&bidder, bid.bond, |_| ())?;
				Self::deposit_event(Event::BidVoided {
					batch,
					round,
					bidder: bidder.clone(),
					slashed: bid.bond,
					reason,
				});
				bid.bond = 0;
				bid.stage = BidStage::Void;
			},
		}
		Bids::<T>::insert(batch, &bidder, bid);
		auction.sealed = auction.sealed.saturating_sub(1);
		record.stage = Stage::Auction(auction);
		let closing = if auction.sealed == 0 {
			Self::close_round(batch, &mut record)?;
			T::WeightInfo::close_round(auction.bids).saturating_add(T::WeightInfo::agenda_step())
		} else {
			Weight::zero()
		};
		Self::store_unless_ended(batch, record);
		Ok(closing)
	}

	pub(crate) fn do_submit_proof(
		batch: BatchId,
		prover: T::AccountId,
		proof: &[u8],
	) -> DispatchResult {
		let (rollup, mut record) = Self::batch(batch)?;
		let Stage::Assigned(assignment) = record.stage.clone() else {
			return Err(Error::<T>::NothingToProve.into());
		};
		let now = Self::now();
		let (phase, _) = Self::assigned_timeline(&record.params, &assignment).phase(now);
		ensure!(matches!(phase, Phase::Proving | Phase::Late), Error::<T>::TooLate);
		ensure!(prover == assignment.prover, Error::<T>::NotAssigned);
		if let Some(committed) = assignment.proof_commitment {
			ensure!(blake2_256(&[proof]) == committed, Error::<T>::OtherProofCommitted);
		}
		let key = VerifyingKeys::<T>::get(batch.rollup).ok_or(Error::<T>::Corrupt)?;
		let inputs = Self::inputs(batch, &record, &prover).to_array();
		T::ProofVerifier::verify(&key, &inputs, proof).map_err(Self::proof_error)?;
		Self::settle_proof(batch, &rollup, &mut record, &assignment, now)?;
		Self::store_unless_ended(batch, record);
		Ok(())
	}

	fn check_payload(
		payload: &[u8; PAYLOAD_BYTES],
		reserve: Balance,
		params: &RollupParams,
	) -> Result<BidPayload, VoidReason> {
		let payload = BidPayload::decode(payload).map_err(|_| VoidReason::Undecodable)?;
		ensure!(payload.salt != [0u8; 32], VoidReason::ZeroSalt);
		ensure!(
			payload.proof_blocks >= 1 && payload.proof_blocks <= params.max_proof_blocks,
			VoidReason::ProofBlocks
		);
		ensure!(payload.fee <= reserve, VoidReason::AboveReserve);
		Ok(payload)
	}

	fn params_error(rule: BrokenRule) -> Error<T> {
		match rule {
			BrokenRule::DataLength => Error::ParamsDataLength,
			BrokenRule::BiddingWindow => Error::ParamsBiddingWindow,
			BrokenRule::RevealWindow => Error::ParamsRevealWindow,
			BrokenRule::FeeWeight => Error::ParamsFeeWeight,
			BrokenRule::ProofBlocks => Error::ParamsProofBlocks,
			BrokenRule::Reserve => Error::ParamsReserve,
			BrokenRule::SilencePenalty => Error::ParamsSilencePenalty,
			BrokenRule::Bond => Error::ParamsBond,
			BrokenRule::LateRate => Error::ParamsLateRate,
			BrokenRule::Grace => Error::ParamsGrace,
			BrokenRule::Rounds => Error::ParamsRounds,
		}
	}

	fn key_error(error: KeyError) -> Error<T> {
		match error {
			KeyError::WrongLength => Error::KeyWrongLength,
			KeyError::NonCanonicalCoordinate => Error::KeyNonCanonical,
			KeyError::NotOnCurve => Error::KeyNotOnCurve,
			KeyError::NotInSubgroup => Error::KeyNotInSubgroup,
			KeyError::Identity => Error::KeyIdentity,
			KeyError::GammaEqualsDelta => Error::KeyGammaEqualsDelta,
		}
	}

	fn proof_error(error: ProofError) -> Error<T> {
		match error {
			ProofError::WrongLength => Error::ProofWrongLength,
			ProofError::NonCanonicalCoordinate => Error::ProofNonCanonical,
			ProofError::NotOnCurve => Error::ProofNotOnCurve,
			ProofError::NotInSubgroup => Error::ProofNotInSubgroup,
			ProofError::Identity => Error::ProofIdentity,
			ProofError::NotValid => Error::ProofInvalid,
			// The pallet gives the inputs and the stored key itself.
			ProofError::NonCanonicalInput
			| ProofError::WrongInputCount
			| ProofError::MalformedKey => Error::Corrupt,
		}
	}
}
