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
	error::SequencerError,
	generator::payment,
	link::{Link, LinkError},
	pool::hash_of,
	rpc::{errors, types::hex, MAX_CALLS},
};
use book::Book;
use pvs_rollup::{demo, transfer::SignedTransfer};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::File,
	io::Write,
	path::PathBuf,
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

/// Transfers to send, and how fast.
#[derive(Clone, Debug)]
pub struct Load {
	/// WebSocket address of the sequencer.
	pub rpc: String,
	/// Print the figures as JSON.
	pub json: bool,
	/// Number of the demo accounts that send, 2 at least.
	pub accounts: u32,
	/// Transfers in all.
	pub count: u64,
	/// Transfers per second.
	pub rate: f64,
	/// Number of the transfers that open a new account each.
	pub open: u32,
	/// Transfers without an answer at most.
	pub in_flight: u32,
	/// Lowest fee of a transfer.
	pub min_fee: u32,
	/// Highest fee of a transfer, `min_fee` at least.
	pub max_fee: u32,
	/// Seed of the random transfers; a new one if there is none.
	pub seed: Option<u64>,
	/// Seconds after which to give up.
	pub timeout: u64,
	/// File for hash and encoding of each accepted transfer.
	pub accepted: Option<PathBuf>,
}

/// Hears how far the transfers have come.
pub trait Progress: Sync {
	/// So many transfers are final.
	fn at(&self, finals: u64, message: String);
	/// There is no more to come.
	fn end(&self);
}

/// Says nothing.
impl Progress for () {
	fn at(&self, _: u64, _: String) {}
	fn end(&self) {}
}

/// Sends transfers, follows them until they are final, and prints figures.
///
/// # Errors
///
/// [`SequencerError::Input`] if the fees are in the wrong order, [`SequencerError::Unfinished`] if not all accepted
/// transfers become final in time, or what keeps the sequencer from answering.
pub async fn load(args: Load, progress: &dyn Progress) -> Result<(), SequencerError> {
	if args.min_fee > args.max_fee {
		let text = format!(
			"--min-fee {} is above --max-fee {}; the lowest fee comes first",
			args.min_fee, args.max_fee
		);
		return Err(SequencerError::Input(text));
	}
	let shared = Shared::default();
	let patience = Duration::from_secs(args.timeout);
	let work = async {
		let sending = send(&args, &shared);
		let following = follow(&args, &shared, progress);
		tokio::try_join!(sending, following).map(|_| ())
	};
	let result = tokio::time::timeout(patience, work).await;
	progress.end();
	let book = book(&shared);
	if args.json {
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

/// Connects, however long that takes; [`load`] puts an end to it.
async fn connect(args: &Load) -> Result<Link, LinkError> {
	loop {
		match Link::connect(&args.rpc).await {
			Err(LinkError::Unreachable { .. }) => tokio::time::sleep(RECONNECT_PAUSE).await,
			result => return result,
		}
	}
}

/// Values that the accounts have in common.
struct Common<'a> {
	args: &'a Load,
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

async fn send(args: &Load, shared: &Shared) -> Result<(), SequencerError> {
	let accepted = match &args.accepted {
		Some(path) => Some(File::create(path).map_err(|source| SequencerError::Io {
			what: format!("cannot write {}", path.display()),
			source,
		})?),
		None => None,
	};
	// The first connection fails at once: nothing was sent that could be lost.
	let link = Link::connect(&args.rpc).await?;
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
		links.push(Link::connect(&args.rpc).await?);
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
	args: &Load,
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
async fn follow(
	args: &Load,
	shared: &Shared,
	progress: &dyn Progress,
) -> Result<(), SequencerError> {
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
		let message = format!("{} accepted, {} refused", book.accepted(), book.refused());
		progress.at(book.finals(), message);
		if book.is_over() {
			return Ok(());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn load() -> Load {
		Load {
			rpc: "ws://127.0.0.1:9955".into(),
			json: false,
			accounts: 8,
			count: 5,
			rate: 10_000.0,
			open: 0,
			in_flight: 2,
			min_fee: 1,
			max_fee: 10,
			seed: None,
			timeout: 600,
			accepted: None,
		}
	}

	#[tokio::test]
	async fn turns_should_go_round_and_wait_while_as_many_are_open_as_may_be() {
		let args = load();
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
