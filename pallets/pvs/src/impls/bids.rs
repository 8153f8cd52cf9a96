// SPDX-License-Identifier: Apache-2.0
//! The bodies of the calls that concern a batch.

use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::{
	boxed::Box,
	collections::{btree_map, BTreeMap},
	vec::Vec,
};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	storage::{storage_prefix, unhashed, with_storage_layer},
	traits::PalletInfoAccess,
	weights::WeightMeter,
	StorageHasher,
};
use pvs_auction::{
	round::{BidStage, Round, Stage, Standing},
	slot_fee::slot_fee,
	step::{claim, step, Input},
};
use pvs_primitives::{
	api::{BatchId, SealPlace},
	bid::{commitment_in, BID_CONTEXT_BYTES, PAYLOAD_BYTES},
	commit_digest::{CommitDigest, ENGINE_ID},
	field,
	hash::blake2_256,
	poseidon, Balance, Bytes32, RollupId, RoundNumber,
};
use pvs_timelock::{
	check_seal, decrypt, verify_opening, Seal, Statement, ELEMENT_BYTES,
	PROOF_BYTES as OPENING_PROOF_BYTES,
};
use pvs_verifier::{Claim, ProofError, ProofVerifier, PUBLIC_INPUTS};
use sp_runtime::{DigestItem, SaturatedConversion};

/// A seal as its opener brings it along: itself, its solution, and the proof of that. Lengths are not
/// checked yet.
pub(crate) type Offered<'a> = (&'a [u8], &'a [u8], &'a [u8]);
/// A seal with its solution and the proof of that.
pub(crate) type Opening = (Seal, [u8; ELEMENT_BYTES], [u8; OPENING_PROOF_BYTES]);

/// Data that a seal is bound to.
pub(crate) struct Sealed<'a> {
	/// Digest of the time-lock puzzle.
	pub(crate) seal_digest: &'a Bytes32,
	/// Binds chain, batch, round and bidder.
	pub(crate) context: &'a [u8; BID_CONTEXT_BYTES],
	/// The bid's commitment.
	pub(crate) commitment: &'a Bytes32,
}

/// A bid whose seal is opened.
enum Opened<T: Config> {
	/// Of an open auction.
	Auction(Box<(Entry<T>, BidRecord)>),
	/// Of a round that has closed.
	Unsettled(Box<(UnsettledRoundOf<T>, UnsettledBid)>),
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_commit_batch(
		sequencer: T::AccountId,
		rollup: RollupId,
		data: &[u8],
		(prev_state_root, next_state_root): (Bytes32, Bytes32),
		max_fee: Balance,
	) -> DispatchResult {
		let extrinsic = Self::current_extrinsic()?;
		let mut record = Rollups::<T>::get(rollup).ok_or(Error::<T>::RollupNotFound)?;
		ensure!(record.sequencer == sequencer, Error::<T>::NotSequencer);
		ensure!(record.tip_root == prev_state_root, Error::<T>::TipChanged);
		let data_len = u32::try_from(data.len()).map_err(|_| Error::<T>::WrongDataLength)?;
		ensure!(data_len == record.params.data_len, Error::<T>::WrongDataLength);
		ensure!(field::is_canonical(&next_state_root), Error::<T>::StateRootNonCanonical);
		// A low `max_fee` would shut out everyone but a friend.
		ensure!(max_fee >= record.prices.reserve, Error::<T>::MaxFeeTooLow);
		ensure!(max_fee <= record.params.max_reserve, Error::<T>::MaxFeeTooHigh);
		ensure!(record.pending < T::MaxPendingBatches::get(), Error::<T>::TooManyPendingBatches);
		let snapshot = Self::snapshot(record.params.clone());
		let place = Self::next_place(rollup, &record, &snapshot)?;
		let block_data = BlockDataBytes::<T>::get().saturating_add(data_len);
		ensure!(block_data <= T::MaxBlockDataBytes::get(), Error::<T>::BlockDataFull);
		let commits = CommitsInBlock::<T>::get();
		ensure!(commits < T::MaxCommitsPerBlock::get(), Error::<T>::TooManyCommitsInBlock);

		let id = BatchId { rollup, index: record.next_index };
		record.next_index = successor::<T>(id.index)?;

		let now = Self::now();
		let mut batch = BatchRecord {
			sequencer: sequencer.clone(),
			committed_at: now,
			prev_state_root,
			next_state_root,
			data_commitment: Bytes32::default(),
			max_fee,
			deposit: T::BatchDeposit::get(),
			place,
			snapshot,
			round: Round::first(max_fee, record.prices.reserve, now),
			due: None,
			cleaned: false,
		};
		Self::hold(HoldReason::Escrow, &sequencer, max_fee)?;
		Self::hold(HoldReason::SequencerBond, &sequencer, record.params.sequencer_bond)?;
		Self::hold(HoldReason::BatchDeposit, &sequencer, batch.deposit)?;
		Self::hold(HoldReason::PlaceRent, &sequencer, batch.rent())
			.map_err(|_| Error::<T>::RentNotCovered)?;
		batch.data_commitment = poseidon::data_commitment(data);
		record.tip_root = next_state_root;
		Self::take_from(&mut record, place.kind);
		BlockDataBytes::<T>::put(block_data);
		CommitsInBlock::<T>::put(commits.saturating_add(1));
		Self::announce(CommitDigest {
			batch: id,
			extrinsic,
			data_commitment: batch.data_commitment,
		});
		Self::deposit_event(Event::BatchCommitted {
			batch: id,
			sequencer,
			prev_state_root,
			next_state_root,
			data_commitment: batch.data_commitment,
			max_fee,
		});
		Self::deposit_event(Self::round_opened(id, &batch, &batch.round));
		Self::store(Entry::new(id, record, batch));
		Ok(())
	}

	/// Returns the index of the extrinsic that is being applied.
	///
	/// # Errors
	/// `NotInExtrinsic` in hooks: neither data nor seal would be in the block's body. In
	/// `on_initialize` the index is 0 before the inherents are applied, and in `on_poll`, after them,
	/// that of the next extrinsic, whose bytes are not noted yet.
	fn current_extrinsic() -> Result<u32, Error<T>> {
		ensure!(frame_system::Pallet::<T>::inherents_applied(), Error::<T>::NotInExtrinsic);
		frame_system::Pallet::<T>::extrinsic_index()
			.filter(|index| Self::is_noted(*index))
			.ok_or(Error::<T>::NotInExtrinsic)
	}

	/// Returns true if the bytes of an extrinsic of this block are noted. They are not read: each of many calls
	/// below one extrinsic would read all of it, megabytes that no weight covers.
	fn is_noted(extrinsic: u32) -> bool {
		let system = frame_system::Pallet::<T>::name().as_bytes();
		let map = storage_prefix(system, b"ExtrinsicData");
		unhashed::exists(&[&map[..], &Twox64Concat::hash(&extrinsic.encode())].concat())
	}

	/// Says in the block's header where a batch's data is.
	fn announce(commit: CommitDigest) {
		let item = DigestItem::Consensus(ENGINE_ID, commit.encode().to_vec());
		frame_system::Pallet::<T>::deposit_log(item);
	}

	pub(crate) fn do_place_bid(
		bidder: T::AccountId,
		id: BatchId,
		round: RoundNumber,
		batch_digest: Bytes32,
		max_slot_fee: Balance,
		(commitment, seal): (Bytes32, &[u8]),
	) -> DispatchResult {
		let seal: Seal = seal.try_into().map_err(|_| Error::<T>::SealWrongLength)?;
		check_seal(&seal).map_err(Error::<T>::from)?;
		let extrinsic = Self::current_extrinsic()?;
		let mut entry = Self::entry(id)?;
		ensure!(entry.batch.round.number == round, Error::<T>::WrongRound);
		let after =
			step(entry.batch.round.clone(), Input::Bid, &Self::context(&entry), Self::now())
				.map_err(Error::<T>::from)?;
		let reserve = entry.batch.round.reserve;
		ensure!(
			Self::batch_digest(&entry.batch, reserve) == batch_digest,
			Error::<T>::BatchChanged
		);
		let mut prover = Self::eligible(&entry, &bidder)?;
		ensure!(!Bids::<T>::contains_key(id, &bidder), Error::<T>::AlreadyBid);
		let Stage::Auction(auction) = entry.batch.round.stage else {
			return Err(Error::<T>::Corrupt.into());
		};
		let fee =
			slot_fee(reserve, auction.bids, &entry.batch.snapshot).map_err(Error::<T>::from)?;
		ensure!(fee <= max_slot_fee, Error::<T>::SlotFeeTooHigh);
		let bond = Self::context(&entry).bond(reserve);
		let reserved = prover.reserved.checked_add(bond).ok_or(Error::<T>::InsufficientStake)?;
		ensure!(reserved <= prover.stake, Error::<T>::InsufficientStake);
		Self::burn_free(&bidder, fee)?;

		let share = Self::recent_share(&prover);
		prover.reserved = reserved;
		prover.stats.bids = prover.stats.bids.saturating_add(1);
		Provers::<T>::insert(&bidder, prover);
		let block = frame_system::Pallet::<T>::block_number().saturated_into();
		let record = BidRecord {
			commitment,
			seal_hash: blake2_256(&[&seal]),
			placed: SealPlace { block, extrinsic },
			share,
			stage: BidStage::Sealed,
		};
		Bids::<T>::insert(id, &bidder, record);
		entry.batch.round = after.round.ok_or(Error::<T>::Corrupt)?;
		Self::store(entry);
		Self::deposit_event(Event::BidPlaced { batch: id, round, bidder, bond, slot_fee: fee });
		Ok(())
	}

	pub(crate) fn do_reveal_bid(
		at: RoundId,
		bidder: T::AccountId,
		payload: &[u8],
	) -> DispatchResultWithPostInfo {
		let mut closing = Self::step_budget();
		let (weight, revealed) = match Self::open_round(at, &mut closing) {
			Ok(Some(entry)) => {
				(T::WeightInfo::reveal_bid(), Self::reveal(entry, bidder, payload, &mut closing))
			},
			Ok(None) => {
				(T::WeightInfo::settle_by_payload(), Self::settle_by_payload(at, bidder, payload))
			},
			Err(error) => (T::WeightInfo::reveal_bid(), Err(error)),
		};
		Self::charged(weight.saturating_add(closing.consumed()), revealed)
	}

	fn reveal(
		mut entry: Entry<T>,
		bidder: T::AccountId,
		payload: &[u8],
		closing: &mut WeightMeter,
	) -> DispatchResult {
		let payload: &[u8; PAYLOAD_BYTES] =
			payload.try_into().map_err(|_| Error::<T>::PayloadWrongLength)?;
		let bid = Bids::<T>::get(entry.id, &bidder);
		let commitment = commitment_in(&Self::bid_context(&entry, &bidder), payload);
		if let Some(BidRecord { stage: BidStage::Revealed(_), commitment: committed, .. }) = bid {
			// Twice the same is no fault: whoever reveals for others need not look first.
			ensure!(commitment == committed, Error::<T>::CommitmentMismatch);
			return Ok(());
		}
		// The phase first: whoever is too early or too late learns that, whatever it sent.
		let share = bid.as_ref().map_or(0, |bid| bid.share);
		let input = Input::Reveal { bidder, share, payload };
		let after = step(entry.batch.round.clone(), input, &Self::context(&entry), Self::now())
			.map_err(Error::<T>::from)?;
		let bid = bid.ok_or(Error::<T>::BidNotFound)?;
		ensure!(bid.stage == BidStage::Sealed, Error::<T>::BidNotSealed);
		ensure!(commitment == bid.commitment, Error::<T>::CommitmentMismatch);
		Self::carry_out(&mut entry, after)?;
		Self::catch_up(&mut entry, closing)?;
		Self::store(entry);
		Ok(())
	}

	pub(crate) fn do_open_bid(
		opener: T::AccountId,
		at: RoundId,
		bidder: T::AccountId,
		offered: Offered<'_>,
	) -> DispatchResultWithPostInfo {
		let mut closing = Self::step_budget();
		// Before the dear part: whether this bid may be opened by this opener now.
		let openable = Self::opening_of(offered).and_then(|opening| {
			let target = match Self::open_round(at, &mut closing)? {
				Some(entry) => {
					let bid = Self::openable(&opener, &entry, &bidder, &opening)?;
					Opened::Auction(Box::new((entry, bid)))
				},
				None => Opened::Unsettled(Box::new(Self::unsettled(at, &bidder, Some(&opening))?)),
			};
			Ok((opening, target))
		});
		let (opening, target) = openable.map_err(|error| {
			error.with_weight(T::WeightInfo::refuse_opening().saturating_add(closing.consumed()))
		})?;
		let (weight, opened) = match target {
			Opened::Auction(found) => {
				let (entry, bid) = *found;
				let bid = (bidder, bid);
				let opened = Self::open(entry, bid, opener, &opening, &mut closing);
				(T::WeightInfo::open_bid(), opened)
			},
			Opened::Unsettled(found) => {
				let opened = Self::settle_by_opening(at, bidder, *found, opener, &opening);
				(T::WeightInfo::settle_by_opening(), opened)
			},
		};
		let weight = weight.saturating_add(T::WeightInfo::challenge_search());
		Self::charged(weight.saturating_add(closing.consumed()), opened)
	}

	/// Checks the lengths of an opening.
	fn opening_of((seal, solution, proof): Offered<'_>) -> Result<Opening, DispatchError> {
		let seal: Seal = seal.try_into().map_err(|_| Error::<T>::SealWrongLength)?;
		let solution: [u8; ELEMENT_BYTES] =
			solution.try_into().map_err(|_| Error::<T>::SolutionWrongLength)?;
		let proof: [u8; OPENING_PROOF_BYTES] =
			proof.try_into().map_err(|_| Error::<T>::OpeningProofWrongLength)?;
		Ok((seal, solution, proof))
	}

	/// Returns the bid of an open auction, if its seal may be opened by this opener now.
	fn openable(
		opener: &T::AccountId,
		entry: &Entry<T>,
		bidder: &T::AccountId,
		(seal, ..): &Opening,
	) -> Result<BidRecord, DispatchError> {
		let asked =
			Input::Open { bidder: bidder.clone(), share: 0, opener: opener.clone(), payload: None };
		step(entry.batch.round.clone(), asked, &Self::context(entry), Self::now())
			.map_err(Error::<T>::from)?;
		// Nobody who could keep a reveal out earns by it under its own name.
		let is_sequencer = *opener == entry.batch.sequencer || *opener == entry.rollup.sequencer;
		ensure!(!is_sequencer, Error::<T>::SequencerMayNotOpen);
		let bid = Bids::<T>::get(entry.id, bidder).ok_or(Error::<T>::BidNotFound)?;
		ensure!(bid.stage == BidStage::Sealed, Error::<T>::BidNotSealed);
		ensure!(blake2_256(&[seal]) == bid.seal_hash, Error::<T>::SealMismatch);
		Ok(bid)
	}

	fn open(
		mut entry: Entry<T>,
		(bidder, bid): (T::AccountId, BidRecord),
		opener: T::AccountId,
		opening: &Opening,
		closing: &mut WeightMeter,
	) -> DispatchResult {
		let sealed = Sealed {
			seal_digest: &entry.batch.snapshot.seal_digest,
			context: &Self::bid_context(&entry, &bidder),
			commitment: &bid.commitment,
		};
		let payload = Self::unseal(&sealed, &opener, opening)?;
		let payload = payload.as_ref();
		Self::advance(&mut entry, Input::Open { bidder, share: bid.share, opener, payload })?;
		Self::catch_up(&mut entry, closing)?;
		Self::store(entry);
		Ok(())
	}

	/// Verifies an opening. Returns the payload that was in the seal; `None` if it does not decrypt or is
	/// not what was committed to.
	pub(crate) fn unseal(
		sealed: &Sealed<'_>,
		opener: &T::AccountId,
		(seal, solution, proof): &Opening,
	) -> Result<Option<[u8; PAYLOAD_BYTES]>, Error<T>> {
		let Sealed { seal_digest, context, commitment } = *sealed;
		let parameters = Self::seals_of(seal_digest).ok_or(Error::<T>::SealSetUnknown)?;
		let statement =
			Statement { parameters, seal, context, commitment, opener: opener.as_ref() };
		verify_opening(&statement, solution, proof).map_err(Error::<T>::from)?;
		Ok(decrypt(parameters, seal, context, solution)
			.filter(|payload| commitment_in(context, payload) == *commitment))
	}

	pub(crate) fn do_accept_place(
		prover: T::AccountId,
		id: BatchId,
		round: RoundNumber,
	) -> DispatchResultWithPostInfo {
		let mut overdue = Self::step_budget();
		let accepted = Self::take_place(prover, id, round, &mut overdue);
		Self::charged(T::WeightInfo::accept_place().saturating_add(overdue.consumed()), accepted)
	}

	fn take_place(
		prover: T::AccountId,
		id: BatchId,
		round: RoundNumber,
		overdue: &mut WeightMeter,
	) -> DispatchResult {
		let mut entry = Self::entry(id)?;
		Self::catch_up_or_end(&mut entry, overdue)?;
		ensure!(entry.batch.round.number == round, Error::<T>::WrongRound);
		Self::advance(&mut entry, Input::Accept(prover))?;
		Self::store(entry);
		Ok(())
	}

	pub(crate) fn do_submit_proof(
		id: BatchId,
		prover: T::AccountId,
		proof: &[u8],
	) -> DispatchResultWithPostInfo {
		let mut overdue = Self::step_budget();
		let awaited = Self::awaited(id, &prover, proof, &mut overdue);
		let overdue = overdue.consumed();
		let (entry, inputs, _) = awaited.map_err(|error| {
			error.with_weight(T::WeightInfo::refuse_proof().saturating_add(overdue))
		})?;
		let accepted = Self::accept_proof(entry, prover, &inputs, proof);
		Self::charged(T::WeightInfo::submit_proof().saturating_add(overdue), accepted)
	}

	fn accept_proof(
		mut entry: Entry<T>,
		prover: T::AccountId,
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8],
	) -> DispatchResult {
		let key = VerifyingKeys::<T>::get(entry.id.rollup).ok_or(Error::<T>::Corrupt)?;
		T::ProofVerifier::verify(&key, inputs, proof).map_err(Error::<T>::from)?;
		Self::advance(&mut entry, Input::Proof(prover))?;
		Self::store(entry);
		Ok(())
	}

	/// Returns the weight of the transitions that were overdue, those that were undone included, and whether
	/// false proofs had to be searched for: what is malformed, or not awaited, is known without.
	pub(crate) fn do_submit_proofs(
		proofs: &[ProofSubmission<T::AccountId>],
	) -> Result<(Weight, bool), DispatchError> {
		ensure!(!proofs.is_empty(), Error::<T>::NoProofs);
		ensure!(Self::count(proofs.len()) <= T::MaxProofs::get(), Error::<T>::TooManyProofs);
		// One budget for all: it fits several defaults, and no call declares more than one heaviest step.
		let mut overdue = Self::step_budget();
		let mut keys = BTreeMap::new();
		let mut awaited = Vec::with_capacity(proofs.len());
		for ProofSubmission { batch, prover, proof } in proofs {
			// What was overdue stays done, so that it is done once.
			awaited.push(with_storage_layer(|| {
				let (entry, inputs, moved) = Self::awaited(*batch, prover, proof, &mut overdue)?;
				if let btree_map::Entry::Vacant(place) = keys.entry(batch.rollup) {
					place.insert(VerifyingKeys::<T>::get(batch.rollup).ok_or(Error::<T>::Corrupt)?);
				}
				if moved {
					Self::store(entry);
				}
				Ok::<_, DispatchError>(inputs)
			}));
		}
		let mut claims = Vec::with_capacity(proofs.len());
		for (submission, inputs) in proofs.iter().zip(&awaited) {
			if let Ok(inputs) = inputs {
				// There is a key wherever there are inputs; without one the claim would be refused.
				let prepared = keys.get(&submission.batch.rollup).map_or(&[][..], |key| key);
				claims.push(Claim { prepared, inputs, proof: &submission.proof });
			}
		}
		let mut answers = T::ProofVerifier::verify_batch(&claims).into_iter();
		let mut searched = false;
		for (ProofSubmission { batch, prover, proof }, inputs) in proofs.iter().zip(&awaited) {
			let result = inputs.and_then(|inputs| {
				let answer = answers.next().unwrap_or(Err(ProofError::NotValid));
				answer.map_err(|error| {
					searched |= matches!(error, ProofError::NotValid | ProofError::NotInSubgroup);
					DispatchError::from(Error::<T>::from(error))
				})?;
				with_storage_layer(|| {
					// A proof before this one may have ended the batch.
					let (mut entry, again, _) = Self::awaited(*batch, prover, proof, &mut overdue)?;
					ensure!(again == inputs, Error::<T>::Corrupt);
					Self::advance(&mut entry, Input::Proof(prover.clone()))?;
					Self::store(entry);
					Ok(())
				})
			});
			if let Err(error) = result {
				let (batch, prover) = (*batch, prover.clone());
				Self::deposit_event(Event::ProofRefused { batch, prover, error });
			}
		}
		Ok((overdue.consumed(), searched))
	}

	/// The batch, the public inputs, and whether a transition was overdue and is done now, if exactly
	/// this proof may be accepted.
	fn awaited(
		id: BatchId,
		prover: &T::AccountId,
		proof: &[u8],
		overdue: &mut WeightMeter,
	) -> Result<(Entry<T>, [Bytes32; PUBLIC_INPUTS], bool), DispatchError> {
		let mut entry = Self::entry(id)?;
		let moved = Self::catch_up_or_end(&mut entry, overdue)?;
		let terms = claim(&entry.batch.round, prover, &Self::context(&entry), Self::now())
			.map_err(Error::<T>::from)?;
		if terms.rescue {
			Self::eligible(&entry, prover)?;
		}
		if let Some(committed) = terms.proof_commitment {
			ensure!(blake2_256(&[proof]) == committed, Error::<T>::OtherProofCommitted);
		}
		let inputs = Self::inputs(id, &entry.batch, prover).to_array();
		Ok((entry, inputs, moved))
	}

	/// What `submit_proofs` weighs beside overdue transitions. To find those that do not hold, batches
	/// of batches are verified again; what a call with some of them does is within the sum of what
	/// one with none and one with nothing else do.
	pub(crate) fn submit_proofs_weight(proofs: usize, searched: bool) -> Weight {
		// More are refused before anything is done.
		let count = Self::count(proofs).min(T::MaxProofs::get());
		let all_hold = T::WeightInfo::submit_proofs(count);
		if searched {
			all_hold.saturating_add(T::WeightInfo::submit_false_proofs(count))
		} else {
			all_hold
		}
	}

	/// A length that is bounded by far less.
	pub(crate) fn count(length: usize) -> u32 {
		u32::try_from(length).unwrap_or(u32::MAX)
	}

	/// What the transition of a batch beside a call's own work may weigh.
	pub(crate) fn step_budget() -> WeightMeter {
		WeightMeter::with_limit(Self::heaviest_step())
	}

	/// The outcome of a call that did as much as this, whether it succeeded or not.
	pub(crate) fn charged(weight: Weight, outcome: DispatchResult) -> DispatchResultWithPostInfo {
		match outcome {
			Ok(()) => Ok(Some(weight).into()),
			Err(error) => Err(error.with_weight(weight)),
		}
	}

	/// As `catch_up`; an error if the batch ends with the transition. What it did is undone then, and the
	/// agenda does it.
	fn catch_up_or_end(
		entry: &mut Entry<T>,
		budget: &mut WeightMeter,
	) -> Result<bool, DispatchError> {
		let dropped = Self::standing(entry.id, &entry.rollup) == Standing::Dropped;
		if matches!(entry.batch.round.stage, Stage::Proven { .. }) && !dropped {
			return Ok(false);
		}
		let moved = Self::catch_up(entry, budget)?;
		match (entry.ended, dropped) {
			(false, _) => Ok(moved),
			(true, true) => Err(Error::<T>::BatchWasDropped.into()),
			(true, false) => Err(Error::<T>::TooLate.into()),
		}
	}
}
