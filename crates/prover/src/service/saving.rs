// SPDX-License-Identifier: Apache-2.0
//! The rollup's state over restarts: taken up at the start, saved now and then.

use super::{Done, Service, Session};
use crate::{
	appraise::Appraiser,
	error::ProverError,
	report::{Report, Teller},
	rollup::{Ledger, Payments},
	snapshot::{Pace, Point, Store, Unusable},
};
use pvs_client::{Client, Replica, ReplicaError, View};
use pvs_primitives::{
	api::{BatchId, RollupInfo},
	Bytes32,
};
use std::{
	io,
	time::{Duration, Instant},
};

/// Saves the rollup's state.
pub(super) struct Saver {
	store: Store,
	pace: Pace,
}

/// A save that is over.
pub(super) struct Saved {
	result: io::Result<()>,
	took: Duration,
}

/// Time that the node's finalized block may take to reach that of the saved state: a replay from the genesis takes
/// longer.
const FINALITY_WAIT: Duration = Duration::from_secs(60);
const FINALITY_POLL: Duration = Duration::from_secs(1);

/// Removes leftovers beside the saved state, and waits for the node to be as far as it is.
pub(super) async fn prepare(
	store: &Store,
	client: &Client,
	teller: &Teller,
) -> Result<(), ProverError> {
	store.remove_leftovers();
	let Some(saved) = store.block() else { return Ok(()) };
	let start = Instant::now();
	let mut is_told = false;
	loop {
		let finalized = client.finalized().await?.number;
		if finalized >= saved || start.elapsed() >= FINALITY_WAIT {
			return Ok(());
		}
		if !is_told {
			is_told = true;
			let text = format!(
				"{} is of block {saved}, and the node's finalized block is {finalized}: waiting for it, \
				 at most {} s",
				store.path().display(),
				FINALITY_WAIT.as_secs()
			);
			teller.say(&Report::Warning { text });
		}
		tokio::time::sleep(FINALITY_POLL).await;
	}
}

/// Replays the rollup up to its newest final state: from the saved one if that is of use, else from
/// its genesis.
pub(super) async fn replay(
	genesis: Ledger,
	store: Option<Store>,
	client: &Client,
	view: &View,
	rollup: &RollupInfo<Bytes32>,
	teller: &Teller,
) -> Result<(Appraiser, Option<Saver>), ProverError> {
	let finalized = client.finalized().await?;
	let root = &rollup.finalized_root;
	let id = rollup.id;
	let progress = &*teller.progress;
	let Some(store) = store else {
		teller.say(&Report::Replaying { rollup: id, from: 1, saved: None, reason: None });
		let replica = Replica::new(id, genesis);
		return Ok((Appraiser::start(replica, view, finalized, root, progress).await?, None));
	};
	let saved = store.path().display().to_string();
	let say = |from, unusable: Option<&Unusable>| {
		let reason = unusable.map(ToString::to_string);
		let saved = Some(saved.clone());
		teller.say(&Report::Replaying { rollup: id, from, saved, reason });
	};
	let unusable = match store.load(client, finalized).await? {
		Ok(snapshot) => {
			let from = snapshot.point.resume_at;
			say(from, None);
			let saved_root = snapshot.state.root();
			let replica = Replica::resume(id, Ledger::Payments(Payments(snapshot.state)), from);
			match Appraiser::start(replica, view, finalized, root, progress).await {
				Ok(appraiser) => {
					let pace = Pace::new(Some(saved_root));
					return Ok((appraiser, Some(Saver { store, pace })));
				},
				Err(ReplicaError::UnknownState { .. }) => Unusable::NotFinal,
				Err(error) => return Err(error.into()),
			}
		},
		Err(unusable) => unusable,
	};
	say(1, Some(&unusable));
	let replica = Replica::new(id, genesis);
	let appraiser = Appraiser::start(replica, view, finalized, root, progress).await?;
	Ok((appraiser, Some(Saver { store, pace: Pace::new(None) })))
}

impl Service {
	/// Saves the newest state that is final in a finalized block, in the background, if it is time.
	pub(super) async fn save_state(&mut self, session: &Session) -> Result<(), ProverError> {
		let Some(saver) = &mut self.saver else { return Ok(()) };
		let finalized = session.client.finalized().await?;
		let view = session.client.at(finalized).await?;
		let Some(rollup) = view.rollup(self.rollup).await? else { return Ok(()) };
		let root = rollup.finalized_root;
		if !saver.pace.is_due(&root) {
			return Ok(());
		}
		let next = BatchId { rollup: self.rollup, index: rollup.next_to_finalize };
		let resume_at = match view.batch(next).await? {
			Some(batch) => batch.committed_at,
			None if rollup.pending == 0 => finalized.number.saturating_add(1),
			None => return Ok(()),
		};
		// If it is not known now, it will be at the next time.
		let Some(state) = self.appraiser.state(&root) else { return Ok(()) };
		saver.pace.begin(root);
		let point = Point { block: finalized.number, hash: finalized.hash.0, resume_at };
		let (store, done) = (saver.store.clone(), self.done.clone());
		tokio::task::spawn_blocking(move || {
			let Ledger::Payments(Payments(state)) = &*state else { return };
			let start = Instant::now();
			let result = store.save(state, point);
			let _ = done.send(Done::Saved(Saved { result, took: start.elapsed() }));
		});
		Ok(())
	}

	pub(super) fn on_saved(&mut self, saved: Saved) {
		let Some(saver) = &mut self.saver else { return };
		saver.pace.end(saved.result.is_ok(), saved.took);
		if let Err(error) = saved.result {
			let path = saver.store.path().display();
			let text = format!("cannot save the rollup's state to {path}: {error}");
			self.trouble(None, text);
		}
	}
}
