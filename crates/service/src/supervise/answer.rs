// SPDX-License-Identifier: Apache-2.0
//! Work that brings something back, whatever becomes of it.

use std::future::Future;
use tokio::task::JoinSet;

/// Result that a piece of work brings back. If it is dropped without having been given, because the work panicked
/// or was ended, a value that stands for that is sent instead: nobody waits for ever.
#[derive(Debug)]
pub struct Answer<T, F: FnOnce(T)>(Option<Owed<T, F>>);

#[derive(Debug)]
struct Owed<T, F> {
	send: F,
	if_lost: T,
}

impl<T, F: FnOnce(T)> Answer<T, F> {
	/// Returns an answer that is sent by `send`, which must not panic, and is `if_lost` unless another one
	/// is given.
	pub fn new(if_lost: T, send: F) -> Self {
		Self(Some(Owed { send, if_lost }))
	}

	/// Sends what the work has brought.
	pub fn give(mut self, answer: T) {
		if let Some(Owed { send, .. }) = self.0.take() {
			send(answer);
		}
	}
}

impl<T, F: FnOnce(T)> Drop for Answer<T, F> {
	fn drop(&mut self) {
		if let Some(Owed { send, if_lost }) = self.0.take() {
			send(if_lost);
		}
	}
}

/// Pieces of work that end with whoever holds this, such as a connection.
#[derive(Debug, Default)]
pub struct Tasks(JoinSet<()>);

impl Tasks {
	/// Starts a piece of work that gives this answer.
	pub fn spawn<T, F>(
		&mut self,
		answer: Answer<T, F>,
		work: impl Future<Output = T> + Send + 'static,
	) where
		T: Send + 'static,
		F: FnOnce(T) + Send + 'static,
	{
		// Those that have ended make room.
		while self.0.try_join_next().is_some() {}
		self.0.spawn(async move { answer.give(work.await) });
	}

	/// Ends all of them, each with the answer for that.
	pub fn abort_all(&mut self) {
		self.0.abort_all();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		future::{pending, poll_fn},
		time::Duration,
	};
	use tokio::{
		sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender},
		time::timeout,
	};

	type Sent = (u32, Result<&'static str, &'static str>);

	fn answer(
		round: u32,
		sender: &UnboundedSender<Sent>,
	) -> Answer<Sent, impl FnOnce(Sent) + Send + 'static> {
		let sender = sender.clone();
		Answer::new((round, Err("lost")), move |sent| {
			let _ = sender.send(sent);
		})
	}

	async fn next(received: &mut UnboundedReceiver<Sent>) -> Sent {
		timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap()
	}

	/// R12: a task that panicked held its round for ever.
	#[tokio::test]
	async fn round_should_be_free_when_the_task_that_holds_it_panics() {
		let (sender, mut received) = unbounded_channel();
		let mut tasks = Tasks::default();
		let panics = poll_fn(|_| panic!("the proof is wrong"));
		tasks.spawn(answer(1, &sender), panics);
		assert_eq!(next(&mut received).await, (1, Err("lost")));
		tasks.spawn(answer(2, &sender), async { (2, Ok("done")) });
		assert_eq!(next(&mut received).await, (2, Ok("done")));
		assert!(received.try_recv().is_err(), "one answer each");
	}

	#[tokio::test]
	async fn round_should_be_free_when_its_task_is_ended_before_or_after_it_has_begun() {
		let (sender, mut received) = unbounded_channel();
		let mut tasks = Tasks::default();
		tasks.spawn(answer(1, &sender), pending());
		tokio::task::yield_now().await;
		tasks.spawn(answer(2, &sender), pending());
		tasks.abort_all();
		let mut rounds = [next(&mut received).await, next(&mut received).await];
		rounds.sort_unstable();
		assert_eq!(rounds, [(1, Err("lost")), (2, Err("lost"))]);
		tasks.spawn(answer(3, &sender), pending());
		drop(tasks);
		assert_eq!(next(&mut received).await, (3, Err("lost")));
	}

	#[test]
	fn answer_should_be_sent_once() {
		let (sender, mut received) = unbounded_channel();
		answer(1, &sender).give((1, Ok("done")));
		drop(answer(2, &sender));
		drop(sender);
		assert_eq!(received.blocking_recv(), Some((1, Ok("done"))));
		assert_eq!(received.blocking_recv(), Some((2, Err("lost"))));
		assert_eq!(received.blocking_recv(), None);
	}
}
