// SPDX-License-Identifier: Apache-2.0
//! Tasks in flight, and transactions among them. A round has one at a time.

use super::{outbox::Item, rounds::Task, Done, Service, Session};
use crate::{journal::Key, workers::Cancel};
use pvs_client::{submit::by_item, Call, Included, SubmitError};
use pvs_service::Answer;
use std::{future::Future, time::Duration};

/// Time to wait for a block to take a transaction before looking at the chain again.
const INCLUSION_WAIT: Duration = Duration::from_secs(6);

impl Service {
	/// Starts a task for a round, which brings back a result whatever becomes of it.
	pub(super) fn start_task(
		&mut self,
		key: Key,
		work: impl Future<Output = Done> + Send + 'static,
	) -> Cancel {
		let cancel = self.occupy(key);
		let done = self.done.clone();
		let answer = Answer::new(Done::Crashed(key), move |result| {
			let _ = done.send(result);
		});
		self.running.spawn(answer, work);
		cancel
	}

	/// As [`start_task`](Self::start_task), with one task for several rounds that brings back a result for each.
	fn start_joint_task(
		&mut self,
		keys: Vec<Key>,
		work: impl Future<Output = Vec<Done>> + Send + 'static,
	) {
		for key in &keys {
			self.occupy(*key);
		}
		let done = self.done.clone();
		let crashed = keys.into_iter().map(Done::Crashed).collect();
		let answer = Answer::new(crashed, move |results: Vec<Done>| {
			for result in results {
				let _ = done.send(result);
			}
		});
		self.running.spawn(answer, work);
	}

	/// Notes that a round has a task in flight.
	fn occupy(&mut self, key: Key) -> Cancel {
		let cancel = Cancel::default();
		let task = Task { cancel: cancel.clone(), since: self.height };
		self.rounds.of(key).task = Some(task);
		cancel
	}

	/// Sends all bids and reveals that are ready: several in one transaction where the chain takes that.
	pub(super) fn send_ready(&mut self, session: &Session) {
		let most = session.client.bids_per_call();
		// First, since a block takes them before bids, and a transaction waits for those before it.
		for reveals in self.reveals.take(most) {
			self.send(session, reveals);
		}
		for bids in self.bids.take(most) {
			self.send(session, bids);
		}
	}

	/// Sends what is in one group in one transaction. All of it is in the journal.
	fn send<T: Item>(&mut self, session: &Session, items: Vec<T>) {
		let keys: Vec<Key> = items.iter().map(Item::key).collect();
		let (call, submitter) = (T::call(&items), session.submitter.clone());
		self.start_joint_task(keys.clone(), async move {
			let result = submitter.submit(&call, INCLUSION_WAIT).await;
			let outcomes = by_item(result, T::ALONE, keys.len());
			keys.into_iter().zip(outcomes).map(|(key, outcome)| T::done(key, outcome)).collect()
		});
	}

	/// Sends a transaction about one round.
	pub(super) fn submit(
		&mut self,
		session: &Session,
		key: Key,
		call: Call,
		done: fn(Key, Result<Included, SubmitError>) -> Done,
	) {
		let submitter = session.submitter.clone();
		self.start_task(
			key,
			async move { done(key, submitter.submit(&call, INCLUSION_WAIT).await) },
		);
	}
}
