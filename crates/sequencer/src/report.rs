// SPDX-License-Identifier: Apache-2.0
//! Reports for the operator: a line of text or of JSON per event.

use crate::core::Change;
use pvs_primitives::{BlockNumber, Bytes32, RollupId};
use pvs_service::{event::as_text, Event, Level};
use serde::{Serialize, Serializer};
use std::net::SocketAddr;

/// Takes the reports of a sequencer.
pub type Reporter = pvs_service::Reporter<Report>;

/// Something that happened. Batches are named by their index; the rollup is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants' own lines say what the fields are")]
pub enum Report {
	/// The metrics can be read at this address.
	ServesMetrics {
		#[serde(serialize_with = "as_text")]
		address: SocketAddr,
	},
	/// The chain is followed, and transfers are taken at this address, if there is one.
	Ready {
		#[serde(skip_serializing_if = "Option::is_none")]
		listen: Option<SocketAddr>,
		#[serde(serialize_with = "as_hex")]
		final_root: Bytes32,
		#[serde(serialize_with = "as_hex")]
		tip_root: Bytes32,
		waiting: usize,
		data_dir: String,
	},
	/// A batch is on the best chain.
	Committed { batch: u64, block: BlockNumber, transfers: usize },
	/// A batch is proven.
	Proven { batch: u64 },
	/// A batch is final.
	Final { batch: u64, transfers: usize },
	/// A batch has gone without becoming final: its transfers wait again.
	Lost { batch: u64, transfers: usize },
	/// A batch was not taken by the chain, or nobody knows whether it was; the next attempt is in so many blocks.
	NotCommitted { reason: String, blocks: BlockNumber },
	/// Transfers have waited for too long and ended.
	Expired { transfers: usize },
	/// A node answers, after another one or after none did.
	Connected { url: String },
	/// Problem that keeps the chain from being followed, or batches from being committed: `rollup_health` says it too.
	Problem { text: String },
	/// There is no room for the journal: nothing is accepted or committed until there is.
	DiskFull { text: String },
	/// There is room for the journal again.
	DiskHasRoom,
	/// The operator should know.
	Warning { text: String },
	/// The service is about to stop.
	Stopping { reason: String },
	/// The service has stopped. So many transfers wait for the next start, and of so many commits the fate is
	/// unknown.
	Stopped { waiting: usize, left: usize, data_dir: String },
}

impl From<&Change> for Report {
	fn from(change: &Change) -> Self {
		match *change {
			Change::Committed { batch, block, transfers } => {
				Self::Committed { batch, block, transfers }
			},
			Change::Proven { batch } => Self::Proven { batch },
			Change::Final { batch, transfers } => Self::Final { batch, transfers },
			Change::Lost { batch, transfers } => Self::Lost { batch, transfers },
		}
	}
}

impl Event for Report {
	type Context = RollupId;

	fn level(&self) -> Level {
		match self {
			Self::Lost { .. }
			| Self::Problem { .. }
			| Self::DiskFull { .. }
			| Self::Warning { .. } => Level::Warning,
			_ => Level::Info,
		}
	}

	fn text(&self, rollup: &RollupId) -> String {
		match self {
			Self::ServesMetrics { address } => format!("metrics at http://{address}/metrics"),
			Self::Ready { listen, waiting, data_dir, .. } => {
				let place = listen.map(|address| format!(" on {address}")).unwrap_or_default();
				format!("ready{place}; {waiting} transfers wait; data in {data_dir}")
			},
			Self::Committed { batch, block, transfers } => format!(
				"batch {rollup}/{batch}: committed in block {block} with {transfers} transfers"
			),
			Self::Proven { batch } => format!("batch {rollup}/{batch}: proven"),
			Self::Final { batch, .. } => format!("batch {rollup}/{batch}: final"),
			Self::Lost { batch, transfers } => {
				format!("batch {rollup}/{batch}: lost; its {transfers} transfers wait again")
			},
			Self::NotCommitted { reason, blocks } => {
				format!("not committed: {reason}; trying again in {blocks} blocks")
			},
			Self::Expired { transfers } => {
				format!("{transfers} transfers have waited for too long and ended")
			},
			Self::Connected { url } => format!("connected to {url}"),
			Self::Problem { text } => text.clone(),
			Self::DiskFull { text } => {
				format!(
					"no transfers are taken and no batches committed until there is room: {text}"
				)
			},
			Self::DiskHasRoom => "there is room for the journal again: it goes on".into(),
			Self::Warning { text } => format!("warning: {text}"),
			Self::Stopping { reason } => format!("stopping: {reason}"),
			Self::Stopped { waiting, left, data_dir } => {
				let mut text = format!("stopped; {waiting} transfers wait in {data_dir}");
				if *left > 0 {
					text += "; a block may still take a commit";
				}
				text
			},
		}
	}
}

/// Serializes bytes in hexadecimal with 0x before them.
fn as_hex<S: Serializer>(bytes: &Bytes32, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&crate::rpc::types::hex(bytes))
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, Value};

	fn as_json(report: &Report) -> Value {
		serde_json::to_value(report).unwrap()
	}

	#[test]
	fn report_should_be_one_line_in_both_forms() {
		let ready = |listen| Report::Ready {
			listen,
			final_root: [1; 32],
			tip_root: [2; 32],
			waiting: 3,
			data_dir: "./here".into(),
		};
		let report = ready(Some(([127, 0, 0, 1], 9_955).into()));
		assert_eq!(report.text(&7), "ready on 127.0.0.1:9955; 3 transfers wait; data in ./here");
		assert_eq!(
			as_json(&report),
			json!({
				"event": "ready",
				"listen": "127.0.0.1:9955",
				"final_root": format!("0x{}", "01".repeat(32)),
				"tip_root": format!("0x{}", "02".repeat(32)),
				"waiting": 3,
				"data_dir": "./here",
			})
		);
		let alone = ready(None);
		assert_eq!(alone.text(&7), "ready; 3 transfers wait; data in ./here");
		assert_eq!(as_json(&alone).get("listen"), None);
	}

	#[test]
	fn change_should_be_told_with_its_batch() {
		let told = |change: Change| {
			let report = Report::from(&change);
			(as_json(&report), report.text(&7), report.level())
		};
		let (batch, block, transfers) = (4, 9, 2);
		for (change, json, text, level) in [
			(
				Change::Committed { batch, block, transfers },
				json!({ "event": "committed", "batch": 4, "block": 9, "transfers": 2 }),
				"batch 7/4: committed in block 9 with 2 transfers",
				Level::Info,
			),
			(
				Change::Proven { batch },
				json!({ "event": "proven", "batch": 4 }),
				"batch 7/4: proven",
				Level::Info,
			),
			(
				Change::Final { batch, transfers },
				json!({ "event": "final", "batch": 4, "transfers": 2 }),
				"batch 7/4: final",
				Level::Info,
			),
			(
				Change::Lost { batch, transfers },
				json!({ "event": "lost", "batch": 4, "transfers": 2 }),
				"batch 7/4: lost; its 2 transfers wait again",
				Level::Warning,
			),
		] {
			assert_eq!(told(change), (json, text.into(), level));
		}
	}

	#[test]
	fn end_should_say_what_is_left() {
		let stopped = |left| Report::Stopped { waiting: 2, left, data_dir: "./here".into() };
		assert_eq!(stopped(0).text(&0), "stopped; 2 transfers wait in ./here");
		assert!(stopped(1).text(&0).ends_with("; a block may still take a commit"));
		let json = as_json(&stopped(1));
		assert_eq!((&json["event"], &json["left"]), (&json!("stopped"), &json!(1)));
	}

	#[test]
	fn full_disk_should_be_a_warning_and_room_not() {
		let full = Report::DiskFull { text: "no space left".into() };
		assert_eq!((full.level(), Report::DiskHasRoom.level()), (Level::Warning, Level::Info));
		assert_eq!(as_json(&full), json!({ "event": "disk_full", "text": "no space left" }));
		assert_eq!(as_json(&Report::DiskHasRoom), json!({ "event": "disk_has_room" }));
	}
}
