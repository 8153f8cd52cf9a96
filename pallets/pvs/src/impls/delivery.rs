// SPDX-License-Identifier: Apache-2.0
//! Places that runners-up accept, and proofs.

use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::{
	collections::{btree_map, BTreeMap},
	vec::Vec,
};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	storage::with_storage_layer,
	weights::WeightMeter,
};
use pvs_auction::{
	round::{Stage, MAX_LADDER},
	step::{claim, Input},
};
use pvs_primitives::{api::BatchId, hash::blake2_256, Bytes32};
use pvs_verifier::{Claim, ProofError, ProofVerifier, PUBLIC_INPUTS};

/// A batch of which a proof is awaited.
struct Awaited<T: Config> {
	/// The batch.
	entry: Entry<T>,
	/// The public inputs of the proof.
	inputs: [Bytes32; PUBLIC_INPUTS],
	/// True if a transition was overdue and is done now.
	moved: bool,
}

/// Outcome of several proofs.
struct Submitted {
	/// The weight of the transitions that were overdue, those that were undone included.
	overdue: Weight,
	/// True if false proofs had to be searched for: what is malformed, or not awaited, is known without.
	searched: bool,
	/// Number of runners-up that the accepted proofs would have released on full ladders, and did not.
	absent: u64,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_accept_place(
		prover: T::AccountId,
		at: RoundKey,
	) -> DispatchResultWithPostInfo {
		let mut overdue = Self::step_budget();
		let accepted = Self::take_place(prover, at, &mut overdue);
		Self::charged(
			WeightInfoOf::<T>::accept_place().saturating_add(overdue.consumed()),
			accepted,
		)
	}

	fn take_place(
		prover: T::AccountId,
		RoundKey { batch: id, round }: RoundKey,
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
		let awaited = Self::ensure_awaited(id, &prover, proof, &mut overdue);
		let overdue = overdue.consumed();
		let Awaited { entry, inputs, .. } = awaited.map_err(|error| {
			error.with_weight(WeightInfoOf::<T>::refuse_proof().saturating_add(overdue))
		})?;
		let absent = Self::absent_runners_up(&entry.batch.round.stage);
		let accepted = Self::accept_proof(entry, prover, &inputs, proof);
		let mut weight = WeightInfoOf::<T>::submit_proof().saturating_add(overdue);
		if accepted.is_ok() {
			weight = weight.saturating_sub(Self::rows_of_runners_up(absent));
		}
		Self::charged(weight, accepted)
	}

	fn accept_proof(
		mut entry: Entry<T>,
		prover: T::AccountId,
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8],
	) -> DispatchResult {
		let key = Self::verifying_key(entry.id.rollup)?;
		VerifierOf::<T>::verify(&key, inputs, proof).map_err(Error::<T>::from)?;
		Self::advance(&mut entry, Input::Proof(prover))?;
		Self::store(entry);
		Ok(())
	}

	pub(crate) fn do_submit_proofs(
		proofs: &[ProofSubmission<T::AccountId>],
	) -> DispatchResultWithPostInfo {
		let Submitted { overdue, searched, absent } = Self::accept_proofs(proofs)
			.map_err(|error| error.with_weight(WeightInfoOf::<T>::refuse_proof()))?;
		let weight = Self::submit_proofs_weight(proofs.len(), searched)
			.saturating_sub(Self::rows_of_runners_up(absent));
		Ok(Some(weight.saturating_add(overdue)).into())
	}

	fn accept_proofs(proofs: &[ProofSubmission<T::AccountId>]) -> Result<Submitted, DispatchError> {
		ensure!(!proofs.is_empty(), Error::<T>::NoProofs);
		ensure!(Self::count(proofs.len()) <= T::MaxProofs::get(), Error::<T>::TooManyProofs);
		// One budget for all: it fits several defaults, and no call declares more than one heaviest step.
		let mut overdue = Self::step_budget();
		let mut keys = BTreeMap::new();
		let mut awaited = Vec::with_capacity(proofs.len());
		for ProofSubmission { batch, prover, proof } in proofs {
			// What was overdue stays done, so that it is done once.
			awaited.push(with_storage_layer(|| {
				let Awaited { entry, inputs, moved } =
					Self::ensure_awaited(*batch, prover, proof, &mut overdue)?;
				if let btree_map::Entry::Vacant(place) = keys.entry(batch.rollup) {
					place.insert(Self::verifying_key(batch.rollup)?);
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
		let mut answers = VerifierOf::<T>::verify_batch(&claims).into_iter();
		let (mut searched, mut absent) = (false, 0_u64);
		for (ProofSubmission { batch, prover, proof }, inputs) in proofs.iter().zip(&awaited) {
			let result = inputs.and_then(|inputs| {
				let answer = answers.next().unwrap_or(Err(ProofError::NotValid));
				answer.map_err(|error| {
					searched |= matches!(error, ProofError::NotValid | ProofError::NotInSubgroup);
					DispatchError::from(Error::<T>::from(error))
				})?;
				with_storage_layer(|| {
					// A proof before this one may have ended the batch.
					let again = Self::ensure_awaited(*batch, prover, proof, &mut overdue)?;
					ensure!(again.inputs == inputs, Error::<T>::Corrupt);
					let mut entry = again.entry;
					let absent = Self::absent_runners_up(&entry.batch.round.stage);
					Self::advance(&mut entry, Input::Proof(prover.clone()))?;
					Self::store(entry);
					Ok(absent)
				})
			});
			match result {
				Ok(places) => absent = absent.saturating_add(places),
				Err(error) => {
					let (batch, prover) = (*batch, prover.clone());
					Self::deposit_event(Event::ProofRefused { batch, prover, error });
				},
			}
		}
		Ok(Submitted { overdue: overdue.consumed(), searched, absent })
	}

	/// Returns what a proof is judged by, if exactly this one may be accepted.
	fn ensure_awaited(
		id: BatchId,
		prover: &T::AccountId,
		proof: &[u8],
		overdue: &mut WeightMeter,
	) -> Result<Awaited<T>, DispatchError> {
		let mut entry = Self::entry(id)?;
		let moved = Self::catch_up_or_end(&mut entry, overdue)?;
		let terms = claim(&entry.batch.round, prover, &Self::context(&entry), Self::now())
			.map_err(Error::<T>::from)?;
		if terms.rescue {
			Self::ensure_eligible(&entry, prover)?;
		}
		if let Some(committed) = terms.proof_commitment {
			ensure!(blake2_256(&[proof]) == committed, Error::<T>::OtherProofCommitted);
		}
		let inputs = Self::inputs(id, &entry.batch, prover).to_array();
		Ok(Awaited { entry, inputs, moved })
	}

	/// Returns how many runners-up a round in this stage lacks of those that the benchmarks of proofs have, whose
	/// rounds have as many bids and as long a ladder as there may be.
	fn absent_runners_up(stage: &Stage<T::AccountId>) -> u64 {
		let waiting = match stage {
			Stage::Assigned(assignment) => Self::count(assignment.ladder.len()),
			_ => 0,
		};
		let most = MAX_LADDER.min(T::MaxBids::get().saturating_sub(1));
		most.saturating_sub(waiting).into()
	}

	/// Returns the weight of the rows that a proof touches for runners-up: it releases what each of them has at
	/// stake, which reads and writes its row. Their time is not counted, so that a refund of it is too low.
	fn rows_of_runners_up(number: u64) -> Weight {
		T::DbWeight::get().reads_writes(number, number)
	}

	/// Returns what `submit_proofs` weighs beside overdue transitions. To find those that do not hold,
	/// batches of batches are verified again; what a call with some of them does is within the sum of what
	/// one with none and one with nothing else do.
	pub(crate) fn submit_proofs_weight(proofs: usize, searched: bool) -> Weight {
		// More are refused before anything is done.
		let count = Self::count(proofs).min(T::MaxProofs::get());
		let all_hold = WeightInfoOf::<T>::submit_proofs(count);
		if searched {
			all_hold.saturating_add(WeightInfoOf::<T>::submit_false_proofs(count))
		} else {
			all_hold
		}
	}
}
