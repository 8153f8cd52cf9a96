// SPDX-License-Identifier: Apache-2.0
//! The scenario in which nodes prove.
//!
//! First a node that follows the demo's chain proves a batch of the demo's sequencer. Then a node alone, with a prover,
//! a sequencer and a network in which it reaches nobody, proves batches of its own; it takes no connections, so only
//! its log tells. It is stopped in the middle of a proof and started again, so often that a block that it loses shows.

use crate::{
	error::DemoError,
	nodes::was_paid_by,
	processes::{free_ports, Process},
	run::{Demo, Prover, POLL},
	story::Story,
};
use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::Path,
	time::{Duration, Instant},
};

/// Number of batches that the scenario has on the demo's chain.
pub(crate) const BATCHES: u32 = 1;
/// Number of times that the lone node is stopped while it proves, unless told otherwise.
pub(crate) const RESTARTS: u32 = 3;
/// Time that the lone node may take for a proof, with its start.
const PROOF_WAIT: Duration = Duration::from_secs(90);

/// The account of the prover in the node.
const EMBEDDED: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None };
/// Its secret: the phrase of all development accounts, with the path above.
const SECRET: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk//Bob";

/// Parts of the prover's log lines.
const PROVING: &str = ": proving";
const PAID: &str = ": paid";

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let give_up = tokio::time::Instant::now() + Duration::from_secs(demo.args.limit());
	let max_fee = demo.rollup().await?.params.max_reserve;
	let key_file = demo.files().join("prover.key");
	let failed = |source| DemoError::Io { what: "cannot write a key file", source };
	fs::write(&key_file, SECRET).map_err(failed)?;
	fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).map_err(failed)?;
	let (key_file, keys_dir) =
		(key_file.to_string_lossy().into_owned(), demo.keys_dir().to_string_lossy().into_owned());
	let options = ["--prover", "--prover-key-file", &key_file, "--prover-keys-dir", &keys_dir];
	demo.start_node("prover", &options).await?;

	demo.progress.line("batch 0: a node that follows the chain proves it");
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	demo.follow_while(give_up, |story| story.proven() < 1).await?;

	demo.progress.line("a node alone, without connections");
	let base = demo.files().join("lone");
	let mut finished = 0;
	let restarts = demo.args.restarts();
	for start in 0..=restarts {
		let mut node = start_lone(demo, &base).await?;
		let until = if start < restarts { PROVING } else { PAID };
		let give_up = Instant::now() + PROOF_WAIT;
		while !node.has_logged(until) {
			node.check_alive()?;
			if Instant::now() >= give_up {
				node.show_log();
				return Err(DemoError::NotShown(vec!["a lone node that proves and is paid"]));
			}
			tokio::time::sleep(POLL).await;
		}
		let begun_at = best_at_start(&node.log());
		if begun_at < finished {
			node.show_log();
			return Err(DemoError::NotShown(vec!["a database that keeps all blocks over a stop"]));
		}
		node.terminate(PROOF_WAIT)?;
		finished = last_imported(&node.log()).max(finished);
		demo.progress.line(&format!(
			"started with block {begun_at}, stopped {} at block {finished}",
			if until == PROVING { "while it proved" } else { "after it was paid" }
		));
	}
	Ok(())
}

async fn start_lone(demo: &Demo<'_>, base: &Path) -> Result<Process, DemoError> {
	let [p2p, metrics] = free_ports()?;
	let keys_dir = demo.keys_dir().to_string_lossy().into_owned();
	let arguments: Vec<String> = [
		"--dev",
		"--base-path",
		&base.to_string_lossy(),
		"--no-mdns",
		"--rpc-max-connections",
		"0",
		"--listen-addr",
		&format!("/ip4/127.0.0.1/tcp/{p2p}"),
		"--prometheus-port",
		&metrics.to_string(),
		"--prover",
		"--prover-keys-dir",
		&keys_dir,
		"--sequencer",
	]
	.map(str::to_owned)
	.to_vec();
	Process::start("lone", demo.node_program(), &arguments, demo.files())
}

/// The height of the best block with which a node has started, as its log says.
fn best_at_start(log: &str) -> u32 {
	log.lines().find_map(|line| number_behind(line, "Highest known block at #")).unwrap_or(0)
}

/// The height of the last block that a node has imported, as its log says.
fn last_imported(log: &str) -> u32 {
	log.lines().filter_map(|line| number_behind(line, "Imported #")).max().unwrap_or(0)
}

fn number_behind(line: &str, text: &str) -> Option<u32> {
	let (_, rest) = line.split_once(text)?;
	let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
	digits.parse().ok()
}

/// Fails unless the node's prover was paid for the batch of the demo's sequencer, and nobody was slashed.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	was_paid_by(story, &[("a proof of the prover in the node, and no slash", EMBEDDED)])
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn heights_should_be_read_from_the_log_of_a_node() {
		let log = "2026-11-30 06:00:00 📦 Highest known block at #41\n\
		           2026-11-30 06:00:01 🏆 Imported #42 (0x12…34 → 0x56…78)\n\
		           2026-11-30 06:00:02 🏆 Imported #43 (0x12…34 → 0x56…78)\n";
		assert_eq!((best_at_start(log), last_imported(log)), (41, 43));
		assert_eq!((best_at_start(""), last_imported("")), (0, 0));
	}

	#[test]
	fn scenario_should_fail_when_nothing_was_proved() {
		assert!(matches!(check(&Story::default()), Err(DemoError::NotShown(_))));
	}
}
