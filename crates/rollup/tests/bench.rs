// SPDX-License-Identifier: Apache-2.0
//! The program `pvs-rollup-bench`, as far as it takes no minutes.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_pvs-rollup-bench")).args(arguments).output().unwrap()
}

#[test]
fn bench_should_measure_a_state_and_end_with_one_object() {
	let output = run(&["--state", "--accounts-log2", "10", "--json"]);
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	assert!(output.stderr.is_empty(), "no bar where there is no terminal");
	let text = String::from_utf8(output.stdout).unwrap();
	let figures: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
	assert_eq!(figures["accounts"], 1 << 10);
	let number = |name: &str| figures[name].as_f64().unwrap();
	assert!(number("state_mib") > 0.1 && number("batch_kib") < 64.0, "{figures}");
	for wrong in [&["--accounts-log2", "10"][..], &["--state", "--max-power", "14"]] {
		assert!(!run(wrong).status.success());
	}
}
