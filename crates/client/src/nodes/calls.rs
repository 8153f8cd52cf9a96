// SPDX-License-Identifier: Apache-2.0
//! Count of calls, by the minute. Pure.

use tokio::time::Instant;

/// Count of the calls that were made: what a node has to bear, and may limit.
pub(super) struct Calls {
	pub(super) all: u64,
	/// Time when the present minute began, number of calls made before it, and number in the minute before it.
	minute: Instant,
	before: u64,
	last_minute: u64,
}

impl Calls {
	pub(super) fn new(now: Instant) -> Self {
		Self { all: 0, minute: now, before: 0, last_minute: 0 }
	}

	pub(super) fn count(&mut self, now: Instant) {
		let minutes = now.saturating_duration_since(self.minute).as_secs() / 60;
		if minutes > 0 {
			let in_minute = self.all.saturating_sub(self.before);
			*self = Self {
				all: self.all,
				minute: now,
				before: self.all,
				// After a pause the minute before was an idle one.
				last_minute: if minutes == 1 { in_minute } else { 0 },
			};
		}
		self.all = self.all.saturating_add(1);
	}

	/// The calls of the present minute or of the one before, whichever had more.
	pub(super) fn per_minute(&self) -> u64 {
		self.last_minute.max(self.all.saturating_sub(self.before))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[test]
	fn calls_should_be_counted_by_the_minute() {
		let start = Instant::now();
		let at = |seconds| start + Duration::from_secs(seconds);
		let mut calls = Calls::new(start);
		for second in [0, 20, 59] {
			calls.count(at(second));
		}
		assert_eq!((calls.all, calls.per_minute()), (3, 3));
		calls.count(at(60));
		assert_eq!((calls.all, calls.per_minute()), (4, 3), "the minute before");
		calls.count(at(200));
		assert_eq!((calls.all, calls.per_minute()), (5, 1), "nothing for two minutes");
	}
}
