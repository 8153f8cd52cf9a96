// SPDX-License-Identifier: Apache-2.0
//! What somebody could try who is given a file to continue, and what everybody sees.

use super::{beacon, name, read, start, Trapdoor, GENUINE, LARGE, POWERS, SMALL, WHOLE};
use crate::{
	contribution::ContributionError, Beacon, Ceremony, Contribution, Secret, Silent, VerifyError,
};
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, Zero};

fn refusal(ceremony: &Ceremony) -> VerifyError {
	ceremony.verify(&LARGE.circuit(), &POWERS, &Silent).map(|_| ()).unwrap_err()
}

/// What is said of which contribution.
fn contribution_refusal(ceremony: &Ceremony) -> (usize, ContributionError) {
	match refusal(ceremony) {
		VerifyError::Contribution { number, error, .. } => (number, error),
		other => panic!("{other}"),
	}
}

/// The parameters as they are after a contribution by `factor`, without the contribution.
fn scaled(mut ceremony: Ceremony, factor: Fr) -> Ceremony {
	let inverse = factor.inverse().unwrap();
	let key = &mut ceremony.key;
	key.delta_g1 = (key.delta_g1 * factor).into_affine();
	key.vk.delta_g2 = (key.vk.delta_g2 * factor).into_affine();
	for point in key.h_query.iter_mut().chain(&mut key.l_query) {
		*point = (*point * inverse).into_affine();
	}
	ceremony
}

/// A contribution by `factor`, with whatever `change` makes of it.
fn contributed(before: Ceremony, factor: Fr, change: impl FnOnce(&mut Contribution)) -> Ceremony {
	let (delta, hash) = (before.key.delta_g1, before.last_hash());
	let mut contribution =
		Contribution::new(name("Mallory"), None, &Secret::of(factor), delta, &hash);
	change(&mut contribution);
	let mut after = scaled(before, factor);
	after.contributions.push(contribution);
	after
}

#[test]
fn transcript_should_be_accepted_when_nothing_was_changed() {
	assert!(WHOLE.verify(&LARGE.circuit(), &POWERS, &Silent).is_ok());
	let forged = contributed(WHOLE.clone(), Fr::from(5u64), |_| ());
	assert!(forged.verify(&LARGE.circuit(), &POWERS, &Silent).is_ok(), "the tests' own way");
}

#[test]
fn parameters_should_be_refused_when_they_are_scaled_without_a_contribution() {
	let refused = refusal(&scaled(WHOLE.clone(), Fr::from(5u64)));
	assert!(matches!(refused, VerifyError::Delta), "{refused}");
}

#[test]
fn contribution_should_be_refused_when_its_factor_is_not_proved() {
	let factor = Fr::from(5u64);
	// Another's factor, which one does not know: its point is public, its proof is for its place.
	let of_bob = WHOLE.contributions[1].clone();
	let stolen = contributed(start(), factor, |contribution| {
		contribution.factor_g1 = of_bob.factor_g1;
		contribution.proof_g2 = of_bob.proof_g2;
	});
	assert_eq!(contribution_refusal(&stolen), (1, ContributionError::Proof));
	let no_proof = contributed(start(), factor, |contribution| {
		contribution.proof_g2 = (G2Affine::generator() * factor).into_affine();
	});
	assert_eq!(contribution_refusal(&no_proof), (1, ContributionError::Proof));
	let other_factor = contributed(start(), factor, |contribution| {
		contribution.factor_g1 = (G1Affine::generator() * Fr::from(6u64)).into_affine();
	});
	assert_eq!(contribution_refusal(&other_factor), (1, ContributionError::Proof));
}

#[test]
fn contribution_should_be_refused_when_its_delta_is_not_the_one_before_times_its_factor() {
	// A valid proof for a statement with another delta.
	let before = start().by("Alice");
	let other_delta = G1Affine::generator();
	let hash = before.last_hash();
	let secret = Secret::of(Fr::from(5u64));
	let mut after = scaled(before, Fr::from(5u64));
	after.contributions.push(Contribution::new(name("Mallory"), None, &secret, other_delta, &hash));
	assert_eq!(contribution_refusal(&after), (2, ContributionError::Delta));
}

#[test]
fn contribution_should_be_refused_when_it_changes_nothing() {
	let nothing = contributed(start(), Fr::one(), |_| ());
	assert_eq!(contribution_refusal(&nothing), (1, ContributionError::FactorOne));
	for factor in [Fr::one(), Fr::zero()] {
		let refused = start().contribute(name(""), Secret::of(factor), &Silent);
		assert_eq!(refused.unwrap_err(), ContributionError::FactorOne);
	}
}

#[test]
fn contributions_should_be_refused_when_their_order_is_swapped() {
	let mut swapped = WHOLE.clone();
	swapped.contributions.swap(0, 1);
	assert_eq!(contribution_refusal(&swapped), (1, ContributionError::Proof));
}

#[test]
fn contribution_should_be_refused_when_it_is_left_out_or_repeated() {
	let mut shorter = WHOLE.clone();
	shorter.contributions.remove(0);
	assert_eq!(contribution_refusal(&shorter), (1, ContributionError::Proof));
	let mut repeated = WHOLE.clone();
	repeated.contributions.insert(1, WHOLE.contributions[0].clone());
	assert_eq!(contribution_refusal(&repeated), (2, ContributionError::Proof));
	let mut without_last = WHOLE.clone();
	without_last.contributions.pop();
	assert!(matches!(refusal(&without_last), VerifyError::Delta));
}

#[test]
fn contribution_should_be_refused_when_it_is_replayed_onto_another_transcript() {
	// The same factor and delta on other powers: all but the transcript is as it was.
	let factor = Fr::from(5u64);
	let original = contributed(start(), factor, |_| ());
	let powers = Trapdoor::of(3).powers(5);
	let other = Ceremony::start(&LARGE.circuit(), &powers, &Silent).unwrap();
	let mut replayed = scaled(other, factor);
	replayed.contributions = original.contributions;
	let refused = replayed.verify(&LARGE.circuit(), &powers, &Silent).map(|_| ()).unwrap_err();
	let is_proof = matches!(
		refused,
		VerifyError::Contribution { number: 1, error: ContributionError::Proof, .. }
	);
	assert!(is_proof, "{refused}");
}

#[test]
fn contribution_should_be_refused_when_its_name_is_altered() {
	let mut altered = WHOLE.clone();
	altered.contributions[1].name = name("Eve");
	assert_eq!(contribution_refusal(&altered), (2, ContributionError::Proof));
}

#[test]
fn beacon_should_be_refused_when_its_factor_is_chosen_or_its_value_altered() {
	let before = start().by("Alice");
	let (delta, hash) = (before.key.delta_g1, before.last_hash());
	let factor = Fr::from(5u64);
	let chosen = Secret::of(factor);
	let chosen = Contribution::new(name("beacon"), Some(beacon()), &chosen, delta, &hash);
	let mut after = scaled(before, factor);
	after.contributions.push(chosen);
	assert_eq!(contribution_refusal(&after), (2, ContributionError::Beacon));

	let mut altered = WHOLE.clone();
	altered.contributions[2].beacon = Some(Beacon::new(vec![7; 32], 10).unwrap());
	assert_eq!(contribution_refusal(&altered), (3, ContributionError::Proof));
	// A secret of somebody's, made to look like public randomness after the fact, or the reverse.
	let mut dressed_up = WHOLE.clone();
	dressed_up.contributions[1].beacon = Some(beacon());
	assert_eq!(contribution_refusal(&dressed_up), (2, ContributionError::Proof));
	let mut stripped = WHOLE.clone();
	stripped.contributions[2].beacon = None;
	assert_eq!(contribution_refusal(&stripped), (3, ContributionError::Proof));
}

#[test]
fn parameters_should_be_refused_when_any_query_or_constant_is_tampered_with() {
	let factor = Fr::from(5u64);
	let g1 = |point: &mut G1Affine| *point = (*point * factor).into_affine();
	let g2 = |point: &mut G2Affine| *point = (*point * factor).into_affine();
	type Change<'a> = &'a dyn Fn(&mut Ceremony);
	let cases: [(&str, Change<'_>); 13] = [
		("the a query", &|ceremony| g1(&mut ceremony.key.a_query[3])),
		("the a query", &|ceremony| ceremony.key.a_query.swap(1, 2)),
		("the b query in G1", &|ceremony| g1(&mut ceremony.key.b_g1_query[3])),
		("the b query in G2", &|ceremony| g2(&mut ceremony.key.b_g2_query[3])),
		("the IC", &|ceremony| g1(&mut ceremony.key.vk.gamma_abc_g1[0])),
		("the IC", &|ceremony| ceremony.key.vk.gamma_abc_g1.swap(1, 2)),
		("alpha in G1", &|ceremony| g1(&mut ceremony.key.vk.alpha_g1)),
		("beta in G1", &|ceremony| g1(&mut ceremony.key.beta_g1)),
		("beta in G2", &|ceremony| g2(&mut ceremony.key.vk.beta_g2)),
		("gamma in G2", &|ceremony| g2(&mut ceremony.key.vk.gamma_g2)),
		("the h query", &|ceremony| g1(&mut ceremony.key.h_query[30])),
		("the l query", &|ceremony| g1(&mut ceremony.key.l_query[0])),
		("the l query", &|ceremony| ceremony.key.l_query.swap(2, 3)),
	];
	for (place, tamper) in cases {
		let mut tampered = WHOLE.clone();
		tamper(&mut tampered);
		let refused = refusal(&tampered).to_string();
		assert!(refused.starts_with(place), "{place}: {refused}");
	}
}

#[test]
fn parameters_should_be_refused_when_queries_are_divided_by_something_else_than_delta() {
	let inverse = Fr::from(5u64).inverse().unwrap();
	for (place, is_h) in [('h', true), ('l', false)] {
		let mut other = WHOLE.clone();
		let query = if is_h { &mut other.key.h_query } else { &mut other.key.l_query };
		query.iter_mut().for_each(|point| *point = (*point * inverse).into_affine());
		let refused = refusal(&other);
		assert!(matches!(refused, VerifyError::Query(found) if found == place), "{refused}");
	}
	let mut delta = WHOLE.clone();
	delta.key.vk.delta_g2 = (delta.key.vk.delta_g2 * inverse).into_affine();
	assert!(matches!(refusal(&delta), VerifyError::Delta));
}

#[test]
fn dropping_others_contributions_should_show_in_the_hashes() {
	let honest = start().by("Alice").by("Bob");
	let [of_alice, of_bob] = honest.hashes()[..] else { panic!("two contributions") };
	// Mallory begins anew, and names her contributions after the others.
	let anew = start().by("Alice").by("Bob").by("Mallory");
	let verified = anew.verify(&LARGE.circuit(), &POWERS, &Silent).unwrap();
	assert!(!verified.hashes().contains(&of_alice) && !verified.hashes().contains(&of_bob));
	let continued = honest.by("Carol");
	assert_eq!(continued.hashes()[..2], [of_alice, of_bob]);
	assert_eq!(continued.hashes()[2], continued.last_hash());
}

#[test]
fn transcript_should_be_refused_when_it_is_for_another_circuit_or_other_powers() {
	let refused = |circuit: &super::Matrices, powers: &crate::Powers| {
		WHOLE.verify(&circuit.circuit(), powers, &Silent).map(|_| ()).unwrap_err()
	};
	assert!(matches!(refused(&SMALL, &POWERS), VerifyError::OtherCircuit));
	let other_tau = Trapdoor::of(3).powers(5);
	assert!(matches!(refused(&LARGE, &other_tau), VerifyError::OtherPowers));
	let smaller = read(GENUINE, 4);
	assert!(matches!(refused(&LARGE, &smaller), VerifyError::OtherPowers));
	// A file that claims them and has been made with others.
	let mut claimed = Ceremony::start(&LARGE.circuit(), &other_tau, &Silent).unwrap();
	claimed.powers = POWERS.digest();
	let claimed = claimed.by("Mallory");
	assert!(matches!(refusal(&claimed), VerifyError::Unchanging("alpha in G1")));
	assert!(Ceremony::start(&LARGE.circuit(), &smaller, &Silent).is_err());
}
