// SPDX-License-Identifier: Apache-2.0
//! How long work shows that it lives.

use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal, sync::Mutex, time::Duration};

/// Hears about work that takes seconds.
pub trait Progress {
	/// A task of unknown length begins; one at a time.
	fn begin(&self, task: &str);
	/// The task that began last is over.
	fn end(&self);
	/// Something that the user should know.
	fn note(&self, line: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
	fn begin(&self, _: &str) {}
	fn end(&self) {}
	fn note(&self, _: &str) {}
}

/// Writes to stderr; a spinner with the time taken when that is a terminal, lines otherwise.
#[derive(Debug, Default)]
pub struct Terminal {
	spinner: Mutex<Option<ProgressBar>>,
}

impl Terminal {
	fn replace(&self, spinner: Option<ProgressBar>) {
		if let Ok(mut current) = self.spinner.lock() {
			if let Some(old) = std::mem::replace(&mut *current, spinner) {
				old.finish_and_clear();
			}
		}
	}
}

impl Progress for Terminal {
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
