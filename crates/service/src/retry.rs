// SPDX-License-Identifier: Apache-2.0
//! What kind of failure a request to a chain met, and what follows from that.

/// The kind of a failure, by what helps against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryClass {
	/// The node does not answer, or the connection broke before the request can have had an effect.
	Connection,
	/// The node is below a block that was seen already.
	Behind,
	/// The node answers this address no more for now.
	RateLimited,
	/// The node does not keep the state or the block that was asked for.
	Pruned,
	/// The chain or the node's pool says no to what was asked, as things stand.
	Refused,
	/// The request may have had an effect, and nobody said which.
	Unknown,
	/// No node and no time helps: wrong chain, wrong key, wrong version.
	Fatal,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
	/// The same request goes to the next node at once.
	pub asks_next_node: bool,
	/// The same request goes to this node again after a pause, which grows ([`Backoff`](crate::Backoff)).
	pub asks_again_later: bool,
	/// The connection to the node is given up.
	pub leaves_node: bool,
	/// What became of the request is read from the chain before anything like it is sent again.
	pub reads_chain_first: bool,
	/// The program stops.
	pub ends_program: bool,
}

impl Remedy {
	const NONE: Self = Self {
		asks_next_node: false,
		asks_again_later: false,
		leaves_node: false,
		reads_chain_first: false,
		ends_program: false,
	};
}

impl RetryClass {
	/// Returns what to do after a failure of this kind.
	///
	/// | class | what to do |
	/// | --- | --- |
	/// | `Connection` | leave the node, ask the next one at once; a pause once each had its turn |
	/// | `Behind` | leave the node, ask the next one; without another, do nothing but wait for it |
	/// | `RateLimited` | ask the next node, and this one later |
	/// | `Pruned` | ask the next node, keep this one for all else; without another, put this one request off |
	/// | `Refused` | nothing: the next block decides anew |
	/// | `Unknown` | leave the node, read the chain before anything is sent again |
	/// | `Fatal` | stop, with the reason |
	pub const fn remedy(self) -> Remedy {
		let none = Remedy::NONE;
		match self {
			Self::Connection | Self::Behind => {
				Remedy { asks_next_node: true, asks_again_later: true, leaves_node: true, ..none }
			},
			Self::RateLimited | Self::Pruned => {
				Remedy { asks_next_node: true, asks_again_later: true, ..none }
			},
			Self::Refused => none,
			Self::Unknown => Remedy { leaves_node: true, reads_chain_first: true, ..none },
			Self::Fatal => Remedy { ends_program: true, ..none },
		}
	}
}

/// An error that knows its class.
pub trait Classify {
	/// Returns the class of the failure.
	fn retry_class(&self) -> RetryClass;
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALL: [RetryClass; 7] = [
		RetryClass::Connection,
		RetryClass::Behind,
		RetryClass::RateLimited,
		RetryClass::Pruned,
		RetryClass::Refused,
		RetryClass::Unknown,
		RetryClass::Fatal,
	];

	#[test]
	fn request_should_never_be_repeated_blindly_when_it_may_have_had_an_effect() {
		for class in ALL.into_iter().filter(|class| class.remedy().reads_chain_first) {
			let Remedy { asks_next_node, asks_again_later, .. } = class.remedy();
			assert!(!asks_next_node && !asks_again_later, "{class:?}");
			assert_eq!(class, RetryClass::Unknown);
		}
	}

	#[test]
	fn program_should_end_only_when_nothing_helps() {
		for class in ALL {
			let Remedy { ends_program, asks_next_node, asks_again_later, .. } = class.remedy();
			assert_eq!(ends_program, class == RetryClass::Fatal, "{class:?}");
			assert!(!ends_program || (!asks_next_node && !asks_again_later), "{class:?}");
		}
	}

	#[test]
	fn node_should_be_kept_when_it_lacks_one_answer_only() {
		for class in [RetryClass::RateLimited, RetryClass::Pruned, RetryClass::Refused] {
			assert!(!class.remedy().leaves_node, "{class:?}");
		}
		assert!(RetryClass::Pruned.remedy().asks_next_node);
		assert!(RetryClass::Behind.remedy().leaves_node);
	}
}
