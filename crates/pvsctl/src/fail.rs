// SPDX-License-Identifier: Apache-2.0
//! Errors in one line, and exit codes.

use std::{fmt::Display, process::ExitCode};

/// Exit code of a command that failed.
const FAILURE: u8 = 1;
/// Exit code of a command line that is wrong.
pub(crate) const USAGE: u8 = 2;

/// Turns the result of a command into its exit code, and an error into one line on stderr.
pub(crate) fn finish<E: Display>(result: Result<(), E>) -> ExitCode {
	match result {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => finish_with(FAILURE, &error),
	}
}

/// Tells an error: of the command line, or of what it asked for.
pub(crate) fn finish_as(is_usage: bool, error: &dyn Display) -> ExitCode {
	finish_with(if is_usage { USAGE } else { FAILURE }, error)
}

/// Tells an error, and returns this exit code.
pub(crate) fn finish_with(code: u8, error: &dyn Display) -> ExitCode {
	pvs_text::complain(format_args!("error: {}", one_line(&error.to_string())));
	ExitCode::from(code)
}

/// Returns the exit code of a service that has stopped as asked, with so many pieces of work left.
pub(crate) fn left(open: usize) -> ExitCode {
	pvs_service::shutdown::exit_code(open)
}

/// Puts a text on one line.
pub(crate) fn one_line(text: &str) -> String {
	text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn error_should_fit_on_one_line() {
		assert_eq!(one_line("one\n  two\tthree "), "one two three");
	}
}
