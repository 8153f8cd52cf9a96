// SPDX-License-Identifier: Apache-2.0
//! Programs that are there, missing, old and stubborn. They are shell scripts: Binaryen itself may be missing.

use super::*;
use crate::program::parse_version;
use std::{
	os::unix::fs::PermissionsExt,
	path::PathBuf,
	sync::{Mutex, MutexGuard, PoisonError},
};
use tempfile::TempDir;

struct Files {
	folder: TempDir,
	_one_at_a_time: MutexGuard<'static, ()>,
}

/// A program that another thread's child still has open for writing cannot be started.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Files {
	fn new() -> Self {
		let _one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
		let files = Self { folder: TempDir::new().unwrap(), _one_at_a_time };
		fs::write(files.path("in.wasm"), b"module").unwrap();
		files
	}

	fn path(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	fn out(&self) -> Option<String> {
		fs::read_to_string(self.path("out.wasm")).ok()
	}

	/// Returns the options that the program of [`WRITE_ARGUMENTS`] was given, without the two files.
	fn written_options(&self) -> String {
		let arguments = self.out().unwrap();
		arguments.split(" /").next().unwrap().to_owned()
	}

	/// Writes a program that says this version and these passes, and whose run is `run`.
	fn program(&self, version: &str, help: &str, run: &str) -> PathBuf {
		let path = self.path("wasm-opt");
		let script = format!(
			"#!/bin/sh\ncase \"$1\" in\n--version) echo '{version}' ;;\n--help) echo '{help}' ;;\n*) {run} ;;\nesac\n"
		);
		fs::write(&path, script).unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
		path
	}

	fn run(&self, choice: Choice) -> Result<(), OptimizationError> {
		options().run_with(choice, &self.path("in.wasm"), &self.path("out.wasm"))
	}
}

/// Those that the builder asks for.
fn options() -> OptimizationOptions {
	let mut options = OptimizationOptions::new_opt_level_0();
	options
		.mvp_features_only()
		.debug_info(true)
		.add_pass(Pass::StripDwarf)
		.add_pass(Pass::SignextLowering);
	options
}

/// Writes its arguments to the last one, which is the file.
const WRITE_ARGUMENTS: &str = r#"for out; do :; done; echo "$*" >"$out""#;

#[test]
fn version_should_be_read_when_more_follows() {
	assert_eq!(parse_version("wasm-opt version 108\n"), Some(108));
	assert_eq!(parse_version("wasm-opt version 116 (version_116-3-gabc)"), Some(116));
	for bad in ["", "wasm-opt", "wasm-opt version ", "wasm-opt version x", "node v20"] {
		assert_eq!(parse_version(bad), None, "{bad:?}");
	}
}

#[test]
fn choice_should_follow_the_variable() {
	let installed = Choice::Installed("wasm-opt".into());
	assert_eq!(Choice::from_value(None), installed);
	assert_eq!(Choice::from_value(Some("".into())), installed);
	assert_eq!(Choice::from_value(Some("none".into())), Choice::None);
	assert_eq!(Choice::from_value(Some("/opt/w".into())), Choice::Named("/opt/w".into()));
}

#[test]
fn module_should_be_transformed_when_the_program_knows_all_passes() {
	let files = Files::new();
	let program = files.program("wasm-opt version 116", "  --signext-lowering  x", WRITE_ARGUMENTS);
	files.run(Choice::Named(program)).unwrap();
	assert_eq!(
		files.written_options(),
		"--mvp-features --debuginfo --strip-dwarf --signext-lowering"
	);
}

#[test]
fn sign_extension_should_be_refused_when_the_program_cannot_lower_it() {
	let files = Files::new();
	let program = files.program("wasm-opt version 108", "no such pass", WRITE_ARGUMENTS);
	files.run(Choice::Installed(program.clone())).unwrap();
	assert_eq!(files.written_options(), "--mvp-features --debuginfo --strip-dwarf");

	let mut lowering_only = OptimizationOptions::new_opt_level_0();
	lowering_only.add_pass(Pass::SignextLowering);
	lowering_only
		.run_with(Choice::Named(program), &files.path("in.wasm"), &files.path("out.wasm"))
		.unwrap();
	assert_eq!(files.written_options(), "--mvp-features");
}

#[test]
fn module_should_stay_as_it_is_when_no_program_is_installed() {
	let files = Files::new();
	files.run(Choice::Installed(files.path("missing"))).unwrap();
	assert_eq!(files.out().unwrap(), "module");
	files.run(Choice::None).unwrap();
	// In place, nothing is to do.
	let same = files.path("in.wasm");
	options().run_with(Choice::None, &same, &same).unwrap();
	assert_eq!(fs::read(same).unwrap(), b"module");
}

#[test]
fn module_should_stay_as_it_is_when_the_installed_program_is_too_old() {
	let files = Files::new();
	let program = files.program("wasm-opt version 104", "", "exit 1");
	files.run(Choice::Installed(program)).unwrap();
	assert_eq!(files.out().unwrap(), "module");
}

#[test]
fn named_program_should_be_refused_when_it_is_missing_old_or_another_one() {
	let files = Files::new();
	let error = files.run(Choice::Named(files.path("missing"))).unwrap_err();
	assert!(matches!(error, OptimizationError::Program { .. }), "{error}");
	for (version, said) in [
		("wasm-opt version 104", "version 104 is older than 105"),
		("v20.1.0", "its version is not understood: \"v20.1.0\""),
	] {
		let program = files.program(version, "", "exit 0");
		let error = files.run(Choice::Named(program)).unwrap_err();
		assert!(matches!(error, OptimizationError::Program { .. }), "{error}");
		assert!(error.to_string().contains(said), "{error}");
	}
	assert_eq!(files.out(), None);
}

#[test]
fn refusal_should_be_an_error_with_the_words_of_the_program() {
	let files = Files::new();
	let program = files.program("wasm-opt version 108", "", "echo 'no module' >&2; exit 1");
	// An installed program that refuses is no reason to go on: the module may need what it checks.
	let error = files.run(Choice::Installed(program)).unwrap_err();
	assert!(matches!(error, OptimizationError::Refused { .. }), "{error}");
	assert!(error.to_string().contains("no module"), "{error}");
}

#[test]
fn result_should_be_an_error_when_it_cannot_be_written() {
	let files = Files::new();
	let error = options()
		.run_with(Choice::None, &files.path("in.wasm"), &files.path("no/such/folder"))
		.unwrap_err();
	assert!(matches!(error, OptimizationError::File { .. }), "{error}");
}
