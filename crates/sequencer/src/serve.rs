// SPDX-License-Identifier: Apache-2.0
//! The sequencer as a service: takes transfers, commits batches of them and follows their fate.

use crate::{
	chain::{Found, Reader, Seen},
	cli::ServeArgs,
	core::{Change, Core, CoreError, Upkeep},
	error::SequencerError,
	journal::Identity,
	pace::Pace,
	pool::Limits,
	rpc::{self, types::hex, ConnectionLimits, Options, Shared, MAX_IDLE},
	seat::{Commit, Seat, Wanted, MORTALITY_BLOCKS},
	trouble::Troubles,
};
use pvs_client::{Block, Error, Notice, ReplicaError, Step, SubmitError};
use pvs_primitives::BlockNumber;
use pvs_rollup::{demo, genesis::Genesis, state::State};
use pvs_service::shutdown::Signals;
use serde_json::{json, Value};
use std::{io::Write, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// Serves until it is told to stop.
pub(crate) async fn serve(args: ServeArgs) -> Result<(), SequencerError> {
	if !args.listen.ip().is_loopback() && !args.listen_anywhere {
		return Err(SequencerError::NotLoopback(args.listen));
	}
	let genesis = match &args.genesis {
		Some(path) => Genesis::from_file(path)?,
		None => demo::genesis(),
	};
	let genesis = State::from_genesis(&genesis)
		.map_err(|error| SequencerError::Genesis(error.to_string()))?;
	let genesis_root = genesis.root();
	let wanted = Wanted { rollup: args.rollup, genesis_root };
	let key = args.key.load()?;
	let client = args.connect.connect().await?;
	let seat = Seat::take(client, key, args.max_fee.as_ref(), wanted).await?;
	seat.check_right(&seat.rollup(seat.client.best().await?).await?)?;
	let chain_genesis = seat.client.genesis_hash();
	let identity = Identity { rollup: args.rollup, rollup_genesis: genesis_root, chain_genesis };
	let limits = Limits {
		total: args.pool_limit,
		per_account: args.account_limit,
		max_gap: args.max_nonce_gap,
		min_fee: args.min_fee,
		min_opening_fee: args.min_opening_fee,
		max_age: args.max_age_seconds.saturating_mul(1_000),
	};
	let upkeep = Upkeep { save_every: args.save_every, compact_records: args.compact_records };
	let (core, notes) =
		Core::open(&args.data_dir, identity, genesis, args.fee_account, limits, upkeep)?;
	for note in notes {
		tracing::warn!("{note}");
	}
	let mut service = Service {
		teller: Teller { json: args.json, rollup: args.rollup },
		shared: Shared::new(core),
		seat: Arc::new(seat),
		reader: Reader::default(),
		commit: None,
		last_commit: None,
		best: 0,
		pace: Pace::default(),
		troubles: Troubles::default(),
		args,
	};
	service.catch_up().await?;
	let mut signals = Signals::new().map_err(SequencerError::signals)?;
	let listen = service.args.listen;
	let options = Options {
		listen,
		hosts: service.args.allow_host.clone(),
		limits: ConnectionLimits {
			total: service.args.max_connections,
			per_address: service.args.max_connections_per_address,
			idle: MAX_IDLE,
			idle_socket: Duration::from_secs(service.args.max_idle_seconds),
		},
	};
	let server = rpc::start(service.shared.clone(), &options)
		.await
		.map_err(|error| SequencerError::Listen { address: listen, reason: error.to_string() })?;
	service.teller.ready(&service.shared.core(), &server.address().to_string());
	let result = tokio::select! {
		result = service.follow() => result,
		() = signals.next() => {
			// Spares the next start some work; nothing depends on it.
			service.shared.with_core(Core::save).await.map(|_| ()).map_err(SequencerError::from)
		},
	};
	server.stop().await;
	service.teller.stopped(&service.shared.core());
	result
}

type Committing = JoinHandle<Result<Commit, SequencerError>>;

struct Service {
	args: ServeArgs,
	teller: Teller,
	shared: Shared,
	seat: Arc<Seat>,
	reader: Reader,
	/// A batch on its way to the chain.
	commit: Option<Committing>,
	last_commit: Option<BlockNumber>,
	/// The best block that was seen.
	best: BlockNumber,
	pace: Pace,
	troubles: Troubles,
}

impl Service {
	/// Reads what happened while this program did not run.
	async fn catch_up(&mut self) -> Result<(), SequencerError> {
		let best = self.seat.client.best().await?;
		let missing = match self.take_in(best).await {
			Ok(_) => None,
			Err(error) if is_missing(&error) => Some(error),
			Err(error) => return Err(error),
		};
		if let Some(error) = missing {
			if !self.shared.with_core(Core::start_over).await {
				return Err(error);
			}
			tracing::warn!("{error}; starting from the rollup's first state again");
			self.reader.start_over();
			self.take_in(best).await?;
		}
		let core = self.shared.core();
		match core.tip().account(core.fee_account()) {
			Some(_) => Ok(()),
			None => Err(SequencerError::NoFeeAccount(core.fee_account())),
		}
	}

	/// Takes in the chain at a block.
	async fn take_in(&mut self, best: Block) -> Result<(Seen, Vec<Change>), SequencerError> {
		let seen = self.reader.heads(&self.seat, best).await?;
		let heads = seen.heads.clone();
		let result = self.shared.with_core(|core| core.follow(heads)).await;
		let changes = match result {
			Err(CoreError::Missing(_)) => {
				let rollup = self.args.rollup;
				let from = self.shared.with_core(|core| (core.cursor(), core.next_index())).await;
				let search = self.reader.search(&self.seat, rollup, from, &seen.heads);
				let Found { commits, unnamed } = search.await?;
				let heads = seen.heads.clone();
				let again = move |core: &mut Core| {
					core.learn(commits);
					core.follow(heads)
				};
				match (self.shared.with_core(again).await, unnamed) {
					(Err(CoreError::Missing(_)), Some(index)) => {
						return Err(ReplicaError::NoDigest { rollup, index }.into());
					},
					(result, _) => result?,
				}
			},
			result => result?,
		};
		Ok((seen, changes))
	}

	/// Follows the chain for as long as this program runs.
	async fn follow(&mut self) -> Result<(), SequencerError> {
		let client = self.seat.client.clone();
		let info = client.at(client.best().await?).await?.seals().await?;
		let mut nodes = client.follow(Duration::from_millis(info.slot_millis), Duration::MAX);
		loop {
			let result = tokio::select! {
				step = nodes.next() => match step? {
					Step::Best(block) => self.at_block(block).await,
					// Only a block says that all is well again.
					Step::Notice(notice @ Notice::Attached { .. }) => {
						tracing::info!("{notice}");
						Ok(())
					},
					Step::Notice(notice) => {
						self.set_problem(Some(notice.to_string()));
						Ok(())
					},
				},
				result = finished(&mut self.commit) => {
					self.commit = None;
					self.committed(result).await
				},
			};
			match result {
				Err(error) if can_pass(&error) => self.set_problem(Some(error.to_string())),
				result => result?,
			}
			self.shared.with_core(Core::look_for_room).await?;
		}
	}

	/// Takes in a block and does what is to be done.
	async fn at_block(&mut self, best: Block) -> Result<(), SequencerError> {
		self.best = best.number;
		let (seen, changes) = match self.take_in(best).await {
			Ok(seen) => seen,
			Err(error) if is_about_data(&error) => {
				// A reorganisation between two answers; what lasts is a node that lacks blocks.
				self.set_problem(Some(error.to_string()));
				return Ok(());
			},
			Err(error) => return Err(error),
		};
		self.note(&changes, best.number);
		let expired = self.shared.with_core(|core| core.expire(rpc::now())).await?;
		if expired > 0 {
			tracing::info!("{expired} transfers have waited for too long and ended");
		}
		if self.shared.with_core(|core| core.is_idle()).await {
			self.troubles.idle();
		}
		let problem = match self.pace.is_time(best.number) {
			true => self.maybe_commit(best, seen).await?,
			false => None,
		};
		self.set_problem(problem.or_else(|| self.troubles.problem()));
		Ok(())
	}

	/// Notes what is wrong, and tells it if it is new.
	fn set_problem(&self, problem: Option<String>) {
		if let Some(problem) = problem.as_ref().filter(|problem| self.shared.is_new(problem)) {
			tracing::warn!("{problem}");
		}
		self.shared.set_problem(problem);
	}

	/// Tells what happened, and slows down when batches are lost one after the other.
	fn note(&mut self, changes: &[Change], best: BlockNumber) {
		changes.iter().for_each(|change| self.teller.change(change));
		self.troubles.take_in(changes);
		if changes.iter().any(|change| matches!(change, Change::Committed { .. })) {
			self.pace.committed();
		}
		if changes.iter().any(|change| matches!(change, Change::Proven { .. })) {
			self.pace.proven();
		}
		if changes.iter().any(|change| matches!(change, Change::Lost { .. })) {
			let (pause, losses) = self.pace.lost(best);
			if pause > 0 {
				self.troubles.losses(format!(
					"batches were lost {losses} times in a row, which costs a bond each time; are provers \
					 running? The next one is committed in {pause} blocks"
				));
			}
		}
	}

	/// Sends a batch on its way if there is room and reason for one. Returns what keeps it from doing so and
	/// the operator should know, whether or not a transfer waits.
	async fn maybe_commit(
		&mut self,
		best: Block,
		seen: Seen,
	) -> Result<Option<String>, SequencerError> {
		let has_room = seen.unproven < self.args.pipeline as usize;
		let is_due = self.last_commit.is_none_or(|last| {
			best.number.saturating_add(1) >= last.saturating_add(self.args.batch_blocks)
		});
		if !has_room || !is_due || self.commit.is_some() {
			return Ok(None);
		}
		// A commit without the right to it costs a transaction fee.
		if let Err(error) = self.seat.check_right(&seen.rollup) {
			return Ok(Some(format!("{error}; nothing is committed until that changes")));
		}
		let pending = seen.rollup.pending;
		if !self.pace.has_place(pending) {
			let problem = format!("the chain takes no further batch while {pending} are pending");
			return Ok(Some(problem));
		}
		match self.seat.check_funds(best, &seen.rollup).await {
			Ok(()) => {},
			Err(error @ SequencerError::BalanceTooLow { .. }) => {
				return Ok(Some(error.to_string()))
			},
			Err(error) => return Err(error),
		}
		let max_wait = self.args.max_wait_ms;
		let built = self.shared.with_core(move |core| core.build(rpc::now(), max_wait)).await;
		let built = match built {
			Ok(Some(built)) => built,
			Ok(None) => return Ok(None),
			Err(error) => return Ok(Some(format!("no batch can be made: {error}"))),
		};
		let (seat, before) = (Arc::clone(&self.seat), seen.rollup);
		if built.prev_root != before.tip_root {
			self.shared.with_core(Core::landed).await;
			return Ok(None);
		}
		self.commit =
			Some(tokio::spawn(
				async move { seat.commit(&before, &built.data, built.next_root).await },
			));
		Ok(None)
	}

	/// A batch was not taken, which may be different in a later block or cost nothing.
	fn refused(&mut self, reason: &str, full_at: Option<u32>) {
		let (pause, refusals) = self.pace.refused(self.best, full_at);
		tracing::info!("not committed: {reason}; trying again in {pause} blocks");
		if refusals > 1 {
			self.troubles.no_commit(format!(
				"the chain did not take {refusals} commits in a row ({reason}); the next one is tried \
				 in {pause} blocks"
			));
		}
	}

	/// A commit is over.
	async fn committed(
		&mut self,
		result: Result<Commit, SequencerError>,
	) -> Result<(), SequencerError> {
		match result {
			Ok(Commit::Included(block)) => {
				self.last_commit = Some(block);
				self.pace.committed();
				self.troubles.committed();
			},
			Ok(Commit::Refused { reason, full_at }) => self.refused(&reason, full_at),
			Ok(Commit::Unknown) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				self.refused("no block took it", None);
			},
			// The nodes may have it.
			Err(error) if can_pass(&error) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				self.refused(&error.to_string(), None);
			},
			Err(error) if is_free(&error) => self.refused(&error.to_string(), None),
			Err(error) => {
				let (pause, failures) = self.pace.failed(self.best);
				self.troubles.no_commit(format!(
					"cannot commit, {failures} times in a row: {error}; trying again in {pause} blocks"
				));
			},
		}
		// Until the chain's word is in, its transfers stay as they are.
		let read = match self.seat.client.best().await {
			Ok(best) => self.take_in(best).await.map(|(_, changes)| (best, changes)),
			Err(error) => Err(error.into()),
		};
		match read {
			Ok((best, changes)) => {
				self.shared.with_core(Core::landed).await;
				self.note(&changes, best.number);
			},
			Err(error) if is_about_data(&error) => {
				self.shared.with_core(Core::landed).await;
				tracing::warn!("{error}");
			},
			Err(error) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				return Err(error);
			},
		}
		Ok(())
	}
}

/// Waits for a commit to be over; forever if there is none.
async fn finished(commit: &mut Option<Committing>) -> Result<Commit, SequencerError> {
	match commit {
		None => std::future::pending().await,
		Some(commit) => match commit.await {
			Ok(result) => result,
			Err(error) => Err(SequencerError::Unfinished(format!("a commit broke off: {error}"))),
		},
	}
}

/// Returns true if asking again, or another node, can help. A node that is still syncing may not know the rollup yet, and a
/// reserve that has risen above the highest fee comes down again.
fn can_pass(error: &SequencerError) -> bool {
	match error {
		SequencerError::UnknownRollup(_) | SequencerError::FeeOutOfRange { .. } => true,
		SequencerError::Chain(error) | SequencerError::Submit(SubmitError::Chain(error)) => {
			error.retry().is_worthwhile()
		},
		_ => false,
	}
}

/// Returns true if no batches are found that lead from the saved state to those on the chain.
fn is_missing(error: &SequencerError) -> bool {
	matches!(error, SequencerError::Core(CoreError::Missing(_)) | SequencerError::Replay(_))
}

/// Returns true if the data of batches cannot be read. The next block may show another one, and until then
/// what is known stays as it is.
fn is_about_data(error: &SequencerError) -> bool {
	match error {
		SequencerError::Chain(Error::NoDigest { .. } | Error::NoBatchData { .. }) => true,
		other => is_missing(other),
	}
}

/// Whether a commit came to no block and cost nothing, because the node's pool refused it.
fn is_free(error: &SequencerError) -> bool {
	use SubmitError::{CannotPay, Refused};
	matches!(error, SequencerError::Submit(Refused { .. } | CannotPay { .. }))
}

/// Says what happens, as lines or as JSON.
struct Teller {
	json: bool,
	rollup: u32,
}

impl Teller {
	fn ready(&self, core: &Core, address: &str) {
		let waiting = core.pool().waiting(core.tip());
		let json = json!({
			"event": "ready",
			"listen": address,
			"final_root": hex(core.settled().root()),
			"tip_root": hex(core.tip().root()),
			"waiting": waiting,
		});
		let dir = core.dir().display();
		let text = format!("ready on {address}; {waiting} transfers wait; data in {dir}");
		self.say(&json, &text);
	}

	fn stopped(&self, core: &Core) {
		let waiting = core.pool().waiting(core.tip());
		let dir = core.dir().display();
		let json = json!({ "event": "stopped", "waiting": waiting });
		self.say(&json, &format!("stopped; {waiting} transfers wait in {dir}"));
	}

	fn change(&self, change: &Change) {
		let name = |batch: &u64| format!("batch {}/{batch}", self.rollup);
		let (json, text) = match change {
			Change::Committed { batch, block, transfers } => (
				json!({ "event": "committed", "batch": batch, "block": block, "transfers": transfers }),
				format!("{}: committed in block {block} with {transfers} transfers", name(batch)),
			),
			Change::Proven { batch } => {
				(json!({ "event": "proven", "batch": batch }), format!("{}: proven", name(batch)))
			},
			Change::Final { batch, transfers } => (
				json!({ "event": "final", "batch": batch, "transfers": transfers }),
				format!("{}: final", name(batch)),
			),
			Change::Lost { batch, transfers } => (
				json!({ "event": "lost", "batch": batch, "transfers": transfers }),
				format!("{}: lost; its {transfers} transfers wait again", name(batch)),
			),
		};
		self.say(&json, &text);
	}

	fn say(&self, json: &Value, text: &str) {
		let mut out = std::io::stdout().lock();
		let written = if self.json { writeln!(out, "{json}") } else { writeln!(out, "{text}") };
		// A reader that has gone away does not stop the sequencer.
		let _ = written.and_then(|()| out.flush());
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_client::PalletError;

	#[test]
	fn commit_should_be_free_when_the_pool_of_the_node_refused_it() {
		let (call, reason) = ("commit_batch", String::new());
		for free in [
			SubmitError::Refused { call, reason: reason.clone() },
			SubmitError::CannotPay { call, account: String::new() },
		] {
			assert!(is_free(&free.into()));
		}
		let (error, name) = (Some(PalletError::NotSequencer), "Pvs::NotSequencer".into());
		for other in [
			SubmitError::Failed { call, error, name, explanation: reason.clone() },
			SubmitError::Unknown { call, seconds: 12, reason },
		] {
			assert!(!is_free(&other.into()));
		}
		assert!(!is_free(&SequencerError::UnknownRollup(0)));
	}

	#[test]
	fn only_what_another_answer_cures_should_be_waited_for() {
		let away = Error::StreamEnded { url: "ws://here".into() };
		for passing in [SequencerError::UnknownRollup(0), away.into()] {
			assert!(can_pass(&passing), "{passing}");
		}
		let foreign = Error::OtherChain { url: "ws://here".into() };
		for lasting in [foreign.into(), SequencerError::NoFeeAccount(3)] {
			assert!(!can_pass(&lasting), "{lasting}");
		}
	}

	#[test]
	fn data_that_cannot_be_read_should_not_end_the_service() {
		let (rollup, index, block) = (0, 4, 9);
		for error in [
			ReplicaError::NoDigest { rollup, index }.into(),
			Error::NoDigest { rollup, index, block }.into(),
			Error::NoBatchData { rollup, index, block, extrinsic: 2 }.into(),
		] {
			assert!(is_about_data(&error) && !can_pass(&error), "{error}");
		}
		let pruned: SequencerError = Error::NoBody { url: "ws://here".into(), block }.into();
		assert!(!is_about_data(&pruned) && can_pass(&pruned), "another node may have it");
	}
}
