// SPDX-License-Identifier: Apache-2.0
//! What holds for all formats.

use crate::common::*;
use ark_bn254::G1Affine;
use ark_ec::AffineRepr;
use pvs_formats::{
	parse_scalar, read_key, read_proof, read_public_inputs, Encoding, ForeignKey, ForeignProof,
	FormatError, Source, MAX_FILE_BYTES,
};
use pvs_verifier::{KeyError, ProofError};

#[test]
fn file_should_be_refused_when_it_is_too_large() {
	let large = vec![b' '; MAX_FILE_BYTES + 1];
	let error = FormatError::TooLarge { has: MAX_FILE_BYTES + 1, limit: MAX_FILE_BYTES };
	for source in Source::ALL {
		assert_eq!(read_key(source, &large), Err(error.clone()));
		assert_eq!(read_proof(source, &large), Err(error.clone()));
		assert_eq!(read_public_inputs(source, &large), Err(error.clone()));
		assert!(read_key(source, &large[1..]).is_err());
	}
}

#[test]
fn bytes_should_never_make_a_reader_panic() {
	let made = made(3);
	let mut state = 1u64;
	let mut random = move || {
		// Knuth's MMIX generator: any mixture of lengths and bytes does.
		state =
			state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(state >> 33) as usize
	};
	for _ in 0..4_000 {
		let mut bytes: Vec<u8> = (0..random() % 800).map(|_| random() as u8).collect();
		if random() % 2 == 0 {
			// Pieces of real files, where the counts may be right.
			let real = made.keys.verifying_key();
			let at = random() % real.len();
			let length = (random() % 200).min(real.len() - at).min(bytes.len());
			bytes[..length].copy_from_slice(&real[at..at + length]);
		}
		for source in Source::ALL {
			assert!(read_key(source, &bytes).is_err());
			assert!(read_proof(source, &bytes).is_err());
			let _ = read_public_inputs(source, &bytes);
		}
	}
}

#[test]
fn points_should_be_refused_by_the_chain_s_own_check_when_no_reader_saw_them() {
	let made = made(1);
	let (source, encoding) = (Source::Arkworks, Encoding::Compressed);
	let mut key = ForeignKey { points: made.vk().clone(), source, encoding };
	key.points.gamma_abc_g1[2] = G1Affine::zero();
	assert_eq!(key.to_wire(), Err(FormatError::KeyRefused(KeyError::Identity)));
	let mut proof = ForeignProof { points: made.proof(), source, encoding };
	proof.points.b = outside_subgroup();
	assert_eq!(proof.to_wire(), Err(FormatError::ProofRefused(ProofError::NotInSubgroup)));
}

#[test]
fn scalar_should_be_read_as_a_user_writes_it_and_have_one_spelling() {
	let mut seven = [0; 32];
	seven[31] = 7;
	let hex = format!("0x{}07", "00".repeat(31));
	assert_eq!(parse_scalar("7", "binding"), Ok(seven));
	assert_eq!(parse_scalar(&hex, "binding"), Ok(seven));
	for bad in ["", "07", "+7", "-7", " 7", "7 ", "0x7", "7n", "1e3", "\u{661}", "0x", &hex[..65]] {
		let error = parse_scalar(bad, "binding").unwrap_err();
		assert!(matches!(error, FormatError::NotDecimal { .. }), "{bad:?}: {error}");
	}
	let modulus = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
	let nines = "9".repeat(78);
	let ones = format!("0x{}", "ff".repeat(32));
	for large in [modulus, &nines, &nines[1..], &ones] {
		let error = parse_scalar(large, "binding").unwrap_err();
		let place = "binding".into();
		assert_eq!(error, FormatError::NotBelowModulus { place, modulus: "scalar" });
	}
	let below = modulus.replace("495617", "495616");
	assert!(parse_scalar(&below, "binding").is_ok());
}
