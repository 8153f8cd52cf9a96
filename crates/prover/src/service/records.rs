// SPDX-License-Identifier: Apache-2.0
//! Entries of the journal, and what follows if they cannot be written.
//!
//! Only a bid needs its entries first. Everything else has happened by the time that it is written down, and the
//! chain knows of it: a full disk keeps this prover from new bids, not from a reveal or a proof that it owes.

use super::Service;
use crate::{
	journal::{Entry, JournalError},
	report::Report,
};

impl Service {
	/// Writes what must be on the disk before it is acted on. Returns whether it is.
	pub(super) fn record(&mut self, entry: Entry) -> bool {
		let written = self.journal.record(entry);
		let is_written = written.is_ok();
		self.after_write(written);
		is_written
	}

	/// Writes what has happened, or keeps it in memory.
	pub(super) fn note(&mut self, entry: Entry) {
		let written = self.journal.note(entry);
		self.after_write(written);
	}

	/// Makes bids again once there is room for their entries, and all of before is on the disk.
	pub(super) fn look_for_room(&mut self) {
		if !self.out_of_room {
			return;
		}
		match self.journal.complete() {
			Ok(()) => {
				self.out_of_room = false;
				let text = "there is room for the journal again, and it is complete: bids go on";
				self.reporter.say(&Report::Warning { text: text.into() });
			},
			Err(error) if error.is_full() => {},
			Err(error) => self.after_write(Err(error)),
		}
	}

	fn after_write(&mut self, written: Result<(), JournalError>) {
		match written {
			Err(error) if error.is_full() => {
				if !self.out_of_room {
					self.out_of_room = true;
					let text = format!("no new bids until there is room, open jobs go on: {error}");
					self.trouble(None, text);
				}
			},
			Err(error) => self.stop_bidding(&error.to_string()),
			Ok(()) => {},
		}
	}
}
