// SPDX-License-Identifier: Apache-2.0
//! What the tests share: keys and proofs made on the spot, genuine files, a writer of gnark's
//! formats, and ways to damage bytes.

use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::{Proof, VerifyingKey};
use pvs_formats::FormatError;
use pvs_verifier::Bytes32;
use pvs_verifier_testing::TestKeys;

/// Files that snarkjs 0.7.6 wrote; see tests/fixtures/README.md.
pub(crate) mod snarkjs_files {
	macro_rules! file {
		($name:literal) => {
			include_bytes!(concat!("../fixtures/snarkjs/", $name))
		};
	}
	pub(crate) const KEY: &[u8] = file!("verification_key.json");
	pub(crate) const KEY_3_INPUTS: &[u8] = file!("verification_key_3_inputs.json");
	pub(crate) const KEY_BLS12381: &[u8] = file!("verification_key_bls12381.json");
	pub(crate) const KEY_NO_PHASE2: &[u8] = file!("verification_key_no_phase2.json");
	pub(crate) const KEY_PLONK: &[u8] = file!("verification_key_plonk.json");
	pub(crate) const PROOF_SMALL: &[u8] = file!("proof_small.json");
	pub(crate) const PROOF_LARGE: &[u8] = file!("proof_large.json");
	pub(crate) const PROOF_PLONK: &[u8] = file!("proof_plonk.json");
	pub(crate) const PROOF_BLS12381: &[u8] = file!("proof_bls12381.json");
	pub(crate) const PUBLIC_SMALL: &[u8] = file!("public_small.json");
	pub(crate) const PUBLIC_LARGE: &[u8] = file!("public_large.json");
}

/// Files that gnark wrote for SP1 v3: a compressed key for two public inputs, and an uncompressed
/// proof for it. From the crate sp1-verifier 3.4.0, MIT OR Apache-2.0; see tests/fixtures/README.md.
pub(crate) mod gnark_files {
	pub(crate) const KEY: &[u8] = include_bytes!("../fixtures/gnark/sp1_v3_verifying_key.bin");
	pub(crate) const PROOF: &[u8] = include_bytes!("../fixtures/gnark/sp1_v3_proof.bin");
	pub(crate) const PUBLIC: &[u8] = include_bytes!("../fixtures/gnark/sp1_v3_public.json");
}

/// A key for four public inputs, a proof and its inputs.
pub(crate) struct Made {
	pub(crate) keys: TestKeys,
	pub(crate) inputs: [Bytes32; 4],
	pub(crate) wire_proof: [u8; 256],
}

pub(crate) fn made(seed: u64) -> Made {
	let keys = TestKeys::new(seed);
	let inputs = [1u8, 2, 3, 4].map(|last| {
		let mut input = [0; 32];
		input[3] = 0xa0 | last;
		input[31] = last;
		input
	});
	let wire_proof = keys.prove(&inputs, seed);
	Made { keys, inputs, wire_proof }
}

impl Made {
	pub(crate) fn vk(&self) -> &VerifyingKey<Bn254> {
		&self.keys.proving_key().vk
	}

	pub(crate) fn proof(&self) -> Proof<Bn254> {
		pvs_verifier::decode_proof(&self.wire_proof).unwrap()
	}
}

/// A point on the twist that is not in the subgroup, as nearly all are.
pub(crate) fn outside_subgroup() -> G2Affine {
	(1u64..)
		.filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), false))
		.find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
		.unwrap()
}

/// The parts of a gnark file that arkworks' types do not hold.
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "a handful of values, on the stack")]
pub(crate) enum Layout {
	/// Nothing follows the points.
	Old,
	/// Zero commitments, and one commitment key that nothing uses.
	Between([G2Affine; 2]),
	/// Zero commitments, zero commitment keys.
	Today,
}

/// Writes gnark's formats, from their description in `marshal.go` of gnark and gnark-crypto, without
/// anything of the reader's code. `gnark::writer_should_give_genuine_files_back` compares it with
/// files that gnark wrote.
#[derive(Clone, Copy)]
pub(crate) struct GnarkWriter {
	pub(crate) compressed: bool,
	pub(crate) layout: Layout,
}

impl GnarkWriter {
	pub(crate) fn key(
		&self,
		vk: &VerifyingKey<Bn254>,
		beta_g1: G1Affine,
		delta_g1: G1Affine,
	) -> Vec<u8> {
		let mut file = [
			self.g1(vk.alpha_g1),
			self.g1(beta_g1),
			self.g2(vk.beta_g2),
			self.g2(vk.gamma_g2),
			self.g1(delta_g1),
			self.g2(vk.delta_g2),
			count(vk.gamma_abc_g1.len()),
		]
		.concat();
		for point in &vk.gamma_abc_g1 {
			file.extend(self.g1(*point));
		}
		match self.layout {
			Layout::Old => {},
			Layout::Between([g, root]) => {
				file.extend([count(0), self.g2(g), self.g2(root)].concat());
			},
			Layout::Today => file.extend([count(0), count(0)].concat()),
		}
		file
	}

	pub(crate) fn proof(&self, proof: &Proof<Bn254>) -> Vec<u8> {
		let mut file = [self.g1(proof.a), self.g2(proof.b), self.g1(proof.c)].concat();
		if !matches!(self.layout, Layout::Old) {
			file.extend([count(0), self.g1(G1Affine::identity())].concat());
		}
		file
	}

	pub(crate) fn g1(&self, point: G1Affine) -> Vec<u8> {
		match point.xy() {
			Some((x, y)) => self.point(be(&[x]), be(&[y]), be(&[-y])),
			None => self.identity(64),
		}
	}

	pub(crate) fn g2(&self, point: G2Affine) -> Vec<u8> {
		let parts = |element: Fq2| be(&[element.c1, element.c0]);
		match point.xy() {
			Some((x, y)) => self.point(parts(x), parts(y), parts(-y)),
			None => self.identity(128),
		}
	}

	fn point(&self, mut x: Vec<u8>, y: Vec<u8>, minus_y: Vec<u8>) -> Vec<u8> {
		if !self.compressed {
			return [x, y].concat();
		}
		x[0] |= if y > minus_y { 0b1100_0000 } else { 0b1000_0000 };
		x
	}

	fn identity(&self, uncompressed: usize) -> Vec<u8> {
		let mut bytes = vec![0; if self.compressed { uncompressed / 2 } else { uncompressed }];
		if self.compressed {
			bytes[0] = 0b0100_0000;
		}
		bytes
	}
}

fn be(elements: &[Fq]) -> Vec<u8> {
	elements.iter().flat_map(|element| element.into_bigint().to_bytes_be()).collect()
}

pub(crate) fn count(count: usize) -> Vec<u8> {
	u32::try_from(count).unwrap().to_be_bytes().to_vec()
}

/// All files that differ from this one in one bit.
pub(crate) fn bit_flips(file: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
	(0..file.len() * 8).map(|bit| {
		let mut flipped = file.to_vec();
		flipped[bit / 8] ^= 1 << (bit % 8);
		(bit, flipped)
	})
}

/// Every prefix must be refused as truncated, except the lengths that are whole files themselves.
pub(crate) fn assert_truncated<T: core::fmt::Debug>(
	file: &[u8],
	whole: &[usize],
	read: impl Fn(&[u8]) -> Result<T, FormatError>,
) {
	for length in (0..file.len()).filter(|length| !whole.contains(length)) {
		match read(&file[..length]) {
			Err(FormatError::Truncated { needs, has }) => {
				assert!(has == length && needs > has, "{length}: needs {needs}, has {has}");
			},
			other => panic!("{length} bytes: {other:?}"),
		}
	}
	for length in whole {
		assert!(read(&file[..*length]).is_ok(), "{length} bytes");
	}
}
