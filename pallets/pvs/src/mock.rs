// SPDX-License-Identifier: Apache-2.0
//! A small runtime with the market, and a world to drive it.

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

pub(crate) const OWNER: AccountId = AccountId32::new([1; 32]);
pub(crate) const SEQUENCER: AccountId = AccountId32::new([2; 32]);
pub(crate) const ANN: AccountId = AccountId32::new([11; 32]);
pub(crate) const BEN: AccountId = AccountId32::new([12; 32]);
pub(crate) const CID: AccountId = AccountId32::new([13; 32]);
pub(crate) const DEE: AccountId = AccountId32::new([14; 32]);
/// Has money and is no prover.
pub(crate) const GUEST: AccountId = AccountId32::new([20; 32]);
/// Has nothing.
pub(crate) const POOR: AccountId = AccountId32::new([21; 32]);

pub(crate) fn keys() -> &'static TestKeys {
	static KEYS: OnceLock<TestKeys> = OnceLock::new();
	KEYS.get_or_init(|| TestKeys::new(1))
}

pub(crate) fn verifying_key() -> Vec<u8> {
	keys().verifying_key().to_vec()
}

/// A state root: any canonical field element.
pub(crate) fn root(number: u8) -> Bytes32 {
	let mut root = [0; 32];
	root[31] = number;
	root
}

/// Roots that a batch goes between.
pub(crate) fn roots(prev: Bytes32, next: Bytes32) -> Roots {
	Roots { prev, next }
}

pub(crate) fn params() -> RollupParams {
	RollupParams {
		layout: Layout::Fields,
		data_len: 40,
		bidding_blocks: 3,
		reveal_blocks: 4,
		silence_policy: SilencePolicy::Exclude,
		payment_rule: PaymentRule::SecondScore,
		w_fee: 700_000_000,
		w_time: 300_000_000,
		w_share: 0,
		min_proof_blocks: 2,
		max_proof_blocks: 20,
		min_reserve: 10,
		initial_reserve: 1_000,
		max_reserve: 1_000,
		reserve_margin: 1_000_000_000,
		reserve_weight: 250_000_000,
		escalation_factor: 1_500_000_000,
		silence_penalty: 100,
		grace_blocks: 3,
		late_rate: 50_000_000,
		ladder_len: 2,
		ladder_blocks: 3,
		rescue_blocks: 5,
		max_empty_rounds: 2,
		max_failed_rounds: 2,
		sequencer_bond: 70,
	}
}

/// Parameters of a rollup that opens the seals of silent bidders. Time counts for less: all time of a
/// round is worth `ceil(1,000 * 0.035 / 0.7)` = 50, and the penalty of 100 is twice that.
pub(crate) fn opening_params() -> RollupParams {
	let opening_blocks = OPENING_BLOCKS;
	RollupParams {
		silence_policy: SilencePolicy::ForceOpen { opening_blocks },
		w_time: 35_000_000,
		..params()
	}
}

/// Parameters of a rollup that settles silent bids after their round has closed.
pub(crate) fn settling_params() -> RollupParams {
	let settle_blocks = SETTLE_BLOCKS;
	RollupParams { silence_policy: SilencePolicy::Settle { settle_blocks }, ..params() }
}

/// Runs a test on a fresh chain with one rollup and four provers, and checks the invariants and the
/// issuance after it.
pub(crate) fn market(test: impl FnOnce()) {
	market_with(params(), test);
}

/// As [`market`], with parameters of the rollup's own.
pub(crate) fn market_with(params: RollupParams, test: impl FnOnce()) {
	chain(|| {
		register_rollup(params);
		for prover in [ANN, BEN, CID, DEE] {
			Pvs::register_prover(RuntimeOrigin::signed(prover), 2 * MIN_STAKE)
				.expect("the prover has the stake");
		}
		System::reset_events();
		test();
	});
}

/// Runs a test on a fresh chain with funded accounts only.
pub(crate) fn chain(test: impl FnOnce()) {
	new_ext().execute_with(|| {
		let issued = issuance();
		test();
		Pvs::do_try_state().expect("the invariants hold");
		assert!(issuance() <= issued, "issuance never grows");
	});
}

/// A fresh chain at block 1 with funded accounts only, and the constants as they are by default.
pub(crate) fn new_ext() -> sp_io::TestExternalities {
	reset_constants();
	let balances =
		[OWNER, SEQUENCER, ANN, BEN, CID, DEE, GUEST].map(|account| (account, ENDOWMENT)).to_vec();
	let balances = BalancesConfig { balances, ..Default::default() };
	let genesis = RuntimeGenesisConfig { balances, ..Default::default() };
	let storage = genesis.build_storage().expect("it builds");
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		frame_system::BlockHash::<Test>::insert(0, H256::repeat_byte(7));
		in_extrinsic(EXTRINSIC);
		run_to(1);
	});
	ext
}

/// Sets all constants to what they are by default.
pub(crate) fn reset_constants() {
	ExistentialDeposit::set(1);
	GapBlocks::set(FINALITY_GAP);
	FormerSeals::set(&[]);
	SlackBlocks::set(INCLUSION_SLACK);
	BidPlaces::set(MAX_BIDS);
	SlotFeeBase::set(SLOT_FEE);
	PlaceRent::set(RENT);
	RollupRowPrice::set(ROLLUP_DEPOSIT);
	BatchRowPrice::set(BATCH_DEPOSIT);
	ProverRowPrice::set(PROVER_DEPOSIT);
	LowestBond::set(MIN_SEQUENCER_BOND);
	LowestStake::set(MIN_STAKE);
	LongestSettling::set(MAX_SETTLE_BLOCKS);
	LongestWindow::set(MAX_WINDOW_BLOCKS);
	MaxAgendaWeight::set(AGENDA_WEIGHT);
	LongestData::set(MAX_DATA_BYTES);
	MostBlockData::set(MAX_BLOCK_DATA_BYTES);
	MaxCommitsPerBlock::set(MAX_COMMITS);
	MaxPendingBatches::set(MAX_PENDING);
	MostProofs::set(MAX_PROOFS);
	MostBidsPerCall::set(MAX_BIDS_PER_CALL);
	MostRounds::set(MAX_ROUNDS);
	GuaranteedPlaces::set(GUARANTEED);
	PoolPlaces::set(POOL);
	MaxRollups::set(ROLLUPS);
	EpochBlocks::set(SHARE_EPOCH);
	UnbondingTime::set(UNBONDING_BLOCKS);
	SealParameters::set(test_parameters());
	SealTimes::set(SEAL_TIMING);
}

/// The extrinsic that calls seem to come in.
pub(crate) const EXTRINSIC: u32 = 2;

/// Lets calls seem to come in the extrinsic of this index.
pub(crate) fn in_extrinsic(index: u32) {
	System::note_inherents_applied();
	System::set_extrinsic_index(index);
	System::note_extrinsic(vec![1]);
}

/// Registers a rollup of `OWNER` with `SEQUENCER`.
pub(crate) fn register_rollup(params: RollupParams) {
	Pvs::register_rollup(
		RuntimeOrigin::signed(OWNER),
		verifying_key().try_into().expect("768 bytes"),
		root(0),
		SEQUENCER,
		params,
	)
	.expect("the rollup is valid");
}

/// Registers as many rollups, which take the same key and differ by their ids only.
pub(crate) fn register_rollups(count: u32, params: RollupParams) {
	register_rollup(params);
	let row = crate::Rollups::<Test>::get(0).expect("registered");
	let key = crate::VerifyingKeys::<Test>::get(0).expect("stored");
	for rollup in 1..count {
		// As `register_rollup` does, without checking the same key again.
		Pvs::hold(crate::HoldReason::RollupDeposit, &OWNER, ROLLUP_DEPOSIT).expect("it has it");
		crate::Rollups::<Test>::insert(rollup, row.clone());
		crate::VerifyingKeys::<Test>::insert(rollup, key);
	}
	crate::NextRollupId::<Test>::put(count);
	crate::RollupCount::<Test>::put(count);
}

/// Lowers a rollup's reserve to `max_fee`, so that a batch with that can be committed.
pub(crate) fn lower_reserve(rollup: u32, max_fee: Balance) {
	crate::Rollups::<Test>::mutate(rollup, |row| {
		if let Some(row) = row {
			row.prices.reserve = row.prices.reserve.min(max_fee);
		}
	});
}

/// Commits the next batch of a rollup whose batches have a single byte, however many this block has.
pub(crate) fn commit_to(rollup: u32) -> BatchId {
	crate::BlockDataBytes::<Test>::kill();
	crate::CommitsInBlock::<Test>::kill();
	lower_reserve(rollup, 10);
	let index = crate::Rollups::<Test>::get(rollup).expect("registered").next_index;
	let data = vec![1].try_into().expect("short");
	Pvs::commit_batch(signed(&SEQUENCER), rollup, data, tip(rollup), root(1), 10)
		.expect("the batch is valid");
	BatchId { rollup, index }
}

/// Goes to the start of block `number`, through every block before it.
pub(crate) fn run_to(number: u32) {
	while System::block_number() < number {
		System::reset_events();
		next_block();
	}
}

/// Goes to the start of the next block and keeps the events. Returns the weight of its hooks.
pub(crate) fn next_block() -> Weight {
	System::set_block_number(System::block_number() + 1);
	Pvs::on_initialize(System::block_number())
}

/// Ends a block that has so much weight left. Returns the weight of its hook, which is not more.
pub(crate) fn idle(left: Weight) -> Weight {
	let used = Pvs::on_idle(now(), left);
	assert!(used.all_lte(left), "{used:?} of {left:?}");
	used
}

pub(crate) fn now() -> u32 {
	System::block_number()
}

/// What came of a call, without what it is charged if it failed.
pub(crate) type CallResult = Result<PostDispatchInfo, DispatchError>;

pub(crate) fn outcome(of: DispatchResultWithPostInfo) -> CallResult {
	of.map_err(|refused| refused.error)
}

/// Sends a call. Whatever comes of it, it is charged no more than it declares.
pub(crate) fn dispatch(origin: RuntimeOrigin, call: Call<Test>) -> DispatchResultWithPostInfo {
	let (text, declared) = (format!("{call:?}"), call.get_dispatch_info().call_weight);
	let outcome = call.dispatch_bypass_filter(origin);
	let info = match &outcome {
		Ok(info) => info,
		Err(refused) => &refused.post_info,
	};
	let charged = info.actual_weight.unwrap_or(declared);
	assert!(charged.all_lte(declared), "{charged:?} of {declared:?}: {text:.60} {outcome:?}");
	outcome
}

/// The root that the next batch of a rollup builds on.
pub(crate) fn tip(rollup: u32) -> Bytes32 {
	crate::Rollups::<Test>::get(rollup).map(|rollup| rollup.tip_root).unwrap_or_default()
}

pub(crate) fn batch(index: u64) -> BatchId {
	BatchId { rollup: 0, index }
}

/// Commits the next batch of rollup 0, whose data and root follow from its index. A reserve above
/// `max_fee` is lowered to it before.
pub(crate) fn commit(max_fee: Balance) -> BatchId {
	commit_in(0, max_fee)
}

/// As [`commit`], in another rollup.
pub(crate) fn commit_in(rollup: u32, max_fee: Balance) -> BatchId {
	lower_reserve(rollup, max_fee);
	let index = Pvs::rollup_info(rollup).expect("the rollup exists").next_index;
	let number = u8::try_from(index % 250).expect("small") + 1;
	Pvs::commit_batch(
		RuntimeOrigin::signed(SEQUENCER),
		rollup,
		vec![number; 40].try_into().expect("short enough"),
		tip(rollup),
		root(number),
		max_fee,
	)
	.expect("the batch is valid");
	BatchId { rollup, index }
}

pub(crate) fn payload(fee: Balance, proof_blocks: u32) -> BidPayload {
	BidPayload { fee, proof_blocks, proof_commitment: None, salt: [9; 32] }
}

/// The commitment of `bidder` to a payload in the current round of a batch.
pub(crate) fn commitment(id: BatchId, bidder: &AccountId, payload: &[u8; 85]) -> Bytes32 {
	let round = Pvs::round_info(id).expect("a round is open");
	let bytes: &[u8; 32] = bidder.as_ref();
	bid_commitment(&[7; 32], id, round.round, &round.batch_digest, bytes, payload)
}

/// Places a bid whose seal nobody is going to open.
pub(crate) fn place(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	place_with(id, bidder, payload, any_seal())
}

/// Places a bid whose seal opens to the payload.
pub(crate) fn place_sealed(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	place_with(id, bidder, payload, sealed(&context(id, bidder), payload))
}

pub(crate) fn place_with(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
	seal: SealBytes,
) -> Result<(), DispatchError> {
	remember_seal(&seal);
	let round = Pvs::round_info(id).expect("a round is open");
	outcome(Pvs::place_bid(
		RuntimeOrigin::signed(bidder.clone()),
		id,
		round.round,
		round.batch_digest,
		Balance::MAX,
		commitment(id, bidder, payload),
		seal,
	))
	.map(|_| ())
}

/// Places a bid twice in one call: the second is refused.
pub(crate) fn place_both(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	let bid = placement(id, bidder, payload);
	let bids = vec![bid.clone(), bid].try_into().expect("two");
	outcome(dispatch(signed(bidder), Call::place_bids { bids })).map(|_| ())
}

/// A bid in the current round, as `place_bids` takes it, with a seal that nobody opens.
pub(crate) fn placement(id: BatchId, bidder: &AccountId, payload: &[u8; 85]) -> BidPlacement {
	let round = Pvs::round_info(id).expect("a round is open");
	let seal = any_seal();
	remember_seal(&seal);
	BidPlacement {
		batch: id,
		round: round.round,
		batch_digest: round.batch_digest,
		max_slot_fee: Balance::MAX,
		commitment: commitment(id, bidder, payload),
		seal,
	}
}

/// What a bid of this bidder in the current round is bound to.
pub(crate) fn context(id: BatchId, bidder: &AccountId) -> [u8; BID_CONTEXT_BYTES] {
	Pvs::bid_context(&Pvs::entry(id).expect("pending"), bidder)
}

/// A seal with the exponent 1, made here step by step: nothing else in it is known to be cheap.
pub(crate) fn sealed(context: &[u8; BID_CONTEXT_BYTES], payload: &[u8; 85]) -> SealBytes {
	let parameters = test_parameters();
	let key = seal_key(parameters, generator(), context, &parameters.h);
	let mut ciphertext = *payload;
	let tag = ChaCha20Poly1305::new((&key).into())
		.encrypt_in_place_detached(&Nonce::default(), context, &mut ciphertext)
		.expect("85 bytes");
	[&generator()[..], &ciphertext, &tag].concat().try_into().expect("357 bytes")
}

/// A seal that nobody is going to open: a group element and noise.
pub(crate) fn any_seal() -> SealBytes {
	let mut seal = vec![0; SEAL_BYTES];
	seal[255] = 4;
	seal.try_into().expect("short enough")
}

thread_local! {
	/// The seals of all bids of a test, by their hash: what a chain has in its blocks' bodies.
	static SEALS: RefCell<BTreeMap<Bytes32, SealBytes>> = const { RefCell::new(BTreeMap::new()) };
}

/// Keeps a seal for [`seal_of`].
pub(crate) fn remember_seal(seal: &SealBytes) {
	SEALS.with_borrow_mut(|seals| seals.insert(blake2_256(&[seal]), seal.clone()));
}

/// The seal of a bid; another one if there is no bid.
pub(crate) fn seal_of(id: BatchId, bidder: &AccountId) -> SealBytes {
	let bid = crate::Bids::<Test>::get(id, bidder);
	let known = |seal_hash| SEALS.with_borrow(|seals| seals.get(&seal_hash).cloned());
	bid.and_then(|bid| known(bid.seal_hash)).unwrap_or_else(any_seal)
}

/// Solves the seal of a bid for this opener.
pub(crate) fn solved(
	id: BatchId,
	bidder: &AccountId,
	opener: &AccountId,
) -> (SolutionBytes, OpeningProofBytes) {
	let bid = crate::Bids::<Test>::get(id, bidder).expect("the bid is in the round");
	let statement = Statement {
		parameters: test_parameters(),
		seal: &seal_of(id, bidder).to_vec().try_into().expect("357 bytes"),
		context: &context(id, bidder),
		commitment: &bid.commitment,
		opener: opener.as_ref(),
	};
	solve_for(&statement)
}

/// An opening of the right lengths.
pub(crate) fn opening_of(seal: &[u8], solution: &[u8], proof: &[u8]) -> Opening {
	Opening {
		seal: seal.try_into().expect("357 bytes"),
		solution: solution.try_into().expect("256 bytes"),
		proof: proof.try_into().expect("257 bytes"),
	}
}

fn solve_for(statement: &Statement<'_>) -> (SolutionBytes, OpeningProofBytes) {
	let opening = solve::open_by_solving(statement, solve::Options::default(), |_| {
		std::ops::ControlFlow::Continue(())
	})
	.expect("a puzzle of 1,024 squarings");
	let long_enough = "at most twice as long";
	(
		opening.solution.to_vec().try_into().expect(long_enough),
		opening.proof.to_vec().try_into().expect(long_enough),
	)
}

/// Opens the seal of a bid.
pub(crate) fn open(id: BatchId, bidder: &AccountId, opener: &AccountId) -> CallResult {
	let (solution, proof) = solved(id, bidder, opener);
	let round = round_number(id);
	let seal = seal_of(id, bidder);
	let call = Call::open_bid { batch: id, round, bidder: bidder.clone(), seal, solution, proof };
	outcome(dispatch(signed(opener), call))
}

/// Settles the silent bid of a closed round by its payload, from an account that has no part in it.
pub(crate) fn settle_by_payload(
	(batch, round): RoundId,
	bidder: &AccountId,
	payload: &[u8],
) -> CallResult {
	let payload = payload.to_vec().try_into().expect("short enough");
	let call = Call::reveal_bid { batch, round, bidder: bidder.clone(), payload };
	outcome(dispatch(signed(&GUEST), call))
}

/// Settles the silent bid of a closed round by solving its seal.
pub(crate) fn settle_by_opening(at: RoundId, bidder: &AccountId) -> CallResult {
	let (batch, round) = at;
	let kept = crate::UnsettledRounds::<Test>::get(batch, round).expect("a bid is unsettled");
	let bid = crate::UnsettledBids::<Test>::get(at, bidder).expect("it is unsettled");
	let seal =
		SEALS.with_borrow(|seals| seals.get(&bid.seal_hash).cloned()).expect("it was placed");
	let statement = Statement {
		parameters: test_parameters(),
		seal: &seal.to_vec().try_into().expect("357 bytes"),
		context: &Pvs::unsettled_context(RoundKey { batch, round }, &kept, bidder),
		commitment: &bid.commitment,
		opener: GUEST.as_ref(),
	};
	let (solution, proof) = solve_for(&statement);
	let bidder = bidder.clone();
	let call = Call::open_bid { batch, round, bidder, seal, solution, proof };
	outcome(dispatch(signed(&GUEST), call))
}

pub(crate) fn bid(id: BatchId, bidder: &AccountId, fee: Balance, proof_blocks: u32) {
	place(id, bidder, &payload(fee, proof_blocks).encode()).expect("the bid is valid");
}

pub(crate) fn reveal(
	id: BatchId,
	bidder: &AccountId,
	fee: Balance,
	proof_blocks: u32,
) -> CallResult {
	reveal_bytes(id, bidder, &payload(fee, proof_blocks).encode())
}

/// Reveals these bytes in the current round of a batch, as its bidder.
pub(crate) fn reveal_bytes(id: BatchId, bidder: &AccountId, payload: &[u8]) -> CallResult {
	reveal_for(bidder, id, bidder, payload)
}

/// Reveals these bytes in the current round of a batch, from another account.
pub(crate) fn reveal_for(
	sender: &AccountId,
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8],
) -> CallResult {
	let round = crate::Batches::<Test>::get(id).map_or(0, |batch| batch.round.number);
	let payload = payload.to_vec().try_into().expect("short enough");
	let call = Call::reveal_bid { batch: id, round, bidder: bidder.clone(), payload };
	outcome(dispatch(signed(sender), call))
}

/// The proof of `prover` for the current round of a batch.
pub(crate) fn proof(id: BatchId, prover: &AccountId) -> Vec<u8> {
	let inputs = Pvs::public_inputs_of(id, prover.clone()).expect("the batch is pending");
	if Verifier::is_cheap() {
		return Verifier::cheap_proof(&inputs);
	}
	keys().prove(&inputs, 1).to_vec()
}

/// Verifies for real, as a node does, unless a test that makes thousands of proofs and is about
/// something else asks for cheap ones: those are a hash of the public inputs, so that they hold for one
/// prover, batch and round as real ones do.
pub struct Verifier;

thread_local! {
	static CHEAP: Cell<bool> = const { Cell::new(false) };
}

impl Verifier {
	fn is_cheap() -> bool {
		CHEAP.get()
	}

	fn cheap_proof(inputs: &[Bytes32]) -> Vec<u8> {
		blake2_256(&[&inputs.concat()]).repeat(8)
	}
}

/// Runs a test with cheap proofs.
pub(crate) fn with_cheap_proofs(test: impl FnOnce()) {
	CHEAP.set(true);
	test();
	CHEAP.set(false);
}

impl ProofVerifier for Verifier {
	const BACKEND: Backend = Backend::Host;

	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		static PREPARED: OnceLock<PreparedKey> = OnceLock::new();
		if Self::is_cheap() && key == keys().verifying_key() {
			let prepare = || HostVerifier::prepare_key(key).expect("the key is valid");
			return Ok(*PREPARED.get_or_init(prepare));
		}
		HostVerifier::prepare_key(key)
	}

	fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
		if !Self::is_cheap() {
			return HostVerifier::verify_batch(claims);
		}
		claims
			.iter()
			.map(|claim| {
				let holds = claim.proof == Self::cheap_proof(claim.inputs);
				holds.then_some(()).ok_or(ProofError::NotValid)
			})
			.collect()
	}
}

pub(crate) fn submit(id: BatchId, prover: &AccountId, proof: Vec<u8>) -> CallResult {
	let proof = proof.try_into().expect("at most twice as long");
	let call = Call::submit_proof { batch: id, prover: prover.clone(), proof };
	outcome(dispatch(signed(prover), call))
}

/// Batches, provers and proofs as `submit_proofs` takes them.
pub(crate) fn submissions(proofs: &[(BatchId, AccountId, Vec<u8>)]) -> ProofSubmissions<Test> {
	let submission = |(batch, prover, proof): &(BatchId, AccountId, Vec<u8>)| ProofSubmission {
		batch: *batch,
		prover: prover.clone(),
		proof: proof.clone().try_into().expect("at most twice as long"),
	};
	let all: Vec<_> = proofs.iter().map(submission).collect();
	all.try_into().expect("no more than allowed")
}

/// Takes a batch from commitment to a winner: each bidder bids and reveals. Returns the block.
pub(crate) fn auction(id: BatchId, bids: &[(AccountId, Balance, u32)]) -> u32 {
	let round = Pvs::round_info(id).expect("a round is open");
	run_to(round.bidding_from);
	for (bidder, fee, time) in bids {
		bid(id, bidder, *fee, *time);
	}
	run_to(round.reveal_from);
	for (bidder, fee, time) in bids {
		reveal(id, bidder, *fee, *time).expect("the reveal is valid");
	}
	System::block_number()
}

/// The calls take an account for short.
pub(crate) fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

pub(crate) fn accept(id: BatchId, prover: &AccountId) -> CallResult {
	let round = crate::Batches::<Test>::get(id).map_or(0, |batch| batch.round.number);
	outcome(dispatch(signed(prover), Call::accept_place { batch: id, round }))
}

/// Delivers a valid proof of `prover` for the current round.
pub(crate) fn deliver(id: BatchId, prover: &AccountId) -> CallResult {
	submit(id, prover, proof(id, prover))
}

/// Goes to the block in which the assigned prover is in default, and returns it.
pub(crate) fn run_to_default(id: BatchId) -> u32 {
	let round = Pvs::round_info(id).expect("a round is open");
	let block = round.assignment.expect("a prover is assigned").late_until + 1;
	run_to(block);
	block
}

pub(crate) fn status(id: BatchId) -> BatchStatus<AccountId> {
	Pvs::batch_info(id).expect("the batch is pending").status
}

/// The rent that a batch burns if it ends in this block.
pub(crate) fn rent(id: BatchId) -> Balance {
	rent_by(id, now())
}

/// The rent that a batch burns if it ends in block `end`.
pub(crate) fn rent_by(id: BatchId, end: u32) -> Balance {
	crate::Batches::<Test>::get(id).expect("the batch is pending").rent_due(end)
}

pub(crate) fn pending(id: BatchId) -> bool {
	crate::Batches::<Test>::contains_key(id)
}

pub(crate) fn prover(who: &AccountId) -> ProverInfo<AccountId> {
	Pvs::prover_info(who.clone()).expect("the prover is registered")
}

pub(crate) fn rollup() -> RollupInfo<AccountId> {
	Pvs::rollup_info(0).expect("the rollup is registered")
}

pub(crate) fn issuance() -> Balance {
	Balances::total_issuance()
}

/// The number of keys in the pallet's storage.
pub(crate) fn storage_keys() -> usize {
	storage_rows().len()
}

/// Everything that the pallet has in storage.
pub(crate) fn storage_rows() -> BTreeMap<Vec<u8>, Vec<u8>> {
	let prefix = sp_io::hashing::twox_128(b"Pvs").to_vec();
	std::iter::successors(sp_io::storage::next_key(&prefix), |key| sp_io::storage::next_key(key))
		.take_while(|key| key.starts_with(&prefix))
		.map(|key| (key.clone(), sp_io::storage::get(&key).expect("it exists").to_vec()))
		.collect()
}

/// A registered prover with an endowment of its own.
pub(crate) fn new_prover(number: u8) -> AccountId {
	let prover = AccountId32::new([number; 32]);
	Balances::transfer_keep_alive(signed(&GUEST), prover.clone(), 10_000).expect("it has enough");
	Pvs::register_prover(signed(&prover), 2 * MIN_STAKE).expect("the prover has the stake");
	prover
}

pub(crate) fn winner(id: BatchId) -> Option<AccountId> {
	match crate::Batches::<Test>::get(id)?.round.stage {
		Stage::Assigned(assignment) => Some(assignment.place.prover),
		_ => None,
	}
}

pub(crate) fn round_number(id: BatchId) -> RoundNumber {
	crate::Batches::<Test>::get(id).expect("the batch is pending").round.number
}

pub(crate) fn free(who: &AccountId) -> Balance {
	Balances::balance(who)
}

pub(crate) fn total(who: &AccountId) -> Balance {
	Balances::total_balance(who)
}

/// The market's events of this block, oldest first.
pub(crate) fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Pvs(event) => Some(event),
			_ => None,
		})
		.collect()
}
