// SPDX-License-Identifier: Apache-2.0
//! Pauses between attempts: they double up to a limit, and no two programs keep in step.

use rand::Rng;
use std::time::Duration;

/// Pauses between attempts at the same thing.
///
/// The pause before attempt `n + 1` is `first * 2^n`, at most the longest one, of which a random part
/// between nothing and a half is taken off: programs that lost the same node do not come back at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
	first: Duration,
	longest: Duration,
	/// Pauses since the last success.
	pauses: u32,
}

impl Backoff {
	/// Returns pauses from `first` to `longest`; the first one is `longest` if that is shorter.
	pub const fn new(first: Duration, longest: Duration) -> Self {
		Self { first, longest, pauses: 0 }
	}

	/// Returns how long to pause now, and lengthens the next pause.
	pub fn next_pause(&mut self) -> Duration {
		self.next_pause_with(&mut rand::thread_rng())
	}

	/// Starts from the first pause again: an attempt has succeeded.
	pub fn reset(&mut self) {
		self.pauses = 0;
	}

	/// Returns the longest pause.
	pub const fn longest(&self) -> Duration {
		self.longest
	}

	fn next_pause_with(&mut self, rng: &mut impl Rng) -> Duration {
		let doubled = 2u32.checked_pow(self.pauses).and_then(|by| self.first.checked_mul(by));
		self.pauses = self.pauses.saturating_add(1);
		let full = doubled.unwrap_or(self.longest).min(self.longest);
		full.saturating_sub(full.mul_f64(rng.gen_range(0.0..=0.5)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand::{rngs::StdRng, SeedableRng};

	const FIRST: Duration = Duration::from_millis(100);
	const LONGEST: Duration = Duration::from_secs(5);

	#[test]
	fn pause_should_double_up_to_the_longest_when_attempts_fail() {
		let (mut backoff, mut rng) = (Backoff::new(FIRST, LONGEST), StdRng::seed_from_u64(1));
		for full in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map(Duration::from_millis) {
			let pause = backoff.next_pause_with(&mut rng);
			assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
		}
	}

	#[test]
	fn pause_should_be_the_first_again_when_an_attempt_has_succeeded() {
		let mut backoff = Backoff::new(FIRST, LONGEST);
		for _ in 0..10 {
			backoff.next_pause();
		}
		backoff.reset();
		assert!(backoff.next_pause() <= FIRST);
	}

	#[test]
	fn pause_should_stay_the_longest_when_attempts_fail_for_years() {
		let (mut backoff, mut rng) = (Backoff::new(FIRST, LONGEST), StdRng::seed_from_u64(2));
		backoff.pauses = u32::MAX;
		let pause = backoff.next_pause_with(&mut rng);
		assert!(pause >= LONGEST / 2 && pause <= LONGEST, "{pause:?}");
		assert_eq!(backoff.pauses, u32::MAX);
		let pause = Backoff::new(Duration::MAX, Duration::MAX).next_pause();
		assert!(pause >= Duration::MAX / 3);
	}

	#[test]
	fn pauses_of_two_programs_should_differ() {
		let pauses = |seed| {
			let (mut backoff, mut rng) =
				(Backoff::new(FIRST, LONGEST), StdRng::seed_from_u64(seed));
			[(); 4].map(|()| backoff.next_pause_with(&mut rng))
		};
		assert_ne!(pauses(3), pauses(4));
	}
}
