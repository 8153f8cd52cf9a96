// SPDX-License-Identifier: Apache-2.0
//! Keys and proofs of the large shape: 7 transfers among 2^20 accounts, a domain of 2^17.

use pvs_primitives::{
	api::BatchId,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
};
use pvs_rollup::{
	demo,
	genesis::Genesis,
	keys::SecretKey,
	proving::{BatchProver, Keys, Kind, Unwatched},
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use pvs_verifier::ProofError;
use std::time::Instant;

#[test]
fn large_batch_should_be_proved_by_every_back_end() {
	let started = Instant::now();
	let keys = Keys::generate(Shape::LARGE).unwrap();
	println!("keys in {:?}", started.elapsed());
	let genesis = Genesis { shape: Shape::LARGE, ..demo::genesis() };
	let state = State::from_genesis(&genesis).unwrap();
	let opened = SecretKey::from_seed(&[9; 32]);
	let last = Shape::LARGE.max_accounts() - 1;
	// To the far end of the tree, from there, and between accounts that others have paid before.
	let opening = Transfer {
		from: 1,
		to: last,
		amount: 60,
		fee: 2,
		nonce: 0,
		new_key: Some(opened.public_key()),
	};
	let pay = |from, to, nonce| Transfer { from, to, amount: 5, fee: 1, nonce, new_key: None };
	let mut draft = state.draft(demo::FEE_ACCOUNT);
	draft.push(&opening.sign(&demo::secret_key(1))).unwrap();
	draft.push(&pay(last, 2, 0).sign(&opened)).unwrap();
	for (from, to, nonce) in [(2, 3, 0), (3, 1, 0), (0, 15, 0), (0, 14, 1), (15, 0, 0)] {
		draft.push(&pay(from, to, nonce).sign(&demo::secret_key(from))).unwrap();
	}
	assert!(draft.is_full());
	let outcome = draft.finish().unwrap();
	let data = outcome.batch().encode();
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: outcome.next_root(),
		data_commitment: data_commitment(&data),
		binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
	};
	let registered = pvs_verifier::prepare_key(keys.verifying_key()).unwrap();
	for kind in Kind::ALL {
		let prover = BatchProver::new(&keys, kind).unwrap();
		let started = Instant::now();
		let proof = prover.prove(&state, &data, &inputs, &Unwatched).unwrap();
		println!("proved in {:?} by {kind}", started.elapsed());
		let verify =
			|inputs: &PublicInputs| pvs_verifier::verify(&registered, &inputs.to_array(), &proof);
		assert_eq!(verify(&inputs), Ok(()), "{kind}");
		let other = PublicInputs { next_state_root: inputs.prev_state_root, ..inputs };
		assert_eq!(verify(&other), Err(ProofError::NotValid), "{kind}");
	}
}
