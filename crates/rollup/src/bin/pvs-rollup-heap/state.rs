// SPDX-License-Identifier: Apache-2.0
//! What a large state takes.

use crate::{
	heap::Heap,
	workload::{
		bar,
		state::{Accounts, Memory, Steps, KEPT, STEPS},
		Meter, Outcome,
	},
};
use pvs_rollup::state::State;

/// Measures a state of `2^accounts_log2` accounts.
pub(crate) fn memory(accounts_log2: u32) -> Outcome<Memory> {
	let accounts = Accounts::new(accounts_log2)?;
	let bar = bar(STEPS + 1);
	let (state, steps) = accounts.load::<Heap>(&bar)?;
	bar.set_message("changing the state");
	let kept = keep(&accounts, &state)?;
	bar.finish_and_clear();
	let Steps { genesis, build, save, load } = steps;
	let held = load.held;
	let [genesis, build, save, load] = [genesis, build, save, load].map(|bytes| bytes.peak);
	Ok(Memory { peaks: Steps { genesis, build, save, load }, held, kept })
}

/// The bytes that [`KEPT`] states take, each a batch further than the one before; of few accounts an
/// estimate from fewer states.
fn keep(accounts: &Accounts, state: &State) -> Outcome<u64> {
	// Each payer pays once.
	let rounds = KEPT.min(accounts.count / accounts.shape.transfers() as u32);
	let batches = (0..rounds).map(|number| accounts.batch(number)).collect::<Outcome<Vec<_>>>()?;
	let mut states = Vec::with_capacity(batches.len());
	let (_, bytes) = Heap::of(|| {
		let mut next = state.clone();
		for batch in &batches {
			next.execute_batch(batch)?;
			states.push(next.clone());
		}
		Ok(())
	})?;
	drop(states);
	Ok(bytes.held / u64::from(rounds) * u64::from(KEPT))
}
