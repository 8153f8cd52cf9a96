// SPDX-License-Identifier: Apache-2.0
//! The chains that are measured: the development preset with rollups and provers of our own, and the
//! transactions that they send.

use crate::chain::Chain;
use anyhow::{anyhow, Context};
use frame_support::traits::Get;
use pallet_pvs::{Call, Config, GenesisRollup, PayloadBytes, ProofSubmission, SealBytes};
use pvs_primitives::{
	api::{BatchId, RoundInfo},
	bid::{bid_commitment, bid_context, commitment_in, BidPayload, PAYLOAD_BYTES},
	params::RollupParams,
	Balance, BatchIndex, Bytes32, RollupId,
};
use pvs_runtime::{
	configs::MIN_STAKE,
	genesis_presets::{demo_params, get_preset},
	AccountId, Pvs, Runtime, RuntimeCall, RuntimeGenesisConfig, UNIT,
};
use pvs_timelock::{generator, seal, Exponent, ELEMENT_BYTES, SEAL_BYTES};
use pvs_verifier_testing::TestKeys;
use sp_core::{sr25519, Pair};
use sp_io::hashing::blake2_256;

/// Bytes of a batch of the measured rollups: one field element. What data costs depends on its length
/// alone and is in the weights of `commit_batch`.
pub(crate) const DATA_BYTES: u32 = 31;

/// Rollups of a measured chain, where nothing else is said.
const ROLLUPS: u32 = 8;

/// What a sequencer pays at the most.
pub(crate) const MAX_FEE: Balance = UNIT;

/// A constant of the runtime.
pub(crate) fn constant<G: Get<u32>>() -> u32 {
	G::get()
}

/// Parameters with which a chain full of batches goes through every stage in few blocks: windows long
/// enough for all transactions, everything else short.
pub(crate) fn params(bidding_blocks: u32, reveal_blocks: u32) -> RollupParams {
	RollupParams {
		data_len: DATA_BYTES,
		bidding_blocks,
		reveal_blocks,
		max_reserve: MAX_FEE,
		initial_reserve: MAX_FEE / 2,
		max_empty_rounds: 2,
		max_failed_rounds: 1,
		..demo_params()
	}
}

/// The accounts and keys of a measurement.
pub(crate) struct World {
	/// One sequencer per rollup.
	pub(crate) sequencers: Vec<sr25519::Pair>,
	/// As many provers as a round takes bids.
	pub(crate) provers: Vec<sr25519::Pair>,
	/// The rollups' keys.
	pub(crate) keys: TestKeys,
	genesis: RuntimeGenesisConfig,
}

impl World {
	/// Eight rollups and a full round of provers.
	pub(crate) fn new(params: &RollupParams) -> anyhow::Result<Self> {
		Self::with_rollups(params, ROLLUPS)
	}

	/// So many rollups and a full round of provers.
	pub(crate) fn with_rollups(params: &RollupParams, rollups: u32) -> anyhow::Result<Self> {
		let keys = TestKeys::new(1);
		let sequencers: Vec<_> = (0..rollups).map(|index| pair("sequencer", index)).collect();
		let provers: Vec<_> = (0..constant::<<Runtime as Config>::MaxBids>())
			.map(|index| pair("prover", index))
			.collect();

		let mut genesis = development_genesis()?;
		let endowment = 1_000_000 * UNIT;
		for pair in sequencers.iter().chain(&provers) {
			genesis.balances.balances.push((account(pair), endowment));
		}
		genesis.pvs.rollups = sequencers
			.iter()
			.map(|sequencer| GenesisRollup {
				owner: account(sequencer),
				sequencer: account(sequencer),
				verifying_key: keys.verifying_key().to_vec(),
				genesis_root: root(0).to_vec(),
				params: params.clone(),
			})
			.collect();
		genesis.pvs.provers =
			provers.iter().map(|prover| (account(prover), 1_000 * MIN_STAKE)).collect();
		Ok(Self { sequencers, provers, keys, genesis })
	}

	/// A fresh chain.
	pub(crate) fn chain(&self) -> anyhow::Result<Chain> {
		Chain::new(&self.genesis)
	}

	/// The sequencer of a rollup.
	pub(crate) fn sequencer(&self, rollup: RollupId) -> anyhow::Result<&sr25519::Pair> {
		let index = usize::try_from(rollup)?;
		self.sequencers.get(index).context("every rollup has a sequencer")
	}

	/// The prover of an account.
	pub(crate) fn prover(&self, who: &AccountId) -> anyhow::Result<&sr25519::Pair> {
		let mut provers = self.provers.iter();
		provers.find(|pair| account(pair) == *who).context("the winner is one of our provers")
	}
}

/// The preset with which a development node starts.
fn development_genesis() -> anyhow::Result<RuntimeGenesisConfig> {
	let patch =
		get_preset(&sp_genesis_builder::PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET))
			.context("the development preset exists")?;
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default())?;
	merge(&mut config, serde_json::from_slice(&patch)?);
	Ok(serde_json::from_value(config)?)
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

fn pair(role: &str, index: u32) -> sr25519::Pair {
	sr25519::Pair::from_seed(&blake2_256(format!("pvs-bench {role} {index}").as_bytes()))
}

/// The account of a key pair.
pub(crate) fn account(pair: &sr25519::Pair) -> AccountId {
	pair.public().into()
}

/// A state root: any canonical field element.
fn root(number: u64) -> Bytes32 {
	let mut root = [0; 32];
	root[24..].copy_from_slice(&number.to_be_bytes());
	root
}

/// The transaction that commits a rollup's batch `index`.
pub(crate) fn commit(rollup: RollupId, index: BatchIndex) -> anyhow::Result<RuntimeCall> {
	let data = vec![7; usize::try_from(DATA_BYTES)?];
	Ok(Call::commit_batch {
		rollup,
		data: data.try_into().map_err(|_| anyhow!("the data fits"))?,
		prev_state_root: root(index),
		next_state_root: root(index + 1),
		max_fee: MAX_FEE,
	}
	.into())
}

/// What the prover with this number bids: the higher, the dearer.
pub(crate) fn payload(number: usize) -> [u8; PAYLOAD_BYTES] {
	let fee = UNIT / 10 + Balance::try_from(number).unwrap_or(Balance::MAX / 2);
	BidPayload { fee, proof_blocks: 20, proof_commitment: None, salt: [9; 32] }.encode()
}

/// The current round of a batch.
pub(crate) fn round(chain: &mut Chain, batch: BatchId) -> anyhow::Result<RoundInfo<AccountId>> {
	chain.read(|| Pvs::round_info(batch)).with_context(|| format!("{batch:?} has no open round"))
}

/// The transaction with which a prover bids in a round.
pub(crate) fn bid(
	chain: &mut Chain,
	round: &RoundInfo<AccountId>,
	bidder: &sr25519::Pair,
	payload: &[u8; PAYLOAD_BYTES],
) -> RuntimeCall {
	let genesis_hash = chain.read(Pvs::genesis_hash);
	Call::place_bid {
		batch: round.batch,
		round: round.round,
		batch_digest: round.batch_digest,
		max_slot_fee: Balance::MAX,
		commitment: bid_commitment(
			&genesis_hash,
			round.batch,
			round.round,
			&round.batch_digest,
			account(bidder).as_ref(),
			payload,
		),
		seal: unopened_seal(),
	}
	.into()
}

/// A seal that nobody is going to open: a group element and noise. What it holds costs the chain
/// nothing.
fn unopened_seal() -> SealBytes {
	let noise = [0xff; SEAL_BYTES - ELEMENT_BYTES];
	SealBytes::truncate_from([&generator()[..], &noise].concat())
}

/// As [`bid`], with a seal that opens to the payload.
pub(crate) fn sealed_bid(
	chain: &mut Chain,
	round: &RoundInfo<AccountId>,
	bidder: &sr25519::Pair,
	payload: &[u8; PAYLOAD_BYTES],
) -> anyhow::Result<RuntimeCall> {
	let genesis_hash = chain.read(Pvs::genesis_hash);
	let who = account(bidder);
	let context =
		bid_context(&genesis_hash, round.batch, round.round, &round.batch_digest, who.as_ref());
	let exponent = Exponent::random().context("the system gives no random bytes")?;
	let sealed = seal(<Runtime as Config>::Seals::get().parameters, &context, payload, &exponent);
	Ok(Call::place_bid {
		batch: round.batch,
		round: round.round,
		batch_digest: round.batch_digest,
		max_slot_fee: Balance::MAX,
		commitment: commitment_in(&context, payload),
		seal: SealBytes::truncate_from(sealed.to_vec()),
	}
	.into())
}

/// The transaction with which a prover reveals its bid in a first round.
pub(crate) fn reveal(
	batch: BatchId,
	bidder: &sr25519::Pair,
	payload: [u8; PAYLOAD_BYTES],
) -> RuntimeCall {
	let payload = PayloadBytes::truncate_from(payload.to_vec());
	Call::reveal_bid { batch, round: 0, bidder: account(bidder), payload }.into()
}

/// The transaction with which a prover delivers.
pub(crate) fn prove(
	chain: &mut Chain,
	keys: &TestKeys,
	batch: BatchId,
	prover: &sr25519::Pair,
) -> anyhow::Result<RuntimeCall> {
	Ok(submit(submission(chain, keys, batch, account(prover))?))
}

/// The proof of a batch for a prover, as `submit_proofs` takes it.
pub(crate) fn submission(
	chain: &mut Chain,
	keys: &TestKeys,
	batch: BatchId,
	prover: AccountId,
) -> anyhow::Result<ProofSubmission<AccountId>> {
	let inputs = chain
		.read(|| Pvs::public_inputs_of(batch, prover.clone()))
		.with_context(|| format!("{batch:?} is not pending"))?;
	let proof = keys.prove(&inputs, 1).to_vec();
	let proof = proof.try_into().map_err(|_| anyhow!("a proof has 256 bytes"))?;
	Ok(ProofSubmission { batch, prover, proof })
}

/// The transaction that submits a single proof.
pub(crate) fn submit(submission: ProofSubmission<AccountId>) -> RuntimeCall {
	let ProofSubmission { batch, prover, proof } = submission;
	Call::submit_proof { batch, prover, proof }.into()
}
