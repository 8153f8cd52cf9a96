// SPDX-License-Identifier: Apache-2.0
//! Two halves of a verification at once, where there is a second core.

#[cfg(feature = "std")]
use std::sync::{
	atomic::{AtomicBool, Ordering},
	LazyLock,
};

/// The thread that helps the one that verifies. It belongs to verification alone, so that blocks do not
/// wait for proofs that the same process makes.
#[cfg(feature = "std")]
static HELPER: LazyLock<Option<rayon::ThreadPool>> = LazyLock::new(|| {
	std::thread::available_parallelism().ok().filter(|cores| cores.get() > 1)?;
	let builder = rayon::ThreadPoolBuilder::new().num_threads(1);
	builder.thread_name(|_| "verify".into()).build().ok()
});

/// Returns true if halves run at once.
#[cfg(feature = "std")]
pub(crate) fn two() -> bool {
	HELPER.is_some()
}

/// True if the helper works for somebody. Waiting for it could take longer than doing without.
#[cfg(feature = "std")]
static BUSY: AtomicBool = AtomicBool::new(false);

/// Gives the helper back, also when a verification panics.
#[cfg(feature = "std")]
struct Taken;

#[cfg(feature = "std")]
impl Drop for Taken {
	fn drop(&mut self) {
		BUSY.store(false, Ordering::Release);
	}
}

/// Runs both: the left one on the helper, if it is asked for, there is one, and nobody else has it.
#[cfg(feature = "std")]
pub(crate) fn join<A: Send + Default, B>(
	at_once: bool,
	left: impl FnOnce() -> A + Send,
	right: impl FnOnce() -> B,
) -> (A, B) {
	let helper = HELPER.as_ref().filter(|_| at_once && !BUSY.swap(true, Ordering::Acquire));
	let Some(pool) = helper else { return (left(), right()) };
	let _taken = Taken;
	let mut of_left = A::default();
	let of_right = pool.in_place_scope(|scope| {
		scope.spawn(|_| of_left = left());
		right()
	});
	(of_left, of_right)
}

/// There is one thread.
#[cfg(not(feature = "std"))]
pub(crate) fn two() -> bool {
	false
}

/// Runs one after the other.
#[cfg(not(feature = "std"))]
pub(crate) fn join<A, B>(
	_at_once: bool,
	left: impl FnOnce() -> A,
	right: impl FnOnce() -> B,
) -> (A, B) {
	(left(), right())
}
