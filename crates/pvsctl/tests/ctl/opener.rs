// SPDX-License-Identifier: Apache-2.0
//! The program `pvsctl opener run` as an operator runs it, without a chain: the node that it is told to use takes
//! the connection and says nothing.

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
struct Opener(Child);

impl Drop for Opener {
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

	fn start(&self, metrics: &str) -> Opener {
		let url = format!("ws://{}", self.node.local_addr().unwrap());
		let mut program = pvsctl(&["opener", "run"]);
		program.args(["--suri", "//Ferdie", "--json", "--connect-timeout", "3600"]);
		program.args(["--url", &url, "--metrics", metrics, "--state-dir"]).arg(self.dir.path());
		program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
		Opener(program.spawn().unwrap())
	}
}

impl Opener {
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

fn get(address: SocketAddr, path: &str) -> Option<String> {
	let mut stream = TcpStream::connect(address).ok()?;
	stream.set_read_timeout(Some(WAIT)).unwrap();
	write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
	let mut text = String::new();
	stream.read_to_string(&mut text).ok()?;
	Some(text)
}

/// The answer once the program listens.
fn wait_for(address: SocketAddr, path: &str) -> String {
	let give_up = Instant::now() + WAIT;
	loop {
		if let Some(answer) = get(address, path) {
			return answer;
		}
		assert!(Instant::now() < give_up, "it does not listen");
		sleep(POLL);
	}
}

#[test]
fn program_should_be_alive_and_not_ready_when_no_node_has_answered() {
	let world = World::new();
	let mut opener = world.start("0");
	let mut line = String::new();
	BufReader::new(opener.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
	let event: serde_json::Value = serde_json::from_str(&line).unwrap();
	assert_eq!(
		(&event["event"], &event["service"]),
		(&"serves_metrics".into(), &"pvs-opener".into())
	);
	let address: SocketAddr = event["address"].as_str().unwrap().parse().unwrap();
	assert!(address.ip().is_loopback());
	assert!(get(address, "/healthz").unwrap().starts_with("HTTP/1.1 200 "));
	let answer = get(address, "/readyz").unwrap();
	assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
	assert!(answer.contains("{\"condition\":\"connected\",\"reason\":\"no node has answered yet\""));
	let metrics = get(address, "/metrics").unwrap();
	for line in [
		"pvs_opener_opened_total 0\n",
		"pvs_opener_rewards_planck_total 0\n",
		"pvs_opener_condition_met{condition=\"chain_moves\"} 0\n",
		"pvs_opener_events_total{event=\"serves_metrics\",level=\"info\"} 1\n",
	] {
		assert!(metrics.contains(line), "{line}{metrics}");
	}
	assert_eq!(opener.stop().code(), Some(0));
}

#[test]
fn program_should_name_the_address_when_it_is_taken() {
	let world = World::new();
	let taken = world.node.local_addr().unwrap().to_string();
	let mut opener = world.start(&taken);
	assert_eq!(opener.ended().code(), Some(1));
	let text = opener.stderr();
	assert!(text.contains(&format!("cannot serve metrics at {taken}")), "{text}");
	assert_eq!(text.lines().count(), 1, "{text}");
}

/// R16: a program ended with exit code 101, or 1, when `head` closed its standard output.
#[test]
fn program_should_go_on_when_its_output_is_closed() {
	let world = World::new();
	let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
	let mut opener = world.start(&address.to_string());
	drop(opener.0.stdout.take());
	assert!(wait_for(address, "/healthz").starts_with("HTTP/1.1 200 "));
	sleep(Duration::from_millis(200));
	assert!(get(address, "/healthz").unwrap().starts_with("HTTP/1.1 200 "), "it goes on");
	assert_eq!(opener.stop().code(), Some(0));
	assert_eq!(opener.stderr(), "");
}
