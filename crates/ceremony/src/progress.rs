// SPDX-License-Identifier: Apache-2.0
//! Who hears how far work has come.

/// Hears about work that may take seconds. Tasks come one at a time.
pub trait Progress: Sync {
	/// A task of so many steps begins.
	fn begin(&self, task: &str, steps: u64);
	/// A step of the task is done.
	fn step(&self);
	/// The task is done.
	fn end(&self);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
	fn begin(&self, _: &str, _: u64) {}
	fn step(&self) {}
	fn end(&self) {}
}
