// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps.
//!
//! `host` and `wasm` are the measured ones, each with the verifier of its name: in `host` key preparation and
//! proof check run natively, as the host function does, in `wasm` they run in the runtime's own code.
//! `scripts/bench.sh weights` writes both files.

pub mod host;
pub mod wasm;

use frame_support::weights::Weight;
use pvs_verifier::Backend;

/// Names the verifier with which weights were measured.
pub trait MeasuredWith {
	/// Place in which that verifier works.
	const BACKEND: Backend;
}

impl<T> MeasuredWith for host::SubstrateWeight<T> {
	const BACKEND: Backend = Backend::Host;
}

impl<T> MeasuredWith for wasm::SubstrateWeight<T> {
	const BACKEND: Backend = Backend::Wasm;
}

/// Highest weight of each call and each agenda step.
pub trait WeightInfo: MeasuredWith {
	/// `register_rollup`.
	fn register_rollup() -> Weight;
	/// `deregister_rollup`.
	fn deregister_rollup() -> Weight;
	/// `register_prover`.
	fn register_prover() -> Weight;
	/// `deregister_prover`.
	fn deregister_prover() -> Weight;
	/// `commit_batch` with `d` bytes of data.
	fn commit_batch(d: u32) -> Weight;
	/// `place_bid`.
	fn place_bid() -> Weight;
	/// `reveal_bid` that does not close its round.
	fn reveal_bid() -> Weight;
	/// `place_bids` with `n` bids, each for a batch of another rollup.
	fn place_bids(n: u32) -> Weight;
	/// `reveal_bids` with `n` payloads, each for a batch of another rollup, none of which closes its round or
	/// settles a silent bid.
	fn reveal_bids(n: u32) -> Weight;
	/// `open_bid` that does not close its round, with a search for its challenge of usual length.
	fn open_bid() -> Weight;
	/// The longest search for the challenge of an opening.
	fn challenge_search() -> Weight;
	/// `open_bid` that is refused before its proof is verified.
	fn refuse_opening() -> Weight;
	/// `reveal_bid` that settles the silent bid of a closed round.
	fn settle_by_payload() -> Weight;
	/// `open_bid` that settles the silent bid of a closed round, with a search for its challenge of usual
	/// length.
	fn settle_by_opening() -> Weight;
	/// Ending `b` silent bids of a closed round, without looking for it.
	fn expire_bids(b: u32) -> Weight;
	/// `submit_proof`.
	fn submit_proof() -> Weight;
	/// `submit_proof` that is refused before its proof is verified.
	fn refuse_proof() -> Weight;
	/// `submit_proofs` with `n` proofs that hold, each for another rollup.
	fn submit_proofs(n: u32) -> Weight;
	/// `submit_proofs` with `n` proofs that do not hold, each for another rollup.
	fn submit_false_proofs(n: u32) -> Weight;
	/// `accept_place`.
	fn accept_place() -> Weight;
	/// `bond_more`.
	fn bond_more() -> Weight;
	/// `unbond`.
	fn unbond() -> Weight;
	/// `withdraw_unbonded`.
	fn withdraw_unbonded() -> Weight;
	/// `set_sequencer` of a rollup with `p` pending batches.
	fn set_sequencer(p: u32) -> Weight;
	/// `set_params`.
	fn set_params() -> Weight;
	/// `transfer_rollup`.
	fn transfer_rollup() -> Weight;
	/// `accept_rollup`.
	fn accept_rollup() -> Weight;
	/// Closing an auction with `b` bids, and opening the next round or assigning the winner.
	fn close_round(b: u32) -> Weight;
	/// Slashing an assigned prover and offering its place, or opening the rescue.
	fn default_prover() -> Weight;
	/// Passing an offered place on.
	fn pass_place() -> Weight;
	/// Ending a rescue and opening the next round.
	fn end_rescue() -> Weight;
	/// Opening the last round of a batch that waited.
	fn open_last_round() -> Weight;
	/// Making a proven batch final.
	fn finalize_batch() -> Weight;
	/// Failing a batch that used up its rounds.
	fn fail_batch() -> Weight;
	/// Dropping a batch behind a failed one, with `b` bids in its auction.
	fn drop_batch(b: u32) -> Weight;
	/// Moving a batch's entry in the agenda.
	fn move_deadline() -> Weight;
	/// Looking for the next item of the agenda.
	fn agenda_lookup() -> Weight;
}
