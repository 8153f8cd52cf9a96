// SPDX-License-Identifier: Apache-2.0
//! A load generator: sends signed transfers of demo accounts to a running sequencer at a steady rate, and
//! follows each of them until it is final.
//!
//! A sequencer that goes away is waited for: what was not acknowledged is sent again, which is safe because
//! a transfer has one nonce.

mod book;

use crate::{
	cli::LoadArgs,
	error::SequencerError,
	link::{Link, LinkError},
	pool::hash_of,
	rpc::{errors, types::hex, MAX_CALLS},
};
use book::Book;
use indicatif::{ProgressBar, ProgressStyle};
use pvs_rollup::{
	demo,
	transfer::{SignedTransfer, Transfer},
};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	fs::File,
	io::{IsTerminal, Write},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior};

/// How often statuses are asked for.
const POLL: Duration = Duration::from_millis(250);
/// Pause before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// The most that one transfer moves.
const MAX_AMOUNT: u64 = 1_000;
/// Where accounts that are opened lie: behind the demo accounts.
const OPENED_FROM: u32 = 1_000;

type Shared = Arc<Mutex<Book>>;

fn book(shared: &Shared) -> MutexGuard<'_, Book> {
	shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends transfers and follows them.
pub(crate) async fn load(args: LoadArgs) -> Result<(), SequencerError> {
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
		println!("{}", book.as_json());
	} else {
		println!("{}", book.as_text());
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

/// Makes and sends the transfers.
struct Sender<'a> {
	args: &'a LoadArgs,
	link: Link,
	rng: StdRng,
	nonces: Vec<u32>,
	/// The next account to open, and how many are left.
	next_opened: u32,
	left_to_open: u32,
	accepted: Option<File>,
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
	let mut nonces = Vec::new();
	for account in 0..args.accounts {
		let nonce = link.next_nonce(account).await?;
		nonces.push(nonce.ok_or_else(|| {
			let text =
				format!("--accounts: account {account} does not exist; the genesis is another");
			SequencerError::Input(text)
		})?);
	}
	let mut next_opened = OPENED_FROM;
	while args.open > 0 && link.next_nonce(next_opened).await?.is_some() {
		next_opened = next_opened.saturating_add(1);
	}
	let rng = args.seed.map_or_else(StdRng::from_entropy, StdRng::seed_from_u64);
	let left_to_open = args.open;
	let mut sender = Sender { args, link, rng, nonces, next_opened, left_to_open, accepted };
	let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / args.rate));
	ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
	for number in 0..args.count {
		ticks.tick().await;
		let account = (number % u64::from(args.accounts)) as u32;
		sender.send(account, shared).await?;
	}
	book(shared).sent_all();
	Ok(())
}

impl Sender<'_> {
	fn make(&mut self, from: u32) -> SignedTransfer {
		let nonce = self.nonces.get(from as usize).copied().unwrap_or_default();
		let amount = self.rng.gen_range(1..=MAX_AMOUNT);
		let fee = self.rng.gen_range(self.args.min_fee..=self.args.max_fee);
		let (to, new_key) = if self.left_to_open > 0 {
			let key = demo::secret_key(self.next_opened).public_key();
			(self.next_opened, Some(key))
		} else {
			let other = self.rng.gen_range(1..self.args.accounts);
			((from + other) % self.args.accounts, None)
		};
		Transfer { from, to, amount, fee, nonce, new_key }.sign(&demo::secret_key(from))
	}

	async fn send(&mut self, from: u32, shared: &Shared) -> Result<(), SequencerError> {
		let signed = self.make(from);
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
			self.link = connect(self.args).await?;
		};
		if let Some((code, text)) = refused {
			book(shared).refuse(code, text);
			// A refusal leaves the nonce free, unless it is the reason.
			match self.link.next_nonce(from).await {
				Ok(Some(nonce)) => self.set_nonce(from, nonce),
				Ok(None) | Err(LinkError::Unreachable { .. }) => {},
				Err(error) => return Err(error.into()),
			}
			return Ok(());
		}
		self.set_nonce(from, signed.transfer.nonce.saturating_add(1));
		if signed.transfer.new_key.is_some() {
			self.left_to_open = self.left_to_open.saturating_sub(1);
			self.next_opened = self.next_opened.saturating_add(1);
		}
		if let Some(file) = &mut self.accepted {
			writeln!(file, "{} {}", hex(hash), hex(signed.encode())).map_err(|source| {
				SequencerError::Io { what: "cannot write --accepted".into(), source }
			})?;
		}
		book(shared).accept(hash, started);
		Ok(())
	}

	fn set_nonce(&mut self, account: u32, nonce: u32) {
		if let Some(known) = self.nonces.get_mut(account as usize) {
			*known = nonce;
		}
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
