// SPDX-License-Identifier: Apache-2.0
//! Calls of the runtime's compiled Wasm, as a node makes them.

use crate::chain::Chain;
use anyhow::{anyhow, Context};
use pvs_verifier::host::HostFunctions;
use sc_executor::{HeapAllocStrategy, WasmExecutor};
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};

/// Host functions of a node that runs this runtime.
type Functions = (sp_io::SubstrateHostFunctions, HostFunctions);

/// The runtime's Wasm over the state of a chain.
pub(crate) struct Wasm {
	executor: WasmExecutor<Functions>,
	chain: Chain,
	code: &'static [u8],
}

impl Wasm {
	/// Takes the state of a chain after its last closed block.
	pub(crate) fn new(chain: Chain) -> anyhow::Result<Self> {
		let code = pvs_runtime::WASM_BINARY.context("the runtime was built without its Wasm")?;
		let pages = HeapAllocStrategy::Dynamic { maximum_pages: None };
		let executor = WasmExecutor::builder()
			.with_onchain_heap_alloc_strategy(pages)
			.with_offchain_heap_alloc_strategy(pages)
			.build();
		Ok(Self { executor, chain, code })
	}

	/// Calls a function of the runtime. The first call compiles the code.
	pub(crate) fn call(&mut self, function: &str, arguments: &[u8]) -> anyhow::Result<Vec<u8>> {
		let fetcher = WrappedRuntimeCode(self.code.into());
		let code = RuntimeCode {
			code_fetcher: &fetcher,
			heap_pages: None,
			hash: sp_io::hashing::blake2_256(b"pvs-bench code").to_vec(),
		};
		let mut state = self.chain.state();
		let (result, _) =
			self.executor.call(&mut state, &code, function, arguments, CallContext::Offchain);
		result.map_err(|error| anyhow!("{function}: {error}"))
	}
}
