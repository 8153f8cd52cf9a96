// SPDX-License-Identifier: Apache-2.0
//! Time for which a seal of `delay` squarings stays shut, and time that an opener needs.
//!
//! A time-lock puzzle (Rivest, Shamir, Wagner 1996) is measured in squarings, a market in blocks. The
//! two meet here: a seal must outlast the bidding window for whoever squares fastest, and must be opened
//! within the opening window by an opener on ordinary hardware.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::BlockNumber;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Squarings of 2,048 bits per second, 2 ns each, that an ASIC project names as its aim.
///
/// The fastest hardware that anyone has shown, an FPGA, takes 66 ns; ten times as fast is 6.6 ns. Seals
/// are judged by this number where it is above the recorded hardware times its margin.
pub const AIMED_SQUARINGS: u64 = 500_000_000;

/// Record of a chain about squarings and time. Nothing in it may be 0.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub struct SealTiming {
	/// The time between two blocks, in milliseconds.
	pub slot_millis: u64,
	/// Margin by which blocks may come slower than that, in percent: squaring does not wait for them. At
	/// least 100.
	pub stretch_percent: u32,
	/// Squarings per second of the fastest hardware that anyone has shown.
	pub fastest_squarings: u64,
	/// Factor by which an attacker may be faster than that.
	pub margin: u32,
	/// Squarings per second of one core of an opener, the time for the proof counted in.
	pub opener_squarings: u64,
	/// On how many cores an opener works at the same time.
	pub opener_cores: u32,
}

impl SealTiming {
	/// Squarings per second that an attacker may do: the fastest hardware times its margin, or
	/// [`AIMED_SQUARINGS`] if that is more.
	fn attacker_squarings(&self) -> u128 {
		u128::from(self.fastest_squarings)
			.saturating_mul(self.margin.into())
			.max(AIMED_SQUARINGS.into())
	}

	/// For how many blocks nobody opens a seal of `delay` squarings, rounded down; 0 if the slot or the
	/// stretch is 0.
	///
	/// `delay / (max(fastest_squarings * margin, AIMED_SQUARINGS) * slot * stretch)`
	pub fn covered_blocks(&self, delay: u64) -> BlockNumber {
		let squarings = u128::from(delay).saturating_mul(100_000);
		let per_block = self
			.attacker_squarings()
			.saturating_mul(self.slot_millis.into())
			.saturating_mul(self.stretch_percent.into());
		let blocks = squarings.checked_div(per_block).unwrap_or(0);
		BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX)
	}

	/// The delay, in squarings, that keeps seals shut for `blocks`, rounded up: the inverse of
	/// [`Self::covered_blocks`].
	pub fn delay_for(&self, blocks: BlockNumber) -> u64 {
		let squarings = self
			.attacker_squarings()
			.saturating_mul(self.slot_millis.into())
			.saturating_mul(self.stretch_percent.into())
			.saturating_mul(blocks.into())
			.div_ceil(100_000);
		u64::try_from(squarings).unwrap_or(u64::MAX)
	}

	/// Returns the number of blocks that an opener needs for that many seals of `delay` squarings, rounded up; the last
	/// of all numbers if a part of the timing is 0.
	///
	/// `ceil(seals / opener_cores) * delay / (opener_squarings * slot)`
	pub fn opening_blocks(&self, delay: u64, seals: u32) -> BlockNumber {
		let per_block = u128::from(self.opener_squarings).saturating_mul(self.slot_millis.into());
		if per_block == 0 || self.opener_cores == 0 {
			return BlockNumber::MAX;
		}
		let squarings = u128::from(seals.div_ceil(self.opener_cores))
			.saturating_mul(delay.into())
			.saturating_mul(1_000);
		BlockNumber::try_from(squarings.div_ceil(per_block)).unwrap_or(BlockNumber::MAX)
	}

	/// Returns the shortest window in which a silent bid of `delay` squarings can be settled, in blocks:
	/// twice what its seal takes to open, one block, and the inclusion slack.
	pub fn settling_blocks(&self, delay: u64, inclusion_slack: BlockNumber) -> BlockNumber {
		let twice = self.opening_blocks(delay, 1).saturating_mul(2);
		twice.saturating_add(1).saturating_add(inclusion_slack)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const TIMING: SealTiming = SealTiming {
		slot_millis: 1_000,
		stretch_percent: 100,
		fastest_squarings: 15_000_000,
		margin: 10,
		opener_squarings: 1_000_000,
		opener_cores: 2,
	};

	/// The example of the protocol: a window of 2 s, 15 M squarings a second and a margin of 10 make
	/// 3 * 10^8 squarings. At 2 ns a squaring the same window takes 10^9, which is more: 17 minutes on one
	/// core.
	#[test]
	fn delay_should_be_as_in_the_protocols_example_or_longer_for_two_nanoseconds() {
		let published = TIMING.fastest_squarings * u64::from(TIMING.margin);
		assert_eq!(published * 2, 300_000_000);
		assert_eq!(TIMING.delay_for(2), 1_000_000_000);
		assert_eq!(TIMING.covered_blocks(1_000_000_000), 2);
		assert_eq!(TIMING.covered_blocks(999_999_999), 1);
		assert_eq!(TIMING.covered_blocks(300_000_000), 0);
		assert_eq!(TIMING.opening_blocks(1_000_000_000, 1), 1_000);
	}

	/// Finding S3: margin 10 over 66 ns is 6.6 ns, and an ASIC project aims at 2 ns.
	#[test]
	fn seals_should_be_judged_by_the_larger_of_margin_and_aim() {
		let covers_two = |fastest_squarings, margin, delay: u64| {
			let timing = SealTiming { fastest_squarings, margin, ..TIMING };
			assert_eq!(timing.delay_for(2), delay, "{timing:?}");
			assert_eq!(timing.covered_blocks(delay), 2, "{timing:?}");
			assert_eq!(timing.covered_blocks(delay - 1), 1, "{timing:?}");
		};
		covers_two(15_100_000, 10, 1_000_000_000);
		covers_two(49_999_999, 10, 1_000_000_000);
		covers_two(50_000_000, 10, 1_000_000_000);
		covers_two(50_000_001, 10, 1_000_000_020);
		// The aim has no margin: hardware that was shown has.
		covers_two(AIMED_SQUARINGS, 1, 1_000_000_000);
		covers_two(AIMED_SQUARINGS, 10, 10_000_000_000);
	}

	#[test]
	fn seals_should_cover_fewer_blocks_when_blocks_may_come_slower() {
		let slow = SealTiming { stretch_percent: 151, ..TIMING };
		assert_eq!(slow.covered_blocks(1_000_000_000), 1);
		assert_eq!(slow.delay_for(2), 1_510_000_000);
		let long = SealTiming { slot_millis: 6_000, ..TIMING };
		assert_eq!(long.covered_blocks(3_000_000_000), 1);
	}

	#[test]
	fn opening_should_take_a_turn_for_each_core_that_is_missing() {
		assert_eq!(
			[0, 1, 2, 3, 4, 5].map(|seals| TIMING.opening_blocks(1_500_000, seals)),
			[0, 2, 2, 3, 3, 5]
		);
	}

	#[test]
	fn settling_should_leave_time_to_open_a_seal_twice() {
		let window = |delay, slack| TIMING.settling_blocks(delay, slack);
		assert_eq!(
			[(1_500_000, 0), (1_500_000, 2)].map(|(delay, slack)| window(delay, slack)),
			[5, 7]
		);
		assert_eq!(window(u64::MAX, u32::MAX), u32::MAX);
	}

	#[test]
	fn timing_should_cover_nothing_when_a_part_is_missing() {
		let no_slot = SealTiming { slot_millis: 0, ..TIMING };
		assert_eq!(no_slot.covered_blocks(u64::MAX), 0);
		for slow in
			[SealTiming { opener_squarings: 0, ..TIMING }, SealTiming { opener_cores: 0, ..TIMING }]
		{
			assert_eq!(slow.opening_blocks(1, 1), BlockNumber::MAX, "{slow:?}");
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			failure_persistence: None,
			..ProptestConfig::with_cases(4_096)
		})]

		#[test]
		fn delay_should_be_the_least_that_covers_the_blocks(
			blocks in 1..100_000u32,
			slot_millis in 1..60_000u64,
			stretch_percent in 100..1_000u32,
			fastest_squarings in 1..100_000_000u64,
			margin in 1..100u32,
		) {
			let timing =
				SealTiming { slot_millis, stretch_percent, fastest_squarings, margin, ..TIMING };
			let delay = timing.delay_for(blocks);
			prop_assert!(timing.covered_blocks(delay) >= blocks);
			prop_assert!(timing.covered_blocks(delay - 1) < blocks);
		}
	}
}
