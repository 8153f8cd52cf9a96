// SPDX-License-Identifier: Apache-2.0
//! A batch of the reference rollup, proved with the key of a real ceremony.
//!
//! `PVS_CEREMONY_KEYS=keys cargo test --release -p pvs-ceremony --test rollup -- --ignored --nocapture`
//! with the directory that `pvs-ceremony finalise --shape small` has written.

use pvs_primitives::{
	api::BatchId,
	hash::blake2_256,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
};
use pvs_rollup::{
	batch::Batch,
	demo,
	proving::{
		ceremony_key_file, load_pinned, BatchProver, Kind, Origin, PinnedKeyError, Silent,
		Unwatched,
	},
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use std::{fs, path::PathBuf, time::Instant};

#[test]
#[ignore = "needs the keys of a ceremony, in the directory PVS_CEREMONY_KEYS"]
fn batch_should_be_proved_with_the_key_of_a_ceremony() {
	let dir = PathBuf::from(std::env::var_os("PVS_CEREMONY_KEYS").expect("PVS_CEREMONY_KEYS"));
	let path = dir.join(ceremony_key_file(Shape::SMALL));
	let verifying_key = fs::read(path.with_extension("vk")).unwrap();
	let prepared = pvs_verifier::prepare_key(&verifying_key).unwrap();
	let hash = blake2_256(&[&verifying_key]);

	let started = Instant::now();
	let keys = load_pinned(&path, Shape::SMALL, &hash, &Silent).unwrap();
	println!("loaded in {:?}", started.elapsed());
	assert_eq!(keys.origin(), Origin::Ceremony);

	let before = State::from_genesis(&demo::genesis()).unwrap();
	let transfer = Transfer { from: 0, to: 1, amount: 5, ..Transfer::default() };
	let transfers = vec![transfer.sign(&demo::secret_key(0))];
	let data = Batch::new(Shape::SMALL, demo::FEE_ACCOUNT, transfers).unwrap().encode();
	let inputs = PublicInputs {
		prev_state_root: before.root(),
		next_state_root: before.execute(&data).unwrap().next_root(),
		data_commitment: data_commitment(&data),
		binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
	};
	let started = Instant::now();
	let prover = BatchProver::new(&keys, Kind::default()).unwrap();
	let proof = prover.prove(&before, &data, &inputs, &Unwatched).unwrap();
	println!("proved in {:?}", started.elapsed());
	assert_eq!(pvs_verifier::verify(&prepared, &inputs.to_array(), &proof), Ok(()));
	let development = pvs_verifier::prepare_key(demo::VERIFYING_KEY).unwrap();
	assert!(pvs_verifier::verify(&development, &inputs.to_array(), &proof).is_err());

	// The file as it is refused: for the development rollup, and for another shape.
	let other = load_pinned(&path, Shape::SMALL, &blake2_256(&[demo::VERIFYING_KEY]), &Silent);
	assert!(matches!(other, Err(PinnedKeyError::OtherKey { found, .. }) if found == hash));
	let other = load_pinned(&path, Shape::LARGE, &hash, &Silent);
	assert!(matches!(other, Err(PinnedKeyError::OtherCircuit { .. })));
}
