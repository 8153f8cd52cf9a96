// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::prelude::*;
use pvs_rollup::{
	demo,
	genesis::{Genesis, GenesisAccount},
	keys::NonCanonicalResponse,
	shape::TRANSFER_BYTES,
	transfer::{DecodeError, Transfer},
};

const LIMITS: Limits =
	Limits { total: 6, per_account: 4, max_gap: 2, min_fee: 1, min_opening_fee: 5, max_age: 1_000 };

/// Account 3 has the most that there is, account 4 has used its nonces but two.
fn state() -> State {
	let accounts = (0..5)
		.map(|index| GenesisAccount {
			index,
			public_key: demo::secret_key(index).public_key(),
			balance: if index == 3 { u64::MAX } else { 1_000 },
		})
		.collect();
	State::from_genesis(&Genesis { shape: demo::SHAPE, accounts }).unwrap()
}

/// A transfer of 10 for a fee of 5.
fn plain(from: u32, nonce: u32) -> Transfer {
	Transfer { from, to: (from + 1) % 3, amount: 10, fee: 5, nonce, new_key: None }
}

fn sign(transfer: Transfer) -> SignedTransfer {
	transfer.sign(&demo::secret_key(transfer.from))
}

struct World {
	pool: Pool,
	state: State,
	in_flight: BTreeSet<Hash>,
}

impl World {
	fn new(limits: Limits) -> Self {
		Self { pool: Pool::new(limits), state: state(), in_flight: BTreeSet::new() }
	}

	fn admit(&mut self, transfer: Transfer) -> Result<Admitted, PoolError> {
		self.admit_signed(&sign(transfer))
	}

	fn admit_signed(&mut self, signed: &SignedTransfer) -> Result<Admitted, PoolError> {
		let against = Against { tip: &self.state, in_flight: &self.in_flight };
		let before = self.pool.len();
		let result = self.pool.admit(signed, None, 0, against);
		if result.is_err() {
			assert_eq!(self.pool.len(), before, "a refusal changes nothing");
		}
		result
	}

	fn refused(&mut self, transfer: Transfer) -> PoolError {
		self.admit(transfer).unwrap_err()
	}

	/// Executes a batch of what waits, and returns it.
	fn step(&mut self) -> Vec<Transfer> {
		let draft = self.pool.draft(&self.state, 0);
		let transfers = draft.transfers().iter().map(|signed| signed.transfer).collect();
		let outcome = draft.finish().unwrap();
		self.state.apply(outcome).unwrap();
		transfers
	}
}

#[test]
fn transfer_should_be_refused_when_an_index_is_beyond_the_tree() {
	let mut world = World::new(LIMITS);
	let limit = demo::SHAPE.max_accounts();
	let index = |field, index| PoolError::Index { field, index, limit };
	assert_eq!(world.refused(Transfer { from: limit, ..plain(0, 0) }), index("from", limit));
	assert_eq!(world.refused(Transfer { to: limit, ..plain(0, 0) }), index("to", limit));
	let last = Transfer { to: limit - 1, ..plain(0, 0) };
	assert_eq!(world.refused(last), PoolError::UnknownReceiver(limit - 1));
	let from = Transfer { from: limit - 1, ..plain(0, 0) };
	assert_eq!(world.refused(from), PoolError::UnknownSender(limit - 1));
	assert_eq!(world.refused(Transfer { to: 0, ..plain(0, 0) }), PoolError::SelfTransfer(0));
}

#[test]
fn transfer_should_be_refused_when_the_fee_is_too_low() {
	let mut world = World::new(LIMITS);
	let refused = PoolError::FeeTooLow { fee: 0, least: 1 };
	assert_eq!(world.refused(Transfer { fee: 0, ..plain(0, 0) }), refused);
	world.admit(Transfer { fee: 1, ..plain(0, 0) }).unwrap();
	let opening = |fee| {
		let new_key = Some(demo::secret_key(50).public_key());
		Transfer { to: 50, fee, new_key, ..plain(1, 0) }
	};
	let refused = PoolError::OpeningFeeTooLow { fee: 4, least: 5 };
	assert_eq!(world.refused(opening(4)), refused);
	world.admit(opening(5)).unwrap();
	// One that is set lower allows nothing that the other one forbids.
	let mut world = World::new(Limits { min_fee: 7, ..LIMITS });
	assert_eq!(world.refused(opening(6)), PoolError::FeeTooLow { fee: 6, least: 7 });
	world.admit(opening(7)).unwrap();
}

#[test]
fn transfer_should_be_refused_when_the_nonce_is_used_or_too_far_ahead() {
	let mut world = World::new(LIMITS);
	world.admit(plain(0, 0)).unwrap();
	world.step();
	world.pool.settle(&world.state);
	assert_eq!(world.refused(plain(0, 0)), PoolError::NonceUsed { expected: 1, found: 0 });
	// The next free one is 1: 3 is the last that is near enough.
	let ahead = PoolError::NonceAhead { next: 1, found: 4, limit: 3 };
	assert_eq!(world.refused(plain(0, 4)), ahead);
	world.admit(plain(0, 3)).unwrap();
	assert_eq!(world.pool.next_nonce(0, &world.state), 1, "two are missing");
	assert!(matches!(world.refused(plain(0, 4)), PoolError::NonceAhead { .. }));
	world.admit(plain(0, 1)).unwrap();
	world.admit(plain(0, 2)).unwrap();
	assert_eq!(world.pool.next_nonce(0, &world.state), 4);
	assert_eq!(world.refused(plain(0, u32::MAX)), PoolError::NoncesExhausted(0));
}

#[test]
fn transfer_should_be_refused_when_its_sender_cannot_pay_all_that_wait() {
	let mut world = World::new(LIMITS);
	// 15 wait; 985 are left.
	world.admit(plain(0, 0)).unwrap();
	let all = |amount| Transfer { amount, ..plain(0, 1) };
	let overdraft = PoolError::Overdraft { balance: 1_000, pending: 15, amount: 981, fee: 5 };
	assert_eq!(world.refused(all(981)), overdraft);
	assert!(matches!(world.refused(all(u64::MAX - 1_000)), PoolError::Overdraft { .. }));
	world.admit(all(980)).unwrap();
	assert!(matches!(
		world.refused(Transfer { amount: 0, ..plain(0, 2) }),
		PoolError::Overdraft { .. }
	));
	// What a replacement replaces is free for it.
	world.admit(Transfer { amount: 979, fee: 6, ..plain(0, 1) }).unwrap();
}

#[test]
fn transfer_should_be_refused_when_it_overflows_the_receiver() {
	let mut world = World::new(LIMITS);
	let to = |amount| Transfer { to: 3, amount, ..plain(0, 0) };
	assert_eq!(world.refused(to(1)), PoolError::Overflow { balance: u64::MAX, amount: 1 });
	world.admit(to(0)).unwrap();
}

#[test]
fn transfer_should_be_refused_when_it_opens_what_is_open_or_pays_nobody() {
	let mut world = World::new(LIMITS);
	let key = Some(demo::secret_key(50).public_key());
	let pays = |from, to, new_key| Transfer { to, new_key, ..plain(from, 0) };
	assert_eq!(world.refused(pays(0, 1, key)), PoolError::AlreadyOpen(1));
	assert_eq!(world.refused(pays(0, 50, None)), PoolError::UnknownReceiver(50));
	let by = world.admit(pays(0, 50, key)).unwrap().hash;
	assert_eq!(world.refused(pays(1, 50, key)), PoolError::OpeningPending { index: 50, by });
	assert_eq!(world.refused(pays(1, 50, None)), PoolError::UnknownReceiver(50));
	// Its own replacement may open it again.
	world.admit(Transfer { fee: 6, ..pays(0, 50, key) }).unwrap();
	assert_eq!(world.step().len(), 1);
	assert_eq!(world.refused(pays(2, 50, key)), PoolError::AlreadyOpen(50));
	world.admit(pays(1, 50, None)).unwrap();
	assert_eq!(world.step().len(), 1);
}

/// The pool is filled with what looks executable and depends on a transfer that never comes.
#[test]
fn payment_should_be_refused_when_its_receiver_is_opened_behind_a_gap() {
	let mut world = World::new(LIMITS);
	let key = Some(demo::secret_key(50).public_key());
	let gapped = Transfer { to: 50, new_key: key, ..plain(0, 1) };
	world.admit(gapped).unwrap();
	for nonce in 0..2 {
		let dependent = Transfer { to: 50, ..plain(1, nonce) };
		assert_eq!(world.refused(dependent), PoolError::UnknownReceiver(50));
	}
	assert_eq!(world.pool.len(), 1);
}

#[test]
fn gapped_opening_should_not_keep_others_from_opening_the_account() {
	let mut world = World::new(LIMITS);
	let key = Some(demo::secret_key(50).public_key());
	let opens = |from, nonce| Transfer { to: 50, new_key: key, ..plain(from, nonce) };
	let gapped = world.admit(opens(0, 1)).unwrap().hash;
	let by = world.admit(opens(1, 0)).unwrap().hash;
	let pending = PoolError::OpeningPending { index: 50, by };
	assert_eq!(world.refused(opens(2, 0)), pending);
	assert_eq!(world.refused(opens(2, 1)), pending);
	assert_eq!(world.step(), [opens(1, 0)]);
	let gone = world.pool.settle(&world.state);
	assert!(gone
		.iter()
		.any(|(entry, why)| { (entry.hash, *why) == (gapped, RuledOut::AlreadyOpen) }));
	assert_eq!(world.pool.len(), 0);
	assert!(world.pool.openings.is_empty());
	// Once the gap is closed it counts.
	let mut world = World::new(LIMITS);
	let by = world.admit(opens(0, 1)).unwrap().hash;
	world.admit(plain(0, 0)).unwrap();
	assert_eq!(world.refused(opens(1, 0)), PoolError::OpeningPending { index: 50, by });
}

#[test]
fn transfer_should_expire_when_it_has_waited_for_longer_than_the_limit() {
	let mut world = World::new(LIMITS);
	let first = world.admit(plain(0, 0)).unwrap().hash;
	world.step();
	let flying = world.admit(plain(0, 1)).unwrap().hash;
	let gapped = world.admit(plain(1, 1)).unwrap().hash;
	let next = world.admit(plain(2, 0)).unwrap().hash;
	world.in_flight.insert(flying);
	let mut expire = |now| {
		let against = Against { tip: &world.state, in_flight: &world.in_flight };
		world.pool.expire(now, against)
	};
	assert!(expire(1_000).is_empty(), "not before the limit");
	assert_eq!(expire(1_001), [gapped, next], "in a batch: the first; on its way: the second");
	assert!(expire(u64::MAX).is_empty());
	let left: Vec<Hash> = world.pool.entries().iter().map(|entry| entry.hash).collect();
	assert_eq!(left, [first, flying]);
}

#[test]
fn transfer_should_be_refused_when_it_waits_already_or_is_forged() {
	let mut world = World::new(LIMITS);
	let hash = world.admit(plain(0, 0)).unwrap().hash;
	assert_eq!(world.refused(plain(0, 0)), PoolError::Known(hash));
	let forged = plain(1, 0).sign(&demo::secret_key(0));
	assert_eq!(world.admit_signed(&forged), Err(PoolError::BadSignature));
	let mut bytes = sign(plain(1, 0)).encode();
	bytes[8] ^= 1;
	let changed = SignedTransfer::decode(&bytes).unwrap();
	assert_eq!(world.admit_signed(&changed), Err(PoolError::BadSignature));
	bytes[TRANSFER_BYTES - 32..].fill(0xff);
	let encoding = SignedTransfer::decode(&bytes).map_err(PoolError::from);
	let response = DecodeError::Response(NonCanonicalResponse);
	assert_eq!(encoding, Err(PoolError::Encoding(response)));
}

#[test]
fn transfer_should_replace_another_only_when_it_pays_enough_more() {
	let mut world = World::new(LIMITS);
	let paying = |fee| Transfer { fee, ..plain(0, 0) };
	let first = world.admit(paying(20)).unwrap().hash;
	let refused = PoolError::ReplacementFee { fee: 21, least: 22 };
	assert_eq!(world.refused(paying(21)), refused);
	world.in_flight.insert(first);
	assert_eq!(world.refused(paying(22)), PoolError::InFlight);
	world.in_flight.clear();
	let admitted = world.admit(paying(22)).unwrap();
	assert_eq!((admitted.replaced.map(|old| old.hash), admitted.evicted), (Some(first), None));
	assert_eq!(world.pool.len(), 1);
	assert!(world.pool.get(&first).is_none());
	// Ten per cent of a small fee is one.
	let mut world = World::new(Limits { min_fee: 0, min_opening_fee: 0, ..LIMITS });
	world.admit(paying(0)).unwrap();
	world.admit(paying(1)).unwrap();
	let least = u64::from(u32::MAX) + u64::from(u32::MAX).div_ceil(10);
	let mut world = World::new(LIMITS);
	world.admit(Transfer { from: 3, to: 0, amount: 1, fee: u32::MAX, ..plain(0, 0) }).unwrap();
	let refused =
		world.refused(Transfer { from: 3, to: 0, amount: 2, fee: u32::MAX, ..plain(0, 0) });
	assert_eq!(refused, PoolError::ReplacementFee { fee: u32::MAX.into(), least });
}

#[test]
fn account_should_be_full_at_its_limit() {
	let mut world = World::new(LIMITS);
	for nonce in 0..4 {
		world.admit(plain(0, nonce)).unwrap();
	}
	assert_eq!(world.refused(plain(0, 4)), PoolError::AccountFull { account: 0, limit: 4 });
	world.admit(Transfer { fee: 10, ..plain(0, 3) }).unwrap();
	// Those in a batch do not count any more.
	world.step();
	world.admit(plain(0, 4)).unwrap();
}

/// Nothing of it could be stored.
#[test]
fn pool_should_be_as_before_when_what_came_is_taken_back() {
	let mut world = World::new(LIMITS);
	let paying = |from, nonce, fee| Transfer { fee, ..plain(from, nonce) };
	let key = Some(demo::secret_key(50).public_key());
	let opening = |fee| Transfer { to: 50, new_key: key, fee, ..plain(1, 0) };
	for nonce in 0..3 {
		world.admit(paying(0, nonce, 7)).unwrap();
	}
	world.admit(opening(20)).unwrap();
	world.admit(paying(1, 1, 9)).unwrap();
	world.admit(paying(2, 1, 100)).unwrap();
	assert_eq!(world.pool.len(), LIMITS.total);
	let before = world.pool.clone();
	// One replaces the opening, one has another go, and one replaces that.
	let came = [opening(30), paying(3, 0, 8), paying(3, 0, 10)];
	let came = came.map(|transfer| world.admit(transfer).unwrap());
	assert!(came[0].replaced.is_some() && came[1].evicted.is_some());
	assert_eq!(came[2].replaced.map(|old| old.hash), Some(came[1].hash));
	came.iter().rev().for_each(|admitted| world.pool.take_back(admitted));
	let parts = |pool: &Pool| (pool.queues.clone(), pool.by_hash.clone(), pool.openings.clone());
	assert_eq!(parts(&world.pool), parts(&before));
}

#[test]
fn full_pool_should_let_the_cheapest_last_transfer_of_another_account_go() {
	let mut world = World::new(LIMITS);
	let paying = |from, nonce, fee| Transfer { fee, ..plain(from, nonce) };
	for nonce in 0..3 {
		world.admit(paying(0, nonce, 7)).unwrap();
	}
	world.admit(paying(1, 0, 3)).unwrap();
	let dearer = world.admit(paying(1, 1, 9)).unwrap().hash;
	let gapped = world.admit(paying(2, 1, 100)).unwrap().hash;
	assert_eq!(world.pool.len(), LIMITS.total);
	// A transfer that cannot be executed yet goes first, whatever it pays.
	let admitted = world.admit(paying(3, 0, 5)).unwrap();
	assert_eq!(admitted.evicted.map(|old| old.hash), Some(gapped));
	// The 3 of account 1 is not its last; of the others' last ones 5 is the lowest, and it must be lower.
	let full = PoolError::PoolFull { limit: 6, fee: 5 };
	assert_eq!(world.refused(paying(2, 0, 5)), full);
	let admitted = world.admit(paying(2, 0, 6)).unwrap();
	assert_eq!(admitted.evicted.map(|old| world.pool.get(&old.hash).is_none()), Some(true));
	// Of one's own none goes, and what is on its way stays.
	world.in_flight = world.pool.entries().iter().map(|entry| entry.hash).collect();
	assert!(matches!(world.refused(paying(3, 0, 50)), PoolError::PoolFull { .. }));
	assert!(world.pool.get(&dearer).is_some());
	assert_eq!(world.pool.len(), LIMITS.total);
}

#[test]
fn batch_should_begin_with_the_longest_wait_and_go_on_by_fee() {
	let mut world = World::new(Limits { total: 20, ..LIMITS });
	let paying = |from, nonce, fee| Transfer { fee, ..plain(from, nonce) };
	for transfer in [
		paying(0, 0, 1),
		paying(1, 1, 90),
		paying(1, 0, 2),
		paying(2, 0, 50),
		paying(2, 1, 3),
		paying(0, 1, 70),
	] {
		world.admit(transfer).unwrap();
	}
	let order = |batch: Vec<Transfer>| -> Vec<(u32, u32)> {
		batch.iter().map(|transfer| (transfer.from, transfer.nonce)).collect()
	};
	// The oldest is the cheapest; then 70, 50; of 3 and 2 the higher. Nonce 0 before nonce 1.
	assert_eq!(order(world.step()), [(0, 0), (0, 1), (2, 0), (2, 1)]);
	assert_eq!(order(world.step()), [(1, 0), (1, 1)]);
	assert_eq!(order(world.step()), []);
}

#[test]
fn pool_should_let_go_what_the_final_state_has_or_rules_out() {
	let mut world = World::new(Limits { total: 20, ..LIMITS });
	let key = Some(demo::secret_key(60).public_key());
	let opens = Transfer { to: 60, new_key: key, ..plain(0, 0) };
	world.admit(opens).unwrap();
	world.admit(plain(1, 0)).unwrap();
	world.admit(plain(1, 1)).unwrap();
	// Somebody else's batch opens the account and uses account 1's nonce.
	let mut other = state();
	let mut draft = other.draft(0);
	let theirs = Transfer { to: 60, new_key: key, ..plain(2, 0) };
	draft.push(&sign(theirs)).unwrap();
	draft.push(&sign(Transfer { amount: 1, ..plain(1, 0) })).unwrap();
	let outcome = draft.finish().unwrap();
	other.apply(outcome).unwrap();
	let mut gone: Vec<_> = world
		.pool
		.settle(&other)
		.into_iter()
		.map(|(entry, why)| (entry.signed.transfer.from, entry.signed.transfer.nonce, why))
		.collect();
	gone.sort_by_key(|(from, ..)| *from);
	assert_eq!(gone, [(0, 0, RuledOut::AlreadyOpen), (1, 0, RuledOut::Nonce)]);
	assert_eq!(world.pool.len(), 1);
	world.state = other;
	assert_eq!(world.step(), [plain(1, 1)]);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// Everything that is accepted and has its nonces in order is executed, batch by batch, and the pool
	/// never holds more than it may.
	#[test]
	fn accepted_transfers_should_all_execute_when_nonces_have_no_gap(
		sent in prop::collection::vec((0u32..3, 0u32..4, 0u64..400, 0u32..30), 1..30),
	) {
		let limits = Limits { total: 8, min_fee: 0, min_opening_fee: 0, ..LIMITS };
		let mut world = World::new(limits);
		for (from, nonce, amount, fee) in sent {
			let _ = world.admit(Transfer { amount, fee, ..plain(from, nonce) });
			prop_assert!(world.pool.len() <= limits.total);
			for account in 0..3 {
				prop_assert!(world.pool.waiting_of(account, 0).count() <= limits.per_account);
			}
		}
		let reachable: usize = (0..3).map(|account| world.pool.next_nonce(account, &world.state)).sum::<u32>() as usize;
		let mut executed = 0;
		loop {
			let batch = world.step();
			if batch.is_empty() {
				break;
			}
			executed += batch.len();
		}
		prop_assert_eq!(executed, reachable);
	}
}
