// SPDX-License-Identifier: Apache-2.0
//! Files of a ceremony: parameters and transcript in one.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `"pvs/ceremony/v1"`, a zero |
//! | 32, 32 | digest of the circuit, digest of the powers of tau |
//! | 4, 4, 4, 4 | power of the domain, instance variables, private variables, contributions |
//! | 64, 64, 128, 128 | alpha G1, beta G1, beta G2, delta G2 |
//! | 64 for each instance variable | IC |
//! | 64, 64, 128 for each variable | a query, b query in G1, b query in G2, one after the other |
//! | 64 for each domain element but one | h query |
//! | 64 for each private variable | l query |
//! | each contribution | see below |
//! | 32 | BLAKE2b-256 of everything before |
//!
//! A contribution: 1 byte kind (0, or 1 for a beacon); 1 byte length of the name, the name; of a beacon
//! 1 byte iterations as a power of two, 1 byte length of its value, the value; 64 bytes factor G1, 64
//! bytes delta G1, 128 bytes proof G2. Numbers are little-endian, points as in `points.rs`.

use crate::{
	circuit::MAX_POWER,
	contribution::{Beacon, BeaconError, Contribution, Name, NameError},
	parameters::Ceremony,
	points::{Identity, Point, PointError},
	progress::Progress,
};
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::{ProvingKey, VerifyingKey};
use pvs_primitives::{hash::blake2_256, Bytes32};
use std::{
	fs::File,
	io::{self, Read},
	path::Path,
};

const MAGIC: &[u8; 16] = b"pvs/ceremony/v1\0";
const CHECKSUM_BYTES: usize = 32;

/// Why a file is no file of a ceremony.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
	/// The file cannot be read.
	#[error("cannot be read: {0}")]
	Io(#[from] io::Error),
	/// The file starts otherwise.
	#[error("is not a file of a ceremony, or one of another version")]
	Magic,
	/// A size that no circuit has.
	#[error("has {found} as its {field}; {limit}")]
	Size {
		/// Name of the field.
		field: &'static str,
		/// In the file.
		found: u32,
		/// What there may be.
		limit: &'static str,
	},
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
	/// Bytes after the checksum.
	#[error("has {0} bytes too many at its end")]
	TrailingBytes(usize),
	/// Some byte was changed.
	#[error("is damaged (wrong checksum)")]
	Checksum,
	/// A bad point.
	#[error("point {index} of {place} {error}")]
	Point {
		/// Where.
		place: String,
		/// From 0.
		index: usize,
		/// The fault.
		error: PointError,
	},
	/// A contribution of an unknown kind.
	#[error("contribution {number} has kind {kind}; only 0 and 1 are known")]
	Kind {
		/// From 1.
		number: usize,
		/// In the file.
		kind: u8,
	},
	/// A contribution's bad name.
	#[error("contribution {number}: {error}")]
	Name {
		/// From 1.
		number: usize,
		/// The fault.
		error: NameError,
	},
	/// A contribution's bad beacon.
	#[error("contribution {number}: {error}")]
	Beacon {
		/// From 1.
		number: usize,
		/// The fault.
		error: BeaconError,
	},
}

impl Ceremony {
	/// Reads a file and checks its form: lengths, checksum, every point. Whether the parameters are
	/// right is another question, see [`Self::verify`] and [`Self::check_contributions`].
	///
	/// # Errors
	///
	/// One [`ReadError`] per cause, see there.
	pub fn from_file(path: &Path, progress: &dyn Progress) -> Result<Self, ReadError> {
		let mut file = File::open(path)?;
		let mut bytes = Vec::new();
		Read::by_ref(&mut file).take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
		// Before a file of any size is taken into memory.
		if bytes != MAGIC {
			return Err(ReadError::Magic);
		}
		file.read_to_end(&mut bytes)?;
		Self::from_bytes(&bytes, progress)
	}

	/// As [`Self::from_file`], of the bytes of a file.
	///
	/// # Errors
	///
	/// One [`ReadError`] per cause, see there.
	pub fn from_bytes(bytes: &[u8], progress: &dyn Progress) -> Result<Self, ReadError> {
		let raw = Raw::read(bytes)?;
		progress.begin("reading the parameters", 6);
		let point = |name: &str, bytes| one::<G1Affine>(name, bytes);
		let many = |name: &str, bytes, identity| {
			let points = all::<G1Affine>(name, bytes, identity);
			progress.step();
			points
		};
		let contributions = raw.contributions.iter().enumerate();
		let contributions = contributions
			.map(|(index, raw)| raw.decode(index + 1))
			.collect::<Result<Vec<_>, _>>()?;
		let delta_g1 = contributions
			.last()
			.map_or_else(G1Affine::generator, |contribution: &Contribution| contribution.delta_g1);
		let key = ProvingKey::<Bn254> {
			vk: VerifyingKey {
				alpha_g1: point("alpha G1", raw.alpha_g1)?,
				beta_g2: one("beta G2", raw.beta_g2)?,
				gamma_g2: G2Affine::generator(),
				delta_g2: one("delta G2", raw.delta_g2)?,
				gamma_abc_g1: many("the IC", raw.ic, Identity::Allowed)?,
			},
			beta_g1: point("beta G1", raw.beta_g1)?,
			delta_g1,
			a_query: many("the a query", raw.a_query, Identity::Allowed)?,
			b_g1_query: many("the b query in G1", raw.b_g1_query, Identity::Allowed)?,
			b_g2_query: {
				let points = all("the b query in G2", raw.b_g2_query, Identity::Allowed);
				progress.step();
				points?
			},
			h_query: many("the h query", raw.h_query, Identity::Refused)?,
			l_query: many("the l query", raw.l_query, Identity::Allowed)?,
		};
		progress.end();
		Ok(Self { circuit: raw.circuit, powers: raw.powers, power: raw.power, key, contributions })
	}

	/// The bytes of a file.
	pub fn to_bytes(&self) -> Vec<u8> {
		let key = &self.key;
		let (instance, witness) = (key.vk.gamma_abc_g1.len(), key.l_query.len());
		let mut bytes = [&MAGIC[..], &self.circuit, &self.powers].concat();
		for size in [self.power as usize, instance, witness, self.contributions.len()] {
			bytes.extend((size as u32).to_le_bytes());
		}
		key.vk.alpha_g1.write(&mut bytes);
		key.beta_g1.write(&mut bytes);
		key.vk.beta_g2.write(&mut bytes);
		key.vk.delta_g2.write(&mut bytes);
		let mut write = |points: &[G1Affine]| {
			points.iter().for_each(|point| point.write(&mut bytes));
		};
		write(&key.vk.gamma_abc_g1);
		write(&key.a_query);
		write(&key.b_g1_query);
		key.b_g2_query.iter().for_each(|point| point.write(&mut bytes));
		let mut write = |points: &[G1Affine]| {
			points.iter().for_each(|point| point.write(&mut bytes));
		};
		write(&key.h_query);
		write(&key.l_query);
		for contribution in &self.contributions {
			bytes.extend(contribution.statement());
			contribution.proof_g2.write(&mut bytes);
		}
		let checksum = blake2_256(&[&bytes]);
		bytes.extend(checksum);
		bytes
	}
}

fn one<A: Point>(place: &str, bytes: &[u8]) -> Result<A, ReadError> {
	A::read(bytes, Identity::Refused).map_err(|error| ReadError::Point {
		place: place.into(),
		index: 0,
		error,
	})
}

fn all<A: Point>(place: &str, bytes: &[u8], identity: Identity) -> Result<Vec<A>, ReadError> {
	A::read_all(bytes, identity).map_err(|(index, error)| ReadError::Point {
		place: place.into(),
		index,
		error,
	})
}

/// The parts of a file whose lengths and checksum are right.
struct Raw<'a> {
	circuit: Bytes32,
	powers: Bytes32,
	power: u32,
	alpha_g1: &'a [u8],
	beta_g1: &'a [u8],
	beta_g2: &'a [u8],
	delta_g2: &'a [u8],
	ic: &'a [u8],
	a_query: &'a [u8],
	b_g1_query: &'a [u8],
	b_g2_query: &'a [u8],
	h_query: &'a [u8],
	l_query: &'a [u8],
	contributions: Vec<RawContribution<'a>>,
}

impl<'a> Raw<'a> {
	fn read(bytes: &'a [u8]) -> Result<Self, ReadError> {
		if !bytes.starts_with(MAGIC) {
			return Err(ReadError::Magic);
		}
		let mut reader = Reader { bytes, position: MAGIC.len() };
		let (circuit, powers) = (reader.array("the header")?, reader.array("the header")?);
		let power = reader.size("power", MAX_POWER, "it is 1 to 28")?;
		let size = 1 << power;
		let limit = 1 << MAX_POWER;
		let instance =
			reader.size("number of instance variables", size as u32, "it is 1 to 2^power")?;
		let witness = reader.number()?;
		if witness > limit {
			let (field, limit) = ("number of private variables", "it is at most 2^28");
			return Err(ReadError::Size { field, found: witness, limit });
		}
		let count = reader.number()?;
		let (instance, witness) = (instance as usize, witness as usize);
		let variables = instance + witness;
		let raw = Self {
			circuit,
			powers,
			power,
			alpha_g1: reader.take("alpha G1", 64)?,
			beta_g1: reader.take("beta G1", 64)?,
			beta_g2: reader.take("beta G2", 128)?,
			delta_g2: reader.take("delta G2", 128)?,
			ic: reader.take("the IC", 64 * instance)?,
			a_query: reader.take("the a query", 64 * variables)?,
			b_g1_query: reader.take("the b query in G1", 64 * variables)?,
			b_g2_query: reader.take("the b query in G2", 128 * variables)?,
			h_query: reader.take("the h query", 64 * (size - 1))?,
			l_query: reader.take("the l query", 64 * witness)?,
			contributions: (1..=count as usize)
				.map(|number| RawContribution::read(&mut reader, number))
				.collect::<Result<_, _>>()?,
		};
		let content = &bytes[..reader.position];
		let checksum = reader.take("the checksum", CHECKSUM_BYTES)?;
		if reader.position != bytes.len() {
			return Err(ReadError::TrailingBytes(bytes.len() - reader.position));
		}
		if blake2_256(&[content]) != checksum {
			return Err(ReadError::Checksum);
		}
		Ok(raw)
	}
}

struct RawContribution<'a> {
	name: &'a [u8],
	beacon: Option<(u8, &'a [u8])>,
	factor_g1: &'a [u8],
	delta_g1: &'a [u8],
	proof_g2: &'a [u8],
}

impl<'a> RawContribution<'a> {
	fn read(reader: &mut Reader<'a>, number: usize) -> Result<Self, ReadError> {
		let what = &format!("contribution {number}");
		let [kind, name_bytes] = reader.array(what)?;
		let name = reader.take(what, name_bytes.into())?;
		let beacon = match kind {
			0 => None,
			1 => {
				let [iterations, value_bytes] = reader.array(what)?;
				Some((iterations, reader.take(what, value_bytes.into())?))
			},
			_ => return Err(ReadError::Kind { number, kind }),
		};
		Ok(Self {
			name,
			beacon,
			factor_g1: reader.take(what, 64)?,
			delta_g1: reader.take(what, 64)?,
			proof_g2: reader.take(what, 128)?,
		})
	}

	fn decode(&self, number: usize) -> Result<Contribution, ReadError> {
		let place = |part: &str| format!("contribution {number}'s {part}");
		Ok(Contribution {
			name: Name::from_utf8(self.name).map_err(|error| ReadError::Name { number, error })?,
			beacon: self
				.beacon
				.map(|(iterations, value)| Beacon::new(value.to_vec(), iterations))
				.transpose()
				.map_err(|error| ReadError::Beacon { number, error })?,
			factor_g1: one(&place("factor"), self.factor_g1)?,
			delta_g1: one(&place("delta"), self.delta_g1)?,
			proof_g2: one(&place("proof"), self.proof_g2)?,
		})
	}
}

struct Reader<'a> {
	bytes: &'a [u8],
	position: usize,
}

impl<'a> Reader<'a> {
	fn take(&mut self, what: &str, size: usize) -> Result<&'a [u8], ReadError> {
		let end = self.position + size;
		let taken = self.bytes.get(self.position..end).ok_or_else(|| ReadError::Truncated {
			what: what.to_owned(),
			expected: end as u64,
			found: self.bytes.len() as u64,
		})?;
		self.position = end;
		Ok(taken)
	}

	fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], ReadError> {
		let mut array = [0; N];
		array.copy_from_slice(self.take(what, N)?);
		Ok(array)
	}

	fn number(&mut self) -> Result<u32, ReadError> {
		Ok(u32::from_le_bytes(self.array("the header")?))
	}

	/// A number from 1 to `highest`.
	fn size(
		&mut self,
		field: &'static str,
		highest: u32,
		limit: &'static str,
	) -> Result<u32, ReadError> {
		match self.number()? {
			found if (1..=highest).contains(&found) => Ok(found),
			found => Err(ReadError::Size { field, found, limit }),
		}
	}
}
