// SPDX-License-Identifier: Apache-2.0
//! Types of what goes into the pool and comes out of it.

use super::{nonce, Hash};
use pvs_rollup::{keys::PublicKey, state::State, transfer::SignedTransfer};
use std::collections::BTreeSet;

/// Limits of what the pool holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
	/// Transfers in all, those in batches that are not final included.
	pub(crate) total: usize,
	/// Waiting transfers of one account.
	pub(crate) per_account: usize,
	/// Greatest distance of a nonce from the account's next free one.
	pub(crate) max_gap: u32,
	/// The lowest fee.
	pub(crate) min_fee: u32,
	/// The lowest fee of a transfer that opens an account, if that is more.
	pub(crate) min_opening_fee: u32,
	/// Time that a transfer may wait, in milliseconds from its arrival.
	pub(crate) max_age: u64,
}

/// An accepted transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
	pub(crate) signed: SignedTransfer,
	pub(crate) hash: Hash,
	/// Its place in the order of arrival.
	pub(crate) arrival: u64,
	/// Time of its arrival, in milliseconds since 1970.
	pub(crate) received: u64,
}

impl Entry {
	pub(super) fn cost(&self) -> u128 {
		cost(&self.signed)
	}
}

/// Finding on whether a signature is a key's, made before the transfer came to the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
	pub(super) key: PublicKey,
	pub(super) is_right: bool,
}

impl Verdict {
	/// Checks a signature, which takes about as long as everything else that the pool does.
	pub(crate) fn on(signed: &SignedTransfer, key: PublicKey) -> Self {
		Self { key, is_right: key.verify(&signed.transfer, &signed.signature) }
	}
}

/// Returns what a transfer takes from its sender.
pub(super) fn cost(signed: &SignedTransfer) -> u128 {
	u128::from(signed.transfer.amount).saturating_add(u128::from(signed.transfer.fee))
}

/// A transfer that was let in, and what had to go for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
	pub(crate) hash: Hash,
	pub(crate) replaced: Option<Entry>,
	pub(crate) evicted: Option<Entry>,
}

/// Reason why the final state rules a transfer out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuledOut {
	/// The nonce is used: by the transfer itself, or by another one.
	Nonce,
	/// Another transfer opened the account.
	AlreadyOpen,
}

/// State and transfers that the pool is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Against<'a> {
	/// The state at the tip.
	pub(crate) tip: &'a State,
	/// Transfers of a batch that is on its way to the chain.
	pub(crate) in_flight: &'a BTreeSet<Hash>,
}

impl Against<'_> {
	pub(super) fn nonce(&self, account: u32) -> u32 {
		nonce(self.tip, account)
	}
}
