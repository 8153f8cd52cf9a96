// SPDX-License-Identifier: Apache-2.0
//! Progress on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use pvs_ceremony::Progress;
use std::{
	io::IsTerminal,
	sync::{Mutex, PoisonError},
	time::Duration,
};

/// A bar on stderr.
#[derive(Debug, Default)]
pub(crate) struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
	fn replace(&self, bar: Option<ProgressBar>) {
		let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(old) = std::mem::replace(&mut *current, bar) {
			old.finish_and_clear();
		}
	}
}

impl Progress for Bar {
	fn begin(&self, task: &str, steps: u64) {
		if !std::io::stderr().is_terminal() {
			return;
		}
		let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% [{elapsed}]")
			.unwrap_or_else(|_| ProgressStyle::default_bar());
		let bar = ProgressBar::new(steps).with_style(style).with_message(task.to_owned());
		bar.enable_steady_tick(Duration::from_millis(200));
		self.replace(Some(bar));
	}

	fn step(&self) {
		if let Some(bar) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
			bar.inc(1);
		}
	}

	fn end(&self) {
		self.replace(None);
	}
}
