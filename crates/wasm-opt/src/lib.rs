// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]

mod error;
mod program;

pub use error::OptimizationError;

use program::Choice;
use std::{ffi::OsString, fs, path::Path};

/// A transformation of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
	/// Removes DWARF debug information.
	StripDwarf,
	/// Replaces sign extension instructions by shifts.
	SignextLowering,
}

/// Options of a run, at optimization level 0.
#[derive(Clone, Debug, Default)]
pub struct OptimizationOptions {
	mvp: bool,
	debug_info: bool,
	passes: Vec<Pass>,
}

impl OptimizationOptions {
	/// Returns options that change nothing.
	pub fn new_opt_level_0() -> Self {
		Self::default()
	}

	/// Refuses modules that need more than the first Wasm.
	pub fn mvp_features_only(&mut self) -> &mut Self {
		self.mvp = true;
		self
	}

	/// Keeps the names of functions.
	pub fn debug_info(&mut self, value: bool) -> &mut Self {
		self.debug_info = value;
		self
	}

	/// Adds a pass.
	pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
		self.passes.push(pass);
		self
	}

	/// Writes the module in `infile`, transformed, to `outfile`; the two may be the same file.
	///
	/// The variable `PVS_WASM_OPT` chooses the program, as the crate's documentation says. Where none is
	/// found, the module is written as it is and a warning of the build says so.
	///
	/// # Errors
	///
	/// [`OptimizationError::Program`] if the program that was named cannot be run or is too old,
	/// [`OptimizationError::Refused`] if it does not take the module, [`OptimizationError::File`] if `outfile`
	/// cannot be written.
	pub fn run(
		&self,
		infile: impl AsRef<Path>,
		outfile: impl AsRef<Path>,
	) -> Result<(), OptimizationError> {
		// The build script that runs this decides anew when the choice changes.
		println!("cargo:rerun-if-env-changed={}", program::VARIABLE);
		self.run_with(Choice::from_environment(), infile.as_ref(), outfile.as_ref())
	}

	fn run_with(
		&self,
		choice: Choice,
		infile: &Path,
		outfile: &Path,
	) -> Result<(), OptimizationError> {
		match choice.find()? {
			Ok(program) => {
				program.run(&self.arguments(program.lowers_sign_extension), infile, outfile)
			},
			Err(reason) => {
				println!("cargo:warning=the Wasm is not compacted: {reason}");
				copy(infile, outfile)
			},
		}
	}

	fn arguments(&self, lowers_sign_extension: bool) -> Vec<OsString> {
		let mut arguments = Vec::new();
		let lowering_is_missing =
			!lowers_sign_extension && self.passes.contains(&Pass::SignextLowering);
		if self.mvp || lowering_is_missing {
			arguments.push("--mvp-features".into());
		}
		if self.debug_info {
			arguments.push("--debuginfo".into());
		}
		for pass in &self.passes {
			match pass {
				Pass::StripDwarf => arguments.push("--strip-dwarf".into()),
				Pass::SignextLowering if lowers_sign_extension => {
					arguments.push("--signext-lowering".into())
				},
				Pass::SignextLowering => {},
			}
		}
		arguments
	}
}

fn copy(infile: &Path, outfile: &Path) -> Result<(), OptimizationError> {
	if infile == outfile {
		return Ok(());
	}
	fs::copy(infile, outfile)
		.map(|_| ())
		.map_err(|source| OptimizationError::File { path: outfile.to_owned(), source })
}

#[cfg(test)]
mod tests;
