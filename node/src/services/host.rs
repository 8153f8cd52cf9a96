// SPDX-License-Identifier: Apache-2.0
//! Means that a node gives its services, and how it keeps them running.

use pvs_client::{rpcs::RpcClient, Client, Endpoint};
use pvs_service::{metrics::Registry, Event, Level, Reporter, Stamped};
use sc_service::SpawnTaskHandle;
use sp_keystore::KeystorePtr;
use std::{
	fmt::Display,
	future::Future,
	path::PathBuf,
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Pause before a service that has failed is started again.
const RETRY_PAUSE: Duration = Duration::from_secs(60);
/// Interval at which a node that syncs is looked at.
const SYNC_POLL: Duration = Duration::from_secs(1);
/// Age of the best block from which on the node counts as not synced.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Means that a node gives its services.
#[derive(Clone)]
pub(crate) struct Host {
	/// The node's RPC. Whoever holds it keeps the database open.
	pub(crate) rpc: RpcClient,
	pub(crate) keystore: KeystorePtr,
	/// Directory in which services keep their files, each in one of its own.
	pub(crate) dir: PathBuf,
	pub(crate) tasks: SpawnTaskHandle,
	/// The node's metrics, if it has any.
	pub(crate) registry: Option<Registry>,
	/// Returns whether the node is far behind the nodes that it knows.
	pub(crate) is_syncing: Arc<dyn Fn() -> bool + Send + Sync>,
	/// True if the chain is a development chain, whose first state is all that there is to know.
	pub(crate) is_dev: bool,
	pub(crate) prover: super::Status,
}

impl Host {
	/// Returns how services reach the chain.
	pub(crate) fn endpoint(&self) -> Endpoint {
		Endpoint::InProcess(self.rpc.clone())
	}

	/// Returns whether the node knows the chain as it is now.
	pub(crate) async fn is_synced(&self) -> bool {
		if (self.is_syncing)() {
			return false;
		}
		match Client::in_process(self.rpc.clone()).await {
			Ok(client) => best_age(&client).await.is_some_and(|age| age < MAX_AGE),
			Err(error) => {
				log::debug!(target: "pvs", "the node does not answer its services yet: {error}");
				false
			},
		}
	}

	/// Waits until the node knows the chain as it is now.
	pub(crate) async fn synced(&self) {
		while !self.is_synced().await {
			tokio::time::sleep(SYNC_POLL).await;
		}
	}

	/// Runs a service once the node is synced, and again after a pause whenever it fails: whatever was wrong may have
	/// been put right. `failed` hears why it does not run.
	pub(crate) async fn keep_running<E: Display, F>(
		self,
		service: &'static str,
		run: impl Fn() -> F,
		failed: impl Fn(&str),
	) where
		F: Future<Output = Result<(), E>>,
	{
		let mut told = None;
		loop {
			self.synced().await;
			let Err(error) = run().await else { return };
			let error = error.to_string();
			failed(&error);
			if told.as_ref() != Some(&error) {
				let pause = RETRY_PAUSE.as_secs();
				log::error!(
					target: "pvs",
					"{service} does not run: {error} (tries again every {pause} s)"
				);
				told = Some(error);
			}
			tokio::time::sleep(RETRY_PAUSE).await;
		}
	}
}

/// Returns how old the best block is by its own clock; `None` if that cannot be told.
async fn best_age(client: &Client) -> Option<Duration> {
	let view = client.at(client.best().await.ok()?).await.ok()?;
	let made_at = UNIX_EPOCH.checked_add(Duration::from_millis(view.timestamp().await.ok()?))?;
	// The author's clock may be ahead of this one.
	Some(SystemTime::now().duration_since(made_at).unwrap_or_default())
}

/// Writes the events of a service to the node's log.
pub(crate) fn log_events<E>(service: &'static str, target: &'static str) -> Reporter<E>
where
	E: Event + Send + 'static,
	E::Context: 'static,
{
	Reporter::new(service, move |stamped: &Stamped<E>, context| {
		let line = stamped.event.text(context);
		match stamped.level {
			Level::Info => log::info!(target: target, "{line}"),
			Level::Warning => log::warn!(target: target, "{line}"),
			Level::Error => log::error!(target: target, "{line}"),
		}
	})
}
