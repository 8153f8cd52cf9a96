// SPDX-License-Identifier: Apache-2.0
//! Errors between a program and a node, and what to do then.

use crate::SubmitError;

/// An error of reading from a node. For the errors of transactions see
/// [`SubmitError`](crate::SubmitError).
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The address is not one of a WebSocket.
	#[error("`{url}` is no WebSocket address; write ws://HOST:PORT or wss://HOST:PORT")]
	BadUrl {
		/// The address as given.
		url: String,
	},
	/// Nothing answers there.
	#[error("no node answers at {url} ({reason}); start a node or name another one with --url")]
	Unreachable {
		/// The address.
		url: String,
		/// Reason that the transport gives.
		reason: String,
	},
	/// The chain has no pallet of that name, or another version of it.
	#[error(
		"the chain at {url} runs a different pallet-pvs ({detail}); use the release of this \
		 program that belongs to that chain"
	)]
	DifferentPallet {
		/// The address.
		url: String,
		/// Part that differs.
		detail: String,
	},
	/// A node that was found after the connection had failed has another first block.
	#[error("the node at {url} is on another chain than the one before; name others with --url")]
	OtherChain {
		/// The address.
		url: String,
	},
	/// The node answered with an error, or the connection broke.
	#[error("the node at {url} failed: {source}")]
	Node {
		/// The address.
		url: String,
		/// Error of subxt.
		#[source]
		source: Box<subxt::Error>,
	},
	/// An answer does not have the layout that this program knows.
	#[error(
		"cannot decode the answer of {method}: {source}; is this program older than the chain?"
	)]
	Decode {
		/// The method of the Runtime API.
		method: &'static str,
		/// Error of the codec.
		source: codec::Error,
	},
	/// The node does not know a block.
	#[error("the node knows no block {0}; it may still be syncing")]
	NoBlock(String),
	/// A stream of blocks ended.
	#[error("the node at {url} closed the stream of blocks")]
	StreamEnded {
		/// The address.
		url: String,
	},
	/// The node has only the header of a block.
	#[error(
		"the node at {url} has no body of block {block}, which it has pruned or not fetched yet; name \
		 one with --url that keeps all of them (--blocks-pruning archive)"
	)]
	NoBody {
		/// The address.
		url: String,
		/// The height of the block.
		block: u32,
	},
	/// The header of the block that committed a batch does not say where the data is.
	#[error(
		"the header of block {block} does not name the data of batch {rollup}/{index}, as those of \
		 older runtimes do not; start from a state that was saved after that block"
	)]
	NoDigest {
		/// The rollup.
		rollup: u32,
		/// The batch's index.
		index: u64,
		/// The height at which it was committed.
		block: u32,
	},
	/// The data of a batch is not in the extrinsic that the header of its block names.
	#[error(
		"extrinsic {extrinsic} of block {block} has no data of batch {rollup}/{index} that this \
		 program can read; use the release of it that belongs to the runtime of that block"
	)]
	NoBatchData {
		/// The rollup.
		rollup: u32,
		/// The batch's index.
		index: u64,
		/// The height at which it was committed.
		block: u32,
		/// The position of the extrinsic in the block.
		extrinsic: u32,
	},
	/// A transaction cannot be signed.
	#[error(transparent)]
	Sign(#[from] crate::SignError),
	/// A block that was read is not on the best chain any more.
	#[error("the node has left block {block} for another fork; ask again at its best block")]
	Reorganized {
		/// The height of the block.
		block: u32,
	},
}

/// Chance that what failed succeeds when it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
	/// It may, with the next block or at another node.
	Again,
	/// It may at another node only: this one does not have the block or its state. It prunes old ones, or was synced
	/// without them.
	OtherNode,
	/// It may have had its effect: look at the chain first.
	CheckFirst,
	/// It fails in the same way until somebody has changed something.
	Never,
}

impl Retry {
	/// Returns whether asking again can help, and does no harm.
	pub fn is_worthwhile(self) -> bool {
		matches!(self, Self::Again | Self::OtherNode)
	}
}

impl Error {
	/// Returns whether to ask again.
	pub fn retry(&self) -> Retry {
		match self {
			Self::Node { source, .. } if is_pruned(source) => Retry::OtherNode,
			Self::NoBlock(_) | Self::NoBody { .. } => Retry::OtherNode,
			Self::Node { .. }
			| Self::Unreachable { .. }
			| Self::StreamEnded { .. }
			| Self::Reorganized { .. } => Retry::Again,
			Self::BadUrl { .. }
			| Self::DifferentPallet { .. }
			| Self::OtherChain { .. }
			| Self::Decode { .. }
			| Self::Sign(_)
			| Self::NoDigest { .. }
			| Self::NoBatchData { .. } => Retry::Never,
		}
	}
}

impl SubmitError {
	/// Returns whether to submit the same call again.
	pub fn retry(&self) -> Retry {
		match self {
			Self::Chain(error) => error.retry(),
			// The pool may be full, or the nonce taken.
			Self::Refused { .. } => Retry::Again,
			Self::Unknown { .. } => Retry::CheckFirst,
			Self::CannotPay { .. } | Self::Failed { .. } => Retry::Never,
		}
	}
}

/// Returns whether a node says that it has a block or its state no longer.
fn is_pruned(error: &subxt::Error) -> bool {
	const SIGNS: [&str; 3] = ["discarded", "nknown block", "UnknownBlock"];
	let mut cause: Option<&dyn std::error::Error> = Some(error);
	let mut causes = core::iter::from_fn(|| {
		let next = cause.and_then(std::error::Error::source);
		core::mem::replace(&mut cause, next)
	});
	causes.any(|cause| {
		let text = cause.to_string();
		SIGNS.iter().any(|sign| text.contains(sign))
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::rpcs::{Error as RpcError, UserError};

	fn of_node(message: &str) -> Error {
		let user = UserError { code: 4003, message: message.into(), data: None };
		let source = Box::new(subxt::Error::from(RpcError::User(user)));
		Error::Node { url: "ws://node".into(), source }
	}

	#[test]
	fn question_should_be_asked_again_only_when_another_answer_is_possible() {
		let url = || String::from("ws://node");
		for (error, retry) in [
			(of_node("Execution failed"), Retry::Again),
			(of_node("State already discarded for 0x1"), Retry::OtherNode),
			(of_node("Client error: UnknownBlock: 0x1"), Retry::OtherNode),
			(Error::StreamEnded { url: url() }, Retry::Again),
			(Error::Reorganized { block: 1 }, Retry::Again),
			(Error::NoBlock("at height 1".into()), Retry::OtherNode),
			(Error::NoBody { url: url(), block: 1 }, Retry::OtherNode),
			(Error::OtherChain { url: url() }, Retry::Never),
			(Error::BadUrl { url: url() }, Retry::Never),
		] {
			assert_eq!(error.retry(), retry, "{error}");
			assert_eq!(error.retry().is_worthwhile(), retry != Retry::Never);
		}
	}

	#[test]
	fn call_should_be_submitted_again_only_when_it_had_no_effect() {
		let (call, reason) = ("place_bid", String::new());
		let failed = SubmitError::Failed {
			call,
			error: None,
			name: "Pvs::AlreadyBid".into(),
			explanation: String::new(),
		};
		let unknown = SubmitError::Unknown { call, seconds: 6, reason: reason.clone() };
		assert!(!unknown.retry().is_worthwhile());
		for (error, retry) in [
			(unknown, Retry::CheckFirst),
			(SubmitError::Refused { call, reason }, Retry::Again),
			(of_node("Execution failed").into(), Retry::Again),
			(SubmitError::CannotPay { call, account: String::new() }, Retry::Never),
			(failed, Retry::Never),
		] {
			assert_eq!(error.retry(), retry, "{error}");
		}
	}
}
