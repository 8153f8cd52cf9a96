// SPDX-License-Identifier: Apache-2.0
//! A load generator: sends signed transfers of demo accounts to a running sequencer at a steady rate, and
//! follows each of them until it is final.
//!
//! Each account has a connection of its own and sends one transfer after the other, since the second has to carry
//! the nonce behind the first; different accounts do not wait for each other. What is sent too late because
//! answers are missing is made up for as they come.
//!
//! A sequencer that goes away is waited for: what was not acknowledged is sent again, which is safe because
//! a transfer has one nonce.

mod book;

use crate::{
	cli::LoadArgs,
	error::SequencerError,
	generator::payment,
	link::{Link, LinkError},
	pool::hash_of,
	rpc::{errors, types::hex, MAX_CALLS},
};
use book::Book;
use indicatif::{ProgressBar, ProgressStyle};
use pvs_rollup::{demo, transfer::SignedTransfer};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::File,
	io::{IsTerminal, Write},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::{
	sync::{mpsc, OwnedSemaphorePermit, Semaphore},
	time::{Instant, MissedTickBehavior},
};

/// Pause between two questions for statuses.
const POLL: Duration = Duration::from_millis(250);
/// Pause before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// First index of the accounts that are opened: behind the demo accounts.
const OPENED_FROM: u32 = 1_000;

type Shared = Arc<Mutex<Book>>;

fn book(shared: &Shared) -> MutexGuard<'_, Book> {
	shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends transfers and follows them.
pub(crate) async fn load(args: LoadArgs) -> Result<(), SequencerError> {
	if args.min_fee > args.max_fee {
		let text = format!(
			"--min-fee {} is above --max-fee {}; the lowest fee comes first",
			args.min_fee, args.max_fee
		);
		return Err(SequencerError::Input(text));
	}
	let shared = Shared::default();
	let bar = progress(args.count);
	let patience = Duration::from_secs(args.timeout);
	let work = async {
		let sending = send(&args, &shared);
		let following = follow(&args, &shared, &bar);
		tokio::try_join!(sending, following).map(|_| ())
	};
	let result = tokio::time::timeout(patience, work).await;
	bar.finish_and_clear();
	let book = book(&shared);
	if args.rpc.json {
		pvs_text::print(book.as_json())?;
	} else {
		pvs_text::print(book.as_text())?;
	}
	match result {
		Err(_) => {
			let text = format!(
				"{} of {} accepted transfers are not final after {} s; is the \
				sequencer running, and are provers?",
				book.open(),
				book.accepted(),
				args.timeout
			);
			Err(SequencerError::Unfinished(text))
		},
		Ok(Err(error)) => Err(error),
		Ok(Ok(())) if book.lost() > 0 => {
			let text = format!("{} accepted transfers ended without being final", book.lost());
			Err(SequencerError::Unfinished(text))
		},
		Ok(Ok(())) => Ok(()),
	}
}

fn progress(count: u64) -> ProgressBar {
	if !std::io::stderr().is_terminal() {
		return ProgressBar::hidden();
	}
	let style = ProgressStyle::with_template("{spinner} {pos}/{len} final {bar:20} {msg}")
		.unwrap_or_else(|_| ProgressStyle::default_bar());
	let bar = ProgressBar::new(count).with_style(style);
	bar.enable_steady_tick(Duration::from_millis(200));
	bar
}

/// Connects, however long that takes; [`load`] puts an end to it.
async fn connect(args: &LoadArgs) -> Result<Link, LinkError> {
	loop {
		match Link::connect(&args.rpc.rpc).await {
			Err(LinkError::Unreachable { .. }) => tokio::time::sleep(RECONNECT_PAUSE).await,
			result => return result,
		}
	}
}

/// Values that the accounts have in common.
struct Common<'a> {
	args: &'a LoadArgs,
	book: &'a Shared,
	openings: Mutex<Openings>,
	accepted: Option<Mutex<File>>,
}

/// Accounts to open.
struct Openings {
	next: u32,
	left: u32,
	/// The lowest fee for one.
	fee: u32,
}

impl Openings {
	fn take(&mut self) -> Option<u32> {
		self.left = self.left.checked_sub(1)?;
		let index = self.next;
		self.next = index.saturating_add(1);
		Some(index)
	}

	/// One was not opened; another one will be in its place.
	fn put_back(&mut self) {
		self.left = self.left.saturating_add(1);
	}
}

/// Makes and sends the transfers of one account.
struct Sender<'a> {
	common: &'a Common<'a>,
	account: u32,
	link: Link,
	rng: StdRng,
	nonce: u32,
}

async fn send(args: &LoadArgs, shared: &Shared) -> Result<(), SequencerError> {
	let accepted = match &args.accepted {
		Some(path) => Some(File::create(path).map_err(|source| SequencerError::Io {
			what: format!("cannot write {}", path.display()),
			source,
		})?),
		None => None,
	};
	// The first connection fails at once: nothing was sent that could be lost.
	let link = Link::connect(&args.rpc.rpc).await?;
	let mut next = OPENED_FROM;
	while args.open > 0 && link.next_nonce(next).await?.is_some() {
		next = next.saturating_add(1);
	}
	let [_, fee] = link.least_fees().await?;
	let common = Common {
		args,
		book: shared,
		openings: Mutex::new(Openings { next, left: args.open, fee }),
		accepted: accepted.map(Mutex::new),
	};
	let mut seeds = args.seed.map_or_else(StdRng::from_entropy, StdRng::seed_from_u64);
	let mut nonces = Vec::new();
	for account in 0..args.accounts {
		let nonce = link.next_nonce(account).await?;
		nonces.push(nonce.ok_or_else(|| {
			let text =
				format!("--accounts: account {account} does not exist; the genesis is another");
			SequencerError::Input(text)
		})?);
	}
	let mut links = vec![link];
	while links.len() < nonces.len() {
		links.push(Link::connect(&args.rpc.rpc).await?);
	}
	let senders: Vec<Sender> = (0..)
		.zip(links.into_iter().zip(nonces))
		.map(|(account, (link, nonce))| {
			let rng = StdRng::seed_from_u64(seeds.gen());
			Sender { common: &common, account, link, rng, nonce }
		})
		.collect();
	book(shared).begin(Instant::now());
	let (queues, work): (Vec<_>, Vec<_>) = senders
		.into_iter()
		.map(|sender| {
			let (queue, turns) = mpsc::unbounded_channel();
			(queue, sender.work(turns))
		})
		.unzip();
	tokio::try_join!(give_turns(args, queues), futures::future::try_join_all(work))?;
	book(shared).sent_all(Instant::now());
	Ok(())
}

/// A transfer to send. As many are open as may be in flight.
type Turn = OwnedSemaphorePermit;

/// Lets the accounts send in turn.
async fn give_turns(
	args: &LoadArgs,
	queues: Vec<mpsc::UnboundedSender<Turn>>,
) -> Result<(), SequencerError> {
	let places = Arc::new(Semaphore::new(args.in_flight as usize));
	let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / args.rate));
	ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
	for (_, queue) in (0..args.count).zip(queues.iter().cycle()) {
		ticks.tick().await;
		// Neither is closed before all have sent what they should.
		let Ok(turn) = Arc::clone(&places).acquire_owned().await else { break };
		if queue.send(turn).is_err() {
			break;
		}
	}
	Ok(())
}

impl Sender<'_> {
	/// Sends a transfer per turn until there are no more.
	async fn work(
		mut self,
		mut turns: mpsc::UnboundedReceiver<Turn>,
	) -> Result<(), SequencerError> {
		while let Some(_turn) = turns.recv().await {
			self.send().await?;
		}
		Ok(())
	}

	fn openings(&self) -> MutexGuard<'_, Openings> {
		self.common.openings.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn make(&mut self) -> SignedTransfer {
		let (from, nonce, args) = (self.account, self.nonce, self.common.args);
		let fees = args.min_fee..=args.max_fee;
		let mut transfer = payment(&mut self.rng, from, nonce, args.accounts, fees);
		let (opened, opening_fee) = {
			let mut openings = self.openings();
			(openings.take(), openings.fee)
		};
		if let Some(index) = opened {
			transfer.to = index;
			transfer.fee = transfer.fee.max(opening_fee);
			transfer.new_key = Some(demo::secret_key(index).public_key());
		}
		transfer.sign(&demo::secret_key(from))
	}

	async fn send(&mut self) -> Result<(), SequencerError> {
		let signed = self.make();
		let hash = hash_of(&signed);
		let started = Instant::now();
		let mut in_doubt = false;
		let refused = loop {
			match self.link.submit(&signed).await {
				Ok(()) => break None,
				Err(LinkError::Refused { code: errors::KNOWN, .. }) if in_doubt => break None,
				Err(LinkError::Refused { code: errors::NONCE_USED, text }) if in_doubt => {
					let statuses = self.link.statuses(&[hash]).await;
					match statuses.as_deref() {
						Ok([status, ..]) if status["status"] != "unknown" => break None,
						Ok(_) => break Some((errors::NONCE_USED, text)),
						Err(_) => {},
					}
				},
				Err(LinkError::Refused { code, text }) => break Some((code, text)),
				Err(LinkError::Unreachable { .. }) => {},
				Err(error) => return Err(error.into()),
			}
			in_doubt = true;
			self.link = connect(self.common.args).await?;
		};
		if let Some((code, text)) = refused {
			book(self.common.book).refuse(code, text);
			if signed.transfer.new_key.is_some() {
				self.openings().put_back();
			}
			// A refusal leaves the nonce free, unless it is the reason.
			match self.link.next_nonce(self.account).await {
				Ok(Some(nonce)) => self.nonce = nonce,
				Ok(None) | Err(LinkError::Unreachable { .. }) => {},
				Err(error) => return Err(error.into()),
			}
			return Ok(());
		}
		self.nonce = signed.transfer.nonce.saturating_add(1);
		if let Some(file) = &self.common.accepted {
			let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
			writeln!(file, "{} {}", hex(hash), hex(signed.encode())).map_err(|source| {
				SequencerError::Io { what: "cannot write --accepted".into(), source }
			})?;
		}
		book(self.common.book).accept(hash, started);
		Ok(())
	}
}

/// Asks for statuses until all are over.
async fn follow(args: &LoadArgs, shared: &Shared, bar: &ProgressBar) -> Result<(), SequencerError> {
	let mut link = connect(args).await?;
	loop {
		tokio::time::sleep(POLL).await;
		let open = book(shared).open_hashes();
		for hashes in open.chunks(MAX_CALLS as usize) {
			match link.statuses(hashes).await {
				Ok(statuses) => {
					let seen = Instant::now();
					let mut book = book(shared);
					for (hash, status) in hashes.iter().zip(&statuses) {
						book.see(hash, status["status"].as_str().unwrap_or_default(), seen);
					}
				},
				Err(LinkError::Unreachable { .. }) => {
					link = connect(args).await?;
					break;
				},
				Err(error) => return Err(error.into()),
			}
		}
		let book = book(shared);
		bar.set_position(book.finals());
		bar.set_message(format!("{} accepted, {} refused", book.accepted(), book.refused()));
		if book.is_over() {
			return Ok(());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::{Cli, Command};
	use clap::Parser;

	fn args(line: &str) -> LoadArgs {
		match Cli::parse_from(line.split(' ')).command {
			Command::Load(args) => args,
			other => panic!("{other:?}"),
		}
	}

	#[tokio::test]
	async fn turns_should_go_round_and_wait_while_as_many_are_open_as_may_be() {
		let args = args("pvs-sequencer load --count 5 --in-flight 2 --rate 10000");
		let (one, mut first) = mpsc::unbounded_channel();
		let (two, mut second) = mpsc::unbounded_channel();
		let giving = tokio::spawn(async move { give_turns(&args, vec![one, two]).await });
		let (of_first, of_second) = (first.recv().await.unwrap(), second.recv().await.unwrap());
		let wait = Duration::from_millis(50);
		assert!(tokio::time::timeout(wait, first.recv()).await.is_err(), "two are open");
		drop(of_second);
		let next = first.recv().await.unwrap();
		assert!(tokio::time::timeout(wait, second.recv()).await.is_err(), "two are open again");
		drop((of_first, next));
		assert!(second.recv().await.is_some());
		assert!(first.recv().await.is_some());
		giving.await.unwrap().unwrap();
		assert!(first.recv().await.is_none() && second.recv().await.is_none());
	}

	#[test]
	fn account_that_was_not_opened_should_be_made_up_for_by_another_one() {
		let mut openings = Openings { next: 7, left: 2, fee: 1 };
		assert_eq!(openings.take(), Some(7));
		openings.put_back();
		assert_eq!([openings.take(), openings.take(), openings.take()], [Some(8), Some(9), None]);
		assert_eq!(openings.left, 0);
	}
}
