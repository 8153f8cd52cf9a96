// SPDX-License-Identifier: Apache-2.0
//! Lines for stdout and stderr. The macros of the standard library panic where a line cannot be
//! written, which after the work is done makes a failure of it.

use std::{
	fmt::Display,
	io::{self, ErrorKind, Write},
};

/// The standard output takes no more, for another reason than that its reader has gone.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to the standard output: {0}; send it to where there is space")]
pub struct OutputError(io::Error);

/// Prints a line, or several with line breaks between them. A reader that has gone away, as `head`
/// does, is no error of the work that was done, and the line is lost.
///
/// # Errors
///
/// [`OutputError`] if the line is lost for any other reason.
pub fn print(text: impl Display) -> Result<(), OutputError> {
	write_line(&mut io::stdout().lock(), text)
}

/// Writes a line to stderr. Where that fails, nobody is left to be told.
pub fn complain(text: impl Display) {
	let _ = writeln!(io::stderr().lock(), "{text}");
}

fn write_line(to: &mut impl Write, text: impl Display) -> Result<(), OutputError> {
	match writeln!(to, "{text}").and_then(|()| to.flush()) {
		Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(OutputError(error)),
		_ => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Fails like a pipe or a file.
	struct Failing(ErrorKind);

	impl Write for Failing {
		fn write(&mut self, _: &[u8]) -> io::Result<usize> {
			Err(self.0.into())
		}

		fn flush(&mut self) -> io::Result<()> {
			Err(self.0.into())
		}
	}

	#[test]
	fn line_should_be_written_whole() {
		let mut written = Vec::new();
		write_line(&mut written, format_args!("{} lines", 2)).unwrap();
		assert_eq!(written, b"2 lines\n");
	}

	#[test]
	fn line_should_be_lost_without_an_error_when_its_reader_has_gone() {
		assert!(write_line(&mut Failing(ErrorKind::BrokenPipe), "lost").is_ok());
	}

	#[test]
	fn line_should_be_an_error_when_there_is_no_space_for_it() {
		let error = write_line(&mut Failing(ErrorKind::StorageFull), "lost").unwrap_err();
		let text = error.to_string();
		assert!(text.starts_with("cannot write to the standard output"), "{text}");
	}
}
