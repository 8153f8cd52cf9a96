// SPDX-License-Identifier: Apache-2.0
//! The circuit as a whole: what it accepts, what it rejects, and that it says the same as the
//! executor.
//!
//! The constraints are synthesised once; each case only fills in values.

use ark_ff::{AdditiveGroup, Field, PrimeField, UniformRand};
use pvs_primitives::{
	field::{scalar_from_be, scalar_to_be},
	poseidon::data_commitment,
	public_inputs::PublicInputs,
};
use pvs_rollup::{
	batch::Batch,
	circuit::{witness::unchecked_root, BatchCircuit, Constraints, SlotWitness},
	demo,
	shape::{BATCH_TRANSFERS, DATA_LEN, MESSAGE_BYTES, TRANSFER_BYTES, TREE_ARITY, TREE_DEPTH},
	state::{ExecutionError, Genesis, State, TransferError},
	transfer::{SignedTransfer, Transfer},
	Scalar,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::LazyLock;

/// The committed size of the circuit. A change here is a change of the verifying key.
const CONSTRAINTS: usize = 0;
const WITNESS_VARIABLES: usize = 0;
const NON_ZERO_ENTRIES: [usize; 3] = [0, 0, 0];

static SYSTEM: LazyLock<Constraints> = LazyLock::new(|| Constraints::synthesise().unwrap());

fn satisfied(circuit: BatchCircuit) -> bool {
	SYSTEM.first_unsatisfied(&circuit.assignment().unwrap()).is_none()
}

fn demo_state() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

fn signed(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
	Transfer { from, to, amount, nonce }.sign(&demo::secret_key(from))
}

fn data(transfers: &[SignedTransfer]) -> Vec<u8> {
	Batch::new(transfers.to_vec()).unwrap().encode()
}

fn full_batch() -> Vec<u8> {
	data(&[
		signed(0, 1, 5, 0),
		signed(1, 15, 1_000_000_005, 0),
		signed(0, 2, 7, 1),
		signed(2, 0, 0, 0),
	])
}

/// What a prover claims who follows the data wherever it leads and checks no rule.
fn claim(state: &State, data: &[u8]) -> BatchCircuit {
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: scalar_to_be(&unchecked_root(state, data).unwrap()),
		data_commitment: data_commitment(data),
		binding: scalar_to_be(&Scalar::from(77u64)),
	};
	BatchCircuit::new(state, data, &inputs).unwrap()
}

fn accepts(state: &State, data: &[u8]) -> bool {
	satisfied(claim(state, data))
}

/// Asserts that executor and circuit both refuse the transfer in a batch that is fine without it.
fn assert_both_refuse(state: &State, transfer: SignedTransfer, cause: TransferError) {
	let fine = signed(5, 6, 7, 0);
	let batch = data(&[fine, transfer]);
	assert_eq!(
		state.clone().execute_batch(&batch),
		Err(ExecutionError::Transfer { slot: 1, cause })
	);
	assert!(accepts(state, &data(&[fine])));
	assert!(!accepts(state, &batch), "{cause}");
}

#[test]
fn size_should_equal_the_committed_one() {
	let entries = [0, 1, 2].map(|matrix: usize| SYSTEM.matrices[matrix].iter().map(Vec::len).sum());
	assert_eq!(SYSTEM.len(), CONSTRAINTS);
	assert_eq!(SYSTEM.witness_variables, WITNESS_VARIABLES);
	assert_eq!(entries, NON_ZERO_ENTRIES);
	assert_eq!(SYSTEM.instance_variables, 5);
	assert_eq!(SYSTEM.domain_size(), 1 << 16);
}

#[test]
fn each_public_input_should_appear_in_a_constraint() {
	for input in 1..=4 {
		let appears = SYSTEM
			.matrices
			.iter()
			.flatten()
			.flatten()
			.any(|(c, v)| *v == input && *c != Scalar::ZERO);
		assert!(appears, "input {input}");
	}
}

#[test]
fn circuit_should_accept_when_the_batch_is_valid() {
	let mut state = demo_state();
	let mut next = state.clone();
	next.execute_batch(&full_batch()).unwrap();
	let root = unchecked_root(&state, &full_batch()).unwrap();
	assert_eq!(scalar_to_be(&root), next.root());
	assert!(accepts(&state, &full_batch()));

	state = next;
	for batch in
		[data(&[]), data(&[signed(15, 3, 1, 0)]), data(&[signed(0, 1, 1, 2), signed(0, 1, 1, 3)])]
	{
		assert!(accepts(&state, &batch));
		state.execute_batch(&batch).unwrap();
	}
}

#[test]
fn circuit_should_accept_when_no_ops_are_anywhere() {
	let mut batch = data(&[signed(0, 1, 5, 0), signed(1, 2, 5, 0)]);
	for _ in 0..BATCH_TRANSFERS {
		batch.rotate_right(TRANSFER_BYTES);
		if demo_state().execute_batch(&batch).is_ok() {
			assert!(accepts(&demo_state(), &batch));
		}
	}
	let mut spread = vec![0; DATA_LEN];
	spread[TRANSFER_BYTES..2 * TRANSFER_BYTES].copy_from_slice(&signed(0, 1, 5, 0).encode());
	spread[3 * TRANSFER_BYTES..].copy_from_slice(&signed(1, 0, 5, 0).encode());
	assert!(accepts(&demo_state(), &spread));
}

#[test]
fn circuit_should_accept_the_limits_of_balances() {
	let mut genesis: Genesis = demo::genesis();
	genesis.accounts[0].balance = u64::MAX;
	genesis.accounts[1].balance = 0;
	let state = State::from_genesis(&genesis).unwrap();
	assert!(accepts(&state, &data(&[signed(0, 1, u64::MAX, 0), signed(1, 0, u64::MAX, 0)])));
}

#[test]
fn circuit_should_reject_when_a_public_input_is_changed() {
	let circuit = claim(&demo_state(), &full_batch());
	let assignment = circuit.clone().assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	for input in 0..4 {
		for wrong in [Scalar::ZERO, Scalar::ONE, circuit.inputs[input] + Scalar::ONE] {
			// The prover takes the wrong input into account, or changes it afterwards.
			let mut changed = circuit.clone();
			changed.inputs[input] = wrong;
			if input < 3 {
				assert!(!satisfied(changed), "input {input}");
			}
			let mut changed = assignment.clone();
			changed[1 + input] = wrong;
			assert!(SYSTEM.first_unsatisfied(&changed).is_some(), "input {input}");
		}
	}
	let mut swapped = circuit.clone();
	swapped.inputs.swap(0, 1);
	assert!(!satisfied(swapped));
}

#[test]
fn circuit_should_accept_any_binding_and_pin_it() {
	let mut circuit = claim(&demo_state(), &full_batch());
	circuit.inputs[3] = -Scalar::ONE;
	let mut assignment = circuit.assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	assignment[4] += Scalar::ONE;
	assert!(SYSTEM.first_unsatisfied(&assignment).is_some());
}

#[test]
fn circuit_should_reject_when_the_nonce_is_wrong() {
	let state = demo_state();
	for found in [1, 2, u32::MAX] {
		let cause = TransferError::Nonce { expected: 0, found };
		assert_both_refuse(&state, signed(1, 2, 1, found), cause);
	}
	let mut later = state;
	later.apply(&signed(1, 2, 1, 0)).unwrap();
	assert_both_refuse(&later, signed(1, 2, 1, 0), TransferError::Nonce { expected: 1, found: 0 });
}

#[test]
fn circuit_should_reject_when_the_last_nonce_is_used() {
	let mut circuit = claim(&demo_state(), &data(&[signed(1, 2, 1, u32::MAX)]));
	// The sender of this witness has that nonce, in a tree that says so.
	let slot = &mut circuit.slots[0];
	slot.nonce = u32::MAX;
	let assignment = circuit.assignment().unwrap();
	assert!(SYSTEM.first_unsatisfied(&assignment).is_some());
}

#[test]
fn circuit_should_reject_when_a_balance_is_overdrawn() {
	let (balance, amount) = (demo::BALANCE, demo::BALANCE + 1);
	let cause = TransferError::Overdraft { balance, amount };
	assert_both_refuse(&demo_state(), signed(1, 2, amount, 0), cause);
	let cause = TransferError::Overdraft { balance, amount: u64::MAX };
	assert_both_refuse(&demo_state(), signed(1, 2, u64::MAX, 0), cause);
}

#[test]
fn circuit_should_reject_when_a_balance_overflows() {
	let mut genesis = demo::genesis();
	genesis.accounts[2].balance = u64::MAX - 5;
	let state = State::from_genesis(&genesis).unwrap();
	let cause = TransferError::Overflow { balance: u64::MAX - 5, amount: 6 };
	assert_both_refuse(&state, signed(1, 2, 6, 0), cause);
}

#[test]
fn circuit_should_reject_when_sender_and_receiver_are_one() {
	assert_both_refuse(&demo_state(), signed(1, 1, 1, 0), TransferError::SelfTransfer(1));
	assert_both_refuse(&demo_state(), signed(0, 0, 1, 0), TransferError::SelfTransfer(0));
}

#[test]
fn circuit_should_reject_when_an_account_is_unknown() {
	let state = demo_state();
	for index in [16, 65_535, 65_536, 65_537, u32::MAX] {
		assert_both_refuse(&state, signed(index, 1, 0, 0), TransferError::UnknownSender(index));
		assert_both_refuse(&state, signed(1, index, 0, 0), TransferError::UnknownReceiver(index));
	}
}

#[test]
fn circuit_should_reject_when_the_signature_is_forged() {
	let state = demo_state();
	let transfer = Transfer { from: 1, to: 2, amount: 1, nonce: 0 };
	let by_another = transfer.sign(&demo::secret_key(2));
	assert_both_refuse(&state, by_another, TransferError::BadSignature);
	let of_another = SignedTransfer { transfer, ..signed(1, 2, 2, 0) };
	assert_both_refuse(&state, of_another, TransferError::BadSignature);
	let honest = signed(1, 2, 1, 0).encode();
	for byte in MESSAGE_BYTES..TRANSFER_BYTES {
		let mut batch = vec![0; DATA_LEN];
		batch[..TRANSFER_BYTES].copy_from_slice(&honest);
		batch[byte] ^= 1;
		assert!(state.clone().execute_batch(&batch).is_err());
		assert!(!accepts(&state, &batch), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_signature_is_zero() {
	let mut batch = data(&[signed(1, 2, 1, 0)]);
	batch[MESSAGE_BYTES..TRANSFER_BYTES].fill(0);
	assert!(!accepts(&demo_state(), &batch));
}

#[test]
fn circuit_should_reject_when_data_is_tampered_with() {
	let state = demo_state();
	let honest = claim(&state, &full_batch());
	assert!(satisfied(honest.clone()));
	for byte in (0..DATA_LEN).step_by(7) {
		let mut batch = full_batch();
		batch[byte] ^= 0x40;
		// The commitment to other data with the honest witness, and the other way round.
		let mut other_commitment = honest.clone();
		other_commitment.inputs[2] = scalar_from_be(&data_commitment(&batch)).unwrap();
		assert!(!satisfied(other_commitment), "byte {byte}");
		let mut other_data = claim(&state, &batch);
		other_data.inputs = honest.inputs;
		assert!(!satisfied(other_data), "byte {byte}");
		assert!(!accepts(&state, &batch), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_transfer_passes_as_a_no_op() {
	let state = demo_state();
	let batch = data(&[signed(1, 2, 3, 0)]);
	let mut skipped = claim(&state, &batch);
	skipped.slots[0].active = false;
	assert!(!satisfied(skipped.clone()), "nothing is claimed to change");
	skipped.inputs[1] = skipped.inputs[0];
	assert!(!satisfied(skipped));
}

#[test]
fn circuit_should_reject_when_a_slot_is_zero_but_for_one_byte() {
	let state = demo_state();
	for byte in 0..TRANSFER_BYTES {
		let mut batch = vec![0; DATA_LEN];
		batch[byte] = 1;
		let mut circuit = claim(&state, &batch);
		assert!(!satisfied(circuit.clone()), "byte {byte}");
		circuit.slots[0].active = false;
		circuit.inputs[1] = circuit.inputs[0];
		assert!(!satisfied(circuit), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_no_op_changes_the_state() {
	let state = demo_state();
	let honest = claim(&state, &data(&[signed(1, 2, 3, 0)]));
	// The values of a transfer under the data of a no-op.
	let mut smuggled = honest.clone();
	smuggled.inputs[2] = scalar_from_be(&data_commitment(&[0; DATA_LEN])).unwrap();
	assert!(!satisfied(smuggled.clone()));
	smuggled.slots[0].active = false;
	assert!(!satisfied(smuggled.clone()));
	let SlotWitness { from, to, amount, nonce, challenge, response, .. } = &mut smuggled.slots[0];
	(*from, *to, *amount, *nonce, *challenge, *response) = (0, 0, 0, 0, 0, [0; 4]);
	assert!(!satisfied(smuggled.clone()));
	smuggled.inputs[1] = smuggled.inputs[0];
	assert!(satisfied(smuggled), "a no-op whose unused values are arbitrary changes nothing");
}

#[test]
fn circuit_should_reject_when_the_activity_flag_is_no_bit() {
	let honest = claim(&demo_state(), &full_batch()).assignment().unwrap();
	let flag = SYSTEM.instance_variables;
	assert_eq!(honest[flag], Scalar::ONE);
	for wrong in [Scalar::ZERO, Scalar::from(2u64), -Scalar::ONE] {
		let mut changed = honest.clone();
		changed[flag] = wrong;
		assert!(SYSTEM.first_unsatisfied(&changed).is_some());
	}
}

#[test]
fn circuit_should_reject_when_transfers_are_reordered() {
	let state = demo_state();
	let (first, second) = (signed(0, 1, 1, 0), signed(0, 1, 1, 1));
	assert!(accepts(&state, &data(&[first, second])));
	assert!(!accepts(&state, &data(&[second, first])));
	let mut circuit = claim(&state, &data(&[first, second]));
	circuit.slots.swap(0, 1);
	assert!(!satisfied(circuit));
}

#[test]
fn circuit_should_reject_when_the_state_before_is_another() {
	let state = demo_state();
	let mut other = state.clone();
	other.apply(&signed(9, 10, 1, 0)).unwrap();
	let mut circuit = claim(&state, &full_batch());
	circuit.inputs[0] = scalar_from_be(&other.root()).unwrap();
	assert!(!satisfied(circuit));
}

#[test]
fn circuit_should_reject_when_any_field_of_the_witness_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	let changes: [(&str, fn(&mut SlotWitness)); 16] = [
		("active", |slot| slot.active = false),
		("from", |slot| slot.from ^= 1),
		("to", |slot| slot.to ^= 1),
		("amount", |slot| slot.amount ^= 1),
		("nonce", |slot| slot.nonce ^= 1),
		("challenge", |slot| slot.challenge ^= 1),
		("challenge_high", |slot| slot.challenge_high ^= 1),
		("response", |slot| slot.response[0] ^= 1),
		("sender.x", |slot| slot.sender.x += Scalar::ONE),
		("sender.y", |slot| slot.sender.y += Scalar::ONE),
		("sender key", |slot| slot.sender.x = -slot.sender.x),
		("sender.balance", |slot| slot.sender.balance += Scalar::ONE),
		("receiver.x", |slot| slot.receiver.x += Scalar::ONE),
		("receiver.y", |slot| slot.receiver.y += Scalar::ONE),
		("receiver.nonce", |slot| slot.receiver.nonce += Scalar::ONE),
		("receiver.balance", |slot| slot.receiver.balance += Scalar::ONE),
	];
	for slot in 0..BATCH_TRANSFERS {
		for (name, change) in changes {
			let mut changed = honest.clone();
			change(&mut changed.slots[slot]);
			assert!(!satisfied(changed), "{name} of slot {slot}");
		}
	}
}

#[test]
fn circuit_should_reject_when_any_node_of_a_path_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	for level in 0..TREE_DEPTH {
		for child in 0..TREE_ARITY {
			let slot = (level + child) % BATCH_TRANSFERS;
			let mut changed = honest.clone();
			changed.slots[slot].sender_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "sender, level {level}, child {child}");
			let mut changed = honest.clone();
			changed.slots[slot].receiver_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "receiver, level {level}, child {child}");
		}
	}
}

/// For every private variable: with all others fixed, no other value satisfies the constraints.
///
/// Constraints are of degree two in one variable, so a variable is pinned if the polynomials of the
/// constraints that mention it have the honest value as their only common root. Each constraint is
/// `(a0 + a1 t)(b0 + b1 t) - (c0 + c1 t)` in the change `t`, zero at `t = 0`; its other root, if it
/// has one, is computed and must break another constraint.
#[test]
fn circuit_should_pin_every_variable_when_all_slots_are_transfers() {
	let assignment = claim(&demo_state(), &full_batch()).assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	let variables = SYSTEM.instance_variables + SYSTEM.witness_variables;
	assert_eq!(assignment.len(), variables);

	let value = |matrix: usize, row: usize| -> Scalar {
		SYSTEM.matrices[matrix][row].iter().map(|(c, v)| *c * assignment[*v]).sum()
	};
	// Per variable: the constraints that mention it, with its coefficients in A, B, C.
	let mut mentions: Vec<Vec<(usize, [Scalar; 3])>> = vec![Vec::new(); variables];
	for row in 0..SYSTEM.len() {
		for matrix in 0..3 {
			for (coefficient, variable) in &SYSTEM.matrices[matrix][row] {
				let list = &mut mentions[*variable];
				if list.last().is_none_or(|(last, _)| *last != row) {
					list.push((row, [Scalar::ZERO; 3]));
				}
				list.last_mut().unwrap().1[matrix] += coefficient;
			}
		}
	}
	for (variable, constraints) in mentions.iter().enumerate().skip(SYSTEM.instance_variables) {
		// t * (quadratic * t + linear) for each constraint.
		let polynomials: Vec<(Scalar, Scalar)> = constraints
			.iter()
			.map(|(row, [a, b, c])| (*a * b, value(0, *row) * b + value(1, *row) * a - c))
			.collect();
		let holds_at = |t: Scalar| polynomials.iter().all(|(q, l)| (*q * t + l) == Scalar::ZERO);
		let candidates: Vec<Scalar> = polynomials
			.iter()
			.filter_map(|(quadratic, linear)| Some(-*linear * quadratic.inverse()?))
			.chain([Scalar::ONE])
			.filter(|t| *t != Scalar::ZERO)
			.collect();
		for t in candidates {
			assert!(!holds_at(t), "variable {variable} may also be {}", assignment[variable] + t);
		}
	}
}

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

#[test]
fn circuit_should_refuse_values_that_are_not_canonical() {
	let state = demo_state();
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: state.root(),
		data_commitment: data_commitment(&[0; DATA_LEN]),
		binding: [0xff; 32],
	};
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN], &inputs).is_err());
	let inputs = PublicInputs { binding: [0; 32], ..inputs };
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN], &inputs).is_ok());
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN - 1], &inputs).is_err());
}
