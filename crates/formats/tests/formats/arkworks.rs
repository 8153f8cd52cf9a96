// SPDX-License-Identifier: Apache-2.0
//! arkworks' binary files, as ark-serialize writes them.

use crate::common::*;
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::{Proof, VerifyingKey};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};
use pvs_formats::{
	read_key, read_proof, read_public_inputs, to_layout_v1, Encoding, ForeignKey, ForeignProof,
	FormatError, PointNames, Source::Arkworks,
};
use pvs_primitives::field::scalar_from_be;
use pvs_verifier::KeyError;
use pvs_verifier_testing::trapdoor::forgeable_keys;

fn key_of(bytes: &[u8]) -> Result<ForeignKey, FormatError> {
	read_key(Arkworks, bytes)
}

fn proof_of(bytes: &[u8]) -> Result<ForeignProof, FormatError> {
	read_proof(Arkworks, bytes)
}

fn write(value: &impl CanonicalSerialize, compressed: bool) -> Vec<u8> {
	let mode = if compressed { Compress::Yes } else { Compress::No };
	let mut bytes = Vec::new();
	value.serialize_with_mode(&mut bytes, mode).unwrap();
	bytes
}

fn changed_key(compressed: bool, change: impl FnOnce(&mut VerifyingKey<Bn254>)) -> Vec<u8> {
	let mut vk = made(1).vk().clone();
	change(&mut vk);
	write(&vk, compressed)
}

fn changed_proof(compressed: bool, change: impl FnOnce(&mut Proof<Bn254>)) -> Vec<u8> {
	let mut proof = made(1).proof();
	change(&mut proof);
	write(&proof, compressed)
}

#[test]
fn key_and_proof_should_become_our_bytes() {
	let made = made(1);
	for (compressed, encoding, key_len, proof_len) in
		[(true, Encoding::Compressed, 392, 128), (false, Encoding::Uncompressed, 776, 256)]
	{
		let file = write(made.vk(), compressed);
		let key = key_of(&file).unwrap();
		assert_eq!((key.encoding, file.len()), (encoding, key_len));
		assert_eq!(key.to_wire(), Ok(made.keys.verifying_key()));
		let file = write(&made.proof(), compressed);
		let proof = proof_of(&file).unwrap();
		assert_eq!((proof.encoding, file.len()), (encoding, proof_len));
		assert_eq!(proof.to_wire(), Ok(made.wire_proof));
	}
}

#[test]
fn file_should_be_refused_when_truncated_to_any_length() {
	let made = made(1);
	for compressed in [true, false] {
		assert_truncated(&write(made.vk(), compressed), &[], key_of);
		assert_truncated(&write(&made.proof(), compressed), &[], proof_of);
	}
}

#[test]
fn file_should_be_refused_when_bytes_are_left_over() {
	let made = made(1);
	for compressed in [true, false] {
		for left in 1..=130 {
			for fill in [0, 0xff] {
				let longer = |file: Vec<u8>| [file, vec![fill; left]].concat();
				let error = FormatError::ExtraBytes { left };
				let key = longer(write(made.vk(), compressed));
				assert_eq!(key_of(&key), Err(error.clone()));
				let proof = longer(write(&made.proof(), compressed));
				assert_eq!(proof_of(&proof), Err(error), "{left}");
			}
		}
	}
}

#[test]
fn flipped_bit_should_be_refused_or_give_the_points_that_the_file_then_says() {
	let made = made(1);
	let mut accepted = 0;
	for compressed in [true, false] {
		let mode = if compressed { Compress::Yes } else { Compress::No };
		for (bit, flipped) in bit_flips(&write(made.vk(), compressed)) {
			let Ok(key) = key_of(&flipped) else { continue };
			accepted += 1;
			assert_eq!(write(&key.points, compressed), flipped, "bit {bit}");
			let oracle =
				VerifyingKey::deserialize_with_mode(&flipped[..], mode, Validate::Yes).unwrap();
			assert_eq!(oracle, key.points, "bit {bit}");
		}
		for (bit, flipped) in bit_flips(&write(&made.proof(), compressed)) {
			let Ok(proof) = proof_of(&flipped) else { continue };
			accepted += 1;
			assert_eq!(write(&proof.points, compressed), flipped, "bit {bit}");
		}
	}
	assert!(accepted > 100, "{accepted}");
}

#[test]
fn point_should_be_refused_by_name_when_it_is_the_identity() {
	for compressed in [true, false] {
		let (g1, g2) = (G1Affine::zero(), G2Affine::zero());
		let refused = |file: Vec<u8>, point: &str| {
			assert_eq!(key_of(&file), Err(FormatError::Identity { point: point.into() }));
		};
		refused(changed_key(compressed, |vk| vk.alpha_g1 = g1), "alpha_g1");
		refused(changed_key(compressed, |vk| vk.beta_g2 = g2), "beta_g2");
		refused(changed_key(compressed, |vk| vk.gamma_g2 = g2), "gamma_g2");
		refused(changed_key(compressed, |vk| vk.delta_g2 = g2), "delta_g2");
		for index in 0..5 {
			let file = changed_key(compressed, |vk| vk.gamma_abc_g1[index] = g1);
			refused(file, &format!("gamma_abc_g1[{index}]"));
		}
		let refused = |file: Vec<u8>, point: &str| {
			assert_eq!(proof_of(&file), Err(FormatError::Identity { point: point.into() }));
		};
		refused(changed_proof(compressed, |proof| proof.a = g1), "a");
		refused(changed_proof(compressed, |proof| proof.b = g2), "b");
		refused(changed_proof(compressed, |proof| proof.c = g1), "c");
	}
}

#[test]
fn point_should_be_refused_by_name_when_off_the_curve_or_the_subgroup() {
	for compressed in [true, false] {
		let file = changed_key(compressed, |vk| vk.gamma_g2 = outside_subgroup());
		let error = FormatError::NotInSubgroup { point: "gamma_g2".into() };
		assert_eq!(key_of(&file), Err(error));
		let file = changed_proof(compressed, |proof| proof.b = outside_subgroup());
		assert_eq!(proof_of(&file), Err(FormatError::NotInSubgroup { point: "b".into() }));
		let off_curve = G1Affine::new_unchecked(Fq::from(0u8), Fq::from(1u8));
		let file = changed_key(compressed, |vk| vk.gamma_abc_g1[4] = off_curve);
		let point = "gamma_abc_g1[4]".to_owned();
		assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point }));
	}
}

#[test]
fn coordinate_should_be_refused_when_not_below_the_modulus() {
	let modulus = Fq::MODULUS.to_bytes_le();
	for (compressed, at, place) in [
		(true, 0, "alpha_g1"),
		(true, 32, "beta_g2"),
		(false, 0, "alpha_g1"),
		(false, 96, "beta_g2"),
	] {
		let mut file = changed_key(compressed, |_| ());
		file[at..at + 32].copy_from_slice(&modulus);
		let error = FormatError::NotBelowModulus { place: place.into(), modulus: "base" };
		assert_eq!(key_of(&file), Err(error));
	}
}

/// arkworks 0.6 takes each of these, except both flags at once.
#[test]
fn flags_should_be_refused_when_they_contradict_the_point() {
	let bad = |file: &[u8]| match key_of(file) {
		Err(FormatError::BadFlags { point, flags, .. }) => (point, flags),
		other => panic!("{other:?}"),
	};
	let compressed = changed_key(true, |_| ());
	let uncompressed = changed_key(false, |_| ());
	let mut file = compressed.clone();
	file[31] |= 0b1100_0000;
	assert_eq!(bad(&file), ("alpha_g1".into(), 0b11));
	file[31] = (file[31] & 0b0011_1111) | 0b0100_0000;
	assert_eq!(bad(&file), ("alpha_g1".into(), 0b01));

	let mut file = uncompressed.clone();
	file[63] ^= 0b1000_0000;
	assert_eq!(bad(&file).0, "alpha_g1");
	let ark = VerifyingKey::<Bn254>::deserialize_uncompressed(&file[..]).unwrap();
	assert_eq!(ark.alpha_g1, made(1).vk().alpha_g1, "arkworks ignores the contradiction");

	let mut file = uncompressed;
	file[191] = (file[191] & 0b0011_1111) | 0b0100_0000;
	assert_eq!(bad(&file), ("beta_g2".into(), 0b01));
	let ark = VerifyingKey::<Bn254>::deserialize_uncompressed(&file[..]).unwrap();
	assert!(ark.beta_g2.is_zero(), "arkworks takes any coordinates for the identity");
}

#[test]
fn file_should_be_refused_when_its_length_is_of_another_curve() {
	for form in [1, 2] {
		let mut key = vec![0xee; 336 * form];
		key.extend(5u64.to_le_bytes());
		key.resize(key.len() + 5 * 48 * form, 0xee);
		assert!(matches!(key_of(&key), Err(FormatError::WrongCurve { .. })));
		let error = proof_of(&vec![0xee; 192 * form]);
		assert!(matches!(error, Err(FormatError::WrongCurve { .. })), "{error:?}");
	}
}

#[test]
fn count_should_be_refused_before_anything_is_allocated_for_it() {
	for (compressed, at) in [(true, 224), (false, 448)] {
		let mut file = changed_key(compressed, |_| ());
		for claimed in [u64::MAX, 1 << 20] {
			file[at..at + 8].copy_from_slice(&claimed.to_le_bytes());
			let error = key_of(&file).unwrap_err();
			let is_expected = match error {
				FormatError::BadCount { field: "gamma_abc_g1", .. } => true,
				// The rest of a compressed file is too short to be an uncompressed one.
				FormatError::Truncated { .. } => compressed,
				_ => false,
			};
			assert!(is_expected, "{error:?}");
		}
	}
	let file = changed_key(true, |vk| vk.gamma_abc_g1.clear());
	let error = key_of(&file).unwrap_err();
	assert!(matches!(error, FormatError::WrongShape { field, .. } if field == "gamma_abc_g1"));
}

#[test]
fn key_should_be_refused_by_name_when_its_points_are_related() {
	for (key, error) in forgeable_keys() {
		for compressed in [true, false] {
			let file = write(&key.points, compressed);
			let refused = key_of(&file).unwrap().to_wire().unwrap_err();
			let FormatError::Forgeable { relation, names } = refused else { panic!("{refused}") };
			assert_eq!(relation, error, "{}", key.relation);
			assert_eq!(names.beta, "beta_g2");
		}
	}
}

#[test]
fn key_should_be_refused_when_gamma_equals_delta_or_the_inputs_are_not_four() {
	let file = changed_key(false, |vk| vk.delta_g2 = vk.gamma_g2);
	let names = PointNames {
		alpha: "alpha_g1",
		beta: "beta_g2",
		gamma: "gamma_g2",
		delta: "delta_g2",
		ic: "gamma_abc_g1",
	};
	let error = FormatError::Forgeable { relation: KeyError::GammaEqualsDelta, names };
	assert_eq!(key_of(&file).unwrap().to_wire(), Err(error));
	for points in [1, 4, 6, 17, 40] {
		for compressed in [true, false] {
			let ic = made(1).vk().gamma_abc_g1[1];
			let file = changed_key(compressed, |vk| vk.gamma_abc_g1 = vec![ic; points]);
			let error = FormatError::WrongInputCount { found: points - 1 };
			assert_eq!(key_of(&file).unwrap().to_wire(), Err(error));
		}
	}
}

#[test]
fn public_inputs_should_be_read_and_refused_by_cause() {
	let inputs = made(1).inputs;
	let scalars: Vec<Fr> = inputs.iter().map(|input| scalar_from_be(input).unwrap()).collect();
	let file = write(&scalars, true);
	let read = |bytes: &[u8]| read_public_inputs(Arkworks, bytes);
	assert_eq!(to_layout_v1(&read(&file).unwrap()), Ok(inputs));
	assert_truncated(&file, &[], read);
	let longer = [&file[..], &[0]].concat();
	assert_eq!(read(&longer), Err(FormatError::ExtraBytes { left: 1 }));
	let mut large = file.clone();
	large[8 + 32..8 + 64].fill(0xff);
	let place = "public input [1]".into();
	assert_eq!(read(&large), Err(FormatError::NotBelowModulus { place, modulus: "scalar" }));
	let mut many = file;
	many[..8].fill(0xff);
	assert!(matches!(read(&many), Err(FormatError::BadCount { count: u64::MAX, .. })));
}
