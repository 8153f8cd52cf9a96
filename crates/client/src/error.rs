// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between a program and a node.

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
		/// What the transport says.
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
		/// Which part differs.
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
		/// What subxt says.
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
		/// What the codec says.
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

impl Error {
	/// Returns whether the node has the block no longer, or not its state: it prunes old ones, or was synced without them.
	pub fn is_about_pruned_state(&self) -> bool {
		const SIGNS: [&str; 3] = ["discarded", "nknown block", "UnknownBlock"];
		match self {
			Self::NoBlock(_) => true,
			Self::Node { source, .. } => {
				let mut cause: Option<&dyn std::error::Error> = Some(&**source);
				let mut causes = core::iter::from_fn(|| {
					let next = cause.and_then(std::error::Error::source);
					core::mem::replace(&mut cause, next)
				});
				causes.any(|cause| {
					let text = cause.to_string();
					SIGNS.iter().any(|sign| text.contains(sign))
				})
			},
			_ => false,
		}
	}

	/// Returns whether asking again, or another node, can help.
	pub fn is_about_the_connection(&self) -> bool {
		matches!(
			self,
			Self::Node { .. }
				| Self::Unreachable { .. }
				| Self::StreamEnded { .. }
				| Self::NoBlock(_)
				| Self::NoBody { .. }
		)
	}
}
