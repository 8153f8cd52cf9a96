// SPDX-License-Identifier: Apache-2.0
//! Tasks of unknown length on a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use pvs_rollup::proving::Progress;
use std::{io::IsTerminal, sync::Mutex, time::Duration};

/// Writes to stderr; a spinner with the time taken when that is a terminal, lines otherwise.
#[derive(Debug, Default)]
pub(crate) struct Loading {
	spinner: Mutex<Option<ProgressBar>>,
}

impl Loading {
	fn replace(&self, spinner: Option<ProgressBar>) {
		if let Ok(mut current) = self.spinner.lock() {
			if let Some(old) = std::mem::replace(&mut *current, spinner) {
				old.finish_and_clear();
			}
		}
	}
}

impl Progress for Loading {
	fn begin(&self, task: &str) {
		if !std::io::stderr().is_terminal() {
			pvs_text::complain(format_args!("{task}..."));
			return;
		}
		let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]")
			.unwrap_or_else(|_| ProgressStyle::default_spinner());
		let spinner = ProgressBar::new_spinner().with_style(style).with_message(task.to_owned());
		spinner.enable_steady_tick(Duration::from_millis(100));
		self.replace(Some(spinner));
	}

	fn end(&self) {
		self.replace(None);
	}

	fn note(&self, line: &str) {
		pvs_text::complain(line);
	}
}
