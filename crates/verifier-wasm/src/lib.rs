// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
// The macros of the runtime API generate documentation-free public items.
#![allow(missing_docs)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

/// The Wasm without the host function.
#[cfg(feature = "std")]
pub mod stock {
	include!(concat!(env!("OUT_DIR"), "/stock.rs"));
}

extern crate alloc;

#[cfg(feature = "std")]
mod native;

#[cfg(feature = "std")]
pub use native::{OurNode, Request, StockNode, Verifier};

use alloc::vec::Vec;
use codec::{Decode, Encode};
use pvs_verifier::{Bytes32, KeyError, ProofError};
use scale_info::TypeInfo;
use sp_runtime::{generic, traits::BlakeTwo256, OpaqueExtrinsic};

/// A block of a chain that nobody runs: runtime APIs are declared over one.
pub type Block = generic::Block<generic::Header<u32, BlakeTwo256>, OpaqueExtrinsic>;

/// Which way a call verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Path {
	/// Through the host function; in Wasm, where there is none.
	Host,
	/// In Wasm.
	Wasm,
}

/// A claim that names its key by place.
#[derive(Clone, Debug, Encode, Decode, TypeInfo)]
pub struct OwnedClaim {
	/// The place of its prepared key; of none if there is none at it.
	pub key: u32,
	/// The public inputs.
	pub inputs: Vec<Bytes32>,
	/// The proof.
	pub proof: Vec<u8>,
}

sp_api::decl_runtime_apis! {
	/// Both verifiers.
	pub trait VerifierApi {
		/// Checks and prepares a key.
		fn prepare_key(path: Path, key: Vec<u8>) -> Result<Vec<u8>, KeyError>;
		/// Verifies claims under prepared keys.
		fn verify_batch(
			path: Path,
			keys: Vec<Vec<u8>>,
			claims: Vec<OwnedClaim>,
		) -> Vec<Result<(), ProofError>>;
	}
}

#[cfg(not(feature = "std"))]
mod runtime;
