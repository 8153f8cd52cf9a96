// SPDX-License-Identifier: Apache-2.0
//! Memory, measured by the program `pvs-rollup-heap`: its allocator counts, which would slow down what is
//! timed here.

use crate::workload::Outcome;
use serde::de::DeserializeOwned;
use std::{
	env::{self, consts::EXE_SUFFIX},
	path::{Path, PathBuf},
	process::{Command, Stdio},
};

/// The program that measures memory.
pub(crate) struct Program(PathBuf);

impl Program {
	/// The one in the directory of this program.
	pub(crate) fn beside_this_one() -> Outcome<Self> {
		let this = env::current_exe()
			.map_err(|error| format!("cannot find the directory of this program: {error}"))?;
		Self::beside(&this)
	}

	fn beside(program: &Path) -> Outcome<Self> {
		let path = program.with_file_name(format!("pvs-rollup-heap{EXE_SUFFIX}"));
		if !path.is_file() {
			return Err(format!(
				"{} is missing: it measures the memory; build it with pvs-rollup-bench and leave both in one directory",
				path.display()
			)
			.into());
		}
		Ok(Self(path))
	}

	/// Runs it to its end and reads its figures.
	pub(crate) fn measure<T: DeserializeOwned>(&self, arguments: &[&str]) -> Outcome<T> {
		let path = self.0.display();
		let output = Command::new(&self.0)
			.args(arguments)
			.stdin(Stdio::null())
			.output()
			.map_err(|error| format!("cannot run {path}: {error}"))?;
		if !output.status.success() {
			let said = String::from_utf8_lossy(&output.stderr);
			let said = match said.trim().trim_start_matches("error: ") {
				"" => "it says nothing; is there enough memory?",
				said => said,
			};
			return Err(format!("{path} failed ({}): {said}", output.status).into());
		}
		serde_json::from_slice(&output.stdout).map_err(|error| {
			format!("{path} prints no figures ({error}): build it again with pvs-rollup-bench")
				.into()
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::workload::state::Memory;

	fn refused<T>(outcome: Outcome<T>) -> String {
		outcome.err().unwrap().to_string()
	}

	#[test]
	fn memory_should_be_refused_when_its_program_is_missing() {
		let dir = tempfile::tempdir().unwrap();
		let error = refused(Program::beside(&dir.path().join("pvs-rollup-bench")));
		assert!(error.contains("pvs-rollup-heap") && error.contains("is missing"), "{error}");
	}

	#[cfg(unix)]
	#[test]
	fn memory_should_be_refused_when_its_program_fails_or_prints_no_figures() {
		let shell = Program("/bin/sh".into());
		let measure = |script| refused(shell.measure::<Memory>(&["-c", script]));
		let error = measure("echo error: the disk is full >&2; exit 3");
		assert!(error.contains("exit status: 3): the disk is full"), "{error}");
		let error = measure("kill -9 $$");
		assert!(error.contains("SIGKILL") && error.contains("enough memory"), "{error}");
		let error = measure("echo '{\"held\":1}'");
		assert!(error.contains("prints no figures (missing field"), "{error}");
		let error = refused(Program("/nowhere".into()).measure::<Memory>(&[]));
		assert!(error.contains("cannot run /nowhere"), "{error}");
	}
}
