// SPDX-License-Identifier: Apache-2.0
//! Transfers that are accepted and not final. Pure.
//!
//! The pool keeps a transfer until the rollup's final state has it or rules it out, also while it is in
//! a committed batch. Which of them wait is not stored: it is those whose nonce the state at the tip
//! has not used. So when a batch fails and the tip goes back, its transfers wait again, in order, without
//! being moved.
//!
//! **Order.** An account's transfers go by nonce. The first place of a batch goes to the account whose next
//! transfer has waited longest, whatever its fee; the others go by fee, then by age. So a transfer that
//! can be executed is in a batch after at most as many batches as accounts were waiting before it.
//!
//! **Every transfer can end.** A payment goes only to an account that the tip has, because an opening that
//! waits may never be executed. Only an opening whose payer's nonces have no gap before it keeps others
//! from opening the same account. What waits longer than the age limit ends.
//!
//! **Bounds.** A full pool lets the last transfer of another account go for one with a higher fee:
//! those behind a missing nonce first, then the lowest fee, then the youngest.

mod error;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use error::PoolError;
pub(crate) use types::{Admitted, Against, Entry, Limits, RuledOut, Verdict};

use pvs_primitives::{hash::blake2_256, Bytes32};
use pvs_rollup::{
	keys::PublicKey,
	state::{Draft, State, TransferError},
	transfer::SignedTransfer,
};
use std::{
	cmp::Reverse,
	collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap},
};
use types::cost;

/// Identity of a transfer: `blake2_256` of a tag and its encoding.
pub type Hash = Bytes32;

const HASH_TAG: &[u8] = b"pvs/rollup/transfer/v1";
/// A replacement pays this much more, in per cent, and at least one.
const REPLACEMENT_PERCENT: u64 = 10;

/// The hash of a transfer.
pub fn hash_of(signed: &SignedTransfer) -> Hash {
	blake2_256(&[HASH_TAG, &signed.encode()])
}

/// The nonce that an account has at a state.
fn nonce(state: &State, account: u32) -> u32 {
	state.account(account).map_or(0, |account| account.nonce)
}

/// Accepted transfers that are not final.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
	limits: Limits,
	/// By account and nonce.
	queues: BTreeMap<u32, BTreeMap<u32, Entry>>,
	by_hash: HashMap<Hash, (u32, u32)>,
	/// Accounts that transfers in the pool open.
	openings: BTreeMap<u32, BTreeSet<Hash>>,
	next_arrival: u64,
}

impl Pool {
	pub(crate) fn new(limits: Limits) -> Self {
		Self {
			limits,
			queues: BTreeMap::new(),
			by_hash: HashMap::new(),
			openings: BTreeMap::new(),
			next_arrival: 0,
		}
	}

	/// Number of transfers.
	pub(crate) fn len(&self) -> usize {
		self.by_hash.len()
	}

	/// Returns what it holds at most.
	pub(crate) fn limits(&self) -> &Limits {
		&self.limits
	}

	/// A transfer by its hash.
	pub(crate) fn get(&self, hash: &Hash) -> Option<&Entry> {
		let (account, nonce) = self.by_hash.get(hash)?;
		self.queues.get(account)?.get(nonce)
	}

	/// All transfers by arrival.
	pub(crate) fn entries(&self) -> Vec<&Entry> {
		let mut entries: Vec<&Entry> = self.queues.values().flat_map(BTreeMap::values).collect();
		entries.sort_by_key(|entry| entry.arrival);
		entries
	}

	/// An account's transfers from a nonce on.
	pub(crate) fn waiting_of(&self, account: u32, from: u32) -> impl Iterator<Item = &Entry> {
		self.queues
			.get(&account)
			.into_iter()
			.flat_map(move |queue| queue.range(from..))
			.map(|(_, entry)| entry)
	}

	/// Number of transfers that the tip does not have.
	pub(crate) fn waiting(&self, tip: &State) -> usize {
		self.queues
			.keys()
			.map(|account| self.waiting_of(*account, nonce(tip, *account)).count())
			.sum()
	}

	/// The nonce that the next transfer of an account should carry.
	pub(crate) fn next_nonce(&self, account: u32, tip: &State) -> u32 {
		let mut next = nonce(tip, account);
		for entry in self.waiting_of(account, next) {
			if entry.signed.transfer.nonce != next {
				break;
			}
			next = next.saturating_add(1);
		}
		next
	}

	/// Takes a transfer if it can be executed after those that wait. A `verdict` that is about the sender's key
	/// spares the check of the signature.
	///
	/// # Errors
	///
	/// One [`PoolError`] per cause, the cheapest check first.
	pub(crate) fn admit(
		&mut self,
		signed: &SignedTransfer,
		verdict: Option<Verdict>,
		received: u64,
		against: Against<'_>,
	) -> Result<Admitted, PoolError> {
		let hash = hash_of(signed);
		let (old, key) = self.check(signed, hash, against)?;
		let verdict = verdict.filter(|verdict| verdict.key == key);
		if !verdict.unwrap_or_else(|| Verdict::on(signed, key)).is_right {
			return Err(PoolError::BadSignature);
		}
		let evicted = match old {
			None if self.len() >= self.limits.total => Some(self.victim(signed, against)?),
			_ => None,
		};
		let [replaced, evicted] =
			[old, evicted].map(|gone| gone.and_then(|hash| self.remove(&hash)));
		self.arrive(signed, hash, received);
		Ok(Admitted { hash, replaced, evicted })
	}

	/// Makes it as if a transfer had never come, and nothing had gone for it. Of several the last to come is
	/// the first to be taken back.
	pub(crate) fn take_back(&mut self, admitted: &Admitted) {
		self.remove(&admitted.hash);
		for gone in admitted.replaced.iter().chain(&admitted.evicted) {
			self.insert(*gone);
		}
	}

	/// The key that the transfer has to be signed with, if all else is well with it.
	pub(crate) fn key_for(
		&self,
		signed: &SignedTransfer,
		against: Against<'_>,
	) -> Result<PublicKey, PoolError> {
		self.check(signed, hash_of(signed), against).map(|(_, key)| key)
	}

	/// Takes back a transfer that was accepted before this process started.
	pub(crate) fn restore(&mut self, signed: &SignedTransfer, received: u64) {
		self.arrive(signed, hash_of(signed), received);
	}

	fn arrive(&mut self, signed: &SignedTransfer, hash: Hash, received: u64) {
		let arrival = self.next_arrival;
		self.next_arrival = arrival.saturating_add(1);
		self.insert(Entry { signed: *signed, hash, arrival, received });
	}

	fn insert(&mut self, entry: Entry) {
		let (account, nonce) = (entry.signed.transfer.from, entry.signed.transfer.nonce);
		if entry.signed.transfer.new_key.is_some() {
			self.openings.entry(entry.signed.transfer.to).or_default().insert(entry.hash);
		}
		self.by_hash.insert(entry.hash, (account, nonce));
		let queue = self.queues.entry(account).or_default();
		if let Some(old) = queue.insert(nonce, entry) {
			if old.hash != entry.hash {
				self.by_hash.remove(&old.hash);
				self.forget_opening(&old);
			}
		}
	}

	fn forget_opening(&mut self, entry: &Entry) {
		let to = entry.signed.transfer.to;
		let Some(openings) = self.openings.get_mut(&to) else { return };
		openings.remove(&entry.hash);
		if openings.is_empty() {
			self.openings.remove(&to);
		}
	}

	fn remove(&mut self, hash: &Hash) -> Option<Entry> {
		let (account, nonce) = self.by_hash.remove(hash)?;
		let queue = self.queues.get_mut(&account)?;
		let entry = queue.remove(&nonce);
		if queue.is_empty() {
			self.queues.remove(&account);
		}
		if let Some(entry) = &entry {
			self.forget_opening(entry);
		}
		entry
	}

	/// The transfer that is about to open an account: one whose payer's nonces have no gap before it.
	fn opener(&self, index: u32, tip: &State) -> Option<Hash> {
		let openings = self.openings.get(&index)?;
		let is_next = |hash: &&Hash| {
			self.by_hash.get(*hash).is_some_and(|(account, at)| {
				(nonce(tip, *account)..self.next_nonce(*account, tip)).contains(at)
			})
		};
		openings.iter().find(is_next).copied()
	}

	/// Checks all but the signature and the room in the pool. Returns the transfer that this one replaces, and
	/// the sender's key.
	fn check(
		&self,
		signed: &SignedTransfer,
		hash: Hash,
		against: Against<'_>,
	) -> Result<(Option<Hash>, PublicKey), PoolError> {
		let transfer = &signed.transfer;
		let limit = against.tip.shape().max_accounts();
		for (field, index) in [("from", transfer.from), ("to", transfer.to)] {
			if index >= limit {
				return Err(PoolError::Index { field, index, limit });
			}
		}
		if transfer.from == transfer.to {
			return Err(PoolError::SelfTransfer(transfer.from));
		}
		if self.by_hash.contains_key(&hash) {
			return Err(PoolError::Known(hash));
		}
		let (fee, least) = (transfer.fee, self.limits.min_fee);
		if fee < least {
			return Err(PoolError::FeeTooLow { fee, least });
		}
		let least = self.limits.min_opening_fee;
		if transfer.new_key.is_some() && fee < least {
			return Err(PoolError::OpeningFeeTooLow { fee, least });
		}
		let from = transfer.from;
		let sender = against.tip.account(from).ok_or(PoolError::UnknownSender(from))?;
		let old = self.check_nonce(signed, sender.nonce, against)?;
		self.check_receiver(signed, old.map(|old| old.hash), against)?;

		let waiting = || {
			self.waiting_of(from, sender.nonce)
				.filter(|entry| Some(entry.hash) != old.map(|old| old.hash))
		};
		if waiting().count() >= self.limits.per_account {
			return Err(PoolError::AccountFull { account: from, limit: self.limits.per_account });
		}
		let pending: u128 = waiting().map(Entry::cost).sum();
		if pending.saturating_add(cost(signed)) > u128::from(sender.balance) {
			let (balance, amount) = (sender.balance, transfer.amount);
			return Err(PoolError::Overdraft { balance, pending, amount, fee });
		}
		Ok((old.map(|old| old.hash), sender.public_key))
	}

	fn check_nonce(
		&self,
		signed: &SignedTransfer,
		expected: u32,
		against: Against<'_>,
	) -> Result<Option<&Entry>, PoolError> {
		let (from, found) = (signed.transfer.from, signed.transfer.nonce);
		if found < expected {
			return Err(PoolError::NonceUsed { expected, found });
		}
		if found == u32::MAX {
			return Err(PoolError::NoncesExhausted(from));
		}
		let next = self.next_nonce(from, against.tip);
		let limit = next.saturating_add(self.limits.max_gap);
		if found > limit {
			return Err(PoolError::NonceAhead { next, found, limit });
		}
		let Some(old) = self.queues.get(&from).and_then(|queue| queue.get(&found)) else {
			return Ok(None);
		};
		if against.in_flight.contains(&old.hash) {
			return Err(PoolError::InFlight);
		}
		let (fee, paid) = (u64::from(signed.transfer.fee), u64::from(old.signed.transfer.fee));
		let least =
			paid.saturating_add((paid.saturating_mul(REPLACEMENT_PERCENT)).div_ceil(100).max(1));
		if fee < least {
			return Err(PoolError::ReplacementFee { fee, least });
		}
		Ok(Some(old))
	}

	fn check_receiver(
		&self,
		signed: &SignedTransfer,
		old: Option<Hash>,
		against: Against<'_>,
	) -> Result<(), PoolError> {
		let (to, amount) = (signed.transfer.to, signed.transfer.amount);
		match (against.tip.account(to), signed.transfer.new_key) {
			(Some(_), Some(_)) => Err(PoolError::AlreadyOpen(to)),
			(None, None) => Err(PoolError::UnknownReceiver(to)),
			(Some(account), None) => match account.balance.checked_add(amount) {
				Some(_) => Ok(()),
				None => Err(PoolError::Overflow { balance: account.balance, amount }),
			},
			(None, Some(_)) => match self.opener(to, against.tip) {
				Some(by) if Some(by) != old => Err(PoolError::OpeningPending { index: to, by }),
				_ => Ok(()),
			},
		}
	}

	/// The transfer that goes if this one comes into a full pool.
	fn victim(&self, signed: &SignedTransfer, against: Against<'_>) -> Result<Hash, PoolError> {
		let (from, fee) = (signed.transfer.from, signed.transfer.fee);
		let is_next = signed.transfer.nonce <= self.next_nonce(from, against.tip);
		let full = PoolError::PoolFull { limit: self.limits.total, fee };
		let others = self.queues.iter().filter(|(account, _)| **account != from);
		let lowest = others
			.filter_map(|(account, queue)| {
				let (tail, entry) = queue.last_key_value()?;
				let first = against.nonce(*account);
				let waits = *tail >= first && !against.in_flight.contains(&entry.hash);
				let count = queue.range(first..).count();
				let is_next = u64::from(tail.saturating_sub(first)) < count as u64;
				waits.then_some((
					(is_next, entry.signed.transfer.fee),
					Reverse(entry.arrival),
					entry.hash,
				))
			})
			.min();
		match lowest {
			Some((rank, _, hash)) if rank < (is_next, fee) => Ok(hash),
			_ => Err(full),
		}
	}

	/// Makes a batch of what waits, on the state at the tip. It may be empty.
	pub(crate) fn draft<'s>(&self, tip: &'s State, fee_account: u32) -> Draft<'s> {
		let mut draft = tip.draft(fee_account);
		let head = |account: u32, nonce: u32| self.queues.get(&account)?.get(&nonce);
		let mut heads: Vec<&Entry> =
			self.queues.keys().filter_map(|account| head(*account, nonce(tip, *account))).collect();
		heads.sort_by_key(|entry| entry.arrival);
		let oldest = heads.iter().position(|entry| draft.push(&entry.signed).is_ok());
		let rank = |entry: &Entry| (entry.signed.transfer.fee, Reverse(entry.arrival));
		let place = |entry: &Entry| (entry.signed.transfer.from, entry.signed.transfer.nonce);
		let mut queue: BinaryHeap<_> =
			heads.iter().map(|entry| (rank(entry), place(entry))).collect();
		if let Some(first) = oldest.and_then(|oldest| heads.get(oldest)) {
			queue.retain(|(_, at)| *at != place(first));
			let next =
				head(first.signed.transfer.from, first.signed.transfer.nonce.saturating_add(1));
			queue.extend(next.map(|entry| (rank(entry), place(entry))));
		}
		// Those that cannot be executed yet: another transfer may pay them, or open their receiver.
		let mut aside = Vec::new();
		while !draft.is_full() {
			let Some((ranked, (account, at))) = queue.pop() else { break };
			let Some(entry) = head(account, at) else { continue };
			match draft.push(&entry.signed) {
				Ok(()) => {
					let next = head(account, at.saturating_add(1));
					queue.extend(next.map(|entry| (rank(entry), place(entry))));
					queue.extend(aside.drain(..));
				},
				Err(TransferError::BatchFull(_)) => break,
				Err(_) => aside.push((ranked, (account, at))),
			}
		}
		draft
	}

	/// Lets go what has waited for longer than the age limit. What is in a batch or on its way into one
	/// does not wait.
	pub(crate) fn expire(&mut self, now: u64, against: Against<'_>) -> Vec<Hash> {
		let is_over = |entry: &&Entry| {
			now.saturating_sub(entry.received) > self.limits.max_age
				&& !against.in_flight.contains(&entry.hash)
		};
		let gone: Vec<Hash> = self
			.queues
			.keys()
			.flat_map(|account| self.waiting_of(*account, against.nonce(*account)))
			.filter(is_over)
			.map(|entry| entry.hash)
			.collect();
		for hash in &gone {
			self.remove(hash);
		}
		gone
	}

	/// Lets go what the final state has or rules out, and says why for each.
	pub(crate) fn settle(&mut self, settled: &State) -> Vec<(Entry, RuledOut)> {
		let mut gone = Vec::new();
		for (account, queue) in &self.queues {
			let next = nonce(settled, *account);
			for (nonce, entry) in queue {
				let transfer = &entry.signed.transfer;
				if *nonce < next {
					gone.push((*entry, RuledOut::Nonce));
				} else if transfer.new_key.is_some() && settled.account(transfer.to).is_some() {
					gone.push((*entry, RuledOut::AlreadyOpen));
				}
			}
		}
		for (entry, _) in &gone {
			self.remove(&entry.hash);
		}
		gone
	}
}
