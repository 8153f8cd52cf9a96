// SPDX-License-Identifier: Apache-2.0
//! `pvsctl sequencer`.

use crate::pvsctl;
use std::process::Output;

fn run(arguments: &[&str]) -> Output {
	pvsctl(&["sequencer"]).args(arguments).output().unwrap()
}

/// Fails with one line that says all of this.
fn assert_refused(arguments: &[&str], said: &[&str]) {
	let output = run(arguments);
	let text = String::from_utf8(output.stderr).unwrap();
	assert!(!output.status.success(), "{arguments:?}");
	for said in said {
		assert!(text.contains(said), "{arguments:?}: {text}");
	}
}

#[test]
fn commands_should_fail_with_what_to_do_when_nothing_answers() {
	let rpc = "ws://127.0.0.1:1";
	for command in [&["account", "1"][..], &["status", "0x00"], &["proof", "1"], &["load"]] {
		assert_refused(
			&[command, &["--rpc", rpc]].concat(),
			&["no sequencer answers", rpc, "serve"],
		);
	}
	assert_refused(&["account", "1", "--rpc", "http://x"], &["ws://HOST:PORT"]);
}

#[test]
fn serve_should_refuse_an_address_that_others_can_reach_unless_told() {
	let arguments =
		["serve", "--suri", "//Alice", "--data-dir", "/nonexistent/x", "--listen", "0.0.0.0:9955"];
	assert_refused(&arguments, &["0.0.0.0:9955", "--listen-anywhere"]);
}

#[test]
fn serve_should_refuse_a_genesis_that_it_cannot_read_and_a_node_that_does_not_answer() {
	let dir = tempfile::tempdir().unwrap();
	let dir = dir.path().to_str().unwrap();
	let serve = ["serve", "--suri", "//Alice", "--url", "ws://127.0.0.1:1", "--data-dir", dir];
	assert_refused(
		&[&serve[..], &["--genesis", "/nonexistent"]].concat(),
		&["cannot read /nonexistent"],
	);
	assert_refused(&serve, &["no node answers at ws://127.0.0.1:1"]);
}

#[test]
fn numbers_should_be_refused_with_their_limits() {
	assert_refused(&["load", "--accounts", "1"], &["2..=16"]);
	assert_refused(&["load", "--accounts", "17"], &["2..=16"]);
	assert_refused(&["load", "--rate", "0"], &["0.01 to 10000"]);
	let serve = ["serve", "--suri", "//Alice", "--data-dir", "x", "--pool-limit", "0"];
	assert_refused(&serve, &["0 is not in 1..=1000000"]);
}

#[test]
fn load_should_refuse_fees_in_the_wrong_order() {
	let said = ["--min-fee 10 is above --max-fee 5"];
	assert_refused(&["load", "--min-fee", "10", "--max-fee", "5"], &said);
}

/// Before a transfer is sent.
#[test]
fn timeouts_should_be_refused_when_no_time_of_the_system_is_so_late() {
	let transfer = ["transfer", "--demo-key", "--from", "1", "--to", "2", "--amount", "5"];
	for command in [&transfer[..], &["load"]] {
		let arguments = [command, &["--timeout", "18446744073709551615"]].concat();
		assert_refused(&arguments, &["--timeout", "1..=1000000000"]);
	}
}

/// Finding R16: it panicked, with the secret written.
#[test]
fn account_should_be_made_when_nobody_reads_what_is_printed() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("secret");
	let (reader, writer) = std::io::pipe().unwrap();
	drop(reader);
	let output = pvsctl(&["sequencer"])
		.args(["account", "new", "--secret-file", file.to_str().unwrap()])
		.stdout(writer)
		.output()
		.unwrap();
	let said = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success() && said.is_empty(), "{said}");
	assert!(file.exists());
}

#[test]
fn account_should_make_a_key_once_and_show_its_public_part() {
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("secret");
	let file = file.to_str().unwrap();
	let told = |arguments: &[&str]| {
		let output = run(&[&["account"], arguments, &["--secret-file", file]].concat());
		assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
		String::from_utf8(output.stdout).unwrap()
	};
	let made = told(&["new"]);
	let (_, key) = made.trim().rsplit_once(' ').unwrap();
	assert_eq!(told(&["show"]), made);
	let json: serde_json::Value = serde_json::from_str(&told(&["show", "--json"])).unwrap();
	assert_eq!(json["public_key"], key);
	assert_refused(&["account", "new", "--secret-file", file], &["exists", "name another file"]);
	// As genesis files take it.
	let genesis = format!(
		r#"{{"shape":{{"transfers":4,"depth":8}},"accounts":[{{"index":0,"public_key":"{key}","balance":1}}]}}"#
	);
	let genesis = pvs_rollup::genesis::Genesis::from_json(&genesis).unwrap();
	assert_eq!(genesis.accounts.len(), 1);
	let secret = std::fs::read_to_string(file).unwrap();
	assert!(!made.contains(secret.trim()));
}
