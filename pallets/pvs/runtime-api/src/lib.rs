// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![allow(clippy::multiple_bound_locations, reason = "the macro repeats the bounds")]
#![allow(clippy::too_many_arguments, reason = "the macro adds the block to ask")]

extern crate alloc;

use alloc::vec::Vec;
use codec::Codec;
use pvs_primitives::{
	api::{
		BatchId, BatchInfo, BidExplanation, ExpectedWinner, MarketInfo, Page, ProverInfo,
		RollupInfo, RoundInfo, SealInfo, UnsettledRoundInfo,
	},
	bid::PAYLOAD_BYTES,
	BatchIndex, Bytes32, RollupId, RoundNumber,
};
use pvs_timelock::{Seal, ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES};

sp_api::decl_runtime_apis! {
	/// Reads of the proof market.
	pub trait PvsApi<AccountId: Codec> {
		/// A rollup; `None` if it is not registered.
		fn rollup(rollup: RollupId) -> Option<RollupInfo<AccountId>>;

		/// A pending batch; `None` if it was never committed or has ended.
		fn batch(batch: BatchId) -> Option<BatchInfo<AccountId>>;

		/// The registered rollups from id `from` on, at most `limit` and at most 64 KiB of them.
		fn rollups(from: RollupId, limit: u32) -> Page<RollupInfo<AccountId>, RollupId>;

		/// The rounds of a rollup that accept bids, reveals, acceptances or a proof, of batches from index
		/// `from` on, at most `limit` and at most 64 KiB of them.
		fn open_rounds(
			rollup: RollupId,
			from: BatchIndex,
			limit: u32,
		) -> Page<RoundInfo<AccountId>, BatchIndex>;

		/// The current round of a batch; `None` once it is proven, dropped or waiting.
		fn round(batch: BatchId) -> Option<RoundInfo<AccountId>>;

		/// The winner of a batch's open auction if nothing happens to its bids any more; `None` if no auction
		/// is open or no bid counts.
		fn expected_winner(batch: BatchId) -> Option<ExpectedWinner<AccountId>>;

		/// The counted bids of a round's auction, best first, with the parts of their scores and what would have
		/// won; `None` unless that auction is open. To explain a round that has closed, ask at the block
		/// before the one that closed it.
		fn explain(batch: BatchId, round: RoundNumber) -> Option<Vec<BidExplanation<AccountId>>>;

		/// A prover; `None` if it is not registered.
		fn prover(account: AccountId) -> Option<ProverInfo<AccountId>>;

		/// Prices and record of a rollup, and the concentration of recent work in the whole chain and in the
		/// rollup, by proofs and by payment; `None` if the rollup is not registered.
		fn market(rollup: RollupId) -> Option<MarketInfo>;

		/// The four public inputs that a proof of `prover` for the batch's current round must have; `None` if the
		/// batch has ended. Each is a scalar of BN254, 32 bytes big-endian, in this order: root before, root after,
		/// commitment to the data, binding.
		///
		/// The binding is a byte 0 and the first 31 bytes of `blake2_256("pvs/binding/v1" ++ genesis hash (32) ++
		/// rollup (4) ++ index (8) ++ round (4) ++ prover (32))`, integers little-endian. A proof is A, B and C:
		/// 256 bytes, points as in `verifying_key` of `register_rollup`.
		fn public_inputs(batch: BatchId, prover: AccountId) -> Option<[Bytes32; 4]>;

		/// The commitment of `bidder` to a payload in the batch's current round; `None` if no auction
		/// is open. The node that answers sees the payload: ask only a node of your own.
		///
		/// It is `blake2_256(context ++ payload)`. The context is `"pvs/bid/v1" ++ genesis hash (32) ++ rollup (4) ++
		/// index (8) ++ round (4) ++ batch digest (32) ++ bidder (32)`; the payload, 85 bytes, is fee (16), proof
		/// blocks (4), a flag (1) and the commitment to a proof (32) or zeros, salt (32). Integers are
		/// little-endian.
		///
		/// The batch digest, which `round` shows, is `blake2_256("pvs/batch/v1" ++ root before (32) ++ root after (32)
		/// ++ data commitment (32) ++ max fee (16) ++ reserve (16) ++ blake2_256(snapshot in SCALE) (32))`.
		fn bid_commitment(
			batch: BatchId,
			bidder: AccountId,
			payload: [u8; PAYLOAD_BYTES],
		) -> Option<Bytes32>;

		/// The time-lock puzzle of this chain's seals, with its modulus and generator, and what follows from it
		/// for windows.
		fn seals() -> SealInfo;

		/// The closed rounds of a rollup with silent bids that wait to be settled, from this index and round
		/// on, at most `limit` and at most 64 KiB of them.
		fn unsettled_bids(
			rollup: RollupId,
			from: (BatchIndex, RoundNumber),
			limit: u32,
		) -> Page<UnsettledRoundInfo<AccountId>, (BatchIndex, RoundNumber)>;

		/// Returns true if an opening would be accepted from `opener` now; `None` if the bid is neither sealed nor
		/// unsettled. The phase is not judged.
		fn check_opening(
			batch: BatchId,
			round: RoundNumber,
			bidder: AccountId,
			opener: AccountId,
			seal: Seal,
			solution: [u8; ELEMENT_BYTES],
			proof: [u8; OPENING_PROOF_BYTES],
		) -> Option<bool>;
	}
}
