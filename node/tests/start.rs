// SPDX-License-Identifier: Apache-2.0
//! What keeps the node from starting. Nothing here needs a runtime, which a build for tests may lack.

use std::process::Command;

#[test]
fn option_of_the_opener_should_be_refused_when_the_node_is_asked_for_none() {
	let output = Command::new(env!("CARGO_BIN_EXE_pvs-node"))
		.args(["--dev", "--tmp", "--opener-threads", "2"])
		.output()
		.unwrap();
	let text = String::from_utf8(output.stderr).unwrap();
	assert!(!output.status.success(), "{text}");
	assert!(text.contains("--opener-key-file"), "{text}");
}

/// Finding R14: the node ran on without the opener that it was asked for.
#[test]
fn node_should_not_start_when_the_key_of_its_opener_cannot_be_read() {
	for (key, said) in
		[("/nonexistent/key", "cannot read the key file"), ("/dev/null", "is no file")]
	{
		let output = Command::new(env!("CARGO_BIN_EXE_pvs-node"))
			.args(["--dev", "--tmp", "--opener-key-file", key])
			.output()
			.unwrap();
		let text = String::from_utf8(output.stderr).unwrap();
		assert!(!output.status.success(), "{text}");
		assert_eq!(text.lines().count(), 1, "{text}");
		for part in ["--opener-key-file", key, said] {
			assert!(text.contains(part), "{part}: {text}");
		}
	}
}
