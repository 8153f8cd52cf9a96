// SPDX-License-Identifier: Apache-2.0
//! Bids and reveals on their way out: what is ready in the same pass of the loop goes together, in one transaction.
//!
//! Nothing waits here for others: each pass ends with sending all that it has made ready.

use super::Done;
use crate::journal::Key;
use pvs_client::{BidPlacement, BidReveal, Call, Included, SubmitError};
use std::{collections::BTreeSet, sync::Arc};

/// A part of a transaction of which there may be several.
pub(super) trait Item: Clone + 'static {
	/// Name of the call for one of them.
	const ALONE: &'static str;

	/// Returns the round that it is about.
	fn key(&self) -> Key;

	/// Returns the call for these.
	fn call(items: &[Self]) -> Call
	where
		Self: Sized;

	/// Returns the result that it brings back.
	fn done(key: Key, result: Result<Included, Arc<SubmitError>>) -> Done;
}

impl Item for BidPlacement {
	const ALONE: &'static str = Self::CALL;

	fn key(&self) -> Key {
		(self.batch, self.round)
	}

	fn call(items: &[Self]) -> Call {
		match items {
			[bid] => Call::place_bid(
				bid.batch,
				bid.round,
				bid.batch_digest,
				bid.max_slot_fee,
				bid.commitment,
				&bid.seal,
			),
			bids => Call::place_bids(bids),
		}
	}

	fn done(key: Key, result: Result<Included, Arc<SubmitError>>) -> Done {
		Done::Placed(key, result)
	}
}

impl Item for BidReveal {
	const ALONE: &'static str = Self::CALL;

	fn key(&self) -> Key {
		(self.batch, self.round)
	}

	fn call(items: &[Self]) -> Call {
		match items {
			[reveal] => {
				Call::reveal_bid(reveal.batch, reveal.round, reveal.bidder, &reveal.payload)
			},
			reveals => Call::reveal_bids(reveals),
		}
	}

	fn done(key: Key, result: Result<Included, Arc<SubmitError>>) -> Done {
		Done::Revealed(key, result)
	}
}

/// Bids, or reveals, that are ready to be sent.
pub(super) struct Outbox<T> {
	ready: Vec<T>,
	/// Transactions of several whose end is not known. The same call goes on with such a transaction; another one would
	/// come behind it, and nobody would raise its tip any more.
	sent: Vec<Vec<T>>,
	/// Rounds that go alone, since a transaction with several of them was not taken.
	alone: BTreeSet<Key>,
}

impl<T> Default for Outbox<T> {
	fn default() -> Self {
		Self { ready: Vec::new(), sent: Vec::new(), alone: BTreeSet::new() }
	}
}

impl<T: Item> Outbox<T> {
	/// Takes in what is ready. There is one for a round at a time.
	pub(super) fn add(&mut self, item: T) {
		self.ready.retain(|ready| ready.key() != item.key());
		self.ready.push(item);
	}

	/// Takes all that is ready, as it came, in groups of at most `most`: each is a transaction. What went together before
	/// and has not come to an end goes together again, all of it: a part that is over is refused by itself.
	pub(super) fn take(&mut self, most: usize) -> Vec<Vec<T>> {
		let most = most.max(1);
		let mut groups = Vec::new();
		let mut ready = core::mem::take(&mut self.ready);
		for group in core::mem::take(&mut self.sent) {
			let in_group = |item: &T| group.iter().any(|sent| sent.key() == item.key());
			if ready.iter().any(in_group) {
				ready.retain(|item| !in_group(item));
				groups.push(group);
			} else {
				self.sent.push(group);
			}
		}
		let (alone, mut ready): (Vec<T>, Vec<T>) =
			ready.into_iter().partition(|item| self.alone.contains(&item.key()));
		groups.extend(alone.into_iter().map(|item| vec![item]));
		while !ready.is_empty() {
			let others = ready.split_off(ready.len().min(most));
			groups.push(core::mem::replace(&mut ready, others));
		}
		let several = groups.iter().filter(|group| group.len() > 1);
		self.sent.extend(several.cloned());
		groups
	}

	/// Notes that the transaction with a round has come to an end. Returns true if it had several, and this is the first
	/// of them to say so.
	pub(super) fn end(&mut self, key: &Key) -> bool {
		let before = self.sent.len();
		self.sent.retain(|group| group.iter().all(|item| item.key() != *key));
		self.sent.len() < before
	}

	/// Notes that the chain did not take a transaction with a round. Returns true if it had several: each goes alone from
	/// now on.
	pub(super) fn part(&mut self, key: &Key) -> bool {
		let with_it = |group: &Vec<T>| group.iter().any(|item| item.key() == *key);
		let keys = self.sent.iter().filter(|group| with_it(group)).flatten().map(Item::key);
		self.alone.extend(keys.collect::<Vec<_>>());
		self.end(key);
		self.alone.contains(key)
	}

	/// Forgets the transactions and rounds that are not to be kept.
	pub(super) fn forget(&mut self, is_kept: impl Fn(&Key) -> bool) {
		self.sent.retain(|group| group.iter().any(|item| is_kept(&item.key())));
		self.alone.retain(is_kept);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_primitives::{api::BatchId, bid::PAYLOAD_BYTES};
	use pvs_timelock::SEAL_BYTES;

	fn key(index: u64) -> Key {
		(BatchId { rollup: 0, index }, 2)
	}

	fn reveal(index: u64) -> BidReveal {
		let (batch, round) = key(index);
		BidReveal { batch, round, bidder: [1; 32], payload: [4; PAYLOAD_BYTES] }
	}

	fn bid(index: u64) -> BidPlacement {
		let (batch, round) = key(index);
		BidPlacement {
			batch,
			round,
			batch_digest: [3; 32],
			max_slot_fee: 5,
			commitment: [7; 32],
			seal: [9; SEAL_BYTES],
		}
	}

	/// The batches of the groups in which these go out.
	fn take(outbox: &mut Outbox<BidReveal>, ready: &[u64], most: usize) -> Vec<Vec<u64>> {
		ready.iter().for_each(|index| outbox.add(reveal(*index)));
		let groups = outbox.take(most);
		groups.iter().map(|group| group.iter().map(|item| item.batch.index).collect()).collect()
	}

	#[test]
	fn items_should_go_in_groups_of_at_most_so_many_as_they_came() {
		for (ready, most, groups) in [
			(&[][..], 8, vec![]),
			(&[4], 8, vec![vec![4]]),
			(&[4, 1, 3], 8, vec![vec![4, 1, 3]]),
			(&[4, 1, 3], 3, vec![vec![4, 1, 3]]),
			(&[4, 1, 3], 2, vec![vec![4, 1], vec![3]]),
			(&[4, 1, 3, 2, 5], 2, vec![vec![4, 1], vec![3, 2], vec![5]]),
			(&[4, 1], 1, vec![vec![4], vec![1]]),
			(&[4, 1], 0, vec![vec![4], vec![1]]),
		] {
			let mut outbox = Outbox::default();
			assert_eq!(take(&mut outbox, ready, most), groups, "{ready:?}, {most}");
			assert!(outbox.take(most).is_empty(), "each goes once");
		}
	}

	#[test]
	fn round_should_have_the_newest_item_only() {
		let mut outbox = Outbox::default();
		outbox.add(bid(1));
		outbox.add(bid(2));
		outbox.add(BidPlacement { max_slot_fee: 6, ..bid(1) });
		let [group] = &outbox.take(8)[..] else { panic!("one group") };
		let fees: Vec<_> = group.iter().map(|bid| (bid.batch.index, bid.max_slot_fee)).collect();
		assert_eq!(fees, [(2, 5), (1, 6)]);
	}

	/// A transaction that no block has taken is sent again with a higher tip, and not followed by another one.
	#[test]
	fn group_should_stay_the_same_while_its_end_is_unknown() {
		let mut outbox = Outbox::default();
		assert_eq!(take(&mut outbox, &[1, 2], 8), [vec![1, 2]]);
		assert_eq!(take(&mut outbox, &[7], 8), [vec![7]]);
		assert_eq!(take(&mut outbox, &[3, 2, 1, 4], 8), [vec![1, 2], vec![3, 4]]);
		assert_eq!(take(&mut outbox, &[4, 1, 3, 2], 8), [vec![1, 2], vec![3, 4]]);
		// A part of it is over.
		assert_eq!(take(&mut outbox, &[5, 2], 8), [vec![1, 2], vec![5]]);
		assert_eq!(take(&mut outbox, &[3], 1), [vec![3, 4]]);
	}

	#[test]
	fn group_should_be_made_anew_when_its_transaction_has_ended() {
		let mut outbox = Outbox::default();
		assert_eq!(take(&mut outbox, &[1, 2, 3], 8), [vec![1, 2, 3]]);
		assert!(outbox.end(&key(2)));
		assert!(!outbox.end(&key(1)), "the first has said so");
		assert_eq!(take(&mut outbox, &[2, 4], 8), [vec![2, 4]]);
		assert!(!outbox.end(&key(9)));
	}

	/// An account may be able to pay for a part of what it cannot pay for together.
	#[test]
	fn rounds_should_go_alone_when_the_chain_did_not_take_them_together() {
		let mut outbox = Outbox::default();
		assert_eq!(take(&mut outbox, &[1, 2], 8), [vec![1, 2]]);
		assert_eq!(take(&mut outbox, &[3], 8), [vec![3]]);
		assert!(outbox.part(&key(1)) && outbox.part(&key(2)), "each of them hears of it");
		assert!(!outbox.part(&key(3)), "it was alone");
		assert_eq!(take(&mut outbox, &[1, 5, 2, 6], 8), [vec![1], vec![2], vec![5, 6]]);
		outbox.forget(|_| false);
		assert_eq!(take(&mut outbox, &[1, 2], 8), [vec![1, 2]]);
	}

	#[test]
	fn group_should_be_forgotten_when_none_of_its_rounds_is_kept() {
		let mut outbox = Outbox::default();
		take(&mut outbox, &[1, 2], 2);
		take(&mut outbox, &[3, 4], 2);
		outbox.forget(|kept| *kept == key(3));
		let left: Vec<_> = outbox.sent.iter().flatten().map(Item::key).collect();
		assert_eq!(left, [key(3), key(4)]);
	}

	#[test]
	fn call_should_be_that_for_one_when_there_is_one() {
		let (one, two) = ([bid(1)], [bid(1), bid(2)]);
		assert_eq!(BidPlacement::call(&one).name(), "place_bid");
		assert_eq!(BidPlacement::call(&two).name(), "place_bids");
		let (one, two) = ([reveal(1)], [reveal(1), reveal(2)]);
		assert_eq!(BidReveal::call(&one).name(), "reveal_bid");
		assert_eq!(BidReveal::call(&two).name(), "reveal_bids");
		assert_eq!((BidPlacement::ALONE, BidReveal::ALONE), ("place_bid", "reveal_bid"));
	}

	#[test]
	fn item_should_bring_back_what_became_of_it_under_its_own_round() {
		let error = || {
			let reason = String::from("no block took it");
			Err(Arc::new(SubmitError::Unknown { call: "place_bids", seconds: 6, reason }))
		};
		assert_eq!(bid(3).key(), key(3));
		assert!(
			matches!(BidPlacement::done(key(3), error()), Done::Placed(of, Err(_)) if of == key(3))
		);
		assert_eq!(reveal(4).key(), key(4));
		assert!(
			matches!(BidReveal::done(key(4), error()), Done::Revealed(of, Err(_)) if of == key(4))
		);
	}
}
