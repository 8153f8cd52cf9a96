// SPDX-License-Identifier: Apache-2.0
//! What works.

use super::{
	beacon, name, read, secret, start, Matrices, Products, Trapdoor, GENUINE, LARGE, POWERS, SMALL,
	WHOLE,
};
use crate::{
	Beacon, Ceremony, Circuit, CircuitError, ExpectedBeaconError, FinalizeError, Powers, Secret,
	Silent,
};
use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::{Field, One};
use ark_groth16::{r1cs_to_qap::LibsnarkReduction, Groth16};
use ark_poly::{EvaluationDomain, GeneralEvaluationDomain};
use ark_relations::{
	gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError},
	lc,
};
use ark_snark::SNARK;
use pvs_primitives::field::scalar_to_be;
use pvs_verifier::{encode_proof, prepare_key, verify, KeyError, ProofError};
use rand::{rngs::StdRng, SeedableRng};

#[test]
fn start_should_equal_arkworks_own_set_up_when_the_secrets_are_the_same() {
	for (circuit, power) in [(Products::SMALL, 4), (Products::LARGE, 5)] {
		let seed = 5;
		let domain = GeneralEvaluationDomain::<Fr>::new(1 << power).unwrap();
		let tau = domain.sample_element_outside_domain(&mut StdRng::seed_from_u64(seed));
		let trapdoor = Trapdoor { tau, ..Trapdoor::of(3) };
		let expected = Groth16::<Bn254, LibsnarkReduction>::generate_parameters_with_qap(
			circuit,
			trapdoor.alpha,
			trapdoor.beta,
			Fr::one(),
			Fr::one(),
			G1Projective::generator(),
			G2Projective::generator(),
			&mut StdRng::seed_from_u64(seed),
		)
		.unwrap();
		let matrices = Matrices::of(circuit);
		let powers = trapdoor.powers(power);
		let ceremony = Ceremony::start(&matrices.circuit(), &powers, &Silent).unwrap();
		assert_eq!(ceremony.key, expected, "2^{power}");
	}
}

#[test]
fn key_should_prove_and_verify_after_two_contributors_and_a_beacon() {
	let verified = WHOLE.verify(&LARGE.circuit(), &POWERS, &Silent).unwrap();
	let (proving_key, verifying_key) = verified.finalize(true).unwrap();
	let key = prepare_key(&verifying_key).unwrap();
	let circuit = Products::LARGE;
	let proof =
		Groth16::<Bn254>::prove(proving_key, circuit, &mut StdRng::seed_from_u64(1)).unwrap();
	let proof = encode_proof(&proof);
	let inputs = circuit.inputs.map(|input| scalar_to_be(&Fr::from(input)));
	assert_eq!(verify(&key, &inputs, &proof), Ok(()));
	let mut others = inputs;
	others.swap(0, 1);
	assert_eq!(verify(&key, &others, &proof), Err(ProofError::NotValid));
}

#[test]
fn key_should_prove_when_the_powers_are_more_than_needed() {
	let powers = read(GENUINE, 4);
	let ceremony = Ceremony::start(&SMALL.circuit(), &powers, &Silent).unwrap().by("Alice");
	let verified = ceremony.verify(&SMALL.circuit(), &powers, &Silent).unwrap();
	let (proving_key, verifying_key) = verified.finalize(false).unwrap();
	let proof =
		Groth16::<Bn254>::prove(proving_key, Products::SMALL, &mut StdRng::seed_from_u64(1));
	let inputs = Products::SMALL.inputs.map(|input| scalar_to_be(&Fr::from(input)));
	let key = prepare_key(&verifying_key).unwrap();
	assert_eq!(verify(&key, &inputs, &encode_proof(&proof.unwrap())), Ok(()));
}

#[test]
fn ceremony_should_start_the_same_and_continue_differently_when_repeated() {
	assert_eq!(start(), start());
	let (first, second) = (start().by("Alice"), start().by("Alice"));
	assert_ne!(first.last_hash(), second.last_hash());
	assert_ne!(first.key.vk.delta_g2, second.key.vk.delta_g2);
	assert_ne!(first.verifying_key_hash(), second.verifying_key_hash());
	assert_eq!(start().verifying_key_hash(), None, "gamma equals delta");
}

#[test]
fn beacon_should_give_the_same_parameters_to_everybody() {
	let before = start().by("Alice");
	let after = || before.clone().add_beacon(name("b"), beacon(), &Silent).unwrap();
	assert_eq!(after(), after());
}

#[test]
fn secret_should_depend_on_the_system_and_not_show_itself() {
	let mixed = || crate::Secret::random(&b"the same entropy"[..]).unwrap();
	let by = |secret| start().contribute(name(""), secret, &Silent).unwrap();
	assert_ne!(by(mixed()).last_hash(), by(mixed()).last_hash());
	assert_eq!(format!("{:?}", secret()), "Secret");
}

#[test]
fn finalizing_should_be_refused_when_a_contributor_or_the_beacon_is_missing() {
	let refused = |ceremony: Ceremony| {
		let verified = ceremony.verify(&LARGE.circuit(), &POWERS, &Silent).unwrap();
		let with = verified.finalize(true).map(|_| ()).unwrap_err().to_string();
		(with, verified.finalize(false).is_ok())
	};
	let nobody = FinalizeError::NoContribution.to_string();
	assert_eq!(refused(start()), (nobody.clone(), false));
	assert_eq!(refused(start().with_beacon()), (nobody, false));
	let no_beacon = FinalizeError::NoBeacon.to_string();
	assert_eq!(refused(start().by("Alice")), (no_beacon.clone(), true));
	assert_eq!(refused(start().with_beacon().by("Alice")), (no_beacon, true));
}

#[test]
fn transcript_should_end_with_the_beacon_that_is_expected() {
	let announced = beacon().value().to_vec();
	assert_eq!(WHOLE.expect_beacon(&announced), Ok(()));

	// The same number of iterations, as whoever adds it is free to choose.
	let chosen = Beacon::new(b"hash of a block that suits me".to_vec(), 10).unwrap();
	let found = chosen.value().to_vec();
	let other = start().by("Alice").add_beacon(name("beacon"), chosen, &Silent).unwrap();
	assert!(other.verify(&LARGE.circuit(), &POWERS, &Silent).is_ok(), "nothing else shows it");
	let expected = announced.clone();
	let refused = other.expect_beacon(&announced).unwrap_err();
	assert_eq!(refused, ExpectedBeaconError::OtherValue { expected, found: found.clone() });
	for value in [&announced, &found] {
		assert!(refused.to_string().contains(&hex::encode(value)), "{refused}");
	}
	let prefix = &announced[..announced.len() - 1];
	assert!(WHOLE.expect_beacon(prefix).is_err() && WHOLE.expect_beacon(&[]).is_err());

	let expected = announced.clone();
	let not_last = Err(ExpectedBeaconError::NotLast { expected });
	for ceremony in [start(), start().by("Alice"), start().with_beacon().by("Alice")] {
		assert_eq!(ceremony.expect_beacon(&announced), not_last);
	}
}

/// x * x = y
struct Square;

impl ConstraintSynthesizer<Fr> for Square {
	fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
		let x = cs.new_witness_variable(|| Ok(Fr::from(3u64)))?;
		let y = cs.new_input_variable(|| Ok(Fr::from(3u64).square()))?;
		cs.enforce_r1cs_constraint(|| lc!() + x, || lc!() + x, || lc!() + y)
	}
}

#[test]
fn finalizing_should_be_refused_when_no_chain_would_take_the_key() {
	let matrices = Matrices::of(Square);
	let powers = read(GENUINE, 2);
	let ceremony = Ceremony::start(&matrices.circuit(), &powers, &Silent).unwrap().by("Alice");
	let verified = ceremony.verify(&matrices.circuit(), &powers, &Silent).unwrap();
	let refused = verified.finalize(false).map(|_| ()).unwrap_err();
	assert!(matches!(refused, FinalizeError::Key(KeyError::WrongLength)), "{refused}");
}

/// V0: what a ceremony can end with although each contribution is right, and the powers are powers.
#[test]
fn finalizing_should_be_refused_by_name_when_proofs_could_be_forged_under_the_key() {
	let refused = |powers: &Powers, factors: &[Fr]| {
		let start = Ceremony::start(&LARGE.circuit(), powers, &Silent).unwrap();
		let ceremony = factors.iter().fold(start, |ceremony, factor| {
			ceremony.contribute(name("Mallory"), Secret::of(*factor), &Silent).unwrap()
		});
		let verified = ceremony.verify(&LARGE.circuit(), powers, &Silent).unwrap();
		assert_eq!(ceremony.verifying_key_hash(), None);
		match verified.finalize(false).map(|_| ()).unwrap_err() {
			FinalizeError::Key(error) => error,
			other => panic!("{other}"),
		}
	};
	// Gamma is 1, and the factors multiply to delta.
	let five = Fr::from(5u64);
	let undone = [five, five.inverse().unwrap()];
	assert_eq!(refused(&POWERS, &undone), KeyError::GammaEqualsDelta);
	assert_eq!(refused(&POWERS, &[-Fr::one()]), KeyError::GammaEqualsMinusDelta);
	let honest = Trapdoor::of(3);
	let of_beta = refused(&honest.powers(5), &[honest.beta]);
	assert_eq!(of_beta, KeyError::BetaEqualsDelta, "whoever knows beta");
	let of_alpha = refused(&honest.powers(5), &[honest.alpha]);
	assert_eq!(of_alpha, KeyError::AlphaMatchesDelta, "whoever knows alpha");
	for (powers, error) in [
		(Trapdoor { beta: Fr::one(), ..honest }, KeyError::BetaEqualsGamma),
		(Trapdoor { beta: -Fr::one(), ..honest }, KeyError::BetaEqualsMinusGamma),
		(Trapdoor { alpha: Fr::one(), ..honest }, KeyError::AlphaIsGenerator),
		(Trapdoor { alpha: honest.beta, ..honest }, KeyError::AlphaMatchesBeta),
		(Trapdoor { alpha: honest.beta.inverse().unwrap(), ..honest }, KeyError::AlphaBetaIsKnown),
	] {
		assert_eq!(refused(&powers.powers(5), &[five]), error);
	}
}

#[test]
fn circuit_should_be_refused_when_its_matrices_are_no_constraints() {
	let one = || vec![vec![(Fr::one(), 0)]];
	let (a, b, none) = (one(), vec![vec![(Fr::one(), 2)]], vec![]);
	let refused = |matrices, instance, witness| {
		Circuit::new(matrices, instance, witness).map(|_| ()).unwrap_err()
	};
	assert_eq!(refused([&a, &a, &none], 1, 1), CircuitError::Rows(1, 1, 0));
	assert_eq!(refused([&a, &a, &a], 0, 1), CircuitError::NoInstance);
	let beyond = CircuitError::Variable { row: 0, variable: 2, variables: 2 };
	assert_eq!(refused([&a, &b, &a], 1, 1), beyond);
	assert_eq!(refused([&none, &none, &none], 1, 1), CircuitError::Domain { size: 1 });
}
