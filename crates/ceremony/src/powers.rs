// SPDX-License-Identifier: Apache-2.0
//! Powers of tau, from a `.ptau` file of snarkjs.
//!
//! A file is `"ptau"`, the version 1 and the number of sections as `u32`, then the sections, each with
//! its type as `u32` and its size as `u64` before it, all little-endian. Of the sections 1 to 6 each
//! is there once:
//!
//! | section | what, in a file of power p |
//! |---|---|
//! | 1 | bytes of a coordinate (`u32`), the base field's prime, p and the ceremony's power (`u32`) |
//! | 2 | tau^i G1 for i below 2^(p+1) - 1 |
//! | 3 | tau^i G2 for i below 2^p |
//! | 4, 5 | alpha tau^i G1 and beta tau^i G1 for i below 2^p |
//! | 6 | beta G2 |
//!
//! Of a file that is larger than needed the first powers are used. A file that went through `prepare
//! phase2` has the Lagrange bases of all domains from 2^0 up to 2^p and more, one after the other, of
//! the sections 2 to 5 in the sections 12 to 15; they save a transform and are checked against the
//! powers. The contributions to the powers (section 7) are not read: `snarkjs powersoftau verify` checks
//! them.

use crate::{
	circuit::MAX_POWER,
	points::{Identity, Point, PointError},
	progress::Progress,
	sums::{are_powers, are_powers_g2, factors, same_ratio, sum},
};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, One, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use blake2::{digest::consts::U32, Blake2b, Digest};
use pvs_primitives::Bytes32;
use std::{
	collections::BTreeMap,
	fs::File,
	io::{self, Read, Seek, SeekFrom},
	path::Path,
};

const MAGIC: &[u8; 4] = b"ptau";
const VERSION: u32 = 1;
const HEADER_BYTES: u64 = 44;
/// snarkjs writes 7 or 11.
const MAX_SECTIONS: u32 = 64;
const DOMAIN: &[u8] = b"pvs/ceremony/powers/v1";

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const ALPHA_TAU_G1: u32 = 4;
const BETA_TAU_G1: u32 = 5;
const BETA_G2: u32 = 6;
const LAGRANGE_TAU_G1: u32 = 12;
const LAGRANGE_TAU_G2: u32 = 13;
const LAGRANGE_ALPHA_TAU_G1: u32 = 14;
const LAGRANGE_BETA_TAU_G1: u32 = 15;

/// The powers of tau that a circuit of a certain size needs, checked.
#[derive(Clone, Debug)]
pub struct Powers {
	pub(crate) power: u32,
	pub(crate) tau_g1: Vec<G1Affine>,
	pub(crate) tau_g2: Vec<G2Affine>,
	pub(crate) alpha_tau_g1: Vec<G1Affine>,
	pub(crate) beta_tau_g1: Vec<G1Affine>,
	pub(crate) beta_g2: G2Affine,
	pub(crate) basis: Option<Basis>,
	digest: Bytes32,
}

/// Lagrange bases at tau, times [`Self::scale`].
#[derive(Clone, Debug)]
pub(crate) struct Basis {
	pub(crate) tau_g1: Vec<G1Affine>,
	pub(crate) tau_g2: Vec<G2Affine>,
	pub(crate) alpha_g1: Vec<G1Affine>,
	pub(crate) beta_g1: Vec<G1Affine>,
	/// One, or the size of the domain.
	pub(crate) scale: Fr,
}

/// Why a file's powers are not used.
#[derive(Debug, thiserror::Error)]
pub enum PowersError {
	/// The file cannot be read.
	#[error("cannot be read: {0}")]
	Io(#[from] io::Error),
	/// The file starts otherwise.
	#[error("is not a .ptau file (it does not start with \"ptau\")")]
	Magic,
	/// A version that this program does not know.
	#[error("has version {0} of the .ptau format; only version {VERSION} is known")]
	Version(u32),
	/// More sections than any program writes.
	#[error("says that it has {0} sections; at most {MAX_SECTIONS} are read")]
	SectionCount(u32),
	/// The file ends within what it announces.
	#[error("is truncated: {what} ends at byte {expected}, the file at {found}")]
	Truncated {
		/// The part that is cut off.
		what: String,
		/// Offset at which it would end.
		expected: u64,
		/// Offset at which the file ends.
		found: u64,
	},
	/// Bytes after the last section.
	#[error("has {0} bytes after its last section")]
	TrailingBytes(u64),
	/// A section is missing.
	#[error("has no section {0}")]
	MissingSection(u32),
	/// A section is there twice.
	#[error("has section {0} twice")]
	SecondSection(u32),
	/// A section's size does not fit the power.
	#[error("has {found} bytes in section {section}; a file of this power has {expected}")]
	SectionSize {
		/// Its type.
		section: u32,
		/// In bytes.
		expected: u64,
		/// In bytes.
		found: u64,
	},
	/// Powers on another curve.
	#[error("is for another curve; only BN254 (in snarkjs: bn128) is supported")]
	OtherCurve,
	/// A power beyond the field's largest domain.
	#[error("says that its power is {0}; the largest domain has 2^{MAX_POWER} elements")]
	Power(u32),
	/// Too few powers.
	#[error("has power {has}; the circuit needs {needs} or more")]
	TooSmall {
		/// Of the file.
		has: u32,
		/// Of the circuit's domain.
		needs: u32,
	},
	/// A bad point.
	#[error("point {index} of section {section} {error}")]
	Point {
		/// Type of the section.
		section: u32,
		/// From 0.
		index: usize,
		/// The fault.
		error: PointError,
	},
	/// The first power is not the generator.
	#[error("section {0} does not start with the generator")]
	Generator(u32),
	/// The points are not the powers that they should be.
	#[error("section {0} does not hold consecutive powers of the tau of section 2")]
	NotPowers(u32),
	/// Tau or beta of G2 differs from that of G1.
	#[error("section {0} disagrees with the points of the other group")]
	GroupsDisagree(u32),
	/// The Lagrange bases of a prepared file are others.
	#[error(
		"section {0} does not hold the Lagrange basis of the powers; take the file unprepared"
	)]
	Basis(u32),
	/// Tau is an element of the domain: all proofs would hold.
	#[error("has a tau that is a root of unity, which makes a key without soundness")]
	RootOfUnity,
}

/// Type, position and size of the sections.
type Sections = BTreeMap<u32, (u64, u64)>;

impl Powers {
	/// Reads the powers for a domain of 2^`power` elements from a file and checks them: points, and
	/// that they are powers of one tau.
	///
	/// # Errors
	///
	/// One [`PowersError`] per cause, see there.
	pub fn from_file(
		path: &Path,
		power: u32,
		progress: &dyn Progress,
	) -> Result<Self, PowersError> {
		Self::read(&mut io::BufReader::new(File::open(path)?), power, progress)
	}

	/// As [`Self::from_file`], of anything that is like a file.
	///
	/// # Errors
	///
	/// One [`PowersError`] per cause, see there.
	pub fn read(
		source: &mut (impl Read + Seek),
		power: u32,
		progress: &dyn Progress,
	) -> Result<Self, PowersError> {
		let sections = read_sections(source)?;
		let has = read_header(source, &sections)?;
		if has < power {
			return Err(PowersError::TooSmall { has, needs: power });
		}
		check_sizes(&sections, sizes(has))?;
		let size = 1usize << power;
		let mut hasher = Blake2b::<U32>::new();
		hasher.update(DOMAIN);
		hasher.update(power.to_le_bytes());
		progress.begin("reading the powers of tau", 5);
		let mut reader = Reader { source, sections: &sections, hasher, progress };
		let powers = Self {
			power,
			tau_g1: reader.points(TAU_G1, 2 * size - 1)?,
			tau_g2: reader.points(TAU_G2, size)?,
			alpha_tau_g1: reader.points(ALPHA_TAU_G1, size)?,
			beta_tau_g1: reader.points(BETA_TAU_G1, size)?,
			beta_g2: reader.points(BETA_G2, 1)?[0],
			basis: None,
			digest: reader.hasher.finalize().into(),
		};
		progress.end();
		progress.begin("checking the powers of tau", 4);
		let checked = powers.check(progress);
		progress.end();
		checked.map(|()| powers)
	}

	/// Reads the Lagrange bases from the file that the powers were read from, if it has them. The start
	/// of a ceremony is faster with them and gives the same parameters.
	///
	/// # Errors
	///
	/// One [`PowersError`] per cause, see there.
	pub fn with_basis_from_file(
		self,
		path: &Path,
		progress: &dyn Progress,
	) -> Result<Self, PowersError> {
		self.with_basis(&mut io::BufReader::new(File::open(path)?), progress)
	}

	/// As [`Self::with_basis_from_file`], of anything that is like a file.
	///
	/// # Errors
	///
	/// One [`PowersError`] per cause, see there.
	pub fn with_basis(
		mut self,
		source: &mut (impl Read + Seek),
		progress: &dyn Progress,
	) -> Result<Self, PowersError> {
		let sections = read_sections(source)?;
		let has = read_header(source, &sections)?;
		let in_all =
			[LAGRANGE_TAU_G1, LAGRANGE_TAU_G2, LAGRANGE_ALPHA_TAU_G1, LAGRANGE_BETA_TAU_G1];
		if !in_all.iter().any(|section| sections.contains_key(section)) {
			return Ok(self);
		}
		let size = 1usize << self.power;
		if has < self.power {
			return Err(PowersError::TooSmall { has, needs: self.power });
		}
		let (g1, g2) = (G1Affine::BYTES as u64, G2Affine::BYTES as u64);
		let points = (2u64 << has) - 1;
		let more = points + (2 << has);
		let expected = in_all.into_iter().zip([more * g1, points * g2, points * g1, points * g1]);
		check_sizes(&sections, expected)?;
		progress.begin("reading the Lagrange bases", 8);
		let hasher = Blake2b::<U32>::new();
		let mut reader = Reader { source, sections: &sections, hasher, progress };
		let basis = Basis {
			tau_g1: reader.points_from(LAGRANGE_TAU_G1, size - 1, size)?,
			tau_g2: reader.points_from(LAGRANGE_TAU_G2, size - 1, size)?,
			alpha_g1: reader.points_from(LAGRANGE_ALPHA_TAU_G1, size - 1, size)?,
			beta_g1: reader.points_from(LAGRANGE_BETA_TAU_G1, size - 1, size)?,
			scale: Fr::one(),
		};
		let checked = self.check_basis(&basis, progress);
		progress.end();
		checked?;
		self.basis = Some(basis);
		Ok(self)
	}

	/// Compares a random polynomial, given by its values, with the same given by its coefficients.
	fn check_basis(&self, basis: &Basis, progress: &dyn Progress) -> Result<(), PowersError> {
		let size = 1 << self.power;
		let domain =
			Radix2EvaluationDomain::<Fr>::new(size).ok_or(PowersError::Power(self.power))?;
		let values = factors(size);
		let coefficients = domain.ifft(&values);
		let is = |section, is_right| {
			progress.step();
			if is_right {
				Ok(())
			} else {
				Err(PowersError::Basis(section))
			}
		};
		let g1 = |section, basis, powers| {
			is(section, sum::<G1Affine>(basis, &values) == sum(powers, &coefficients))
		};
		g1(LAGRANGE_TAU_G1, &basis.tau_g1, &self.tau_g1[..size])?;
		g1(LAGRANGE_ALPHA_TAU_G1, &basis.alpha_g1, &self.alpha_tau_g1)?;
		g1(LAGRANGE_BETA_TAU_G1, &basis.beta_g1, &self.beta_tau_g1)?;
		let in_g2 = sum(&basis.tau_g2, &values) == sum(&self.tau_g2, &coefficients);
		is(LAGRANGE_TAU_G2, in_g2)
	}

	/// BLAKE2b-256 of the powers that are used: the same for a larger file of the same ceremony.
	pub fn digest(&self) -> Bytes32 {
		self.digest
	}

	/// The domain's size as a power of two.
	pub fn power(&self) -> u32 {
		self.power
	}

	fn check(&self, progress: &dyn Progress) -> Result<(), PowersError> {
		let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
		if self.tau_g1[0] != g1 {
			return Err(PowersError::Generator(TAU_G1));
		}
		if self.tau_g2[0] != g2 {
			return Err(PowersError::Generator(TAU_G2));
		}
		let (tau_g1, tau_g2) = (self.tau_g1[1], self.tau_g2[1]);
		if !same_ratio((g1, tau_g1), (g2, tau_g2)) {
			return Err(PowersError::GroupsDisagree(TAU_G2));
		}
		let sections = [
			(TAU_G1, &self.tau_g1),
			(ALPHA_TAU_G1, &self.alpha_tau_g1),
			(BETA_TAU_G1, &self.beta_tau_g1),
		];
		for (section, points) in sections {
			if !are_powers(points, tau_g2) {
				return Err(PowersError::NotPowers(section));
			}
			progress.step();
		}
		if !are_powers_g2(&self.tau_g2, tau_g1) {
			return Err(PowersError::NotPowers(TAU_G2));
		}
		progress.step();
		if !same_ratio((g1, self.beta_tau_g1[0]), (g2, self.beta_g2)) {
			return Err(PowersError::GroupsDisagree(BETA_G2));
		}
		if self.tau_g1[self.tau_g2.len()] == g1 {
			return Err(PowersError::RootOfUnity);
		}
		Ok(())
	}
}

fn read_sections(source: &mut (impl Read + Seek)) -> Result<Sections, PowersError> {
	let end = source.seek(SeekFrom::End(0))?;
	source.seek(SeekFrom::Start(0))?;
	let truncated = |what: &str, expected| {
		let what = what.to_owned();
		if end < expected {
			Err(PowersError::Truncated { what, expected, found: end })
		} else {
			Ok(())
		}
	};
	let mut magic = [0; 4];
	if end < 4 {
		return Err(PowersError::Magic);
	}
	source.read_exact(&mut magic)?;
	if magic != *MAGIC {
		return Err(PowersError::Magic);
	}
	truncated("the header", 12)?;
	let version = read_u32(source)?;
	if version != VERSION {
		return Err(PowersError::Version(version));
	}
	let count = read_u32(source)?;
	if count > MAX_SECTIONS {
		return Err(PowersError::SectionCount(count));
	}
	let mut sections = Sections::new();
	let mut position = 12u64;
	for number in 1..=count {
		truncated(&format!("the head of section number {number}"), position.saturating_add(12))?;
		source.seek(SeekFrom::Start(position))?;
		let section = read_u32(source)?;
		let size = u64::from(read_u32(source)?) | u64::from(read_u32(source)?) << 32;
		let start = position + 12;
		position = start.saturating_add(size);
		truncated(&format!("section {section}"), position)?;
		if sections.insert(section, (start, size)).is_some() {
			return Err(PowersError::SecondSection(section));
		}
	}
	match end - position {
		0 => Ok(sections),
		bytes => Err(PowersError::TrailingBytes(bytes)),
	}
}

fn read_header(source: &mut (impl Read + Seek), sections: &Sections) -> Result<u32, PowersError> {
	let (start, size) = *sections.get(&HEADER).ok_or(PowersError::MissingSection(HEADER))?;
	source.seek(SeekFrom::Start(start))?;
	// A curve with longer coordinates has a longer header.
	if size < 4 || u64::from(read_u32(source)?) != 32 {
		return Err(PowersError::OtherCurve);
	}
	if size != HEADER_BYTES {
		return Err(PowersError::SectionSize {
			section: HEADER,
			expected: HEADER_BYTES,
			found: size,
		});
	}
	let mut prime = [0; 32];
	source.read_exact(&mut prime)?;
	if prime[..] != Fq::MODULUS.to_bytes_le()[..] {
		return Err(PowersError::OtherCurve);
	}
	let power = read_u32(source)?;
	if power > MAX_POWER {
		return Err(PowersError::Power(power));
	}
	Ok(power)
}

/// Bytes of the sections of a file of this power.
fn sizes(power: u32) -> [(u32, u64); 5] {
	let (g1, g2) = (G1Affine::BYTES as u64, G2Affine::BYTES as u64);
	[
		(TAU_G1, ((2 << power) - 1) * g1),
		(TAU_G2, (1 << power) * g2),
		(ALPHA_TAU_G1, (1 << power) * g1),
		(BETA_TAU_G1, (1 << power) * g1),
		(BETA_G2, g2),
	]
}

fn check_sizes(
	sections: &Sections,
	expected: impl IntoIterator<Item = (u32, u64)>,
) -> Result<(), PowersError> {
	for (section, expected) in expected {
		let (_, found) = *sections.get(&section).ok_or(PowersError::MissingSection(section))?;
		if found != expected {
			return Err(PowersError::SectionSize { section, expected, found });
		}
	}
	Ok(())
}

struct Reader<'a, S> {
	source: &'a mut S,
	sections: &'a Sections,
	hasher: Blake2b<U32>,
	progress: &'a dyn Progress,
}

impl<S: Read + Seek> Reader<'_, S> {
	/// The first points of a section whose size was checked.
	fn points<A: Point>(&mut self, section: u32, count: usize) -> Result<Vec<A>, PowersError> {
		self.points_from(section, 0, count)
	}

	/// As many points of a section whose size was checked, from the point `first` on.
	fn points_from<A: Point>(
		&mut self,
		section: u32,
		first: usize,
		count: usize,
	) -> Result<Vec<A>, PowersError> {
		let (start, _) =
			*self.sections.get(&section).ok_or(PowersError::MissingSection(section))?;
		self.source.seek(SeekFrom::Start(start + (first * A::BYTES) as u64))?;
		let mut bytes = vec![0; count * A::BYTES];
		self.source.read_exact(&mut bytes)?;
		self.hasher.update(&bytes);
		let points = A::read_all(&bytes, Identity::Refused).map_err(|(index, error)| {
			PowersError::Point { section, index: first + index, error }
		})?;
		self.progress.step();
		Ok(points)
	}
}

fn read_u32(source: &mut impl Read) -> Result<u32, io::Error> {
	let mut bytes = [0; 4];
	source.read_exact(&mut bytes)?;
	Ok(u32::from_le_bytes(bytes))
}
