// SPDX-License-Identifier: Apache-2.0
//! Random valid batches.

use pvs_client::RollupState;
use pvs_primitives::Bytes32;
use pvs_rollup::{demo, state::State, transfer::Transfer};
use rand::{seq::SliceRandom, Rng};

/// The most that one transfer moves.
const MAX_AMOUNT: u64 = 1_000;

/// The reference payments rollup, as the replica runs it.
#[derive(Clone, Debug)]
pub(crate) struct Payments(pub(crate) State);

impl RollupState for Payments {
	fn root(&self) -> Bytes32 {
		self.0.root()
	}

	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		self.0.execute_batch(data).map_err(|error| error.to_string())
	}
}

/// Fewer than two demo accounts can take part in a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the demo accounts have no balance left to move")]
pub(crate) struct NothingToMove;

/// A full batch of valid transfers between demo accounts, and the state after it.
pub(crate) fn random_batch(
	state: &State,
	rng: &mut impl Rng,
) -> Result<(Vec<u8>, State), NothingToMove> {
	let mut draft = state.draft(demo::FEE_ACCOUNT);
	while !draft.is_full() {
		let accounts = || {
			state
				.accounts()
				.map(|(index, account)| (index, draft.account(index).unwrap_or(account)))
		};
		let payers: Vec<(u32, u64, u32)> = accounts()
			.filter(|(_, account)| account.balance > 0 && account.nonce < u32::MAX)
			.map(|(index, account)| (index, account.balance, account.nonce))
			.collect();
		let &(from, balance, nonce) = payers.choose(rng).ok_or(NothingToMove)?;
		let payees: Vec<u32> =
			accounts().map(|(index, _)| index).filter(|index| *index != from).collect();
		let &to = payees.choose(rng).ok_or(NothingToMove)?;
		let amount = rng.gen_range(1..=balance.min(MAX_AMOUNT));
		let transfer = Transfer { from, to, amount, nonce, ..Transfer::default() };
		draft.push(&transfer.sign(&demo::secret_key(from))).map_err(|_| NothingToMove)?;
	}
	let outcome = draft.finish().map_err(|_| NothingToMove)?;
	let data = outcome.batch().encode();
	let mut after = state.clone();
	after.apply(outcome).map_err(|_| NothingToMove)?;
	Ok((data, after))
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand::{rngs::StdRng, SeedableRng};

	fn genesis() -> State {
		State::from_genesis(&demo::genesis()).unwrap()
	}

	#[test]
	fn batches_should_execute_to_the_state_they_come_with() {
		let mut rng = StdRng::seed_from_u64(1);
		let mut state = genesis();
		for _ in 0..5 {
			let (data, after) = random_batch(&state, &mut rng).unwrap();
			state.execute_batch(&data).unwrap();
			assert_eq!(state.root(), after.root());
		}
		assert_ne!(state.root(), genesis().root());
	}

	#[test]
	fn batches_should_be_the_same_when_the_seed_is() {
		let batch = |seed| random_batch(&genesis(), &mut StdRng::seed_from_u64(seed)).unwrap().0;
		assert_eq!(batch(3), batch(3));
		assert_ne!(batch(3), batch(4));
	}
}
