// SPDX-License-Identifier: Apache-2.0
//! The allocator, which counts.

use crate::workload::{Meter, Outcome};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The bytes in use.
pub(crate) fn used() -> u64 {
	HEAP.current_usage() as u64
}

/// Memory as a figure.
pub(crate) struct Heap;

/// Bytes above what was in use before.
pub(crate) struct Bytes {
	/// The most while the work was done.
	pub(crate) peak: u64,
	/// What its result holds.
	pub(crate) held: u64,
}

impl Meter for Heap {
	type Figure = Bytes;

	fn of<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Bytes)> {
		let before = used();
		HEAP.reset_peak_usage();
		let result = work()?;
		let (peak, after) = (HEAP.peak_usage() as u64, used());
		let above = |bytes: u64| bytes.saturating_sub(before);
		Ok((result, Bytes { peak: above(peak), held: above(after) }))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Far above what the harness allocates on its own threads meanwhile.
	const LARGE: usize = 64 << 20;

	#[test]
	fn heap_should_tell_the_peak_from_what_is_held() {
		let work = || {
			drop(vec![1_u8; 2 * LARGE]);
			Ok(vec![1_u8; LARGE])
		};
		let (kept, bytes) = Heap::of(work).unwrap();
		let near = |bytes: u64, expected: usize| bytes.abs_diff(expected as u64) < LARGE as u64 / 4;
		assert_eq!(kept.len(), LARGE);
		assert!(near(bytes.peak, 2 * LARGE), "{}", bytes.peak);
		assert!(near(bytes.held, LARGE), "{}", bytes.held);
	}
}
