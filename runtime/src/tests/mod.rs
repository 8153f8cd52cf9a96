// SPDX-License-Identifier: Apache-2.0
//! Properties of the composed runtime.

mod composition;
mod metadata;
// A build for benchmarks has seals of its own.
#[cfg(not(feature = "runtime-benchmarks"))]
mod parameters;
