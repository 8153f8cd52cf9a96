// SPDX-License-Identifier: Apache-2.0
//! Builds the Wasm.

fn main() {
	// No chain runs it, so it has no version.
	#[cfg(feature = "std")]
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.disable_runtime_version_section_check()
		.build();
}
