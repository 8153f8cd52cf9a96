// SPDX-License-Identifier: Apache-2.0
//! Keys and proofs of other tools.
//!
//! [`run`] does a command and prints; [`execute`] does it and returns what there is to print.

mod args;
mod file;
mod report;
#[cfg(test)]
mod tests;

pub(crate) use args::Command;

use args::{ImportKey, ImportProof, ShowKey};
use pvs_formats::{
	parse_scalar, read_key, read_proof, read_public_inputs, to_layout_v1, wire_key, Encoding,
	FormatError, Source, INPUT_NAMES,
};
use pvs_primitives::{hash::blake2_256, Bytes32, PUBLIC_INPUTS};
use pvs_text::OutputError;
use pvs_verifier::{KeyError, ProofError};
use report::{KeyReport, ProofReport, Report};
use std::{
	io,
	path::{Path, PathBuf},
};

/// Reason why a command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
	/// The file cannot be read.
	#[error("cannot read {}: {source}", path.display())]
	Read {
		/// Its path.
		path: PathBuf,
		/// The cause.
		source: io::Error,
	},
	/// The file is not what it should be.
	#[error("{}: {error}{hint}", path.display())]
	Format {
		/// Its path.
		path: PathBuf,
		/// The cause.
		error: FormatError,
		/// Text that may help.
		hint: String,
	},
	/// The file is not a verifying key as a chain takes it.
	#[error("{}: not a key of 768 bytes that a chain accepts: {error}", path.display())]
	WireKey {
		/// Its path.
		path: PathBuf,
		/// The cause.
		error: KeyError,
	},
	/// A public input on the command line cannot be read.
	#[error("--inputs: {0}")]
	Inputs(FormatError),
	/// The proof does not hold.
	#[error("{}: {error}", path.display())]
	Proof {
		/// Its path.
		path: PathBuf,
		/// The cause.
		error: ProofError,
	},
	/// There is a file already.
	#[error("{} exists; name another file with --output, or replace it with --force", .0.display())]
	Exists(PathBuf),
	/// The file cannot be written.
	#[error("cannot write {}: {source}", path.display())]
	Write {
		/// Its path.
		path: PathBuf,
		/// The cause.
		source: io::Error,
	},
	/// The report cannot be printed. The command is done.
	#[error(transparent)]
	Output(#[from] OutputError),
}

/// Does the command and prints its report to stdout: lines, or one JSON object.
///
/// # Errors
///
/// One [`Error`] per cause. Then nothing has been written, unless it is [`Error::Output`].
pub(crate) fn run(command: &Command) -> Result<(), Error> {
	let report = execute(command)?;
	Ok(pvs_text::print(report.text(command.json()))?)
}

/// Does the command and returns its report.
///
/// # Errors
///
/// As [`run`], but for [`Error::Output`].
pub(crate) fn execute(command: &Command) -> Result<Report, Error> {
	match command {
		Command::Import(args) => import_key(args).map(Report::Key),
		Command::Show(args) => show_key(args).map(Report::Key),
		Command::ImportProof(args) => import_proof(args).map(Report::Proof),
	}
}

fn import_key(args: &ImportKey) -> Result<KeyReport, Error> {
	let bytes = file::read(&args.file)?;
	let read = |source| read_key(source, &bytes).and_then(|key| Ok((key.to_wire()?, key.encoding)));
	let (wire, encoding) = read(args.from).map_err(|error| Error::Format {
		path: args.file.clone(),
		error,
		hint: other_source(args.from, |source| read(source).is_ok()),
	})?;
	let output = args.output.clone().unwrap_or_else(|| args.file.with_extension("pvskey"));
	let hex_output = args.hex.then(|| file::with_hex(&output));
	let hex = file::hex_line(&wire);
	let mut files = vec![(output.as_path(), &wire[..])];
	files.extend(hex_output.as_deref().map(|path| (path, hex.as_bytes())));
	file::write_all(&files, args.force)?;
	Ok(KeyReport {
		hash: blake2_256(&[&wire]),
		read_as: Some((args.from, encoding)),
		file: output,
		hex_file: hex_output,
	})
}

fn show_key(args: &ShowKey) -> Result<KeyReport, Error> {
	let file = file::read(&args.file)?;
	let key = wire_key(&file);
	pvs_verifier::prepare_key(&key)
		.map_err(|error| Error::WireKey { path: args.file.clone(), error })?;
	Ok(KeyReport {
		hash: blake2_256(&[&key]),
		read_as: None,
		file: args.file.clone(),
		hex_file: None,
	})
}

fn import_proof(args: &ImportProof) -> Result<ProofReport, Error> {
	let bytes = file::read(&args.file)?;
	let read = |source| {
		read_proof(source, &bytes).and_then(|proof| Ok((proof.to_wire()?, proof.encoding)))
	};
	let (wire, encoding): (_, Encoding) = read(args.from).map_err(|error| Error::Format {
		path: args.file.clone(),
		error,
		hint: other_source(args.from, |source| read(source).is_ok()),
	})?;
	let verified_under = args.key.as_ref().map(|path| verify(args, path, &wire)).transpose()?;
	let output = args.output.clone().unwrap_or_else(|| args.file.with_extension("pvsproof"));
	file::write_all(&[(&output, &wire[..])], args.force)?;
	Ok(ProofReport {
		proof_commitment: blake2_256(&[&wire]),
		source: args.from,
		encoding,
		verified_under,
		file: output,
	})
}

/// Verifies the proof under a key of 768 bytes and returns the key's hash.
fn verify(args: &ImportProof, key_path: &Path, proof: &[u8]) -> Result<Bytes32, Error> {
	let file = file::read(key_path)?;
	let key = wire_key(&file);
	let prepared = pvs_verifier::prepare_key(&key)
		.map_err(|error| Error::WireKey { path: key_path.to_owned(), error })?;
	let inputs = match &args.public {
		Some(path) => {
			let bytes = file::read(path)?;
			read_public_inputs(args.from, &bytes)
				.and_then(|inputs| to_layout_v1(&inputs))
				.map_err(|error| Error::Format { path: path.clone(), error, hint: String::new() })?
		},
		None => named_inputs(&args.inputs).map_err(Error::Inputs)?,
	};
	pvs_verifier::verify(&prepared, &inputs, proof)
		.map_err(|error| Error::Proof { path: args.file.clone(), error })?;
	Ok(blake2_256(&[&key]))
}

fn named_inputs(texts: &[String]) -> Result<[Bytes32; PUBLIC_INPUTS], FormatError> {
	let inputs: Vec<_> = texts
		.iter()
		.enumerate()
		.map(|(index, text)| {
			let place = INPUT_NAMES.get(index).copied().unwrap_or("a fifth input");
			parse_scalar(text.trim(), place)
		})
		.collect::<Result<_, _>>()?;
	to_layout_v1(&inputs)
}

/// A hint at the source with which the file can be read, if there is another one.
fn other_source(named: Source, reads: impl Fn(Source) -> bool) -> String {
	Source::ALL
		.into_iter()
		.find(|source| *source != named && reads(*source))
		.map(|source| format!("; it can be read with --from {source}"))
		.unwrap_or_default()
}
