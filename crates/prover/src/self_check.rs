// SPDX-License-Identifier: Apache-2.0
//! Is a proving key as good as it looks? The hash that pins a key covers its verifying key only. Of
//! the other points, nearly all of the file, nothing is known until a proof was made with them: better
//! before the first bid than after a win.
//!
//! Two batches are proved, of a rollup that exists here only: one full of transfers, one empty. Keys,
//! indices and amounts are drawn anew each time, so that each point of the key comes into play sooner
//! or later. Certain is only what has the `proving_key_file_hash` of `pvsctl ceremony finalize`.

use pvs_primitives::{poseidon::data_commitment, public_inputs::PublicInputs};
use pvs_rollup::{
	genesis::{Genesis, GenesisAccount},
	keys::SecretKey,
	proving::{BatchProver, Progress, ProveError, Unwatched},
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use pvs_verifier::ProofError;
use rand::{
	rngs::{OsRng, StdRng},
	Rng, RngCore, SeedableRng,
};

/// No sum of a batch's amounts is above half of what an account can hold.
const MAX_AMOUNT: u64 = 1 << 56;
/// Balance that each account has at first.
const BALANCE: u64 = 1 << 63;

/// Reason why a key is not used.
#[derive(Debug, thiserror::Error)]
pub enum SelfCheckError {
	#[error(
		"its own verifying key refuses its proofs ({0}); it is damaged or was tampered with: get it \
		 anew and compare the file's hash with the one that `pvsctl ceremony finalize` printed"
	)]
	Refused(ProofError),
	#[error("a batch to check it with cannot be proved: {0}")]
	Prove(ProveError),
	#[error("a batch to check it with cannot be made: {0}")]
	Batch(String),
}

/// Proves two batches. Runs in the rayon pool of its caller.
pub(crate) fn run(prover: &BatchProver, progress: &dyn Progress) -> Result<(), SelfCheckError> {
	progress.begin("checking the proving key with two proofs");
	let result = check(prover);
	progress.end();
	result
}

fn check(prover: &BatchProver) -> Result<(), SelfCheckError> {
	let mut rng = StdRng::from_rng(OsRng).map_err(failed)?;
	let shape = prover.shape();
	for transfers in [shape.transfers(), 0] {
		let (state, data, inputs) = batch(shape, transfers, &mut rng)?;
		prover.prove(&state, &data, &inputs, &Unwatched).map_err(|error| match error {
			ProveError::SelfCheck(error) => SelfCheckError::Refused(error),
			error => SelfCheckError::Prove(error),
		})?;
	}
	Ok(())
}

fn failed(error: impl ToString) -> SelfCheckError {
	SelfCheckError::Batch(error.to_string())
}

/// A state of two accounts, and a batch in which they pay each other in turn, the first time to a
/// new account.
fn batch(
	shape: Shape,
	transfers: usize,
	rng: &mut StdRng,
) -> Result<(State, Vec<u8>, PublicInputs), SelfCheckError> {
	let mut draw_key = || {
		let mut seed = [0; 32];
		rng.fill_bytes(&mut seed);
		SecretKey::from_seed(&seed)
	};
	let (keys, new_key) = ([draw_key(), draw_key()], draw_key().public_key());
	let indices = rand::seq::index::sample(rng, shape.max_accounts() as usize, 3);
	let index = |at: usize| u32::try_from(indices.index(at)).map_err(failed);
	let (payers, new) = ([index(0)?, index(1)?], index(2)?);
	let account = |(index, key): (u32, &SecretKey)| GenesisAccount {
		index,
		public_key: key.public_key(),
		balance: BALANCE,
	};
	let accounts = payers.into_iter().zip(&keys).map(account).collect();
	let state = State::from_genesis(&Genesis { shape, accounts }).map_err(failed)?;

	let mut draft = state.draft(payers[0]);
	for turn in 0..transfers {
		let ([from, other], [key, _]) = match turn % 2 {
			0 => (payers, [&keys[0], &keys[1]]),
			_ => ([payers[1], payers[0]], [&keys[1], &keys[0]]),
		};
		let (to, new_key) = if turn == 0 { (new, Some(new_key)) } else { (other, None) };
		let (amount, fee) = (rng.gen_range(0..MAX_AMOUNT), rng.gen());
		let nonce = u32::try_from(turn / 2).map_err(failed)?;
		let transfer = Transfer { from, to, amount, fee, nonce, new_key };
		draft.push(&transfer.sign(key)).map_err(failed)?;
	}
	let outcome = draft.finish().map_err(failed)?;
	let data = outcome.batch().encode();
	let mut binding = [0; 32];
	// Below the modulus of the field.
	rng.fill_bytes(&mut binding[1..]);
	let inputs = PublicInputs {
		prev_state_root: outcome.prev_root(),
		next_state_root: outcome.next_root(),
		data_commitment: data_commitment(&data),
		binding,
	};
	Ok((state, data, inputs))
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::shape::MAX_TRANSFERS;

	#[test]
	fn batches_should_be_valid_at_every_shape() {
		let mut rng = StdRng::seed_from_u64(7);
		let smallest = Shape::new(1, 2).unwrap();
		for shape in [smallest, Shape::SMALL, Shape::LARGE, Shape::new(MAX_TRANSFERS, 2).unwrap()] {
			for transfers in [shape.transfers(), 0] {
				let (state, data, inputs) = batch(shape, transfers, &mut rng).unwrap();
				let outcome = state.execute(&data).unwrap();
				assert_eq!(outcome.batch().transfers().len(), transfers);
				assert_eq!(outcome.next_root(), inputs.next_state_root);
				assert_eq!(state.root() == outcome.next_root(), transfers == 0);
			}
		}
	}

	#[test]
	fn batches_should_differ_each_time() {
		let mut rng = StdRng::seed_from_u64(7);
		let mut draw = || batch(Shape::SMALL, 4, &mut rng).unwrap();
		let ((first, data, _), (second, other, _)) = (draw(), draw());
		assert_ne!(first.root(), second.root());
		assert_ne!(data, other);
	}
}
