// SPDX-License-Identifier: Apache-2.0
//! What each call and each step of the agenda weighs, as a share of the block.

use crate::{
	chain::Chain,
	setup::{account, constant, payload, reveal, World},
};
use anyhow::anyhow;
use frame_support::{dispatch::GetDispatchInfo, weights::Weight};
use pallet_pvs::{
	Call, Config, OpeningProofBytes, SealBytes, SolutionBytes, WeightInfo, WeightInfoOf,
};
use pvs_primitives::{api::BatchId, PROOF_BYTES};
use pvs_runtime::{
	configs::{RuntimeBlockWeights, BLOCK_WEIGHT, MIN_STAKE},
	Runtime, RuntimeCall,
};
use pvs_timelock::{ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES, SEAL_BYTES};

type Weights = WeightInfoOf<Runtime>;

/// A call or a step with its weight.
pub(crate) struct Row {
	/// Its name.
	pub(crate) name: String,
	/// Its own weight.
	pub(crate) weight: Weight,
	/// What a transaction of it takes of a block before it runs, with signature and fee; `None` for
	/// what is not a transaction.
	pub(crate) transaction: Option<Weight>,
	/// Bytes of that transaction.
	pub(crate) bytes: Option<usize>,
}

/// A weight's part of a whole block, in percent.
pub(crate) fn percent_of_block(weight: Weight) -> f64 {
	percent(weight, BLOCK_WEIGHT)
}

/// A weight's part of another, in percent.
#[allow(clippy::cast_precision_loss, reason = "for display")]
pub(crate) fn percent(weight: Weight, of: Weight) -> f64 {
	weight.ref_time() as f64 / of.ref_time() as f64 * 100.0
}

/// A weight's time, in microseconds.
#[allow(clippy::cast_precision_loss, reason = "for display")]
pub(crate) fn microseconds(weight: Weight) -> f64 {
	weight.ref_time() as f64 / 1e6
}

/// All calls of the market.
pub(crate) fn calls(world: &World, chain: &mut Chain) -> anyhow::Result<Vec<Row>> {
	let signer = world.sequencer(0)?;
	let who = account(signer);
	let batch = BatchId { rollup: 0, index: 0 };
	let data = vec![0; usize::try_from(constant::<<Runtime as Config>::MaxDataBytes>())?];
	let key = world.keys.verifying_key().to_vec();
	let params = crate::setup::params(1, 2);
	let calls: Vec<RuntimeCall> = vec![
		Call::register_rollup {
			verifying_key: key.try_into().map_err(|_| anyhow!("the key fits"))?,
			genesis_root: [0; 32],
			sequencer: who.clone(),
			params: params.clone(),
		}
		.into(),
		Call::deregister_rollup { rollup: 0 }.into(),
		Call::set_sequencer { rollup: 0, sequencer: who.clone() }.into(),
		Call::set_params { rollup: 0, params }.into(),
		Call::transfer_rollup { rollup: 0, to: who.clone() }.into(),
		Call::accept_rollup { rollup: 0 }.into(),
		Call::register_prover { stake: MIN_STAKE }.into(),
		Call::bond_more { amount: MIN_STAKE }.into(),
		Call::unbond { amount: MIN_STAKE }.into(),
		Call::withdraw_unbonded {}.into(),
		Call::deregister_prover {}.into(),
		Call::commit_batch {
			rollup: 0,
			data: data.try_into().map_err(|_| anyhow!("the data fits"))?,
			prev_state_root: [0; 32],
			next_state_root: [0; 32],
			max_fee: 0,
		}
		.into(),
		Call::place_bid {
			batch,
			round: 0,
			batch_digest: [0; 32],
			max_slot_fee: 0,
			commitment: [0; 32],
			seal: SealBytes::truncate_from(vec![0; SEAL_BYTES]),
		}
		.into(),
		Call::open_bid {
			batch,
			round: 0,
			bidder: who.clone(),
			seal: SealBytes::truncate_from(vec![0; SEAL_BYTES]),
			solution: SolutionBytes::truncate_from(vec![0; ELEMENT_BYTES]),
			proof: OpeningProofBytes::truncate_from(vec![0; OPENING_PROOF_BYTES]),
		}
		.into(),
		reveal(batch, signer, payload(0)),
		Call::accept_place { batch, round: 0 }.into(),
		Call::submit_proof {
			batch,
			prover: who,
			proof: vec![0; PROOF_BYTES].try_into().map_err(|_| anyhow!("the proof fits"))?,
		}
		.into(),
	];
	calls
		.into_iter()
		.map(|call| {
			let own = own_weight(&call)?;
			let (info, bytes) = chain.dispatch_info(signer, call.clone())?;
			let base = RuntimeBlockWeights::get().get(info.class).base_extrinsic;
			Ok(Row {
				name: own.0,
				weight: own.1.unwrap_or(call.get_dispatch_info().call_weight),
				transaction: Some(info.total_weight().saturating_add(base)),
				bytes: Some(bytes),
			})
		})
		.collect()
}

/// A call's name, and its weight where the dispatch info adds the step that may be overdue.
fn own_weight(call: &RuntimeCall) -> anyhow::Result<(String, Option<Weight>)> {
	let RuntimeCall::Pvs(call) = call else {
		anyhow::bail!("only calls of the market are asked for");
	};
	let name = frame_support::traits::GetCallName::get_call_name(call).to_owned();
	let weight = match call {
		Call::reveal_bid { .. } => Some(Weights::reveal_bid()),
		Call::open_bid { .. } => {
			Some(Weights::open_bid().saturating_add(Weights::challenge_search()))
		},
		Call::submit_proof { .. } => Some(Weights::submit_proof()),
		Call::accept_place { .. } => Some(Weights::accept_place()),
		_ => None,
	};
	Ok((name, weight))
}

/// The steps of the agenda.
pub(crate) fn steps() -> Vec<Row> {
	let max_bids = constant::<<Runtime as Config>::MaxBids>();
	let step = |name: String, weight| Row { name, weight, transaction: None, bytes: None };
	vec![
		step("look for the next item".into(), Weights::agenda_lookup()),
		step("close a round without bids".into(), Weights::close_round(0)),
		step(format!("close a round with {max_bids} bids"), Weights::close_round(max_bids)),
		step("default of a prover".into(), Weights::default_prover()),
		step("pass a place on".into(), Weights::pass_place()),
		step("end a rescue".into(), Weights::end_rescue()),
		step("open the last round".into(), Weights::open_last_round()),
		step("make a batch final".into(), Weights::finalize_batch()),
		step("fail a batch".into(), Weights::fail_batch()),
		step("drop a batch without bids".into(), Weights::drop_batch(0)),
		step(format!("drop a batch with {max_bids} bids"), Weights::drop_batch(max_bids)),
	]
}
