// SPDX-License-Identifier: Apache-2.0
//! Bids, their seals and openings, and the calls with them.

use super::*;

pub(crate) fn payload(fee: Balance, proof_blocks: u32) -> BidPayload {
	BidPayload { fee, proof_blocks, proof_commitment: None, salt: [9; 32] }
}

/// The commitment of `bidder` to a payload in the current round of a batch.
pub(crate) fn commitment(id: BatchId, bidder: &AccountId, payload: &[u8; 85]) -> Bytes32 {
	let round = Pvs::round_info(id).expect("a round is open");
	let bytes: &[u8; 32] = bidder.as_ref();
	bid_commitment(&[7; 32], id, round.round, &round.batch_digest, bytes, payload)
}

/// Places a bid whose seal nobody is going to open.
pub(crate) fn place(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	place_with(id, bidder, payload, any_seal())
}

/// Places a bid whose seal opens to the payload.
pub(crate) fn place_sealed(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	place_with(id, bidder, payload, sealed(&context(id, bidder), payload))
}

pub(crate) fn place_with(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
	seal: SealBytes,
) -> Result<(), DispatchError> {
	remember_seal(&seal);
	let round = Pvs::round_info(id).expect("a round is open");
	outcome(Pvs::place_bid(
		RuntimeOrigin::signed(bidder.clone()),
		id,
		round.round,
		round.batch_digest,
		Balance::MAX,
		commitment(id, bidder, payload),
		seal,
	))
	.map(|_| ())
}

/// Places a bid twice in one call: the second is refused.
pub(crate) fn place_both(
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8; 85],
) -> Result<(), DispatchError> {
	let bid = placement(id, bidder, payload);
	let bids = vec![bid.clone(), bid].try_into().expect("two");
	outcome(dispatch(signed(bidder), Call::place_bids { bids })).map(|_| ())
}

/// A bid in the current round, as `place_bids` takes it, with a seal that nobody opens.
pub(crate) fn placement(id: BatchId, bidder: &AccountId, payload: &[u8; 85]) -> BidPlacement {
	let round = Pvs::round_info(id).expect("a round is open");
	let seal = any_seal();
	remember_seal(&seal);
	BidPlacement {
		batch: id,
		round: round.round,
		batch_digest: round.batch_digest,
		max_slot_fee: Balance::MAX,
		commitment: commitment(id, bidder, payload),
		seal,
	}
}

/// What a bid of this bidder in the current round is bound to.
pub(crate) fn context(id: BatchId, bidder: &AccountId) -> [u8; BID_CONTEXT_BYTES] {
	Pvs::bid_context(&Pvs::entry(id).expect("pending"), bidder)
}

/// A seal with the exponent 1, made here step by step: nothing else in it is known to be cheap.
pub(crate) fn sealed(context: &[u8; BID_CONTEXT_BYTES], payload: &[u8; 85]) -> SealBytes {
	let parameters = test_parameters();
	let key = seal_key(parameters, generator(), context, &parameters.h);
	let mut ciphertext = *payload;
	let tag = ChaCha20Poly1305::new((&key).into())
		.encrypt_in_place_detached(&Nonce::default(), context, &mut ciphertext)
		.expect("85 bytes");
	[&generator()[..], &ciphertext, &tag].concat().try_into().expect("357 bytes")
}

/// A seal that nobody is going to open: a group element and noise.
pub(crate) fn any_seal() -> SealBytes {
	let mut seal = vec![0; SEAL_BYTES];
	seal[255] = 4;
	seal.try_into().expect("short enough")
}

thread_local! {
	/// The seals of all bids of a test, by their hash: what a chain has in its blocks' bodies.
	static SEALS: RefCell<BTreeMap<Bytes32, SealBytes>> = const { RefCell::new(BTreeMap::new()) };
}

/// Keeps a seal for [`seal_of`].
pub(crate) fn remember_seal(seal: &SealBytes) {
	SEALS.with_borrow_mut(|seals| seals.insert(blake2_256(&[seal]), seal.clone()));
}

/// The seal of a bid; another one if there is no bid.
pub(crate) fn seal_of(id: BatchId, bidder: &AccountId) -> SealBytes {
	let bid = crate::Bids::<Test>::get(id, bidder);
	let known = |seal_hash| SEALS.with_borrow(|seals| seals.get(&seal_hash).cloned());
	bid.and_then(|bid| known(bid.seal_hash)).unwrap_or_else(any_seal)
}

/// Solves the seal of a bid for this opener.
pub(crate) fn solved(
	id: BatchId,
	bidder: &AccountId,
	opener: &AccountId,
) -> (SolutionBytes, OpeningProofBytes) {
	let bid = crate::Bids::<Test>::get(id, bidder).expect("the bid is in the round");
	let statement = Statement {
		parameters: test_parameters(),
		seal: &seal_of(id, bidder).to_vec().try_into().expect("357 bytes"),
		context: &context(id, bidder),
		commitment: &bid.commitment,
		opener: opener.as_ref(),
	};
	solve_for(&statement)
}

/// An opening of the right lengths.
pub(crate) fn opening_of(seal: &[u8], solution: &[u8], proof: &[u8]) -> Opening {
	Opening {
		seal: seal.try_into().expect("357 bytes"),
		solution: solution.try_into().expect("256 bytes"),
		proof: proof.try_into().expect("257 bytes"),
	}
}

fn solve_for(statement: &Statement<'_>) -> (SolutionBytes, OpeningProofBytes) {
	let opening = solve::open_by_solving(statement, solve::Options::default(), |_| {
		std::ops::ControlFlow::Continue(())
	})
	.expect("a puzzle of 1,024 squarings");
	let long_enough = "at most twice as long";
	(
		opening.solution.to_vec().try_into().expect(long_enough),
		opening.proof.to_vec().try_into().expect(long_enough),
	)
}

/// Opens the seal of a bid.
pub(crate) fn open(id: BatchId, bidder: &AccountId, opener: &AccountId) -> CallResult {
	let (solution, proof) = solved(id, bidder, opener);
	let round = round_number(id);
	let seal = seal_of(id, bidder);
	let call = Call::open_bid { batch: id, round, bidder: bidder.clone(), seal, solution, proof };
	outcome(dispatch(signed(opener), call))
}

/// Settles the silent bid of a closed round by its payload, from an account that has no part in it.
pub(crate) fn settle_by_payload(
	(batch, round): RoundId,
	bidder: &AccountId,
	payload: &[u8],
) -> CallResult {
	let payload = payload.to_vec().try_into().expect("short enough");
	let call = Call::reveal_bid { batch, round, bidder: bidder.clone(), payload };
	outcome(dispatch(signed(&GUEST), call))
}

/// Settles the silent bid of a closed round by solving its seal.
pub(crate) fn settle_by_opening(at: RoundId, bidder: &AccountId) -> CallResult {
	let (batch, round) = at;
	let kept = crate::UnsettledRounds::<Test>::get(batch, round).expect("a bid is unsettled");
	let bid = crate::UnsettledBids::<Test>::get(at, bidder).expect("it is unsettled");
	let seal =
		SEALS.with_borrow(|seals| seals.get(&bid.seal_hash).cloned()).expect("it was placed");
	let statement = Statement {
		parameters: test_parameters(),
		seal: &seal.to_vec().try_into().expect("357 bytes"),
		context: &Pvs::unsettled_context(RoundKey { batch, round }, &kept, bidder),
		commitment: &bid.commitment,
		opener: GUEST.as_ref(),
	};
	let (solution, proof) = solve_for(&statement);
	let bidder = bidder.clone();
	let call = Call::open_bid { batch, round, bidder, seal, solution, proof };
	outcome(dispatch(signed(&GUEST), call))
}

pub(crate) fn bid(id: BatchId, bidder: &AccountId, fee: Balance, proof_blocks: u32) {
	place(id, bidder, &payload(fee, proof_blocks).encode()).expect("the bid is valid");
}

pub(crate) fn reveal(
	id: BatchId,
	bidder: &AccountId,
	fee: Balance,
	proof_blocks: u32,
) -> CallResult {
	reveal_bytes(id, bidder, &payload(fee, proof_blocks).encode())
}

/// Reveals these bytes in the current round of a batch, as its bidder.
pub(crate) fn reveal_bytes(id: BatchId, bidder: &AccountId, payload: &[u8]) -> CallResult {
	reveal_for(bidder, id, bidder, payload)
}

/// Reveals these bytes in the current round of a batch, from another account.
pub(crate) fn reveal_for(
	sender: &AccountId,
	id: BatchId,
	bidder: &AccountId,
	payload: &[u8],
) -> CallResult {
	let round = crate::Batches::<Test>::get(id).map_or(0, |batch| batch.round.number);
	let payload = payload.to_vec().try_into().expect("short enough");
	let call = Call::reveal_bid { batch: id, round, bidder: bidder.clone(), payload };
	outcome(dispatch(signed(sender), call))
}
