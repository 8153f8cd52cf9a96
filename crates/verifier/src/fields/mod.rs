// SPDX-License-Identifier: Apache-2.0
//! The fields that pairings are computed in, in the faster of two ways for what is compiled: `late` on
//! processors with carries and wide products, `plain` in Wasm, which has neither.

#[cfg(not(target_arch = "wasm32"))]
mod base;
#[cfg(not(target_arch = "wasm32"))]
mod late;
#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "tests compare what differs"))]
mod plain;

#[cfg(target_arch = "wasm32")]
pub(crate) use plain::{Fp, Fp12, Fp2};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use {
	base::Fp,
	late::{Fp12, Fp2},
};
