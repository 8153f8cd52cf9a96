// SPDX-License-Identifier: Apache-2.0
//! Numbers that look random and repeat with their seed.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
	/// A generator that repeats itself with its seed.
	pub fn new(seed: u64) -> Self {
		Self(seed)
	}

	/// The next 64 bits.
	pub fn next_u64(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	/// A number below `bound`; 0 if that is 0.
	pub fn below(&mut self, bound: u32) -> u32 {
		let number = self.next_u64().checked_rem(bound.into()).unwrap_or(0);
		u32::try_from(number).unwrap_or(0)
	}

	/// A number from `low` to `high`, both included; `low` if it is the higher one.
	pub fn between(&mut self, low: u32, high: u32) -> u32 {
		let span = high.saturating_sub(low).saturating_add(1);
		low.saturating_add(self.below(span))
	}

	/// True in `percent` of a hundred cases.
	pub fn chance(&mut self, percent: u32) -> bool {
		self.below(100) < percent
	}
}
