// SPDX-License-Identifier: Apache-2.0
//! The command `serve` as an operator runs it, without a chain: the node that it is told to use takes the connection
//! and says nothing.

use crate::pvsctl;
use rustix::process::{kill_process, Pid, Signal};
use std::{
	io::{BufRead, BufReader, Read, Write},
	net::{SocketAddr, TcpListener, TcpStream},
	process::{Child, ExitStatus, Stdio},
	thread::sleep,
	time::{Duration, Instant},
};

/// Time that anything may take, on a busy machine too.
const WAIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

struct World {
	node: TcpListener,
	dir: tempfile::TempDir,
}

/// A program that does not outlive its test.
struct Sequencer(Child);

impl Drop for Sequencer {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

impl World {
	fn new() -> Self {
		let node = TcpListener::bind("127.0.0.1:0").unwrap();
		Self { node, dir: tempfile::tempdir().unwrap() }
	}

	fn start(&self, metrics: &str) -> Sequencer {
		let url = format!("ws://{}", self.node.local_addr().unwrap());
		let mut program = pvsctl(&["sequencer"]);
		program.args(["serve", "--suri", "//Alice", "--json", "--connect-timeout", "3600"]);
		program.args(["--url", &url, "--metrics", metrics, "--listen", "127.0.0.1:0"]);
		program.arg("--data-dir").arg(self.dir.path());
		program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
		Sequencer(program.spawn().unwrap())
	}
}

impl Sequencer {
	/// Asks it to stop, and returns how it ended.
	fn stop(&mut self) -> ExitStatus {
		kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
		self.ended()
	}

	fn ended(&mut self) -> ExitStatus {
		let give_up = Instant::now() + WAIT;
		loop {
			if let Some(status) = self.0.try_wait().unwrap() {
				return status;
			}
			assert!(Instant::now() < give_up, "it does not end");
			sleep(POLL);
		}
	}

	fn stderr(&mut self) -> String {
		let mut text = String::new();
		self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
		text
	}
}

fn get(address: SocketAddr, path: &str) -> String {
	let mut stream = TcpStream::connect(address).unwrap();
	stream.set_read_timeout(Some(WAIT)).unwrap();
	write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
	let mut text = String::new();
	stream.read_to_string(&mut text).unwrap();
	text
}

#[test]
fn program_should_be_alive_and_not_ready_when_no_node_has_answered() {
	let world = World::new();
	let mut sequencer = world.start("0");
	let mut line = String::new();
	BufReader::new(sequencer.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
	let event: serde_json::Value = serde_json::from_str(&line).unwrap();
	assert_eq!(
		(&event["event"], &event["service"], &event["level"]),
		(&"serves_metrics".into(), &"pvs-sequencer".into(), &"info".into())
	);
	let address: SocketAddr = event["address"].as_str().unwrap().parse().unwrap();
	assert!(address.ip().is_loopback());
	assert!(get(address, "/healthz").starts_with("HTTP/1.1 200 "));
	let answer = get(address, "/readyz");
	assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
	assert!(answer.contains("{\"condition\":\"connected\",\"reason\":\"no node has answered yet\""));
	let metrics = get(address, "/metrics");
	for line in [
		"pvs_sequencer_batches_final_total 0\n",
		"pvs_sequencer_transfers_accepted_total 0\n",
		"pvs_sequencer_condition_met{condition=\"chain_moves\"} 0\n",
		"pvs_sequencer_events_total{event=\"serves_metrics\",level=\"info\"} 1\n",
	] {
		assert!(metrics.contains(line), "{line}{metrics}");
	}
	assert_eq!(sequencer.stop().code(), Some(0), "nothing is left");
}

#[test]
fn program_should_name_the_address_when_it_is_taken() {
	let world = World::new();
	let taken = world.node.local_addr().unwrap().to_string();
	let mut sequencer = world.start(&taken);
	assert_eq!(sequencer.ended().code(), Some(1));
	let text = sequencer.stderr();
	assert!(text.contains(&format!("cannot serve metrics at {taken}")), "{text}");
	assert_eq!(text.lines().count(), 1, "{text}");
}
