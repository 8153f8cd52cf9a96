// SPDX-License-Identifier: Apache-2.0
//! Other side of the RPC: what a program for the users of a running sequencer needs.

pub use crate::{
	link::{Link, LinkError},
	pool::{hash_of, Hash},
	rpc::types::{bytes_from_hex, hex, membership_from},
};
use serde_json::Value;

/// Returns whether a transfer's status will not change any more.
pub fn is_over(status: &Value) -> bool {
	let over = ["final", "replaced", "evicted", "expired", "rejected"];
	status["status"].as_str().is_some_and(|status| over.contains(&status))
}
