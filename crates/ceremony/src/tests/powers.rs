// SPDX-License-Identifier: Apache-2.0
//! Which `.ptau` files are read.

use super::{encoded, ptau_file, Trapdoor, GENUINE, GENUINE_POWER, LARGE, SMALL};
use crate::{points::Point, Ceremony, PointError, Powers, PowersError, Silent};
use ark_bn254::{Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{FftField, Field};
use std::io::Cursor;

fn read(ptau: &[u8], power: u32) -> Result<Powers, PowersError> {
	Powers::read(&mut Cursor::new(ptau), power, &Silent)
}

fn refusal(ptau: &[u8]) -> PowersError {
	read(ptau, GENUINE_POWER).map(|_| ()).unwrap_err()
}

/// Types and bytes.
type Sections = Vec<(u32, Vec<u8>)>;

/// The same powers after snarkjs' `prepare phase2`.
const PREPARED: &[u8] = include_bytes!("../../tests/fixtures/powers_5_prepared.ptau");

/// The sections of snarkjs' file.
fn sections() -> Sections {
	sections_of(GENUINE)
}

fn sections_of(file: &[u8]) -> Sections {
	let mut rest = &file[12..];
	let mut sections = Vec::new();
	while !rest.is_empty() {
		let section = u32::from_le_bytes(rest[..4].try_into().unwrap());
		let size = u64::from_le_bytes(rest[4..12].try_into().unwrap()) as usize;
		sections.push((section, rest[12..12 + size].to_vec()));
		rest = &rest[12 + size..];
	}
	sections
}

/// The file with a section changed.
fn changed(section: u32, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
	let mut sections = sections();
	let bytes = sections.iter_mut().find(|(found, _)| *found == section).map(|(_, bytes)| bytes);
	change(bytes.unwrap());
	ptau_file(&sections)
}

/// The file with a point of a section replaced.
fn replaced<A: Point>(section: u32, index: usize, point: A) -> Vec<u8> {
	let bytes = encoded(std::iter::once(point.into_group()));
	changed(section, |section| {
		section[index * bytes.len()..][..bytes.len()].copy_from_slice(&bytes);
	})
}

#[test]
fn snarkjs_file_should_be_read_whole_or_in_part() {
	assert_eq!(ptau_file(&sections()), GENUINE);
	for power in 1..=GENUINE_POWER {
		let powers = read(GENUINE, power).unwrap();
		assert_eq!((powers.power(), powers.tau_g1.len()), (power, (2 << power) - 1));
		assert_ne!(powers.tau_g1[1], powers.tau_g1[0], "somebody contributed");
	}
	let prepared = read(PREPARED, GENUINE_POWER).unwrap();
	assert_eq!(prepared.digest(), read(GENUINE, GENUINE_POWER).unwrap().digest());
}

#[test]
fn start_should_be_the_same_with_the_lagrange_bases_of_a_prepared_file() {
	for (matrices, power) in [(&*SMALL, 4), (&*LARGE, 5)] {
		let circuit = matrices.circuit();
		let powers = read(PREPARED, power).unwrap();
		let plain = Ceremony::start(&circuit, &powers, &Silent).unwrap();
		let prepared = powers.with_basis(&mut Cursor::new(PREPARED), &Silent).unwrap();
		assert!(prepared.basis.is_some());
		assert_eq!(Ceremony::start(&circuit, &prepared, &Silent).unwrap(), plain);
	}
	let without = read(GENUINE, 5).unwrap().with_basis(&mut Cursor::new(GENUINE), &Silent);
	assert!(without.unwrap().basis.is_none());
}

#[test]
fn lagrange_bases_should_be_refused_when_they_are_not_those_of_the_powers() {
	let refusal = |change: &dyn Fn(&mut Sections)| {
		let mut sections = sections_of(PREPARED);
		change(&mut sections);
		let powers = read(GENUINE, GENUINE_POWER).unwrap();
		let file = ptau_file(&sections);
		powers.with_basis(&mut Cursor::new(file), &Silent).map(|_| ()).unwrap_err()
	};
	for section in 12..=15 {
		let of = |sections: &mut Sections| {
			sections.iter().position(|(found, _)| *found == section).unwrap()
		};
		let swapped = refusal(&|sections| {
			let at = of(sections);
			let bytes = &mut sections[at].1;
			let size = if section == 13 { 128 } else { 64 };
			let (first, second) = (31 * size, 40 * size);
			for index in 0..size {
				bytes.swap(first + index, second + index);
			}
		});
		assert!(matches!(swapped, PowersError::Basis(found) if found == section), "{swapped}");
		let shorter = refusal(&|sections| {
			let at = of(sections);
			sections[at].1.pop();
		});
		assert!(
			matches!(shorter, PowersError::SectionSize { section: found, .. } if found == section)
		);
		let missing = refusal(&|sections| {
			let at = of(sections);
			sections.remove(at);
		});
		assert!(matches!(missing, PowersError::MissingSection(found) if found == section));
	}
	let bad_point = refusal(&|sections| {
		let at = sections.iter().position(|(section, _)| *section == 14).unwrap();
		sections[at].1[33 * 64] ^= 1;
	});
	let is_it = matches!(bad_point, PowersError::Point { section: 14, index: 33, .. });
	assert!(is_it, "{bad_point}");
}

#[test]
fn digest_should_be_that_of_the_powers_used() {
	let digest =
		|tau, file_power, power| read(&Trapdoor::of(tau).ptau(file_power), power).unwrap().digest();
	assert_eq!(digest(3, 5, 4), digest(3, 4, 4));
	assert_ne!(digest(3, 5, 5), digest(3, 5, 4));
	assert_ne!(digest(3, 4, 4), digest(4, 4, 4));
}

#[test]
fn powers_should_be_refused_when_there_are_too_few() {
	let refused = read(GENUINE, GENUINE_POWER + 1).map(|_| ()).unwrap_err();
	assert_eq!(refused.to_string(), "has power 5; the circuit needs 6 or more");
}

#[test]
fn powers_should_be_refused_when_the_file_is_truncated_or_extended() {
	for length in 0..GENUINE.len() {
		let refused = refusal(&GENUINE[..length]);
		match length {
			0..4 => assert!(matches!(refused, PowersError::Magic)),
			_ => assert!(matches!(refused, PowersError::Truncated { .. }), "{length}: {refused}"),
		}
	}
	let longer = [GENUINE, &[0]].concat();
	assert!(matches!(refusal(&longer), PowersError::TrailingBytes(1)));
	// Cut in the middle of a section, and every length made to fit.
	let shorter = changed(4, |section| section.truncate(64 * 31));
	assert!(matches!(refusal(&shorter), PowersError::SectionSize { section: 4, .. }));
	let longer = changed(6, |section| section.push(0));
	assert!(matches!(refusal(&longer), PowersError::SectionSize { section: 6, .. }));
}

#[test]
fn powers_should_be_refused_when_the_header_is_another() {
	let head = |position: usize, value: u8| {
		let mut file = GENUINE.to_vec();
		file[position] = value;
		refusal(&file)
	};
	assert!(matches!(head(0, b'z'), PowersError::Magic));
	assert!(matches!(head(4, 2), PowersError::Version(2)));
	assert!(matches!(head(8, 65), PowersError::SectionCount(65)));
	// The number of bytes of a coordinate, the prime, the power.
	assert!(matches!(head(24, 48), PowersError::OtherCurve));
	assert!(matches!(head(28, 0), PowersError::OtherCurve));
	assert!(matches!(head(60, 29), PowersError::Power(29)));
	assert!(matches!(head(60, 6), PowersError::SectionSize { section: 2, .. }));
	assert!(matches!(head(60, 4), PowersError::TooSmall { has: 4, needs: 5 }));
	let longer = changed(1, |header| header.push(0));
	assert!(matches!(refusal(&longer), PowersError::SectionSize { section: 1, .. }));
}

#[test]
fn powers_should_be_refused_when_a_section_is_missing_or_there_twice() {
	for section in 1..=6 {
		let without: Vec<_> =
			sections().into_iter().filter(|(found, _)| *found != section).collect();
		let refused = refusal(&ptau_file(&without));
		assert!(matches!(refused, PowersError::MissingSection(found) if found == section));
		let mut twice = sections();
		twice.push(twice[section as usize - 1].clone());
		let refused = refusal(&ptau_file(&twice));
		assert!(matches!(refused, PowersError::SecondSection(found) if found == section));
	}
}

#[test]
fn powers_should_be_refused_when_a_point_is_bad() {
	let outside_subgroup = (1u64..)
		.find_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true))
		.filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
		.unwrap();
	let cases = [
		(changed(2, |section| section[64 * 7..][..32].fill(0xff)), 2, 7, PointError::NotCanonical),
		(changed(3, |section| section[128 * 3..][..64].fill(1)), 3, 3, PointError::NotOnCurve),
		(changed(4, |section| section[64 * 9] ^= 1), 4, 9, PointError::NotOnCurve),
		(changed(5, |section| section[64 * 31..].fill(0)), 5, 31, PointError::Identity),
		(replaced(3, 5, outside_subgroup), 3, 5, PointError::NotInSubgroup),
		(replaced(6, 0, outside_subgroup), 6, 0, PointError::NotInSubgroup),
		(replaced(6, 0, G2Affine::zero()), 6, 0, PointError::Identity),
	];
	for (file, in_section, at, because) in cases {
		let refused = refusal(&file);
		let expected = matches!(
			refused,
			PowersError::Point { section, index, error }
				if (section, index, error) == (in_section, at, because)
		);
		assert!(expected, "section {in_section}: {refused}");
	}
}

#[test]
fn powers_should_be_refused_when_they_are_not_powers_of_one_tau() {
	let g1 = (G1Affine::generator() * Fr::from(7u64)).into_affine();
	let g2 = (G2Affine::generator() * Fr::from(7u64)).into_affine();
	for (section, index) in [(2, 2), (2, 62), (4, 0), (4, 31), (5, 1)] {
		let refused = refusal(&replaced(section, index, g1));
		assert!(matches!(refused, PowersError::NotPowers(found) if found == section));
	}
	assert!(matches!(refusal(&replaced(3, 31, g2)), PowersError::NotPowers(3)));
	assert!(matches!(refusal(&replaced(2, 0, g1)), PowersError::Generator(2)));
	assert!(matches!(refusal(&replaced(3, 0, g2)), PowersError::Generator(3)));
	// Another tau in G2, another beta in G2.
	assert!(matches!(refusal(&replaced(3, 1, g2)), PowersError::GroupsDisagree(3)));
	assert!(matches!(refusal(&replaced(6, 0, g2)), PowersError::GroupsDisagree(6)));
	// Whole sections of another ceremony.
	let other = Trapdoor::of(3).ptau(GENUINE_POWER);
	let start = other.len() - 4 - 12 - 128 - 12 - 32 * 64;
	let beta = other[start..][..32 * 64].to_vec();
	let refused = refusal(&changed(5, |section| *section = beta));
	assert!(matches!(refused, PowersError::NotPowers(5)), "{refused}");
}

#[test]
fn powers_should_be_refused_when_tau_is_a_root_of_unity() {
	let root = Fr::get_root_of_unity(32).unwrap();
	for tau in [root, root.square(), -Fr::ONE, Fr::ONE] {
		let ptau = Trapdoor { tau, ..Trapdoor::of(3) }.ptau(GENUINE_POWER);
		assert!(matches!(refusal(&ptau), PowersError::RootOfUnity), "{tau}");
	}
}
