// SPDX-License-Identifier: Apache-2.0
//! Executor and circuit side by side.

use crate::support::{accepts, data, signed};
use pvs_primitives::field::scalar_to_be;
use pvs_rollup::{
	circuit::witness::unchecked_root,
	demo,
	shape::{BATCH_TRANSFERS, DATA_LEN, TRANSFER_BYTES},
	state::State,
	transfer::Transfer,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Executor and circuit on random batches, most of them spoiled in one way.
#[test]
fn circuit_should_agree_with_the_executor_on_random_batches() {
	let rng = &mut ChaCha20Rng::seed_from_u64(20_261_122);
	let mut genesis = demo::genesis();
	genesis.accounts[14].balance = u64::MAX - 1_000;
	genesis.accounts[15].balance = 0;
	let mut state = State::from_genesis(&genesis).unwrap();
	let (mut valid, mut invalid) = (0, 0);
	for _ in 0..200 {
		let batch = random_batch(rng, &state);
		let mut next = state.clone();
		let executed = next.execute_batch(&batch);
		assert_eq!(executed.is_ok(), accepts(&state, &batch), "{executed:?}");
		if executed.is_ok() {
			valid += 1;
			assert_eq!(next.root(), scalar_to_be(&unchecked_root(&state, &batch).unwrap()));
			state = next;
		} else {
			invalid += 1;
		}
	}
	assert!(valid > 40 && invalid > 40, "{valid} valid, {invalid} invalid");
}

fn random_batch(rng: &mut ChaCha20Rng, state: &State) -> Vec<u8> {
	let mut state = state.clone();
	let mut transfers = Vec::new();
	for _ in 0..rng.gen_range(0..=BATCH_TRANSFERS) {
		let from = rng.gen_range(0..15);
		let to = (from + rng.gen_range(1..15)) % 15;
		let account = state.account(from).unwrap();
		let amount = rng.gen_range(0..=account.balance.min(10));
		let transfer = signed(from, to, amount, account.nonce);
		if state.apply(&transfer).is_ok() {
			transfers.push(transfer);
		}
	}
	if !transfers.is_empty() && rng.gen_bool(0.6) {
		let place = rng.gen_range(0..transfers.len());
		let Transfer { from, to, amount, nonce } = transfers[place].transfer;
		transfers[place] = match rng.gen_range(0..9) {
			0 => signed(from, to, amount, nonce.wrapping_add(1)),
			1 => signed(from, to, amount, rng.gen()),
			2 => signed(from, to, rng.gen(), nonce),
			3 => signed(from, from, amount, nonce),
			4 => signed(from, rng.gen_range(15..20), amount, nonce),
			5 => signed(rng.gen_range(15..20), to, amount, nonce),
			6 => signed(from, 14, rng.gen_range(0..2_000), nonce),
			7 => Transfer { from, to, amount, nonce }.sign(&demo::secret_key(to)),
			_ => Transfer { from: rng.gen(), to: rng.gen(), amount, nonce }
				.sign(&demo::secret_key(from)),
		};
	}
	let mut batch = data(&transfers);
	match rng.gen_range(0..8) {
		0 => batch[rng.gen_range(0..DATA_LEN)] ^= 1 << rng.gen_range(0..8),
		1 => batch.rotate_left(TRANSFER_BYTES * rng.gen_range(0..BATCH_TRANSFERS)),
		2 => batch[rng.gen_range(0..BATCH_TRANSFERS) * TRANSFER_BYTES..][..TRANSFER_BYTES].fill(0),
		_ => {},
	}
	batch
}
