// SPDX-License-Identifier: Apache-2.0
//! The scenario in which the sequencer is killed, again and again, and started again on the same directory.
//!
//! A load generator sends transfers all the while. At first there are no provers, so that batches fail and
//! are dropped and the running sequencer has to make them anew. Some kills come at random, others at the first
//! sign of a write: to the journal, of a state, of a journal that is written anew. The seed decides. At the end
//! the demo executes the chain's batches itself and checks: all transfers were acknowledged, and each is in a
//! final batch exactly once; nonces and balances follow from those transfers alone; the sequencer, killed
//! and started a last time, serves the same ones and calls each transfer final.

mod chain;
mod moment;
mod outcome;

pub(crate) use outcome::Outcome;

use crate::{
	error::DemoError,
	processes::{free_ports, Process},
	roles::HONEST,
	run::{Demo, POLL},
	sequencer,
};
use chain::{ledger, Executed};
use moment::{Dice, Look, Moment};
use serde_json::Value;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	fs,
	path::Path,
	process::Command,
	time::{Duration, Instant},
};

/// Transfers in all, and how many are sent per second.
const TRANSFERS: usize = 80;
const RATE: u32 = 2;
/// Accounts that are opened on the way.
const OPENED: u32 = 3;
/// Unproven batches at the same time.
pub(crate) const PIPELINE: u32 = 4;
/// The fewest batches that hold all transfers.
pub(crate) const BATCHES: u32 = TRANSFERS.div_ceil(4) as u32;
/// Time that a moment may take to come.
const MOMENT_WAIT: Duration = Duration::from_secs(45);

/// Kills before the first batch fails, while there are no provers.
const WITHOUT_PROVERS: [Moment; 2] = [Moment::Append, Moment::Any];
/// Kills while batches are proven, in an order that the seed decides.
const WITH_PROVERS: [Moment; 7] = [
	Moment::Append,
	Moment::Save,
	Moment::Save,
	Moment::Compaction,
	Moment::Compaction,
	Moment::Any,
	Moment::Any,
];
/// All of them, and one when the load generator has finished.
const KILLS: usize = WITHOUT_PROVERS.len() + WITH_PROVERS.len() + 1;

/// A sequencer that is killed and started again.
struct Victim<'a> {
	port: u16,
	data_dir: &'a Path,
	process: Process,
	dice: Dice,
	kills: BTreeMap<Moment, usize>,
	interrupted: usize,
	left: usize,
}

impl Victim<'_> {
	/// Kills it at a moment, and starts it again. Without effect if the moment does not come.
	async fn kill_at(
		&mut self,
		demo: &mut Demo<'_>,
		moment: Moment,
		accepted: &Path,
	) -> Result<(), DemoError> {
		let delay = self.dice.delay(moment);
		let before = Look::at(self.data_dir);
		let wait = move || {
			let has_come = before.wait_for(moment, Instant::now() + MOMENT_WAIT);
			if has_come {
				std::thread::sleep(delay);
			}
			has_come
		};
		let has_come = tokio::task::spawn_blocking(wait).await;
		if !has_come.unwrap_or_default() {
			demo.progress.line(&format!("no {} within {} s", moment.name(), MOMENT_WAIT.as_secs()));
			return demo.check_children();
		}
		self.process.check_alive()?;
		self.process.kill();
		*self.kills.entry(moment).or_default() += 1;
		let unfinished = Look::at(self.data_dir).unfinished();
		self.interrupted += unfinished.len();
		demo.progress.line(&format!(
			"kill -9, {}: {} transfers acknowledged so far{}",
			moment.name(),
			acknowledged(accepted)?.len(),
			if unfinished.is_empty() { "" } else { ", a file half written" },
		));
		let nth = self.kills.values().sum();
		self.process = start_sequencer(demo, self.port, self.data_dir, nth).await?;
		self.left += Look::at(self.data_dir).unfinished().intersection(&unfinished).count();
		demo.check_children()
	}
}

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<Outcome, DemoError> {
	let give_up = Instant::now() + Duration::from_secs(demo.args.limit());
	let [port] = free_ports()?;
	let rpc = sequencer::address(port);
	let (accepted, data_dir) = (demo.files().join("accepted"), demo.files().join("sequencer-data"));
	let mut victim = Victim {
		port,
		data_dir: &data_dir,
		process: start_sequencer(demo, port, &data_dir, 0).await?,
		dice: Dice::new(demo.args.seed),
		kills: BTreeMap::new(),
		interrupted: 0,
		left: 0,
	};
	let mut load = start_load(demo, &rpc, &accepted)?;
	for moment in WITHOUT_PROVERS {
		victim.kill_at(demo, moment, &accepted).await?;
	}
	demo.progress.line("no prover bids: a batch fails, and those behind it are dropped");
	let lost = |process: &mut Process| process.has_logged("\"event\":\"lost\"");
	wait_for(demo, &mut victim.process, give_up, lost).await?;
	demo.start_provers(&HONEST).await?;
	let mut moments = WITH_PROVERS;
	victim.dice.shuffle(&mut moments);
	for moment in moments {
		victim.kill_at(demo, moment, &accepted).await?;
	}
	wait_for(demo, &mut load, give_up, |process| process.has_stopped()).await?;
	if let Err(error) = load.has_finished() {
		victim.process.show_log();
		return Err(error);
	}
	demo.progress.line("all acknowledged transfers are final, says the sequencer");
	victim.kill_at(demo, Moment::End, &accepted).await?;
	let acknowledged = acknowledged(&accepted)?;
	let executed = Executed::read(&demo.client).await?;
	let counts: HashMap<&Vec<u8>, usize> =
		executed.transfers.iter().fold(HashMap::new(), |mut counts, transfer| {
			*counts.entry(transfer).or_default() += 1;
			counts
		});
	let is_missing = |sent: &&Acknowledged| !counts.contains_key(&sent.encoding);
	let accounts: BTreeMap<u32, (u64, u32)> = executed
		.state
		.accounts()
		.map(|(index, account)| (index, (account.balance, account.nonce)))
		.collect();
	let served = served_accounts(demo, &rpc, accounts.keys())?;
	let ledger = ledger(acknowledged.iter().map(|sent| sent.encoding.as_slice()))?;
	let differ = |others: &BTreeMap<u32, (u64, u32)>| {
		let indices: BTreeSet<&u32> = accounts.keys().chain(others.keys()).collect();
		indices.into_iter().filter(|index| accounts.get(index) != others.get(index)).count()
	};
	Ok(Outcome {
		acknowledged: acknowledged.len(),
		missing: acknowledged.iter().filter(is_missing).count(),
		unsettled: unsettled(demo, &rpc, &acknowledged)?,
		doubled: counts.values().filter(|count| **count > 1).count(),
		resubmitted: executed.lost.iter().filter(|transfer| counts.contains_key(transfer)).count(),
		final_batches: executed.final_batches,
		lost_batches: executed.lost_batches,
		accounts: accounts.len(),
		different: differ(&served),
		unexplained: differ(&ledger),
		kills: victim.kills,
		interrupted: victim.interrupted,
		left: victim.left,
		load: load.last_json(),
	})
}

async fn start_sequencer(
	demo: &Demo<'_>,
	port: u16,
	data_dir: &Path,
	nth: usize,
) -> Result<Process, DemoError> {
	/// Logs by the number of the start: what an earlier one said must not count.
	const NAMES: [&str; KILLS + 1] = [
		"serve", "serve-1", "serve-2", "serve-3", "serve-4", "serve-5", "serve-6", "serve-7",
		"serve-8", "serve-9", "serve-10",
	];
	let name = NAMES.get(nth).copied().unwrap_or("serve");
	let options = [
		("--pipeline", PIPELINE.to_string()),
		("--max-wait-ms", "700".into()),
		// As often as possible, to be killed there.
		("--save-every", "1".into()),
		("--compact-records", "8".into()),
	];
	sequencer::serve(demo, name, port, data_dir, &options).await
}

fn start_load(demo: &Demo<'_>, rpc: &str, accepted: &Path) -> Result<Process, DemoError> {
	let options = [
		("--count", TRANSFERS.to_string()),
		("--rate", RATE.to_string()),
		("--open", OPENED.to_string()),
		("--seed", demo.args.seed.to_string()),
		("--accepted", accepted.to_string_lossy().into_owned()),
	];
	sequencer::load(demo, rpc, &options)
}

/// Waits until something holds of a process, while the others run.
async fn wait_for(
	demo: &mut Demo<'_>,
	process: &mut Process,
	give_up: Instant,
	mut holds: impl FnMut(&mut Process) -> bool,
) -> Result<(), DemoError> {
	while !holds(process) {
		process.check_not_failed()?;
		demo.check_children()?;
		if Instant::now() >= give_up {
			process.show_log();
			return Err(DemoError::NotReady { name: process.name(), seconds: demo.args.limit() });
		}
		// Finer than elsewhere: the moment of a kill matters.
		tokio::time::sleep(POLL / 10).await;
	}
	Ok(())
}

/// A transfer that the load generator got an answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Acknowledged {
	/// As the sequencer shows it.
	hash: String,
	encoding: Vec<u8>,
}

/// Returns what the load generator has written down.
fn acknowledged(path: &Path) -> Result<Vec<Acknowledged>, DemoError> {
	let what = "cannot read the accepted transfers";
	let text = fs::read_to_string(path).map_err(|source| DemoError::Io { what, source })?;
	let malformed = || DemoError::Io { what, source: std::io::ErrorKind::InvalidData.into() };
	// The last line may be half written.
	let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
	let read = |line: &str| {
		let (hash, encoding) = line.split_once(' ')?;
		let encoding = bytes(encoding.strip_prefix("0x")?)?;
		Some(Acknowledged { hash: hash.to_owned(), encoding })
	};
	whole.lines().map(|line| read(line).ok_or_else(malformed)).collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
	let pairs = digits.as_bytes().chunks_exact(2);
	let is_even = pairs.remainder().is_empty();
	let bytes = pairs
		.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
		.collect::<Option<Vec<u8>>>();
	bytes.filter(|_| is_even)
}

/// The lines of JSON that a command of the sequencer answers with.
fn ask(
	demo: &Demo<'_>,
	rpc: &str,
	command: &str,
	arguments: impl Iterator<Item = String>,
) -> Result<Vec<Value>, DemoError> {
	let what = "cannot ask the sequencer";
	let output = Command::new(demo.program())
		.args(["sequencer", command, "--json", "--rpc", rpc])
		.args(arguments)
		.output()
		.map_err(|source| DemoError::Io { what, source })?;
	let text = String::from_utf8_lossy(&output.stdout);
	Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Balance and nonce of accounts, as the sequencer serves their final state.
fn served_accounts<'a>(
	demo: &Demo<'_>,
	rpc: &str,
	indices: impl Iterator<Item = &'a u32>,
) -> Result<BTreeMap<u32, (u64, u32)>, DemoError> {
	let found = ask(demo, rpc, "account", indices.map(u32::to_string))?;
	let read = |account: &Value| {
		let index = u32::try_from(account["index"].as_u64()?).ok()?;
		let balance = account["final"]["balance"].as_str()?.parse().ok()?;
		let nonce = u32::try_from(account["final"]["nonce"].as_u64()?).ok()?;
		Some((index, (balance, nonce)))
	};
	Ok(found.iter().filter_map(read).collect())
}

/// Returns how many of these transfers the sequencer does not call final.
fn unsettled(demo: &Demo<'_>, rpc: &str, sent: &[Acknowledged]) -> Result<usize, DemoError> {
	let found = ask(demo, rpc, "status", sent.iter().map(|sent| sent.hash.clone()))?;
	let settled: BTreeSet<&str> = found
		.iter()
		.filter(|status| status["status"] == "final")
		.filter_map(|status| status["hash"].as_str())
		.collect();
	Ok(sent.iter().filter(|sent| !settled.contains(sent.hash.as_str())).count())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn accepted_transfers_should_be_read_up_to_the_last_whole_line() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "0xaa 0x0102\n0xbb 0x03ff\n0xcc 0x0").unwrap();
		let read = |hash: &str, encoding: &[u8]| Acknowledged {
			hash: hash.into(),
			encoding: encoding.into(),
		};
		let expected = [read("0xaa", &[1, 2]), read("0xbb", &[3, 255])];
		assert_eq!(acknowledged(file.path()).unwrap(), expected);
		fs::write(file.path(), "0xaa 0x012\n").unwrap();
		assert!(acknowledged(file.path()).is_err());
	}
}
