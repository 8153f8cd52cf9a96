// SPDX-License-Identifier: Apache-2.0
//! A die for random tests.

/// xorshift64*: the same sequence for the same seed, everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
	/// Returns a number below `sides`.
	pub(super) fn roll(&mut self, sides: u64) -> u64 {
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % sides
	}

	pub(super) fn one_in(&mut self, sides: u64) -> bool {
		self.roll(sides) == 0
	}

	pub(super) fn small(&mut self, sides: u32) -> u32 {
		u32::try_from(self.roll(sides.into())).expect("small")
	}

	pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
		let index = self.roll(u64::try_from(from.len()).expect("few").max(1));
		from.get(usize::try_from(index).expect("few"))
	}
}
