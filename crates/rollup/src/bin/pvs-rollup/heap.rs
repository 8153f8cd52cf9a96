// SPDX-License-Identifier: Apache-2.0
//! The allocator: it counts what is in use, except while something is timed.

use peak_alloc::PeakAlloc;
use std::{
	alloc::{GlobalAlloc, Layout, System},
	sync::atomic::{AtomicBool, Ordering},
};

#[global_allocator]
pub(crate) static HEAP: Heap = Heap { uncounted: AtomicBool::new(false) };

pub(crate) struct Heap {
	uncounted: AtomicBool,
}

impl Heap {
	/// Does some work as fast as without a count. What it leaves behind, or frees of what was there
	/// before, stays out of the count for good: only what lives within may be large.
	pub(crate) fn uncounted<T>(&self, work: impl FnOnce() -> T) -> T {
		self.uncounted.store(true, Ordering::SeqCst);
		let result = work();
		self.uncounted.store(false, Ordering::SeqCst);
		result
	}

	/// The bytes in use.
	pub(crate) fn used(&self) -> usize {
		PeakAlloc.current_usage()
	}

	/// Does some work and gives the most bytes that were in use meanwhile.
	pub(crate) fn peak<T>(&self, work: impl FnOnce() -> T) -> (T, usize) {
		PeakAlloc.reset_peak_usage();
		let result = work();
		(result, PeakAlloc.peak_usage())
	}

	fn is_uncounted(&self) -> bool {
		self.uncounted.load(Ordering::Relaxed)
	}
}

// Every call goes on as it came, to one of two allocators that share their memory.
#[allow(unsafe_code)]
// SAFETY: the contract of each function is that of the function it calls; `PeakAlloc` takes its memory
// from `System`, so that either frees what the other one gave out.
unsafe impl GlobalAlloc for Heap {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		if self.is_uncounted() {
			System.alloc(layout)
		} else {
			PeakAlloc.alloc(layout)
		}
	}

	unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
		if self.is_uncounted() {
			System.alloc_zeroed(layout)
		} else {
			PeakAlloc.alloc_zeroed(layout)
		}
	}

	unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
		if self.is_uncounted() {
			System.realloc(pointer, layout, size)
		} else {
			PeakAlloc.realloc(pointer, layout, size)
		}
	}

	unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
		if self.is_uncounted() {
			System.dealloc(pointer, layout);
		} else {
			PeakAlloc.dealloc(pointer, layout);
		}
	}
}
