// SPDX-License-Identifier: Apache-2.0
//! The transition function of a batch's market.

mod types;

pub use types::{Effect, Input, Outcome, Receipt, Refusal, Reward};

use crate::{
	lateness::late_cost,
	payment::payment,
	phase::{due, phase, Windows},
	rank::rank,
	reserve::escalated,
	round::{
		Assignment, Auction, Bid, BidStage, Context, Delivery, Ladder, Offer, Place, Rescue, Round,
		Stage, Standing, Terms, VoidReason, MAX_LADDER,
	},
	score::{score, Score},
	settle::{ClosedRound, WinningScores},
	slashing::{deliverers_share, opener_reward, rescue_payment},
	MathError,
};
use alloc::{vec, vec::Vec};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{RollupParams, SilencePolicy},
	Balance, BlockNumber, Bytes32,
};

/// Terms of a delivery now: obligations and payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
	/// The only proof that it may deliver, if it named one.
	pub proof_commitment: Option<Bytes32>,
	/// Payment from escrow, before lateness, in planck.
	pub payment: Balance,
	/// Number of blocks by which it is late.
	pub late_blocks: BlockNumber,
	/// True if this is a rescue: the prover has no bond in the round, and whether it may deliver is
	/// to be checked now.
	pub rescue: bool,
}

/// Returns the terms on which `prover` may deliver at `now`. Cheap; to be asked before a proof is
/// verified.
///
/// # Errors
/// `NothingToProve`, `NotAssigned`, `NotOffered` or `TooLate`.
pub fn claim<AccountId: PartialEq>(
	round: &Round<AccountId>,
	prover: &AccountId,
	context: &Context,
	now: BlockNumber,
) -> Result<Claim, Refusal> {
	let (phase, _) = phase(round, context, now);
	match (&round.stage, phase) {
		(Stage::Assigned(assignment), Phase::Proving | Phase::Late) => {
			ensure(assignment.place.prover == *prover, Refusal::NotAssigned)?;
			Ok(Claim {
				proof_commitment: assignment.place.proof_commitment,
				payment: assignment.place.payment,
				late_blocks: assignment.delivery.late_blocks(now),
				rescue: false,
			})
		},
		(Stage::Offered(offer), Phase::Offered) => {
			ensure(offer.place.prover == *prover, Refusal::NotOffered)?;
			Ok(Claim {
				proof_commitment: offer.place.proof_commitment,
				payment: offer.place.payment,
				late_blocks: 0,
				rescue: false,
			})
		},
		(Stage::Rescue(rescue), Phase::Rescue) => Ok(Claim {
			proof_commitment: None,
			payment: rescue_payment(
				rescue.first_payment,
				round.reserve,
				rescue.started_at,
				context.params().rescue_blocks,
				now,
			)?,
			late_blocks: 0,
			rescue: true,
		}),
		(_, Phase::Dropped) => Err(Refusal::Dropped),
		(Stage::Assigned(_) | Stage::Offered(_) | Stage::Rescue(_), _) => Err(Refusal::TooLate),
		_ => Err(Refusal::NothingToProve),
	}
}

/// Returns whether a round's next transition, when it is due, can fail the batch. The end of a rescue
/// then does fail it, the close of an auction if none of its bids counts. Depends on the round's
/// counters only, so that a transition's weight is bounded before its bids are read.
pub fn may_fail<AccountId>(round: &Round<AccountId>, context: &Context) -> bool {
	let (empty, failed) = match &round.stage {
		Stage::Auction(_) => (1, 0),
		Stage::Rescue(_) => (0, 1),
		_ => return false,
	};
	context.standing == Standing::Head
		&& !has_rounds_left(
			round.empty_rounds.saturating_add(empty),
			round.failed_rounds.saturating_add(failed),
			context.params(),
		)
}

/// Returns true if a batch with so many rounds of each kind behind it gets another one.
fn has_rounds_left(empty_rounds: u32, failed_rounds: u32, params: &RollupParams) -> bool {
	empty_rounds < params.max_empty_rounds && failed_rounds < params.max_failed_rounds
}

/// Returns the round as it is at block `now`, with what follows.
///
/// # Errors
/// The input is not allowed in the round's phase (see [`phase()`]), or by whom it comes from. The
/// round that was given is unchanged then: it was taken by value.
pub fn step<AccountId>(
	round: Round<AccountId>,
	input: Input<AccountId>,
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<AccountId>, Refusal>
where
	AccountId: Clone + PartialEq + AsRef<[u8; 32]>,
{
	match input {
		Input::Bid => bid(round, context, now),
		Input::Reveal { bidder, share, payload } => {
			reveal(round, bidder, share, payload, context, now)
		},
		Input::Open { bidder, share, opener, payload } => {
			open_seal(round, (bidder, share, payload), opener, context, now)
		},
		Input::Due(bids) => overdue(round, bids, context, now),
		Input::Accept(prover) => accept(round, prover, context, now),
		Input::Proof(prover) => deliver(round, prover, context, now),
	}
}

fn bid<A>(mut round: Round<A>, context: &Context, now: BlockNumber) -> Result<Outcome<A>, Refusal> {
	let phase = phase(&round, context, now).0;
	ensure(phase != Phase::Dropped, Refusal::Dropped)?;
	let Stage::Auction(auction) = &mut round.stage else { return Err(Refusal::NotBidding) };
	ensure(phase == Phase::Bidding, Refusal::NotBidding)?;
	ensure(auction.bids < context.snapshot.max_bids, Refusal::RoundFull)?;
	auction.bids = auction.bids.saturating_add(1);
	auction.sealed = auction.sealed.saturating_add(1);
	Ok(Outcome { round: Some(round), effects: Vec::new() })
}

fn reveal<A>(
	mut round: Round<A>,
	bidder: A,
	share: u32,
	payload: &[u8; PAYLOAD_BYTES],
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal> {
	let phase = phase(&round, context, now).0;
	let reserve = round.reserve;
	ensure(phase != Phase::Dropped, Refusal::Dropped)?;
	let Stage::Auction(auction) = &mut round.stage else { return Err(Refusal::NotRevealing) };
	let opens = phase == Phase::SealOpening;
	ensure(opens || phase == Phase::Revealing, Refusal::NotRevealing)?;
	auction.sealed = auction.sealed.saturating_sub(1);
	auction.opened = auction.opened.saturating_add(u32::from(opens));
	let effect = match check_payload(payload, reserve, context.params().max_proof_blocks) {
		Ok(payload) if opens => Effect::BidOpened {
			bidder,
			terms: terms(&payload, share, reserve, context)?,
			penalty: context.params().silence_penalty,
			reward: None,
		},
		Ok(payload) => {
			Effect::BidCounted { bidder, terms: terms(&payload, share, reserve, context)? }
		},
		Err(reason) => {
			Effect::BidVoided { bidder, slashed: context.bond(reserve), reward: None, reason }
		},
	};
	Ok(Outcome { round: Some(round), effects: vec![effect] })
}

fn open_seal<A>(
	mut round: Round<A>,
	(bidder, share, payload): (A, u32, Option<&[u8; PAYLOAD_BYTES]>),
	opener: A,
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal> {
	let phase = phase(&round, context, now).0;
	let reserve = round.reserve;
	ensure(phase != Phase::Dropped, Refusal::Dropped)?;
	let Stage::Auction(auction) = &mut round.stage else { return Err(Refusal::NotOpening) };
	ensure(phase == Phase::SealOpening, Refusal::NotOpening)?;
	auction.sealed = auction.sealed.saturating_sub(1);
	auction.opened = auction.opened.saturating_add(1);
	let penalty = context.params().silence_penalty;
	let reward = Reward { opener, amount: opener_reward(penalty) };
	let payload = payload
		.ok_or(VoidReason::BadSeal)
		.and_then(|payload| check_payload(payload, reserve, context.params().max_proof_blocks));
	let effect = match payload {
		Ok(payload) => {
			let terms = terms(&payload, share, reserve, context)?;
			Effect::BidOpened { bidder, terms, penalty, reward: Some(reward) }
		},
		Err(reason) => Effect::BidVoided {
			bidder,
			slashed: context.bond(reserve),
			reward: Some(reward),
			reason,
		},
	};
	Ok(Outcome { round: Some(round), effects: vec![effect] })
}

fn terms(
	payload: &BidPayload,
	share: u32,
	reserve: Balance,
	context: &Context,
) -> Result<Terms, MathError> {
	Ok(Terms {
		fee: payload.fee,
		proof_blocks: payload.proof_blocks,
		proof_commitment: payload.proof_commitment,
		salt: payload.salt,
		score: score(payload.fee, payload.proof_blocks, share, reserve, context.params())?,
	})
}

/// Reads a payload that hashes to its commitment.
pub(crate) fn check_payload(
	payload: &[u8; PAYLOAD_BYTES],
	reserve: Balance,
	max_proof_blocks: BlockNumber,
) -> Result<BidPayload, VoidReason> {
	let payload = BidPayload::decode(payload).map_err(|_| VoidReason::Undecodable)?;
	ensure(payload.salt != [0u8; 32], VoidReason::ZeroSalt)?;
	ensure(
		payload.proof_blocks >= 1 && payload.proof_blocks <= max_proof_blocks,
		VoidReason::ProofBlocks,
	)?;
	ensure(payload.fee <= reserve, VoidReason::AboveReserve)?;
	Ok(payload)
}

fn overdue<A>(
	mut round: Round<A>,
	bids: &[Bid<A>],
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal>
where
	A: Clone + PartialEq + AsRef<[u8; 32]>,
{
	if context.standing == Standing::Dropped {
		return Ok(drop_out(round, bids, context, now));
	}
	ensure(due(&round, context).is_some_and(|due| now >= due), Refusal::NotDue)?;
	match round.stage.clone() {
		Stage::Auction(_) => close(round, bids, context, now),
		Stage::Assigned(Assignment { place, first_payment, ladder, .. }) => {
			round.slashed = round.slashed.saturating_add(place.bond);
			let effects =
				vec![Effect::ProverDefaulted { prover: place.prover, slashed: place.bond }];
			Ok(pass_on(round, first_payment, ladder, effects, context, now))
		},
		Stage::Offered(Offer { place, first_payment, ladder, .. }) => {
			let effects = vec![Effect::PlacePassed(place.prover.clone()), released(&place)];
			Ok(pass_on(round, first_payment, ladder, effects, context, now))
		},
		Stage::Rescue(_) => {
			round.failed_rounds = round.failed_rounds.saturating_add(1);
			Ok(next_round(round, vec![Effect::RescueEnded], context, now))
		},
		Stage::Waiting => Ok(open(round, context.max_fee, Vec::new(), now)),
		Stage::Proven { .. } => Err(Refusal::NotDue),
	}
}

/// Closes an auction: the winner is assigned, the next ones make the ladder, the others are released.
/// Silent bidders lose their bonds, or their bids become unsettled.
fn close<A>(
	mut round: Round<A>,
	bids: &[Bid<A>],
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal>
where
	A: Clone + AsRef<[u8; 32]>,
{
	let Stage::Auction(auction) = round.stage else { return Err(Refusal::NotDue) };
	let windows = Windows::new(round.opened_at, &auction, context);
	let ranked = rank(bids);
	let places_kept =
		usize::try_from(context.params().ladder_len.min(MAX_LADDER)).unwrap_or(0).saturating_add(1);
	let places = places(&ranked, places_kept, round.reserve, context)?;
	let winner = ranked.first().map(|(bid, terms)| (bid.share, terms.score)).zip(places.first());
	let mut effects = silence(bids, winner, round.reserve, windows.reveal_until, context)?;
	for (bid, _) in ranked.iter().skip(places_kept) {
		let bond = context.bond_of(&bid.stage, round.reserve);
		effects.push(Effect::BondReleased { prover: bid.bidder.clone(), bond });
	}
	let mut places = places.into_iter();
	let Some(winner) = places.next() else {
		effects.push(Effect::RoundEmpty(round.number));
		round.empty_rounds = round.empty_rounds.saturating_add(1);
		let last = round.empty_rounds.saturating_add(1) >= context.params().max_empty_rounds;
		round.reserve = escalated(round.reserve, context.max_fee, last, context.params())?;
		return Ok(next_round(round, effects, context, now));
	};
	round.counted = u32::try_from(ranked.len()).unwrap_or(u32::MAX);
	let clock = windows.clock(&auction, now);
	let delivery = Delivery::new(now, clock, winner.proof_blocks, context.snapshot);
	let first_payment = winner.payment;
	let ladder = Ladder::truncate_from(places.collect());
	effects.push(Effect::WinnerSelected);
	round.stage = Stage::Assigned(Assignment { place: winner, delivery, first_payment, ladder });
	Ok(Outcome { round: Some(round), effects })
}

/// Returns the effects on bids that are still sealed when an auction closes. `winner` has its share and its
/// score beside its place.
fn silence<A: Clone>(
	bids: &[Bid<A>],
	winner: Option<((u32, Score), &Place<A>)>,
	reserve: Balance,
	reveal_until: BlockNumber,
	context: &Context,
) -> Result<Vec<Effect<A>>, MathError> {
	let silent =
		bids.iter().filter(|bid| bid.stage == BidStage::Sealed).map(|bid| bid.bidder.clone());
	let params = context.params();
	let SilencePolicy::Settle { settle_blocks } = params.silence_policy else {
		let slashed = context.bond(reserve);
		let reason = VoidReason::Silent;
		let voided = |bidder| Effect::BidVoided { bidder, slashed, reward: None, reason };
		return Ok(silent.map(voided).collect());
	};
	let bidders: Vec<_> = silent.collect();
	if bidders.is_empty() {
		return Ok(Vec::new());
	}
	let winner = winner
		.map(|((share, won), place)| {
			let paid = score(place.payment, place.proof_blocks, share, reserve, params)?;
			Ok::<_, MathError>(WinningScores { won, paid })
		})
		.transpose()?;
	let closed = ClosedRound {
		reserve,
		silence_penalty: params.silence_penalty,
		scoring: params.into(),
		winner,
		until: reveal_until.saturating_add(settle_blocks),
	};
	Ok(vec![Effect::BidsUnsettled { closed, bidders }])
}

/// Returns the first places of a ranking, with what was fixed for each: its payment by the rollup's
/// rule against the bid behind it, and its bond.
fn places<A: Clone>(
	ranked: &[(&Bid<A>, &Terms)],
	kept: usize,
	reserve: Balance,
	context: &Context,
) -> Result<Vec<Place<A>>, MathError> {
	let next_scores = ranked.iter().skip(1).map(|(_, terms)| Some(terms.score)).chain([None]);
	let payment_of = |bid: &Bid<A>, terms: &Terms, next_score| {
		payment(terms.fee, terms.proof_blocks, bid.share, next_score, reserve, context.params())
	};
	ranked
		.iter()
		.zip(next_scores)
		.take(kept)
		.map(|((bid, terms), next_score)| {
			Ok(Place {
				prover: bid.bidder.clone(),
				fee: terms.fee,
				payment: payment_of(bid, terms, next_score)?,
				proof_blocks: terms.proof_blocks,
				proof_commitment: terms.proof_commitment,
				bond: context.bond_of(&bid.stage, reserve),
			})
		})
		.collect()
}

/// The winner of an auction if it closes on the bids that count so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedWinner<AccountId> {
	/// The prover and its terms.
	pub place: Place<AccountId>,
	/// Its deadlines, if the auction closes by its deadline.
	pub delivery: Delivery,
	/// True if it stays, since bids can be placed, revealed or opened no more.
	pub decided: bool,
}

/// Returns who wins an auction if nothing happens to its bids any more; `None` if no auction is open or
/// no bid counts. Asked for block `now` from the state of the block before. An auction that closes by
/// its deadline is decided by the state of the last block of its last window, so that its winner need
/// not wait for the block that writes it down: `submit_proof` closes the round itself.
///
/// # Errors
/// `MathError` if the parameters of the round break their rules.
pub fn expected_winner<A>(
	round: &Round<A>,
	bids: &[Bid<A>],
	context: &Context,
	now: BlockNumber,
) -> Result<Option<ExpectedWinner<A>>, MathError>
where
	A: Clone + AsRef<[u8; 32]>,
{
	let Stage::Auction(auction) = round.stage else { return Ok(None) };
	if context.standing == Standing::Dropped {
		return Ok(None);
	}
	let first = places(&rank(bids), 1, round.reserve, context)?.into_iter().next();
	Ok(first.map(|place| {
		let windows = Windows::new(round.opened_at, &auction, context);
		let close = windows.close(&auction);
		let closes_at = now.max(close);
		let clock = windows.clock(&auction, closes_at);
		let delivery = Delivery::new(closes_at, clock, place.proof_blocks, context.snapshot);
		ExpectedWinner { place, delivery, decided: now >= close }
	}))
}

/// The next one on the ladder is asked, or everyone.
fn pass_on<A>(
	mut round: Round<A>,
	first_payment: Balance,
	mut ladder: Ladder<A>,
	mut effects: Vec<Effect<A>>,
	context: &Context,
	now: BlockNumber,
) -> Outcome<A> {
	if ladder.is_empty() {
		let rescue = Rescue { started_at: now, first_payment };
		let until = rescue.until(context.params()).saturating_sub(1);
		effects.push(Effect::RescueOpened { until });
		round.stage = Stage::Rescue(rescue);
	} else {
		let place = ladder.remove(0);
		let offer = Offer { offered_at: now, first_payment, place, ladder };
		effects.push(Effect::PlaceOffered { until: offer.until(context.snapshot) });
		round.stage = Stage::Offered(offer);
	}
	Outcome { round: Some(round), effects }
}

/// After a round without delivery: the next one, waiting, or failure.
fn next_round<A>(
	mut round: Round<A>,
	mut effects: Vec<Effect<A>>,
	context: &Context,
	now: BlockNumber,
) -> Outcome<A> {
	if has_rounds_left(round.empty_rounds, round.failed_rounds, context.params()) {
		let reserve = round.reserve;
		return open(round, reserve, effects, now);
	}
	if context.standing == Standing::Head {
		effects.push(Effect::BatchFailed { slashed: round.slashed });
		return Outcome { round: None, effects };
	}
	effects.push(Effect::BatchWaiting);
	round.stage = Stage::Waiting;
	Outcome { round: Some(round), effects }
}

fn open<A>(
	mut round: Round<A>,
	reserve: Balance,
	mut effects: Vec<Effect<A>>,
	now: BlockNumber,
) -> Outcome<A> {
	effects.push(Effect::RoundOpened);
	round.number = round.number.saturating_add(1);
	round.opened_at = now;
	round.reserve = reserve;
	round.counted = 0;
	round.stage = Stage::Auction(Auction::default());
	Outcome { round: Some(round), effects }
}

fn accept<A: PartialEq>(
	mut round: Round<A>,
	prover: A,
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal> {
	let phase = phase(&round, context, now).0;
	ensure(phase != Phase::Dropped, Refusal::Dropped)?;
	ensure(phase == Phase::Offered, Refusal::NothingOffered)?;
	let Stage::Offered(offer) = round.stage else { return Err(Refusal::NothingOffered) };
	ensure(offer.place.prover == prover, Refusal::NotOffered)?;
	let clock = offer.clock(context.snapshot);
	let Offer { place, first_payment, ladder, .. } = offer;
	let delivery = Delivery::new(now, clock, place.proof_blocks, context.snapshot);
	round.stage = Stage::Assigned(Assignment { place, delivery, first_payment, ladder });
	Ok(Outcome { round: Some(round), effects: vec![Effect::PlaceAccepted] })
}

fn deliver<A: Clone + PartialEq>(
	mut round: Round<A>,
	prover: A,
	context: &Context,
	now: BlockNumber,
) -> Result<Outcome<A>, Refusal> {
	let claim = claim(&round, &prover, context, now)?;
	let late_cost =
		late_cost(claim.payment, claim.late_blocks, context.params().late_rate, round.reserve)?;
	let slashed_share = deliverers_share(round.slashed, claim.payment, round.reserve);
	let mut effects: Vec<_> = round.bonded().map(released).collect();
	effects.push(Effect::Delivered(Receipt {
		prover: prover.clone(),
		reserve: round.reserve,
		counted: round.counted,
		payment: claim.payment,
		late_blocks: claim.late_blocks,
		late_cost,
		slashed_share,
		slashed_burned: round.slashed.saturating_sub(slashed_share),
		refund: context.max_fee.saturating_sub(claim.payment),
	}));
	round.slashed = 0;
	if context.standing == Standing::Dropped {
		effects.push(Effect::BatchDropped { paid: true, slashed: 0 });
		return Ok(Outcome { round: None, effects });
	}
	let paid = claim.payment.saturating_sub(late_cost);
	round.stage = Stage::Proven { prover, at: now, paid };
	Ok(Outcome { round: Some(round), effects })
}

/// Ends a round whose batch was dropped. A prover at work owes nothing and keeps its time.
fn drop_out<A: Clone>(
	mut round: Round<A>,
	bids: &[Bid<A>],
	context: &Context,
	now: BlockNumber,
) -> Outcome<A> {
	let mut effects = Vec::new();
	if let Stage::Assigned(assignment) = &mut round.stage {
		if now <= assignment.delivery.late_until {
			effects.extend(assignment.ladder.iter().map(released));
			assignment.ladder = Ladder::new();
			return Outcome { round: Some(round), effects };
		}
	}
	effects.extend(round.bonded().map(released));
	for bid in bids {
		if bid.stage == BidStage::Sealed {
			effects.push(Effect::BidVoided {
				bidder: bid.bidder.clone(),
				slashed: 0,
				reward: None,
				reason: VoidReason::Dropped,
			});
		}
		if bid.stage != BidStage::Void {
			let bond = context.bond_of(&bid.stage, round.reserve);
			effects.push(Effect::BondReleased { prover: bid.bidder.clone(), bond });
		}
	}
	let paid = matches!(round.stage, Stage::Proven { .. });
	effects.push(Effect::BatchDropped { paid, slashed: round.slashed });
	Outcome { round: None, effects }
}

fn released<A: Clone>(place: &Place<A>) -> Effect<A> {
	Effect::BondReleased { prover: place.prover.clone(), bond: place.bond }
}

fn ensure<E>(holds: bool, error: E) -> Result<(), E> {
	if holds {
		Ok(())
	} else {
		Err(error)
	}
}
