// SPDX-License-Identifier: Apache-2.0
//! Squaring that can stop and resume.

use super::{plan::Plan, Squarer};
use crate::group::{decode, encode, reduce, Element, Residue, ELEMENT_BYTES};
use core::fmt;
use pvs_primitives::hash::blake2_256;

const MAGIC: &[u8; 11] = b"pvs/solver/";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 32;

/// Squares `base` again and again, keeping the powers that the proof needs.
#[derive(Clone)]
pub struct Solver {
	base: Element,
	delay: u64,
	plan: Plan,
	done: u64,
	current: Element,
	/// `base^(2^(spacing * i))`, as long as the exponent's exponent is below `delay`.
	checkpoints: Vec<Residue>,
	squarer: Squarer,
}

impl fmt::Debug for Solver {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { delay, plan, done, squarer, .. } = self;
		write!(f, "Solver {{ {done} of {delay} squarings, {plan:?}, {squarer:?} }}")
	}
}

/// Why bytes are not the state of a solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
	/// They do not start as a state does.
	Foreign,
	/// Another version of this crate wrote them.
	OtherVersion,
	/// The length is not the one that the header tells.
	WrongLength,
	/// The checksum is wrong.
	Corrupt,
	/// The checksum is right and a field is impossible.
	Inconsistent,
	/// They are of another base or delay than asked for.
	OtherStatement,
}

impl fmt::Display for StateError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Foreign => "this is not the state of a solver",
			Self::OtherVersion => "another version wrote this state: start again",
			Self::WrongLength => "the state is truncated, or something follows it",
			Self::Corrupt => "the state is damaged: its checksum is wrong",
			Self::Inconsistent => "a field of the state is impossible",
			Self::OtherStatement => "the state is of another base or delay",
		})
	}
}

impl core::error::Error for StateError {}

impl Solver {
	/// Starts at `base`, which should be canonical, for `delay` squarings.
	pub fn new(base: &[u8; ELEMENT_BYTES], delay: u64, squarer: Squarer) -> Self {
		let base = encode(&reduce(base));
		let mut solver = Self {
			base,
			delay,
			plan: Plan::new(delay),
			done: 0,
			current: base,
			checkpoints: Vec::new(),
			squarer,
		};
		solver.keep_checkpoint();
		solver
	}

	/// Squares `squarings` times more, or until all are done; returns whether they are.
	pub fn advance(&mut self, squarings: u64) -> bool {
		let end = self.done.saturating_add(squarings).min(self.delay);
		while self.done < end {
			let to_checkpoint = self.spacing() - self.done % self.spacing();
			let chunk = to_checkpoint.min(end - self.done).min(u64::from(u16::MAX));
			let chunk = u32::try_from(chunk).unwrap_or(u32::from(u16::MAX));
			self.current = self.squarer.square(&self.current, chunk);
			self.done += u64::from(chunk);
			self.keep_checkpoint();
		}
		self.is_done()
	}

	fn keep_checkpoint(&mut self) {
		if self.done.is_multiple_of(self.spacing()) && self.done < self.delay {
			self.checkpoints.push(reduce(&self.current));
		}
	}

	/// The canonical base.
	pub fn base(&self) -> &[u8; ELEMENT_BYTES] {
		&self.base
	}

	/// Squarings done.
	pub fn done(&self) -> u64 {
		self.done
	}

	/// Squarings in all.
	pub fn delay(&self) -> u64 {
		self.delay
	}

	/// Squarings from one checkpoint to the next: what [`Self::advance`] does best at a time.
	pub fn spacing(&self) -> u64 {
		self.plan.spacing()
	}

	/// Returns true if all squarings are done.
	pub fn is_done(&self) -> bool {
		self.done == self.delay
	}

	/// `base^(2^delay)`, canonical, once all squarings are done.
	pub fn result(&self) -> Option<[u8; ELEMENT_BYTES]> {
		self.is_done().then(|| encode(&reduce(&self.current)))
	}

	pub(super) fn plan(&self) -> Plan {
		self.plan
	}

	pub(super) fn checkpoints(&self) -> &[Residue] {
		&self.checkpoints
	}

	/// The state: `"pvs/solver/" ++ version (1) ++ base (256) ++ delay (8) ++ done (8) ++ kappa (4)
	/// ++ gamma (4) ++ current (256) ++ checkpoints (256 each) ++ blake2_256 of all before`,
	/// integers little-endian. At most 64 MiB and 580 bytes.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut bytes = Vec::with_capacity(1024 + self.checkpoints.len() * ELEMENT_BYTES);
		bytes.extend_from_slice(MAGIC);
		bytes.push(VERSION);
		bytes.extend_from_slice(&self.base);
		bytes.extend_from_slice(&self.delay.to_le_bytes());
		bytes.extend_from_slice(&self.done.to_le_bytes());
		bytes.extend_from_slice(&self.plan.kappa.to_le_bytes());
		bytes.extend_from_slice(&self.plan.gamma.to_le_bytes());
		bytes.extend_from_slice(&encode(&reduce(&self.current)));
		for checkpoint in &self.checkpoints {
			bytes.extend_from_slice(&encode(checkpoint));
		}
		let checksum = blake2_256(&[&bytes]);
		bytes.extend_from_slice(&checksum);
		bytes
	}

	/// Resumes from [`Self::to_bytes`], for the base and delay that the caller expects.
	///
	/// The checksum finds damage, not malice: a state that somebody else wrote can waste work, but
	/// no false result passes the verification that ends every proof.
	///
	/// # Errors
	///
	/// One for each cause, see [`StateError`].
	pub fn from_bytes(
		bytes: &[u8],
		base: &[u8; ELEMENT_BYTES],
		delay: u64,
		squarer: Squarer,
	) -> Result<Self, StateError> {
		let rest = bytes.strip_prefix(MAGIC).ok_or(StateError::Foreign)?;
		let (&[version], rest) = take(rest)?;
		if version != VERSION {
			return Err(StateError::OtherVersion);
		}
		let (read_base, rest) = take::<ELEMENT_BYTES>(rest)?;
		let (read_delay, rest) = take(rest)?;
		let (done, rest) = take(rest)?;
		let (kappa, rest) = take(rest)?;
		let (gamma, rest) = take(rest)?;
		let (current, rest) = take(rest)?;
		let read_delay = u64::from_le_bytes(*read_delay);
		let done = u64::from_le_bytes(*done);
		let plan = Plan { kappa: u32::from_le_bytes(*kappa), gamma: u32::from_le_bytes(*gamma) };
		let (body, checksum) =
			bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(StateError::WrongLength)?;
		let (checkpoints, trailing) = rest.as_chunks::<ELEMENT_BYTES>();
		if trailing.len() != CHECKSUM_BYTES {
			return Err(StateError::WrongLength);
		}
		if blake2_256(&[body]) != *checksum {
			return Err(StateError::Corrupt);
		}
		if read_base != base || read_delay != delay {
			return Err(StateError::OtherStatement);
		}
		if plan != Plan::new(delay) || done > delay {
			return Err(StateError::Inconsistent);
		}
		let last = done.min(delay.saturating_sub(1));
		let expected = if delay == 0 { 0 } else { last / plan.spacing() + 1 };
		if u64::try_from(checkpoints.len()) != Ok(expected) {
			return Err(StateError::Inconsistent);
		}
		let checkpoints: Option<Vec<_>> = checkpoints.iter().map(decode).collect();
		let checkpoints = checkpoints.ok_or(StateError::Inconsistent)?;
		let _: Residue = decode(current).ok_or(StateError::Inconsistent)?;
		Ok(Self { base: *base, delay, plan, done, current: *current, checkpoints, squarer })
	}
}

fn take<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), StateError> {
	bytes.split_first_chunk().ok_or(StateError::WrongLength)
}
