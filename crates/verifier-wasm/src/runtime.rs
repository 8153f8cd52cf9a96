// SPDX-License-Identifier: Apache-2.0
//! What is compiled to Wasm.

use crate::{Block, OwnedClaim, Path};
use alloc::vec::Vec;
#[cfg(not(feature = "stock"))]
use pvs_verifier::HostVerifier;
// One path, whichever is asked for.
#[cfg(feature = "stock")]
use pvs_verifier::WasmVerifier as HostVerifier;
use pvs_verifier::{Claim, KeyError, ProofError, ProofVerifier, WasmVerifier};

/// Implements the API.
pub(crate) struct Runtime;

sp_api::impl_runtime_apis! {
	impl crate::VerifierApi<Block> for Runtime {
		fn prepare_key(path: Path, key: Vec<u8>) -> Result<Vec<u8>, KeyError> {
			let prepared = match path {
				Path::Host => HostVerifier::prepare_key(&key),
				Path::Wasm => WasmVerifier::prepare_key(&key),
			};
			prepared.map(Into::into)
		}

		fn verify_batch(
			path: Path,
			keys: Vec<Vec<u8>>,
			claims: Vec<OwnedClaim>,
		) -> Vec<Result<(), ProofError>> {
			let claims: Vec<_> = claims
				.iter()
				.map(|OwnedClaim { key, inputs, proof }| {
					let key = usize::try_from(*key).ok().and_then(|place| keys.get(place));
					Claim { prepared: key.map_or(&[][..], Vec::as_slice), inputs, proof }
				})
				.collect();
			match path {
				Path::Host => HostVerifier::verify_batch(&claims),
				Path::Wasm => WasmVerifier::verify_batch(&claims),
			}
		}
	}
}
