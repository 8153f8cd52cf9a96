// SPDX-License-Identifier: Apache-2.0
//! The committed metadata, which clients are built against, is that of this runtime.
//!
//! `PVS_WRITE_METADATA=1` writes it anew.

use crate::Runtime;
use std::path::PathBuf;

/// The version that clients read.
const VERSION: u32 = 16;

fn committed() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("metadata.scale")
}

#[test]
fn metadata_should_equal_the_committed_file() {
	let metadata = Runtime::metadata_at_version(VERSION).expect("the version is supported");
	let bytes: &[u8] = &metadata;
	if std::env::var_os("PVS_WRITE_METADATA").is_some() {
		std::fs::write(committed(), bytes).expect("the runtime's folder is writable");
	}
	let file = std::fs::read(committed()).unwrap_or_default();
	assert!(
		file == bytes,
		"runtime/metadata.scale is not this runtime's: write it with `PVS_WRITE_METADATA=1 \
		 ./scripts/test.sh metadata`"
	);
}
