// SPDX-License-Identifier: Apache-2.0
//! How long work shows that it lives.

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
