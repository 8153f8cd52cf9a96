// SPDX-License-Identifier: Apache-2.0
//! A rollup's own program: a child process that executes and proves batches for this prover.
//!
//! It reads requests from its standard input and writes answers to its standard output, one JSON
//! object per line and one request at a time ([`wire`]). What it writes to its standard error goes
//! to that of this program. It keeps nothing between requests that this program relies on: the
//! state before a batch comes with the request. So it can be killed and started again at any time,
//! and runs twice, once for execution and once for proofs, so that a proof never holds up a look at
//! the next batch.
//!
//! Nothing that it answers is trusted further than a batch's fate: roots are compared with the
//! chain's, and a proof is verified before it is sent.

pub(crate) mod wire;

#[cfg(test)]
mod tests;

use pvs_primitives::{public_inputs::PublicInputs, Bytes32, PROOF_BYTES};
use rustix::process::{getpriority_process, kill_process_group, setpriority_process, Pid, Signal};
use serde_json::Value;
use std::{
	path::PathBuf,
	process::{ExitStatus, Stdio},
	sync::Arc,
	time::Duration,
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	process::{Child, ChildStdin, ChildStdout, Command},
	time::timeout,
};
use wire::{After, Genesis, Method};

/// Time that the program may take to start and to name its first state.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time that a program that has closed its output may take to end.
const END_LIMIT: Duration = Duration::from_secs(1);
/// The longest answer, in bytes.
pub(crate) const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Way to start the program.
#[derive(Clone, Debug)]
pub struct Launch {
	/// The executable: a path, or a name that is looked up in `PATH`.
	pub program: PathBuf,
	/// Its arguments. No shell reads them.
	pub arguments: Vec<String>,
	/// Time that the execution of a batch may take.
	pub execute_limit: Duration,
}

/// Reason why the program gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
	#[error("cannot start the program {program}: {source}")]
	Start { program: String, source: std::io::Error },
	#[error("the program {program} ended without an answer to `{method}` ({status})")]
	Ended { program: String, method: &'static str, status: String },
	#[error(
		"the program {program} gave no answer to `{method}` within {} s; does it flush its standard \
		 output after each line?",
		limit.as_secs_f64()
	)]
	Timeout { program: String, method: &'static str, limit: Duration },
	#[error(
		"the program {program} answered `{method}` with a line of more than {MAX_ANSWER_BYTES} bytes"
	)]
	TooLong { program: String, method: &'static str },
	#[error("the program {program} gave a malformed answer to `{method}`: {reason}")]
	Malformed { program: String, method: &'static str, reason: String },
	#[error(
		"the program {program} starts from another state than before: root 0x{}",
		hex::encode(root)
	)]
	OtherGenesis { program: String, root: Bytes32 },
	/// The program's own word.
	#[error("{0}")]
	Refused(String),
}

/// One running copy of the program, started again after it failed.
#[derive(Debug)]
pub(crate) struct Program {
	launch: Arc<Launch>,
	/// Amount by which its priority is lower than this program's.
	nice: i32,
	genesis: Genesis,
	running: Option<Running>,
}

impl Program {
	/// Starts the program and asks it for its first state.
	pub(crate) async fn start(launch: Arc<Launch>, nice: i32) -> Result<Self, ProgramError> {
		let (running, genesis) = Running::start(&launch, nice).await?;
		Ok(Self { launch, nice, genesis, running: Some(running) })
	}

	/// The rollup's first state.
	pub(crate) fn genesis(&self) -> &Genesis {
		&self.genesis
	}

	/// Executes a batch on a state.
	///
	/// # Errors
	///
	/// [`ProgramError::Refused`] if the batch is invalid; any other says nothing about the batch.
	pub(crate) async fn execute(
		&mut self,
		state: &str,
		data: &[u8],
	) -> Result<After, ProgramError> {
		let limit = Some(self.launch.execute_limit);
		let params = wire::execute_params(state, data);
		self.request(Method::Execute, params, limit, wire::after).await
	}

	/// Makes a proof of a batch. Takes as long as it takes: dropping the future kills the program, and
	/// the next request starts it again.
	pub(crate) async fn prove(
		&mut self,
		state: &str,
		data: &[u8],
		inputs: &PublicInputs,
	) -> Result<[u8; PROOF_BYTES], ProgramError> {
		let params = wire::prove_params(state, data, inputs);
		self.request(Method::Prove, params, None, wire::proof).await
	}

	async fn request<R>(
		&mut self,
		method: Method,
		params: Value,
		limit: Option<Duration>,
		read: fn(Value) -> Result<R, String>,
	) -> Result<R, ProgramError> {
		let mut running = match self.running.take() {
			Some(running) => running,
			None => self.start_again().await?,
		};
		let result = running.ask(&self.launch, method, params, limit).await;
		let result = result.and_then(|answer| {
			read(answer).map_err(|reason| self.launch.malformed(method, reason))
		});
		match &result {
			Ok(_) | Err(ProgramError::Refused(_)) => self.running = Some(running),
			// What it writes next may be the answer to this request.
			Err(_) => running.kill().await,
		}
		result
	}

	async fn start_again(&self) -> Result<Running, ProgramError> {
		let (mut running, genesis) = Running::start(&self.launch, self.nice).await?;
		if genesis == self.genesis {
			return Ok(running);
		}
		running.kill().await;
		Err(ProgramError::OtherGenesis { program: self.launch.name(), root: genesis.root })
	}
}

impl Launch {
	/// Returns what errors call the program.
	fn name(&self) -> String {
		format!("`{}`", self.program.display())
	}

	fn malformed(&self, method: Method, reason: String) -> ProgramError {
		ProgramError::Malformed { program: self.name(), method: method.name(), reason }
	}
}

/// A process and its pipes.
#[derive(Debug)]
struct Running {
	child: Child,
	requests: ChildStdin,
	answers: BufReader<ChildStdout>,
	last_id: u64,
}

impl Running {
	async fn start(launch: &Launch, nice: i32) -> Result<(Self, Genesis), ProgramError> {
		let cannot = |source| ProgramError::Start { program: launch.name(), source };
		// A process group of its own: an interrupt from the terminal is for this program, which
		// still needs the other to finish open jobs, and all that the other starts ends with it.
		let mut child = Command::new(&launch.program)
			.args(&launch.arguments)
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.process_group(0)
			.kill_on_drop(true)
			.spawn()
			.map_err(cannot)?;
		let no_pipe = || cannot(std::io::Error::other("it has no pipes"));
		let requests = child.stdin.take().ok_or_else(no_pipe)?;
		let answers = BufReader::new(child.stdout.take().ok_or_else(no_pipe)?);
		let mut running = Self { child, requests, answers, last_id: 0 };
		running.lower_priority(nice);
		let genesis = running
			.ask(launch, Method::Genesis, wire::genesis_params(), Some(START_LIMIT))
			.await
			.and_then(|answer| {
				wire::genesis(answer).map_err(|reason| launch.malformed(Method::Genesis, reason))
			});
		match genesis {
			Ok(genesis) => Ok((running, genesis)),
			Err(error) => {
				running.kill().await;
				Err(error)
			},
		}
	}

	/// Sends one request and returns what the answer to it holds.
	async fn ask(
		&mut self,
		launch: &Launch,
		method: Method,
		params: Value,
		limit: Option<Duration>,
	) -> Result<Value, ProgramError> {
		self.last_id = self.last_id.wrapping_add(1);
		let id = self.last_id;
		let line = wire::request(id, method, params);
		let (program, method_name) = (launch.name(), method.name());
		let answer = match limit {
			None => self.exchange(&line).await,
			Some(limit) => timeout(limit, self.exchange(&line)).await.map_err(|_| {
				ProgramError::Timeout { program: program.clone(), method: method_name, limit }
			})?,
		};
		match answer {
			Some(bytes) if bytes.len() > MAX_ANSWER_BYTES => {
				Err(ProgramError::TooLong { program, method: method_name })
			},
			Some(bytes) => wire::answer(&bytes, id)
				.map_err(|reason| launch.malformed(method, reason))?
				.map_err(ProgramError::Refused),
			None => {
				let status = match timeout(END_LIMIT, self.child.wait()).await {
					Ok(Ok(status)) => describe(status),
					_ => "it closed its output".into(),
				};
				Err(ProgramError::Ended { program, method: method_name, status })
			},
		}
	}

	/// Writes a line and reads one, at most one byte more than is allowed; `None` if the program
	/// reads or writes no more.
	async fn exchange(&mut self, line: &str) -> Option<Vec<u8>> {
		self.requests.write_all(line.as_bytes()).await.ok()?;
		self.requests.flush().await.ok()?;
		let mut bytes = Vec::new();
		let longest = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX).saturating_add(1);
		(&mut self.answers).take(longest).read_until(b'\n', &mut bytes).await.ok()?;
		let is_whole = bytes.last() == Some(&b'\n') || bytes.len() > MAX_ANSWER_BYTES;
		is_whole.then_some(bytes)
	}

	fn pid(&self) -> Option<Pid> {
		Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
	}

	/// Before the program starts threads: they take over the priority of the first.
	fn lower_priority(&self, by: i32) {
		let Some(pid) = self.pid().filter(|_| by > 0) else { return };
		let lowered = getpriority_process(Some(pid))
			.and_then(|now| setpriority_process(Some(pid), now.saturating_add(by)));
		if let Err(error) = lowered {
			tracing::debug!("cannot lower the program's priority: {error}");
		}
	}

	fn send_kill(&self) {
		if let Some(pid) = self.pid() {
			// It may have ended just now.
			let _ = kill_process_group(pid, Signal::KILL);
		}
	}

	async fn kill(&mut self) {
		self.send_kill();
		if let Err(error) = self.child.wait().await {
			tracing::debug!("cannot wait for the program to end: {error}");
		}
	}
}

impl Drop for Running {
	fn drop(&mut self) {
		self.send_kill();
	}
}

fn describe(status: ExitStatus) -> String {
	status.to_string()
}
