// SPDX-License-Identifier: Apache-2.0
//! A chain with a market, its accounts and blocks, and what tests read of it.

use super::*;

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
