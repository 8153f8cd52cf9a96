// SPDX-License-Identifier: Apache-2.0
//! Is a batch what its sequencer says? Reads its data from the chain, replays the state before it
//! and executes it.

use crate::{progress::Progress, rollup::Ledger};
use pvs_client::{Block, Replica, ReplicaError, View};
use pvs_primitives::{
	api::{BatchId, BatchInfo, ProverInfo},
	Balance, Bytes32,
};
use std::{
	collections::BTreeMap,
	sync::{Arc, PoisonError},
};
use tokio::sync::Mutex;

/// Number of appraised batches that are kept at most; above the number that can be pending.
const MAX_KEPT: usize = 64;

/// Input that a proof is made from. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Work {
	/// The state before the batch.
	pub(crate) state: Arc<Ledger>,
	/// The batch's data.
	pub(crate) data: Arc<[u8]>,
	/// The batch as the chain has it.
	pub(crate) batch: BatchInfo<Bytes32>,
}

/// Facts that a bid is decided on.
#[derive(Debug)]
pub(crate) struct Appraisal {
	/// The batch as the chain has it.
	pub(crate) batch: BatchInfo<Bytes32>,
	/// This prover as the chain has it.
	pub(crate) prover: Option<ProverInfo<Bytes32>>,
	/// This prover's free balance, in planck.
	pub(crate) free: Balance,
}

/// Reason why a batch cannot be taken on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
	/// Another block may change it: try again.
	#[error("{0}")]
	ForNow(ReplicaError),
	/// It will never be provable.
	#[error("{0}")]
	ForEver(String),
}

impl From<ReplicaError> for Unfit {
	fn from(error: ReplicaError) -> Self {
		match error {
			ReplicaError::Invalid(reason) => {
				Self::ForEver(format!("the batch is invalid: {reason}"))
			},
			other => Self::ForNow(other),
		}
	}
}

impl From<pvs_client::Error> for Unfit {
	fn from(error: pvs_client::Error) -> Self {
		Self::ForNow(error.into())
	}
}

/// Keeps the rollup's states, and the batches that were found good.
#[derive(Debug)]
pub(crate) struct Appraiser {
	replica: Mutex<Replica<Ledger>>,
	/// Apart, so that the proof of a batch that was appraised never waits for the replay of another.
	good: std::sync::Mutex<BTreeMap<BatchId, Work>>,
}

impl Appraiser {
	/// Replays the rollup from the states of `replica` up to its newest final state.
	///
	/// # Errors
	///
	/// [`ReplicaError::UnknownState`] if the chain does not lead from the first to the second.
	pub(crate) async fn start(
		mut replica: Replica<Ledger>,
		view: &View,
		finalized: Block,
		finalized_root: &Bytes32,
		progress: &dyn Progress,
	) -> Result<Self, ReplicaError> {
		let best = view.block().number;
		let show = |done, all| progress.replayed(done, all);
		let result = replica.catch_up(view, finalized_root, best, finalized.number, show).await;
		progress.replay_ended();
		result?;
		replica.forget_before(finalized_root);
		Ok(Self { replica: Mutex::new(replica), good: Default::default() })
	}

	/// The work that a batch is, after checking that executing it gives the root that its
	/// sequencer claims.
	pub(crate) async fn work(
		&self,
		view: &View,
		finalized: Block,
		id: BatchId,
	) -> Result<Work, Unfit> {
		let batch = view
			.batch(id)
			.await?
			.ok_or_else(|| Unfit::ForEver("the chain does not have the batch any more".into()))?;
		let known = self.good().get(&id).filter(|work| is_same(&work.batch, &batch)).cloned();
		if let Some(work) = known {
			return Ok(Work { batch, ..work });
		}
		let data = view.batch_data(&batch).await?;
		let state = self.check(view, finalized, &batch, &data).await?;
		let work = Work { state, data: data.into(), batch };
		let mut good = self.good();
		if good.len() >= MAX_KEPT {
			good.pop_first();
		}
		good.insert(id, work.clone());
		Ok(work)
	}

	/// Executes a batch, and returns the state before it.
	async fn check(
		&self,
		view: &View,
		finalized: Block,
		batch: &BatchInfo<Bytes32>,
		data: &[u8],
	) -> Result<Arc<Ledger>, Unfit> {
		let before = batch.committed_at;
		let mut replica = self.replica.lock().await;
		replica.catch_up(view, &batch.prev_state_root, before, finalized.number, |_, _| {}).await?;
		let root = replica.apply(&batch.prev_state_root, data)?;
		if root != batch.next_state_root {
			return Err(Unfit::ForEver(format!(
				"executing the batch gives root 0x{}, its sequencer claims 0x{}",
				hex::encode(root),
				hex::encode(batch.next_state_root)
			)));
		}
		let unknown = ReplicaError::UnknownState { root: batch.prev_state_root };
		Ok(replica.shared(&batch.prev_state_root).ok_or(unknown)?)
	}

	/// The state with this root, if it is known and no appraisal is going on.
	pub(crate) fn state(&self, root: &Bytes32) -> Option<Arc<Ledger>> {
		self.replica.try_lock().ok()?.shared(root)
	}

	/// Forgets what lies before the newest final state.
	pub(crate) fn forget_before(&self, next_to_finalize: u64, finalized_root: &Bytes32) {
		self.good().retain(|id, _| id.index >= next_to_finalize);
		// An appraisal in flight needs its states; the next time will do.
		if let Ok(mut replica) = self.replica.try_lock() {
			replica.forget_before(finalized_root);
		}
	}

	fn good(&self) -> std::sync::MutexGuard<'_, BTreeMap<BatchId, Work>> {
		self.good.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Returns whether it is the same batch: after a reorganization an index can stand for another one.
fn is_same(known: &BatchInfo<Bytes32>, found: &BatchInfo<Bytes32>) -> bool {
	known.prev_state_root == found.prev_state_root
		&& known.next_state_root == found.next_state_root
		&& known.data_commitment == found.data_commitment
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rollup::Payments;
	use pvs_rollup::{batch::Batch, demo, state::State, transfer::Transfer};

	fn genesis() -> State {
		State::from_genesis(&demo::genesis()).expect("the demo genesis is valid")
	}

	fn batch(nonce: u32, amount: u64) -> Vec<u8> {
		let transfer = Transfer { from: 0, to: 1, amount, nonce, ..Transfer::default() };
		let signed = transfer.sign(&demo::secret_key(0));
		Batch::new(demo::SHAPE, demo::FEE_ACCOUNT, vec![signed]).unwrap().encode()
	}

	#[test]
	fn replay_should_lead_to_the_root_of_direct_execution() {
		let mut direct = genesis();
		let mut replica = Replica::new(0, Payments(genesis()));
		let mut tip = direct.root();
		for nonce in 0..3 {
			direct.execute_batch(&batch(nonce, 5)).unwrap();
			tip = replica.apply(&tip, &batch(nonce, 5)).unwrap();
			assert_eq!(tip, direct.root());
		}
	}

	#[test]
	fn replay_should_refuse_a_batch_when_it_is_invalid() {
		let mut replica = Replica::new(0, Payments(genesis()));
		let root = genesis().root();
		let overdraft = batch(0, demo::BALANCE + 1);
		for data in [batch(1, 5), overdraft, vec![0; 3]] {
			let error = Unfit::from(replica.apply(&root, &data).unwrap_err());
			assert!(matches!(error, Unfit::ForEver(_)), "{error}");
		}
	}
}
