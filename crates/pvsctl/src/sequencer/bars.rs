// SPDX-License-Identifier: Apache-2.0
//! Progress of the load generator.

use indicatif::{ProgressBar, ProgressStyle};
use pvs_sequencer::LoadProgress;
use std::{io::IsTerminal, time::Duration};

/// A bar on a terminal, nothing elsewhere.
pub(super) struct Bar(ProgressBar);

impl Bar {
	pub(super) fn new(count: u64) -> Self {
		if !std::io::stderr().is_terminal() {
			return Self(ProgressBar::hidden());
		}
		let style = ProgressStyle::with_template("{spinner} {pos}/{len} final {bar:20} {msg}")
			.unwrap_or_else(|_| ProgressStyle::default_bar());
		let bar = ProgressBar::new(count).with_style(style);
		bar.enable_steady_tick(Duration::from_millis(200));
		Self(bar)
	}
}

impl LoadProgress for Bar {
	fn at(&self, finals: u64, message: String) {
		self.0.set_position(finals);
		self.0.set_message(message);
	}

	fn end(&self) {
		self.0.finish_and_clear();
	}
}
