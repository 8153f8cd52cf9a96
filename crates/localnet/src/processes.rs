// SPDX-License-Identifier: Apache-2.0
//! Child processes that never outlive this one, and their logs.

use crate::error::DemoError;
use rustix::process::{kill_process_group, Pid, Signal};
use std::{
	fs::{self, File},
	net::TcpListener,
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// Number of lines of a log that are shown when its process failed.
const TAIL_LINES: usize = 20;
/// Time that a program may take to be ready: a prover loads its keys, a sequencer reads the chain.
const READY_WAIT: Duration = Duration::from_secs(120);
const READY_POLL: Duration = Duration::from_millis(100);
/// Time that a process may take to stop before it is killed.
const STOP_WAIT: Duration = Duration::from_secs(3);
const STOP_POLL: Duration = Duration::from_millis(50);

/// A running program. Dropping it stops it and its children.
#[derive(Debug)]
pub(crate) struct Process {
	name: &'static str,
	child: Child,
	group: Option<Pid>,
	log: PathBuf,
}

impl Process {
	/// Starts a program in a process group of its own. What it prints goes to `NAME.log` in
	/// `logs`.
	pub(crate) fn start(
		name: &'static str,
		program: &Path,
		arguments: &[String],
		logs: &Path,
	) -> Result<Self, DemoError> {
		Self::start_telling(name, program, arguments, logs, None)
	}

	/// As [`start`](Self::start), and with a filter of log lines in place of the program's own.
	pub(crate) fn start_telling(
		name: &'static str,
		program: &Path,
		arguments: &[String],
		logs: &Path,
		filter: Option<&str>,
	) -> Result<Self, DemoError> {
		if !program.is_file() {
			return Err(DemoError::NoProgram(program.into()));
		}
		let failed = |source| DemoError::Spawn { program: program.into(), source };
		let log = logs.join(format!("{name}.log"));
		let out = File::create(&log).map_err(failed)?;
		let child = Command::new(program)
			.args(arguments)
			.envs(filter.map(|filter| ("RUST_LOG", filter)))
			.stdin(Stdio::null())
			.stderr(out.try_clone().map_err(failed)?)
			.stdout(out)
			.process_group(0)
			.spawn()
			.map_err(failed)?;
		let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
		tracing::info!("{name} is process {}", child.id());
		Ok(Self { name, child, group, log })
	}

	/// Fails with the end of the log on stderr if the process has stopped.
	pub(crate) fn check_alive(&mut self) -> Result<(), DemoError> {
		match self.exit_status()? {
			None => Ok(()),
			Some(status) => {
				self.show_log();
				Err(DemoError::Stopped { name: self.name, status: status.to_string() })
			},
		}
	}

	/// Like [`Process::check_alive`], but having finished well is no failure.
	pub(crate) fn check_not_failed(&mut self) -> Result<(), DemoError> {
		match self.exit_status()? {
			Some(status) if !status.success() => self.check_alive(),
			_ => Ok(()),
		}
	}

	/// Returns whether the process has finished, and well. Fails as [`Process::check_not_failed`] does.
	pub(crate) fn has_finished(&mut self) -> Result<bool, DemoError> {
		self.check_not_failed()?;
		Ok(self.exit_status()?.is_some())
	}

	fn exit_status(&mut self) -> Result<Option<std::process::ExitStatus>, DemoError> {
		let what = "cannot ask for the state of a process";
		self.child.try_wait().map_err(|source| DemoError::Io { what, source })
	}

	/// Ends the process at once, without a chance to tidy up, as `kill -9` does.
	pub(crate) fn kill(&mut self) {
		self.signal(Signal::KILL);
		let _ = self.child.wait();
	}

	/// Asks the process to end, and waits until it has.
	///
	/// # Errors
	///
	/// It fails, or takes longer than `limit`; the end of its log is shown.
	pub(crate) fn terminate(&mut self, limit: Duration) -> Result<(), DemoError> {
		self.signal(Signal::TERM);
		let give_up = Instant::now() + limit;
		while !self.has_finished()? {
			if Instant::now() >= give_up {
				self.show_log();
				let (name, seconds) = (self.name, limit.as_secs());
				return Err(DemoError::StillThere { name, seconds });
			}
			std::thread::sleep(STOP_POLL);
		}
		Ok(())
	}

	/// Stops the process where it is: it keeps its connections and answers nothing.
	pub(crate) fn freeze(&self) {
		self.signal(Signal::STOP);
	}

	/// Lets a frozen process go on.
	pub(crate) fn thaw(&self) {
		self.signal(Signal::CONT);
	}

	/// The last line of the log that is JSON; null if none is.
	pub(crate) fn last_json(&self) -> serde_json::Value {
		let log = fs::read_to_string(&self.log).unwrap_or_default();
		log.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default()
	}

	/// Returns whether the log has a text by now.
	pub(crate) fn has_logged(&self, text: &str) -> bool {
		self.log().contains(text)
	}

	/// Returns what it has printed so far.
	pub(crate) fn log(&self) -> String {
		fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Waits until the program has told that it is ready, in one line of JSON.
	pub(crate) async fn wait_until_ready(&mut self) -> Result<(), DemoError> {
		self.wait_until_logged("\"event\":\"ready\"").await
	}

	/// Waits until the log has the text with which the program says that it is ready.
	pub(crate) async fn wait_until_logged(&mut self, text: &str) -> Result<(), DemoError> {
		let give_up = Instant::now() + READY_WAIT;
		while !self.has_logged(text) {
			self.check_alive()?;
			if Instant::now() >= give_up {
				self.show_log();
				let (name, seconds) = (self.name, READY_WAIT.as_secs());
				return Err(DemoError::NotReady { name, seconds });
			}
			tokio::time::sleep(READY_POLL).await;
		}
		Ok(())
	}

	/// Shows the end of the log on stderr.
	pub(crate) fn show_log(&self) {
		let log = self.log();
		let lines: Vec<&str> = log.lines().collect();
		let tail = lines.len().saturating_sub(TAIL_LINES);
		pvs_text::complain(format_args!("--- the last lines of {}", self.name));
		for line in lines.iter().skip(tail) {
			pvs_text::complain(line);
		}
		pvs_text::complain("---");
	}

	/// The program's name.
	pub(crate) fn name(&self) -> &'static str {
		self.name
	}

	fn signal(&self, signal: Signal) {
		if let Some(group) = self.group {
			let _ = kill_process_group(group, signal);
		}
	}

	/// Returns whether the process has ended, however it did.
	pub(crate) fn has_stopped(&mut self) -> bool {
		!matches!(self.child.try_wait(), Ok(None))
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		if self.has_stopped() {
			return;
		}
		// What is frozen does not hear.
		self.thaw();
		// A prover finishes its open jobs at the first request and stops at the second.
		let give_up = Instant::now() + STOP_WAIT;
		while Instant::now() < give_up {
			self.signal(Signal::TERM);
			std::thread::sleep(STOP_POLL);
			if self.has_stopped() {
				return;
			}
		}
		self.signal(Signal::KILL);
		let _ = self.child.wait();
	}
}

/// TCP ports that nobody listens on at the moment.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N], DemoError> {
	let failed = |source| DemoError::Io { what: "cannot find a free port", source };
	// All are open at the same time, so that they differ.
	let listeners = (0..N)
		.map(|_| TcpListener::bind(("127.0.0.1", 0)))
		.collect::<Result<Vec<_>, _>>()
		.map_err(failed)?;
	let mut ports = [0; N];
	for (port, listener) in ports.iter_mut().zip(&listeners) {
		*port = listener.local_addr().map_err(failed)?.port();
	}
	Ok(ports)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn shell(script: &str, logs: &Path) -> Process {
		let arguments = ["-c".to_owned(), script.to_owned()];
		Process::start("shell", Path::new("/bin/sh"), &arguments, logs).unwrap()
	}

	fn wait_for(process: &mut Process, text: &str) {
		let give_up = Instant::now() + Duration::from_secs(10);
		while !process.has_logged(text) {
			assert!(Instant::now() < give_up, "no {text} in the log");
			std::thread::sleep(STOP_POLL);
		}
	}

	#[test]
	fn process_should_be_stopped_with_its_children_when_dropped() {
		let logs = tempfile::tempdir().unwrap();
		let mut process = shell("sleep 1000 & echo child=$!; wait", logs.path());
		wait_for(&mut process, "child=");
		let log = fs::read_to_string(&process.log).unwrap();
		let child = log.trim().strip_prefix("child=").unwrap().to_owned();
		process.check_alive().unwrap();
		assert!(!process.has_finished().unwrap());
		drop(process);
		let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
		assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
	}

	#[test]
	fn process_should_be_killed_when_it_does_not_listen() {
		let logs = tempfile::tempdir().unwrap();
		let mut process = shell("trap '' TERM; echo deaf; while :; do sleep 1; done", logs.path());
		wait_for(&mut process, "deaf");
		let id = process.child.id();
		drop(process);
		assert!(!Path::new(&format!("/proc/{id}")).exists());
	}

	#[test]
	fn process_should_end_when_it_is_asked_to_unless_it_fails_or_is_deaf() {
		let logs = tempfile::tempdir().unwrap();
		let limit = Duration::from_secs(10);
		let end = |script: &str, limit| {
			let mut process = shell(script, logs.path());
			wait_for(&mut process, "ready");
			process.terminate(limit)
		};
		end("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done", limit).unwrap();
		let error = end("trap 'exit 4' TERM; echo ready; while :; do sleep 0.1; done", limit);
		assert!(error.unwrap_err().to_string().contains("exit status: 4"));
		let deaf = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
		let error = end(deaf, Duration::from_millis(300));
		assert!(matches!(error, Err(DemoError::StillThere { .. })));
	}

	#[test]
	fn process_should_be_gone_at_once_when_it_is_killed() {
		let logs = tempfile::tempdir().unwrap();
		let script = "trap '' TERM; echo '{\"a\": 1}'; echo deaf; while :; do sleep 1; done";
		let mut process = shell(script, logs.path());
		wait_for(&mut process, "deaf");
		assert!(!process.has_stopped());
		process.kill();
		assert!(process.has_stopped());
		assert_eq!(process.last_json()["a"], 1);
	}

	#[test]
	fn process_should_stand_still_while_it_is_frozen_and_end_when_it_is_dropped() {
		let logs = tempfile::tempdir().unwrap();
		let mut process = shell("echo ready; sleep 1; echo later; sleep 1000", logs.path());
		wait_for(&mut process, "ready");
		process.freeze();
		std::thread::sleep(Duration::from_millis(1_500));
		assert!(!process.has_logged("later") && !process.has_stopped());
		process.thaw();
		wait_for(&mut process, "later");
		process.freeze();
		let id = process.child.id();
		drop(process);
		assert!(!Path::new(&format!("/proc/{id}")).exists());
	}

	#[test]
	fn failure_should_be_told_when_a_process_stops() {
		let logs = tempfile::tempdir().unwrap();
		let mut process = shell("echo reason; exit 3", logs.path());
		process.child.wait().unwrap();
		let error = process.check_not_failed().unwrap_err();
		assert!(error.to_string().contains("exit status: 3"), "{error}");
		let mut process = shell("exit 0", logs.path());
		process.child.wait().unwrap();
		process.check_not_failed().unwrap();
		assert!(process.has_finished().unwrap());
		assert!(process.check_alive().is_err());
	}

	#[test]
	fn program_should_be_missed_when_there_is_none() {
		let logs = tempfile::tempdir().unwrap();
		let error =
			Process::start("node", Path::new("/nonexistent"), &[], logs.path()).unwrap_err();
		assert!(matches!(error, DemoError::NoProgram(_)), "{error}");
	}

	#[test]
	fn ports_should_differ() {
		let [a, b, c] = free_ports().unwrap();
		assert!(a != b && b != c && a != c && a > 0);
	}
}
