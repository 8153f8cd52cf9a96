// SPDX-License-Identifier: Apache-2.0
//! Random transfers between accounts of the demo rollup, whose secrets are public: for the load generator, and for a
//! sequencer of a development chain that makes its own.

#[cfg(test)]
mod tests;

use crate::{config::Transfers, rpc::Shared};
use pvs_rollup::{
	demo,
	transfer::{SignedTransfer, Transfer},
};
use pvs_service::metrics::IntCounter;
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{ops::RangeInclusive, time::Duration};

/// Time from one turn of a [`Generator`] to the next.
pub(crate) const TURN: Duration = Duration::from_secs(1);
/// The most that one transfer moves.
const MAX_AMOUNT: u64 = 1_000;
/// Greatest distance of a fee from the lowest that the sequencer takes.
const FEE_RANGE: u32 = 9;

/// Makes a payment from one of the first `accounts` demo accounts, 2 or more, to another of them.
pub(crate) fn payment(
	rng: &mut impl Rng,
	from: u32,
	nonce: u32,
	accounts: u32,
	fees: RangeInclusive<u32>,
) -> Transfer {
	let amount = rng.gen_range(1..=MAX_AMOUNT);
	let fee = rng.gen_range(fees);
	let other = rng.gen_range(1..accounts);
	Transfer { from, to: (from + other) % accounts, amount, fee, nonce, new_key: None }
}

/// Makes transfers of all demo accounts in turn, and hands them to a sequencer's core.
#[derive(Debug)]
pub(crate) struct Generator {
	per_turn: u8,
	rng: StdRng,
	/// The account that pays next.
	next: u32,
}

impl Generator {
	pub(crate) fn new(transfers: Transfers) -> Self {
		let Transfers { per_second, seed } = transfers;
		Self { per_turn: per_second, rng: StdRng::seed_from_u64(seed), next: 0 }
	}

	/// Makes the transfers of a turn, as of what the core has, and hands them over. What is refused is not made up
	/// for: the next turn looks at the accounts again.
	pub(crate) fn turn(&mut self, shared: &Shared, accepted: &IntCounter) {
		let (nonces, least_fee) = {
			let core = shared.core();
			let next = |account| core.pool().next_nonce(account, core.tip());
			let nonces: Vec<u32> = (0..demo::ACCOUNTS).map(next).collect();
			(nonces, core.pool().limits().min_fee)
		};
		let transfers = self.make(nonces, least_fee);
		for error in shared.submit(&transfers, accepted).iter().filter_map(|it| it.as_ref().err()) {
			tracing::debug!("a transfer of its own was not taken: {error}");
		}
	}

	/// Makes the transfers of a turn. `nonces` are the next ones of all demo accounts.
	fn make(&mut self, mut nonces: Vec<u32>, least_fee: u32) -> Vec<SignedTransfer> {
		let fees = least_fee..=least_fee.saturating_add(FEE_RANGE);
		let mut transfers = Vec::with_capacity(self.per_turn.into());
		for _ in 0..self.per_turn {
			let from = self.next;
			self.next = from.saturating_add(1) % demo::ACCOUNTS;
			let Some(nonce) = nonces.get_mut(from as usize) else { continue };
			let transfer = payment(&mut self.rng, from, *nonce, demo::ACCOUNTS, fees.clone());
			transfers.push(transfer.sign(&demo::secret_key(from)));
			*nonce = nonce.saturating_add(1);
		}
		transfers
	}
}
