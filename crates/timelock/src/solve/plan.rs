// SPDX-License-Identifier: Apache-2.0
//! Which powers to keep while squaring, so that the proof is cheap.
//!
//! Wesolowski 2019, section 4.1: with digits of `kappa` bits and a checkpoint every `kappa * gamma`
//! squarings, the proof takes `T / kappa + gamma * 2^(kappa + 1)` multiplications and
//! `kappa * gamma` squarings. For `T` = 1.5 billion that is `kappa` = 14, `gamma` = 409, 261 963
//! checkpoints and 0.080 `T` multiplications. OpenSSL shows no Montgomery multiplication to safe
//! code, and one of `crypto-bigint` takes as long as 2.4 of its squarings: the proof takes a fifth
//! of the time of the squarings on one thread, and half of that on two.

/// Checkpoints that a solver keeps at most: 64 MiB.
pub const MAX_CHECKPOINTS: u64 = 1 << 18;

/// A multiplication takes as long as so many tenths of a squaring.
const MULTIPLICATION: u64 = 26;
/// To start a chunk between two checkpoints takes as long as so many tenths of a squaring:
/// `BN_mod_exp` makes a table of 32 powers each time.
const CHECKPOINT: u64 = 400;

/// Bits of a digit, and digits between two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
	pub(super) kappa: u32,
	pub(super) gamma: u32,
}

impl Plan {
	/// The plan for `delay` squarings that costs least in all, keeping at most [`MAX_CHECKPOINTS`].
	///
	/// For each `kappa` up to 16, `gamma` is where the derivative of the cost over `gamma` is zero:
	/// `sqrt(CHECKPOINT * T / (kappa * (MULTIPLICATION * 2^(kappa + 1) + 10 * kappa)))`, or more
	/// where there would be too many checkpoints. The plan depends on `delay` alone.
	pub(super) fn new(delay: u64) -> Self {
		let cost_and_plan = |kappa: u32| {
			let bits = u64::from(kappa);
			let per_gamma = (MULTIPLICATION << (kappa + 1)) + 10 * bits;
			let best = (CHECKPOINT.saturating_mul(delay) / (bits * per_gamma)).isqrt();
			let fewest = delay.div_ceil(bits * MAX_CHECKPOINTS);
			let gamma = best.max(fewest).clamp(1, u64::from(u32::MAX >> 5));
			let checkpoints = delay.div_ceil(bits * gamma);
			let cost = u128::from(CHECKPOINT * checkpoints)
				+ u128::from(MULTIPLICATION) * u128::from(delay / bits)
				+ u128::from(per_gamma) * u128::from(gamma);
			(cost, Self { kappa, gamma: u32::try_from(gamma).unwrap_or(u32::MAX >> 5) })
		};
		let best = (1..=16).map(cost_and_plan).min_by_key(|(cost, _)| *cost);
		best.map_or(Self { kappa: 1, gamma: 1 }, |(_, plan)| plan)
	}

	/// Squarings between two checkpoints.
	pub(super) fn spacing(self) -> u64 {
		u64::from(self.kappa) * u64::from(self.gamma)
	}
}
