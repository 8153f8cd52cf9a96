// SPDX-License-Identifier: Apache-2.0
//! Calls into the Wasm, as a node makes them.

use crate::{stock, OwnedClaim, Path, WASM_BINARY};
use codec::{Decode, Encode};
use pvs_verifier::{host, Bytes32, Claim, KeyError, ProofError};
use sc_executor::{error::Error, HeapAllocStrategy, HostFunctions, WasmExecutor};
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use std::collections::BTreeMap;

/// The host functions of every Substrate node.
pub type StockNode = sp_io::SubstrateHostFunctions;
/// Those, and ours.
pub type OurNode = (StockNode, host::HostFunctions);

/// A compiled verifier, on a node that has the host functions `Node`.
pub struct Verifier<Node: HostFunctions = OurNode> {
	executor: WasmExecutor<Node>,
	hash: [u8; 32],
	code: &'static [u8],
}

/// What a call of [`Verifier::verify_batch`] takes, encoded once and used often.
#[derive(Clone)]
pub struct Request(Vec<u8>);

impl Request {
	/// Names each key once.
	pub fn new(path: Path, claims: &[Claim<'_>]) -> Self {
		let mut places = BTreeMap::new();
		let mut keys = Vec::new();
		let claims: Vec<_> = claims
			.iter()
			.map(|claim| {
				let key = *places.entry(claim.prepared).or_insert_with(|| {
					keys.push(claim.prepared);
					u32::try_from(keys.len() - 1).unwrap_or(u32::MAX)
				});
				let inputs: Vec<Bytes32> = claim.inputs.to_vec();
				OwnedClaim { key, inputs, proof: claim.proof.to_vec() }
			})
			.collect();
		Self((path, keys, claims).encode())
	}
}

impl<Node: HostFunctions> Verifier<Node> {
	/// The Wasm with both paths, which is compiled with the first call.
	///
	/// # Errors
	///
	/// The crate was built without its Wasm (`SKIP_WASM_BUILD`).
	pub fn new() -> Result<Self, Error> {
		Self::of(WASM_BINARY)
	}

	/// The Wasm without the host function: both paths verify in it.
	///
	/// # Errors
	///
	/// As [`Self::new`].
	pub fn stock() -> Result<Self, Error> {
		Self::of(stock::WASM_BINARY)
	}

	fn of(code: Option<&'static [u8]>) -> Result<Self, Error> {
		let code = code.ok_or_else(|| Error::Other("built without Wasm".into()))?;
		let pages = HeapAllocStrategy::Dynamic { maximum_pages: None };
		let executor = WasmExecutor::builder()
			.with_onchain_heap_alloc_strategy(pages)
			.with_offchain_heap_alloc_strategy(pages)
			.build();
		Ok(Self { executor, hash: sp_io::hashing::blake2_256(code), code })
	}

	/// Checks and prepares a key.
	///
	/// # Errors
	///
	/// The Wasm trapped; within, as [`pvs_verifier::prepare_key`].
	pub fn prepare_key(&self, path: Path, key: &[u8]) -> Result<Result<Vec<u8>, KeyError>, Error> {
		self.call("VerifierApi_prepare_key", &(path, key).encode())
	}

	/// Verifies claims.
	///
	/// # Errors
	///
	/// The Wasm trapped; within, as [`pvs_verifier::verify_batch`].
	pub fn verify_batch(&self, request: &Request) -> Result<Vec<Result<(), ProofError>>, Error> {
		self.call("VerifierApi_verify_batch", &request.0)
	}

	fn call<R: Decode>(&self, function: &str, arguments: &[u8]) -> Result<R, Error> {
		let fetcher = WrappedRuntimeCode(self.code.into());
		let code =
			RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash: self.hash.to_vec() };
		let mut state = sp_io::TestExternalities::default();
		let (result, _) =
			self.executor.call(&mut state.ext(), &code, function, arguments, CallContext::Offchain);
		R::decode(&mut &result?[..]).map_err(|error| Error::Other(error.to_string()))
	}
}
