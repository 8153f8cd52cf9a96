// SPDX-License-Identifier: Apache-2.0
//! The circuit as a whole: what it accepts, what it rejects, and that it says the same as the
//! executor.
//!
//! The constraints are synthesised once; each case only fills in values.

mod determinism;
mod differential;
mod inputs;
mod rules;
mod shape;
mod support;
mod witness;
