// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | to change | go to |
//! |---|---|
//! | sizes | [`shape`] |
//! | what an account is | [`account`] |
//! | signatures | [`keys`], `circuit/signature.rs` |
//! | bytes of a transfer or batch | [`transfer`], [`batch`] |
//! | rules of execution | [`state`], `circuit/slot.rs` |
//! | the first state, files of a state | [`genesis`], [`store`] |
//! | proving keys, proofs | [`proving`] |
//!
//! A change of anything that the circuit sees changes the verifying key: run the tests, which
//! compare the committed key, and register a new rollup. What is constrained, where, and what each
//! part costs is in `docs/rollup.md`.
//!
//! # Limits
//!
//! - The committed key comes from a public seed: see [`proving::DEVELOPMENT_ONLY_SEED`]. One that
//!   nobody can forge proofs for takes a ceremony: `docs/ceremony.md`.
//! - A signature names accounts, amount, fee, nonce and new key, not the rollup: two rollups that
//!   use this circuit and the same account keys accept each other's transfers. Use fresh keys per
//!   rollup.
//! - There is no deposit and no withdrawal: what genesis gives out is all there is.
//! - Signing is not constant-time.

pub mod account;
pub mod batch;
pub mod circuit;
pub mod demo;
pub mod genesis;
pub mod keys;
pub mod proving;
pub mod shape;
pub mod state;
pub mod store;
pub mod transfer;
pub mod tree;

/// An element of BN254's scalar field: what the circuit computes with.
pub use pvs_primitives::field::Scalar;
