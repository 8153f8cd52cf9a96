// SPDX-License-Identifier: Apache-2.0
//! Real child processes: small shell scripts.

use super::*;
use crate::{
	appraise::Work,
	price::tests::snapshot,
	report::Teller,
	rollup::{Ledger, ProgramLedger},
	workers::{self, Cancel, Job, ProvingError, Queue},
};
use num_bigint::BigUint;
use pvs_client::{Replica, ReplicaError, RollupState};
use pvs_primitives::api::{BatchId, BatchInfo, BatchStatus};
use pvs_verifier_testing::TestKeys;
use rustix::process::test_kill_process;
use std::{fs, time::Instant};
use tempfile::TempDir;

/// A script that answers every request in turn. `EXECUTE` and `PROVE` are shell commands that see
/// the request in `$line` and its number in `$id`.
const SCRIPT: &str = r#"
echo $$ >> "$0/pids"
while read -r line; do
	id=${line#*\"id\":}
	id=${id%%,*}
	case $line in
	*'"method":"genesis"'*) GENESIS ;;
	*'"method":"execute"'*) EXECUTE ;;
	*'"method":"prove"'*) PROVE ;;
	esac
done
"#;

fn root(last: u8) -> Bytes32 {
	let mut root = [0; 32];
	root[31] = last;
	root
}

/// A shell command that answers with a state.
fn state(version: &str, last: u8, state: &str) -> String {
	let root = hex::encode(root(last));
	format!(r#"echo '{{"id":'$id',"result":{{{version}"root":"0x{root}","state":"{state}"}}}}'"#)
}

fn genesis() -> String {
	state(r#""version":1,"#, 1, "one")
}

struct Script {
	dir: TempDir,
	genesis: String,
	execute: String,
	prove: String,
}

impl Script {
	fn new(execute: &str, prove: &str) -> Self {
		let dir = tempfile::tempdir().unwrap();
		Self { dir, genesis: genesis(), execute: execute.into(), prove: prove.into() }
	}

	fn launch(&self) -> Arc<Launch> {
		let text = SCRIPT
			.replace("GENESIS", &self.genesis)
			.replace("EXECUTE", &self.execute)
			.replace("PROVE", &self.prove);
		Arc::new(Launch {
			program: "/bin/sh".into(),
			arguments: vec!["-c".into(), text, self.dir.path().display().to_string()],
			execute_limit: Duration::from_secs(20),
		})
	}

	async fn start(&self) -> Program {
		Program::start(self.launch(), 0).await.unwrap()
	}

	/// The processes that ran the script, oldest first.
	fn pids(&self) -> Vec<i32> {
		let pids = fs::read_to_string(self.dir.path().join("pids")).unwrap();
		pids.lines().map(|pid| pid.parse().unwrap()).collect()
	}
}

fn is_running(pid: i32) -> bool {
	test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

async fn ended(pid: i32) {
	let start = Instant::now();
	while is_running(pid) {
		assert!(start.elapsed() < Duration::from_secs(10), "process {pid} goes on");
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
}

const INPUTS: PublicInputs = PublicInputs {
	prev_state_root: [0; 32],
	next_state_root: [1; 32],
	data_commitment: [2; 32],
	binding: [3; 32],
};

#[tokio::test]
async fn program_should_execute_and_prove_when_it_answers() {
	let execute = format!(
		r#"case $line in *'"data":"0x0aff"'*'"state":"one"'*) {} ;; *) exit 9 ;; esac"#,
		state("", 2, "two")
	);
	let prove = format!(
		r#"case $line in *'"inputs":["0","'*'"state":"two"'*)
		echo '{{"id":'$id',"result":{{"proof":"0x{}"}}}}' ;; *) exit 9 ;; esac"#,
		"07".repeat(PROOF_BYTES)
	);
	let script = Script::new(&execute, &prove);
	let mut program = script.start().await;
	assert_eq!(*program.genesis(), Genesis { root: root(1), state: "one".into() });
	for _ in 0..2 {
		let after = program.execute("one", &[10, 255]).await.unwrap();
		assert_eq!(after, After { root: root(2), state: "two".into() });
		assert_eq!(program.prove("two", &[10], &INPUTS).await.unwrap(), [7; PROOF_BYTES]);
	}
	assert_eq!(script.pids().len(), 1, "one process answers all");
	drop(program);
	ended(script.pids()[0]).await;
}

#[test]
fn inputs_should_be_decimal_strings_in_the_order_of_the_layout() {
	let modulus_less_one =
		pvs_primitives::field::scalar_to_be(&-pvs_primitives::field::Scalar::from(1u8));
	let inputs = PublicInputs {
		prev_state_root: root(0),
		next_state_root: modulus_less_one,
		data_commitment: root(255),
		binding: root(1),
	};
	let params = wire::prove_params("state \"quoted\"\n", &[0], &inputs);
	assert_eq!(
		params["inputs"],
		serde_json::json!([
			"0",
			"21888242871839275222246405745257275088548364400416034343698204186575808495616",
			"255",
			"1"
		])
	);
	let line = wire::request(7, Method::Prove, params);
	assert_eq!(line.matches('\n').count(), 1, "one line, whatever the state holds: {line}");
}

#[tokio::test]
async fn program_should_go_on_when_it_calls_a_batch_invalid() {
	let script =
		Script::new(r#"printf '{"id":%s,"error":"an overdraft\\nin transfer 3"}\n' $id"#, "exit 9");
	let mut program = script.start().await;
	for _ in 0..2 {
		let error = program.execute("one", &[1]).await.unwrap_err();
		assert!(
			matches!(&error, ProgramError::Refused(why) if why == "an overdraft in transfer 3"),
			"{error}"
		);
	}
	assert_eq!(script.pids().len(), 1);
}

#[tokio::test]
async fn answer_should_be_refused_when_it_is_malformed() {
	let modulus = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
	let with_root = |root: &str| format!(r#"{{"id":$id,"result":{{"root":"{root}","state":""}}}}"#);
	let cases = [
		("ready", "expected value"),
		("[]", "invalid length 0"),
		("{\"id\":$id}", "needs either a `result` or an `error`"),
		("{\"id\":$id,\"result\":{},\"error\":\"x\"}", "needs either"),
		("{\"id\":$id,\"result\":{}} {}", "trailing characters"),
		("{\"id\":1,\"result\":{}}", "the answer to request 1, not to 2"),
		("{\"id\":$id,\"result\":{\"root\":\"0x00\"}}", "missing field `state`"),
		(&with_root("0x00"), "`root` is not 0x and 64 hex digits"),
		(&with_root(modulus), "`root` is not 0x and 64 hex digits"),
		(&with_root(&format!("0x{modulus}")), "`root` is not below the modulus"),
	];
	for (line, expected) in cases {
		let quoted = line.replace('"', "\\\"");
		let script = Script::new(&format!("echo \"{quoted}\""), "exit 9");
		let mut program = script.start().await;
		let error = program.execute("one", &[1]).await.unwrap_err().to_string();
		assert!(error.starts_with("the program `/bin/sh` gave a malformed answer"), "{error}");
		assert!(error.contains(expected), "{line}: {error}");
		ended(script.pids()[0]).await;
	}
	let script = Script::new(r"printf '\377\n'", "exit 9");
	let error = script.start().await.execute("one", &[1]).await.unwrap_err().to_string();
	assert!(error.contains("not UTF-8"), "{error}");
}

#[tokio::test]
async fn proof_should_be_refused_when_it_is_malformed() {
	for (proof, expected) in [
		("\"0x07\"", "`proof` is not 0x and 512 hex digits"),
		("7", "neither a string nor an object"),
		("{\"pi_a\":[]}", "`proof`"),
	] {
		let answer = format!(r#"echo '{{"id":'$id',"result":{{"proof":{proof}}}}}'"#);
		let mut program = Script::new("exit 9", &answer).start().await;
		let error = program.prove("one", &[1], &INPUTS).await.unwrap_err().to_string();
		assert!(error.contains(expected), "{proof}: {error}");
	}
}

#[test]
fn proof_should_be_read_when_it_is_written_as_snarkjs_does() {
	let inputs = small_inputs().to_array();
	let bytes = TestKeys::new(1).prove(&inputs, 2);
	let number = |index: usize| BigUint::from_bytes_be(&bytes[32 * index..][..32]).to_string();
	let proof = serde_json::json!({
		"pi_a": [number(0), number(1), "1"],
		"pi_b": [[number(3), number(2)], [number(5), number(4)], ["1", "0"]],
		"pi_c": [number(6), number(7), "1"],
		"protocol": "groth16",
		"curve": "bn128",
	});
	assert_eq!(wire::proof(serde_json::json!({ "proof": proof })), Ok(bytes));
	let mut off_curve = proof.clone();
	off_curve["pi_a"][0] = "1".into();
	let mut other_system = proof;
	other_system["protocol"] = "plonk".into();
	for (wrong, expected) in [(off_curve, "pi_a"), (other_system, "plonk")] {
		let error = wire::proof(serde_json::json!({ "proof": wrong })).unwrap_err();
		assert!(error.contains(expected), "{error}");
	}
}

#[tokio::test]
async fn program_should_be_refused_when_it_speaks_another_version() {
	for version in ["", r#""version":2,"#, r#""version":"1","#] {
		let mut script = Script::new("exit 9", "exit 9");
		script.genesis = state(version, 1, "one");
		let error = Program::start(script.launch(), 0).await.unwrap_err().to_string();
		assert!(error.contains("this prover speaks 1"), "{error}");
		ended(script.pids()[0]).await;
	}
}

#[tokio::test]
async fn program_should_be_named_when_it_cannot_be_started() {
	let launch = Launch {
		program: "/nowhere/rollup".into(),
		arguments: Vec::new(),
		execute_limit: Duration::from_secs(1),
	};
	let error = Program::start(Arc::new(launch), 0).await.unwrap_err().to_string();
	assert!(error.starts_with("cannot start the program `/nowhere/rollup`: "), "{error}");
}

#[tokio::test]
async fn arguments_should_reach_the_program_without_a_shell() {
	let dir = tempfile::tempdir().unwrap();
	let mut script = Script::new("exit 9", "exit 9");
	script.genesis = format!(r#"printf %s "$1" > "$0/argument"; {}"#, genesis());
	let mut launch = Launch::clone(&script.launch());
	let argument = format!("; touch {}/injected $(touch {0}/injected)", dir.path().display());
	launch.arguments.push(argument.clone());
	Program::start(Arc::new(launch), 0).await.unwrap();
	assert_eq!(fs::read_to_string(script.dir.path().join("argument")).unwrap(), argument);
	assert!(!dir.path().join("injected").exists());
}

#[tokio::test]
async fn program_should_be_killed_when_a_line_is_too_long() {
	let script = Script::new("tr '\\0' a < /dev/zero", "exit 9");
	let mut program = script.start().await;
	let error = program.execute("one", &[1]).await.unwrap_err();
	assert!(matches!(error, ProgramError::TooLong { .. }), "{error}");
	ended(script.pids()[0]).await;
}

#[tokio::test]
async fn program_should_be_killed_with_its_children_when_it_takes_too_long() {
	let script = Script::new(r#"sleep 1000 & echo $! >> "$0/pids"; wait"#, "exit 9");
	let mut launch = Launch::clone(&script.launch());
	launch.execute_limit = Duration::from_millis(300);
	let mut program = Program::start(Arc::new(launch), 0).await.unwrap();
	let error = program.execute("one", &[1]).await.unwrap_err();
	// Many a program has answered, and not flushed what it wrote.
	let expected =
		"the program `/bin/sh` gave no answer to `execute` within 0.3 s; does it flush its \
	                standard output after each line?";
	assert_eq!(error.to_string(), expected);
	assert_eq!(script.pids().len(), 2);
	for pid in script.pids() {
		ended(pid).await;
	}
}

/// Fails once, in the way of `failure`, and answers from then on.
fn fails_once(failure: &str) -> Script {
	let execute = format!(
		r#"if [ -e "$0/failed" ]; then {}; else touch "$0/failed"; {failure}; fi"#,
		state("", 2, "two")
	);
	Script::new(&execute, "exit 9")
}

#[tokio::test]
async fn program_should_be_started_again_when_it_crashed() {
	for (failure, expected) in [
		("exit 3", "exit status: 3"),
		("kill -9 $$", "signal: 9"),
		("printf '{\"id\"'; exit 0", "exit status: 0"),
		("exec >&-; read line", "it closed its output"),
		("echo nonsense", "malformed"),
	] {
		let script = fails_once(failure);
		let mut program = script.start().await;
		let error = program.execute("one", &[1]).await.unwrap_err().to_string();
		assert!(error.contains("`/bin/sh`") && error.contains(expected), "{failure}: {error}");
		assert_eq!(program.execute("one", &[1]).await.unwrap().root, root(2), "{failure}");
		assert_eq!(script.pids().len(), 2, "{failure}");
		ended(script.pids()[0]).await;
	}
}

#[tokio::test]
async fn program_should_be_refused_when_it_starts_from_another_state_than_before() {
	let mut script = fails_once("exit 3");
	script.genesis = format!(
		r#"if [ -e "$0/failed" ]; then {}; else {}; fi"#,
		state(r#""version":1,"#, 9, "nine"),
		genesis()
	);
	let mut program = script.start().await;
	program.execute("one", &[1]).await.unwrap_err();
	let error = program.execute("one", &[1]).await.unwrap_err();
	assert!(
		matches!(error, ProgramError::OtherGenesis { root: found, .. } if found == root(9)),
		"{error}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_should_be_tried_again_when_the_program_failed() {
	let script = fails_once("exit 3");
	let mut replica = Replica::new(0, ProgramLedger::new(script.start().await));
	let error = replica.apply(&root(1), &[1]).unwrap_err();
	assert!(matches!(error, ReplicaError::Failed(_)), "{error}");
	assert_eq!(replica.apply(&root(1), &[1]).unwrap(), root(2));
	assert_eq!(&*replica.state(&root(2)).unwrap().state, "two");
	assert_eq!(replica.state(&root(1)).unwrap().root(), root(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_should_be_invalid_when_the_program_says_so() {
	let script = Script::new(r#"echo '{"id":'$id',"error":"no"}'"#, "exit 9");
	let mut replica = Replica::new(0, ProgramLedger::new(script.start().await));
	let error = replica.apply(&root(1), &[1]).unwrap_err();
	assert!(matches!(&error, ReplicaError::Invalid(why) if why == "no"), "{error}");
}

fn batch() -> BatchInfo<Bytes32> {
	BatchInfo {
		id: BatchId { rollup: 1, index: 0 },
		sequencer: [1; 32],
		committed_at: 5,
		prev_state_root: root(1),
		next_state_root: root(2),
		data_commitment: root(3),
		max_fee: 1,
		round: 0,
		empty_rounds: 0,
		failed_rounds: 0,
		slashed: 0,
		status: BatchStatus::Assigned,
		rent_rate: 1,
		rent_until: 100,
		snapshot: snapshot(),
	}
}

/// The block in which proofs are due.
const DUE: u32 = 20;

fn job(work: Work, inputs: PublicInputs) -> Job {
	let shown = Teller::silent().proof((BatchId { rollup: 0, index: 0 }, 0));
	Job { work, inputs, shown }
}

/// A queue before what proves by `prove`, and a piece of work for it.
async fn queue(script: &Script, keys: &TestKeys) -> (Queue, Work) {
	let key = pvs_verifier::prepare_key(&keys.verifying_key()).unwrap();
	let ledger = Ledger::Program(ProgramLedger::new(script.start().await));
	let queue = Queue::new(workers::Program::new(script.start().await, key));
	(queue, Work { state: Arc::new(ledger), data: [1].into(), batch: batch() })
}

fn small_inputs() -> PublicInputs {
	PublicInputs {
		prev_state_root: root(1),
		next_state_root: root(2),
		data_commitment: root(3),
		binding: root(4),
	}
}

#[tokio::test]
async fn proof_should_be_returned_only_when_it_holds() {
	let keys = TestKeys::new(1);
	let inputs = small_inputs();
	let proof = hex::encode(keys.prove(&inputs.to_array(), 2));
	let answer = format!(r#"echo '{{"id":'$id',"result":{{"proof":"0x{proof}"}}}}'"#);
	let script = Script::new("exit 9", &answer);
	let (queue, work) = queue(&script, &keys).await;
	let made = queue.prove(job(work.clone(), inputs), DUE, Cancel::default()).await.unwrap();
	assert_eq!(hex::encode(*made.bytes), proof);
	let others = PublicInputs { binding: root(5), ..inputs };
	let error = queue.prove(job(work, others), DUE, Cancel::default()).await.unwrap_err();
	assert!(matches!(error, ProvingError::Unsound(_)) && !error.is_outage(), "{error}");
}

#[tokio::test]
async fn program_should_be_killed_when_its_proof_is_cancelled() {
	let script = Script::new("exit 9", "sleep 1000");
	let (queue, work) = queue(&script, &TestKeys::new(1)).await;
	let cancel = Cancel::default();
	let proving = tokio::spawn({
		let (queue, work, cancel) = (queue.clone(), work.clone(), cancel.clone());
		async move { queue.prove(job(work, small_inputs()), DUE, cancel).await }
	});
	tokio::time::sleep(Duration::from_millis(200)).await;
	assert!(!proving.is_finished());
	cancel.cancel();
	let error = proving.await.unwrap().unwrap_err();
	assert!(matches!(error, ProvingError::Cancelled), "{error}");
	let pids = script.pids();
	ended(pids[1]).await;
	assert!(is_running(pids[0]), "the one that executes goes on");

	fs::write(script.dir.path().join("pids"), "").unwrap();
	let again = tokio::time::timeout(
		Duration::from_millis(500),
		queue.prove(job(work, small_inputs()), DUE, Cancel::default()),
	);
	assert!(again.await.is_err(), "it proves again");
	assert_eq!(script.pids().len(), 1, "started for the next proof");
}

#[tokio::test]
async fn breakdown_of_the_program_should_be_told_from_its_refusal() {
	let keys = TestKeys::new(1);
	for (prove, is_outage) in
		[("exit 3", true), ("echo", true), (r#"echo '{"id":'$id',"error":"no"}'"#, false)]
	{
		let (queue, work) = queue(&Script::new("exit 9", prove), &keys).await;
		let error =
			queue.prove(job(work, small_inputs()), DUE, Cancel::default()).await.unwrap_err();
		assert_eq!(error.is_outage(), is_outage, "{error}");
	}
}

#[tokio::test]
async fn priority_should_be_lowered_by_what_was_asked() {
	let script = Script::new("exit 9", "exit 9");
	let ours = getpriority_process(None).unwrap();
	let _program = Program::start(script.launch(), 3).await.unwrap();
	let pid = Pid::from_raw(script.pids()[0]);
	assert_eq!(getpriority_process(pid).unwrap(), (ours + 3).min(19));
}
