// SPDX-License-Identifier: Apache-2.0
//! Directories of the user's.

use std::path::PathBuf;

/// A directory below the user's data directory: `$XDG_DATA_HOME`, else `~/.local/share`, else the
/// working directory.
pub fn default_dir(name: &str) -> PathBuf {
	let absolute =
		|variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
	absolute("XDG_DATA_HOME")
		.or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
		.unwrap_or_default()
		.join("pvs")
		.join(name)
}
