// SPDX-License-Identifier: Apache-2.0
//! Services as an operator runs them, without a chain: the node that they are told to use takes the connection and
//! says nothing.

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

/// A node that says nothing, and a folder for the service.
pub(crate) struct World {
	pub(crate) node: TcpListener,
	dir: tempfile::TempDir,
}

impl World {
	pub(crate) fn new() -> Self {
		let node = TcpListener::bind("127.0.0.1:0").unwrap();
		Self { node, dir: tempfile::tempdir().unwrap() }
	}

	/// Starts a service with these words, of which the last one is the option for its folder.
	pub(crate) fn start(&self, words: &[&str], metrics: &str) -> Running {
		let url = format!("ws://{}", self.node.local_addr().unwrap());
		let mut program = pvsctl(words);
		program.arg(self.dir.path()).args(["--url", &url, "--metrics", metrics]);
		program.args(["--json", "--connect-timeout", "3600"]);
		program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
		Running(program.spawn().unwrap())
	}
}

/// A program that does not outlive its test.
pub(crate) struct Running(Child);

impl Drop for Running {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

impl Running {
	/// Returns where it serves metrics, as its first event says.
	pub(crate) fn address(&mut self, service: &str) -> SocketAddr {
		let mut line = String::new();
		BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
		let event: serde_json::Value = serde_json::from_str(&line).unwrap();
		assert_eq!(
			(&event["event"], &event["service"], &event["level"]),
			(&"serves_metrics".into(), &service.into(), &"info".into())
		);
		let address: SocketAddr = event["address"].as_str().unwrap().parse().unwrap();
		assert!(address.ip().is_loopback());
		address
	}

	/// Closes the reading end of its standard output.
	pub(crate) fn close_output(&mut self) {
		drop(self.0.stdout.take());
	}

	/// Asks it to stop, and returns how it ended.
	pub(crate) fn stop(&mut self) -> ExitStatus {
		kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
		self.ended()
	}

	pub(crate) fn ended(&mut self) -> ExitStatus {
		let give_up = Instant::now() + WAIT;
		loop {
			if let Some(status) = self.0.try_wait().unwrap() {
				return status;
			}
			assert!(Instant::now() < give_up, "it does not end");
			sleep(POLL);
		}
	}

	pub(crate) fn stderr(&mut self) -> String {
		let mut text = String::new();
		self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
		text
	}
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
	let mut stream = TcpStream::connect(address).ok()?;
	stream.set_read_timeout(Some(WAIT)).unwrap();
	write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
	let mut text = String::new();
	stream.read_to_string(&mut text).ok()?;
	Some(text)
}

/// The answer once the program listens.
pub(crate) fn wait_for(address: SocketAddr, path: &str) -> String {
	let give_up = Instant::now() + WAIT;
	loop {
		if let Some(answer) = get(address, path) {
			return answer;
		}
		assert!(Instant::now() < give_up, "it does not listen");
		sleep(POLL);
	}
}

/// Fails unless the service is alive and not ready, with these lines among its metrics.
pub(crate) fn check_waiting_for_a_node(address: SocketAddr, lines: &[&str]) {
	assert!(get(address, "/healthz").unwrap().starts_with("HTTP/1.1 200 "));
	let answer = get(address, "/readyz").unwrap();
	assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
	assert!(answer.contains("{\"condition\":\"connected\",\"reason\":\"no node has answered yet\""));
	let metrics = get(address, "/metrics").unwrap();
	for line in lines {
		assert!(metrics.contains(line), "{line}{metrics}");
	}
}

/// Fails unless a service that is started with these words says in one line that its address is taken.
pub(crate) fn check_taken_address(words: &[&str]) {
	let world = World::new();
	let taken = world.node.local_addr().unwrap().to_string();
	let mut service = world.start(words, &taken);
	assert_eq!(service.ended().code(), Some(1));
	let text = service.stderr();
	assert!(text.contains(&format!("cannot serve metrics at {taken}")), "{text}");
	assert_eq!(text.lines().count(), 1, "{text}");
}
