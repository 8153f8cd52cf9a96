// SPDX-License-Identifier: Apache-2.0
//! Executor and circuit side by side on random batches, most of them spoiled in one way.
//!
//! `PVS_ROLLUP_CASES` sets the number of batches of the tiny shape; the demo's shape gets one for
//! each twenty of them, the large one for each hundred.

use crate::support::{accepts, by_owner, data_for, pay, tiny, tiny_state, SHAPE};
use pvs_primitives::field::scalar_to_be;
use pvs_rollup::{
	circuit::witness::unchecked_root,
	demo,
	genesis::Genesis,
	keys::SecretKey,
	shape::{Shape, HEAD_BYTES, MESSAGE_BYTES, TRANSFER_BYTES},
	state::{ExecutionError, State},
	transfer::{SignedTransfer, Transfer},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::collections::{BTreeMap, BTreeSet};

const CASES: usize = 2_000;

fn cases() -> usize {
	std::env::var("PVS_ROLLUP_CASES")
		.map_or(CASES, |cases| cases.parse().expect("PVS_ROLLUP_CASES is a number"))
}

/// What kinds of batches there were.
#[derive(Default)]
struct Tally {
	valid: usize,
	openings: usize,
	refusals: BTreeMap<String, usize>,
}

impl Tally {
	fn add(&mut self, other: Self) {
		self.valid += other.valid;
		self.openings += other.openings;
		for (kind, count) in other.refusals {
			*self.refusals.entry(kind).or_default() += count;
		}
	}
}

/// The variant of an error, and of the one in it.
fn kind(error: &ExecutionError) -> String {
	format!("{error:?}")
		.chars()
		.filter(|c| c.is_ascii_alphabetic() || *c == ' ')
		.collect::<String>()
}

fn compare(shape: Shape, seed: u64, cases: usize) -> Tally {
	let rng = &mut ChaCha20Rng::seed_from_u64(seed);
	let mut genesis = Genesis { shape, ..demo::genesis() };
	genesis.accounts[13].balance = u64::MAX - 20;
	genesis.accounts[14].balance = u64::MAX - 1_000;
	genesis.accounts[15].balance = 0;
	let first = State::from_genesis(&genesis).unwrap();
	let mut state = first.clone();
	let mut tally = Tally::default();
	for _ in 0..cases {
		let batch = random_batch(rng, &state);
		let mut next = state.clone();
		let executed = next.execute_batch(&batch);
		assert_eq!(executed.is_ok(), accepts(&state, &batch), "{executed:?}: {batch:?}");
		match executed {
			Ok(()) => {
				tally.valid += 1;
				tally.openings += next.len() - state.len();
				assert_eq!(next.root(), scalar_to_be(&unchecked_root(&state, &batch).unwrap()));
				state = next;
			},
			Err(error) => {
				assert_eq!(next.root(), state.root());
				*tally.refusals.entry(kind(&error)).or_default() += 1;
			},
		}
		if state.len() > 30 {
			state = first.clone();
		}
	}
	tally
}

fn key_of(index: u32) -> SecretKey {
	demo::secret_key(index)
}

fn random_batch(rng: &mut ChaCha20Rng, state: &State) -> Vec<u8> {
	let shape = state.shape();
	let fee_account = rng.gen_range(0..13);
	let mut draft = state.draft(fee_account);
	let mut transfers: Vec<SignedTransfer> = Vec::new();
	for _ in 0..rng.gen_range(0..=shape.transfers()) {
		let used: Vec<u32> = state.accounts().map(|(index, _)| index).collect();
		let from = used[rng.gen_range(0..used.len())];
		let to = match rng.gen_bool(0.2) {
			true => rng.gen_range(0..64.min(shape.max_accounts())),
			false => used[rng.gen_range(0..used.len().min(13))],
		};
		let sender = draft.account(from).unwrap();
		let opens = draft.account(to).is_none();
		let transfer = Transfer {
			fee: rng.gen_range(0..=sender.balance.min(5)) as u32,
			new_key: opens.then(|| key_of(to).public_key()),
			..pay(from, to, rng.gen_range(0..=sender.balance.min(10)), sender.nonce)
		};
		let signed = transfer.sign(&key_of(from));
		if draft.push(&signed).is_ok() {
			transfers.push(signed);
		}
	}
	if !transfers.is_empty() && rng.gen_bool(0.6) {
		let place = rng.gen_range(0..transfers.len());
		transfers[place] = spoiled(rng, state, transfers[place].transfer);
	}
	let mut batch = data_for(shape, fee_account, &transfers);
	spoil_bytes(rng, &mut batch);
	batch
}

fn spoiled(rng: &mut ChaCha20Rng, state: &State, honest: Transfer) -> SignedTransfer {
	let Transfer { from, to, nonce, .. } = honest;
	let unused = || (0..state.shape().max_accounts()).find(|at| state.account(*at).is_none());
	let changed = match rng.gen_range(0..13) {
		0 => Transfer { nonce: nonce.wrapping_add(1), ..honest },
		1 => Transfer { nonce: rng.gen(), ..honest },
		2 => Transfer { amount: rng.gen(), ..honest },
		3 => Transfer { fee: rng.gen(), ..honest },
		4 => Transfer { to: from, ..honest },
		5 => Transfer { to: unused().unwrap_or(0), new_key: None, ..honest },
		6 => Transfer { from: rng.gen_range(15..20), ..honest },
		7 => Transfer { to: 13, amount: rng.gen_range(0..200), new_key: None, ..honest },
		8 => Transfer { to: 14, amount: rng.gen_range(0..2_000), new_key: None, ..honest },
		9 => return honest.sign(&key_of(to)),
		10 => Transfer { new_key: Some(key_of(rng.gen_range(0..64)).public_key()), ..honest },
		11 => Transfer { from: rng.gen(), to: rng.gen(), ..honest },
		_ => {
			let mut signed = by_owner(honest);
			signed.transfer.new_key = Some(key_of(63).public_key());
			return signed;
		},
	};
	changed.sign(&key_of(changed.from))
}

fn spoil_bytes(rng: &mut ChaCha20Rng, batch: &mut [u8]) {
	let slots = (batch.len() - HEAD_BYTES) / TRANSFER_BYTES;
	let slot = HEAD_BYTES + rng.gen_range(0..slots) * TRANSFER_BYTES;
	match rng.gen_range(0..16) {
		0 => batch[rng.gen_range(0..HEAD_BYTES + TRANSFER_BYTES)] ^= 1 << rng.gen_range(0..8),
		1 => batch[HEAD_BYTES..].rotate_left(TRANSFER_BYTES),
		2 => batch[slot..][..TRANSFER_BYTES].fill(0),
		3 => batch[0] = rng.gen_range(10..20),
		4 => batch[slot + MESSAGE_BYTES..][..TRANSFER_BYTES - MESSAGE_BYTES].fill(0xff),
		5 => batch[slot + 24..slot + MESSAGE_BYTES].fill(rng.gen()),
		_ => {},
	}
}

#[test]
fn circuit_should_agree_with_the_executor_on_random_batches() {
	let cases = cases();
	let threads = std::thread::available_parallelism().map_or(1, usize::from);
	let started = std::time::Instant::now();
	let mut tally = Tally::default();
	std::thread::scope(|scope| {
		let run = |seed| move || compare(tiny(), seed, cases / threads + 1);
		let runs: Vec<_> = (0..threads as u64).map(|seed| scope.spawn(run(seed))).collect();
		for run in runs {
			tally.add(run.join().unwrap());
		}
	});
	let Tally { valid, openings, refusals } = tally;
	println!("{valid} valid, {openings} accounts opened, refused: {refusals:#?}");
	println!("in {:?}", started.elapsed());
	let refused: usize = refusals.values().sum();
	assert!(valid >= cases / 5 && refused >= cases / 5 && openings >= cases / 50);
	// Every rule had its turn.
	let found: BTreeSet<&str> = [
		"BadSignature",
		"Overdraft",
		"Overflow",
		"Nonce",
		"SelfTransfer",
		"UnknownSender",
		"UnknownReceiver",
		"AlreadyOpen",
		"Index",
		"Gap",
		"NonCanonicalResponse",
		"NewKey",
		"UnknownAccount",
	]
	.into_iter()
	.filter(|word| refusals.keys().any(|kind| kind.contains(word)))
	.collect();
	assert_eq!(found.len(), 13, "{found:?}");
}

#[test]
fn circuit_should_agree_with_the_executor_when_the_shape_is_one_of_the_rollup_s() {
	for (shape, cases) in [(SHAPE, cases() / 20), (Shape::LARGE, cases() / 100)] {
		let Tally { valid, refusals, .. } = compare(shape, 20_261_122, cases);
		let refused: usize = refusals.values().sum();
		assert!(valid >= cases / 5 && refused >= cases / 5, "{shape}: {valid}, {refused}");
	}
}

#[test]
fn tiny_shape_should_have_room_for_the_demo_s_accounts() {
	assert_eq!(tiny_state().len(), demo::ACCOUNTS as usize);
}
