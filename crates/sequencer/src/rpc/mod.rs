// SPDX-License-Identifier: Apache-2.0
//! The JSON-RPC server: HTTP and WebSocket on one port. It holds no secret and has no method for an
//! administrator: whoever reaches it can send signed transfers and read what is public anyway.

pub(crate) mod errors;
mod guard;
mod places;
mod server;
#[cfg(test)]
mod tests;
pub(crate) mod types;

pub(crate) use places::ConnectionLimits;
pub(crate) use server::{Options, Server, MAX_IDLE};

use crate::{
	core::{Core, SubmitError},
	pool::{Hash, Verdict},
	rpc::errors::error,
};
use jsonrpsee::{
	types::{ErrorObjectOwned, Params},
	RpcModule,
};
use pvs_rollup::transfer::SignedTransfer;
use pvs_service::metrics::IntCounter;
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard},
	thread,
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
	net::TcpListener,
	sync::{mpsc, oneshot},
};

/// Calls in one batch request.
pub(crate) const MAX_CALLS: u32 = 64;
/// Submissions that may wait for the disk, and that go to it at once.
const MAX_QUEUED: usize = 1_024;
const MAX_GROUP: usize = 128;

/// The core, for the server and for what follows the chain.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
	core: Arc<Mutex<Core>>,
	/// Reason why the chain is not followed at the moment.
	problem: Arc<Mutex<Option<String>>>,
}

impl Shared {
	pub(crate) fn new(core: Core) -> Self {
		Self { core: Arc::new(Mutex::new(core)), problem: Arc::default() }
	}

	/// The core, when nobody else uses it. A panic elsewhere does not make it unusable: it changes
	/// nothing before it can no longer fail.
	pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
		self.core.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
	}

	/// Does something with the core where it may take its time: on a thread for that.
	pub(crate) async fn with_core<R: Send + 'static>(
		&self,
		act: impl FnOnce(&mut Core) -> R + Send + 'static,
	) -> R {
		self.on_thread(move |shared| act(&mut shared.core())).await
	}

	/// Does something that may take its time, on a thread for that.
	pub(crate) async fn on_thread<R: Send + 'static>(
		&self,
		act: impl FnOnce(&Self) -> R + Send + 'static,
	) -> R {
		let shared = self.clone();
		match tokio::task::spawn_blocking(move || act(&shared)).await {
			Ok(result) => result,
			Err(error) => match error.try_into_panic() {
				Ok(panic) => std::panic::resume_unwind(panic),
				// The program is being shut down.
				Err(_) => std::future::pending().await,
			},
		}
	}

	/// Takes transfers, each or not, which share one write to the disk, and counts those that were accepted. Others can
	/// use the core while signatures are checked.
	pub(crate) fn submit(
		&self,
		transfers: &[SignedTransfer],
		accepted: &IntCounter,
	) -> Vec<Result<Hash, SubmitError>> {
		let verdicts = verdicts(self, transfers);
		let results = self.core().submit(transfers, &verdicts, now());
		let count = results.iter().filter(|result| result.is_ok()).count();
		accepted.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
		results
	}

	/// Notes why the chain is not followed or no batch can be committed, or that all is well.
	pub(crate) fn set_problem(&self, problem: Option<String>) {
		*self.problem.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = problem;
	}

	/// Returns whether a problem is another one than the one that was noted.
	pub(crate) fn is_new(&self, problem: &str) -> bool {
		self.noted().as_deref() != Some(problem)
	}

	fn noted(&self) -> Option<String> {
		self.problem.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
	}

	/// Returns what [`Shared::set_problem`] noted, and why nothing can be stored.
	pub(crate) fn problem(&self) -> Option<String> {
		let failure = self.core().failure().map(String::from);
		let problems: Vec<String> = self.noted().into_iter().chain(failure).collect();
		(!problems.is_empty()).then(|| problems.join("; "))
	}
}

/// Milliseconds since 1970 began.
pub(crate) fn now() -> u64 {
	let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

type Answer = oneshot::Sender<Result<Hash, SubmitError>>;

/// Hands transfers to the core. Those that come at the same time share one write to the disk.
#[derive(Clone, Debug)]
struct Intake(mpsc::Sender<(SignedTransfer, Answer)>);

impl Intake {
	/// Starts to take transfers, and counts those that were accepted. The thread ends once nobody hands over any
	/// more.
	fn start(
		shared: Shared,
		accepted: IntCounter,
	) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
		let (sender, mut receiver) = mpsc::channel::<(SignedTransfer, Answer)>(MAX_QUEUED);
		let take = move || {
			while let Some(first) = receiver.blocking_recv() {
				let mut group = vec![first];
				while group.len() < MAX_GROUP {
					let Ok(next) = receiver.try_recv() else { break };
					group.push(next);
				}
				let transfers: Vec<SignedTransfer> =
					group.iter().map(|(signed, _)| *signed).collect();
				let results = shared.submit(&transfers, &accepted);
				for ((_, answer), result) in group.into_iter().zip(results) {
					// Whoever asked may have gone away.
					let _ = answer.send(result);
				}
			}
		};
		let thread = thread::Builder::new().name("intake".into()).spawn(take)?;
		Ok((Self(sender), thread))
	}

	async fn submit(&self, signed: SignedTransfer) -> Result<Hash, ErrorObjectOwned> {
		let (answer, result) = oneshot::channel();
		self.0.try_send((signed, answer)).map_err(|_| {
			error(errors::BUSY, format!("{MAX_QUEUED} transfers wait to be stored; try again"))
		})?;
		let result = result.await.unwrap_or(Err(SubmitError::Storage));
		result.map_err(|error| errors::refusal(&error))
	}
}

/// Checks signatures while others use the core: of those transfers that nothing else speaks against.
fn verdicts(shared: &Shared, transfers: &[SignedTransfer]) -> Vec<Option<Verdict>> {
	let keys = shared.core().keys_for(transfers);
	let verdict = |(signed, key): (_, Option<_>)| key.map(|key| Verdict::on(signed, key));
	transfers.iter().zip(keys).map(verdict).collect()
}

/// State that the methods work with.
struct Context {
	shared: Shared,
	intake: Intake,
}

/// Starts to serve, and counts transfers that were accepted.
pub(crate) async fn start(
	shared: Shared,
	options: &Options,
	accepted: IntCounter,
) -> std::io::Result<Server> {
	// Before there is a thread that holds the core: this can fail.
	let listener = TcpListener::bind(options.listen).await?;
	let (intake, thread) = Intake::start(shared.clone(), accepted)?;
	let module =
		methods(Context { shared: shared.clone(), intake }).map_err(std::io::Error::other)?;
	Server::start(listener, shared, module.into(), thread, options)
}

/// Reads parameters by name or by place, and nothing more than there should be.
fn read<T: DeserializeOwned>(params: &Params<'_>, names: &[&str]) -> Result<T, ErrorObjectOwned> {
	let given: Value = params.parse()?;
	let named = match given {
		Value::Array(values) if values.len() <= names.len() => {
			names.iter().map(|name| (*name).to_owned()).zip(values).collect()
		},
		Value::Array(values) => {
			let text = format!("params: at most {} are taken, got {}", names.len(), values.len());
			return Err(error(errors::PARAMS, text));
		},
		Value::Null => serde_json::Map::new(),
		Value::Object(named) => named,
		_ => return Err(error(errors::PARAMS, "params: expected a list or an object")),
	};
	serde_json::from_value(named.into())
		.map_err(|cause| error(errors::PARAMS, format!("params: {cause}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitParams {
	transfer: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountParams {
	index: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofParams {
	index: Value,
	#[serde(default)]
	root: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashParams {
	hash: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchParams {
	index: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// All of them wait for the core, which may be at the disk: none does so on a thread that serves connections.
fn methods(context: Context) -> Result<RpcModule<Context>, jsonrpsee::server::RegisterMethodError> {
	type Result = core::result::Result<Value, ErrorObjectOwned>;
	let mut module = RpcModule::new(context);
	module.register_async_method("rollup_submitTransfer", |params, context, _| async move {
		let SubmitParams { transfer } = read(&params, &["transfer"])?;
		let signed = types::transfer(&transfer)?;
		let hash = context.intake.submit(signed).await?;
		Result::Ok(json!({ "hash": types::hex(hash) }))
	})?;
	module.register_blocking_method("rollup_account", |params, context, _| -> Result {
		let AccountParams { index } = read(&params, &["index"])?;
		account(&context.shared.core(), &index)
	})?;
	module.register_blocking_method("rollup_accountProof", |params, context, _| -> Result {
		let ProofParams { index, root } = read(&params, &["index", "root"])?;
		proof(&context.shared.core(), &index, root)
	})?;
	module.register_blocking_method("rollup_transferStatus", |params, context, _| -> Result {
		let HashParams { hash } = read(&params, &["hash"])?;
		let hash = types::bytes_from_hex(&hash)
			.map_err(|reason| error(errors::PARAMS, format!("hash: {reason}")))?;
		Ok(types::status(&hash, context.shared.core().status(&hash)))
	})?;
	module.register_blocking_method("rollup_batch", |params, context, _| -> Result {
		let BatchParams { index } = read(&params, &["index"])?;
		batch(&context.shared.core(), whole_number(&index, "2^64")?)
	})?;
	module.register_blocking_method("rollup_info", |params, context, _| -> Result {
		let NoParams {} = read(&params, &[])?;
		Ok(info(&context.shared.core()))
	})?;
	module.register_blocking_method("rollup_health", |params, context, _| -> Result {
		let NoParams {} = read(&params, &[])?;
		let problem = context.shared.problem();
		Ok(json!({ "healthy": problem.is_none(), "problem": problem }))
	})?;
	Ok(module)
}

/// The parameter `index` as a whole number.
fn whole_number(index: &Value, limit: &str) -> Result<u64, ErrorObjectOwned> {
	index.as_u64().ok_or_else(|| {
		let text = match index {
			Value::Number(number) => format!("index: {number} is no whole number below {limit}"),
			_ => format!("index: expected a whole number below {limit}"),
		};
		error(errors::PARAMS, text)
	})
}

/// The parameter `index` as the place of an account.
fn account_index(core: &Core, index: &Value) -> Result<u32, ErrorObjectOwned> {
	let limit = core.tip().shape().max_accounts();
	let index = whole_number(index, &limit.to_string())?;
	u32::try_from(index).ok().filter(|index| *index < limit).ok_or_else(|| {
		let text = format!("index: {index} is not below {limit}, the number of places in the tree");
		error(errors::INDEX, text)
	})
}

fn account(core: &Core, index: &Value) -> Result<Value, ErrorObjectOwned> {
	let index = account_index(core, index)?;
	let (settled, tip) = (core.settled().account(index), core.tip().account(index));
	let from = tip.map_or(0, |account| account.nonce);
	Ok(json!({
		"index": index,
		"final": types::account(settled),
		"tip": types::account(tip),
		"next_nonce": core.pool().next_nonce(index, core.tip()),
		"waiting": core.pool().waiting_of(index, from).count(),
	}))
}

fn proof(core: &Core, index: &Value, root: Option<String>) -> Result<Value, ErrorObjectOwned> {
	let index = account_index(core, index)?;
	let state = match root {
		None => core.settled(),
		Some(text) => {
			let root = types::bytes_from_hex(&text)
				.map_err(|reason| error(errors::PARAMS, format!("root: {reason}")))?;
			core.state(&root).ok_or_else(|| {
				let text = format!(
					"root: no state with root {text} is kept; the newest final one is {}",
					types::hex(core.settled().root())
				);
				error(errors::UNKNOWN_ROOT, text)
			})?
		},
	};
	let is_final = !core.layers().iter().any(|layer| layer.state.root() == state.root());
	let proof = state.prove(index).map_or(Value::Null, |proof| types::membership(&proof));
	let shape = state.shape();
	Ok(
		json!({ "root": types::hex(state.root()), "final": is_final, "shape": shape, "proof": proof }),
	)
}

fn batch(core: &Core, index: u64) -> Result<Value, ErrorObjectOwned> {
	let pending = core.layers().iter().map(|layer| &layer.step);
	let found = pending
		.map(|step| (step, types::stage_name(step.commit.stage)))
		.chain(core.done().map(|step| (step, "final")))
		.find(|(step, _)| step.commit.index == index);
	found.map(|(step, status)| types::batch(step, status)).ok_or_else(|| {
		let text = format!(
			"index: batch {index} is not kept here: it is old, was dropped, or does not exist; the first \
			 that is not final is {}",
			core.next_index()
		);
		error(errors::UNKNOWN_BATCH, text)
	})
}

fn info(core: &Core) -> Value {
	let (best, finalized) = core.blocks();
	let limits = core.pool().limits();
	let stages = core.layers().iter().fold(BTreeMap::new(), |mut stages, layer| {
		let count: &mut u32 = stages.entry(types::stage_name(layer.step.commit.stage)).or_default();
		*count = count.saturating_add(1);
		stages
	});
	json!({
		"version": env!("CARGO_PKG_VERSION"),
		"shape": core.tip().shape(),
		"best_block": best,
		"finalized_block": finalized,
		"final_root": types::hex(core.settled().root()),
		"tip_root": types::hex(core.tip().root()),
		"next_to_finalize": core.next_index(),
		"batches": stages,
		"accounts": core.tip().len(),
		"fee_account": core.fee_account(),
		"min_fee": limits.min_fee,
		"min_opening_fee": limits.min_opening_fee.max(limits.min_fee),
		"pool": {
			"transfers": core.pool().len(),
			"waiting": core.pool().waiting(core.tip()),
			"limit": limits.total,
			"account_limit": limits.per_account,
			"max_nonce_gap": limits.max_gap,
			"max_age_seconds": limits.max_age / 1_000,
		},
	})
}
