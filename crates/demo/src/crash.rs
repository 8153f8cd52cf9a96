// SPDX-License-Identifier: Apache-2.0
//! The scenario in which the sequencer is killed, three times, and started again on the same directory.
//!
//! A load generator sends transfers all the while. At the end the demo executes the chain's batches itself
//! and checks: every transfer that was acknowledged is in a final batch exactly once, and the balances that
//! the sequencer serves are those of the execution.

use crate::{
	error::DemoError,
	processes::{free_ports, Process},
	roles::HONEST,
	run::{Demo, POLL, ROLLUP},
};
use pvs_client::{Client, PvsEvent};
use pvs_rollup::{batch::Batch, demo as rollup, state::State, transfer::SignedTransfer};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, HashMap},
	fs,
	path::Path,
	process::Command,
	time::{Duration, Instant},
};

/// Transfers in all, and how many are sent per second.
const TRANSFERS: u32 = 40;
const RATE: u32 = 3;
/// Accounts that are opened on the way.
const OPENED: u32 = 3;
/// Unproven batches at the same time.
pub(crate) const PIPELINE: u32 = 4;
/// The fewest batches that hold all transfers.
pub(crate) const BATCHES: u32 = TRANSFERS.div_ceil(4);
/// How long the sequencer may take to be ready.
const READY_WAIT: Duration = Duration::from_secs(30);

/// When the sequencer is killed: with what in its log, after how long from there.
#[derive(Clone, Copy, Debug)]
struct Kill {
	what: &'static str,
	seen: &'static str,
	after: Duration,
}

const KILLS: [Kill; 3] = [
	Kill { what: "just after a commit", seen: "\"event\":\"committed\"", after: Duration::ZERO },
	Kill {
		what: "just after a proof, with batches under way",
		seen: "\"event\":\"proven\"",
		after: Duration::ZERO,
	},
	// A block comes every second: by then the next commit is on its way, if there is one.
	Kill {
		what: "half a second after a commit",
		seen: "\"event\":\"committed\"",
		after: Duration::from_millis(550),
	},
];

/// What was found at the end.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
	/// Transfers that were acknowledged.
	acknowledged: usize,
	/// Of these, those that are in no final batch, and those that are in more than one.
	missing: usize,
	doubled: usize,
	/// Batches on the chain that are final, and those that are not.
	final_batches: usize,
	lost_batches: usize,
	/// Accounts whose balance or nonce was compared, and those that differ.
	accounts: usize,
	different: usize,
	kills: usize,
	/// What the load generator measured.
	load: Value,
}

impl Outcome {
	/// The result on one line of JSON.
	pub(crate) fn as_json(&self) -> Value {
		json!({
			"scenario": "crash",
			"kills": self.kills,
			"acknowledged": self.acknowledged,
			"missing": self.missing,
			"doubled": self.doubled,
			"final_batches": self.final_batches,
			"lost_batches": self.lost_batches,
			"accounts": self.accounts,
			"different_accounts": self.different,
			"load": self.load,
		})
	}

	/// The result as lines.
	pub(crate) fn as_text(&self) -> String {
		let seconds =
			|name: &str| self.load["seconds_until"][name]["p50"].as_f64().unwrap_or_default();
		format!(
			"killed {} times; {} transfers acknowledged: {} missing, {} doubled\n\
			 {} final batches, {} lost; {} accounts compared with an execution of the chain's batches: {} \
			 differ\nmedian until committed {:.1} s, proven {:.1} s, final {:.1} s",
			self.kills,
			self.acknowledged,
			self.missing,
			self.doubled,
			self.final_batches,
			self.lost_batches,
			self.accounts,
			self.different,
			seconds("committed"),
			seconds("proven"),
			seconds("final")
		)
	}

	/// Fails unless every acknowledged transfer is final once and all balances agree.
	pub(crate) fn check(&self) -> Result<(), DemoError> {
		let mut missing = Vec::new();
		for (is_shown, what) in [
			(self.kills == KILLS.len(), "three kills"),
			(self.acknowledged > 0, "an acknowledged transfer"),
			(self.missing == 0, "every acknowledged transfer in a final batch"),
			(self.doubled == 0, "no transfer in two final batches"),
			(self.accounts > 0 && self.different == 0, "balances that equal the execution's"),
		] {
			if !is_shown {
				missing.push(what);
			}
		}
		if missing.is_empty() {
			Ok(())
		} else {
			Err(DemoError::NotShown(missing))
		}
	}
}

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<Outcome, DemoError> {
	let give_up = Instant::now() + Duration::from_secs(demo.args.limit());
	demo.start_provers(&HONEST).await?;
	let [port] = free_ports()?;
	let rpc = format!("ws://127.0.0.1:{port}");
	let accepted = demo.files().join("accepted");
	let mut sequencer = start_sequencer(demo, port, 0).await?;
	let mut load = start_load(demo, &rpc, &accepted)?;
	for (nth, kill) in (1..).zip(KILLS) {
		wait_for(demo, &mut sequencer, give_up, |process| process.has_logged(kill.seen)).await?;
		tokio::time::sleep(kill.after).await;
		sequencer.kill();
		let acknowledged = acknowledged(&accepted)?.len();
		let line = format!("kill -9 {}: {acknowledged} transfers acknowledged so far", kill.what);
		demo.progress.line(&line);
		sequencer = start_sequencer(demo, port, nth).await?;
	}
	wait_for(demo, &mut load, give_up, |process| process.has_stopped()).await?;
	if let Err(error) = load.has_finished() {
		sequencer.show_log();
		return Err(error);
	}
	sequencer.check_alive()?;
	let load = load.last_json();
	demo.progress.line("all acknowledged transfers are final, says the sequencer");
	let acknowledged = acknowledged(&accepted)?;
	let executed = Executed::read(&demo.client).await?;
	let counts: HashMap<&Vec<u8>, usize> =
		executed.transfers.iter().fold(HashMap::new(), |mut counts, transfer| {
			*counts.entry(transfer).or_default() += 1;
			counts
		});
	let count = |transfer: &Vec<u8>| counts.get(transfer).copied().unwrap_or_default();
	let served = served_accounts(demo, &rpc, &executed.state)?;
	let different = executed
		.state
		.accounts()
		.filter(|(index, account)| {
			let balance = account.balance.to_string();
			served.get(index) != Some(&(balance, u64::from(account.nonce)))
		})
		.count();
	Ok(Outcome {
		acknowledged: acknowledged.len(),
		missing: acknowledged.iter().filter(|transfer| count(transfer) == 0).count(),
		doubled: counts.values().filter(|count| **count > 1).count(),
		final_batches: executed.final_batches,
		lost_batches: executed.lost_batches,
		accounts: served.len(),
		different,
		kills: KILLS.len(),
		load,
	})
}

async fn start_sequencer(demo: &Demo<'_>, port: u16, nth: usize) -> Result<Process, DemoError> {
	/// Logs by the number of the start: what an earlier one said must not count.
	const NAMES: [&str; KILLS.len() + 1] = ["serve", "serve-2", "serve-3", "serve-4"];
	let data_dir = demo.files().join("sequencer-data");
	let arguments: Vec<String> = [
		"serve",
		"--json",
		"--url",
		demo.client.url(),
		"--suri",
		"//Alice",
		"--rollup",
		&ROLLUP.to_string(),
		"--data-dir",
		&data_dir.to_string_lossy(),
		"--listen",
		&format!("127.0.0.1:{port}"),
		"--pipeline",
		&PIPELINE.to_string(),
		"--max-wait-ms",
		"700",
	]
	.map(str::to_owned)
	.to_vec();
	let name = NAMES.get(nth).copied().unwrap_or("serve");
	let mut process =
		Process::start(name, &demo.program("pvs-sequencer"), &arguments, demo.files())?;
	let give_up = Instant::now() + READY_WAIT;
	while !process.has_logged("\"event\":\"ready\"") {
		process.check_alive()?;
		if Instant::now() >= give_up {
			process.show_log();
			return Err(DemoError::NotReady { name, seconds: READY_WAIT.as_secs() });
		}
		tokio::time::sleep(POLL).await;
	}
	Ok(process)
}

fn start_load(demo: &Demo<'_>, rpc: &str, accepted: &Path) -> Result<Process, DemoError> {
	let arguments: Vec<String> = [
		"load",
		"--json",
		"--rpc",
		rpc,
		"--count",
		&TRANSFERS.to_string(),
		"--rate",
		&RATE.to_string(),
		"--open",
		&OPENED.to_string(),
		"--seed",
		&demo.args.seed.to_string(),
		"--timeout",
		&demo.args.limit().to_string(),
		"--accepted",
		&accepted.to_string_lossy(),
	]
	.map(str::to_owned)
	.to_vec();
	Process::start("load", &demo.program("pvs-sequencer"), &arguments, demo.files())
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

/// Encodings of the transfers that the load generator got an answer for.
fn acknowledged(path: &Path) -> Result<Vec<Vec<u8>>, DemoError> {
	let what = "cannot read the accepted transfers";
	let text = fs::read_to_string(path).map_err(|source| DemoError::Io { what, source })?;
	let malformed = || DemoError::Io { what, source: std::io::ErrorKind::InvalidData.into() };
	// The last line may be half written.
	let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
	whole
		.lines()
		.map(|line| {
			let digits = line.split_once(" 0x").map(|(_, digits)| digits).ok_or_else(malformed)?;
			from_hex(digits).ok_or_else(malformed)
		})
		.collect()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
	let pairs = digits.as_bytes().chunks_exact(2);
	let is_even = pairs.remainder().is_empty();
	let bytes = pairs
		.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
		.collect::<Option<Vec<u8>>>();
	bytes.filter(|_| is_even)
}

/// The chain's batches, executed here.
struct Executed {
	state: State,
	/// Encodings of all transfers of final batches, in order.
	transfers: Vec<Vec<u8>>,
	final_batches: usize,
	lost_batches: usize,
}

impl Executed {
	/// Reads all blocks up to the newest finalised one. Which batches are final is taken from events, and the
	/// root that they lead to is compared with the chain's.
	async fn read(client: &Client) -> Result<Self, DemoError> {
		let last = client.finalized().await?;
		let view = client.at(last).await?;
		let (mut data, mut settled, mut lost_batches) = (BTreeMap::new(), Vec::new(), 0);
		for number in 1..=last.number {
			let block = client.block(client.hash_at(number).await?).await?;
			let calls = view.commits_in(number, ROLLUP).await?;
			for event in client.at(block).await?.events().await? {
				match event {
					PvsEvent::BatchCommitted { batch, data_commitment, .. } => {
						let call =
							calls.iter().find(|call| call.data_commitment() == data_commitment);
						data.insert(
							batch.index,
							call.map(|call| call.data.clone()).unwrap_or_default(),
						);
					},
					PvsEvent::BatchFinalized { batch, .. } => settled.push(batch.index),
					PvsEvent::BatchFailed { .. } | PvsEvent::BatchDropped { .. } => {
						lost_batches += 1
					},
					_ => {},
				}
			}
		}
		let invalid = |reason: String| DemoError::Io {
			what: "cannot execute the chain's batches",
			source: std::io::Error::other(reason),
		};
		let mut state =
			State::from_genesis(&rollup::genesis()).map_err(|error| invalid(error.to_string()))?;
		let mut transfers = Vec::new();
		for index in &settled {
			let bytes = data.get(index).ok_or_else(|| invalid(format!("no data of {index}")))?;
			state.execute_batch(bytes).map_err(|error| invalid(error.to_string()))?;
			let batch =
				Batch::decode(state.shape(), bytes).map_err(|error| invalid(error.to_string()))?;
			transfers.extend(
				batch.transfers().iter().map(|signed: &SignedTransfer| signed.encode().to_vec()),
			);
		}
		let info = view.rollup(ROLLUP).await?.ok_or(DemoError::NoRollup)?;
		if state.root() != info.finalized_root {
			return Err(invalid("they do not lead to the rollup's final root".into()));
		}
		Ok(Self { state, transfers, final_batches: settled.len(), lost_batches })
	}
}

/// Balance and nonce of every account, as the sequencer serves their final state.
fn served_accounts(
	demo: &Demo<'_>,
	rpc: &str,
	state: &State,
) -> Result<BTreeMap<u32, (String, u64)>, DemoError> {
	let what = "cannot ask the sequencer for accounts";
	let output = Command::new(demo.program("pvs-sequencer"))
		.args(["account", "--json", "--rpc", rpc])
		.args(state.accounts().map(|(index, _)| index.to_string()))
		.output()
		.map_err(|source| DemoError::Io { what, source })?;
	let text = String::from_utf8_lossy(&output.stdout);
	let found = text.lines().filter_map(|line| {
		let account: Value = serde_json::from_str(line).ok()?;
		let index = u32::try_from(account["index"].as_u64()?).ok()?;
		let balance = account["final"]["balance"].as_str()?.to_owned();
		Some((index, (balance, account["final"]["nonce"].as_u64()?)))
	});
	Ok(found.collect())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn outcome() -> Outcome {
		Outcome {
			acknowledged: 60,
			missing: 0,
			doubled: 0,
			final_batches: 15,
			lost_batches: 0,
			accounts: 19,
			different: 0,
			kills: 3,
			load: Value::Null,
		}
	}

	#[test]
	fn scenario_should_pass_only_when_nothing_is_lost_doubled_or_different() {
		assert!(outcome().check().is_ok());
		for bad in [
			Outcome { acknowledged: 0, ..outcome() },
			Outcome { missing: 1, ..outcome() },
			Outcome { doubled: 1, ..outcome() },
			Outcome { different: 1, ..outcome() },
			Outcome { accounts: 0, ..outcome() },
			Outcome { kills: 2, ..outcome() },
		] {
			let error = bad.check().unwrap_err();
			assert!(matches!(error, DemoError::NotShown(missing) if missing.len() == 1), "{bad:?}");
		}
	}

	#[test]
	fn accepted_transfers_should_be_read_up_to_the_last_whole_line() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "0xaa 0x0102\n0xbb 0x03ff\n0xcc 0x0").unwrap();
		assert_eq!(acknowledged(file.path()).unwrap(), [vec![1, 2], vec![3, 255]]);
		fs::write(file.path(), "0xaa 0x012\n").unwrap();
		assert!(acknowledged(file.path()).is_err());
	}
}
