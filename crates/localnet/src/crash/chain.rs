// SPDX-License-Identifier: Apache-2.0
//! Result that the chain's batches and the acknowledged transfers lead to.

use crate::{error::DemoError, run::ROLLUP};
use pvs_client::{Client, Committed, PvsEvent};
use pvs_rollup::{batch::Batch, demo as rollup, state::State, transfer::SignedTransfer};
use std::collections::{BTreeMap, BTreeSet};

fn invalid(reason: String) -> DemoError {
	DemoError::Io {
		what: "cannot execute the chain's batches",
		source: std::io::Error::other(reason),
	}
}

fn genesis() -> Result<State, DemoError> {
	State::from_genesis(&rollup::genesis()).map_err(|error| invalid(error.to_string()))
}

/// The chain's batches, executed here.
pub(super) struct Executed {
	pub(super) state: State,
	/// Encodings of all transfers of final batches, in order.
	pub(super) transfers: Vec<Vec<u8>>,
	/// Encodings of the transfers of batches that failed or were dropped.
	pub(super) lost: BTreeSet<Vec<u8>>,
	pub(super) final_batches: usize,
	pub(super) lost_batches: usize,
}

impl Executed {
	/// Reads all blocks up to the newest finalized one. Which batches are final is taken from events, and the
	/// root that they lead to is compared with the chain's.
	pub(super) async fn read(client: &Client) -> Result<Self, DemoError> {
		let last = client.finalized().await?;
		let view = client.at(last).await?;
		let (mut data, mut settled, mut lost) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
		for number in 1..=last.number {
			let block = client.block(client.hash_at(number).await?).await?;
			for Committed { batch, calls } in view.commits_in(number, ROLLUP).await? {
				data.extend(calls.into_iter().next().map(|call| (batch.index, call.data)));
			}
			for event in client.at(block).await?.events().await? {
				match event {
					PvsEvent::BatchFinalized { batch, .. } => settled.push(batch.index),
					PvsEvent::BatchFailed { .. } | PvsEvent::BatchDropped { .. } => {
						lost.extend(event.batch().map(|batch| batch.index));
					},
					_ => {},
				}
			}
		}
		let mut state = genesis()?;
		let shape = state.shape();
		let encodings = |index: &u64| -> Result<Vec<Vec<u8>>, DemoError> {
			let bytes = data.get(index).ok_or_else(|| invalid(format!("no data of {index}")))?;
			let batch = Batch::decode(shape, bytes).map_err(|error| invalid(error.to_string()))?;
			Ok(batch.transfers().iter().map(|signed| signed.encode().to_vec()).collect())
		};
		let mut transfers = Vec::new();
		for index in &settled {
			transfers.extend(encodings(index)?);
			let bytes = data.get(index).map(Vec::as_slice).unwrap_or_default();
			state.execute_batch(bytes).map_err(|error| invalid(error.to_string()))?;
		}
		let lost_batches = lost.len();
		let lost: Vec<Vec<Vec<u8>>> = lost.iter().map(encodings).collect::<Result<_, _>>()?;
		let info = view.rollup(ROLLUP).await?.ok_or(DemoError::NoRollup)?;
		if state.root() != info.finalized_root {
			return Err(invalid("they do not lead to the rollup's final root".into()));
		}
		let lost = lost.into_iter().flatten().collect();
		Ok(Self { state, transfers, lost, final_batches: settled.len(), lost_batches })
	}
}

/// Balance and nonce of each account after these transfers, by adding up: in any order, and without the
/// rollup's own rules.
pub(super) fn ledger<'a>(
	encodings: impl Iterator<Item = &'a [u8]>,
) -> Result<BTreeMap<u32, (u64, u32)>, DemoError> {
	let mut sums: BTreeMap<u32, (i128, u32)> = genesis()?
		.accounts()
		.map(|(index, account)| (index, (i128::from(account.balance), account.nonce)))
		.collect();
	for encoding in encodings {
		let signed =
			SignedTransfer::decode(encoding).map_err(|error| invalid(error.to_string()))?;
		let transfer = signed.transfer;
		let (amount, fee) = (i128::from(transfer.amount), i128::from(transfer.fee));
		let payer = sums.entry(transfer.from).or_default();
		*payer = (payer.0 - amount - fee, payer.1 + 1);
		sums.entry(transfer.to).or_default().0 += amount;
		sums.entry(rollup::FEE_ACCOUNT).or_default().0 += fee;
	}
	sums.into_iter()
		.map(|(index, (balance, nonce))| {
			let balance = u64::try_from(balance);
			let balance = balance.map_err(|_| invalid(format!("account {index} is overdrawn")))?;
			Ok((index, (balance, nonce)))
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::transfer::Transfer;

	#[test]
	fn ledger_should_say_what_an_execution_leads_to() {
		let key = Some(rollup::secret_key(77).public_key());
		let transfers = [
			Transfer { from: 1, to: 2, amount: 10, fee: 3, nonce: 0, new_key: None },
			Transfer { from: 1, to: 77, amount: 20, fee: 4, nonce: 1, new_key: key },
			Transfer { from: 2, to: 0, amount: 5, fee: 1, nonce: 0, new_key: None },
		];
		let signed = transfers.map(|transfer| transfer.sign(&rollup::secret_key(transfer.from)));
		let mut state = genesis().unwrap();
		let mut draft = state.draft(rollup::FEE_ACCOUNT);
		signed.iter().for_each(|signed| draft.push(signed).unwrap());
		let outcome = draft.finish().unwrap();
		state.apply(outcome).unwrap();
		let executed: BTreeMap<u32, (u64, u32)> = state
			.accounts()
			.map(|(index, account)| (index, (account.balance, account.nonce)))
			.collect();
		let encodings: Vec<[u8; 104]> = signed.iter().rev().map(SignedTransfer::encode).collect();
		let ledger = |count: usize| ledger(encodings.iter().take(count).map(|one| &one[..]));
		assert_eq!(ledger(3).unwrap(), executed);
		assert_ne!(ledger(2).unwrap(), executed);
	}
}
