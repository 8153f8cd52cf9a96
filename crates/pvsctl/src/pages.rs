// SPDX-License-Identifier: Apache-2.0
//! Completions and man pages.

use clap::Command;
use clap_complete::Shell;
use pvs_files::write_whole;
use std::{error::Error, fs, path::Path};

type Outcome = Result<(), Box<dyn Error>>;

/// Prints completions for a shell.
pub(crate) fn completions(mut command: Command, shell: Shell) -> Outcome {
	let mut script = Vec::new();
	clap_complete::generate(shell, &mut command, "pvsctl", &mut script);
	Ok(pvs_text::print(String::from_utf8(script)?.trim_end())?)
}

/// Writes a man page for the program and for each of its commands.
pub(crate) fn man(command: Command, dir: &Path) -> Outcome {
	let failed = |error| format!("cannot write to {}: {error}", dir.display());
	fs::create_dir_all(dir).map_err(failed)?;
	let mut command = command.disable_help_subcommand(true);
	command.build();
	let mut waiting = vec![command];
	while let Some(command) = waiting.pop() {
		let mut page = Vec::new();
		clap_mangen::Man::new(command.clone()).render(&mut page)?;
		let name = command.get_display_name().unwrap_or_else(|| command.get_name());
		write_whole(&dir.join(format!("{name}.1")), &page).map_err(failed)?;
		let commands = command.get_subcommands().filter(|it| it.get_name() != "help");
		waiting.extend(commands.cloned());
	}
	Ok(())
}
