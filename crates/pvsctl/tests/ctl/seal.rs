// SPDX-License-Identifier: Apache-2.0
//! `pvsctl seal`.

use crate::pvsctl;

#[test]
fn program_should_end_well_when_nobody_reads_what_it_prints() {
	for more in [&[][..], &["--json"]] {
		let (reader, writer) = std::io::pipe().unwrap();
		drop(reader);
		let output = pvsctl(&["seal"])
			.args(["speed", "--milliseconds", "1"])
			.args(more)
			.stdout(writer)
			.output()
			.unwrap();
		let said = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success() && said.is_empty(), "{said}");
	}
}
