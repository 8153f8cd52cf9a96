// SPDX-License-Identifier: Apache-2.0
//! Commands for the users of a running sequencer.

use super::{key_file, AccountArgs, KeyCommand, ProofArgs, StatusArgs, TransferArgs};
use indicatif::{ProgressBar, ProgressStyle};
use pvs_client::{Client, CONNECT_TIMEOUT};
use pvs_primitives::Bytes32;
use pvs_rollup::{demo, keys::PublicKey, shape::Shape, transfer::Transfer};
use pvs_sequencer::{
	users::{bytes_from_hex, hash_of, hex, is_over, membership_from, Link, LinkError},
	SequencerError,
};
use pvs_text::OutputError;
use serde_json::{json, Value};
use std::{io::IsTerminal, time::Duration};

/// Pause between two looks at a transfer that is waited for.
const POLL: Duration = Duration::from_millis(250);

/// Signs a transfer and sends it.
pub(crate) async fn transfer(args: TransferArgs) -> Result<(), SequencerError> {
	let key = match &args.secret_file {
		Some(path) => key_file::read(path)?,
		None if args.demo_key => demo::secret_key(args.from),
		None => {
			let text = "name a key with --secret-file, or --demo-key for a demo account";
			return Err(SequencerError::Input(text.into()));
		},
	};
	let new_key = match &args.new_key {
		Some(text) => {
			let wrong = |reason: String| SequencerError::Input(format!("--new-key: {reason}"));
			let bytes = bytes_from_hex(text).map_err(wrong)?;
			Some(PublicKey::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?)
		},
		None => None,
	};
	let link = Link::connect(&args.rpc.rpc).await?;
	let nonce = match args.nonce {
		Some(nonce) => nonce,
		None => link.next_nonce(args.from).await?.ok_or_else(|| {
			SequencerError::Input(format!("--from: account {} does not exist", args.from))
		})?,
	};
	let fee = match (args.fee, new_key) {
		(Some(fee), _) => fee,
		(None, new_key) => {
			let [plain, opening] = link.least_fees().await?;
			new_key.map_or(plain, |_| opening)
		},
	};
	let (from, to, amount) = (args.from, args.to, args.amount);
	let signed = Transfer { from, to, amount, fee, nonce, new_key }.sign(&key);
	link.submit(&signed).await?;
	let hash = hash_of(&signed);
	let mut status = first(link.statuses(&[hash]).await?)?;
	let started = tokio::time::Instant::now();
	let spinner = args.wait.then(spinner);
	while args.wait && !is_over(&status) {
		spinner.iter().for_each(|spinner| spinner.set_message(said(&status)));
		if started.elapsed() >= Duration::from_secs(args.timeout) {
			let text = format!("transfer {} is not final after {} s", hex(hash), args.timeout);
			return Err(SequencerError::Unfinished(text));
		}
		tokio::time::sleep(POLL).await;
		status = first(link.statuses(&[hash]).await?)?;
	}
	spinner.iter().for_each(ProgressBar::finish_and_clear);
	let mut shown = status.clone();
	(shown["nonce"], shown["fee"]) = (json!(nonce), json!(fee));
	tell(args.rpc.json, &shown, &format!("{} with nonce {nonce}: {}", hex(hash), said(&status)))?;
	match (args.wait, status["status"].as_str()) {
		(true, Some(end)) if end != "final" => {
			Err(SequencerError::Unfinished(format!("the transfer ended as {}", said(&status))))
		},
		_ => Ok(()),
	}
}

/// Returns a display of the status of a transfer that is waited for, on a terminal.
fn spinner() -> ProgressBar {
	if !std::io::stderr().is_terminal() {
		return ProgressBar::hidden();
	}
	let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}")
		.unwrap_or_else(|_| ProgressStyle::default_spinner());
	let spinner = ProgressBar::new_spinner().with_style(style);
	spinner.enable_steady_tick(POLL);
	spinner
}

/// Shows accounts, or makes or shows a key.
pub(crate) async fn account(args: AccountArgs) -> Result<(), SequencerError> {
	if let Some(command) = args.key {
		let (key, secret) = match &command {
			KeyCommand::New(secret) => (key_file::create(&secret.secret_file)?, secret),
			KeyCommand::Show(secret) => (key_file::read(&secret.secret_file)?, secret),
		};
		let public_key = hex(key.public_key().to_bytes());
		let file = secret.secret_file.display();
		let json = json!({ "secret_file": file.to_string(), "public_key": public_key });
		tell(secret.json, &json, &format!("{file}: public key {public_key}"))?;
		return Ok(());
	}
	let link = Link::connect(&args.rpc.rpc).await?;
	for index in args.indices {
		let found = link.call("rollup_account", &[("index", index)]).await?;
		let show = |state: &Value| match state {
			Value::Null => "nobody's".into(),
			state => format!("{} with nonce {}", text(&state["balance"]), state["nonce"]),
		};
		let (settled, tip) = (show(&found["final"]), show(&found["tip"]));
		let line = format!(
			"account {index}: final {settled}, at the tip {tip}, {} transfers wait",
			found["waiting"]
		);
		tell(args.rpc.json, &found, &line)?;
	}
	Ok(())
}

/// Shows where transfers stand.
pub(crate) async fn status(args: StatusArgs) -> Result<(), SequencerError> {
	let link = Link::connect(&args.rpc.rpc).await?;
	for hash in args.hashes {
		let found = link.call("rollup_transferStatus", &[("hash", &hash)]).await?;
		tell(args.rpc.json, &found, &format!("{hash}: {}", said(&found)))?;
	}
	Ok(())
}

/// Shows a proof of what an account holds, and checks it if asked.
pub(crate) async fn proof(args: ProofArgs) -> Result<(), SequencerError> {
	let link = Link::connect(&args.rpc.rpc).await?;
	let index = json!(args.index);
	let found = match &args.root {
		Some(root) => {
			link.call("rollup_accountProof", &[("index", index), ("root", json!(root))]).await?
		},
		None => link.call("rollup_accountProof", &[("index", index)]).await?,
	};
	let mut shown = found.clone();
	let mut line = format!(
		"account {} under root {}: {}",
		args.index,
		text(&found["root"]),
		match &found["proof"]["account"] {
			Value::Null => "nobody's".into(),
			account => format!("{} with nonce {}", text(&account["balance"]), account["nonce"]),
		}
	);
	if args.verify {
		let root = check(&args, &found)?;
		line.push_str("; the proof holds");
		if let Some(node) = &args.node {
			check_on_chain(node, args.rollup, &root).await?;
			line.push_str(", and the root is the rollup's final one on the chain");
		}
		shown["verified"] = json!(true);
		shown["on_chain"] = json!(args.node.is_some());
	}
	Ok(tell(args.rpc.json, &shown, &line)?)
}

fn check(args: &ProofArgs, found: &Value) -> Result<Bytes32, SequencerError> {
	let malformed = |reason: String| LinkError::Answer { method: "rollup_accountProof", reason };
	let shape: Shape = serde_json::from_value(found["shape"].clone())
		.map_err(|error| malformed(error.to_string()))?;
	let root = bytes_from_hex(&text(&found["root"])).map_err(malformed)?;
	let proof = membership_from(&found["proof"]).map_err(malformed)?;
	let asked = args.root.as_deref().map(bytes_from_hex).transpose().map_err(malformed)?;
	if proof.index != args.index || asked.is_some_and(|asked| asked != root) {
		return Err(malformed("it is about another account or root".into()).into());
	}
	proof
		.verify(shape, &root)
		.map_err(|error| SequencerError::Unfinished(format!("the proof does not hold: {error}")))?;
	Ok(root)
}

async fn check_on_chain(node: &str, rollup: u32, root: &Bytes32) -> Result<(), SequencerError> {
	let client = Client::connect(node, CONNECT_TIMEOUT).await?;
	let view = client.at(client.finalized().await?).await?;
	let info = view.rollup(rollup).await?.ok_or(SequencerError::UnknownRollup(rollup))?;
	if info.finalized_root == *root {
		return Ok(());
	}
	Err(SequencerError::Unfinished(format!(
		"the root {} is not the final root of rollup {rollup} on the chain, which is {}",
		hex(root),
		hex(info.finalized_root)
	)))
}

fn first(statuses: Vec<Value>) -> Result<Value, LinkError> {
	let reason = "an empty list".to_owned();
	let missing = LinkError::Answer { method: "rollup_transferStatus", reason };
	statuses.into_iter().next().ok_or(missing)
}

fn said(status: &Value) -> String {
	let name = text(&status["status"]);
	match (status["batch"].as_u64(), status["reason"].as_str()) {
		(Some(batch), _) => format!("{name}, batch {batch}"),
		(None, Some(reason)) => format!("{name}: {reason}"),
		_ => name,
	}
}

fn text(value: &Value) -> String {
	value.as_str().map_or_else(|| value.to_string(), Into::into)
}

fn tell(as_json: bool, json: &Value, line: &str) -> Result<(), OutputError> {
	if as_json {
		pvs_text::print(json)
	} else {
		pvs_text::print(line)
	}
}
