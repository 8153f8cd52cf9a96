// SPDX-License-Identifier: Apache-2.0
//! Work that `pvs-rollup-bench` times and `pvs-rollup-heap` takes the memory of: the same in two programs, because
//! an allocator that counts slows down whoever allocates.

pub(crate) mod proofs;
pub(crate) mod state;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{error::Error, io::IsTerminal, ops::RangeInclusive, time::Duration};

/// Domains of proofs, as powers of two.
pub(crate) const POWERS: RangeInclusive<i64> = 14..=18;
/// Accounts of a state, as powers of two.
pub(crate) const ACCOUNTS_LOG2: RangeInclusive<i64> = 8..=24;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Takes the figure of a piece of work.
pub(crate) trait Meter {
	type Figure;

	fn of<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Self::Figure)>;
}

/// A bar on a terminal, nothing elsewhere.
pub(crate) fn bar(steps: usize) -> ProgressBar {
	if !std::io::stderr().is_terminal() {
		return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
	}
	let style = ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos}/{len} [{elapsed}]")
		.unwrap_or_else(|_| ProgressStyle::default_bar());
	let bar = ProgressBar::new(steps as u64).with_style(style);
	bar.enable_steady_tick(Duration::from_millis(100));
	bar
}
