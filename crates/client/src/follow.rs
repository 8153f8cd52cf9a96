// SPDX-License-Identifier: Apache-2.0
//! Following the best blocks of a chain over the nodes that there are.

use crate::{
	connection::{Block, Client},
	error::Error,
	nodes::{choose, Nodes, Report},
	BlockHash,
};
use core::fmt;
use pvs_primitives::BlockNumber;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Interval at which time alone is looked at: whether nodes have stalled, or have been away for too long.
const TICK: Duration = Duration::from_millis(500);

/// Number of times that what makes a node count as stalled after which the operator is told: by then another one
/// would have been used.
const TELL_AFTER: u32 = 3;

/// Things that happen on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
	/// There is a new best block. Those that came between two looks are left out.
	Best(Block),
	/// Something is wrong with the nodes, or right again.
	Notice(Notice),
}

/// News that an operator should know about the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
	/// No node answers.
	Lost {
		/// The address of the node that was in use.
		url: String,
		/// Reason why it failed.
		reason: String,
	},
	/// Another node is used than before, or the same one again.
	Attached {
		/// Its address.
		url: String,
	},
	/// The node in use lacks blocks, and there is none that has them. Nothing is done before it has them.
	Behind {
		/// Its address.
		url: String,
		/// Its best block.
		best: BlockNumber,
		/// The highest block that was seen.
		highest: BlockNumber,
	},
	/// No node has shown a block for a while.
	Stalled {
		/// The address of the node in use.
		url: String,
		/// Number of seconds that none was shown.
		seconds: u64,
	},
}

impl fmt::Display for Notice {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Lost { url, reason } => write!(f, "no node answers at {url} ({reason})"),
			Self::Attached { url } => write!(f, "connected to {url}"),
			Self::Behind { url, best, highest } => {
				write!(
					f,
					"the node at {url} is behind, at block {best}: waiting for block {highest}"
				)
			},
			Self::Stalled { url, seconds } => {
				write!(f, "no new block for {seconds} s from the node at {url}, nor from any other")
			},
		}
	}
}

/// Follows a chain. It can be asked for the next step again whenever the last question was given up.
#[derive(Debug)]
pub struct Follower {
	nodes: Arc<Nodes>,
	changes: watch::Receiver<u64>,
	give_up_after: Duration,
	told: Told,
}

/// Notices that were told so far.
#[derive(Debug, Default)]
struct Told {
	url: String,
	head: Option<BlockHash>,
	is_lost: bool,
	is_behind: bool,
	is_stalled: bool,
	/// Time since which no node has answered.
	away_since: Option<Instant>,
}

impl Client {
	/// Follows the chain's best blocks, the present one first. A node that shows none for three slots is left
	/// for another one.
	pub fn follow(&self, slot: Duration, give_up_after: Duration) -> Follower {
		Follower::new(self.nodes().clone(), slot, give_up_after)
	}
}

impl Follower {
	pub(crate) fn new(nodes: Arc<Nodes>, slot: Duration, give_up_after: Duration) -> Self {
		nodes.set_slot(slot);
		let told = Told { url: nodes.url(), ..Told::default() };
		Self { changes: nodes.changes(), nodes, give_up_after, told }
	}

	/// Waits for the next step.
	///
	/// # Errors
	///
	/// [`Error::OtherChain`] if all nodes are on another chain than the one before, and why the last one does not
	/// answer, once none has answered for as long as the follower is to wait.
	pub async fn next(&mut self) -> Result<Step, Error> {
		loop {
			// Marked first, so that a change between the look and the wait is not missed.
			self.changes.borrow_and_update();
			let report = self.nodes.report();
			if report.all_foreign {
				return Err(Error::OtherChain { url: report.url });
			}
			let now = Instant::now();
			if let Some(step) = self.told.next(&report, self.nodes.stall(), now) {
				return Ok(step);
			}
			let since = self.told.away_since.unwrap_or(now);
			if now.saturating_duration_since(since) > self.give_up_after {
				if let Some(down) = &report.down {
					return Err(self.nodes.own(down));
				}
			}
			tokio::select! {
				_ = self.changes.changed() => {},
				() = tokio::time::sleep(TICK) => {},
			}
		}
	}

	/// The best block of the node in use, unless there is nothing to do but to wait.
	pub fn best(&self) -> Option<Block> {
		self.nodes.report().head.filter(|_| !self.is_waiting())
	}

	/// Returns whether nothing is to be done but to wait: no node answers, or the one that does lacks blocks.
	pub fn is_waiting(&self) -> bool {
		self.told.is_lost || self.told.is_behind
	}
}

impl Told {
	/// The next thing to tell, if there is any. Each is told once.
	fn next(&mut self, report: &Report, stall: Duration, now: Instant) -> Option<Step> {
		let notice = |notice| Some(Step::Notice(notice));
		let url = || report.url.clone();
		if !report.is_up {
			self.away_since.get_or_insert(now);
			if core::mem::replace(&mut self.is_lost, true) {
				return None;
			}
			let reason = match report.down.as_deref() {
				Some(Error::Unreachable { reason, .. }) => reason.clone(),
				Some(error) => error.to_string(),
				None => "it is not connected".into(),
			};
			return notice(Notice::Lost { url: url(), reason });
		}
		self.away_since = None;
		if core::mem::take(&mut self.is_lost) || self.url != report.url {
			self.url = url();
			return notice(Notice::Attached { url: url() });
		}
		let is_silent = report.silent_for > stall.saturating_mul(TELL_AFTER);
		if is_silent && !self.is_stalled {
			self.is_stalled = true;
			return notice(Notice::Stalled { url: url(), seconds: report.silent_for.as_secs() });
		}
		let head = report.head?;
		if choose::is_behind(head.number, report.highest) {
			if core::mem::replace(&mut self.is_behind, true) {
				return None;
			}
			let (best, highest) = (head.number, report.highest);
			return notice(Notice::Behind { url: url(), best, highest });
		}
		self.is_behind = false;
		if self.head == Some(head.hash) {
			return None;
		}
		// Only a block ends a stall: a new connection does not.
		self.is_stalled = is_silent;
		self.head = Some(head.hash);
		Some(Step::Best(head))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const STALL: Duration = Duration::from_secs(3);

	fn block(number: BlockNumber) -> Block {
		let hash = BlockHash::from([number.to_le_bytes()[0]; 32]);
		Block { hash, number, parent: BlockHash::default() }
	}

	fn report(number: BlockNumber) -> Report {
		Report {
			url: "ws://a".into(),
			is_up: true,
			head: Some(block(number)),
			silent_for: Duration::ZERO,
			highest: number,
			down: None,
			all_foreign: false,
		}
	}

	fn lost(number: BlockNumber) -> Report {
		let down = Error::Unreachable { url: "ws://a".into(), reason: "gone".into() };
		Report { is_up: false, down: Some(Arc::new(down)), ..report(number) }
	}

	/// All that is told of a report.
	fn steps(told: &mut Told, report: &Report) -> Vec<String> {
		let next = || told.next(report, STALL, Instant::now());
		core::iter::from_fn(next)
			.map(|step| match step {
				Step::Best(block) => format!("block {}", block.number),
				Step::Notice(notice) => notice.to_string(),
			})
			.collect()
	}

	fn told() -> Told {
		Told { url: "ws://a".into(), ..Told::default() }
	}

	#[tokio::test]
	async fn block_should_be_told_once() {
		let mut told = told();
		assert_eq!(steps(&mut told, &report(7)), ["block 7"]);
		assert!(steps(&mut told, &report(7)).is_empty());
		assert_eq!(steps(&mut told, &report(8)), ["block 8"]);
	}

	#[tokio::test]
	async fn lost_node_should_be_told_once_and_again_when_it_is_back() {
		let mut told = told();
		steps(&mut told, &report(7));
		assert_eq!(steps(&mut told, &lost(7)), ["no node answers at ws://a (gone)"]);
		assert!(told.away_since.is_some());
		assert!(steps(&mut told, &lost(7)).is_empty());
		assert_eq!(steps(&mut told, &report(8)), ["connected to ws://a", "block 8"]);
		assert!(told.away_since.is_none());
	}

	#[tokio::test]
	async fn other_node_should_be_told_when_it_is_used() {
		let mut told = told();
		let other = Report { url: "ws://b".into(), ..report(7) };
		assert_eq!(steps(&mut told, &other), ["connected to ws://b", "block 7"]);
	}

	#[tokio::test]
	async fn blocks_should_not_be_told_while_the_node_is_behind() {
		let mut told = told();
		let behind = Report { highest: 100, ..report(95) };
		let text = "the node at ws://a is behind, at block 95: waiting for block 100";
		assert_eq!(steps(&mut told, &behind), [text]);
		assert!(told.is_behind);
		assert_eq!(steps(&mut told, &Report { highest: 100, ..report(96) }), ["block 96"]);
		assert!(!told.is_behind);
	}

	#[tokio::test]
	async fn stall_should_last_until_a_block_comes_when_the_connection_is_new() {
		let mut told = told();
		steps(&mut told, &report(7));
		let silent = Report { silent_for: Duration::from_secs(10), ..report(7) };
		let text = "no new block for 10 s from the node at ws://a, nor from any other";
		assert_eq!(steps(&mut told, &silent), [text]);
		assert!(steps(&mut told, &silent).is_empty());
		steps(&mut told, &lost(7));
		assert_eq!(steps(&mut told, &report(7)), ["connected to ws://a"]);
		assert!(told.is_stalled);
		assert_eq!(steps(&mut told, &report(8)), ["block 8"]);
		assert!(!told.is_stalled);
	}
}
