// SPDX-License-Identifier: Apache-2.0
//! What each call and each step of the agenda costs at the most, measured on the runtime's Wasm.
//!
//! Calls are measured where nothing is overdue: what a call performs beside its own work is weighed as
//! a step of the agenda. Steps are measured through the agenda, so that each includes one lookup and
//! taking its entry out. Batches open the seals of silent bidders: each transition of theirs looks for
//! its puzzle. Every set-up is the worst case for storage: full rounds, full ladders, places of the
//! pool, an account of slashed bonds, a successor that has to be woken, as many final batches as a rollup
//! keeps. The rows of a set-up are real, made by calls and blocks, except where a comment says otherwise.

mod trapdoor;

use crate::{
	pallet::*,
	types::{
		agenda_item, agenda_key, AgendaPass, Due, Lane, PlaceKind, ProofSubmission,
		RecentBatchesOf, RoundKey,
	},
	weights::WeightInfo,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::*,
	traits::fungible::{Inspect, Mutate},
	weights::WeightMeter,
};
use frame_system::{
	pallet_prelude::{BlockNumberFor, OriginFor},
	RawOrigin,
};
use pvs_auction::{
	phase::Windows,
	recent::{RecentBatch, RECENT_BATCHES},
	reserve::Reserve,
	round::{Assignment, BidStage, Delivery, Ladder, Place, Stage, MAX_LADDER},
	share::{RecentAmount, RecentCount},
};
use pvs_primitives::{
	api::BatchId,
	bid::{BidPayload, PAYLOAD_BYTES},
	hash::blake2_256,
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, WHOLE},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId,
};
use pvs_timelock::{
	generator, seal, testing, verify_opening, Exponent, OpeningError, Seal, Statement,
	ELEMENT_BYTES, EXPONENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES, SEAL_BYTES,
};
use sp_runtime::traits::{BlockNumberProvider, Hash, Zero};
use trapdoor::Trapdoor;

/// The longest committed time of the set-ups, in blocks.
const PROOF_BLOCKS: BlockNumber = 5;

/// Parameters at the expensive end: both criteria, anti-concentration, second-score payment, the
/// longest ladder, as many rounds as the runtime allows, a bond as large as the lowest stake, so that
/// losing it suspends the prover.
fn params<T: Config>(data_len: u32) -> RollupParams {
	let window = T::InclusionSlack::get() + 1;
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
		sequencer_bond: T::MinSequencerBond::get().max(1),
	}
}

fn max_reserve<T: Config>() -> Balance {
	params::<T>(1).max_reserve
}

/// Gives an account enough for whatever a set-up holds from it.
fn fund<T: Config>(who: &T::AccountId) {
	let each = T::MinStake::get()
		+ T::MinSequencerBond::get()
		+ T::RollupDeposit::get()
		+ T::BatchDeposit::get()
		+ T::ProverDeposit::get()
		+ T::SlotFeeBase::get()
		+ T::Currency::minimum_balance();
	T::Currency::set_balance(who, each * 1_000);
}

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who = account(name, index, 0);
	fund::<T>(&who);
	who
}

/// The account that signs the measured call. Its row was read and written for the fee, which the
/// base weight of an extrinsic covers.
fn caller<T: Config>() -> T::AccountId {
	let who = whitelisted_caller();
	fund::<T>(&who);
	who
}

fn root(number: u64) -> Bytes32 {
	let mut root = [0; 32];
	root[24..].copy_from_slice(&number.to_be_bytes());
	root
}

/// Registers a rollup and gives it a record, as every rollup in use has.
fn rollup<T: Config>(
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
	Stats::<T>::mutate(id, |stats| stats.proven = 1);
	RecentBatches::<T>::insert(id, recent_batches::<T>());
	Rollups::<T>::mutate(id, |record| {
		if let Some(record) = record {
			record.prices = Reserve { mean: Some(max_reserve::<T>()), ..record.prices };
			// As if batches had them, so that those of a set-up take places of the pool.
			record.guaranteed = T::GuaranteedPlaces::get();
		}
	});
	RecentProofs::<T>::put(RecentCount { epoch: 0, count: 1 << 40 });
	Ok(id)
}

/// As many final batches as a rollup keeps, each of a prover of its own.
fn recent_batches<T: Config>() -> RecentBatchesOf<T> {
	let batch = |index| RecentBatch {
		prover: account("recent prover", index, 0),
		paid: max_reserve::<T>(),
	};
	RecentBatchesOf::<T>::truncate_from((0..RECENT_BATCHES).map(batch).collect())
}

/// Checks that a rollup's newest final batch is one of this prover, in place of the oldest one. Returns
/// what the prover was paid for it, in planck.
fn check_recent_batch<T: Config>(rollup: RollupId, prover: &T::AccountId) -> Balance {
	let batches = RecentBatches::<T>::get(rollup);
	assert!(batches.is_full() && batches[..31] == recent_batches::<T>()[1..]);
	assert_eq!(batches[31].prover, *prover);
	batches[31].paid
}

/// Lets calls seem to come in an extrinsic: batches and bids are refused elsewhere.
fn enter_extrinsic<T: Config>() {
	frame_system::Pallet::<T>::note_inherents_applied();
	frame_system::Pallet::<T>::set_extrinsic_index(0);
	frame_system::Pallet::<T>::note_extrinsic(vec![1]);
}

fn key(keys: &Trapdoor) -> KeyBytes {
	keys.verifying_key().try_into().expect("a key has 768 bytes")
}

/// A rollup with as many batches, committed one after the other in the block before: a part of their
/// rent is due.
fn pending<T: Config>(batches: u64) -> Result<Vec<BatchId>, BenchmarkError> {
	let sequencer = funded::<T>("sequencer", 0);
	let rollup = rollup::<T>(&funded::<T>("owner", 0), &sequencer, 1)?;
	let batches = (0..batches).map(|_| commit::<T>(&sequencer, rollup)).collect();
	run_to::<T>(Pallet::<T>::now() + 1);
	batches
}

fn commit<T: Config>(
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

fn data<T: Config>(bytes: u32) -> Result<DataBytes<T>, BenchmarkError> {
	let data = vec![0xff; usize::try_from(bytes).expect("usize has 32 bits or more")];
	data.try_into().map_err(|_| "the data is within the bound".into())
}

fn register_prover<T: Config>(who: &T::AccountId) -> Result<(), BenchmarkError> {
	Pallet::<T>::register_prover(RawOrigin::Signed(who.clone()).into(), T::MinStake::get())?;
	Provers::<T>::mutate(who, |record| {
		if let Some(record) = record {
			record.recent = RecentCount { epoch: 0, count: 1 << 34 };
			record.recent_paid = RecentAmount { epoch: 0, amount: max_reserve::<T>() };
		}
	});
	Ok(())
}

/// Registers as many provers; `caller` is among them, at its place.
fn provers<T: Config>(
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
fn payload<T: Config>(rank: u32, proof_commitment: Bytes32) -> [u8; PAYLOAD_BYTES] {
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
fn overpriced<T: Config>() -> [u8; PAYLOAD_BYTES] {
	let fee = max_reserve::<T>() + 1;
	let salt = [9; 32];
	BidPayload { fee, proof_blocks: PROOF_BLOCKS, proof_commitment: None, salt }.encode()
}

fn place<T: Config>(
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
fn any_seal() -> Result<SealBytes, BenchmarkError> {
	let seal = [&generator()[..], &[0xff; SEAL_BYTES - ELEMENT_BYTES]].concat();
	seal.try_into().map_err(|_| "a seal has 357 bytes".into())
}

/// A round of bidders who are all silent, with a seal of the caller's payload among them, in the
/// opening window.
fn silent_round<T: Config>(
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<(BatchId, Seal), BenchmarkError> {
	silent_bids::<T>(pending::<T>(1)?[0], bidder, payload, T::MaxBids::get() - 1)
}

/// A closed round with silent bids of this many others beside the caller's, which is sealed as in
/// [`silent_round`].
fn unsettled_round<T: Config>(
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
	let seal = seal(T::SealParameters::get(), &context, payload, &exponent);
	place_with::<T>(batch, bidder, payload, SealBytes::truncate_from(seal.to_vec()))?;
	run_to::<T>(windows::<T>(batch)?.reveal_until);
	Ok((batch, seal))
}

/// What a statement about a bid's seal is made of.
fn with_statement<T: Config, R>(
	batch: BatchId,
	bidder: &T::AccountId,
	opener: &T::AccountId,
	seal: &Seal,
	use_it: impl FnOnce(&Statement<'_>) -> R,
) -> Result<R, BenchmarkError> {
	let entry = Pallet::<T>::entry(batch).map_err(|_| "the batch is pending")?;
	let bid = Bids::<T>::get(batch, bidder).ok_or("the bid was placed")?;
	Ok(use_it(&Statement {
		parameters: T::SealParameters::get(),
		seal,
		context: &Pallet::<T>::bid_context(&entry, bidder),
		commitment: &bid.commitment,
		opener: opener.as_ref(),
	}))
}

fn commitment<T: Config>(
	batch: BatchId,
	bidder: &T::AccountId,
	payload: &[u8; PAYLOAD_BYTES],
) -> Result<Bytes32, BenchmarkError> {
	let commitment = Pallet::<T>::commitment_of(batch, bidder.clone(), *payload);
	commitment.ok_or_else(|| "an auction is open".into())
}

fn windows<T: Config>(batch: BatchId) -> Result<Windows, BenchmarkError> {
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
fn bids<T: Config>(
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
fn reveals<T: Config>(
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

fn payload_bytes(payload: &[u8; PAYLOAD_BYTES]) -> Result<PayloadBytes, BenchmarkError> {
	payload.to_vec().try_into().map_err(|_| "a payload has 85 bytes".into())
}

/// How many bids fill the winner's place and the longest ladder.
fn places<T: Config>() -> u32 {
	T::MaxBids::get().min(MAX_LADDER + 1)
}

/// The last block in which the assigned prover may deliver.
fn late_until<T: Config>(batch: BatchId) -> Result<BlockNumber, BenchmarkError> {
	match Batches::<T>::get(batch).map(|record| record.round.stage) {
		Some(Stage::Assigned(assignment)) => Ok(assignment.delivery.late_until),
		_ => Err("a prover is assigned".into()),
	}
}

/// Goes through every block up to `number`, which works off what is due.
fn run_to<T: Config>(number: BlockNumber) {
	while Pallet::<T>::now() < number {
		set_now::<T>(Pallet::<T>::now() + 1);
		Pallet::<T>::do_initialize();
	}
}

/// Goes to a block without working off what is due.
fn set_now<T: Config>(number: BlockNumber) {
	T::BlockNumberProvider::set_block_number(number.into());
}

/// Puts a batch into a stage in which nothing is due, leaving out the rounds and proofs that lead to it.
fn put_stage<T: Config>(batch: BatchId, stage: Stage<T::AccountId>) -> Result<(), BenchmarkError> {
	let mut record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
	Pallet::<T>::unschedule(batch, &mut record);
	record.round.stage = stage;
	Batches::<T>::insert(batch, record);
	Ok(())
}

/// Late proofs, of batches each of a rollup with a key that no benchmark used before: what a node
/// keeps of keys must not make them look cheap. If they are not to hold, they are for another
/// prover.
fn late_proofs<T: Config>(
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
fn check_late_proof<T: Config>(late: &ProofSubmission<T::AccountId>) -> Result<(), BenchmarkError> {
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
fn keep_slashed<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
	let bond = T::MinStake::get();
	T::Currency::mint_into(&Pallet::<T>::pot_account(), bond)?;
	KeptBonds::<T>::mutate(|kept| *kept += bond);
	Batches::<T>::mutate(batch, |record| {
		if let Some(record) = record {
			record.round.slashed = bond;
		}
	});
	Ok(())
}

/// Puts a batch of whose predecessor something became due into the agenda.
fn wake<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
	let rollup = Rollups::<T>::get(batch.rollup).ok_or("the rollup is registered")?;
	Pallet::<T>::wake(batch, &rollup);
	Ok(())
}

/// Makes a batch that is paid: what was held for it beside its deposit has returned.
fn put_proven<T: Config>(batch: BatchId) -> Result<(), BenchmarkError> {
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
fn full_assignment<T: Config>() -> Stage<T::AccountId> {
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
fn one_step<T: Config>(batch: BatchId) -> Result<WeightMeter, BenchmarkError> {
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
	let weight = T::WeightInfo::agenda_lookup().saturating_add(Pallet::<T>::step_weight(&entry));
	Ok(WeightMeter::with_limit(weight))
}

/// Puts both lanes of the agenda at the end of a pass: the next look-up finds nothing behind either and
/// begins new ones. An auction that closes later stands first in its lane, so that a look for
/// something else seeks four times and reads each key that it finds.
fn begin_pass<T: Config>() {
	let now = Pallet::<T>::now();
	CurrentPasses::<T>::put([AgendaPass { last: Some((now, RollupId::MAX)), until: now }; 2]);
	let later = Due { lane: Lane::Closes, at: BlockNumber::MAX };
	Agenda::<T>::insert(agenda_key(later, BatchId { rollup: 0, index: 0 }), ());
}

fn assert_last<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register_rollup() -> Result<(), BenchmarkError> {
		let (owner, key) = (caller::<T>(), key(&Trapdoor::new(&[])));
		let sequencer: T::AccountId = account("sequencer", 0, 0);
		let id = NextRollupId::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), key, root(0), sequencer, params::<T>(1));

		assert!(Rollups::<T>::contains_key(id) && VerifyingKeys::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn deregister_rollup() -> Result<(), BenchmarkError> {
		let owner = caller::<T>();
		let id = rollup::<T>(&owner, &funded::<T>("sequencer", 0), 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);

		assert!(!Rollups::<T>::contains_key(id) && !Stats::<T>::contains_key(id));
		assert!(!RecentBatches::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn register_prover() -> Result<(), BenchmarkError> {
		let prover = caller::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()), T::MinStake::get());

		assert!(Provers::<T>::contains_key(&prover));
		Ok(())
	}

	#[benchmark]
	fn deregister_prover() -> Result<(), BenchmarkError> {
		let prover = caller::<T>();
		super::register_prover::<T>(&prover)?;
		Pallet::<T>::unbond(RawOrigin::Signed(prover.clone()).into(), 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()));

		assert!(!Provers::<T>::contains_key(&prover));
		Ok(())
	}

	/// With `d` bytes of data, on a predecessor with the longest row: how long its rent is held says how
	/// long this one's is.
	#[benchmark]
	fn commit_batch(d: Linear<1, { T::MaxDataBytes::get() }>) -> Result<(), BenchmarkError> {
		let sequencer = caller::<T>();
		let rollup = rollup::<T>(&funded::<T>("owner", 0), &sequencer, d)?;
		let predecessor = commit::<T>(&sequencer, rollup)?;
		run_to::<T>(Pallet::<T>::now() + 1);
		put_stage::<T>(predecessor, full_assignment::<T>())?;
		let data = data::<T>(d)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(sequencer), rollup, data, root(1), root(2), max_reserve::<T>());

		let batch = Batches::<T>::get(BatchId { rollup, index: 1 }).ok_or("it is committed")?;
		assert_eq!((batch.place.kind, TakenPlaces::<T>::get()), (PlaceKind::Pool, 2));
		assert_eq!(BlockDataBytes::<T>::get(), d);
		Ok(())
	}

	/// The last free place of a round.
	#[benchmark]
	fn place_bid() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let others = provers::<T>(T::MaxBids::get() - 1, None)?;
		bids::<T>(batch, &others, 0)?;
		let bidder = caller::<T>();
		super::register_prover::<T>(&bidder)?;
		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		let digest = Pallet::<T>::batch_digest(&record, record.round.reserve);
		let commitment =
			commitment::<T>(batch, &bidder, &payload::<T>(T::MaxBids::get(), [1; 32]))?;
		let seal = any_seal()?;
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(bidder.clone()), batch, 0, digest, Balance::MAX, commitment, seal);

		assert!(Bids::<T>::contains_key(batch, &bidder));
		assert_eq!(Bids::<T>::iter_key_prefix(batch).count(), T::MaxBids::get() as usize);
		Ok(())
	}

	/// A sound seal of a payload that asks too much: everything is checked, and the whole bond is lost.
	/// The search for a challenge is of usual length; the longest is weighed apart.
	#[benchmark]
	fn open_bid() -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let (batch, seal) = silent_round::<T>(&bidder, &overpriced::<T>())?;
		let opener = caller::<T>();
		let opening = with_statement::<T, _>(batch, &bidder, &opener, &seal, testing::open)?
			.ok_or("the seal is well-formed")?;
		let solution = opening.solution.to_vec().try_into().map_err(|_| "256 bytes")?;
		let proof = opening.proof.to_vec().try_into().map_err(|_| "257 bytes")?;
		let seal = SealBytes::truncate_from(seal.to_vec());

		#[extrinsic_call]
		_(RawOrigin::Signed(opener), batch, 0, bidder.clone(), seal, solution, proof);

		let bid = Bids::<T>::get(batch, &bidder).ok_or("others are sealed still")?;
		assert_eq!(bid.stage, BidStage::Void);
		Ok(())
	}

	/// The last silent bid of its round, which is malformed: the whole bond is lost.
	#[benchmark]
	fn settle_by_payload() -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let (batch, _) = unsettled_round::<T>(&bidder, &overpriced::<T>(), 0)?;
		let origin: OriginFor<T> = RawOrigin::Signed(caller::<T>()).into();
		let payload = payload_bytes(&overpriced::<T>())?;

		#[block]
		{
			Pallet::<T>::reveal_bid(origin, batch, 0, bidder, payload)
				.map_err(|_| "it is unsettled")?;
		}

		assert!(!UnsettledRounds::<T>::contains_key(batch, 0));
		assert_eq!(Expiries::<T>::iter_keys().count(), 0);
		Ok(())
	}

	/// As `settle_by_payload`, by a sound seal and with a reward.
	#[benchmark]
	fn settle_by_opening() -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let payload = overpriced::<T>();
		let (batch, seal) = unsettled_round::<T>(&bidder, &payload, 0)?;
		let opener = caller::<T>();
		let at = RoundKey { batch, round: 0 };
		let kept = UnsettledRounds::<T>::get(batch, 0).ok_or("the round has closed")?;
		let bid = UnsettledBids::<T>::get(at.id(), &bidder).ok_or("it is unsettled")?;
		let opening = testing::open(&Statement {
			parameters: T::SealParameters::get(),
			seal: &seal,
			context: &Pallet::<T>::unsettled_context(at, &kept, &bidder),
			commitment: &bid.commitment,
			opener: opener.as_ref(),
		})
		.ok_or("the seal is well-formed")?;
		let solution = opening.solution.to_vec().try_into().map_err(|_| "256 bytes")?;
		let proof = opening.proof.to_vec().try_into().map_err(|_| "257 bytes")?;
		let seal = SealBytes::truncate_from(seal.to_vec());
		let origin: OriginFor<T> = RawOrigin::Signed(opener).into();

		#[block]
		{
			Pallet::<T>::open_bid(origin, batch, 0, bidder, seal, solution, proof)
				.map_err(|_| "it is unsettled")?;
		}

		assert!(!UnsettledRounds::<T>::contains_key(batch, 0));
		Ok(())
	}

	/// All silent bids of a round.
	#[benchmark]
	fn expire_bids(b: Linear<1, { T::MaxBids::get() }>) -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let (batch, _) = unsettled_round::<T>(&bidder, &overpriced::<T>(), b - 1)?;
		let kept = UnsettledRounds::<T>::get(batch, 0).ok_or("the round has closed")?;
		assert_eq!(kept.bids, b);
		set_now::<T>(kept.closed.until);

		#[block]
		{
			Pallet::<T>::expire(RoundKey { batch, round: 0 }, b)?;
		}

		assert!(!UnsettledRounds::<T>::contains_key(batch, 0));
		assert_eq!(Expiries::<T>::iter_keys().count(), 0);
		Ok(())
	}

	/// Of a bid that is sealed no more, in a full round.
	#[benchmark]
	fn refuse_opening() -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let (batch, seal) = silent_round::<T>(&bidder, &overpriced::<T>())?;
		Bids::<T>::mutate(batch, &bidder, |bid| {
			if let Some(bid) = bid {
				bid.stage = BidStage::Void;
			}
		});
		let origin: OriginFor<T> = RawOrigin::Signed(caller::<T>()).into();
		let solution = generator().to_vec().try_into().map_err(|_| "256 bytes")?;
		let proof = vec![0xff; OPENING_PROOF_BYTES].try_into().map_err(|_| "257 bytes")?;
		let seal = SealBytes::truncate_from(seal.to_vec());
		let refused;

		#[block]
		{
			refused = Pallet::<T>::open_bid(origin, batch, 0, bidder, seal, solution, proof);
		}

		let error = refused.err().ok_or("it is sealed no more")?.error;
		assert_eq!(error, Error::<T>::BidNotSealed.into());
		Ok(())
	}

	/// The longest search for the challenge of an opening: it ends without one.
	#[benchmark]
	fn challenge_search() -> Result<(), BenchmarkError> {
		let bidder = funded::<T>("silent", 0);
		let (batch, seal) = silent_round::<T>(&bidder, &overpriced::<T>())?;
		let solution = *generator();
		let found = (0..16).find_map(|index| {
			let opener: T::AccountId = account("opener", index, 0);
			let attempt = with_statement::<T, _>(batch, &bidder, &opener, &seal, |statement| {
				testing::attempt_without_challenge(statement, &solution)
			});
			Some((opener, attempt.ok()??))
		});
		let (opener, attempt) = found.ok_or("one attempt in a hundred or so finds nothing")?;
		let mut proof = [attempt; OPENING_PROOF_BYTES];
		proof[1..].copy_from_slice(generator());
		let outcome;

		#[block]
		{
			outcome = with_statement::<T, _>(batch, &bidder, &opener, &seal, |statement| {
				verify_opening(statement, &solution, &proof)
			})?;
		}

		assert_eq!(outcome, Err(OpeningError::ChallengeNotFound));
		Ok(())
	}

	/// A payload that asks too much. It costs more than one that counts, although that one's score is
	/// computed: its bond is burned, which touches the holds and the issuance, and suspends the prover.
	#[benchmark]
	fn reveal_bid() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		bids::<T>(batch, &provers::<T>(T::MaxBids::get() - 1, None)?, 0)?;
		let bidder = caller::<T>();
		super::register_prover::<T>(&bidder)?;
		let payload = overpriced::<T>();
		place::<T>(batch, &bidder, &payload)?;
		let payload = payload_bytes(&payload)?;
		run_to::<T>(windows::<T>(batch)?.reveal_from);
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(bidder.clone()), batch, 0, bidder.clone(), payload);

		let bid = Bids::<T>::get(batch, &bidder).ok_or("a void bid keeps its row")?;
		assert_eq!(bid.stage, BidStage::Void);
		let prover = Provers::<T>::get(&bidder).ok_or("the prover is registered")?;
		assert_eq!(prover.stake, 0);
		Ok(())
	}

	/// A late proof, relayed by somebody else, of a batch whose earlier round ended in a default: a full
	/// ladder to release, escrow to pay, to burn and to return, a slashed bond to share. Its root
	/// becomes final, which wakes a successor whose last round is due. The key was never used before.
	#[benchmark]
	fn submit_proof() -> Result<(), BenchmarkError> {
		let late = late_proofs::<T>(1, true)?.pop().ok_or("one proof was asked for")?;
		let ProofSubmission { batch, prover, proof } = late.clone();
		let relayer = caller::<T>();
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(relayer), batch, prover, proof);

		check_late_proof::<T>(&late)
	}

	/// Another proof, as long as one can be, than the one that the prover at the head of a full ladder
	/// committed to.
	#[benchmark]
	fn refuse_proof() -> Result<(), BenchmarkError> {
		let late = late_proofs::<T>(1, true)?.pop().ok_or("one proof was asked for")?;
		let ProofSubmission { batch, prover, .. } = late;
		let origin: OriginFor<T> = RawOrigin::Signed(caller::<T>()).into();
		let longest = vec![0xff; ProofBytes::bound()].try_into().map_err(|_| "the bound")?;
		let (refused, rescuer);

		#[block]
		{
			refused = Pallet::<T>::submit_proof(origin, batch, prover.clone(), longest);
			// In a rescue the prover's row is read.
			rescuer = Provers::<T>::get(&prover);
		}

		let error = refused.err().ok_or("it is another proof")?.error;
		assert_eq!(error, Error::<T>::OtherProofCommitted.into());
		assert!(rescuer.is_some());
		Ok(())
	}

	/// As many of the proofs of `submit_proof`, each of another rollup.
	#[benchmark]
	fn submit_proofs(n: Linear<1, { T::MaxProofs::get() }>) -> Result<(), BenchmarkError> {
		let late = late_proofs::<T>(n, true)?;
		let proofs = late.clone().try_into().map_err(|_| "no more than allowed")?;
		let relayer = caller::<T>();
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(relayer), proofs);

		late.iter().try_for_each(check_late_proof::<T>)
	}

	/// As many well-formed proofs that do not hold, each of another rollup: the most that finding the
	/// bad ones takes.
	#[benchmark]
	fn submit_false_proofs(n: Linear<1, { T::MaxProofs::get() }>) -> Result<(), BenchmarkError> {
		let late = late_proofs::<T>(n, false)?;
		let proofs = late.clone().try_into().map_err(|_| "no more than allowed")?;
		let relayer = caller::<T>();
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		submit_proofs(RawOrigin::Signed(relayer), proofs);

		for ProofSubmission { batch, prover, .. } in late {
			assert!(Batches::<T>::contains_key(batch));
			let error = Error::<T>::ProofInvalid.into();
			let refused =
				<T as frame_system::Config>::RuntimeEvent::from(Event::<T>::ProofRefused {
					batch,
					prover,
					error,
				});
			assert!(frame_system::Pallet::<T>::events()
				.iter()
				.any(|record| record.event == refused));
		}
		Ok(())
	}

	/// The first of a full ladder takes its place.
	#[benchmark]
	fn accept_place() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let prover = caller::<T>();
		let provers = provers::<T>(places::<T>(), Some((1, prover.clone())))?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 0)?;
		run_to::<T>(late_until::<T>(batch)? + 1);
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()), batch, 0);

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		let assigned =
			matches!(record.round.stage, Stage::Assigned(now) if now.place.prover == prover);
		assert!(assigned);
		Ok(())
	}

	/// Of a suspended prover.
	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let prover = caller::<T>();
		super::register_prover::<T>(&prover)?;
		Pallet::<T>::unbond(RawOrigin::Signed(prover.clone()).into(), 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()), 1);

		assert_last::<T>(Event::ProverReinstated { prover, stake: T::MinStake::get() });
		Ok(())
	}

	/// Of a prover that is suspended by it.
	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		let prover = caller::<T>();
		super::register_prover::<T>(&prover)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()), 1);

		assert_last::<T>(Event::ProverSuspended { prover, stake: T::MinStake::get() - 1 });
		Ok(())
	}

	#[benchmark]
	fn withdraw_unbonded() -> Result<(), BenchmarkError> {
		let prover = caller::<T>();
		super::register_prover::<T>(&prover)?;
		Pallet::<T>::unbond(RawOrigin::Signed(prover.clone()).into(), 1)?;
		set_now::<T>(Pallet::<T>::now() + T::UnbondingBlocks::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(prover.clone()));

		assert_last::<T>(Event::StakeWithdrawn { prover, amount: 1 });
		Ok(())
	}

	/// Of a rollup with `p` pending batches. Their rows are the longest possible; that they are equal
	/// makes no difference to reading them. A dropped batch that waits for its prover is one more row, so
	/// that the record of the next sequencer, a prover without bonds, is read.
	#[benchmark]
	fn set_sequencer(p: Linear<0, { T::MaxPendingBatches::get() }>) -> Result<(), BenchmarkError> {
		let (owner, sequencer) = (caller::<T>(), funded::<T>("sequencer", 0));
		let rollup = rollup::<T>(&owner, &sequencer, 1)?;
		for _ in 0..p {
			let batch = commit::<T>(&sequencer, rollup)?;
			put_stage::<T>(batch, full_assignment::<T>())?;
		}
		let next = funded::<T>("next sequencer", 0);
		super::register_prover::<T>(&next)?;
		Rollups::<T>::mutate(rollup, |record| {
			if let Some(record) = record {
				record.pending += 1;
			}
		});
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), rollup, next.clone());

		let record = Rollups::<T>::get(rollup).ok_or("the rollup is registered")?;
		assert_eq!((record.sequencer, record.next_index), (next, BatchIndex::from(p)));
		Ok(())
	}

	#[benchmark]
	fn set_params() -> Result<(), BenchmarkError> {
		let owner = caller::<T>();
		let rollup = rollup::<T>(&owner, &funded::<T>("sequencer", 0), 1)?;
		let max_reserve = max_reserve::<T>() - 1;
		let params = RollupParams {
			initial_reserve: max_reserve,
			max_reserve,
			..params::<T>(T::MaxDataBytes::get())
		};

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), rollup, params.clone());

		let record = Rollups::<T>::get(rollup).ok_or("the rollup is registered")?;
		assert_eq!((record.prices.reserve, record.params), (max_reserve, params));
		Ok(())
	}

	#[benchmark]
	fn transfer_rollup() -> Result<(), BenchmarkError> {
		let owner = caller::<T>();
		let rollup = rollup::<T>(&owner, &funded::<T>("sequencer", 0), 1)?;
		let to: T::AccountId = account("next owner", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), rollup, to.clone());

		let record = Rollups::<T>::get(rollup).ok_or("the rollup is registered")?;
		assert_eq!(record.offered_to, Some(to));
		Ok(())
	}

	#[benchmark]
	fn accept_rollup() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner", 0);
		let rollup = rollup::<T>(&owner, &funded::<T>("sequencer", 0), 1)?;
		let next = caller::<T>();
		let origin = RawOrigin::Signed(owner).into();
		Pallet::<T>::transfer_rollup(origin, rollup, next.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(next.clone()), rollup);

		let record = Rollups::<T>::get(rollup).ok_or("the rollup is registered")?;
		assert_eq!(record.owner, next);
		Ok(())
	}

	/// With `b` bids, of which none was revealed. A silent bid is the dearest: its bond is burned, which
	/// touches the bidder's account and holds and the issuance and leaves two events. A bid that lost
	/// touches only the prover's row (`close_round_revealed`).
	#[benchmark]
	fn close_round(b: Linear<0, { T::MaxBids::get() }>) -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		bids::<T>(batch, &provers::<T>(b, None)?, 0)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		assert_eq!((record.round.number, record.round.empty_rounds), (1, 1));
		assert_eq!(Bids::<T>::iter_key_prefix(batch).count(), 0);
		Ok(())
	}

	/// For comparison with `close_round`: all of `b` bids but one were revealed.
	#[benchmark(extra)]
	fn close_round_revealed(b: Linear<2, { T::MaxBids::get() }>) -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let provers = provers::<T>(b, None)?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 1)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		assert!(matches!(record.round.stage, Stage::Assigned(_)));
		Ok(())
	}

	/// A default that offers the first place of a full ladder and suspends the defaulter; the account
	/// of slashed bonds does not exist yet.
	#[benchmark]
	fn default_prover() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let provers = provers::<T>(places::<T>(), None)?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 0)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		assert!(matches!(record.round.stage, Stage::Offered(_)));
		assert_eq!(T::Currency::balance(&Pallet::<T>::pot_account()), T::MinStake::get());
		Ok(())
	}

	/// From the first to the second of a full ladder.
	#[benchmark]
	fn pass_place() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let provers = provers::<T>(places::<T>(), None)?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 0)?;
		run_to::<T>(late_until::<T>(batch)? + 1);
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		let offered =
			matches!(record.round.stage, Stage::Offered(now) if now.place.prover == provers[2]);
		assert!(offered);
		Ok(())
	}

	/// The next round opens.
	#[benchmark]
	fn end_rescue() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let provers = provers::<T>(1, None)?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 0)?;
		run_to::<T>(late_until::<T>(batch)? + 1);
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		assert_eq!((record.round.number, record.round.failed_rounds), (1, 1));
		Ok(())
	}

	#[benchmark]
	fn open_last_round() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		put_stage::<T>(batch, Stage::Waiting)?;
		wake::<T>(batch)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		assert!(matches!(record.round.stage, Stage::Auction(_)));
		assert_eq!(record.round.number, 1);
		Ok(())
	}

	/// Wakes a successor whose last round is due.
	#[benchmark]
	fn finalize_batch() -> Result<(), BenchmarkError> {
		let batches = pending::<T>(2)?;
		let (batch, successor) = (batches[0], batches[1]);
		put_proven::<T>(batch)?;
		put_stage::<T>(successor, Stage::Waiting)?;
		wake::<T>(batch)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		assert!(!Batches::<T>::contains_key(batch));
		let paid = check_recent_batch::<T>(batch.rollup, &account("prover", 0, 0));
		assert_eq!(paid, max_reserve::<T>());
		let woken = Batches::<T>::get(successor).ok_or("the successor is pending")?;
		assert!(woken.due.is_some());
		Ok(())
	}

	/// A rescue that ends the last round after a default: a kept bond to burn, a successor to drop.
	#[benchmark]
	fn fail_batch() -> Result<(), BenchmarkError> {
		let batches = pending::<T>(2)?;
		let (batch, successor) = (batches[0], batches[1]);
		let provers = provers::<T>(1, None)?;
		bids::<T>(batch, &provers, 0)?;
		reveals::<T>(batch, &provers, 0)?;
		run_to::<T>(late_until::<T>(batch)? + 1);
		Batches::<T>::mutate(batch, |record| {
			if let Some(record) = record {
				record.round.failed_rounds = record.snapshot.params.max_failed_rounds - 1;
			}
		});
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		assert!(!Batches::<T>::contains_key(batch));
		let dropped = Batches::<T>::get(successor).ok_or("the successor has its row")?;
		assert_eq!(dropped.due, Some(Due { lane: Lane::Others, at: Pallet::<T>::now() }));
		assert!(T::Currency::total_balance(&Pallet::<T>::pot_account()).is_zero());
		Ok(())
	}

	/// With `b` sealed bids, which leave an event each and release a bond; a kept bond to burn and a
	/// successor to drop. The failure of the predecessor is written into the rollup's row.
	#[benchmark]
	fn drop_batch(b: Linear<0, { T::MaxBids::get() }>) -> Result<(), BenchmarkError> {
		let batches = pending::<T>(3)?;
		let (batch, successor) = (batches[1], batches[2]);
		bids::<T>(batch, &provers::<T>(b, None)?, 0)?;
		keep_slashed::<T>(batch)?;
		Rollups::<T>::mutate(batch.rollup, |record| {
			if let Some(record) = record {
				record.next_to_finalize = record.next_index;
				record.tip_root = record.finalized_root;
			}
		});
		wake::<T>(batch)?;
		let mut meter = one_step::<T>(batch)?;

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		assert!(!Batches::<T>::contains_key(batch));
		assert_eq!(Bids::<T>::iter_key_prefix(batch).count(), 0);
		let dropped = Batches::<T>::get(successor).ok_or("the successor has its row")?;
		assert_eq!(dropped.due, Some(Due { lane: Lane::Others, at: Pallet::<T>::now() }));
		Ok(())
	}

	/// An entry whose batch has ended: found by the last of four seeks, two in each lane, judged and taken
	/// out. Dearer than finding nothing, which is all that most blocks do.
	#[benchmark]
	fn agenda_lookup() -> Result<(), BenchmarkError> {
		let batch = BatchId { rollup: 0, index: 0 };
		let entry = agenda_key(Due { lane: Lane::Others, at: Pallet::<T>::now() }, batch);
		Agenda::<T>::insert(entry, ());
		begin_pass::<T>();
		let mut meter = WeightMeter::with_limit(T::WeightInfo::agenda_lookup());

		#[block]
		{
			Pallet::<T>::service_agenda(&mut meter);
		}

		assert!(!Agenda::<T>::contains_key(entry));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, externalities(), crate::mock::Test);
}

#[cfg(test)]
fn externalities() -> sp_io::TestExternalities {
	use sp_runtime::BuildStorage;
	let storage = crate::mock::RuntimeGenesisConfig::default().build_storage();
	storage.expect("an empty chain").into()
}
