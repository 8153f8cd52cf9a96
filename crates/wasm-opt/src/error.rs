// SPDX-License-Identifier: Apache-2.0
//! What can go wrong.

use std::{fmt, io, path::PathBuf};

/// Why a module was not transformed.
#[derive(Debug)]
pub enum OptimizationError {
	/// The program that `PVS_WASM_OPT` names cannot be used.
	Program {
		/// The program.
		path: PathBuf,
		/// The reason.
		reason: String,
	},
	/// The program ran and refused the module.
	Refused {
		/// The program.
		path: PathBuf,
		/// Its own words.
		output: String,
	},
	/// The result cannot be written.
	File {
		/// The file.
		path: PathBuf,
		/// The cause.
		source: io::Error,
	},
}

impl fmt::Display for OptimizationError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Program { path, reason } => write!(
				f,
				"PVS_WASM_OPT names {}, which cannot be used: {reason}; name Binaryen's wasm-opt, or unset it",
				path.display()
			),
			Self::Refused { path, output } => {
				write!(f, "{} refused the module: {}", path.display(), output.trim())
			},
			Self::File { path, source } => write!(f, "cannot write {}: {source}", path.display()),
		}
	}
}

impl std::error::Error for OptimizationError {}
