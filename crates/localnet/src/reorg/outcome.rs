// SPDX-License-Identifier: Apache-2.0
//! Result of the scenario, and what it is judged by.

use super::BATCHES;
use crate::{
	error::DemoError,
	options::Scenario,
	show,
	story::{Batch, Story},
};
use pvs_client::{Account, Token};
use pvs_primitives::{api::ProverStats, BlockNumber};
use serde_json::{json, Value};

/// Result of the scenario.
pub(crate) struct Outcome {
	/// The batches on the chain as it is in the end.
	pub(super) story: Story,
	pub(super) token: Token,
	pub(super) prover: Account,
	pub(super) reorganizations: Vec<Reorganization>,
	pub(super) transactions: [Transactions; 2],
	/// The chain's record of the prover.
	pub(super) record: ProverStats,
}

/// A transaction that lost its block, and found another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reorganization {
	pub(super) call: &'static str,
	/// The index of its batch.
	pub(super) index: u64,
	/// The last block that both branches have.
	pub(super) fork: BlockNumber,
	/// Number of blocks that were taken out.
	pub(super) blocks: BlockNumber,
	/// The block that it lost, and the one that has it now.
	pub(super) old: BlockNumber,
	pub(super) new: BlockNumber,
}

/// Transactions of an account on the chain as it is in the end, and in the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transactions {
	pub(super) who: &'static str,
	/// Number of nonces that were used.
	pub(super) sent: u64,
	/// Number of transactions that had their effect.
	pub(super) useful: u64,
}

impl Outcome {
	/// A table, and a line a reorganization.
	pub(crate) fn as_text(&self) -> String {
		let mut text = show::table(&self.story, &self.token, Scenario::Reorg);
		for Reorganization { call, index, fork, blocks, old, new } in &self.reorganizations {
			text += &format!(
				"\n{call} of batch {index}: in block {old}, {blocks} blocks gone behind {fork}, in block \
				 {new} of the other branch"
			);
		}
		for Transactions { who, sent, useful } in &self.transactions {
			text += &format!("\n{who}: {sent} transactions, {useful} with an effect");
		}
		text
	}

	/// The same for programs.
	pub(crate) fn as_json(&self) -> Value {
		let mut json = show::as_json(&self.story, BATCHES, Scenario::Reorg);
		let reorganization = |it: &Reorganization| {
			json!({
				"call": it.call,
				"batch": it.index,
				"fork_block": it.fork,
				"lost_blocks": it.blocks,
				"lost_block": it.old,
				"new_block": it.new,
			})
		};
		let transactions = |it: &Transactions| json!({ "account": it.who, "sent": it.sent, "with_effect": it.useful });
		json["reorganizations"] = self.reorganizations.iter().map(reorganization).collect();
		json["transactions"] = self.transactions.iter().map(transactions).collect();
		json["slashed"] = json!(self.record.slashed.to_string());
		json
	}

	/// Fails with the reasons unless each batch was paid to the prover, nobody lost a bond, and no transaction was on the
	/// chain beside those that had their effect: one that is sent twice has none the second time.
	pub(crate) fn check(&self) -> Result<(), DemoError> {
		let mut reasons = Vec::new();
		let is_paid = |batch: &Batch| {
			let paid =
				|proof: crate::story::Proof| proof.prover == self.prover && proof.payment > 0;
			batch.proof.is_some_and(paid)
		};
		let batches = || self.story.batches().values();
		let paid = batches().filter(|batch| is_paid(batch)).count();
		if paid < BATCHES as usize {
			reasons.push(format!("{paid} of {BATCHES} batches are paid to the prover"));
		}
		let ProverStats { slashed, defaults, silences, opened, .. } = self.record;
		if slashed > 0 || defaults > 0 || silences > 0 || opened > 0 {
			reasons.push(format!(
				"the prover has lost {} in {defaults} defaults, {silences} silences and {opened} \
				 late openings",
				self.token.show(slashed)
			));
		}
		for Transactions { who, sent, useful } in &self.transactions {
			if sent != useful {
				reasons.push(format!(
					"{who}: {sent} transactions, of which {useful} had an effect: was a call sent twice?"
				));
			}
		}
		for it in self.reorganizations.iter().filter(|it| it.new <= it.fork) {
			reasons.push(format!("{} was not in a block of one branch only", it.call));
		}
		match reasons.is_empty() {
			true => Ok(()),
			false => Err(DemoError::Reorganized(reasons)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::repeated;

	/// The result with as many batches as there should be.
	fn outcome() -> Outcome {
		let story = repeated(BATCHES);
		let prover = story.batches()[&0].proof.unwrap().prover;
		let reorganization =
			Reorganization { call: "place_bid", index: 0, fork: 9, blocks: 4, old: 11, new: 15 };
		let transactions = |who| Transactions { who, sent: 12, useful: 12 };
		Outcome {
			story,
			token: Token::default(),
			prover,
			reorganizations: vec![reorganization],
			transactions: [transactions("prover"), transactions("sequencer and owner")],
			record: ProverStats::default(),
		}
	}

	#[test]
	fn scenario_should_pass_only_when_all_is_paid_and_nothing_lost_or_sent_twice() {
		assert!(outcome().check().is_ok());
		let twice = Transactions { who: "prover", sent: 13, useful: 12 };
		let slashed = ProverStats { slashed: 1, ..ProverStats::default() };
		let both = Reorganization { new: 9, ..outcome().reorganizations[0] };
		for (bad, said) in [
			(Outcome { prover: Account([9; 32]), ..outcome() }, "0 of 4 batches"),
			(Outcome { record: slashed, ..outcome() }, "the prover has lost"),
			(Outcome { transactions: [twice, twice], ..outcome() }, "13 transactions"),
			(Outcome { reorganizations: vec![both], ..outcome() }, "one branch only"),
		] {
			let error = bad.check().unwrap_err().to_string();
			assert!(error.contains(said), "{error}");
		}
	}

	#[test]
	fn result_should_have_the_reorganizations_in_both_forms() {
		let (text, json) = (outcome().as_text(), outcome().as_json());
		assert!(
			text.contains("place_bid of batch 0: in block 11, 4 blocks gone behind 9"),
			"{text}"
		);
		assert_eq!((&json["scenario"], &json["proven"]), (&json!("reorg"), &json!(4)));
		assert_eq!(json["reorganizations"][0]["new_block"], 15);
		assert!(json["latency_s"]["max"].is_null(), "the chain was read again: {json}");
		assert_eq!(json["transactions"][0]["with_effect"], 12);
	}
}
