// SPDX-License-Identifier: Apache-2.0
//! Bids of this prover whose rounds have closed without them. Their bonds stay reserved until somebody settles
//! them, and are lost if nobody does.

use super::Service;
use crate::{
	error::ProverError,
	journal::{Entry, Key},
	report::Report,
	sealed::{may_be_unsettled, unsettled_bids, Source, UnsettledBid},
};
use pvs_client::{BlockHash, View};
use pvs_primitives::BlockNumber;
use std::collections::BTreeMap;

/// The unsettled bids of this prover, as a block shows them.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
	/// The block.
	at: Option<BlockHash>,
	/// The bids of open jobs.
	pub(super) bids: BTreeMap<Key, UnsettledBid>,
}

impl Service {
	/// Asks the chain which of these rounds have closed without this prover's bid: once for each block, and
	/// only if one of them may have. They are rounds of open jobs.
	pub(super) async fn look_for_unsettled(
		&mut self,
		view: &View,
		gone: &[Key],
	) -> Result<(), ProverError> {
		if !gone.iter().any(|key| self.journal.job(key).is_some_and(may_be_unsettled)) {
			self.unsettled = Unsettled::default();
			return Ok(());
		}
		let block = view.block();
		if self.unsettled.at == Some(block.hash) {
			return Ok(());
		}
		let rounds = view.unsettled_bids(self.rollup).await?;
		let mut bids = unsettled_bids(&rounds, &self.me.0);
		bids.retain(|key, _| gone.contains(key));
		for (key, bid) in &bids {
			self.note_silence(*key, bid.until)?;
		}
		self.unsettled = Unsettled { at: Some(block.hash), bids };
		Ok(())
	}

	/// Writes down that a round has closed without this prover's bid, and tells the operator.
	pub(super) fn note_silence(&mut self, key: Key, until: BlockNumber) -> Result<(), ProverError> {
		let known = self.journal.job(&key).and_then(|job| job.silence);
		if known.is_none_or(|silence| silence.until != until) {
			let ((batch, round), block) = (key, self.height);
			self.note(Entry::Unsettled { batch, round, block, until });
			self.reporter.say(&Report::Unsettled { batch, round, until });
		}
		Ok(())
	}

	/// Settles an unsettled bid by its payload, or reads the payload from the seal first.
	pub(super) fn settle_bid(&mut self, view: &View, key: Key) {
		let Some(unsettled) = self.unsettled.bids.get(&key) else { return };
		// From the end of the window on its expiry is waited for, which an event tells.
		let Some(source) = unsettled.source(self.journal.job(&key), self.height) else { return };
		let bid = unsettled.bid.clone();
		match source {
			Source::Journal => self.reveal(key),
			Source::Seal => self.recover(view, key, bid),
			Source::Nowhere => self.cannot_reveal(key, bid.commitment),
		}
	}
}
