// SPDX-License-Identifier: Apache-2.0
//! The runtime in memory, driven as a node drives it: blocks of signed transactions.

use crate::recorder::{record, Recorded};
use anyhow::{anyhow, bail, ensure, Context};
use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
	weights::Weight,
};
use frame_system as system;
use pallet_pvs::{Batches, Rollups};
use pallet_transaction_payment::ChargeTransactionPayment;
use pvs_primitives::{api::BatchId, BatchIndex, RollupId};
use pvs_runtime::{
	configs::RuntimeBlockWeights, AccountId, Executive, Header, Pvs, Runtime, RuntimeCall,
	RuntimeGenesisConfig, RuntimeOrigin, SignedPayload, System, TxExtension, UncheckedExtrinsic,
	SLOT_MILLISECONDS,
};
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_core::{sr25519, traits::Externalities, Pair, H256};
use sp_runtime::{
	generic::{Digest, DigestItem, Era},
	traits::Dispatchable,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	BuildStorage, MultiAddress, MultiSignature,
};
use std::{
	collections::BTreeSet,
	time::{Duration, Instant},
};

/// What came of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
	/// It is in the block and succeeded.
	Included,
	/// The block has no room for it.
	NoRoom,
}

/// What the start of a block took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
	/// The weight of the hooks and the block itself.
	pub(crate) weight: Weight,
	/// The time that it took here.
	pub(crate) time: Duration,
	/// How many deadlines of the market's agenda it worked off.
	pub(crate) worked_off: usize,
}

/// A chain without a network and without a disk.
pub(crate) struct Chain {
	state: sp_io::TestExternalities,
	number: u32,
	parent: H256,
}

/// Returns the number of pending batches of all rollups.
pub(crate) fn pending_batches() -> u32 {
	Rollups::<Runtime>::iter_values().map(|rollup| rollup.pending).sum()
}

impl Chain {
	/// A chain whose first block is open.
	pub(crate) fn new(genesis: &RuntimeGenesisConfig) -> anyhow::Result<Self> {
		let storage = genesis.build_storage().map_err(|error| anyhow!("genesis: {error}"))?;
		let mut state = sp_io::TestExternalities::new(storage);
		state.commit_all().map_err(|error| anyhow!("genesis: {error}"))?;
		let parent = H256::from(sp_io::hashing::blake2_256(b"pvs-bench genesis"));
		let mut chain = Self { state, number: 0, parent };
		chain.open_block(1)?;
		Ok(chain)
	}

	/// The number of the open block.
	pub(crate) fn number(&self) -> u32 {
		self.number
	}

	/// Reads the state of the open block.
	pub(crate) fn read<R>(&mut self, read: impl FnOnce() -> R) -> R {
		self.state.execute_with(read)
	}

	/// The state after the last closed block, for whoever runs the runtime's Wasm over it.
	pub(crate) fn state(&mut self) -> impl Externalities + '_ {
		self.state.ext()
	}

	/// Closes the open block and opens the next.
	pub(crate) fn next_block(&mut self) -> anyhow::Result<Start> {
		self.jump_to(self.number + 1)
	}

	/// Closes the open block and opens block `number`. Where that is not the next one, the blocks between
	/// are missing: what was due in them is due in this one, as after a stop of the agenda.
	pub(crate) fn jump_to(&mut self, number: u32) -> anyhow::Result<Start> {
		ensure!(number > self.number, "block {number} is not after block {}", self.number);
		self.parent = self.state.execute_with(|| Executive::finalize_block().hash());
		self.state.commit_all().map_err(|error| anyhow!("block {}: {error}", self.number))?;
		self.open_block(number)
	}

	/// Goes on, block after block, until `number` is open.
	pub(crate) fn run_to(&mut self, number: u32) -> anyhow::Result<()> {
		while self.number < number {
			self.next_block()?;
		}
		Ok(())
	}

	fn open_block(&mut self, number: u32) -> anyhow::Result<Start> {
		self.number = number;
		let slot = u64::from(number);
		let header = Header {
			parent_hash: self.parent,
			number,
			state_root: H256::zero(),
			extrinsics_root: H256::zero(),
			digest: Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] },
		};
		self.state.execute_with(|| {
			let (before, pending) = (overdue(number), pending_batches());
			// The system takes no block but the next of those that it knows.
			System::set_block_number(number.saturating_sub(1));
			let started = Instant::now();
			Executive::initialize_block(&header);
			let time = started.elapsed();
			let weight = *System::block_weight().get(DispatchClass::Mandatory);
			// A batch that ended was one item, whether it was due before or was woken in this block.
			let ended = pending.saturating_sub(pending_batches());
			let moved = before
				.difference(&overdue(number))
				.filter(|(rollup, index)| {
					Batches::<Runtime>::contains_key(BatchId { rollup: *rollup, index: *index })
				})
				.count();
			let worked_off = moved + usize::try_from(ended)?;
			let now = pallet_timestamp::Call::<Runtime>::set { now: slot * SLOT_MILLISECONDS };
			Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(now.into()))
				.map_err(|error| anyhow!("the block's time was refused: {error:?}"))?
				.map_err(|error| anyhow!("the block's time failed: {error:?}"))?;
			Ok(Start { weight, time, worked_off })
		})
	}

	/// Signs a call and puts it into the open block.
	///
	/// # Errors
	/// It is refused for another reason than the room in the block, or it fails.
	pub(crate) fn apply(
		&mut self,
		signer: &sr25519::Pair,
		call: RuntimeCall,
	) -> anyhow::Result<Applied> {
		let name = format!("{call:?}");
		self.state.execute_with(|| match Executive::apply_extrinsic(sign(signer, call)?) {
			Ok(Ok(())) => Ok(Applied::Included),
			Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
				Ok(Applied::NoRoom)
			},
			Ok(Err(error)) => bail!("{name:.200} failed: {error:?}"),
			Err(error) => bail!("{name:.200} is refused: {error:?}"),
		})
	}

	/// As [`Self::apply`], in the next block if this one has no room.
	pub(crate) fn apply_soon(
		&mut self,
		signer: &sr25519::Pair,
		call: RuntimeCall,
	) -> anyhow::Result<()> {
		if self.apply(signer, call.clone())? == Applied::NoRoom {
			self.next_block()?;
			if self.apply(signer, call)? == Applied::NoRoom {
				bail!("a transaction does not fit an empty block");
			}
		}
		Ok(())
	}

	/// Counts the rest of the open block as taken by transactions, so that nothing is worked off at its end.
	pub(crate) fn take_the_rest(&mut self) {
		self.state.execute_with(|| {
			let most = RuntimeBlockWeights::get().max_block;
			let rest = most.saturating_sub(System::block_weight().total());
			System::register_extra_weight_unchecked(rest, DispatchClass::Normal);
		});
	}

	/// Dispatches a call in the open block as a transaction of `signer` does, without the extensions of
	/// one (nonce, fee), and returns what the dispatch reads and writes.
	///
	/// # Errors
	/// The call fails.
	pub(crate) fn record(
		&mut self,
		signer: &sr25519::Pair,
		call: RuntimeCall,
	) -> anyhow::Result<Recorded> {
		let (name, info) = (format!("{call:?}"), call.get_dispatch_info());
		let transaction = self.state.execute_with(|| sign(signer, call.clone()))?;
		self.state.execute_with(|| {
			if !System::inherents_applied() {
				Executive::inherents_applied();
			}
			System::note_extrinsic(transaction.encode());
		});
		let origin = RuntimeOrigin::signed(signer.public().into());
		let (result, recorded) = record(self.state.ext(), || call.dispatch(origin));
		self.state.execute_with(|| System::note_applied_extrinsic(&result, info));
		match result {
			Ok(_) => Ok(recorded),
			Err(error) => bail!("{name:.200} failed: {:?}", error.error),
		}
	}

	/// What the runtime says of a call before it runs: its weight, class and length in bytes.
	pub(crate) fn dispatch_info(
		&mut self,
		signer: &sr25519::Pair,
		call: RuntimeCall,
	) -> anyhow::Result<(DispatchInfo, usize)> {
		self.state.execute_with(|| {
			let transaction = sign(signer, call)?;
			Ok((transaction.get_dispatch_info(), transaction.encoded_size()))
		})
	}

	/// Bytes of all keys and values that the market has in storage.
	pub(crate) fn market_bytes(&mut self) -> usize {
		let prefix = sp_io::hashing::twox_128(b"Pvs");
		self.state.execute_with(|| {
			let mut bytes = 0;
			let mut key = prefix.to_vec();
			while let Some(next) =
				sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix))
			{
				let value = sp_io::storage::get(&next).map_or(0, |value| value.len());
				bytes += next.len() + value;
				key = next;
			}
			bytes
		})
	}

	/// Checks the market's invariants.
	pub(crate) fn check(&mut self) -> anyhow::Result<()> {
		self.state
			.execute_with(Pvs::do_try_state)
			.map_err(|error| anyhow!("an invariant is broken: {error:?}"))
	}
}

/// The batches whose deadlines lie at or before a block.
pub(crate) fn overdue(number: u32) -> BTreeSet<(RollupId, BatchIndex)> {
	pallet_pvs::Agenda::<Runtime>::iter_keys()
		.map(pallet_pvs::types::agenda_item)
		.filter(|(due, _)| due.at <= number)
		.map(|(_, batch)| (batch.rollup, batch.index))
		.collect()
}

fn sign(signer: &sr25519::Pair, call: RuntimeCall) -> anyhow::Result<UncheckedExtrinsic> {
	let account = AccountId::from(signer.public());
	let extension: TxExtension = (
		system::AuthorizeCall::new(),
		system::CheckNonZeroSender::new(),
		system::CheckSpecVersion::new(),
		system::CheckTxVersion::new(),
		system::CheckGenesis::new(),
		system::CheckEra::from(Era::Immortal),
		system::CheckNonce::from(System::account_nonce(&account)),
		system::CheckWeight::new(),
		ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension)
		.map_err(|error| anyhow!("{error:?}"))
		.context("what is signed could not be built")?;
	let signature = payload.using_encoded(|bytes| signer.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	Ok(UncheckedExtrinsic::new_signed(
		call,
		MultiAddress::Id(account),
		MultiSignature::Sr25519(signature),
		extension,
	))
}
