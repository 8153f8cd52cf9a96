// SPDX-License-Identifier: Apache-2.0
//! Answers of the RPC about the prover, and how it is asked to stop.

use jsonrpsee::{types::ErrorObjectOwned, RpcModule};
use pvs_client::Account;
use pvs_service::{metrics::Embedded, shutdown::Stopper};
use sc_rpc_api::check_if_safe;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The code of the error that says that there is nothing to drain.
const NOT_RUNNING: i32 = 1_100;

/// Knowledge of the node's prover. Clones know the same.
#[derive(Clone, Default)]
pub(crate) struct Status(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
	about: Option<About>,
	state: State,
	stopper: Option<Stopper>,
}

/// The prover that the node was asked for.
struct About {
	account: Account,
	rollup: u32,
	metrics: Embedded,
}

/// State of the prover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
	/// The node was not asked for a prover.
	#[default]
	Off,
	/// The node syncs.
	Waiting,
	/// It bids and proves, or is about to.
	Running,
	/// It was asked to make no more bids and to finish its open jobs.
	Draining,
	/// It has done so.
	Drained,
	/// It does not run, and is started again after a while.
	Failed {
		/// Reason why it does not run.
		reason: String,
	},
}

/// The answer of `pvs_proverStatus`.
#[derive(Clone, Serialize)]
struct Answer {
	#[serde(flatten)]
	state: State,
	/// The SS58 address of its account.
	#[serde(skip_serializing_if = "Option::is_none")]
	account: Option<String>,
	#[serde(skip_serializing_if = "Option::is_none")]
	rollup: Option<u32>,
	/// Its metrics without labels, since it was last started.
	figures: BTreeMap<String, f64>,
}

impl Status {
	fn lock(&self) -> MutexGuard<'_, Inner> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Notes that the node was asked for a prover.
	pub(crate) fn set_up(&self, account: Account, rollup: u32, metrics: Embedded) {
		let mut inner = self.lock();
		inner.about = Some(About { account, rollup, metrics });
		inner.state = State::Waiting;
	}

	/// Notes that it is started, and what stops it.
	pub(crate) fn started(&self, stopper: Stopper) {
		let mut inner = self.lock();
		(inner.state, inner.stopper) = (State::Running, Some(stopper));
	}

	/// Notes that it has stopped as it was asked to.
	pub(crate) fn drained(&self) {
		let mut inner = self.lock();
		(inner.state, inner.stopper) = (State::Drained, None);
	}

	/// Notes why it does not run.
	pub(crate) fn failed(&self, reason: &str) {
		let mut inner = self.lock();
		(inner.state, inner.stopper) = (State::Failed { reason: reason.into() }, None);
	}

	fn answer(&self) -> Answer {
		let inner = self.lock();
		let about = inner.about.as_ref();
		Answer {
			state: inner.state.clone(),
			account: about.map(|about| about.account.address()),
			rollup: about.map(|about| about.rollup),
			figures: about.map(|about| about.metrics.figures()).unwrap_or_default(),
		}
	}

	/// Asks the prover to make no more bids and to finish its open jobs; the second time, to stop at once.
	fn drain(&self) -> Result<(), ErrorObjectOwned> {
		let mut inner = self.lock();
		let Some(stopper) = &inner.stopper else {
			let text = "no prover runs in this node; see pvs_proverStatus";
			return Err(ErrorObjectOwned::owned(NOT_RUNNING, text, None::<()>));
		};
		stopper.request();
		inner.state = State::Draining;
		Ok(())
	}

	/// Returns the RPC methods about the prover.
	pub(crate) fn into_rpc(self) -> Result<RpcModule<Self>, jsonrpsee::core::RegisterMethodError> {
		let mut module = RpcModule::new(self);
		module.register_method("pvs_proverStatus", |_, status, _| {
			Ok::<_, ErrorObjectOwned>(status.answer())
		})?;
		module.register_method("pvs_drainProver", |_, status, extensions| {
			check_if_safe(extensions).map_err(ErrorObjectOwned::from)?;
			status.drain()
		})?;
		Ok(module)
	}
}
