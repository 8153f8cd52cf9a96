// SPDX-License-Identifier: Apache-2.0
//! Progress of work that takes long.

use pvs_primitives::{api::BatchId, RoundNumber};
use pvs_rollup::proving::{Progress as LoadProgress, Silent};

/// Hears how work gets on that takes long, to show it. Must not wait.
pub trait Progress: LoadProgress + Send + Sync {
	/// So many of all blocks of a replay are read.
	fn replayed(&self, done: u32, all: u32);
	/// The replay is over.
	fn replay_ended(&self);
	/// A proof is begun. It has this many steps, if that is known.
	fn proof_begun(&self, proof: (BatchId, RoundNumber), steps: Option<u32>);
	/// One more step of a proof is done.
	fn proof_step(&self, proof: (BatchId, RoundNumber));
	/// A proof is made or given up.
	fn proof_ended(&self, proof: (BatchId, RoundNumber));
}

impl Progress for Silent {
	fn replayed(&self, _: u32, _: u32) {}
	fn replay_ended(&self) {}
	fn proof_begun(&self, _: (BatchId, RoundNumber), _: Option<u32>) {}
	fn proof_step(&self, _: (BatchId, RoundNumber)) {}
	fn proof_ended(&self, _: (BatchId, RoundNumber)) {}
}
