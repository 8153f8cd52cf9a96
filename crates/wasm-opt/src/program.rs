// SPDX-License-Identifier: Apache-2.0
//! The program: which one, whether it can be used, and a run of it.

use crate::OptimizationError;
use std::{
	env,
	ffi::OsString,
	path::{Path, PathBuf},
	process::Command,
};

/// The environment variable that names the program.
pub(crate) const VARIABLE: &str = "PVS_WASM_OPT";

/// The oldest version that was tried.
pub(crate) const MINIMUM_VERSION: u32 = 105;

/// Which program is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
	/// None: the module stays as it is.
	None,
	/// This one, or an error.
	Named(PathBuf),
	/// The one in the `PATH`, if there is one.
	Installed(PathBuf),
}

impl Choice {
	/// Reads the environment.
	pub(crate) fn from_environment() -> Self {
		Self::from_value(env::var_os(VARIABLE))
	}

	/// Reads a value of the variable; an empty one counts as unset.
	pub(crate) fn from_value(value: Option<OsString>) -> Self {
		match value {
			Some(value) if value == "none" => Self::None,
			Some(value) if !value.is_empty() => Self::Named(value.into()),
			_ => Self::Installed("wasm-opt".into()),
		}
	}

	/// Returns the program, or why the module stays as it is.
	///
	/// # Errors
	///
	/// [`OptimizationError::Program`] if a named program cannot be used.
	pub(crate) fn find(self) -> Result<Result<Program, String>, OptimizationError> {
		match self {
			Self::None => Ok(Err(format!("{VARIABLE} is none"))),
			Self::Named(path) => match Program::probe(&path) {
				Ok(program) => Ok(Ok(program)),
				Err(reason) => Err(OptimizationError::Program { path, reason }),
			},
			Self::Installed(path) => Ok(Program::probe(&path).map_err(|reason| {
				format!("wasm-opt: {reason}; install Binaryen (Debian: apt-get install binaryen)")
			})),
		}
	}
}

/// A program that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
	path: PathBuf,
	/// True if it knows the pass `--signext-lowering`.
	pub(crate) lowers_sign_extension: bool,
}

impl Program {
	/// Asks the program for its version and its passes.
	fn probe(path: &Path) -> Result<Self, String> {
		let ask = |question: &str| {
			let output = Command::new(path).arg(question).output().map_err(|e| e.to_string())?;
			Ok::<_, String>(String::from_utf8_lossy(&output.stdout).into_owned())
		};
		let version = ask("--version")?;
		match parse_version(&version) {
			None => Err(format!("its version is not understood: {:?}", version.trim())),
			Some(version) if version < MINIMUM_VERSION => {
				Err(format!("version {version} is older than {MINIMUM_VERSION}"))
			},
			Some(_) => Ok(Self {
				path: path.to_owned(),
				lowers_sign_extension: ask("--help")?.contains("--signext-lowering"),
			}),
		}
	}

	/// Transforms a module.
	///
	/// # Errors
	///
	/// [`OptimizationError::Refused`] with the program's words.
	pub(crate) fn run(
		&self,
		arguments: &[OsString],
		infile: &Path,
		outfile: &Path,
	) -> Result<(), OptimizationError> {
		let refused =
			|output: String| OptimizationError::Refused { path: self.path.clone(), output };
		let output = Command::new(&self.path)
			.args(arguments)
			.arg(infile)
			.arg("-o")
			.arg(outfile)
			.output()
			.map_err(|e| refused(e.to_string()))?;
		if output.status.success() {
			Ok(())
		} else {
			let said = [output.stderr, output.stdout].concat();
			Err(refused(format!("{}: {}", output.status, String::from_utf8_lossy(&said))))
		}
	}
}

/// Reads `wasm-opt version 108`, with or without what follows the number.
pub(crate) fn parse_version(text: &str) -> Option<u32> {
	let number = text.trim().strip_prefix("wasm-opt version ")?;
	let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
	number.get(..end)?.parse().ok()
}
