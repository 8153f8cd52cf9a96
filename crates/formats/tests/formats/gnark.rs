// SPDX-License-Identifier: Apache-2.0
//! gnark's binary files.

use crate::common::*;
use ark_bn254::{Bn254, Fq, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::{Proof, VerifyingKey};
use pvs_formats::{
	read_key, read_proof, read_public_inputs, to_layout_v1, Encoding, ForeignKey, FormatError,
	PointNames, Source::Gnark,
};
use pvs_verifier::KeyError;
use pvs_verifier_testing::trapdoor::forgeable_keys;

fn key_of(bytes: &[u8]) -> Result<ForeignKey, FormatError> {
	read_key(Gnark, bytes)
}

fn writers() -> Vec<GnarkWriter> {
	let used = [G2Affine::generator(), (G2Affine::generator() * ark_bn254::Fr::from(5u8)).into()];
	[Layout::Old, Layout::Between(used), Layout::Between([G2Affine::zero(); 2]), Layout::Today]
		.into_iter()
		.flat_map(|layout| [true, false].map(|compressed| GnarkWriter { compressed, layout }))
		.collect()
}

fn today(compressed: bool) -> GnarkWriter {
	GnarkWriter { compressed, layout: Layout::Today }
}

fn key_file(made: &Made, writer: &GnarkWriter) -> Vec<u8> {
	let keys = made.keys.proving_key();
	writer.key(&keys.vk, keys.beta_g1, keys.delta_g1)
}

/// A key file whose verifying key was changed first.
fn changed_key(compressed: bool, change: impl FnOnce(&mut VerifyingKey<Bn254>)) -> Vec<u8> {
	let made = made(1);
	let mut vk = made.vk().clone();
	change(&mut vk);
	let keys = made.keys.proving_key();
	today(compressed).key(&vk, keys.beta_g1, keys.delta_g1)
}

fn changed_proof(compressed: bool, change: impl FnOnce(&mut Proof<Bn254>)) -> Vec<u8> {
	let mut proof = made(1).proof();
	change(&mut proof);
	today(compressed).proof(&proof)
}

fn off_curve() -> G1Affine {
	G1Affine::new_unchecked(Fq::from(1u8), Fq::from(1u8))
}

#[test]
fn writer_should_give_genuine_files_back() {
	let key = key_of(gnark_files::KEY).unwrap();
	assert_eq!((key.public_inputs(), key.encoding), (2, Encoding::Compressed));
	let written = today(true).key(&key.points, G1Affine::generator(), G1Affine::generator());
	// What arkworks' key does not hold, G1.Beta and G1.Delta, is compared by itself below.
	let differing: Vec<_> =
		(0..written.len()).filter(|at| written[*at] != gnark_files::KEY[*at]).collect();
	assert_eq!(written.len(), gnark_files::KEY.len());
	assert!(differing.iter().all(|at| (32..64).contains(at) || (192..224).contains(at)));

	let proof = read_proof(Gnark, gnark_files::PROOF).unwrap();
	assert_eq!(proof.encoding, Encoding::Uncompressed);
	assert_eq!(today(false).proof(&proof.points), gnark_files::PROOF);
}

#[test]
fn key_should_be_refused_for_its_inputs_when_it_is_genuine_and_for_two() {
	let key = key_of(gnark_files::KEY).unwrap();
	assert_eq!(key.to_wire(), Err(FormatError::WrongInputCount { found: 2 }));
}

#[test]
fn key_should_become_our_bytes_in_every_layout() {
	let made = made(1);
	for writer in writers() {
		let file = key_file(&made, &writer);
		let key = key_of(&file).unwrap();
		assert_eq!(key.to_wire(), Ok(made.keys.verifying_key()));
		let (encoding, lengths) = match writer.compressed {
			true => (Encoding::Compressed, [452, 584, 460]),
			false => (Encoding::Uncompressed, [900, 1160, 908]),
		};
		let length = match writer.layout {
			Layout::Old => lengths[0],
			Layout::Between(_) => lengths[1],
			Layout::Today => lengths[2],
		};
		assert_eq!((key.encoding, file.len()), (encoding, length));
	}
}

#[test]
fn proof_should_become_our_bytes_in_every_layout() {
	let made = made(1);
	for writer in writers() {
		let proof = read_proof(Gnark, &writer.proof(&made.proof())).unwrap();
		assert_eq!(proof.to_wire(), Ok(made.wire_proof));
		assert_eq!(proof.encoding == Encoding::Compressed, writer.compressed);
	}
}

#[test]
fn file_should_be_refused_when_truncated_to_any_length() {
	let made = made(1);
	for writer in writers() {
		if matches!(writer.layout, Layout::Between([g, _]) if g.is_zero()) {
			continue;
		}
		let old = GnarkWriter { layout: Layout::Old, ..writer };
		let whole = |file: &[u8], old: Vec<u8>| {
			if old.len() < file.len() {
				vec![old.len()]
			} else {
				vec![]
			}
		};
		let file = key_file(&made, &writer);
		assert_truncated(&file, &whole(&file, key_file(&made, &old)), key_of);
		let file = writer.proof(&made.proof());
		let old = old.proof(&made.proof());
		assert_truncated(&file, &whole(&file, old), |bytes| read_proof(Gnark, bytes));
	}
	let whole = key_file(&made, &today(true));
	let named = |length: usize| key_of(&whole[..length]).unwrap_err();
	assert_eq!(named(0), FormatError::Truncated { needs: 452, has: 0 });
	assert_eq!(named(451), FormatError::Truncated { needs: 452, has: 451 });
	assert_eq!(named(453), FormatError::Truncated { needs: 460, has: 453 });
}

#[test]
fn file_should_be_refused_when_bytes_are_left_over() {
	let made = made(1);
	let refused = |file: &[u8], left: usize, fill: u8| {
		let longer = [file, &vec![fill; left]].concat();
		let expected = FormatError::ExtraBytes { left };
		(longer, expected)
	};
	for writer in [today(true), today(false)] {
		for left in 1..=27 {
			for fill in [0, 1, 0xff] {
				let (key, expected) = refused(&key_file(&made, &writer), left, fill);
				assert_eq!(key_of(&key), Err(expected.clone()));
				let (proof, _) = refused(&writer.proof(&made.proof()), left, fill);
				assert_eq!(read_proof(Gnark, &proof), Err(expected));
			}
		}
	}
	let old = GnarkWriter { compressed: true, layout: Layout::Old };
	for left in 1..=27 {
		let (key, expected) = refused(&key_file(&made, &old), left, 0xff);
		assert_eq!(key_of(&key), Err(expected.clone()));
		let (proof, _) = refused(&old.proof(&made.proof()), left, 0xff);
		assert_eq!(read_proof(Gnark, &proof), Err(expected));
	}
}

#[test]
fn flipped_bit_should_be_refused_or_give_the_points_that_the_file_then_says() {
	let made = made(1);
	let (mut keys, mut proofs) = (0, 0);
	for writer in [today(true), today(false)] {
		let file = key_file(&made, &writer);
		let g1 = if writer.compressed { 32 } else { 64 };
		let unused = [g1..2 * g1, 6 * g1..7 * g1];
		for (bit, flipped) in bit_flips(&file) {
			let Ok(key) = key_of(&flipped) else { continue };
			keys += 1;
			let proving_key = made.keys.proving_key();
			let again = writer.key(&key.points, proving_key.beta_g1, proving_key.delta_g1);
			if unused.iter().any(|range| range.contains(&(bit / 8))) {
				assert_eq!(again, file, "bit {bit}");
			} else {
				assert_eq!(again, flipped, "bit {bit}");
			}
		}
		let file = writer.proof(&made.proof());
		for (bit, flipped) in bit_flips(&file) {
			let Ok(proof) = read_proof(Gnark, &flipped) else { continue };
			proofs += 1;
			let again = writer.proof(&proof.points);
			if bit / 8 < 4 * g1 {
				assert_eq!(again, flipped, "bit {bit}");
			} else {
				assert_eq!(again, file, "bit {bit}: of the unused CommitmentPok");
			}
		}
	}
	// Half of all x belong to a point of G1, which only compressed files leave open.
	assert!(keys > 100 && proofs > 100, "{keys} keys, {proofs} proofs");
}

#[test]
fn point_should_be_refused_by_name_when_it_is_the_identity() {
	for compressed in [true, false] {
		let refused = |file: Vec<u8>, point: &str| {
			assert_eq!(key_of(&file), Err(FormatError::Identity { point: point.into() }));
		};
		let (g1, g2) = (G1Affine::zero(), G2Affine::zero());
		refused(changed_key(compressed, |vk| vk.alpha_g1 = g1), "G1.Alpha");
		refused(changed_key(compressed, |vk| vk.beta_g2 = g2), "G2.Beta");
		refused(changed_key(compressed, |vk| vk.gamma_g2 = g2), "G2.Gamma");
		refused(changed_key(compressed, |vk| vk.delta_g2 = g2), "G2.Delta");
		for index in 0..5 {
			let file = changed_key(compressed, |vk| vk.gamma_abc_g1[index] = g1);
			refused(file, &format!("G1.K[{index}]"));
		}
		let refused = |file: Vec<u8>, point: &str| {
			let error = read_proof(Gnark, &file);
			assert_eq!(error, Err(FormatError::Identity { point: point.into() }));
		};
		refused(changed_proof(compressed, |proof| proof.a = g1), "Ar");
		refused(changed_proof(compressed, |proof| proof.b = g2), "Bs");
		refused(changed_proof(compressed, |proof| proof.c = g1), "Krs");
	}
}

#[test]
fn unused_points_should_be_well_formed_and_may_be_the_identity() {
	let made = made(1);
	for compressed in [true, false] {
		let zero = G1Affine::zero();
		let file = today(compressed).key(made.vk(), zero, zero);
		assert_eq!(key_of(&file).unwrap().to_wire(), Ok(made.keys.verifying_key()));
	}
	let file = today(false).key(made.vk(), off_curve(), made.vk().alpha_g1);
	assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point: "G1.Beta".into() }));
	let file = today(false).key(made.vk(), made.vk().alpha_g1, off_curve());
	assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point: "G1.Delta".into() }));
}

#[test]
fn point_should_be_refused_by_name_when_off_the_curve_or_the_subgroup() {
	for compressed in [true, false] {
		let file = changed_key(compressed, |vk| vk.delta_g2 = outside_subgroup());
		let error = FormatError::NotInSubgroup { point: "G2.Delta".into() };
		assert_eq!(key_of(&file), Err(error));
		let file = changed_proof(compressed, |proof| proof.b = outside_subgroup());
		let error = FormatError::NotInSubgroup { point: "Bs".into() };
		assert_eq!(read_proof(Gnark, &file), Err(error));
	}
	let file = changed_key(false, |vk| vk.gamma_abc_g1[3] = off_curve());
	assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point: "G1.K[3]".into() }));
	// There is no y for x = 0: 3 is not a square.
	let mut file = changed_key(true, |_| ());
	file[1..32].fill(0);
	file[0] = 0b1000_0000;
	assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point: "G1.Alpha".into() }));
}

#[test]
fn coordinate_should_be_refused_when_not_below_the_modulus() {
	let modulus = Fq::MODULUS.to_bytes_be();
	for (compressed, at, point) in
		[(true, 0, "G1.Alpha"), (true, 64 + 32, "G2.Beta"), (false, 32, "G1.Alpha")]
	{
		let mut file = changed_key(compressed, |_| ());
		let flags = if compressed && at == 0 { 0b1000_0000 } else { 0 };
		file[at..at + 32].copy_from_slice(&modulus);
		file[at] |= flags;
		let error = FormatError::NotBelowModulus { place: point.into(), modulus: "base" };
		assert_eq!(key_of(&file), Err(error));
	}
}

#[test]
fn flags_should_be_refused_when_they_contradict_the_file() {
	let flags_of = |file: &[u8]| match key_of(file) {
		Err(FormatError::BadFlags { point, flags, .. }) => (point, flags),
		other => panic!("{other:?}"),
	};
	let mut file = changed_key(true, |_| ());
	file[64] &= 0b0011_1111;
	assert_eq!(flags_of(&file), ("G2.Beta".into(), 0b00));
	file[64] |= 0b0100_0000;
	assert_eq!(flags_of(&file), ("G2.Beta".into(), 0b01));
	file[64] = 0b0100_0000;
	file[65..96].fill(0);
	assert_eq!(flags_of(&file), ("G2.Beta".into(), 0b01));
	let mut file = changed_key(false, |_| ());
	file[128] |= 0b1000_0000;
	assert_eq!(flags_of(&file), ("G2.Beta".into(), 0b10));
}

#[test]
fn file_should_be_refused_when_it_has_commitments() {
	let made = made(1);
	for compressed in [true, false] {
		let old = GnarkWriter { compressed, layout: Layout::Old };
		let key = key_file(&made, &old);
		let g2 = old.g2(G2Affine::generator());
		// One commitment to two public inputs, with one commitment key; and the layout between.
		let committed = [count(1), count(2), vec![0; 8], vec![0, 0, 0, 0, 0, 0, 0, 1]].concat();
		for tail in [
			[&committed[..], &count(1), &g2, &g2].concat(),
			[&committed[..], &g2, &g2].concat(),
			[&count(0)[..], &count(1), &g2, &g2].concat(),
		] {
			let file = [&key[..], &tail].concat();
			assert_eq!(key_of(&file), Err(FormatError::Commitments { count: 1 }));
		}
		let g1 = old.g1(G1Affine::generator());
		let proof = [&old.proof(&made.proof())[..], &count(2), &g1, &g1, &g1].concat();
		assert_eq!(read_proof(Gnark, &proof), Err(FormatError::Commitments { count: 2 }));
	}
}

#[test]
fn commitment_points_that_nothing_uses_should_be_well_formed() {
	let made = made(1);
	let between = |g| GnarkWriter { compressed: false, layout: Layout::Between([g, g]) };
	let file = key_file(&made, &between(outside_subgroup()));
	let point = "CommitmentKey.G".to_owned();
	assert_eq!(key_of(&file), Err(FormatError::NotInSubgroup { point }));
	let mut file = key_file(&made, &between(G2Affine::generator()));
	*file.last_mut().unwrap() ^= 1;
	let point = "CommitmentKey.GRootSigmaNeg".to_owned();
	assert_eq!(key_of(&file), Err(FormatError::NotOnCurve { point }));
	let mut file = today(false).proof(&made.proof());
	*file.last_mut().unwrap() ^= 1;
	let point = "CommitmentPok".to_owned();
	assert_eq!(read_proof(Gnark, &file), Err(FormatError::NotOnCurve { point }));
}

#[test]
fn file_should_be_refused_when_its_length_is_of_another_curve() {
	for (compressed, form) in [(true, 1), (false, 2)] {
		let flag = if compressed { 0b1000_0000 } else { 0 };
		for tail in [0, 8, 4 + 2 * 96 * form] {
			let mut key = vec![0; 432 * form];
			key[0] = flag;
			key.extend(count(5));
			key.resize(key.len() + 5 * 48 * form + tail, 0);
			assert!(matches!(key_of(&key), Err(FormatError::WrongCurve { .. })), "{tail}");
		}
		for tail in [0, 4 + 48 * form] {
			let mut proof = vec![0; 192 * form + tail];
			proof[0] = flag;
			let error = read_proof(Gnark, &proof);
			assert!(matches!(error, Err(FormatError::WrongCurve { .. })), "{tail}");
		}
	}
}

#[test]
fn count_should_be_refused_before_anything_is_allocated_for_it() {
	let mut file = key_file(&made(1), &today(true));
	for claimed in [u32::MAX, 1 << 20] {
		file[288..292].copy_from_slice(&claimed.to_be_bytes());
		let count = claimed.into();
		let error = FormatError::BadCount { field: "G1.K", count, limit: 1 << 20 };
		assert_eq!(key_of(&file), Err(error));
	}
	file[288..292].copy_from_slice(&count(0));
	assert!(matches!(key_of(&file), Err(FormatError::WrongShape { field, .. }) if field == "G1.K"));
}

#[test]
fn key_should_be_refused_by_name_when_its_points_are_related() {
	for (key, error) in forgeable_keys() {
		for compressed in [true, false] {
			let file =
				today(compressed).key(&key.points, G1Affine::generator(), G1Affine::generator());
			let refused = key_of(&file).unwrap().to_wire().unwrap_err();
			let FormatError::Forgeable { relation, names } = refused else { panic!("{refused}") };
			assert_eq!(relation, error, "{}", key.relation);
			assert_eq!(names.beta, "G2.Beta");
		}
	}
}

#[test]
fn key_should_be_refused_when_gamma_equals_delta_or_the_inputs_are_not_four() {
	let file = changed_key(true, |vk| vk.delta_g2 = vk.gamma_g2);
	let names = PointNames {
		alpha: "G1.Alpha",
		beta: "G2.Beta",
		gamma: "G2.Gamma",
		delta: "G2.Delta",
		ic: "G1.K",
	};
	let error = FormatError::Forgeable { relation: KeyError::GammaEqualsDelta, names };
	assert_eq!(key_of(&file).unwrap().to_wire(), Err(error));
	for points in [1, 4, 6, 40] {
		let ic = made(1).vk().gamma_abc_g1[1];
		let file = changed_key(true, |vk| vk.gamma_abc_g1 = vec![ic; points]);
		let error = FormatError::WrongInputCount { found: points - 1 };
		assert_eq!(key_of(&file).unwrap().to_wire(), Err(error));
	}
}

/// A public witness as the package `backend/witness` of gnark describes it, in today's layout and the
/// one without the first two numbers.
fn witness(header: &[usize], inputs: &[[u8; 32]]) -> Vec<u8> {
	let header: Vec<u8> = header.iter().flat_map(|number| count(*number)).collect();
	[header, inputs.concat()].concat()
}

#[test]
fn public_inputs_should_be_read_in_both_layouts() {
	let inputs = made(1).inputs;
	for header in [&[4, 0, 4][..], &[4]] {
		let file = witness(header, &inputs);
		let read = read_public_inputs(Gnark, &file).unwrap();
		assert_eq!(to_layout_v1(&read), Ok(inputs));
		assert_truncated(&file, &[], |bytes| read_public_inputs(Gnark, bytes));
	}
	// The example in gnark's documentation of the format, less its secret values.
	let mut y = [0; 32];
	y[31] = 0x23;
	assert_eq!(read_public_inputs(Gnark, &witness(&[1, 0, 1], &[y])), Ok(vec![y]));
	let error = to_layout_v1(&[y]);
	assert_eq!(error, Err(FormatError::WrongInputCount { found: 1 }));
}

#[test]
fn public_inputs_should_be_refused_when_the_witness_is_not_public_or_not_whole() {
	let inputs = made(1).inputs;
	let error = |file: Vec<u8>| read_public_inputs(Gnark, &file).unwrap_err();
	let full = witness(&[1, 3, 4], &inputs);
	assert_eq!(error(full), FormatError::SecretValues { count: 3 });
	let contradicting = error(witness(&[4, 1, 4], &inputs));
	assert!(matches!(contradicting, FormatError::WrongShape { .. }), "{contradicting}");
	let longer = [witness(&[4, 0, 4], &inputs), vec![0; 3]].concat();
	assert_eq!(error(longer), FormatError::ExtraBytes { left: 3 });
	let many = error(witness(&[1 << 30, 0, 1 << 30], &inputs));
	assert!(matches!(many, FormatError::BadCount { field: "the witness", .. }), "{many}");
	let mut large = inputs;
	large[2] = [0xff; 32];
	let place = "public input [2]".into();
	let expected = FormatError::NotBelowModulus { place, modulus: "scalar" };
	assert_eq!(error(witness(&[4, 0, 4], &large)), expected);
}
