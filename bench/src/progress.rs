// SPDX-License-Identifier: Apache-2.0
//! A bar on stderr while something takes long; nothing where that is not a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::IsTerminal, time::Duration};

/// A bar for `steps` steps of `task`. It goes when it is dropped.
pub(crate) fn bar(task: &'static str, steps: usize) -> ProgressBar {
	if !std::io::stderr().is_terminal() {
		return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
	}
	let style = ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos}/{len} [{elapsed}]")
		.unwrap_or_else(|_| ProgressStyle::default_bar());
	let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX))
		.with_style(style)
		.with_message(task)
		.with_finish(indicatif::ProgressFinish::AndClear);
	bar.enable_steady_tick(Duration::from_millis(100));
	bar
}
