// SPDX-License-Identifier: Apache-2.0
//! Builds the Wasm twice: with both paths, and with the one that runs on a stock node.

fn main() {
	// No chain runs them, so they have no version.
	#[cfg(feature = "std")]
	{
		substrate_wasm_builder::WasmBuilder::init_with_defaults()
			.disable_runtime_version_section_check()
			.build();
		substrate_wasm_builder::WasmBuilder::init_with_defaults()
			.disable_runtime_version_section_check()
			.enable_feature("stock")
			.set_file_name("stock.rs")
			.build();
	}
}
