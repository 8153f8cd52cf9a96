// SPDX-License-Identifier: Apache-2.0
//! Outcome of the scenario: pure.

use super::{moment::Moment, KILLS, TRANSFERS, WITHOUT_PROVERS, WITH_PROVERS};
use crate::error::DemoError;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Facts that were found at the end.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
	/// Transfers that were acknowledged.
	pub(super) acknowledged: usize,
	/// Of these, those that are in no final batch, and those that the sequencer does not call final.
	pub(super) missing: usize,
	pub(super) unsettled: usize,
	/// Transfers that are in more than one final batch.
	pub(super) doubled: usize,
	/// Transfers that were in a batch that failed or was dropped, and are in a final one.
	pub(super) resubmitted: usize,
	/// Batches on the chain that are final, and those that are not.
	pub(super) final_batches: usize,
	pub(super) lost_batches: usize,
	/// Accounts whose balance and nonce were compared, those that the sequencer serves otherwise than the
	/// execution has them, and those that do not follow from the acknowledged transfers.
	pub(super) accounts: usize,
	pub(super) different: usize,
	pub(super) unexplained: usize,
	/// By moment.
	pub(super) kills: BTreeMap<Moment, usize>,
	/// Files that a kill left half written, and those that were still there after the next start.
	pub(super) interrupted: usize,
	pub(super) left: usize,
	/// Figures that the load generator measured.
	pub(super) load: Value,
}

impl Outcome {
	fn all_kills(&self) -> usize {
		self.kills.values().sum()
	}

	/// The result on one line of JSON.
	pub(crate) fn as_json(&self) -> Value {
		let moments: serde_json::Map<String, Value> = self
			.kills
			.iter()
			.map(|(moment, count)| (moment.name().replace(' ', "_"), json!(count)))
			.collect();
		json!({
			"scenario": "crash",
			"kills": self.all_kills(),
			"kills_by_moment": moments,
			"interrupted_writes": self.interrupted,
			"files_left": self.left,
			"transfers": TRANSFERS,
			"acknowledged": self.acknowledged,
			"missing": self.missing,
			"not_final": self.unsettled,
			"doubled": self.doubled,
			"resubmitted": self.resubmitted,
			"final_batches": self.final_batches,
			"lost_batches": self.lost_batches,
			"accounts": self.accounts,
			"different_accounts": self.different,
			"unexplained_accounts": self.unexplained,
			"load": self.load,
		})
	}

	/// The result as lines.
	pub(crate) fn as_text(&self) -> String {
		let seconds =
			|name: &str| self.load["seconds_until"][name]["p50"].as_f64().unwrap_or_default();
		let moments: Vec<String> =
			self.kills.iter().map(|(moment, count)| format!("{count} {}", moment.name())).collect();
		format!(
			"killed {} times ({}), {} of them in the middle of writing a file\n\
			 {} of {TRANSFERS} transfers acknowledged: {} missing, {} doubled, {} not final for the sequencer\n\
			 {} final batches, {} lost; {} transfers of lost batches are in final ones\n\
			 {} accounts compared: {} differ from an execution of the chain's batches, {} from what the \
			 acknowledged transfers lead to\n\
			 median until committed {:.1} s, proven {:.1} s, final {:.1} s",
			self.all_kills(),
			moments.join(", "),
			self.interrupted,
			self.acknowledged,
			self.missing,
			self.doubled,
			self.unsettled,
			self.final_batches,
			self.lost_batches,
			self.resubmitted,
			self.accounts,
			self.different,
			self.unexplained,
			seconds("committed"),
			seconds("proven"),
			seconds("final")
		)
	}

	/// Fails unless every transfer was acknowledged and is final once, all balances and nonces agree, and
	/// what the scenario is about has happened.
	pub(crate) fn check(&self) -> Result<(), DemoError> {
		let planned = WITHOUT_PROVERS.iter().chain(&WITH_PROVERS).chain(&[Moment::End]);
		let moments: BTreeSet<&Moment> = planned.collect();
		let mut missing = Vec::new();
		for (is_shown, what) in [
			(self.all_kills() == KILLS, "all kills that were planned"),
			(moments.iter().all(|moment| self.kills.contains_key(moment)), "a kill at each moment"),
			(self.left == 0, "no half-written file after a start"),
			(self.acknowledged == TRANSFERS, "an acknowledgement of every transfer"),
			(self.missing == 0, "every acknowledged transfer in a final batch"),
			(self.unsettled == 0, "every acknowledged transfer final for the sequencer"),
			(self.doubled == 0, "no transfer in two final batches"),
			(self.lost_batches > 0 && self.resubmitted > 0, "a lost batch that was made anew"),
			(self.accounts > 0 && self.different == 0, "balances that equal the execution's"),
			(self.unexplained == 0, "balances and nonces that follow from the transfers"),
		] {
			if !is_shown {
				missing.push(what);
			}
		}
		if missing.is_empty() {
			Ok(())
		} else {
			Err(DemoError::NotShown(missing))
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn outcome() -> Outcome {
		let mut kills = BTreeMap::from([(Moment::End, 1)]);
		for moment in WITHOUT_PROVERS.iter().chain(&WITH_PROVERS) {
			*kills.entry(*moment).or_default() += 1;
		}
		Outcome {
			acknowledged: TRANSFERS,
			missing: 0,
			unsettled: 0,
			doubled: 0,
			resubmitted: 4,
			final_batches: 15,
			lost_batches: 1,
			accounts: 19,
			different: 0,
			unexplained: 0,
			kills,
			interrupted: 2,
			left: 0,
			load: Value::Null,
		}
	}

	#[test]
	fn scenario_should_pass_only_when_nothing_is_lost_doubled_or_different() {
		assert!(outcome().check().is_ok());
		let mut elsewhere = outcome().kills;
		elsewhere.remove(&Moment::Compaction);
		*elsewhere.entry(Moment::Any).or_default() += 2;
		for bad in [
			Outcome { acknowledged: TRANSFERS - 1, ..outcome() },
			Outcome { missing: 1, ..outcome() },
			Outcome { unsettled: 1, ..outcome() },
			Outcome { doubled: 1, ..outcome() },
			Outcome { different: 1, ..outcome() },
			Outcome { unexplained: 1, ..outcome() },
			Outcome { accounts: 0, ..outcome() },
			Outcome { lost_batches: 0, ..outcome() },
			Outcome { resubmitted: 0, ..outcome() },
			Outcome { left: 1, ..outcome() },
			Outcome { kills: elsewhere, ..outcome() },
		] {
			let error = bad.check().unwrap_err();
			assert!(matches!(error, DemoError::NotShown(missing) if missing.len() == 1), "{bad:?}");
		}
		let never = Outcome { kills: BTreeMap::new(), ..outcome() };
		assert!(never.check().is_err());
	}
}
