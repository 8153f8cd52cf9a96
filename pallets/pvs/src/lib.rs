// SPDX-License-Identifier: Apache-2.0
// Longer than other files: FRAME takes storage, calls, events and errors of a pallet from one module, and most lines are
// the texts that wallets show. What a call does is in `impls`.
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks")),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects,
		clippy::cast_possible_truncation,
		clippy::as_conversions
	)
)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod config;
pub mod config_preludes;
mod errors;
mod impls;
mod integrity;
mod runtime_apis;
pub mod seals;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use config::{HostVerification, Network, Prices, Seals, Verification, WasmVerification};
pub use pallet::*;
pub use pallet_pvs_runtime_api as runtime_api;
pub use pvs_primitives as primitives;
#[cfg(feature = "std")]
pub use pvs_verifier::host::HostFunctions;
pub use pvs_verifier::{Backend, HostVerifier, ProofVerifier, WasmVerifier};
pub use types::{
	BatchRecord, BidPlacement, BidRecord, BidReveal, ChainTotals, Opening, PendingPlace, PlaceKind,
	ProofSubmission, ProverRecord, RollupRecord, RoundKey, UnsettledBid, UnsettledRound,
};
pub use weights::WeightInfo;

/// Expansion of [`impl_runtime_apis_with_pvs`]. No part of the interface.
#[doc(hidden)]
pub mod __private {
	pub use alloc::vec::Vec;
	pub use pvs_timelock::{Seal, ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES};
	pub use sp_api;
}

// The macros of FRAME expand to casts and `expect`.
#[frame_support::pallet]
#[allow(clippy::as_conversions, clippy::cast_possible_truncation, clippy::expect_used)]
pub mod pallet {
	use crate::{
		config::{Network, Prices, Seals, Verification},
		types::*,
		weights::WeightInfo,
	};
	use alloc::vec::Vec;
	use frame_support::{
		dispatch::{DispatchClass, DispatchResultWithPostInfo},
		pallet_prelude::*,
		traits::fungible,
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use pvs_auction::{round::VoidReason, settle::Verdict};
	use pvs_primitives::{
		api::BatchId, params::RollupParams, seal_timing::SealTiming, Balance, BatchIndex,
		BlockNumber, Bytes32, RollupId, RoundNumber, PROOF_BYTES, VERIFYING_KEY_BYTES,
	};
	use pvs_timelock::{ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES, SEAL_BYTES};
	use pvs_verifier::PREPARED_KEY_BYTES;
	use sp_runtime::traits::BlockNumberProvider;

	/// The version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

	/// Bytes of a fixed length that a person may paste: hex text, JSON or another file instead of them
	/// still decodes, so that a wrong length is an error of ours and not an extrinsic that traps.
	pub type PastedBytes = BoundedVec<u8, ConstU32<16_384>>;
	/// A verifying key, 768 bytes.
	pub type KeyBytes = PastedBytes;
	/// A proof, 256 bytes.
	pub type ProofBytes = PastedBytes;
	/// A bid's payload, 85 bytes.
	pub type PayloadBytes = PastedBytes;
	/// A seal, 357 bytes.
	pub type SealBytes = PastedBytes;
	/// The solution of a seal, 256 bytes.
	pub type SolutionBytes = PastedBytes;
	/// The proof of an opening, 257 bytes.
	pub type OpeningProofBytes = PastedBytes;
	/// The data of a batch; four times the longest decodes, for the same reason.
	pub type DataBytes<T> = BoundedVec<u8, FourTimesMaxDataBytes<T>>;

	const _: () = assert!(VERIFYING_KEY_BYTES == 768 && PROOF_BYTES == 256);
	const _: () = assert!(SEAL_BYTES == 357 && ELEMENT_BYTES == 256 && OPENING_PROOF_BYTES == 257);

	/// Argument of `submit_proofs`: eight times `MaxProofs` decode, for the same reason.
	pub type ProofSubmissions<T> =
		BoundedVec<ProofSubmission<<T as frame_system::Config>::AccountId>, EightTimesMaxProofs<T>>;

	/// Argument of `place_bids`: eight times `MaxBidsPerCall` decode, for the same reason.
	pub type BidPlacements<T> = BoundedVec<BidPlacement, EightTimesMaxBidsPerCall<T>>;
	/// Argument of `reveal_bids`: eight times `MaxBidsPerCall` decode, for the same reason.
	pub type BidReveals<T> =
		BoundedVec<BidReveal<<T as frame_system::Config>::AccountId>, EightTimesMaxBidsPerCall<T>>;
	/// The weights that a runtime chose.
	pub type WeightInfoOf<T> = <<T as Config>::Verification as Verification>::WeightInfo;
	/// The verifier that a runtime chose.
	pub type VerifierOf<T> = <<T as Config>::Verification as Verification>::Verifier;

	/// Four times `MaxDataBytes`.
	pub struct FourTimesMaxDataBytes<T>(core::marker::PhantomData<T>);

	impl<T: Config> Get<u32> for FourTimesMaxDataBytes<T> {
		fn get() -> u32 {
			T::MaxDataBytes::get().saturating_mul(4)
		}
	}

	/// Eight times `MaxProofs`.
	pub struct EightTimesMaxProofs<T>(core::marker::PhantomData<T>);

	impl<T: Config> Get<u32> for EightTimesMaxProofs<T> {
		fn get() -> u32 {
			T::MaxProofs::get().saturating_mul(8)
		}
	}

	/// Eight times `MaxBidsPerCall`.
	pub struct EightTimesMaxBidsPerCall<T>(core::marker::PhantomData<T>);

	impl<T: Config> Get<u32> for EightTimesMaxBidsPerCall<T> {
		fn get() -> u32 {
			T::MaxBidsPerCall::get().saturating_mul(8)
		}
	}

	/// The market of validity proofs.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Choices of a runtime. Items without a default must be chosen; `config_preludes` has the others.
	#[pallet::config(with_default)]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, AccountId: AsRef<[u8; 32]>>
	{
		/// The native token: fees, escrow, stakes and bonds.
		#[pallet::no_default]
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::Balanced<Self::AccountId>
			+ fungible::MutateHold<
				Self::AccountId,
				Balance = Balance,
				Reason = Self::RuntimeHoldReason,
			>;

		/// The height that all windows and deadlines are measured by.
		#[pallet::no_default]
		type BlockNumberProvider: BlockNumberProvider;

		/// The verifier, natively through a host function or in Wasm on a node without it, and what calls and
		/// agenda steps weigh with it.
		#[pallet::no_default]
		type Verification: Verification;

		/// The time-lock puzzles of seals, and what the chain records about squarings: it says how long a
		/// bidding window the seals keep secret, and how long an opening window must be.
		#[pallet::no_default]
		type Seals: Get<Seals>;

		/// Slots, finality, and how long a minority of block authors can delay a transaction.
		#[pallet::no_default]
		type Network: Get<Network>;

		/// Fees, rents and deposits.
		#[pallet::no_default]
		type Prices: Get<Prices>;

		/// The lowest stake of a prover, in planck.
		#[pallet::no_default]
		#[pallet::constant]
		type MinStake: Get<Balance>;

		/// The most weight that overdue deadlines take of one block; the rest carries over.
		#[pallet::no_default]
		#[pallet::constant]
		type MaxAgendaWeight: Get<Weight>;

		/// The runtime's hold reasons.
		#[pallet::no_default_bounds]
		type RuntimeHoldReason: From<HoldReason>;

		/// Names the account that keeps slashed bonds until their batch ends.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The longest data of one batch, in bytes.
		#[pallet::constant]
		type MaxDataBytes: Get<u32>;

		/// The most batch data in one block, in bytes; at least `MaxDataBytes`.
		#[pallet::constant]
		type MaxBlockDataBytes: Get<u32>;

		/// The most commits in one block; each leaves an item in the block's header.
		#[pallet::constant]
		type MaxCommitsPerBlock: Get<u32>;

		/// The most bids in one round; a multiple of 8, and never below what a pending batch's snapshot
		/// says.
		#[pallet::constant]
		type MaxBids: Get<u32>;

		/// The most proofs in one `submit_proofs`.
		#[pallet::constant]
		type MaxProofs: Get<u32>;

		/// The most bids in one `place_bids` or `reveal_bids`.
		#[pallet::constant]
		type MaxBidsPerCall: Get<u32>;

		/// The most pending batches of one rollup.
		#[pallet::constant]
		type MaxPendingBatches: Get<u32>;

		/// Places among the pending batches that each rollup has of its own; at least 1, and at most
		/// `MaxPendingBatches`.
		#[pallet::constant]
		type GuaranteedPlaces: Get<u32>;

		/// Places among the pending batches that all rollups share, beside the guaranteed ones; at least
		/// 8.
		#[pallet::constant]
		type PoolPlaces: Get<u32>;

		/// The most rollups at a time; at least 8.
		#[pallet::constant]
		type MaxRollups: Get<u32>;

		/// Blocks between `unbond` and the withdrawal.
		#[pallet::constant]
		type UnbondingBlocks: Get<BlockNumber>;

		/// Blocks after which recent proofs count half; at least 1.
		#[pallet::constant]
		type ShareEpoch: Get<BlockNumber>;

		/// The longest window that a rollup may choose, in blocks; at least two more than `InclusionSlack`.
		#[pallet::constant]
		type MaxWindowBlocks: Get<BlockNumber>;

		/// The longest window in which a rollup may have silent bids settled, in blocks. The row of a silent bid
		/// lives no longer than that behind its reveal window; `PlaceRent` for that long is the lowest silence
		/// penalty.
		#[pallet::constant]
		type MaxSettleBlocks: Get<BlockNumber>;

		/// The most rounds of each kind that a rollup may give its batches; at least 2.
		#[pallet::constant]
		type MaxRounds: Get<u32>;
	}

	/// The parts of what a runtime chooses in bundles, which clients read by name.
	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Record of the chain about squarings and time: it says how long a bidding window the seals
		/// keep secret, and how long an opening window must be.
		#[pallet::constant_name(SealTiming)]
		pub fn seal_timing() -> SealTiming {
			T::Seals::get().timing(&T::Network::get())
		}

		/// The lowest price of a place in a round, in planck, above 0; beyond a quarter of the places it
		/// doubles with each eighth of `MaxBids` that is taken, and filling a round costs its reserve.
		#[pallet::constant_name(SlotFeeBase)]
		pub fn slot_fee_base() -> Balance {
			T::Prices::get().slot_fee_base
		}

		/// Price of a guaranteed place among the pending batches, in planck per block; the price of other places
		/// doubles with each eighth of the pool that is taken.
		#[pallet::constant_name(PlaceRent)]
		pub fn place_rent() -> Balance {
			T::Prices::get().place_rent
		}

		/// Held for a rollup's row while less than an eighth of `MaxRollups` is registered, in planck. It
		/// doubles with each eighth.
		#[pallet::constant_name(RollupDeposit)]
		pub fn rollup_deposit() -> Balance {
			T::Prices::get().rollup_deposit
		}

		/// Held for a batch's row, in planck.
		#[pallet::constant_name(BatchDeposit)]
		pub fn batch_deposit() -> Balance {
			T::Prices::get().batch_deposit
		}

		/// Held for a prover's row, in planck.
		#[pallet::constant_name(ProverDeposit)]
		pub fn prover_deposit() -> Balance {
			T::Prices::get().prover_deposit
		}

		/// The lowest bond that a rollup may ask of its sequencer, in planck: what a batch that fails
		/// burns at the least. Batches dropped behind it burn nothing.
		#[pallet::constant_name(MinSequencerBond)]
		pub fn min_sequencer_bond() -> Balance {
			T::Prices::get().min_sequencer_bond
		}

		/// Blocks between bidding and revealing: at least best minus finalized height, 0 where forks
		/// cannot happen.
		#[pallet::constant_name(FinalityGap)]
		pub fn finality_gap() -> BlockNumber {
			T::Network::get().finality_gap
		}

		/// The number of blocks by which a minority of block authors can delay a transaction.
		#[pallet::constant_name(InclusionSlack)]
		pub fn inclusion_slack() -> BlockNumber {
			T::Network::get().inclusion_slack
		}
	}

	/// Why the pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// A rollup's row.
		#[codec(index = 0)]
		RollupDeposit,
		/// A batch's row.
		#[codec(index = 1)]
		BatchDeposit,
		/// The most that a pending batch may cost its sequencer.
		#[codec(index = 2)]
		Escrow,
		/// Bond that a sequencer loses when its batch fails.
		#[codec(index = 3)]
		SequencerBond,
		/// Stake that backs a prover's bids and assignments.
		#[codec(index = 4)]
		ProverStake,
		/// A prover's row.
		#[codec(index = 5)]
		ProverDeposit,
		/// The most rent that a batch's place may cost.
		#[codec(index = 6)]
		PlaceRent,
	}

	/// The id of the next rollup.
	#[pallet::storage]
	pub type NextRollupId<T> = StorageValue<_, RollupId, ValueQuery>;

	/// The number of registered rollups.
	#[pallet::storage]
	pub type RollupCount<T> = StorageValue<_, u32, ValueQuery>;

	/// The registered rollups. A row is paid for by its deposit.
	// Twox: ids are given by the chain.
	#[pallet::storage]
	pub type Rollups<T: Config> =
		StorageMap<_, Twox64Concat, RollupId, RollupRecordOf<T>, OptionQuery>;

	/// The provers of each rollup's newest final batches and what they were paid, at most
	/// [`RECENT_BATCHES`](pvs_auction::recent::RECENT_BATCHES) of them, by their
	/// [`slot`](pvs_auction::recent::slot()). Paid for by the rollup's deposit.
	// A row for each, so that a batch that becomes final reads none of the others.
	#[pallet::storage]
	pub type RecentBatches<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		RollupId,
		Twox64Concat,
		u32,
		RecentBatchOf<T>,
		OptionQuery,
	>;

	/// The verifying keys with what verification can compute ahead. Paid for by the rollup's deposit.
	#[pallet::storage]
	pub type VerifyingKeys<T> =
		StorageMap<_, Twox64Concat, RollupId, [u8; PREPARED_KEY_BYTES], OptionQuery>;

	/// The pending batches. A row is paid for by its deposit and its rent.
	#[pallet::storage]
	pub type Batches<T: Config> =
		StorageMap<_, Twox64Concat, BatchId, BatchRecordOf<T>, OptionQuery>;

	/// Sums over the whole chain.
	#[pallet::storage]
	pub type Totals<T> = StorageValue<_, ChainTotals, ValueQuery>;

	/// The bids of each batch's open auction, at most `MaxBids`. A row lives no longer than the auction,
	/// and is paid for by the bond behind it (which a void bid has lost) and the slot fee.
	// Blake2: accounts are chosen by their owners.
	#[pallet::storage]
	pub type Bids<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BatchId,
		Blake2_128Concat,
		T::AccountId,
		BidRecord,
		OptionQuery,
	>;

	/// Closed rounds with unsettled bids. A row is paid for by the silence penalties of its bids, and lives no
	/// longer than they.
	#[pallet::storage]
	pub type UnsettledRounds<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BatchId,
		Twox64Concat,
		RoundNumber,
		UnsettledRoundOf<T>,
		OptionQuery,
	>;

	/// Silent bids of closed rounds. A row is paid for by the silence penalty, which is lost in any case, and
	/// lives no longer than the rollup's `settle_blocks`.
	// Blake2: accounts are chosen by their owners.
	#[pallet::storage]
	pub type UnsettledBids<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		RoundId,
		Blake2_128Concat,
		T::AccountId,
		UnsettledBid,
		OptionQuery,
	>;

	/// Blocks in which the unsettled bids of rounds expire. One entry for each row of `UnsettledRounds`.
	// Identity: the order of keys is the order of work, and all numbers are given by the chain.
	#[pallet::storage]
	pub type Expiries<T> = StorageMap<_, Identity, ExpiryKey, (), OptionQuery>;

	/// The registered provers. A row is paid for by its deposit.
	#[pallet::storage]
	pub type Provers<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, ProverRecord, OptionQuery>;

	/// The deadlines: lane, block, rollup and index of each batch whose next transition has one, big-endian,
	/// in the order in which they are worked off. One entry at the most per batch.
	// Identity: the order of keys is the order of work, and all numbers are given by the chain.
	#[pallet::storage]
	pub type Agenda<T> = StorageMap<_, Identity, AgendaKey, (), OptionQuery>;

	/// Progress of the passes over what is overdue: over auctions that close, and over the rest.
	#[pallet::storage]
	pub type CurrentPasses<T> = StorageValue<_, [AgendaPass; 2], ValueQuery>;

	/// Commits in this block so far.
	#[pallet::storage]
	pub type CommitsInBlock<T> = StorageValue<_, u32, ValueQuery>;

	/// Bytes of batch data in this block so far.
	#[pallet::storage]
	pub type BlockDataBytes<T> = StorageValue<_, u32, ValueQuery>;

	/// Everything that happens to rollups, batches, bids and provers.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A rollup was registered.
		RollupRegistered {
			/// The rollup.
			rollup: RollupId,
			/// Account that registered it.
			owner: T::AccountId,
			/// Account that may commit its batches.
			sequencer: T::AccountId,
			/// `blake2_256` of its verifying key.
			verifying_key_hash: Bytes32,
			/// Its first root.
			genesis_root: Bytes32,
		},
		/// A rollup was removed and its deposit returned.
		RollupDeregistered {
			/// The rollup.
			rollup: RollupId,
			/// Amount that was returned, in planck.
			deposit: Balance,
		},
		/// A rollup's owner named another sequencer. Batches committed before stay with theirs.
		SequencerChanged {
			/// The rollup.
			rollup: RollupId,
			/// Account that may commit its batches from now on.
			sequencer: T::AccountId,
		},
		/// A rollup's owner changed its parameters. Batches committed before keep theirs.
		ParamsChanged {
			/// The rollup.
			rollup: RollupId,
			/// The parameters that the next batch takes.
			params: RollupParams,
		},
		/// A rollup's owner offered it to another account, in place of any offer before; to itself: an offer
		/// was withdrawn.
		RollupOffered {
			/// The rollup.
			rollup: RollupId,
			/// Account that may accept it.
			to: T::AccountId,
		},
		/// A rollup has another owner, from whom its deposit is held now; the one before got it back.
		RollupTransferred {
			/// The rollup.
			rollup: RollupId,
			/// Owner before.
			from: T::AccountId,
			/// Owner now.
			to: T::AccountId,
		},
		/// A payment moved a rollup's reserve.
		ReserveUpdated {
			/// The rollup.
			rollup: RollupId,
			/// The reserve that the next batch's first round takes, unless its `max_fee` is lower.
			reserve: Balance,
			/// The mean payment, exponentially weighted.
			mean_payment: Balance,
		},
		/// A prover was registered; its stake and the deposit for its row are held.
		ProverRegistered {
			/// The prover.
			prover: T::AccountId,
			/// Its stake.
			stake: Balance,
		},
		/// A prover left; its stake, with what was unbonding, and its deposit were returned.
		ProverDeregistered {
			/// The prover.
			prover: T::AccountId,
			/// Amount of the stake that was returned, in planck.
			stake: Balance,
		},
		/// A prover topped up its stake.
		StakeIncreased {
			/// The prover.
			prover: T::AccountId,
			/// By how much.
			amount: Balance,
			/// Its stake from now on.
			stake: Balance,
		},
		/// A part of a prover's stake is on its way out; it backs nothing any more.
		StakeUnbonding {
			/// The prover.
			prover: T::AccountId,
			/// All that is on its way out.
			amount: Balance,
			/// The first block in which it can be withdrawn.
			at: BlockNumber,
		},
		/// Unbonded stake was returned.
		StakeWithdrawn {
			/// The prover.
			prover: T::AccountId,
			/// The amount, in planck.
			amount: Balance,
		},
		/// A prover's stake fell below `MinStake`: it may not bid until it tops up.
		ProverSuspended {
			/// The prover.
			prover: T::AccountId,
			/// Its stake.
			stake: Balance,
		},
		/// A suspended prover's stake is sufficient again.
		ProverReinstated {
			/// The prover.
			prover: T::AccountId,
			/// Its stake.
			stake: Balance,
		},
		/// A batch was committed; its data is in this block's body, escrow, bond and rent are held.
		BatchCommitted {
			/// The batch.
			batch: BatchId,
			/// Account that committed it.
			sequencer: T::AccountId,
			/// Root before the batch.
			prev_state_root: Bytes32,
			/// Root after the batch.
			next_state_root: Bytes32,
			/// The commitment that the chain computed from the data.
			data_commitment: Bytes32,
			/// Amount in escrow, in planck.
			max_fee: Balance,
		},
		/// A round opened; bidding starts in the next block.
		RoundOpened {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The highest fee that a bid may ask.
			reserve: Balance,
			/// Digest that a bid names.
			batch_digest: Bytes32,
		},
		/// A bid was placed, its slot fee burned, its bond reserved.
		BidPlaced {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// Amount that is reserved of its stake, in planck.
			bond: Balance,
			/// Amount that was burned, in planck.
			slot_fee: Balance,
		},
		/// A bid was revealed and counts.
		BidRevealed {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// Fee that it asks, in planck.
			fee: Balance,
			/// The time that it commits to, in blocks.
			proof_blocks: BlockNumber,
		},
		/// A silent bidder's bid was opened after the reveal window, by squaring or by its payload, and
		/// counts. The bidder paid the silence penalty.
		BidOpened {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// Fee that it asks, in planck.
			fee: Balance,
			/// The time that it commits to, in blocks.
			proof_blocks: BlockNumber,
			/// Amount that it paid for its silence, in planck.
			penalty: Balance,
		},
		/// An amount was burned because the account that it was meant for, without the existential
		/// deposit, could not take it.
		PayoutBurned {
			/// The account.
			who: T::AccountId,
			/// The amount, in planck.
			amount: Balance,
		},
		/// Somebody opened a seal and got a part of what its bidder lost; the rest was burned.
		OpenerRewarded {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder whose seal it was.
			bidder: T::AccountId,
			/// Account that opened it.
			opener: T::AccountId,
			/// Amount that it got, in planck.
			amount: Balance,
		},
		/// A bid stayed sealed until its round closed without it. Its bond stays reserved until somebody settles
		/// the bid, or its time is over.
		BidUnsettled {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// The first block in which it can be settled no more.
			until: BlockNumber,
		},
		/// A silent bid of a closed round was settled, or nobody did so in time.
		BidSettled {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// Amount that its bidder lost of its stake, in planck; burned, but for an opener's reward.
			slashed: Balance,
			/// The rest of the bond, which backs other bids again.
			released: Balance,
			/// Verdict on the bid.
			verdict: Verdict,
		},
		/// A bid does not count. Its bond was lost (burned, but for an opener's reward), or released if
		/// the batch was dropped.
		BidVoided {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// Amount that its bidder lost of its stake, in planck.
			slashed: Balance,
			/// Why.
			reason: VoidReason,
		},
		/// One of several bids was not placed, or not revealed; the others are not affected.
		BidRefused {
			/// Its index in the call, from 0.
			item: u32,
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The bidder.
			bidder: T::AccountId,
			/// The error of `place_bid` or `reveal_bid` that names the reason.
			error: DispatchError,
		},
		/// A round closed with a winner.
		WinnerSelected {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The winner.
			prover: T::AccountId,
			/// Fee that it asked, in planck.
			fee: Balance,
			/// The time that it committed to, in blocks.
			proof_blocks: BlockNumber,
			/// Payment that it gets if it is on time, in planck.
			payment: Balance,
			/// The last block for the full payment.
			on_time_until: BlockNumber,
			/// The last block for a reduced payment.
			late_until: BlockNumber,
		},
		/// A round closed without a bid that counts.
		RoundEmpty {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
		},
		/// The prover before failed, and the next one on the ladder may take its place.
		PlaceOffered {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The prover whose turn it is.
			prover: T::AccountId,
			/// Payment that it gets if it is on time, in planck.
			payment: Balance,
			/// The time that it committed to, in blocks, counted from the block in which it steps in.
			proof_blocks: BlockNumber,
			/// The last block in which it may.
			until: BlockNumber,
		},
		/// A runner-up took its place and is assigned.
		PlaceAccepted {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The prover.
			prover: T::AccountId,
			/// Payment that it gets if it is on time, in planck.
			payment: Balance,
			/// The last block for the full payment.
			on_time_until: BlockNumber,
			/// The last block for a reduced payment.
			late_until: BlockNumber,
		},
		/// A runner-up did not take its place. It cost it nothing, and its bond was released.
		PlacePassed {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The prover.
			prover: T::AccountId,
		},
		/// The ladder is exhausted: any registered prover may deliver.
		RescueOpened {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// Payment for a delivery in this block, in planck. It grows with each block.
			payment: Balance,
			/// Payment for a delivery in the last block, in planck.
			last_payment: Balance,
			/// The last block in which one may deliver.
			until: BlockNumber,
		},
		/// Nobody delivered in the rescue.
		RescueEnded {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
		},
		/// A proof was verified and its prover paid.
		ProofAccepted {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The prover.
			prover: T::AccountId,
			/// Amount that it was paid from escrow, in planck.
			payment: Balance,
			/// Number of blocks by which it was late.
			late_blocks: BlockNumber,
			/// Amount that lateness took off the payment, in planck; burned.
			late_cost: Balance,
			/// Amount that it was paid of the bonds that others lost by not delivering.
			slashed_share: Balance,
			/// The rest of those bonds; burned.
			slashed_burned: Balance,
			/// Amount that was left in escrow and went back to the sequencer, in planck.
			refund: Balance,
		},
		/// One of several proofs was refused; the others are not affected. A deadline of its batch that had
		/// passed may have been dealt with.
		ProofRefused {
			/// The batch.
			batch: BatchId,
			/// The prover that the proof was submitted for.
			prover: T::AccountId,
			/// The error of `submit_proof` that names the reason.
			error: DispatchError,
		},
		/// An assigned prover did not deliver; its bond was taken and is kept until the batch ends.
		ProverDefaulted {
			/// The batch.
			batch: BatchId,
			/// The round.
			round: RoundNumber,
			/// The prover.
			prover: T::AccountId,
			/// Amount that was taken of its stake, in planck.
			slashed: Balance,
		},
		/// A batch is out of rounds behind an unproven predecessor.
		BatchWaiting {
			/// The batch.
			batch: BatchId,
		},
		/// A batch and all its predecessors are proven: its root is final.
		BatchFinalized {
			/// The batch.
			batch: BatchId,
			/// The rollup's final root.
			state_root: Bytes32,
		},
		/// A batch used up its rounds: escrow and deposit returned, the sequencer's bond burned.
		BatchFailed {
			/// The batch.
			batch: BatchId,
			/// Amount that was burned of the sequencer's bond, in planck.
			bond_burned: Balance,
			/// Amount that was burned of bonds that provers lost by not delivering, in planck.
			slashed_burned: Balance,
		},
		/// A batch ended because a predecessor failed; everything held for it was returned.
		BatchDropped {
			/// The batch.
			batch: BatchId,
			/// Amount that was burned of bonds that provers lost by not delivering, in planck.
			slashed_burned: Balance,
		},
		/// A batch left its place: the rent of the blocks that it lived was burned, what was held beyond
		/// that returned.
		RentBurned {
			/// The batch.
			batch: BatchId,
			/// Amount that was burned, in planck.
			amount: Balance,
		},
		/// An item of the agenda failed and waits to be tried again; the others go on.
		AgendaItemFailed {
			/// The batch that the item belongs to.
			batch: BatchId,
			/// Why it failed.
			error: DispatchError,
		},
	}

	/// Why a call is refused, and what to do.
	#[pallet::error]
	pub enum Error<T> {
		/// No rollup has this id. Look up the id in the event `RollupRegistered`.
		RollupNotFound,
		/// No pending batch has this id: it was never committed, or has ended.
		BatchNotFound,
		/// A predecessor of this batch failed, so it ends without a proof. Commit it again on the new
		/// tip.
		BatchWasDropped,
		/// The account is not a registered prover. Call `register_prover` first.
		ProverNotFound,
		/// The account is registered already.
		ProverExists,
		/// The prover still has bids, places on ladders or an assignment. Wait until they end.
		ProverBusy,
		/// The amount is 0. Name one.
		AmountZero,
		/// Nothing is unbonding. Call `unbond` first.
		NothingUnbonding,
		/// The unbonding stake cannot be withdrawn yet. `ProverInfo` names the block.
		StillUnbonding,
		/// The rollup still has pending batches. Wait until they end.
		RollupBusy,
		/// Only the rollup's owner may do this.
		NotOwner,
		/// The chain has `MaxRollups` rollups. Wait until one is deregistered, or take one over.
		TooManyRollups,
		/// The rollup is not offered to this account. Ask its owner to call `transfer_rollup`.
		RollupNotOffered,
		/// Only the rollup's sequencer may commit its batches.
		NotSequencer,
		/// The sequencer may not bid on, or rescue, batches of its own rollup. Use a prover's account.
		SequencerMayNotBid,
		/// The account has bids, places or an assignment in this rollup's rounds. Wait until they end.
		SequencerHasBids,

		/// The verifying key is not exactly 768 bytes long.
		KeyWrongLength,
		/// A coordinate of the verifying key is not below the field's modulus. Export it again.
		KeyNonCanonical,
		/// A point of the verifying key is not on its curve. Check byte order and curve (BN254).
		KeyNotOnCurve,
		/// A point of the verifying key is not in the prime-order subgroup.
		KeyNotInSubgroup,
		/// A point of the verifying key is the identity, which would leave an input unbound.
		KeyIdentity,
		/// gamma equals delta: the key's phase 2 was skipped and proofs could be forged.
		KeyGammaEqualsDelta,
		/// gamma is minus delta: phase 2 multiplied by -1 and proofs could be forged. Run it
		/// again.
		KeyGammaEqualsMinusDelta,
		/// beta equals delta: proofs could be forged. Run the key's set-up again.
		KeyBetaEqualsDelta,
		/// beta is minus delta: proofs could be forged. Run the key's set-up again.
		KeyBetaEqualsMinusDelta,
		/// beta equals gamma: proofs could be forged. Run the key's set-up again.
		KeyBetaEqualsGamma,
		/// beta is minus gamma: proofs could be forged. Run the key's set-up again.
		KeyBetaEqualsMinusGamma,
		/// beta, gamma and delta add up to the identity with some signs: proofs could be forged.
		/// Run the key's set-up again.
		KeyBetaGammaDeltaDependent,
		/// delta is 1 or -1: the key's phase 2 was skipped and proofs could be forged.
		KeyDeltaIsGenerator,
		/// beta is 1 or -1, up to delta: the key's phase 1 had no secret beta and proofs could be
		/// forged.
		KeyBetaIsGenerator,
		/// alpha is 1 or -1, up to delta: the key's phase 1 had no secret alpha and proofs could
		/// be forged.
		KeyAlphaIsGenerator,
		/// alpha and beta are one secret, up to sign, 1 and delta: proofs could be forged. Run
		/// the key's set-up again.
		KeyAlphaMatchesBeta,
		/// alpha and gamma are one secret, up to sign and delta: proofs could be forged. Run the
		/// key's set-up again.
		KeyAlphaMatchesGamma,
		/// alpha and delta are one secret, up to sign: proofs could be forged. Run the key's set-
		/// up again.
		KeyAlphaMatchesDelta,
		/// alpha times beta is a sum of gamma, delta and their products with alpha, or of alpha, beta, 1
		/// and delta: proofs could be forged. Run the key's set-up again.
		KeyAlphaBetaIsKnown,
		/// alpha times delta is a sum of alpha, beta, 1 and delta: proofs could be forged. Run the key's
		/// phase 2 again.
		KeyAlphaDeltaIsKnown,
		/// IC points add up to the identity with some signs: public inputs are not bound each by
		/// itself. Constrain each of them.
		KeyInputPointsDependent,
		/// IC points add up to alpha with some signs: proofs could be forged. Run the key's set-
		/// up again.
		KeyInputPointsReachAlpha,
		/// gamma is 1 and IC points add up to 1 or -1 with some signs: proofs could be forged.
		/// Run the key's set-up again.
		KeyInputPointsReachGenerator,
		/// The state root is not below the field's modulus.
		StateRootNonCanonical,

		/// `data_len` must be 1 to `MaxDataBytes`.
		ParamsDataLength,
		/// `bidding_blocks` must be above `InclusionSlack` and at most `MaxWindowBlocks`.
		ParamsBiddingWindow,
		/// `reveal_blocks` must be at least `InclusionSlack + 2` and at most `MaxWindowBlocks`.
		ParamsRevealWindow,
		/// `w_fee` must be above 0.
		ParamsFeeWeight,
		/// `w_time` must be above 0. Write 1 where time hardly matters.
		ParamsTimeWeight,
		/// `1 <= min_proof_blocks <= max_proof_blocks <= MaxWindowBlocks` must hold.
		ParamsProofBlocks,
		/// `min_reserve` must be above 0 and at least the existential deposit, and `min_reserve <=
		/// initial_reserve <= max_reserve` must hold.
		ParamsReserve,
		/// `reserve_margin` must be above 0.
		ParamsReserveMargin,
		/// `reserve_weight` must be 1 to 10^9.
		ParamsReserveWeight,
		/// `escalation_factor` must be above 10^9.
		ParamsEscalationFactor,
		/// `silence_penalty` must be at least the existential deposit, and above 0.
		ParamsSilencePenalty,
		/// With `ForceOpen`, `silence_penalty` must be at least `2 * ceil(max_reserve * w_time / w_fee)`: a
		/// silent bidder must lose more than its time can be worth. Raise it, or lower `max_reserve`.
		ParamsSilencePenaltyForOpening,
		/// With `Settle`, `silence_penalty` must be at least `PlaceRent * MaxSettleBlocks`, the price of the
		/// bid's row. Raise it.
		ParamsSilencePenaltyForSettling,
		/// `max_reserve + silence_penalty` must be at most `MinStake`.
		ParamsBond,
		/// `late_rate` must be at least `w_time / (w_fee * max_proof_blocks)` and at most 10^9.
		ParamsLateRate,
		/// `grace_blocks` must be 1 to `MaxWindowBlocks`.
		ParamsGrace,
		/// `ladder_len` must be 1 to 8, `ladder_blocks` above `InclusionSlack` and at most
		/// `MaxWindowBlocks`.
		ParamsLadder,
		/// `rescue_blocks` must be at least `InclusionSlack + 2` and at most `MaxWindowBlocks`.
		ParamsRescue,
		/// `max_empty_rounds` must be 2 to `MaxRounds`.
		ParamsEmptyRounds,
		/// `max_failed_rounds` must be 1 to `MaxRounds`.
		ParamsFailedRounds,
		/// `sequencer_bond` must be at least `MinSequencerBond`.
		ParamsSequencerBond,
		/// The chain's seals do not stay shut for `bidding_blocks` and the finality gap. Shorten the
		/// window; `PvsApi_seals` says how long it may be.
		ParamsSealedTime,
		/// `opening_blocks` must be long enough to open the seals of a full round (`PvsApi_seals` says
		/// how long) and at most `MaxWindowBlocks`. Make it longer, or choose `Settle`.
		ParamsSilencePolicy,
		/// `settle_blocks` must be long enough to open a seal twice (`PvsApi_seals` says how long) and at most
		/// `MaxSettleBlocks`.
		ParamsSettleWindow,

		/// `prev_state_root` is not the rollup's tip: a batch before was committed, refused or dropped in
		/// between. Make the batch anew on the tip.
		TipChanged,
		/// The data is not exactly the rollup's `data_len` long. Pad the batch.
		WrongDataLength,
		/// `max_fee` is below the rollup's reserve, which would shut provers out. Read the reserve and name
		/// at least that.
		MaxFeeTooLow,
		/// `max_fee` is above the rollup's `max_reserve`.
		MaxFeeTooHigh,
		/// The rollup has as many pending batches as it may. Wait until one ends.
		TooManyPendingBatches,
		/// The rollup's guaranteed places and those of the chain's pool are taken. Wait until a batch ends.
		ChainFull,
		/// This block has as much batch data as it may. Send the batch again.
		BlockDataFull,
		/// This block has `MaxCommitsPerBlock` commits. Send the batch again.
		TooManyCommitsInBlock,
		/// Batches and bids must come in an extrinsic: what a scheduler or another hook dispatches is not
		/// in the block's body, where provers and openers look for data and seals. Send a transaction.
		NotInExtrinsic,
		/// The account cannot pay what this call holds or burns. Top it up; some must stay as the
		/// existential deposit.
		InsufficientBalance,
		/// Beside escrow, bond and deposit the account cannot pay the rent that is held for the batch's
		/// place, `next_rent` of `PvsApi_rollup`. Top it up, wait until fewer places are taken, or shorten the
		/// rollup's windows.
		RentNotCovered,
		/// The stake is, or has fallen, below `MinStake`. Register with at least that, or top up with
		/// `bond_more`.
		StakeTooLow,

		/// The batch is in another round. Read the round again.
		WrongRound,
		/// The batch, its reserve or its parameters are not those that the bid was made for. Read the
		/// round again.
		BatchChanged,
		/// Bids are accepted only in the bidding window.
		NotBidding,
		/// The prover has bid in this round already.
		AlreadyBid,
		/// The round has `MaxBids` bids.
		RoundFull,
		/// The slot fee is above `max_slot_fee`. Read it again, raise the limit, or stay out.
		SlotFeeTooHigh,
		/// The stake that backs no other bid, place or assignment does not cover this. Wait for others to
		/// end, or top up with `bond_more`.
		InsufficientStake,

		/// The seal is not exactly 357 bytes long.
		SealWrongLength,
		/// The seal's puzzle is not the smaller of a number below N and its negative. Write `min(u, N - u)`.
		SealNonCanonical,
		/// The seal's puzzle is 0 or 1. Draw another exponent.
		SealTrivial,

		/// The account has no bid in this round.
		BidNotFound,
		/// The payload is not exactly 85 bytes long.
		PayloadWrongLength,
		/// Bids are revealed only in the reveal window, or opened by their payload in the opening window, or
		/// settled once their round has closed.
		NotRevealing,
		/// The account has no silent bid in this round, or the bid is settled already.
		NothingToSettle,
		/// The window in which this round's silent bids are settled is over: their bonds are lost.
		TooLateToSettle,
		/// The payload does not hash to the bid's commitment. Reveal what was committed.
		CommitmentMismatch,

		/// Seals are opened only in the opening window, or under `Settle` once the round has closed; rollups with
		/// `Exclude` have neither.
		NotOpening,
		/// Neither the batch's nor the rollup's sequencer may open seals and earn by it. Leave it to others.
		SequencerMayNotOpen,
		/// This runtime has lost the seal parameters of the batch, so that no solution can be checked.
		/// Reveal the payload instead, if you have it.
		SealSetUnknown,
		/// The bid is not sealed any more: it was revealed or opened before, or is void.
		BidNotSealed,
		/// The seal is not the one that was placed. Take it from the block and the extrinsic that the bid
		/// names.
		SealMismatch,
		/// The solution is not exactly 256 bytes long.
		SolutionWrongLength,
		/// The solution is not the smaller of a number below N and its negative. Write `min(y, N - y)`.
		SolutionNonCanonical,
		/// The proof of the opening is not exactly 257 bytes long.
		OpeningProofWrongLength,
		/// The proof of the opening is not the smaller of a number below N and its negative.
		OpeningProofNonCanonical,
		/// No challenge was found for the attempt that the proof names. Prove with the next one.
		OpeningAttemptFailed,
		/// The proof of the opening does not hold for this seal, this solution and this opener.
		OpeningProofInvalid,

		/// No place on the ladder is offered.
		NothingOffered,
		/// The place is offered to another prover. Wait for your turn, or for the rescue.
		NotOffered,
		/// No proof of this batch is awaited.
		NothingToProve,
		/// The deadline has passed.
		TooLate,
		/// Another prover is assigned.
		NotAssigned,
		/// The prover committed to another proof. Submit the one that it committed to.
		OtherProofCommitted,
		/// The proof is not exactly 256 bytes long.
		ProofWrongLength,
		/// A coordinate of the proof is not below the field's modulus.
		ProofNonCanonical,
		/// A point of the proof is not on its curve. Check byte order and curve (BN254).
		ProofNotOnCurve,
		/// Point B of the proof is not in the prime-order subgroup.
		ProofNotInSubgroup,
		/// A point of the proof is the identity.
		ProofIdentity,
		/// The proof is well-formed but does not hold for this batch, round and prover.
		ProofInvalid,
		/// `submit_proofs` was called without a proof. Give at least one.
		NoProofs,
		/// `submit_proofs` takes at most `MaxProofs` proofs. Send the others in another call.
		TooManyProofs,
		/// `place_bids` or `reveal_bids` was called without a bid. Give at least one.
		NoBids,
		/// `place_bids` and `reveal_bids` take at most `MaxBidsPerCall` bids. Send the others in another call.
		TooManyBids,
		/// Dealing with the deadlines of all batches of the call takes more than one call may. Send this
		/// proof, or this payload, in a call of its own.
		TooMuchOverdue,

		/// The chain's own records contradict each other. Report it.
		Corrupt,
	}

	/// The rollups and provers of a new chain.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Rollups, with ids from 0.
		pub rollups: Vec<GenesisRollup<T::AccountId>>,
		/// Provers with their stakes, in planck.
		pub provers: Vec<(T::AccountId, Balance)>,
	}

	/// A rollup of a new chain.
	#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
	#[serde(rename_all = "camelCase", deny_unknown_fields)]
	pub struct GenesisRollup<AccountId> {
		/// Pays the deposit.
		pub owner: AccountId,
		/// May commit batches.
		pub sequencer: AccountId,
		/// The verifying key, 768 bytes in hex.
		#[serde(with = "sp_core::bytes")]
		pub verifying_key: Vec<u8>,
		/// The first root, 32 bytes in hex.
		#[serde(with = "sp_core::bytes")]
		pub genesis_root: Vec<u8>,
		/// The market's parameters.
		pub params: RollupParams,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::build_genesis(self);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::do_initialize()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining_weight: Weight) -> Weight {
			Self::do_idle(remaining_weight)
		}

		fn on_runtime_upgrade() -> Weight {
			Self::do_runtime_upgrade()
		}

		fn integrity_test() {
			Self::check_constants();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register a rollup whose batches will be proven through this market.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's owner.
		///
		/// ## Details
		/// `verifying_key` is a Groth16/BN254 key of layout v1, 768 bytes; it is checked once, here, and
		/// never changes. `genesis_root` is the root before any batch. `sequencer` may commit batches.
		/// Holds `RollupDeposit` from the owner until `deregister_rollup`, doubled for each eighth of
		/// `MaxRollups` that is registered.
		///
		/// ## Errors
		/// One `Key..` error per fault of the key, `StateRootNonCanonical`, one `Params..` error per
		/// broken rule, `TooManyRollups`, `InsufficientBalance`.
		///
		/// ## Events
		/// `RollupRegistered`.
		#[pallet::call_index(0)]
		#[pallet::weight(WeightInfoOf::<T>::register_rollup())]
		pub fn register_rollup(
			origin: OriginFor<T>,
			verifying_key: KeyBytes,
			genesis_root: Bytes32,
			sequencer: T::AccountId,
			params: RollupParams,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register_rollup(owner, &verifying_key, genesis_root, sequencer, params)
		}

		/// Remove a rollup that has no pending batches, and return its deposit.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's owner.
		///
		/// ## Details
		/// Ids are never used again.
		///
		/// ## Errors
		/// `RollupNotFound`, `NotOwner`, `RollupBusy`.
		///
		/// ## Events
		/// `RollupDeregistered`.
		#[pallet::call_index(1)]
		#[pallet::weight(WeightInfoOf::<T>::deregister_rollup())]
		pub fn deregister_rollup(origin: OriginFor<T>, rollup: RollupId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_deregister_rollup(owner, rollup)
		}

		/// Become a prover: hold a stake that backs bids.
		///
		/// ## Dispatch Origin
		/// Signed by the prover.
		///
		/// ## Details
		/// `stake` is at least `MinStake`; `ProverDeposit` is held beside it. Each bid reserves
		/// `reserve + silence_penalty` of the stake.
		///
		/// ## Errors
		/// `ProverExists`, `StakeTooLow`, `InsufficientBalance`.
		///
		/// ## Events
		/// `ProverRegistered`.
		#[pallet::call_index(2)]
		#[pallet::weight(WeightInfoOf::<T>::register_prover())]
		pub fn register_prover(origin: OriginFor<T>, stake: Balance) -> DispatchResult {
			let prover = ensure_signed(origin)?;
			Self::do_register_prover(prover, stake)
		}

		/// Leave the market and get the stake, what is unbonding and the deposit back.
		///
		/// ## Dispatch Origin
		/// Signed by the prover.
		///
		/// ## Details
		/// Possible while no bid, no place on a ladder and no assignment lives.
		///
		/// ## Errors
		/// `ProverNotFound`, `ProverBusy`.
		///
		/// ## Events
		/// `ProverDeregistered`.
		#[pallet::call_index(3)]
		#[pallet::weight(WeightInfoOf::<T>::deregister_prover())]
		pub fn deregister_prover(origin: OriginFor<T>) -> DispatchResult {
			let prover = ensure_signed(origin)?;
			Self::do_deregister_prover(prover)
		}

		/// Commit the next batch of a rollup and open its first round.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's sequencer.
		///
		/// ## Details
		/// `data` is the batch itself, exactly `data_len` bytes; it stays in the block body and the chain
		/// computes its commitment. `prev_state_root` is the root that it builds on, which must be the
		/// rollup's tip: a batch never lands on another root than its sequencer meant.
		/// `next_state_root` is the root after it. Holds `max_fee` (escrow),
		/// the sequencer's bond, `BatchDeposit` and the rent of its place until the batch ends. The first
		/// round's reserve is the rollup's; `max_fee` is at least that. The block's header says in which
		/// extrinsic the data is.
		///
		/// The batch takes one of the rollup's `GuaranteedPlaces`, at `PlaceRent` per block, or one of the
		/// pool, at `PlaceRent << floor(8 * taken / PoolPlaces)`. Rent is held for as long as the batch can
		/// live; when it ends, that of the blocks that it lived is burned and the rest returns.
		///
		/// ## Errors
		/// `NotInExtrinsic`, `RollupNotFound`, `NotSequencer`, `TipChanged`, `WrongDataLength`,
		/// `StateRootNonCanonical`, `MaxFeeTooLow`, `MaxFeeTooHigh`, `TooManyPendingBatches`, `ChainFull`,
		/// `BlockDataFull`, `TooManyCommitsInBlock`, `InsufficientBalance`, `RentNotCovered`.
		///
		/// ## Events
		/// `BatchCommitted`, `RoundOpened`.
		#[pallet::call_index(4)]
		#[pallet::weight(WeightInfoOf::<T>::commit_batch(u32::try_from(data.len()).unwrap_or(u32::MAX)))]
		pub fn commit_batch(
			origin: OriginFor<T>,
			rollup: RollupId,
			data: DataBytes<T>,
			prev_state_root: Bytes32,
			next_state_root: Bytes32,
			max_fee: Balance,
		) -> DispatchResultWithPostInfo {
			let sequencer = ensure_signed(origin)?;
			let roots = Roots { prev: prev_state_root, next: next_state_root };
			Self::do_commit_batch(sequencer, rollup, &data, roots, max_fee)
		}

		/// Place a bid whose content stays hidden until it is revealed.
		///
		/// ## Dispatch Origin
		/// Signed by a registered prover that is neither the batch's nor the rollup's sequencer.
		///
		/// ## Details
		/// In the bidding window, once per round. `commitment` is
		/// `blake2_256("pvs/bid/v1" ++ genesis hash ++ rollup ++ index ++ round ++ batch digest ++ bidder
		/// ++ payload)`; the Runtime API computes it. `seal` is a time-lock puzzle around the payload,
		/// 357 bytes: anyone can open it by squaring, so that the bid cannot be withdrawn by silence.
		/// `batch_digest` and `round` are those that the Runtime API shows. Burns the slot fee, at most
		/// `max_slot_fee`, and reserves `reserve + silence_penalty` of the stake. A bidder that does not
		/// reveal loses the silence penalty if its seal is opened, and the whole bond if it is not, or
		/// if it holds anything but the payload.
		///
		/// ## Errors
		/// `SealWrongLength`, `SealNonCanonical`, `SealTrivial`, `NotInExtrinsic`, `BatchNotFound`,
		/// `BatchWasDropped`,
		/// `NotBidding`, `WrongRound`, `BatchChanged`, `SequencerMayNotBid`, `ProverNotFound`,
		/// `StakeTooLow`, `AlreadyBid`, `RoundFull`, `SlotFeeTooHigh`, `InsufficientStake`,
		/// `InsufficientBalance`.
		///
		/// ## Events
		/// `BidPlaced`.
		#[pallet::call_index(5)]
		#[pallet::weight(WeightInfoOf::<T>::place_bid().saturating_add(Pallet::<T>::moves(1)))]
		pub fn place_bid(
			origin: OriginFor<T>,
			batch: BatchId,
			round: RoundNumber,
			batch_digest: Bytes32,
			max_slot_fee: Balance,
			commitment: Bytes32,
			seal: SealBytes,
		) -> DispatchResultWithPostInfo {
			let bidder = ensure_signed(origin)?;
			let (at, bid) = (RoundKey { batch, round }, SealedBid { commitment, seal: &seal });
			Self::do_place_bid(bidder, at, batch_digest, max_slot_fee, bid)
		}

		/// Reveal a bid.
		///
		/// ## Dispatch Origin
		/// Signed by anyone: a payload that matches proves itself. Give yours away only when you would reveal
		/// it yourself.
		///
		/// ## Details
		/// In the reveal window, or in the opening window of a rollup that opens seals: there it costs the
		/// bidder the silence penalty, all of it burned, and needs no squaring. `payload` is what the
		/// commitment was made of, 85 bytes. A payload that matches but is malformed, or asks more than the
		/// reserve, makes the bid void and burns its bond. Under `Settle` a bid that is still silent when its
		/// round closes can be settled by its payload until `settle_blocks` later: it costs the silence penalty,
		/// and more if the bid would have won; all of it is burned. The last reveal closes the round: the winner is
		/// assigned, the next `ladder_len` bids make the ladder behind it, the others are released. The
		/// winner's time counts from the last block of the reveal window, whenever the bids were revealed.
		/// Revealing a bid twice changes nothing. The close is charged to the reveal that does it; any
		/// other, and one that is refused, is charged the reveal alone.
		///
		/// ## Errors
		/// `PayloadWrongLength`, `BatchNotFound`, `WrongRound`, `BatchWasDropped`, `NotRevealing`,
		/// `BidNotFound`, `BidNotSealed`, `CommitmentMismatch`, `NothingToSettle`, `TooLateToSettle`.
		///
		/// ## Events
		/// `BidRevealed`, `BidOpened`, `BidVoided` or `BidSettled`; `WinnerSelected` or `RoundEmpty` with the
		/// reveal that closes the round.
		#[pallet::call_index(6)]
		#[pallet::weight((
			WeightInfoOf::<T>::reveal_bid()
				.max(WeightInfoOf::<T>::settle_by_payload())
				.saturating_add(Pallet::<T>::moves(1))
				.saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn reveal_bid(
			origin: OriginFor<T>,
			batch: BatchId,
			round: RoundNumber,
			bidder: T::AccountId,
			payload: PayloadBytes,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_reveal_bid(RoundKey { batch, round }, bidder, &payload)
		}

		/// Submit the proof of a batch for the prover that it is bound to.
		///
		/// ## Dispatch Origin
		/// Signed by anyone; the payment always goes to `prover`, to whom the proof is bound.
		///
		/// ## Details
		/// `proof` is a Groth16/BN254 proof, 256 bytes, for the public inputs that the Runtime API shows.
		/// `prover` is the assigned prover; or the one to whom a place on the ladder is offered, which
		/// takes the place; or, in a rescue, any registered prover with at least `MinStake` that is
		/// neither the batch's nor the rollup's sequencer. On time it earns the full payment; in the
		/// next `grace_blocks` blocks each block takes `late_rate * reserve` off. After a default it also
		/// earns at most half of what was slashed. What is left of the escrow and the sequencer's bond
		/// return. A proof that is refused before it is verified, as of a rescuer that comes second, is
		/// not charged the verification; a deadline that had passed is charged in any case.
		///
		/// ## Errors
		/// `BatchNotFound`, `BatchWasDropped`, `NothingToProve`, `TooLate`, `NotAssigned`, `NotOffered`,
		/// `OtherProofCommitted`; in a rescue `ProverNotFound`, `StakeTooLow` and `SequencerMayNotBid`;
		/// one `Proof..` error per fault of the proof.
		///
		/// ## Events
		/// `ProofAccepted` (also where the proof takes an offered place: no `PlaceAccepted` goes before
		/// it), `ReserveUpdated`; `RentBurned` and `BatchFinalized` if all predecessors are proven.
		#[pallet::call_index(7)]
		#[pallet::weight((
			WeightInfoOf::<T>::submit_proof().saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn submit_proof(
			origin: OriginFor<T>,
			batch: BatchId,
			prover: T::AccountId,
			proof: ProofBytes,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_submit_proof(batch, prover, &proof)
		}

		/// Take the place on the ladder that is offered after another prover's default.
		///
		/// ## Dispatch Origin
		/// Signed by the prover whose turn it is.
		///
		/// ## Details
		/// The time that the prover committed to counts from the last block in which an honest transaction that
		/// takes the place at once may come, whenever it is taken, and it is held to it like any winner. `round` is the round
		/// whose place is meant. Not taking the place costs nothing. `submit_proof` takes it as well.
		///
		/// ## Errors
		/// `BatchNotFound`, `BatchWasDropped`, `WrongRound`, `NothingOffered`, `NotOffered`, `TooLate`.
		///
		/// ## Events
		/// `PlaceAccepted`.
		#[pallet::call_index(8)]
		#[pallet::weight((
			WeightInfoOf::<T>::accept_place().saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn accept_place(
			origin: OriginFor<T>,
			batch: BatchId,
			round: RoundNumber,
		) -> DispatchResultWithPostInfo {
			let prover = ensure_signed(origin)?;
			Self::do_accept_place(prover, RoundKey { batch, round })
		}

		/// Top up a prover's stake.
		///
		/// ## Dispatch Origin
		/// Signed by the prover.
		///
		/// ## Details
		/// Holds `amount` beside the stake. A suspended prover whose stake reaches `MinStake` may bid
		/// again.
		///
		/// ## Errors
		/// `AmountZero`, `ProverNotFound`, `InsufficientBalance`.
		///
		/// ## Events
		/// `StakeIncreased`; `ProverReinstated` if it was suspended.
		#[pallet::call_index(9)]
		#[pallet::weight(WeightInfoOf::<T>::bond_more())]
		pub fn bond_more(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let prover = ensure_signed(origin)?;
			Self::do_bond_more(prover, amount)
		}

		/// Start to take stake out.
		///
		/// ## Dispatch Origin
		/// Signed by the prover.
		///
		/// ## Details
		/// From now on `amount` backs no bids and cannot be slashed; after `UnbondingBlocks` it can be
		/// withdrawn. What backs a live bid, place or assignment cannot be unbonded. A second call adds to
		/// the first and starts the delay anew. A prover whose stake falls below `MinStake` is suspended.
		///
		/// ## Errors
		/// `AmountZero`, `ProverNotFound`, `InsufficientStake`.
		///
		/// ## Events
		/// `StakeUnbonding`; `ProverSuspended` if too little is left.
		#[pallet::call_index(10)]
		#[pallet::weight(WeightInfoOf::<T>::unbond())]
		pub fn unbond(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
			let prover = ensure_signed(origin)?;
			Self::do_unbond(prover, amount)
		}

		/// Get unbonded stake back.
		///
		/// ## Dispatch Origin
		/// Signed by the prover.
		///
		/// ## Details
		/// Possible from the block that `unbond` named.
		///
		/// ## Errors
		/// `ProverNotFound`, `NothingUnbonding`, `StillUnbonding`.
		///
		/// ## Events
		/// `StakeWithdrawn`.
		#[pallet::call_index(11)]
		#[pallet::weight(WeightInfoOf::<T>::withdraw_unbonded())]
		pub fn withdraw_unbonded(origin: OriginFor<T>) -> DispatchResult {
			let prover = ensure_signed(origin)?;
			Self::do_withdraw_unbonded(prover)
		}

		/// Name another sequencer of a rollup.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's owner.
		///
		/// ## Details
		/// Batches committed before stay with the account that committed them, and so do their escrow
		/// and bond. An account with bids, places or an assignment in the rollup's rounds cannot become
		/// its sequencer; nor can one with bonds anywhere while a dropped batch of the rollup still waits
		/// for a prover.
		///
		/// ## Errors
		/// `RollupNotFound`, `NotOwner`, `SequencerHasBids`.
		///
		/// ## Events
		/// `SequencerChanged`.
		#[pallet::call_index(12)]
		#[pallet::weight(WeightInfoOf::<T>::set_sequencer(T::MaxPendingBatches::get()))]
		pub fn set_sequencer(
			origin: OriginFor<T>,
			rollup: RollupId,
			sequencer: T::AccountId,
		) -> DispatchResultWithPostInfo {
			let owner = ensure_signed(origin)?;
			Self::do_set_sequencer(owner, rollup, sequencer)
		}

		/// Change the parameters of a rollup.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's owner.
		///
		/// ## Details
		/// The next batch takes them; batches committed before keep theirs. The rollup's reserve is moved
		/// into the new bounds.
		///
		/// ## Errors
		/// `RollupNotFound`, `NotOwner`, one `Params..` error per broken rule.
		///
		/// ## Events
		/// `ParamsChanged`.
		#[pallet::call_index(13)]
		#[pallet::weight(WeightInfoOf::<T>::set_params())]
		pub fn set_params(
			origin: OriginFor<T>,
			rollup: RollupId,
			params: RollupParams,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_set_params(owner, rollup, params)
		}

		/// Open the seal of a bidder that stayed silent.
		///
		/// ## Dispatch Origin
		/// Signed by the opener: anyone. In an opening window not by the batch's or the rollup's sequencer;
		/// where silent bids are settled these are not rewarded.
		///
		/// ## Details
		/// In the opening window, or under `Settle` once the round has closed and until `settle_blocks` after the
		/// reveal window, `round` being the round of the bid. `seal` is the one that was placed, 357
		/// bytes; the Runtime API names the block and the extrinsic in which it is. `solution` is `u^(2^T)` in the group of integers modulo `N` up to sign,
		/// 256 bytes, `u` the first 256 bytes of the seal; `proof` is a Wesolowski proof of it, 257
		/// bytes, whose challenge names the opener, so that a copied opening pays nobody else. If the
		/// seal holds the payload that was committed to, the bid counts like any other and its bidder
		/// pays the silence penalty; otherwise the bid is void and its whole bond is lost. Under `Settle` the bid
		/// does not count: its bidder pays the silence penalty, and what withdrawing it can have brought if it
		/// would have won. Half of the silence penalty goes to the opener. The last opening of an opening window
		/// closes the round.
		///
		/// ## Errors
		/// `SealWrongLength`, `SolutionWrongLength`, `OpeningProofWrongLength`, `BatchNotFound`, `BatchWasDropped`,
		/// `WrongRound`, `NotOpening`, `SequencerMayNotOpen`, `BidNotFound`, `BidNotSealed`,
		/// `SealMismatch`, `SealSetUnknown`, `NothingToSettle`, `TooLateToSettle`, `SolutionNonCanonical`,
		/// `OpeningProofNonCanonical`, `OpeningAttemptFailed`, `OpeningProofInvalid`.
		///
		/// ## Events
		/// `BidOpened`, `BidVoided` or `BidSettled`, `OpenerRewarded`; `WinnerSelected` or `RoundEmpty` with the last
		/// opening.
		#[pallet::call_index(14)]
		#[pallet::weight((
			WeightInfoOf::<T>::open_bid()
				.max(WeightInfoOf::<T>::settle_by_opening())
				.saturating_add(WeightInfoOf::<T>::challenge_search())
				.saturating_add(Pallet::<T>::moves(1))
				.saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn open_bid(
			origin: OriginFor<T>,
			batch: BatchId,
			round: RoundNumber,
			bidder: T::AccountId,
			seal: SealBytes,
			solution: SolutionBytes,
			proof: OpeningProofBytes,
		) -> DispatchResultWithPostInfo {
			let opener = ensure_signed(origin)?;
			let opening = OfferedOpening { seal: &seal, solution: &solution, proof: &proof };
			Self::do_open_bid(opener, RoundKey { batch, round }, bidder, opening)
		}

		/// Submit the proofs of several batches at once, for the provers that they are bound to.
		///
		/// ## Dispatch Origin
		/// Signed by anyone; each payment always goes to the prover to whom the proof is bound.
		///
		/// ## Details
		/// Each of at most `MaxProofs` proofs has the effects that `submit_proof` would have, in the order
		/// given. They are verified together: relayers and provers with several batches pay about a fifth less
		/// for a proof, since storage costs as much as before. A proof that is refused fails alone: the
		/// event `ProofRefused` names the error of `submit_proof`, the others are accepted, and if it was
		/// well-formed and false the fee is the one of the dearer search for it. Overdue deadlines of the batches are dealt with as far as
		/// one call may; beyond that a proof is refused with `TooMuchOverdue`. The declared weight is large:
		/// shortly before a deadline, in full blocks, send single proofs.
		///
		/// ## Errors
		/// `NoProofs`, `TooManyProofs`.
		///
		/// ## Events
		/// For each proof those of `submit_proof`, or `ProofRefused`.
		#[pallet::call_index(15)]
		#[pallet::weight((
			Pallet::<T>::submit_proofs_weight(proofs.len(), true)
				.saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn submit_proofs(
			origin: OriginFor<T>,
			proofs: ProofSubmissions<T>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_submit_proofs(&proofs)
		}

		/// Offer a rollup to another owner.
		///
		/// ## Dispatch Origin
		/// Signed by the rollup's owner.
		///
		/// ## Details
		/// Nothing changes until `to` calls `accept_rollup`. An offer replaces the one before; one to
		/// oneself withdraws it.
		///
		/// ## Errors
		/// `RollupNotFound`, `NotOwner`.
		///
		/// ## Events
		/// `RollupOffered`.
		#[pallet::call_index(16)]
		#[pallet::weight(WeightInfoOf::<T>::transfer_rollup())]
		pub fn transfer_rollup(
			origin: OriginFor<T>,
			rollup: RollupId,
			to: T::AccountId,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_transfer_rollup(owner, rollup, to)
		}

		/// Become the owner of a rollup that is offered to the caller.
		///
		/// ## Dispatch Origin
		/// Signed by the account to which the rollup is offered.
		///
		/// ## Details
		/// Holds the deposit of the rollup's row from the new owner, as much as was held from the old one,
		/// whose deposit returns. Sequencer, parameters and pending batches stay as they are: look at them
		/// before, and call `set_sequencer` and `set_params` after.
		///
		/// ## Errors
		/// `RollupNotFound`, `RollupNotOffered`, `InsufficientBalance`.
		///
		/// ## Events
		/// `RollupTransferred`.
		#[pallet::call_index(17)]
		#[pallet::weight(WeightInfoOf::<T>::accept_rollup())]
		pub fn accept_rollup(origin: OriginFor<T>, rollup: RollupId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_accept_rollup(owner, rollup)
		}

		/// Place sealed bids on several batches at once.
		///
		/// ## Dispatch Origin
		/// Signed by a registered prover, whose bids they all are.
		///
		/// ## Details
		/// Each of at most `MaxBidsPerCall` bids has the effects that `place_bid` would have, in the order
		/// given. A bid that is refused fails alone and costs nothing but its part of the fee: the event
		/// `BidRefused` names its index and the error of `place_bid`.
		///
		/// ## Errors
		/// `NoBids`, `TooManyBids`.
		///
		/// ## Events
		/// `BidPlaced` or `BidRefused` for each bid.
		#[pallet::call_index(18)]
		#[pallet::weight(Pallet::<T>::place_bids_weight(bids.len()))]
		pub fn place_bids(
			origin: OriginFor<T>,
			bids: BidPlacements<T>,
		) -> DispatchResultWithPostInfo {
			let bidder = ensure_signed(origin)?;
			Self::do_place_bids(bidder, &bids)
		}

		/// Reveal several bids at once.
		///
		/// ## Dispatch Origin
		/// Signed by anyone: payloads that match prove themselves.
		///
		/// ## Details
		/// Each of at most `MaxBidsPerCall` payloads has the effects that `reveal_bid` would have, in the order
		/// given. One that is refused fails alone: the event `BidRefused` names its index and the error of
		/// `reveal_bid`. Rounds of which these were the last reveals are closed as far as one call may; beyond
		/// that the agenda closes them, and a round that has to be closed before a silent bid of it can be
		/// settled refuses that with `TooMuchOverdue`.
		///
		/// ## Errors
		/// `NoBids`, `TooManyBids`.
		///
		/// ## Events
		/// For each payload those of `reveal_bid`, or `BidRefused`.
		#[pallet::call_index(19)]
		#[pallet::weight((
			Pallet::<T>::reveal_bids_weight(reveals.len())
				.saturating_add(Pallet::<T>::heaviest_step()),
			DispatchClass::Operational
		))]
		pub fn reveal_bids(
			origin: OriginFor<T>,
			reveals: BidReveals<T>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_reveal_bids(&reveals)
		}
	}

	/// The index of a batch's successor, or `Corrupt` at the end of all numbers.
	pub(crate) fn successor<T>(index: BatchIndex) -> Result<BatchIndex, Error<T>> {
		index.checked_add(1).ok_or(Error::<T>::Corrupt)
	}
}
