// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	core::{Built, Commit, Core, Heads, Stage, Upkeep},
	journal::Identity,
	pool::Limits,
	SERVICE,
};
use pvs_primitives::Bytes32;
use pvs_rollup::state::State;
use pvs_service::Metrics;

const LIMITS: Limits = Limits {
	total: 1_000,
	per_account: 64,
	max_gap: 16,
	min_fee: 3,
	min_opening_fee: 3,
	max_age: 60_000,
};
const UPKEEP: Upkeep = Upkeep { save_every: 8, compact_records: 1_000 };

/// A core whose chain stands at its first state, and no network.
struct World {
	shared: Shared,
	accepted: IntCounter,
	_dir: tempfile::TempDir,
}

impl World {
	fn new(limits: Limits) -> Self {
		let dir = tempfile::tempdir().unwrap();
		let genesis = State::from_genesis(&demo::genesis()).unwrap();
		let root = genesis.root();
		let identity = Identity { rollup: 0, rollup_genesis: root, chain_genesis: [9; 32] };
		let (core, _) =
			Core::open(dir.path(), identity, genesis, demo::FEE_ACCOUNT, limits, UPKEEP).unwrap();
		let accepted =
			Metrics::new(SERVICE).unwrap().counter("accepted_total", "Accepted").unwrap();
		let world = Self { shared: Shared::new(core), accepted, _dir: dir };
		world.follow(0, root, Vec::new());
		world
	}

	fn follow(&self, next_index: u64, final_root: Bytes32, commits: Vec<Commit>) {
		let heads = Heads {
			best: 7,
			finalized: 5,
			final_root,
			next_index,
			tip_root: final_root,
			cursor: 1,
			commits,
		};
		self.shared.core().follow(heads).unwrap();
	}

	/// Makes a batch of what waits, which is final at once. Returns its number of transfers.
	fn settle(&self) -> usize {
		let built = self.shared.core().build(u64::MAX, 0).unwrap();
		let Built { data, prev_root, next_root, transfers } = built.expect("transfers wait");
		let stage = Stage::Proven;
		let commit = Commit { index: 0, block: 4, prev_root, next_root, data, stage };
		self.follow(1, next_root, vec![commit]);
		self.shared.core().landed();
		transfers
	}

	fn waiting(&self) -> usize {
		self.shared.core().pool().len()
	}
}

fn generator(per_second: u8, seed: u64) -> Generator {
	Generator::new(Transfers { per_second, seed })
}

#[test]
fn transfers_should_all_be_taken_and_make_a_batch_when_there_is_room() {
	let world = World::new(LIMITS);
	let mut generator = generator(40, 1);
	for turns in 1..=2 {
		generator.turn(&world.shared, &world.accepted);
		assert_eq!((world.waiting(), world.accepted.get()), (turns * 40, turns as u64 * 40));
	}
	for account in 0..demo::ACCOUNTS {
		let core = world.shared.core();
		assert_eq!(core.pool().waiting_of(account, 0).count(), 80 / 16, "{account}");
	}
	assert_eq!(world.settle(), demo::SHAPE.transfers());
}

#[test]
fn generator_should_go_on_with_the_next_nonces_when_accounts_were_full() {
	let world = World::new(Limits { per_account: 1, ..LIMITS });
	let mut generator = generator(16, 2);
	generator.turn(&world.shared, &world.accepted);
	assert_eq!(world.accepted.get(), 16);
	generator.turn(&world.shared, &world.accepted);
	assert_eq!(world.accepted.get(), 16, "each account has one that waits");
	let settled = world.settle() as u64;
	assert!(settled > 0);
	generator.turn(&world.shared, &world.accepted);
	assert_eq!(world.accepted.get(), 16 + settled);
	assert_eq!(world.waiting(), 16);
}

#[test]
fn generator_should_go_on_when_the_pool_was_full() {
	let world = World::new(Limits { total: 20, ..LIMITS });
	let mut generator = generator(16, 3);
	for _ in 0..3 {
		generator.turn(&world.shared, &world.accepted);
	}
	assert_eq!(world.waiting(), 20);
	assert!(world.settle() > 0);
	assert!(world.waiting() < 20);
	generator.turn(&world.shared, &world.accepted);
	assert_eq!(world.waiting(), 20);
}

#[test]
fn generator_should_go_on_when_the_disk_was_full() {
	let world = World::new(LIMITS);
	let mut generator = generator(16, 4);
	world.shared.core().fill_disk(true);
	generator.turn(&world.shared, &world.accepted);
	assert_eq!((world.waiting(), world.accepted.get()), (0, 0));
	world.shared.core().fill_disk(false);
	world.shared.core().look_for_room().unwrap();
	generator.turn(&world.shared, &world.accepted);
	assert_eq!((world.waiting(), world.accepted.get()), (16, 16));
}

#[test]
fn transfers_should_follow_from_the_seed() {
	let made = |seed| generator(32, seed).make(vec![0; 16], 1);
	assert_eq!(made(5), made(5));
	assert_ne!(made(5), made(6));
}
