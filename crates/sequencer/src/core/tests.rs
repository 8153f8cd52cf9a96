// SPDX-License-Identifier: Apache-2.0

mod files;
mod room;
mod submit;

use super::*;
use pvs_rollup::{demo, transfer::Transfer};

const LIMITS: Limits = Limits {
	total: 100,
	per_account: 20,
	max_gap: 4,
	min_fee: 0,
	min_opening_fee: 0,
	max_age: 60_000,
};
const UPKEEP: Upkeep = Upkeep { save_every: 8, compact_records: 1_000 };
const MAX_WAIT: u64 = 1_000;

fn genesis() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

fn identity() -> Identity {
	Identity { rollup: 0, rollup_genesis: genesis().root(), chain_genesis: [9; 32] }
}

fn open(dir: &Path) -> (Core, Vec<String>) {
	open_with(dir, UPKEEP)
}

fn open_with(dir: &Path, upkeep: Upkeep) -> (Core, Vec<String>) {
	Core::open(dir, identity(), genesis(), demo::FEE_ACCOUNT, LIMITS, upkeep).unwrap()
}

fn transfer(from: u32, nonce: u32) -> SignedTransfer {
	let to = (from + 1) % demo::ACCOUNTS;
	Transfer { from, to, amount: 10, fee: 1, nonce, new_key: None }.sign(&demo::secret_key(from))
}

/// Behavior of the pallet toward the batches of one rollup.
#[derive(Clone)]
struct Chain {
	block: BlockNumber,
	commits: Vec<Commit>,
	/// Batches that failed or were dropped.
	lost: BTreeSet<u64>,
	final_root: Bytes32,
	next_to_finalize: u64,
	/// Root, first batch that is not final, and height as of the newest finalized block.
	finalized: (Bytes32, u64, BlockNumber),
}

impl Chain {
	fn new() -> Self {
		let root = genesis().root();
		Self {
			block: 1,
			commits: Vec::new(),
			lost: BTreeSet::new(),
			final_root: root,
			next_to_finalize: 0,
			finalized: (root, 0, 0),
		}
	}

	fn pending(&self) -> impl Iterator<Item = &Commit> {
		self.commits.iter().filter(|commit| {
			commit.index >= self.next_to_finalize && !self.lost.contains(&commit.index)
		})
	}

	fn tip(&self) -> Bytes32 {
		self.pending().last().map_or(self.final_root, |commit| commit.next_root)
	}

	/// Returns whether the commit was taken: it must build on the tip.
	fn commit(&mut self, built: &Built) -> bool {
		self.block += 1;
		if built.prev_root != self.tip() {
			return false;
		}
		self.commits.push(Commit {
			index: self.commits.len() as u64,
			block: self.block,
			prev_root: built.prev_root,
			next_root: built.next_root,
			data: built.data.clone(),
			stage: Stage::Committed,
		});
		true
	}

	/// A proof of the oldest batch, which makes it final.
	fn prove(&mut self) {
		self.block += 1;
		let Some(oldest) = self.pending().next().cloned() else { return };
		let place = oldest.index as usize;
		self.commits[place].stage = Stage::Proven;
		self.final_root = oldest.next_root;
		self.next_to_finalize = oldest.index + 1;
	}

	/// The oldest batch fails, and those behind it are dropped.
	fn fail(&mut self) {
		self.block += 1;
		let lost: Vec<u64> = self.pending().map(|commit| commit.index).collect();
		self.lost.extend(lost);
		self.next_to_finalize = self.commits.len() as u64;
	}

	fn finalize(&mut self) {
		self.finalized = (self.final_root, self.next_to_finalize, self.block);
		self.block += 1;
	}

	fn heads(&self) -> Heads {
		let (final_root, next_index, finalized) = self.finalized;
		let commits: Vec<Commit> = self
			.commits
			.iter()
			.filter(|commit| commit.index >= next_index && !self.lost.contains(&commit.index))
			.cloned()
			.collect();
		let first = commits.iter().map(|commit| commit.block).min();
		Heads {
			best: self.block,
			finalized,
			final_root,
			next_index,
			tip_root: self.tip(),
			cursor: first.unwrap_or(finalized + 1).min(finalized + 1),
			commits,
		}
	}

	/// Transfers of all batches that are final at the finalized block, in order.
	fn executed(&self) -> (State, Vec<Hash>) {
		let (mut state, mut hashes) = (genesis(), Vec::new());
		for commit in &self.commits {
			if commit.index < self.finalized.1 && !self.lost.contains(&commit.index) {
				state.execute_batch(&commit.data).unwrap();
				let batch = pvs_rollup::batch::Batch::decode(state.shape(), &commit.data).unwrap();
				hashes.extend(batch.transfers().iter().map(hash_of));
			}
		}
		assert_eq!(state.root(), self.finalized.0);
		(state, hashes)
	}
}

/// Follows as the service does: what is missing is searched for in old blocks.
fn follow(core: &mut Core, chain: &Chain) -> Vec<Change> {
	match core.follow(chain.heads()) {
		Err(CoreError::Missing(_)) => {
			let first = core.cursor();
			// Headers name the batches that were lost, too.
			core.learn(chain.commits.iter().filter(|commit| commit.block >= first).cloned());
			core.follow(chain.heads()).unwrap()
		},
		result => result.unwrap(),
	}
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
	Submit(u32, u32),
	/// A block: follow, build, commit; the chain's answer is seen.
	Block,
	/// The same, but the process does not see the answer.
	BlindCommit,
	Prove,
	Fail,
	Finalize,
}

/// Does a step, and returns what was acknowledged.
fn act(step: Act, core: &mut Core, chain: &mut Chain) -> Option<Hash> {
	match step {
		Act::Submit(from, nonce) => {
			let [result] = &core.submit(&[transfer(from, nonce)], &[], 0)[..] else { panic!() };
			match result {
				Ok(hash) => return Some(*hash),
				Err(SubmitError::Pool(PoolError::Known(_) | PoolError::NonceUsed { .. })) => {},
				Err(error) => panic!("{error}"),
			}
		},
		Act::Block | Act::BlindCommit => {
			follow(core, chain);
			if let Some(built) = core.build(MAX_WAIT, MAX_WAIT).unwrap() {
				assert!(chain.commit(&built), "it builds on the tip");
			}
			if step == Act::Block {
				follow(core, chain);
				core.landed();
			}
		},
		Act::Prove => chain.prove(),
		Act::Fail => chain.fail(),
		Act::Finalize => chain.finalize(),
	}
	None
}

fn script() -> Vec<Act> {
	use Act::{BlindCommit, Block, Fail, Finalize, Prove, Submit};
	let mut script = vec![Submit(0, 0), Submit(0, 1), Submit(1, 0), Block];
	script.extend([Submit(0, 2), Submit(2, 1), Submit(2, 0), Block, Prove, Finalize, Block]);
	script.extend([Submit(1, 1), Block, Submit(3, 0), Block, Fail, Block, Finalize, Prove]);
	script.extend([Submit(0, 3), BlindCommit, Prove, Prove, Block, Finalize, Block]);
	script
}

/// Lets everything become final, and checks that each acknowledged transfer is so exactly once.
fn settle_and_check(core: &mut Core, chain: &mut Chain, acknowledged: &[Hash], told: &str) {
	for _ in 0..6 {
		core.landed();
		for step in [Act::Block, Act::Prove, Act::Prove, Act::Finalize, Act::Block] {
			act(step, core, chain);
		}
	}
	let (state, executed) = chain.executed();
	let once: BTreeSet<Hash> = executed.iter().copied().collect();
	assert_eq!(once.len(), executed.len(), "nothing doubled: {told}");
	for hash in acknowledged {
		assert!(once.contains(hash), "nothing lost: {told}");
		assert!(matches!(core.status(hash), Status::Ended(Ended::Final { .. })), "{told}");
	}
	assert_eq!(core.settled().root(), state.root(), "{told}");
	assert_eq!((core.pool().len(), core.layers().len()), (0, 0), "{told}");
}

/// The process is killed after each step in turn and loses all that it had in memory.
#[test]
fn acknowledged_transfers_should_be_final_once_when_killed_at_any_step() {
	let script = script();
	for killed_after in 0..=script.len() {
		let dir = tempfile::tempdir().unwrap();
		let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
		follow(&mut core, &chain);
		let mut acknowledged = Vec::new();
		for (place, step) in script.iter().enumerate() {
			if place == killed_after {
				if place % 2 == 0 {
					core.save().unwrap();
				}
				drop(core);
				core = open(dir.path()).0;
				follow(&mut core, &chain);
			}
			acknowledged.extend(act(*step, &mut core, &mut chain));
		}
		let told = format!("killed after {killed_after} steps");
		settle_and_check(&mut core, &mut chain, &acknowledged, &told);
	}
}

#[test]
fn status_should_go_from_pending_over_committed_and_proven_to_final() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	let hash = hash_of(&transfer(0, 0));
	assert_eq!(core.status(&hash), Status::Unknown);
	assert!(core.is_idle());
	act(Act::Submit(0, 0), &mut core, &mut chain);
	assert_eq!(core.status(&hash), Status::Pending);
	assert!(!core.is_idle());
	act(Act::Block, &mut core, &mut chain);
	let committed = |stage| Status::Committed { batch: 0, block: 2, stage };
	assert_eq!(core.status(&hash), committed(Stage::Committed));
	chain.prove();
	assert_eq!(follow(&mut core, &chain), [Change::Proven { batch: 0 }]);
	assert_eq!(core.status(&hash), committed(Stage::Proven), "final on the best chain only");
	assert_eq!(core.settled().root(), genesis().root());
	assert!(!core.is_idle());
	chain.finalize();
	let settled = Change::Final { batch: 0, transfers: 1 };
	assert_eq!(follow(&mut core, &chain), [settled]);
	let ended = Status::Ended(Ended::Final { batch: Some(0), block: 2 });
	assert_eq!(core.status(&hash), ended);
	assert!(core.is_idle());
	drop(core);
	let (core, _) = open(dir.path());
	assert_eq!(core.status(&hash), ended, "also before the chain is asked");
}

#[test]
fn transfers_should_wait_again_in_order_when_their_batch_is_lost() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	for nonce in 0..6 {
		act(Act::Submit(0, nonce), &mut core, &mut chain);
	}
	act(Act::Block, &mut core, &mut chain);
	act(Act::Block, &mut core, &mut chain);
	assert_eq!(core.layers().len(), 2);
	let first = core.layers()[0].step.hashes.clone();
	chain.fail();
	let lost = |batch, transfers| Change::Lost { batch, transfers };
	assert_eq!(follow(&mut core, &chain), [lost(0, 4), lost(1, 2)]);
	assert_eq!(core.status(&first[0]), Status::Pending);
	act(Act::Block, &mut core, &mut chain);
	assert_eq!(core.layers()[0].step.hashes, first, "the same transfers in the same order");
	assert_eq!(core.layers()[0].step.commit.index, 2, "under a new index");
}

#[test]
fn batch_should_be_made_when_full_or_when_a_transfer_has_waited() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	assert_eq!(core.build(u64::MAX, 0), Ok(None), "nothing waits");
	core.submit(&[transfer(0, 0)], &[], 100);
	assert_eq!(core.build(1_099, MAX_WAIT), Ok(None));
	assert_eq!(core.build(1_100, MAX_WAIT).unwrap().unwrap().transfers, 1);
	core.landed();
	core.submit(&[transfer(0, 1), transfer(0, 2)], &[], 100);
	assert_eq!(core.build(100, MAX_WAIT), Ok(None));
	core.submit(&[transfer(0, 3)], &[], 100);
	assert_eq!(core.build(100, MAX_WAIT).unwrap().unwrap().transfers, demo::SHAPE.transfers());
	let replacement = Transfer { from: 0, to: 1, amount: 1, fee: 50, nonce: 0, new_key: None };
	let [result] = &core.submit(&[replacement.sign(&demo::secret_key(0))], &[], 100)[..] else {
		panic!()
	};
	assert!(matches!(result, Err(SubmitError::Pool(PoolError::InFlight))), "{result:?}");
}

/// A batch whose root is wrong, other people's calls, and calls that failed.
#[test]
fn commits_should_be_forgotten_when_they_do_not_lead_where_they_claim() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(0, 0), &mut core, &mut chain);
	act(Act::Block, &mut core, &mut chain);
	let honest = chain.commits[0].clone();
	let mut false_data = honest.data.clone();
	false_data[12] ^= 1;
	let false_commits = [
		Commit { index: 90, data: false_data, ..honest.clone() },
		Commit { index: 91, data: vec![0; 3], ..honest.clone() },
		Commit { index: 92, prev_root: [7; 32], ..honest.clone() },
		Commit { index: 93, next_root: honest.prev_root, ..honest.clone() },
	];
	drop(core);
	let (mut core, _) = open(dir.path());
	core.learn(false_commits);
	follow(&mut core, &chain);
	assert_eq!(core.layers().len(), 1);
	assert_eq!(core.layers()[0].step.commit, honest);
	// A tip that nothing leads to changes nothing.
	let heads = Heads { tip_root: [5; 32], ..chain.heads() };
	let error = core.follow(heads).unwrap_err();
	assert!(matches!(error, CoreError::Missing(Missing { to, .. }) if to == [5; 32]), "{error}");
	assert_eq!(core.layers().len(), 1);
}

#[test]
fn transfer_should_end_with_a_reason_when_another_one_takes_its_place() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(0, 0), &mut core, &mut chain);
	let dearer = Transfer { from: 0, to: 1, amount: 1, fee: 9, nonce: 0, new_key: None };
	let dearer = dearer.sign(&demo::secret_key(0));
	core.submit(&[dearer], &[], 0);
	let replaced = Status::Ended(Ended::Replaced { by: hash_of(&dearer) });
	assert_eq!(core.status(&hash_of(&transfer(0, 0))), replaced);
	// A batch from elsewhere uses the nonce of the second one.
	let elsewhere = tempfile::tempdir().unwrap();
	let (mut other, _) = open(elsewhere.path());
	for step in [Act::Block, Act::Submit(0, 0), Act::Block, Act::Prove, Act::Finalize] {
		act(step, &mut other, &mut chain);
	}
	follow(&mut core, &chain);
	assert_eq!(core.status(&hash_of(&dearer)), Status::Ended(Ended::NonceUsed));
	let settled = Status::Ended(Ended::Final { batch: Some(0), block: 2 });
	assert_eq!(core.status(&hash_of(&transfer(0, 0))), settled, "what is final counts");
	drop(core);
	let (core, _) = open(dir.path());
	assert_eq!(core.status(&hash_of(&dearer)), Status::Ended(Ended::NonceUsed));
	assert_eq!(core.pool().len(), 0);
}

#[test]
fn transfer_should_end_as_expired_and_stay_so_when_it_has_waited_too_long() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(0, 0), &mut core, &mut chain);
	act(Act::Block, &mut core, &mut chain);
	// Nonce 1 of account 1 waits behind a nonce that never comes; it came at 0.
	act(Act::Submit(1, 1), &mut core, &mut chain);
	core.submit(&[transfer(2, 0)], &[], 1);
	assert_eq!(core.expire(60_000).unwrap(), 0);
	assert_eq!(core.expire(60_001).unwrap(), 1);
	let expired = Status::Ended(Ended::Expired);
	assert_eq!(core.status(&hash_of(&transfer(1, 1))), expired);
	assert_eq!(core.status(&hash_of(&transfer(2, 0))), Status::Pending);
	let committed = Status::Committed { batch: 0, block: 2, stage: Stage::Committed };
	assert_eq!(core.status(&hash_of(&transfer(0, 0))), committed, "it does not wait");
	drop(core);
	let (mut core, _) = open(dir.path());
	assert_eq!(
		core.status(&hash_of(&transfer(1, 1))),
		expired,
		"the journal does not bring it back"
	);
	follow(&mut core, &chain);
	// Its batch is lost when it is too old: it waits again, and ends.
	chain.fail();
	follow(&mut core, &chain);
	assert_eq!(core.expire(60_001).unwrap(), 1);
	assert_eq!(core.status(&hash_of(&transfer(0, 0))), expired);
}

#[test]
fn batch_should_not_be_made_and_the_reason_told_when_the_fees_do_not_fit_the_fee_account() {
	let dir = tempfile::tempdir().unwrap();
	let mut rich = demo::genesis();
	rich.accounts[demo::FEE_ACCOUNT as usize].balance = u64::MAX - 1;
	let rich = State::from_genesis(&rich).unwrap();
	let identity = Identity { rollup_genesis: rich.root(), ..identity() };
	let heads = Heads { final_root: rich.root(), tip_root: rich.root(), ..Chain::new().heads() };
	for (fee_account, expected) in [
		(demo::FEE_ACCOUNT, FeeError::Overflow { balance: u64::MAX - 1, fees: 2 }),
		(999, FeeError::UnknownAccount(999)),
	] {
		let path = dir.path().join(fee_account.to_string());
		let (mut core, _) =
			Core::open(&path, identity, rich.clone(), fee_account, LIMITS, UPKEEP).unwrap();
		core.follow(heads.clone()).unwrap();
		assert_eq!(core.build(MAX_WAIT, MAX_WAIT), Ok(None), "nothing waits");
		core.submit(&[transfer(1, 0), transfer(2, 0)], &[], 0);
		assert_eq!(core.build(MAX_WAIT, MAX_WAIT), Err(expected));
		assert!(core.flights.hashes().is_empty());
		assert_eq!(core.pool().len(), 2, "they wait");
	}
}
