// SPDX-License-Identifier: Apache-2.0
//! Sets of seal parameters for runtimes.
//!
//! [`STANDARD`] is for chains with money on them, whose bidding window and finality gap are two blocks of
//! 1 s together. [`INSECURE_DEVELOPMENT`] keeps no secret from anyone who wants to know it. Other windows
//! take a set of their own: `scripts/bench.sh seal` prints the delay, and
//!
//! ```text
//! pvsctl seal parameters --delay 13500000000 --out seals.bin --state seals.state
//! ```
//!
//! computes the set, in about as long as opening one seal takes. [`Parameters::from_file`] reads it into the
//! runtime; `integrity_test` refuses a file of another delay, and a delay that does not cover the shortest
//! window:
//!
//! ```ignore
//! const OWN: Parameters =
//!     Parameters::from_file("own", false, 13_500_000_000, include_bytes!("../seals.bin"));
//!
//! parameter_types! {
//!     pub const MarketSeals: Seals = Seals::new(&OWN);
//! }
//! ```

#[cfg(feature = "runtime-benchmarks")]
pub use pvs_timelock::testing::INSECURE_TESTING;
pub use pvs_timelock::{Parameters, INSECURE_DEVELOPMENT, STANDARD};

/// Returns these parameters, or those for testing in a runtime that is built with `runtime-benchmarks`.
///
/// A benchmark opens seals in Wasm and cannot wait. What it measures does not depend on the delay.
pub const fn or_testing(parameters: &'static Parameters) -> &'static Parameters {
	#[cfg(feature = "runtime-benchmarks")]
	{
		const TESTING: &Parameters = &INSECURE_TESTING;
		let _ = parameters;
		TESTING
	}
	#[cfg(not(feature = "runtime-benchmarks"))]
	{
		parameters
	}
}
