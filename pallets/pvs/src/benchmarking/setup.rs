// SPDX-License-Identifier: Apache-2.0
//! States that benchmarks start from: rollups, provers, batches and rounds, made by calls and blocks.

use super::trapdoor::Trapdoor;
use crate::{
	pallet::*,
	types::{agenda_item, agenda_key, AgendaPass, Due, Lane, ProofSubmission, RecentBatchOf},
	weights::WeightInfo,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::*,
	traits::fungible::{Inspect, Mutate},
	weights::WeightMeter,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use pvs_auction::{
	phase::Windows,
	recent::{RecentBatch, RECENT_BATCHES},
	reserve::Reserve,
	round::{Assignment, Delivery, Ladder, Place, Stage, MAX_LADDER},
	share::{RecentAmount, RecentCount},
};
use pvs_primitives::{
	api::BatchId,
	bid::{BidPayload, PAYLOAD_BYTES},
	hash::blake2_256,
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, WHOLE},
	Balance, BlockNumber, Bytes32, RollupId,
};
use pvs_timelock::{
	generator, seal, Exponent, Seal, Statement, ELEMENT_BYTES, EXPONENT_BYTES, SEAL_BYTES,
};
use sp_runtime::traits::{BlockNumberProvider, Hash, Zero};

/// The longest committed time of the set-ups, in blocks.
const PROOF_BLOCKS: BlockNumber = 5;

/// Parameters at the expensive end: both criteria, anti-concentration, second-score payment, the
/// longest ladder, as many rounds as the runtime allows, a bond as large as the lowest stake, so that
/// losing it suspends the prover.
pub(super) fn params<T: Config>(data_len: u32) -> RollupParams {
	let window = Pallet::<T>::inclusion_slack() + 1;
	let existential_deposit = T::Currency::minimum_balance().max(1);
	let silence_penalty = existential_deposit;
	let max_reserve = T::MinStake::get() - silence_penalty;
	RollupParams {
		layout: Layout::Fields,
		data_len,
		bidding_blocks: window,
		reveal_blocks: window + 1,
		silence_policy: SilencePolicy::Exclude,
		payment_rule: PaymentRule::SecondScore,
		w_fee: WHOLE / 2,
		w_time: WHOLE / 2,
		w_share: WHOLE,
		min_proof_blocks: 1,
		max_proof_blocks: PROOF_BLOCKS,
		min_reserve: existential_deposit,
		initial_reserve: max_reserve,
		max_reserve,
		reserve_margin: WHOLE / 2,
		reserve_weight: WHOLE / 10,
		escalation_factor: WHOLE * 2,
		silence_penalty,
		grace_blocks: window,
		late_rate: WHOLE / PROOF_BLOCKS,
		ladder_len: MAX_LADDER,
		ladder_blocks: window,
		rescue_blocks: window + 1,
		max_empty_rounds: T::MaxRounds::get(),
		max_failed_rounds: T::MaxRounds::get(),
		sequencer_bond: Pallet::<T>::min_sequencer_bond().max(1),
	}
}

pub(super) fn max_reserve<T: Config>() -> Balance {
	params::<T>(1).max_reserve
}

/// Gives an account enough for whatever a set-up holds from it.
fn fund<T: Config>(who: &T::AccountId) {
	let each = T::MinStake::get()
		+ Pallet::<T>::min_sequencer_bond()
		+ Pallet::<T>::rollup_deposit()
		+ Pallet::<T>::batch_deposit()
		+ Pallet::<T>::prover_deposit()
		+ Pallet::<T>::slot_fee_base()
		+ T::Currency::minimum_balance();
	T::Currency::set_balance(who, each * 1_000);
}

pub(super) fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who = account(name, index, 0);
	fund::<T>(&who);
	who
}

/// The account that signs the measured call. Its row was read and written for the fee, which the
/// base weight of an extrinsic covers.
pub(super) fn caller<T: Config>() -> T::AccountId {
	let who = whitelisted_caller();
	fund::<T>(&who);
	who
}

pub(super) fn root(number: u64) -> Bytes32 {
	let mut root = [0; 32];
	root[24..].copy_from_slice(&number.to_be_bytes());
	root
}

/// Registers a rollup and gives it a record, as every rollup in use has.
pub(super) fn rollup<T: Config>(
	owner: &T::AccountId,
	sequencer: &T::AccountId,
	data_len: u32,
) -> Result<RollupId, BenchmarkError> {
	rollup_with::<T>(owner, sequencer, data_len, &Trapdoor::new(&[]))
}

fn rollup_with<T: Config>(
	owner: &T::AccountId,
	sequencer: &T::AccountId,
	data_len: u32,
	keys: &Trapdoor,
) -> Result<RollupId, BenchmarkError> {
	let zero = BlockNumberFor::<T>::zero();
	frame_system::BlockHash::<T>::insert(zero, T::Hashing::hash(b"genesis"));
	enter_extrinsic::<T>();
	let id = NextRollupId::<T>::get();
	Pallet::<T>::register_rollup(
		RawOrigin::Signed(owner.clone()).into(),
		key(keys),
		root(0),
		sequencer.clone(),
		params::<T>(data_len),
	)?;
	for (slot, batch) in (0..).zip(recent_batches::<T>()) {
		RecentBatches::<T>::insert(id, slot, batch);
	}
	Rollups::<T>::mutate(id, |record| {
		if let Some(record) = record {
			record.finals = RECENT_BATCHES.into();
			record.stats.proven = RECENT_BATCHES.into();
			record.prices = Reserve { mean: Some(max_reserve::<T>()), ..record.prices };
			// As if batches had them, so that those of a set-up take places of the pool.
			record.guaranteed = T::GuaranteedPlaces::get();
		}
	});
	let recent_proofs = RecentCount { epoch: 0, count: 1 << 40 };
	Totals::<T>::mutate(|totals| totals.recent_proofs = recent_proofs);
	Ok(id)
}

/// As many final batches as a rollup keeps, each of a prover of its own.
fn recent_batches<T: Config>() -> Vec<RecentBatchOf<T>> {
	let batch = |index| RecentBatch {
		prover: account("recent prover", index, 0),
		paid: max_reserve::<T>(),
	};
	(0..RECENT_BATCHES).map(batch).collect()
}

/// Checks that a rollup's newest final batch is one of this prover, in place of the oldest one. Returns
/// what the prover was paid for it, in planck.
pub(super) fn check_recent_batch<T: Config>(rollup: RollupId, prover: &T::AccountId) -> Balance {
	let before = recent_batches::<T>();
	for (slot, batch) in (0..).zip(&before).skip(1) {
		assert!(RecentBatches::<T>::get(rollup, slot).as_ref() == Some(batch));
	}
	assert_eq!(RecentBatches::<T>::iter_prefix(rollup).count(), before.len());
	let newest = RecentBatches::<T>::get(rollup, 0).expect("the newest took the oldest one's slot");
	assert_eq!(newest.prover, *prover);
	newest.paid
}

/// Lets calls seem to come in an extrinsic: batches and bids are refused elsewhere.
fn enter_extrinsic<T: Config>() {
	frame_system::Pallet::<T>::note_inherents_applied();
	frame_system::Pallet::<T>::set_extrinsic_index(0);
	frame_system::Pallet::<T>::note_extrinsic(vec![1]);
}

pub(super) fn key(keys: &Trapdoor) -> KeyBytes {
	keys.verifying_key().try_into().expect("a key has 768 bytes")
}

/// As many rollups, each with a batch that was committed in the block before.
pub(super) fn rollups_with_a_batch<T: Config>(
	rollups: u32,
) -> Result<Vec<BatchId>, BenchmarkError> {
	let (owner, sequencer) = (funded::<T>("owner", 0), funded::<T>("sequencer", 0));
	let batches = (0..rollups)
		.map(|_| commit::<T>(&sequencer, rollup::<T>(&owner, &sequencer, 1)?))
		.collect::<Result<Vec<_>, _>>()?;
	run_to::<T>(Pallet::<T>::now() + 1);
	Ok(batches)
}

/// A rollup with as many batches, committed one after the other in the block before: a part of their
/// rent is due.
pub(super) fn pending<T: Config>(batches: u64) -> Result<Vec<BatchId>, BenchmarkError> {
	let sequencer = funded::<T>("sequencer", 0);
	let rollup = rollup::<T>(&funded::<T>("owner", 0), &sequencer, 1)?;
	let batches = (0..batches).map(|_| commit::<T>(&sequencer, rollup)).collect();
	run_to::<T>(Pallet::<T>::now() + 1);
	batches
}

pub(super) fn commit<T: Config>(
	sequencer: &T::AccountId,
	rollup: RollupId,
) -> Result<BatchId, BenchmarkError> {
	let record = Rollups::<T>::get(rollup).ok_or("the rollup is registered")?;
	let index = record.next_index;
	// As many in one block as a set-up needs.
	CommitsInBlock::<T>::kill();
	Pallet::<T>::commit_batch(
		RawOrigin::Signed(sequencer.clone()).into(),
		rollup,
		data::<T>(record.params.data_len)?,
		record.tip_root,
		root(index + 1),
		max_reserve::<T>(),
	)?;
	let batch = BatchId { rollup, index };
	// A rollup may open seals only where a full round's take no longer than the longest window.
	let opening_blocks = Pallet::<T>::min_opening_blocks();
	Batches::<T>::mutate(batch, |record| {
		if let Some(record) = record {
			record.snapshot.params.silence_policy = SilencePolicy::ForceOpen { opening_blocks };
		}
	});
	Ok(batch)
}

pub(super) fn data<T: Config>(bytes: u32) -> Result<DataBytes<T>, BenchmarkError> {
	let data = vec![0xff; usize::try_from(bytes).expect("usize has 32 bits or more")];
	data.try_into().map_err(|_| "the data is within the bound".into())
}

pub(super) fn register_prover<T: Config>(who: &T::AccountId) -> Result<(), BenchmarkError> {
	Pallet::<T>::register_prover(RawOrigin::Signed(who.clone()).into(), T::MinStake::get())?;
	Provers::<T>::mutate(who, |record| {
		if let Some(record) = record {
			record.recent = RecentCount { epoch: 0, count: 1 << 34 };
			record.recent_paid = RecentAmount { epoch: 0, amount: max_reserve::<T>() };
		}
	});
	Ok(())
}

/// Adds stake for the bonds of as many bids.
pub(super) fn bond_more_for<T: Config>(
	prover: &T::AccountId,
	bids: u32,
) -> Result<(), BenchmarkError> {
	let amount = T::MinStake::get() * Balance::from(bids);
	Pallet::<T>::bond_more(RawOrigin::Signed(prover.clone()).into(), amount)?;
	Ok(())
}

/// Registers as many provers; `caller` is among them, at its place.
pub(super) fn provers<T: Config>(
	number: u32,
	caller: Option<(u32, T::AccountId)>,
) -> Result<Vec<T::AccountId>, BenchmarkError> {
	(0..number)
		.map(|index| {
			let who = match &caller {
				Some((place, caller)) if *place == index => caller.clone(),
				_ => funded::<T>("prover", index),
			};
			register_prover::<T>(&who)?;
			Ok(who)
		})
		.collect()
}

/// The bid of the prover that is to be ranked `rank`, whose only acceptable proof hashes to
/// `proof_commitment`.
pub(super) fn payload<T: Config>(rank: u32, proof_commitment: Bytes32) -> [u8; PAYLOAD_BYTES] {
	BidPayload {
		fee: max_reserve::<T>() / 2 + Balance::from(rank),
		proof_blocks: PROOF_BLOCKS,
		proof_commitment: Some(proof_commitment),
		salt: [9; 32],
	}
	.encode()
}

/// A payload that matches its commitment and asks too much: as costly as any, since nothing else is
/// wrong with it.
pub(super) fn overpriced<T: Config>() -> [u8; PAYLOAD_BYTES] {
	let fee = max_reserve::<T>() + 1;
	let salt = [9; 32];
	BidPayload { fee, proof_blocks: PROOF_BLOCKS, proof_commitment: None, salt }.encode()
}

pub(super) fn place<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<(), BenchmarkError> {
	place_with::<T>(batch, bidder, payload, any_seal()?)
}

fn place_with<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
	seal: SealBytes,
) -> Result<(), BenchmarkError> {
	let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
	Pallet::<T>::place_bid(
		RawOrigin::Signed(bidder.clone()).into(),
		batch,
		record.round.number,
		Pallet::<T>::batch_digest(&record, record.round.reserve),
		Balance::MAX,
		commitment::<T>(batch, bidder, payload)?,
		seal,
	)?;
	Ok(())
}

/// A seal that nobody is going to open: a group element and noise.
pub(super) fn any_seal() -> Result<SealBytes, BenchmarkError> {
	let seal = [&generator()[..], &[0xff; SEAL_BYTES - ELEMENT_BYTES]].concat();
	seal.try_into().map_err(|_| "a seal has 357 bytes".into())
}

/// A round of bidders who are all silent, with a seal of the caller's payload among them, in the
/// opening window.
pub(super) fn silent_round<T: Config>(
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<(BatchId, Seal), BenchmarkError> {
	silent_bids::<T>(pending::<T>(1)?[0], bidder, payload, T::MaxBids::get() - 1)
}

/// A closed round with silent bids of this many others beside the caller's, which is sealed as in
/// [`silent_round`].
pub(super) fn unsettled_round<T: Config>(
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
	others: u32,
) -> Result<(BatchId, Seal), BenchmarkError> {
	let batch = pending::<T>(1)?[0];
	let settle_blocks = Pallet::<T>::min_settle_blocks();
	Batches::<T>::mutate(batch, |record| {
		if let Some(record) = record {
			record.snapshot.params.silence_policy = SilencePolicy::Settle { settle_blocks };
		}
	});
	silent_bids::<T>(batch, bidder, payload, others)
}

/// Places bids of this many others and a sealed one of `bidder`, and goes to the end of the reveal window.
fn silent_bids<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
	others: u32,
) -> Result<(BatchId, Seal), BenchmarkError> {
	bids::<T>(batch, &provers::<T>(others, None)?, 0)?;
	register_prover::<T>(bidder)?;
	let entry = Pallet::<T>::entry(batch).map_err(|_| "the batch is pending")?;
	let context = Pallet::<T>::bid_context(&entry, bidder);
	let exponent = Exponent::from([0xab; EXPONENT_BYTES]);
	let seal = seal(T::Seals::get().parameters, &context, payload, &exponent);
	place_with::<T>(batch, bidder, payload, SealBytes::truncate_from(seal.to_vec()))?;
	run_to::<T>(windows::<T>(batch)?.reveal_until);
	Ok((batch, seal))
}

/// Calls a function with the statement about a bid's seal.
pub(super) fn with_statement<T: Config, R>(
	batch: BatchId,
	bidder: &T::AccountId,
	opener: &T::AccountId,
	seal: &Seal,
	use_it: impl FnOnce(&Statement<'_>) -> R,
) -> Result<R, BenchmarkError> {
	let entry = Pallet::<T>::entry(batch).map_err(|_| "the batch is pending")?;
	let bid = Bids::<T>::get(batch, bidder).ok_or("the bid was placed")?;
	Ok(use_it(&Statement {
		parameters: T::Seals::get().parameters,
		seal,
		context: &Pallet::<T>::bid_context(&entry, bidder),
		commitment: &bid.commitment,
		opener: opener.as_ref(),
	}))
}

pub(super) fn commitment<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<Bytes32, BenchmarkError> {
	let commitment = Pallet::<T>::commitment_of(batch, bidder.clone(), *payload);
	commitment.ok_or_else(|| "an auction is open".into())
}

pub(super) fn windows<T: Config>(batch: BatchId) -> Result<Windows, BenchmarkError> {
	let entry = Pallet::<T>::entry(batch).map_err(|_| "the batch is pending")?;
	match &entry.batch.round.stage {
		Stage::Auction(auction) => {
			let context = Pallet::<T>::context(&entry);
			Ok(Windows::new(entry.batch.round.opened_at, auction, &context))
		},
		_ => Err("an auction is open".into()),
	}
}

/// All but the first `skipped` bid, in the first block of the bidding window.
pub(super) fn bids<T: Config>(
	batch: BatchId,
	bidders: &[T::AccountId],
	skipped: usize,
) -> Result<(), BenchmarkError> {
	run_to::<T>(windows::<T>(batch)?.bidding_from);
	for (rank, bidder) in (0..).zip(bidders).skip(skipped) {
		place::<T>(batch, bidder, &payload::<T>(rank, [1; 32]))?;
	}
	Ok(())
}

/// All but the first `skipped` reveal, in the first block of the reveal window. The last bid to be
/// revealed closes the round.
pub(super) fn reveals<T: Config>(
	batch: BatchId,
	bidders: &[T::AccountId],
	skipped: usize,
) -> Result<(), BenchmarkError> {
	run_to::<T>(windows::<T>(batch)?.reveal_from);
	for (rank, bidder) in (0..).zip(bidders).skip(skipped) {
		reveal::<T>(batch, bidder, &payload::<T>(rank, [1; 32]))?;
	}
	Ok(())
}

fn reveal<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<(), BenchmarkError> {
	let origin = RawOrigin::Signed(bidder.clone()).into();
	Pallet::<T>::reveal_bid(origin, batch, 0, bidder.clone(), payload_bytes(payload)?)?;
	Ok(())
}

pub(super) fn payload_bytes(payload: &[u8; PAYLOAD_BYTES]) -> Result<PayloadBytes, BenchmarkError> {
	payload.to_vec().try_into().map_err(|_| "a payload has 85 bytes".into())
}

/// Returns how many bids fill the winner's place and the longest ladder.
pub(super) fn places<T: Config>() -> u32 {
	T::MaxBids::get().min(MAX_LADDER + 1)
}

/// The last block in which the assigned prover may deliver.
pub(super) fn late_until<T: Config>(batch: BatchId) -> Result<BlockNumber, BenchmarkError> {
	match Batches::<T>::get(batch).map(|record| record.round.stage) {
		Some(Stage::Assigned(assignment)) => Ok(assignment.delivery.late_until),
		_ => Err("a prover is assigned".into()),
	}
}

/// Goes through every block up to `number`, which works off what is due.
pub(super) fn run_to<T: Config>(number: BlockNumber) {
	while Pallet::<T>::now() < number {
		set_now::<T>(Pallet::<T>::now() + 1);
		Pallet::<T>::do_initialize();
	}
}

/// Goes to a block without working off what is due.
pub(super) fn set_now<T: Config>(number: BlockNumber) {
	T::BlockNumberProvider::set_block_number(number.into());
}

/// Puts a batch into a stage in which nothing is due, leaving out the rounds and proofs that lead to it.
pub(super) fn put_stage<T: Config>(
	batch: BatchId,
	stage: Stage<T::AccountId>,
) -> Result<(), BenchmarkError> {
	let mut record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
	Pallet::<T>::unschedule(batch, &mut record);
	let waited = u32::from(record.is_waiting());
	record.round.stage = stage;
	let waits = u32::from(record.is_waiting());
	Rollups::<T>::mutate(batch.rollup, |rollup| {
		if let Some(rollup) = rollup {
			rollup.waiting = rollup.waiting - waited + waits;
		}
	});
	Batches::<T>::insert(batch, record);
	Ok(())
}

/// Late proofs, of batches each of a rollup with a key that no benchmark used before: what a node
/// keeps of keys must not make them look cheap. If they are not to hold, they are for another
/// prover.
pub(super) fn late_proofs<T: Config>(
	count: u32,
	hold: bool,
) -> Result<Vec<ProofSubmission<T::AccountId>>, BenchmarkError> {
	let sequencer = funded::<T>("sequencer", 0);
	let owner = funded::<T>("owner", 0);
	let now = frame_benchmarking::benchmarking::current_time();
	let mut batches = Vec::new();
	for index in 0..count {
		let keys = Trapdoor::new(&(now, index).encode());
		let rollup = rollup_with::<T>(&owner, &sequencer, 1, &keys)?;
		let batch = commit::<T>(&sequencer, rollup)?;
		batches.push((keys, batch, commit::<T>(&sequencer, rollup)?));
	}
	let mut late = Vec::new();
	let mut others = Vec::new();
	for (index, (keys, batch, _)) in (0..).zip(&batches) {
		let places = places::<T>();
		let bidders = (0..places).map(|place| {
			let who = funded::<T>("prover", index * places + place);
			register_prover::<T>(&who).map(|()| who)
		});
		let bidders = bidders.collect::<Result<Vec<_>, _>>()?;
		let prover = bidders[0].clone();
		let bound_to = if hold { prover.clone() } else { sequencer.clone() };
		let inputs =
			Pallet::<T>::public_inputs_of(*batch, bound_to).ok_or("the batch is pending")?;
		let proof = keys.prove(&inputs).try_into().map_err(|_| "a proof has 256 bytes")?;
		others.push(bidders);
		late.push(ProofSubmission { batch: *batch, prover, proof });
	}
	let payload = |proof: &ProofBytes| payload::<T>(0, blake2_256(&[proof]));
	run_to::<T>(windows::<T>(batches[0].1)?.bidding_from);
	for (ProofSubmission { batch, prover, proof }, others) in late.iter().zip(&others) {
		place::<T>(*batch, prover, &payload(proof))?;
		bids::<T>(*batch, others, 1)?;
	}
	run_to::<T>(windows::<T>(batches[0].1)?.reveal_from);
	for (ProofSubmission { batch, prover, proof }, others) in late.iter().zip(&others) {
		reveals::<T>(*batch, others, 1)?;
		reveal::<T>(*batch, prover, &payload(proof))?;
	}
	for (_, batch, successor) in &batches {
		keep_slashed::<T>(*batch)?;
		put_stage::<T>(*successor, Stage::Waiting)?;
	}
	// The first of the blocks in which they are late.
	set_now::<T>(late_until::<T>(batches[0].1)? + 1 - params::<T>(1).grace_blocks);
	Ok(late)
}

/// That a late proof was accepted with all its effects.
pub(super) fn check_late_proof<T: Config>(
	late: &ProofSubmission<T::AccountId>,
) -> Result<(), BenchmarkError> {
	let ProofSubmission { batch, prover, .. } = late;
	assert!(!Batches::<T>::contains_key(batch));
	let stats = Provers::<T>::get(prover).ok_or("the prover is registered")?.stats;
	assert!(stats.earned > 0 && stats.late == 1);
	assert!(check_recent_batch::<T>(batch.rollup, prover) > 0);
	let rollup = Rollups::<T>::get(batch.rollup).ok_or("the rollup is registered")?;
	assert_eq!(rollup.finalized_root, root(1));
	let successor = BatchId { index: batch.index + 1, ..*batch };
	let woken = Batches::<T>::get(successor).ok_or("the successor is pending")?;
	assert!(woken.due.is_some());
	assert!(T::Currency::total_balance(&Pallet::<T>::pot_account()).is_zero());
	Ok(())
}

/// Adds a bond that another prover lost in an earlier round of the batch.
pub(super) fn keep_slashed<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
	let bond = T::MinStake::get();
	T::Currency::mint_into(&Pallet::<T>::pot_account(), bond)?;
	Totals::<T>::mutate(|totals| totals.kept_bonds += bond);
	Batches::<T>::mutate(batch, |record| {
		if let Some(record) = record {
			record.round.slashed = bond;
		}
	});
	Ok(())
}

/// Puts a batch of whose predecessor something became due into the agenda.
pub(super) fn wake<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
	let rollup = Rollups::<T>::get(batch.rollup).ok_or("the rollup is registered")?;
	Pallet::<T>::wake(batch, &rollup);
	Ok(())
}

/// Makes a batch that is paid: what was held for it beside its deposit has returned.
pub(super) fn put_proven<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
	let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
	let bond = record.snapshot.params.sequencer_bond;
	Pallet::<T>::release(HoldReason::Escrow, &record.sequencer, record.max_fee)?;
	Pallet::<T>::release(HoldReason::SequencerBond, &record.sequencer, bond)?;
	put_stage::<T>(
		batch,
		Stage::Proven { prover: account("prover", 0, 0), at: 1, paid: record.max_fee },
	)
}

/// A full ladder behind an assigned prover: the longest row that a batch can have.
pub(super) fn full_assignment<T: Config>() -> Stage<T::AccountId> {
	let place = |index| Place {
		prover: account("prover", index, 0),
		fee: max_reserve::<T>(),
		payment: max_reserve::<T>(),
		proof_blocks: PROOF_BLOCKS,
		proof_commitment: Some([1; 32]),
		bond: T::MinStake::get(),
	};
	Stage::Assigned(Assignment {
		place: place(0),
		delivery: Delivery::new(1, 1, PROOF_BLOCKS, &Pallet::<T>::snapshot(params::<T>(1))),
		first_payment: max_reserve::<T>(),
		ladder: Ladder::truncate_from((1..=MAX_LADDER).map(place).collect()),
	})
}

/// Goes to the block at which a batch is due and leaves nothing else due there. Returns the meter with
/// which the agenda does this one step.
pub(super) fn one_step<T: Config>(batch: BatchId) -> Result<WeightMeter, BenchmarkError> {
	let entry = Pallet::<T>::entry(batch).map_err(|_| "the batch is pending")?;
	let due = entry.batch.due.ok_or("something is due")?;
	set_now::<T>(due.at.max(Pallet::<T>::now()));
	let key = agenda_key(due, batch);
	let others: Vec<_> = Agenda::<T>::iter_keys()
		.filter(|other| *other != key && agenda_item(*other).0.at <= Pallet::<T>::now())
		.collect();
	for other in others {
		Agenda::<T>::remove(other);
	}
	begin_pass::<T>();
	frame_system::Pallet::<T>::reset_events();
	let weight =
		WeightInfoOf::<T>::agenda_lookup().saturating_add(Pallet::<T>::step_weight(&entry));
	Ok(WeightMeter::with_limit(weight))
}

/// Puts both lanes of the agenda at the end of a pass: the next look-up finds nothing behind either and
/// begins new ones. An auction that closes later stands first in its lane, so that a look for
/// something else seeks four times and reads each key that it finds.
pub(super) fn begin_pass<T: Config>() {
	let now = Pallet::<T>::now();
	CurrentPasses::<T>::put([AgendaPass { last: Some((now, RollupId::MAX)), until: now }; 2]);
	let later = Due { lane: Lane::Closes, at: BlockNumber::MAX };
	Agenda::<T>::insert(agenda_key(later, BatchId { rollup: 0, index: 0 }), ());
}

pub(super) fn assert_last<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}
