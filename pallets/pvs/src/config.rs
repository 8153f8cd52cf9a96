// SPDX-License-Identifier: Apache-2.0
//! Bundles that a runtime chooses: its network, its seals, its prices, and a verifier with its weights.

use crate::{seals, weights, WeightInfo};
use core::marker::PhantomData;
use pvs_primitives::{seal_timing::SealTiming, Balance, BlockNumber};
use pvs_timelock::Parameters;
use pvs_verifier::{HostVerifier, ProofVerifier, WasmVerifier};

/// Way in which proofs are verified, and its weights: chosen together, since weights that were measured with
/// the native verifier charge too little for the one in Wasm.
pub trait Verification {
	/// Checks keys and proofs.
	type Verifier: ProofVerifier;
	/// Weights of calls and agenda steps with that verifier.
	type WeightInfo: WeightInfo;
}

/// Verifies natively through a host function, which every node must have.
pub struct HostVerification<T>(PhantomData<T>);

impl<T: frame_system::Config> Verification for HostVerification<T> {
	type Verifier = HostVerifier;
	type WeightInfo = weights::host::SubstrateWeight<T>;
}

/// Verifies with the runtime's own code, several times slower; nothing is asked of the node.
pub struct WasmVerification<T>(PhantomData<T>);

impl<T: frame_system::Config> Verification for WasmVerification<T> {
	type Verifier = WasmVerifier;
	type WeightInfo = weights::wasm::SubstrateWeight<T>;
}

/// The chain's blocks and their authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
	/// The time between two blocks, in milliseconds, above 0.
	pub slot_millis: u64,
	/// Factor by which blocks may come more slowly than that, in percent; at least 100. Squaring does not wait for them.
	pub stretch_percent: u32,
	/// Blocks between bidding and revealing: at least best minus finalized height, 0 where forks cannot
	/// happen.
	pub finality_gap: BlockNumber,
	/// The number of blocks by which a minority of block authors can delay a transaction.
	pub inclusion_slack: BlockNumber,
}

impl Network {
	/// Returns the network of this many authors that make blocks in turn, each a slot of `slot_millis`
	/// after the one before or up to 150 % of that.
	///
	/// The slack is 0 with one author, else `floor(authors / 3) + 1`. `finality_gap` is measured.
	pub const fn with_authors(slot_millis: u64, authors: u32, finality_gap: BlockNumber) -> Self {
		let inclusion_slack = if authors <= 1 { 0 } else { (authors / 3).saturating_add(1) };
		Self { slot_millis, stretch_percent: 150, finality_gap, inclusion_slack }
	}
}

/// The puzzles of seals, and who may be how fast at opening them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seals {
	/// The puzzle of the seals of batches that are committed from now on.
	pub parameters: &'static Parameters,
	/// The puzzles before it, newest first: every one that an open batch still names.
	pub former: &'static [&'static Parameters],
	/// Squarings per second of the fastest hardware that anyone has shown, above 0.
	pub fastest_squarings: u64,
	/// Factor by which an attacker may be faster than that; at least 10, unless the puzzle is insecure.
	pub margin: u32,
	/// Squarings per second of one core of an opener, the time for the proof counted in; above 0.
	pub opener_squarings: u64,
	/// On how many cores an opener works at the same time, above 0.
	pub opener_cores: u32,
}

impl Seals {
	/// Returns a set of parameters beside what is known about squaring in 2026: the fastest squarer that is
	/// published, a margin of ten over it, and an opener with two slow cores.
	///
	/// No set was in use before: a runtime that changes its set puts the old one into `former`. A runtime
	/// that is built with `runtime-benchmarks` gets the testing set instead ([`seals::or_testing`]).
	pub const fn new(parameters: &'static Parameters) -> Self {
		Self {
			parameters: seals::or_testing(parameters),
			former: &[],
			// 66 ns for 2,048 bits: an FPGA on the LCS35 puzzle, 2019.
			fastest_squarings: 15_100_000,
			margin: 10,
			// `scripts/bench.sh seal` measures it.
			opener_squarings: 500_000,
			opener_cores: 2,
		}
	}

	/// Returns what the chain records about squarings and time.
	pub const fn timing(&self, network: &Network) -> SealTiming {
		SealTiming {
			slot_millis: network.slot_millis,
			stretch_percent: network.stretch_percent,
			fastest_squarings: self.fastest_squarings,
			margin: self.margin,
			opener_squarings: self.opener_squarings,
			opener_cores: self.opener_cores,
		}
	}
}

/// Fees, rents and deposits, each above 0, in planck. The lowest stake is apart, since it also bounds the
/// parameters of rollups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
	/// The lowest price of a place in a round; beyond a quarter of the places it doubles with each eighth
	/// of `MaxBids` that is taken.
	pub slot_fee_base: Balance,
	/// Price of a guaranteed place among the pending batches, per block; the price of other places doubles
	/// with each eighth of the pool that is taken.
	pub place_rent: Balance,
	/// Held for a rollup's row while less than an eighth of `MaxRollups` is registered. It doubles with each
	/// eighth.
	pub rollup_deposit: Balance,
	/// Held for a batch's row.
	pub batch_deposit: Balance,
	/// Held for a prover's row.
	pub prover_deposit: Balance,
	/// The lowest bond that a rollup may ask of its sequencer: what a batch that fails burns at the least.
	pub min_sequencer_bond: Balance,
}
