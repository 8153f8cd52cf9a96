// SPDX-License-Identifier: Apache-2.0
//! A small runtime with the market. In its folder is what drives it.

mod bids;
mod proofs;
mod world;

pub(crate) use bids::*;
pub(crate) use proofs::*;
pub(crate) use world::*;

use crate as pallet_pvs;
use crate::{
	types::{Roots, RoundId, RoundKey},
	weights::host::SubstrateWeight,
	BidPlacement, Call, Config, Event, Network, Opening, OpeningProofBytes, Prices,
	ProofSubmission, ProofSubmissions, SealBytes, Seals, SolutionBytes, Verification,
};
use chacha20poly1305::{aead::AeadInPlace, ChaCha20Poly1305, KeyInit, Nonce};
use frame_support::{
	derive_impl,
	dispatch::{DispatchResultWithPostInfo, GetDispatchInfo, PostDispatchInfo},
	parameter_types,
	traits::{fungible::Inspect, Get, Hooks, UnfilteredDispatchable},
	weights::{RuntimeDbWeight, Weight},
	PalletId,
};
use pvs_auction::round::Stage;
use pvs_primitives::{
	api::{BatchId, BatchStatus, ProverInfo, RollupInfo},
	bid::{bid_commitment, BidPayload},
	hash::blake2_256,
	params::{Layout, PaymentRule, RollupParams, SilencePolicy},
	seal_timing::SealTiming,
	Balance, Bytes32, RoundNumber,
};
use pvs_timelock::{
	generator, seal_key, solve, Parameters, Statement, BID_CONTEXT_BYTES, SEAL_BYTES,
};
use pvs_verifier::{
	Backend, Claim, HostVerifier, KeyError, PreparedKey, ProofError, ProofVerifier,
};
use pvs_verifier_testing::TestKeys;
use sp_core::H256;
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage, DispatchError};
use std::{
	cell::{Cell, RefCell},
	collections::BTreeMap,
	sync::OnceLock,
};

pub(crate) type AccountId = AccountId32;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;

	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;

	#[runtime::pallet_index(2)]
	pub type Pvs = pallet_pvs;
}

type Block = frame_system::mocking::MockBlockU32<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type Block = Block;
	type DbWeight = DatabaseWeight;
	type Lookup = IdentityLookup<AccountId>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
}

pub(crate) const MAX_BIDS: u32 = 8;
pub(crate) const MAX_PENDING: u32 = 4;
pub(crate) const MIN_STAKE: Balance = 2_000;
pub(crate) const SLOT_FEE: Balance = 2;
pub(crate) const MAX_SETTLE_BLOCKS: u32 = 50;
/// The window of a rollup that settles silent bids.
pub(crate) const SETTLE_BLOCKS: u32 = 12;
pub(crate) const ROLLUP_DEPOSIT: Balance = 50;
pub(crate) const BATCH_DEPOSIT: Balance = 5;
pub(crate) const PROVER_DEPOSIT: Balance = 7;
pub(crate) const MIN_SEQUENCER_BOND: Balance = 3;
pub(crate) const UNBONDING_BLOCKS: u32 = 10;
pub(crate) const SHARE_EPOCH: u32 = 1_000;
pub(crate) const FINALITY_GAP: u32 = 1;
pub(crate) const INCLUSION_SLACK: u32 = 1;
pub(crate) const ENDOWMENT: Balance = 1_000_000;
/// The longest opening window of a rollup that opens seals.
pub(crate) const OPENING_BLOCKS: u32 = 10;

pub(crate) const MAX_COMMITS: u32 = 5;
pub(crate) const GUARANTEED: u32 = 2;
pub(crate) const POOL: u32 = 8;
pub(crate) const ROLLUPS: u32 = 4_096;
pub(crate) const RENT: Balance = 1;
pub(crate) const MAX_PROOFS: u32 = 3;
pub(crate) const MAX_BIDS_PER_CALL: u32 = 4;
pub(crate) const MAX_DATA_BYTES: u32 = 100;
pub(crate) const MAX_BLOCK_DATA_BYTES: u32 = 200;
pub(crate) const MAX_WINDOW_BLOCKS: u32 = 100;
pub(crate) const MAX_ROUNDS: u32 = 3;
pub(crate) const AGENDA_WEIGHT: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);

parameter_types! {
	pub static DatabaseWeight: RuntimeDbWeight = RuntimeDbWeight { read: 0, write: 0 };
	pub static ExistentialDeposit: Balance = 1;
	pub static GapBlocks: u32 = FINALITY_GAP;
	pub static FormerSeals: &'static [&'static Parameters] = &[];
	pub static SlackBlocks: u32 = INCLUSION_SLACK;
	pub static BidPlaces: u32 = MAX_BIDS;
	pub static SlotFeeBase: Balance = SLOT_FEE;
	pub static PlaceRent: Balance = RENT;
	pub static RollupRowPrice: Balance = ROLLUP_DEPOSIT;
	pub static BatchRowPrice: Balance = BATCH_DEPOSIT;
	pub static ProverRowPrice: Balance = PROVER_DEPOSIT;
	pub static LowestBond: Balance = MIN_SEQUENCER_BOND;
	pub static LowestStake: Balance = MIN_STAKE;
	pub static LongestSettling: u32 = MAX_SETTLE_BLOCKS;
	pub static LongestWindow: u32 = MAX_WINDOW_BLOCKS;
	pub static MaxAgendaWeight: Weight = AGENDA_WEIGHT;
	pub static LongestData: u32 = MAX_DATA_BYTES;
	pub static MostBlockData: u32 = MAX_BLOCK_DATA_BYTES;
	pub static MaxCommitsPerBlock: u32 = MAX_COMMITS;
	pub static MaxPendingBatches: u32 = MAX_PENDING;
	pub static MostProofs: u32 = MAX_PROOFS;
	pub static MostBidsPerCall: u32 = MAX_BIDS_PER_CALL;
	pub static MostRounds: u32 = MAX_ROUNDS;
	pub static GuaranteedPlaces: u32 = GUARANTEED;
	pub static PoolPlaces: u32 = POOL;
	pub static MaxRollups: u32 = ROLLUPS;
	pub static EpochBlocks: u32 = SHARE_EPOCH;
	pub static UnbondingTime: u32 = UNBONDING_BLOCKS;
	pub const MarketPalletId: PalletId = PalletId(*b"pvs/slsh");
	pub static SealTimes: SealTiming = SEAL_TIMING;
	pub TestNetwork: Network = Network {
		slot_millis: SealTimes::get().slot_millis,
		stretch_percent: SealTimes::get().stretch_percent,
		finality_gap: GapBlocks::get(),
		inclusion_slack: SlackBlocks::get(),
	};
	pub TestSeals: Seals = Seals {
		parameters: SealParameters::get(),
		former: FormerSeals::get(),
		fastest_squarings: SealTimes::get().fastest_squarings,
		margin: SealTimes::get().margin,
		opener_squarings: SealTimes::get().opener_squarings,
		opener_cores: SealTimes::get().opener_cores,
	};
	pub TestPrices: Prices = Prices {
		slot_fee_base: SlotFeeBase::get(),
		place_rent: PlaceRent::get(),
		rollup_deposit: RollupRowPrice::get(),
		batch_deposit: BatchRowPrice::get(),
		prover_deposit: ProverRowPrice::get(),
		min_sequencer_bond: LowestBond::get(),
	};
}

/// One seal takes 2 blocks on one core, a full round of eight 8 blocks on two.
pub(crate) const SEAL_TIMING: SealTiming = SealTiming {
	slot_millis: 1_000,
	stretch_percent: 100,
	fastest_squarings: 100,
	margin: 1,
	opener_squarings: 1_024 / 2,
	opener_cores: 2,
};
/// Squarings that open a seal of this chain.
pub(crate) const DELAY: u64 = 1_024;

/// A puzzle that opens at once, unless a test sets another.
pub(crate) struct SealParameters;

thread_local! {
	static SEAL_PARAMETERS: Cell<Option<&'static Parameters>> = const { Cell::new(None) };
}

impl SealParameters {
	pub(crate) fn set(parameters: &'static Parameters) {
		SEAL_PARAMETERS.set(Some(parameters));
	}
}

impl Get<&'static Parameters> for SealParameters {
	fn get() -> &'static Parameters {
		SEAL_PARAMETERS.get().unwrap_or_else(test_parameters)
	}
}

/// The parameters of that puzzle.
pub(crate) fn test_parameters() -> &'static Parameters {
	static PARAMETERS: OnceLock<Parameters> = OnceLock::new();
	PARAMETERS.get_or_init(|| {
		solve::compute_parameters("test", DELAY, solve::Options::default()).expect("it verifies")
	})
}

/// The mock's verifier, with the weights of the native one that it is made of.
pub struct TestVerification;

impl Verification for TestVerification {
	type Verifier = Verifier;
	type WeightInfo = SubstrateWeight<Test>;
}

impl Config for Test {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type GuaranteedPlaces = GuaranteedPlaces;
	type MaxAgendaWeight = MaxAgendaWeight;
	type MaxBids = BidPlaces;
	type MaxBidsPerCall = MostBidsPerCall;
	type MaxBlockDataBytes = MostBlockData;
	type MaxCommitsPerBlock = MaxCommitsPerBlock;
	type MaxDataBytes = LongestData;
	type MaxPendingBatches = MaxPendingBatches;
	type MaxProofs = MostProofs;
	type MaxRollups = MaxRollups;
	type MaxRounds = MostRounds;
	type MaxSettleBlocks = LongestSettling;
	type MaxWindowBlocks = LongestWindow;
	type MinStake = LowestStake;
	type Network = TestNetwork;
	type PalletId = MarketPalletId;
	type PoolPlaces = PoolPlaces;
	type Prices = TestPrices;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Seals = TestSeals;
	type ShareEpoch = EpochBlocks;
	type UnbondingBlocks = UnbondingTime;
	type Verification = TestVerification;
}
