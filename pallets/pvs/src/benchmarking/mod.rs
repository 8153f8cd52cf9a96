// SPDX-License-Identifier: Apache-2.0
//! Highest cost of each call and of each step of the agenda, measured on the runtime's Wasm.
//!
//! Calls are measured where nothing is overdue: what a call performs beside its own work is weighed as
//! a step of the agenda. Steps are measured through the agenda, so that each includes one lookup and
//! taking its entry out. Batches open the seals of silent bidders: each transition of theirs looks for
//! its puzzle. Every set-up is the worst case for storage: full rounds, full ladders, places of the
//! pool, an account of slashed bonds, a successor that has to be woken, as many final batches as a rollup
//! keeps. The rows of a set-up are real, made by calls and blocks, except where a comment says otherwise.

mod setup;
mod trapdoor;

use crate::{
	pallet::*,
	types::{agenda_key, BidPlacement, BidReveal, Due, Lane, PlaceKind, ProofSubmission, RoundKey},
	weights::WeightInfo,
};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::{pallet_prelude::*, traits::fungible::Inspect, weights::WeightMeter};
use frame_system::{pallet_prelude::OriginFor, RawOrigin};
use pvs_auction::round::{BidStage, Stage};
use pvs_primitives::{api::BatchId, params::RollupParams, Balance, BatchIndex};
use pvs_timelock::{
	generator, testing, verify_opening, OpeningError, Statement, PROOF_BYTES as OPENING_PROOF_BYTES,
};
use setup::{
	any_seal, assert_last, begin_pass, bids, bond_more_for, caller, check_late_proof,
	check_recent_batch, commit, commitment, data, full_assignment, funded, keep_slashed, key,
	late_proofs, late_until, max_reserve, one_step, overpriced, params, payload, payload_bytes,
	pending, place, places, provers, put_proven, put_stage, register_prover, reveals, rollup,
	rollups_with_a_batch, root, run_to, set_now, silent_round, unsettled_round, wake, windows,
	with_statement,
};
use sp_runtime::traits::Zero;
use trapdoor::Trapdoor;

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

		assert!(!Rollups::<T>::contains_key(id));
		assert_eq!(RecentBatches::<T>::iter_prefix(id).count(), 0);
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
		assert_eq!((batch.place.kind, Totals::<T>::get().taken_places), (PlaceKind::Pool, 2));
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

	/// As many bids, each on a batch of another rollup, in rounds that have bids.
	#[benchmark]
	fn place_bids(n: Linear<1, { T::MaxBidsPerCall::get() }>) -> Result<(), BenchmarkError> {
		let batches = rollups_with_a_batch::<T>(n)?;
		let (other, bidder) = (funded::<T>("other", 0), caller::<T>());
		for prover in [&other, &bidder] {
			super::register_prover::<T>(prover)?;
			bond_more_for::<T>(prover, n)?;
		}
		let mut placements = vec![];
		for batch in &batches {
			bids::<T>(*batch, core::slice::from_ref(&other), 0)?;
			let record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
			placements.push(BidPlacement {
				batch: *batch,
				round: 0,
				batch_digest: Pallet::<T>::batch_digest(&record, record.round.reserve),
				max_slot_fee: Balance::MAX,
				commitment: commitment::<T>(*batch, &bidder, &payload::<T>(1, [1; 32]))?,
				seal: any_seal()?,
			});
		}
		let placements = placements.try_into().map_err(|_| "no more than allowed")?;
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(bidder.clone()), placements);

		assert!(batches.iter().all(|batch| Bids::<T>::contains_key(batch, &bidder)));
		Ok(())
	}

	/// As many of the payloads of `reveal_bid`, each of another bidder and for a batch of another rollup.
	#[benchmark]
	fn reveal_bids(n: Linear<1, { T::MaxBidsPerCall::get() }>) -> Result<(), BenchmarkError> {
		let batches = rollups_with_a_batch::<T>(n)?;
		let bidders = provers::<T>(n, None)?;
		let other = funded::<T>("other", 0);
		super::register_prover::<T>(&other)?;
		bond_more_for::<T>(&other, n)?;
		let payload = overpriced::<T>();
		let mut payloads = vec![];
		let mut revealed = vec![];
		for (batch, bidder) in batches.iter().zip(&bidders) {
			// Another bid stays sealed, so that no round closes.
			bids::<T>(*batch, core::slice::from_ref(&other), 0)?;
			place::<T>(*batch, bidder, &payload)?;
			let (round, payload) = (0, payload_bytes(&payload)?);
			payloads.push(BidReveal { batch: *batch, round, bidder: bidder.clone(), payload });
			revealed.push((*batch, bidder.clone()));
		}
		run_to::<T>(windows::<T>(batches[0])?.reveal_from);
		let payloads = payloads.try_into().map_err(|_| "no more than allowed")?;
		frame_system::Pallet::<T>::reset_events();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller::<T>()), payloads);

		for (batch, bidder) in revealed {
			let bid = Bids::<T>::get(batch, &bidder).ok_or("a void bid keeps its row")?;
			assert_eq!(bid.stage, BidStage::Void);
		}
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
			parameters: T::Seals::get().parameters,
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

		// Behind the last statement it would be counted.
		check_late_proof::<T>(&late)?;
		Ok(())
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

		late.iter().try_for_each(check_late_proof::<T>)?;
		Ok(())
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

	/// To another block, as when a round gets its first bid.
	#[benchmark]
	fn move_deadline() -> Result<(), BenchmarkError> {
		let batch = pending::<T>(1)?[0];
		let mut record = Batches::<T>::get(batch).ok_or("the batch is pending")?;
		let due = record.due.ok_or("its round closes")?;
		let later = Due { at: due.at + 1, ..due };

		#[block]
		{
			Pallet::<T>::schedule(batch, &mut record, later);
		}

		assert!(Agenda::<T>::contains_key(agenda_key(later, batch)));
		assert!(!Agenda::<T>::contains_key(agenda_key(due, batch)));
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
		let mut meter = WeightMeter::with_limit(WeightInfoOf::<T>::agenda_lookup());

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
