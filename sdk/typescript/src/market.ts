// SPDX-License-Identifier: Apache-2.0
import type { PolkadotSigner } from "polkadot-api";
import { type AccountLike, accountBytes, address, isSameAccount } from "./accounts.js";
import { readBatchData } from "./batchData.js";
import {
	type BatchId, type BidTerms, bidCommitment, bidContext, checkTerms, decodePayload, encodePayload, randomSalt,
} from "./bid.js";
import { type BytesLike, equal, toBytes, toFixed, toHex } from "./bytes.js";
import {
	type BatchInfo, type ProverInfo, type RollupInfo, type RoundInfo, checkBidder, checkPhase, readLimits, wouldFail,
} from "./checks.js";
import { type ConnectOptions, Connection } from "./connection.js";
import { InsufficientStake, InvalidInput, MalformedProof, NotFound, UnsupportedRuntime } from "./errors.js";
import { decodeKey, decodeProof, keyHash, proofCommitment, verify } from "./groth16.js";
import { scalar } from "./inputs.js";
import { checkSeal } from "./opening.js";
import { type RollupParams, policyOf } from "./params.js";
import { checkParams } from "./rules.js";
import { type SealParameters, makeSeal, sealParameters } from "./seal.js";
import { type Included, findEvent, submit } from "./transactions.js";

const BEST = { at: "best" } as const;

/** A bid that is ready to be sent. Keep `payload` and `exponent` on disk and secret until it is revealed. */
export interface PreparedBid {
	batch: BatchId;
	round: number;
	batchDigest: string;
	/** The most that the bid pays for its place in the round, in planck. */
	maxSlotFee: bigint;
	commitment: Uint8Array;
	seal: Uint8Array;
	payload: Uint8Array;
	exponent: Uint8Array;
}

/** What a bid asks for. */
export interface BidRequest {
	batch: BatchId;
	/** The least that the bidder wants, in planck. */
	fee: bigint;
	/** The time in which it commits to prove, in blocks. */
	proofBlocks: number;
	/** The proof, if it exists already: the bid then commits to it. */
	proof?: BytesLike;
	/** The most to pay for the place; what it costs now unless given. */
	maxSlotFee?: bigint;
}

/** The market of a chain. Whatever can be known is checked before anything is signed. */
export class Market {
	private constructor(readonly connection: Connection) {}

	/** Connects to a node. */
	static async connect(url: string, options: ConnectOptions = {}): Promise<Market> {
		return new Market(await Connection.open(url, options));
	}

	/** Ends the connection. */
	close(): void {
		this.connection.close();
	}

	/** Reads a rollup. */
	async rollup(id: number): Promise<RollupInfo> {
		const { api } = this.connection;
		const rollup = await this.connection.answer(api.apis.PvsApi.rollup(id, BEST));
		if (rollup === undefined) {
			throw new NotFound(`the chain has no rollup ${id}: the event RollupRegistered names the id of a new one`);
		}
		return rollup;
	}

	/** Reads a pending batch. */
	async batch(id: BatchId): Promise<BatchInfo> {
		const { api } = this.connection;
		const batch = await this.connection.answer(api.apis.PvsApi.batch(id, BEST));
		if (batch === undefined) {
			throw new NotFound(`batch ${id.rollup}/${id.index} is not pending: it was never committed, or has ended`);
		}
		return batch;
	}

	/** Reads the current round of a batch; nothing once it is proven, dropped or waiting. */
	round(id: BatchId): Promise<RoundInfo | undefined> {
		return this.connection.answer(this.connection.api.apis.PvsApi.round(id, BEST));
	}

	/** Reads a prover; nothing if it is not registered. */
	prover(account: AccountLike): Promise<ProverInfo | undefined> {
		return this.connection.answer(this.connection.api.apis.PvsApi.prover(address(account), BEST));
	}

	/** Reads all open rounds of a rollup. */
	async openRounds(rollup: number): Promise<RoundInfo[]> {
		const rounds: RoundInfo[] = [];
		for (let from: bigint | undefined = 0n; from !== undefined; ) {
			const call = this.connection.api.apis.PvsApi.open_rounds(rollup, from, 64, BEST);
			const page: Awaited<typeof call> = await this.connection.answer(call);
			rounds.push(...page.items);
			from = page.next;
		}
		return rounds;
	}

	/** Reads a batch's data from the block that committed it. */
	async data(batch: BatchInfo): Promise<Uint8Array> {
		return readBatchData(this.connection, {
			...batch.id,
			committedAt: batch.committed_at,
			dataLength: batch.snapshot.params.data_len,
			dataCommitment: batch.data_commitment,
		});
	}

	/** Registers a prover with a stake in planck. */
	async registerProver(signer: PolkadotSigner, stake: bigint): Promise<Included> {
		const { api, texts } = this.connection;
		const call = "Pvs.register_prover";
		const [known, least, deposit] = await Promise.all([
			this.prover(signer.publicKey),
			this.connection.answer(api.constants.Pvs.MinStake(BEST)),
			this.connection.answer(api.constants.Pvs.ProverDeposit(BEST)),
		]);
		if (known !== undefined) {
			wouldFail(this.connection, call, "ProverExists", `${known.account} has a stake of ${known.stake} planck`);
		}
		if (stake < least) {
			const detail = `the stake must be at least ${least} planck, found ${stake}`;
			throw new InsufficientStake(call, "StakeTooLow", texts.docs("Pvs", "StakeTooLow"), detail, least, stake);
		}
		return submit(this.connection, signer, api.tx.Pvs.register_prover({ stake }), stake + deposit);
	}

	/** Registers a rollup, whose owner signs. Returns its id. */
	async registerRollup(
		signer: PolkadotSigner,
		rollup: { verifyingKey: BytesLike; genesisRoot: BytesLike; sequencer: AccountLike; params: RollupParams },
	): Promise<number> {
		const { api } = this.connection;
		decodeKey(rollup.verifyingKey);
		scalar(rollup.genesisRoot, "genesisRoot");
		const seals = await this.connection.answer(api.apis.PvsApi.seals(BEST));
		checkParams(rollup.params, await readLimits(this.connection, seals));
		const deposit = await this.connection.answer(api.constants.Pvs.RollupDeposit(BEST));
		const call = api.tx.Pvs.register_rollup({
			verifying_key: toBytes(rollup.verifyingKey),
			genesis_root: toHex(toBytes(rollup.genesisRoot)),
			sequencer: address(rollup.sequencer),
			params: chainParams(rollup.params),
		});
		return findEvent(await submit(this.connection, signer, call, deposit), "RollupRegistered").rollup;
	}

	/** Commits a batch, which its rollup's sequencer signs. */
	async commitBatch(
		signer: PolkadotSigner,
		batch: { rollup: number; data: BytesLike; nextStateRoot: BytesLike; maxFee: bigint; prevStateRoot?: BytesLike },
	): Promise<BatchId & { block: number }> {
		const { api } = this.connection;
		const name = "Pvs.commit_batch";
		const refuse = (error: string, detail: string) => wouldFail(this.connection, name, error, detail);
		const rollup = await this.rollup(batch.rollup);
		const data = toBytes(batch.data, "data");
		const previous = toHex(toFixed(batch.prevStateRoot ?? rollup.tip_root, 32, "prevStateRoot"));
		scalar(batch.nextStateRoot, "nextStateRoot");
		if (!isSameAccount(rollup.sequencer, signer.publicKey)) {
			refuse("NotSequencer", `the sequencer of rollup ${batch.rollup} is ${rollup.sequencer}`);
		}
		if (data.length !== rollup.params.data_len) {
			refuse("WrongDataLength", `data must be exactly ${rollup.params.data_len} bytes, found ${data.length}`);
		}
		if (previous !== rollup.tip_root) {
			refuse("TipChanged", `the tip is ${rollup.tip_root}, the batch builds on ${previous}`);
		}
		if (batch.maxFee < rollup.reserve) {
			refuse("MaxFeeTooLow", `maxFee must be at least ${rollup.reserve} planck, found ${batch.maxFee}`);
		}
		if (batch.maxFee > rollup.params.max_reserve) {
			refuse("MaxFeeTooHigh", `maxFee must be at most ${rollup.params.max_reserve} planck, found ${batch.maxFee}`);
		}
		if (rollup.next_rent === undefined) {
			return refuse("ChainFull", "no place is free");
		}
		const deposit = await this.connection.answer(api.constants.Pvs.BatchDeposit(BEST));
		const held = batch.maxFee + rollup.params.sequencer_bond + deposit + rollup.next_rent;
		const call = api.tx.Pvs.commit_batch({
			rollup: batch.rollup,
			data,
			prev_state_root: previous,
			next_state_root: toHex(toBytes(batch.nextStateRoot)),
			max_fee: batch.maxFee,
		});
		const included = await submit(this.connection, signer, call, held);
		return { ...findEvent(included, "BatchCommitted").batch, block: included.block };
	}

	/** Makes payload, commitment and seal of a bid, and checks all that the chain would check. Sends nothing. */
	async prepareBid(account: AccountLike, request: BidRequest): Promise<PreparedBid> {
		const call = "Pvs.place_bid";
		const bidder = address(account);
		const round = await this.round(request.batch);
		checkPhase(this.connection, call, "NotBidding", round, ["Opening", "Bidding"]);
		const [batch, rollup, prover] = await Promise.all([
			this.batch(request.batch), this.rollup(request.batch.rollup), this.prover(bidder),
		]);
		const limits = { reserve: round.reserve, maxProofBlocks: batch.snapshot.params.max_proof_blocks };
		const terms: BidTerms = {
			fee: request.fee,
			proofBlocks: request.proofBlocks,
			proofCommitment: request.proof === undefined ? undefined : proofCommitment(request.proof),
			salt: randomSalt(),
		};
		checkTerms(terms, limits);
		await checkBidder(this.connection, call, bidder, round, batch, rollup, prover);
		const maxSlotFee = request.maxSlotFee ?? round.slot_fee;
		if (round.slot_fee > maxSlotFee) {
			const detail = `a place costs ${round.slot_fee} planck, maxSlotFee is ${maxSlotFee}`;
			wouldFail(this.connection, call, "SlotFeeTooHigh", detail);
		}
		const payload = encodePayload(terms);
		const context = this.contextOf(round, bidder);
		const { seal, exponent } = makeSeal(await this.sealsOf(batch), context, payload);
		return {
			batch: round.batch, round: round.round, batchDigest: round.batch_digest, maxSlotFee,
			commitment: bidCommitment(context, payload), seal, payload, exponent,
		};
	}

	/** Sends a bid. `keep` gets it before it is sent: write payload and exponent to disk there. */
	async placeBid(
		signer: PolkadotSigner,
		request: BidRequest,
		keep: (bid: PreparedBid) => Promise<void> | void,
	): Promise<PreparedBid & { block: number }> {
		const bid = await this.prepareBid(signer.publicKey, request);
		checkSeal(bid.seal);
		await keep(bid);
		const call = this.connection.api.tx.Pvs.place_bid({
			batch: bid.batch,
			round: bid.round,
			batch_digest: bid.batchDigest,
			max_slot_fee: bid.maxSlotFee,
			commitment: toHex(bid.commitment),
			seal: bid.seal,
		});
		const { block } = await submit(this.connection, signer, call, bid.maxSlotFee);
		return { ...bid, block };
	}

	/** Reveals a bid in the reveal window. Anybody may sign. */
	async revealBid(
		signer: PolkadotSigner,
		bid: { batch: BatchId; round: number; payload: BytesLike; bidder?: AccountLike },
	): Promise<Included> {
		const call = "Pvs.reveal_bid";
		const bidder = address(bid.bidder ?? signer.publicKey);
		const payload = toBytes(bid.payload, "payload");
		decodePayload(payload);
		const round = await this.round(bid.batch);
		checkPhase(this.connection, call, "NotRevealing", round, ["Revealing", "SealOpening"]);
		if (round.round !== bid.round) {
			wouldFail(this.connection, call, "WrongRound", `the batch is in round ${round.round}, the bid is of ${bid.round}`);
		}
		const placed = round.bids.find((found) => isSameAccount(found.bidder, bidder));
		if (placed === undefined) {
			return wouldFail(this.connection, call, "BidNotFound", `${bidder} has no bid in round ${round.round}`);
		}
		const commitment = bidCommitment(this.contextOf(round, bidder), payload);
		if (!equal(commitment, toBytes(placed.commitment))) {
			wouldFail(this.connection, call, "CommitmentMismatch", `the bid commits to ${placed.commitment}`);
		}
		const tx = this.connection.api.tx.Pvs.reveal_bid({ batch: bid.batch, round: bid.round, bidder, payload });
		return submit(this.connection, signer, tx);
	}

	/** The public inputs that a proof of `prover` must have now, each 32 bytes. */
	async publicInputs(batch: BatchId, prover: AccountLike): Promise<Uint8Array[]> {
		const { api } = this.connection;
		const inputs = await this.connection.answer(api.apis.PvsApi.public_inputs(batch, address(prover), BEST));
		if (inputs === undefined) {
			throw new NotFound(`batch ${batch.rollup}/${batch.index} has ended: it needs no proof`);
		}
		return inputs.map((input) => toBytes(input));
	}

	/**
	 * Submits a proof for whom it is bound to. With `verifyingKey` it is verified before. Returns what was paid.
	 */
	async submitProof(
		signer: PolkadotSigner,
		delivery: { batch: BatchId; proof: BytesLike; prover?: AccountLike; verifyingKey?: BytesLike },
	): Promise<{ payment: bigint; block: number }> {
		const { api } = this.connection;
		const name = "Pvs.submit_proof";
		const prover = address(delivery.prover ?? signer.publicKey);
		decodeProof(delivery.proof);
		const proof = toBytes(delivery.proof);
		const round = await this.round(delivery.batch);
		const phases = ["Proving", "Late", "Offered", "Rescue", "Revealing", "Overdue"];
		checkPhase(this.connection, name, "NothingToProve", round, phases);
		const assigned = round.assignment?.prover;
		if (assigned !== undefined && !isSameAccount(assigned, prover)) {
			wouldFail(this.connection, name, "NotAssigned", `${assigned} is assigned, not ${prover}`);
		}
		const [offered] = round.ladder;
		if (round.phase.type === "Offered" && offered !== undefined && !isSameAccount(offered.prover, prover)) {
			wouldFail(this.connection, name, "NotOffered", `the place is offered to ${offered.prover}`);
		}
		if (delivery.verifyingKey !== undefined) {
			await this.verifyProof(delivery.batch, prover, proof, delivery.verifyingKey);
		}
		const call = api.tx.Pvs.submit_proof({ batch: delivery.batch, prover, proof });
		const included = await submit(this.connection, signer, call);
		return { payment: findEvent(included, "ProofAccepted").payment, block: included.block };
	}

	/** Verifies a proof for what a batch needs now. Throws `MalformedProof` if it does not hold. */
	async verifyProof(batch: BatchId, prover: AccountLike, proof: BytesLike, key: BytesLike): Promise<void> {
		const rollup = await this.rollup(batch.rollup);
		if (toHex(keyHash(key)) !== rollup.verifying_key_hash) {
			const message = `rollup ${rollup.id} has the key ${rollup.verifying_key_hash}, this is ${toHex(keyHash(key))}`;
			throw new InvalidInput("verifyingKey", message);
		}
		if (!verify(key, await this.publicInputs(batch, accountBytes(prover)), proof)) {
			throw new MalformedProof("ProofInvalid", this.connection.texts.docs("Pvs", "ProofInvalid"));
		}
	}

	/** What a bid of `bidder` in a round is bound to: 122 bytes. */
	contextOf(round: RoundInfo, bidder: AccountLike): Uint8Array {
		const place = { genesisHash: this.connection.genesisHash, ...round.batch, round: round.round };
		return bidContext(place, round.batch_digest, bidder);
	}

	/** The parameters that a batch's seals are made with. */
	async sealsOf(batch: BatchInfo): Promise<SealParameters> {
		const seals = await this.connection.answer(this.connection.api.apis.PvsApi.seals(BEST));
		if (seals.digest !== batch.snapshot.seal_digest) {
			const message = `the chain's seals are now ${seals.digest}, the batch takes ${batch.snapshot.seal_digest}: bid on newer batches`;
			throw new UnsupportedRuntime(["PvsApi.seals"], message);
		}
		return sealParameters(seals.delay, seals.h, seals.digest);
	}
}

/** Returns parameters in the form of generated calls. */
function chainParams(params: RollupParams) {
	const [policy, blocks = 0] = policyOf(params.silence_policy);
	const silence_policy =
		policy === "Exclude"
			? { type: policy, value: undefined }
			: policy === "ForceOpen"
				? { type: policy, value: { opening_blocks: blocks } }
				: { type: policy, value: { settle_blocks: blocks } };
	return {
		...params,
		layout: { type: params.layout, value: undefined },
		payment_rule: { type: params.payment_rule, value: undefined },
		silence_policy,
	};
}
