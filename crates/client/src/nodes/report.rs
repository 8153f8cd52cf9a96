// SPDX-License-Identifier: Apache-2.0
//! Report of what is known of the nodes at a time.

use super::{Connection, Nodes, State};
use crate::{connection::Block, error::Error};
use pvs_primitives::BlockNumber;
use std::{sync::Arc, time::Duration};

/// Facts known of the nodes at a time.
#[derive(Clone, Debug)]
pub(crate) struct Report {
	/// The address of the node in use, and whether a connection to it is open.
	pub(crate) url: String,
	pub(crate) is_up: bool,
	/// Its best block, and how long ago it showed that.
	pub(crate) head: Option<Block>,
	pub(crate) silent_for: Duration,
	/// The highest block that any node has shown.
	pub(crate) highest: BlockNumber,
	/// Reason why no connection is open, if none is.
	pub(crate) down: Option<Arc<Error>>,
	/// True if all nodes are on another chain.
	pub(crate) all_foreign: bool,
}

impl Nodes {
	/// Returns what is known now. Changes the node in use if there is a better one.
	pub(crate) fn report(&self) -> Report {
		let order = self.shared.order();
		let state = self.shared.lock();
		let node = state.nodes.get(state.preferred);
		let down = order.is_empty().then(|| state.why_none_is_up(&self.shared.urls));
		Report {
			url: self.shared.urls.get(state.preferred).cloned().unwrap_or_default(),
			is_up: !order.is_empty(),
			head: node.and_then(|node| node.head),
			silent_for: node.map_or(Duration::ZERO, |node| node.head_at.elapsed()),
			highest: state.highest,
			down,
			all_foreign: state
				.nodes
				.iter()
				.all(|node| matches!(node.connection, Connection::Foreign)),
		}
	}

	/// A copy of an error that several may be told.
	pub(crate) fn own(&self, error: &Arc<Error>) -> Error {
		match &**error {
			Error::Unreachable { url, reason } => {
				Error::Unreachable { url: url.clone(), reason: reason.clone() }
			},
			Error::OtherChain { url } => Error::OtherChain { url: url.clone() },
			other => Error::Unreachable { url: self.url(), reason: other.to_string() },
		}
	}

	/// The address of the node in use.
	pub(crate) fn url(&self) -> String {
		self.report().url
	}
}

impl State {
	/// Returns why no node is up: what the last one named says.
	fn why_none_is_up(&self, urls: &[String]) -> Arc<Error> {
		let failed = self.nodes.iter().rev().find_map(|node| match &node.connection {
			Connection::Down(error) => Some(error.clone()),
			_ => None,
		});
		// A node that fails may be on the chain when it is back.
		failed.unwrap_or_else(|| {
			let url = urls.last().cloned().unwrap_or_default();
			Arc::new(Error::OtherChain { url })
		})
	}
}
