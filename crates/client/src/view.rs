// SPDX-License-Identifier: Apache-2.0
//! Typed reads of the chain at one block.

use crate::{
	call_tree, connection::Block, error::Error, events, events::PvsEvent, ChainConfig, Client,
};
use codec::{Decode, Encode};
use pvs_primitives::{
	api::{
		BatchId, BatchInfo, ExpectedWinner, Page, ProverInfo, RollupInfo, RoundInfo, SealInfo,
		SealPlace, UnsettledRoundInfo,
	},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId, RoundNumber,
};
use pvs_timelock::{Seal, ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES};
use std::{collections::BTreeMap, sync::Arc};
use subxt::{
	client::OnlineClientAtBlock, error::DispatchError, events::Phase,
	ext::scale_decode::DecodeAsType, Metadata,
};
use tokio::sync::OnceCell;

/// An account as the Runtime API writes it.
pub type AccountBytes = Bytes32;

/// The chain as of one block: what it says is what holds after that block.
#[derive(Clone, Debug)]
pub struct View {
	client: Client,
	block: Block,
	/// Client that knows the metadata, once it was needed. Calls of the Runtime API go without it.
	at: Arc<OnceCell<OnlineClientAtBlock<ChainConfig>>>,
}

/// Effects of an extrinsic whose call succeeded.
pub(crate) struct Applied {
	/// The pallet's events, in order.
	pub(crate) events: Vec<PvsEvent>,
	/// Fee that its signer paid without a tip, in planck, if the chain tells.
	pub(crate) fee: Option<Balance>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountRecord {
	data: BalanceRecord,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct BalanceRecord {
	free: u128,
}

impl View {
	pub(crate) fn new(client: Client, block: Block) -> Self {
		Self { client, block, at: Arc::default() }
	}

	/// The block.
	pub fn block(&self) -> Block {
		self.block
	}

	pub(crate) fn client(&self) -> &Client {
		&self.client
	}

	/// Returns what reads storage and events of this block. Asks the node for the version of the runtime at the
	/// first time.
	pub(crate) async fn online(&self) -> Result<&OnlineClientAtBlock<ChainConfig>, Error> {
		let Block { hash, number, .. } = self.block;
		let connect = || async move {
			let at = self.client.api().at_block_hash_and_number(hash, u64::from(number)).await;
			at.map_err(|error| self.client.failed(error))
		};
		self.at.get_or_try_init(connect).await
	}

	/// The metadata of the chain as of this block.
	pub(crate) async fn metadata(&self) -> Result<&Metadata, Error> {
		Ok(self.online().await?.metadata_ref())
	}

	async fn call<R: Decode>(
		&self,
		method: &'static str,
		arguments: impl Encode,
	) -> Result<R, Error> {
		let (arguments, block) = (arguments.encode(), Some(self.block.hash));
		let answer = self.client.rpc().state_call(method, Some(&arguments), block).await;
		let answer = answer.map_err(|error| self.client.failed(error))?;
		R::decode(&mut &answer[..]).map_err(|source| Error::Decode { method, source })
	}

	/// A rollup, if it is registered.
	pub async fn rollup(&self, id: RollupId) -> Result<Option<RollupInfo<AccountBytes>>, Error> {
		self.call("PvsApi_rollup", id).await
	}

	/// A batch, as long as the chain keeps it.
	pub async fn batch(&self, id: BatchId) -> Result<Option<BatchInfo<AccountBytes>>, Error> {
		self.call("PvsApi_batch", id).await
	}

	/// The registered rollups.
	pub async fn rollups(&self) -> Result<Vec<RollupInfo<AccountBytes>>, Error> {
		self.all_pages("PvsApi_rollups", 0, |from: RollupId| (from, u32::MAX)).await
	}

	/// The rounds of a rollup that accept bids, reveals, acceptances or a proof.
	pub async fn open_rounds(
		&self,
		rollup: RollupId,
	) -> Result<Vec<RoundInfo<AccountBytes>>, Error> {
		let arguments = |from: BatchIndex| (rollup, from, u32::MAX);
		self.all_pages("PvsApi_open_rounds", 0, arguments).await
	}

	/// As [`open_rounds`](Self::open_rounds), of every rollup that has batches.
	pub async fn all_open_rounds(&self) -> Result<Vec<RoundInfo<AccountBytes>>, Error> {
		let mut rounds = Vec::new();
		for rollup in self.rollups().await?.iter().filter(|rollup| rollup.pending > 0) {
			rounds.extend(self.open_rounds(rollup.id).await?);
		}
		Ok(rounds)
	}

	/// The closed rounds of a rollup with silent bids that wait to be settled. The rollup may be
	/// deregistered.
	pub async fn unsettled_bids(
		&self,
		rollup: RollupId,
	) -> Result<Vec<UnsettledRoundInfo<AccountBytes>>, Error> {
		let arguments = |from: (BatchIndex, RoundNumber)| (rollup, from, u32::MAX);
		self.all_pages("PvsApi_unsettled_bids", (0, 0), arguments).await
	}

	/// Asks for page after page of a list.
	async fn all_pages<Item: Decode, From: Decode + PartialOrd + Copy, Arguments: Encode>(
		&self,
		method: &'static str,
		first: From,
		arguments: impl Fn(From) -> Arguments,
	) -> Result<Vec<Item>, Error> {
		let mut items = Vec::new();
		let mut from = first;
		loop {
			let page: Page<Item, From> = self.call(method, arguments(from)).await?;
			items.extend(page.items);
			match page.next {
				// A node that does not get on is not asked for ever.
				Some(next) if next > from => from = next,
				_ => return Ok(items),
			}
		}
	}

	/// The current round of a batch.
	pub async fn round(&self, id: BatchId) -> Result<Option<RoundInfo<AccountBytes>>, Error> {
		self.call("PvsApi_round", id).await
	}

	/// The winner of a batch's open auction if nothing happens to its bids any more.
	pub async fn expected_winner(
		&self,
		id: BatchId,
	) -> Result<Option<ExpectedWinner<AccountBytes>>, Error> {
		self.call("PvsApi_expected_winner", id).await
	}

	/// A prover, if it is registered.
	pub async fn prover(
		&self,
		account: AccountBytes,
	) -> Result<Option<ProverInfo<AccountBytes>>, Error> {
		self.call("PvsApi_prover", account).await
	}

	/// The time-lock puzzle of the chain's seals.
	pub async fn seals(&self) -> Result<SealInfo, Error> {
		self.call("PvsApi_seals", ()).await
	}

	/// Returns whether the chain would take an opening of a bidder's seal from `opener`; `None` if the bid is
	/// neither sealed nor unsettled.
	pub async fn check_opening(
		&self,
		(batch, round): (BatchId, RoundNumber),
		bidder: AccountBytes,
		opener: AccountBytes,
		seal: &Seal,
		(solution, proof): (&[u8; ELEMENT_BYTES], &[u8; OPENING_PROOF_BYTES]),
	) -> Result<Option<bool>, Error> {
		let arguments = (batch, round, bidder, opener, seal, solution, proof);
		self.call("PvsApi_check_opening", arguments).await
	}

	/// The balance of an account that is neither held nor reserved, in planck.
	pub async fn free_balance(&self, account: AccountBytes) -> Result<Balance, Error> {
		let address =
			subxt::dynamic::storage::<(AccountBytes,), AccountRecord>("System", "Account");
		let storage = self.online().await?.storage();
		let value = storage.try_fetch(address, (account,)).await;
		let value = value.map_err(|error| self.client.failed(error))?;
		match value {
			Some(value) => Ok(value.decode().map_err(|error| self.client.failed(error))?.data.free),
			None => Ok(0),
		}
	}

	/// Returns when this block was made, in milliseconds since 1970.
	///
	/// # Errors
	///
	/// [`Error`], also if the chain keeps no time.
	pub async fn timestamp(&self) -> Result<u64, Error> {
		let address = subxt::dynamic::storage::<(), u64>("Timestamp", "Now");
		let storage = self.online().await?.storage();
		let value = storage.fetch(address, ()).await.map_err(|error| self.client.failed(error))?;
		value.decode().map_err(|error| self.client.failed(error))
	}

	/// Returns how long a slot of an Aura chain is, in milliseconds.
	pub async fn slot_duration(&self) -> Result<u64, Error> {
		self.call("AuraApi_slot_duration", ()).await
	}

	/// The pallet's events of this block, in order.
	pub async fn events(&self) -> Result<Vec<PvsEvent>, Error> {
		let at = self.online().await?;
		let all = at.events().fetch().await.map_err(|error| self.client.failed(error))?;
		events::of_pallet(all.iter(), &at.metadata()).map_err(|error| self.client.failed(error))
	}

	/// Returns what one extrinsic of this block did, or the error that its call failed with.
	pub(crate) async fn events_of(
		&self,
		extrinsic: u32,
	) -> Result<Result<Applied, DispatchError>, Error> {
		let at = self.online().await?;
		let all = at.events().fetch().await.map_err(|error| self.client.failed(error))?;
		let (mut own, mut fee) = (Vec::new(), None);
		for event in all.iter() {
			let event = event.map_err(|error| self.client.failed(error))?;
			if event.phase() != Phase::ApplyExtrinsic(extrinsic) {
				continue;
			}
			if event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed" {
				let error = DispatchError::decode_from(event.field_bytes(), at.metadata());
				return Ok(Err(error.map_err(|error| self.client.failed(error))?));
			}
			let paid = events::fee_paid(&event).map_err(|error| self.client.failed(error))?;
			fee = paid.or(fee);
			own.push(Ok(event));
		}
		let own = events::of_pallet(own.into_iter(), &at.metadata())
			.map_err(|error| self.client.failed(error))?;
		Ok(Ok(Applied { events: own, fee }))
	}

	/// The seals of these bids, from the bodies of the blocks in which they were placed; each body is
	/// fetched once. A seal that is not where its bid says is missing in the answer.
	pub async fn seals_of(
		&self,
		bids: impl IntoIterator<Item = (SealPlace, Bytes32)>,
	) -> Result<BTreeMap<Bytes32, Seal>, Error> {
		let mut by_block = BTreeMap::<BlockNumber, Vec<(u32, Bytes32)>>::new();
		for (place, seal_hash) in bids {
			by_block.entry(place.block).or_default().push((place.extrinsic, seal_hash));
		}
		let mut found = BTreeMap::new();
		if by_block.is_empty() {
			return Ok(found);
		}
		let metadata = self.metadata().await?;
		for (number, bids) in by_block {
			let body = self.client.body(self.client.hash_at(number).await?).await?;
			for (extrinsic, seal_hash) in bids {
				let extrinsic = usize::try_from(extrinsic).ok().and_then(|index| body.get(index));
				let seal = extrinsic
					.and_then(|extrinsic| call_tree::seal(metadata, extrinsic, &seal_hash));
				found.extend(seal.map(|seal| (seal_hash, seal)));
			}
		}
		Ok(found)
	}
}
