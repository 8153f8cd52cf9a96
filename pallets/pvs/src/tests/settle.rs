// SPDX-License-Identifier: Apache-2.0
//! Silent bids that are settled after their round has closed.
//!
//! Bidding is `[2, 5)`, the gap `[5, 6)`, revealing `[6, 10)`, settling `[10, 22)`. The bond is the
//! reserve of 500 and the silence penalty of 100, of which an opener gets 50.

use crate::{
	mock::*, Bids, Call, Error, Event, Expiries, Rollups, RoundKey, SealBytes, UnsettledBids,
	UnsettledRounds,
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use pvs_auction::{round::VoidReason, settle::Verdict};
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::{RollupParams, SilencePolicy},
	Balance,
};
use sp_runtime::DispatchError;

const UNTIL: u32 = 10 + SETTLE_BLOCKS;

fn settling_market(test: impl FnOnce()) {
	market_with(settling_params(), test);
}

fn sealed_bid(id: BatchId, bidder: &AccountId, fee: u128) {
	assert_ok!(place_sealed(id, bidder, &payload(fee, 5).encode()));
}

/// An opening of a bid of round 0, as `open_bid` takes it.
struct Solved {
	id: BatchId,
	bidder: AccountId,
	opener: AccountId,
	call: Call<Test>,
}

impl Solved {
	/// Solves the seal of a bid while its auction is open.
	fn new(id: BatchId, bidder: &AccountId, opener: &AccountId) -> Self {
		let (solution, proof) = solved(id, bidder, opener);
		let seal = seal_of(id, bidder);
		let bidder = bidder.clone();
		let call =
			Call::open_bid { batch: id, round: 0, bidder: bidder.clone(), seal, solution, proof };
		Self { id, bidder, opener: opener.clone(), call }
	}

	fn send(&self) -> CallResult {
		outcome(dispatch(signed(&self.opener), self.call.clone()))
	}

	fn with_seal(&self, other: SealBytes) -> CallResult {
		let Call::open_bid { batch, round, bidder, solution, proof, .. } = self.call.clone() else {
			panic!("it opens")
		};
		let call = Call::open_bid { batch, round, bidder, seal: other, solution, proof };
		outcome(dispatch(signed(&self.opener), call))
	}

	/// Returns what the Runtime API says about it.
	fn holds(&self) -> Option<bool> {
		let Call::open_bid { seal, solution, proof, .. } = &self.call else { panic!("it opens") };
		let opening = opening_of(seal, solution, proof);
		let at = RoundKey { batch: self.id, round: 0 };
		Pvs::opening_holds(at, &self.bidder, &self.opener, &opening)
	}
}

/// Settles a bid of round 0 by its payload.
fn show(id: BatchId, bidder: &AccountId, fee: Balance) -> CallResult {
	show_bytes(id, bidder, &payload(fee, 5).encode())
}

fn show_bytes(id: BatchId, bidder: &AccountId, payload: &[u8]) -> CallResult {
	settle_by_payload((id, 0), bidder, payload)
}

/// Bids of these fees are placed; the first one is revealed.
fn first_reveals(bids: &[(&AccountId, Balance)]) -> BatchId {
	let id = commit(500);
	run_to(2);
	for (bidder, fee) in bids {
		sealed_bid(id, bidder, *fee);
	}
	run_to(6);
	if let Some((bidder, fee)) = bids.first() {
		assert_ok!(reveal(id, bidder, *fee, 5));
	}
	id
}

fn settled(
	id: BatchId,
	bidder: &AccountId,
	(slashed, released): (Balance, Balance),
	verdict: Verdict,
) -> Event<Test> {
	Event::BidSettled { batch: id, round: 0, bidder: bidder.clone(), slashed, released, verdict }
}

fn assert_nothing_left() {
	assert_eq!(UnsettledRounds::<Test>::iter().count(), 0);
	assert_eq!(UnsettledBids::<Test>::iter().count(), 0);
	assert_eq!(Expiries::<Test>::iter_keys().count(), 0);
}

/// S1: seals are opened, and nobody waits for it.
#[test]
fn round_should_close_without_silent_bids_at_the_end_of_its_reveal_window() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(9);
		assert_eq!(winner(id), None);
		run_to(10);
		assert_eq!(
			events(),
			[
				Event::BidUnsettled { batch: id, round: 0, bidder: BEN, until: UNTIL },
				Event::WinnerSelected {
					batch: id,
					round: 0,
					prover: ANN,
					fee: 100,
					proof_blocks: 5,
					payment: 500,
					on_time_until: 9 + 5 + INCLUSION_SLACK,
					late_until: 9 + 5 + INCLUSION_SLACK + 3,
				},
			]
		);
		assert_eq!(Bids::<Test>::iter().count(), 0);
		assert_eq!(prover(&BEN).reserved, 600);
		assert_ok!(show(id, &BEN, 200));
	});
}

#[test]
fn round_should_close_at_once_when_every_bid_is_revealed() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		assert_ok!(reveal(id, &BEN, 200, 5));
		assert_eq!(winner(id), Some(ANN));
		assert_nothing_left();
	});
}

#[test]
fn opener_should_get_half_the_penalty_when_the_silent_bid_would_have_lost() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		let opening = Solved::new(id, &BEN, &GUEST);
		run_to(10);
		let (issued, guest, ben) = (issuance(), total(&GUEST), total(&BEN));
		assert_eq!(opening.holds(), Some(true));
		System::reset_events();
		assert_ok!(opening.send());
		assert_eq!(
			events(),
			[
				settled(id, &BEN, (100, 500), Verdict::WouldHaveLost),
				Event::OpenerRewarded {
					batch: id,
					round: 0,
					bidder: BEN,
					opener: GUEST,
					amount: 50,
				},
			]
		);
		assert_eq!((total(&GUEST), total(&BEN)), (guest + 50, ben - 100));
		assert_eq!(issuance(), issued - 50);
		let ben = prover(&BEN);
		assert_eq!((ben.stake, ben.reserved), (2 * MIN_STAKE - 100, 0));
		assert_eq!((ben.stats.opened, ben.stats.silences, ben.stats.slashed), (1, 0, 100));
		assert_eq!(winner(id), Some(ANN));
		assert_nothing_left();
		assert_eq!(opening.holds(), None);
	});
}

#[test]
fn penalty_should_be_burned_whole_when_a_payload_settles_the_bid() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		let (issued, guest) = (issuance(), total(&GUEST));
		System::reset_events();
		assert_ok!(show(id, &BEN, 200));
		assert_eq!(events(), [settled(id, &BEN, (100, 500), Verdict::WouldHaveLost)]);
		assert_eq!((issuance(), total(&GUEST)), (issued - 100, guest));
		assert_nothing_left();
	});
}

#[test]
fn silence_should_cost_what_withdrawing_brings_when_the_bid_would_have_won() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 60), (&CID, 300)]);
		assert_ok!(reveal(id, &CID, 300, 5));
		run_to(10);
		// Ann is paid 300, and Ben could have been paid 500, the reserve: 440 more than it asked.
		assert_ok!(show(id, &BEN, 60));
		let expected = settled(id, &BEN, (100 + 440, 60), Verdict::WouldHaveWon);
		assert_eq!(events().pop(), Some(expected));
		assert_eq!(prover(&BEN).stake, 2 * MIN_STAKE - 540);
	});
}

#[test]
fn silence_should_cost_the_bond_when_nobody_won() {
	settling_market(|| {
		let id = commit(500);
		run_to(2);
		sealed_bid(id, &BEN, 400);
		run_to(6);
		let opening = Solved::new(id, &BEN, &GUEST);
		run_to(10);
		assert_eq!(round_number(id), 1, "the round was empty");
		let guest = total(&GUEST);
		assert_ok!(opening.send());
		assert!(events().contains(&settled(id, &BEN, (600, 0), Verdict::WouldHaveWon)));
		assert_eq!((total(&GUEST), prover(&BEN).reserved), (guest + 50, 0));
	});
}

#[test]
fn bond_should_be_lost_when_the_silent_bid_is_not_valid() {
	settling_market(|| {
		let id = commit(500);
		run_to(2);
		sealed_bid(id, &ANN, 100);
		// Ben's seal holds something else, Cid asks too much.
		let seal = sealed(&context(id, &BEN), &payload(1, 1).encode());
		assert_ok!(place_with(id, &BEN, &payload(200, 5).encode(), seal));
		sealed_bid(id, &CID, 501);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		let openings = [&BEN, &CID].map(|bidder| Solved::new(id, bidder, &GUEST));
		run_to(10);
		for (opening, reason) in
			openings.iter().zip([VoidReason::BadSeal, VoidReason::AboveReserve])
		{
			let guest = total(&GUEST);
			assert_ok!(opening.send());
			let verdict = Verdict::Void(reason);
			assert!(events().contains(&settled(id, &opening.bidder, (600, 0), verdict)));
			assert_eq!(total(&GUEST), guest + 50);
		}
		assert_nothing_left();
	});
}

#[test]
fn bond_should_be_lost_when_a_malformed_payload_settles_the_bid() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 501)]);
		run_to(10);
		assert_ok!(show(id, &BEN, 501));
		let verdict = Verdict::Void(VoidReason::AboveReserve);
		assert_eq!(events().pop(), Some(settled(id, &BEN, (600, 0), verdict)));
	});
}

#[test]
fn silent_bid_should_be_settled_up_to_the_end_of_its_window() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(UNTIL - 1);
		assert_ok!(show(id, &BEN, 200));
		assert_nothing_left();
	});
}

#[test]
fn silent_bid_should_expire_when_nobody_settles_it() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200), (&CID, 300)]);
		run_to(UNTIL - 1);
		let issued = issuance();
		run_to(UNTIL);
		let expired = |bidder| settled(id, bidder, (600, 0), Verdict::Expired);
		for bidder in [&BEN, &CID] {
			assert!(events().contains(&expired(bidder)));
			let record = prover(bidder);
			assert_eq!((record.stake, record.reserved), (2 * MIN_STAKE - 600, 0));
			assert_eq!((record.stats.silences, record.stats.opened), (1, 0));
		}
		// And the bond of the winner, which has delivered nothing, is kept.
		assert_eq!(issuance(), issued - 1_200);
		assert_nothing_left();
		assert_noop!(show(id, &BEN, 200), Error::<Test>::NothingToSettle);
	});
}

#[test]
fn settling_should_be_too_late_when_the_window_is_over_and_the_agenda_lags() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		let opening = Solved::new(id, &BEN, &GUEST);
		run_to(UNTIL - 1);
		MaxAgendaWeight::set(Weight::zero());
		run_to(UNTIL + 1);
		assert_noop!(show(id, &BEN, 200), Error::<Test>::TooLateToSettle);
		assert_noop!(opening.send(), Error::<Test>::TooLateToSettle);
		// A late agenda changes nothing.
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(UNTIL + 2);
		assert!(events().contains(&settled(id, &BEN, (600, 0), Verdict::Expired)));
	});
}

#[test]
fn settling_should_close_the_round_when_the_agenda_lags() {
	for by_payload in [true, false] {
		settling_market(|| {
			let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
			let opening = Solved::new(id, &BEN, &GUEST);
			MaxAgendaWeight::set(Weight::zero());
			run_to(12);
			assert_eq!(winner(id), None);
			if by_payload {
				assert_ok!(show(id, &BEN, 200));
			} else {
				assert_ok!(opening.send());
			}
			assert_eq!(winner(id), Some(ANN));
			assert_eq!(prover(&BEN).stake, 2 * MIN_STAKE - 100);
			assert_nothing_left();
		});
	}
}

/// Its window counts from the end of the reveal window, however late the round closes.
#[test]
fn window_should_not_move_when_the_agenda_lags() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		MaxAgendaWeight::set(Weight::zero());
		run_to(UNTIL - 1);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(UNTIL);
		let until = UNTIL;
		assert!(events().contains(&Event::BidUnsettled {
			batch: id,
			round: 0,
			bidder: BEN,
			until
		}));
		assert_noop!(show(id, &BEN, 200), Error::<Test>::TooLateToSettle);
		run_to(UNTIL + 1);
		assert!(events().contains(&settled(id, &BEN, (600, 0), Verdict::Expired)));
	});
}

#[test]
fn settling_should_be_refused_when_it_was_done_before() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200), (&CID, 300)]);
		let opening = Solved::new(id, &BEN, &GUEST);
		run_to(10);
		assert_ok!(show(id, &BEN, 200));
		assert_noop!(show(id, &BEN, 200), Error::<Test>::NothingToSettle);
		assert_noop!(opening.send(), Error::<Test>::NothingToSettle);
		assert_ok!(show(id, &CID, 300));
		assert_noop!(show(id, &CID, 300), Error::<Test>::NothingToSettle);
	});
}

#[test]
fn settling_should_be_refused_when_the_round_has_no_such_bid() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		for bidder in [&ANN, &DEE, &POOR] {
			assert_noop!(show(id, bidder, 100), Error::<Test>::NothingToSettle);
		}
		let later = || settle_by_payload((id, 1), &BEN, &payload(200, 5).encode());
		assert_noop!(later(), Error::<Test>::WrongRound);
	});
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100)]);
		assert_eq!(winner(id), Some(ANN));
		assert_noop!(show(id, &ANN, 100), Error::<Test>::NothingToSettle);
	});
}

#[test]
fn payload_and_seal_should_be_refused_when_they_are_not_those_of_the_bid() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		let opening = Solved::new(id, &BEN, &GUEST);
		run_to(10);
		assert_noop!(show(id, &BEN, 201), Error::<Test>::CommitmentMismatch);
		assert_noop!(show_bytes(id, &BEN, &[0; 84]), Error::<Test>::PayloadWrongLength);
		assert_noop!(opening.with_seal(any_seal()), Error::<Test>::SealMismatch);
		let stolen = outcome(dispatch(signed(&DEE), opening.call.clone()));
		assert_noop!(stolen, Error::<Test>::OpeningProofInvalid);
		assert_ok!(opening.send());
	});
}

#[test]
fn opening_should_wait_for_the_end_of_the_reveal_window() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		let opening = Solved::new(id, &BEN, &GUEST);
		for block in 6..10 {
			run_to(block);
			assert_noop!(opening.send(), Error::<Test>::NotOpening);
		}
		run_to(10);
		assert_ok!(opening.send());
	});
}

/// An account that could keep a reveal out may settle, and earns nothing by it under its own name.
#[test]
fn sequencer_should_not_be_rewarded_when_it_settles_a_bid() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200), (&CID, 300)]);
		let committer = Solved::new(id, &BEN, &SEQUENCER);
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, GUEST));
		let sequencer = Solved::new(id, &CID, &GUEST);
		run_to(10);
		// Its name counts as it was when the round closed.
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, DEE));
		for opening in [committer, sequencer] {
			let (before, issued) = (total(&opening.opener), issuance());
			assert_ok!(opening.send());
			assert_eq!((total(&opening.opener), issuance()), (before, issued - 100));
		}
	});
}

/// A silent bid is judged by its own round, whatever becomes of the batch.
#[test]
fn settlement_should_not_depend_on_what_becomes_of_the_batch() {
	// Final, and the rollup deregistered.
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		assert_ok!(deliver(id, &ANN));
		assert_ok!(Pvs::deregister_rollup(signed(&OWNER), 0));
		assert_ok!(show(id, &BEN, 200));
		assert_eq!(events().pop(), Some(settled(id, &BEN, (100, 500), Verdict::WouldHaveLost)));
	});
	// In default.
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		run_to_default(id);
		assert_ok!(show(id, &BEN, 200));
		assert_eq!(events().pop(), Some(settled(id, &BEN, (100, 500), Verdict::WouldHaveLost)));
	});
	// Failed, with a silent bid in each round.
	settling_market(|| {
		let id = commit(500);
		run_to(2);
		sealed_bid(id, &BEN, 200);
		run_to(11);
		sealed_bid(id, &BEN, 300);
		run_to(20);
		assert!(!pending(id));
		assert_eq!(prover(&BEN).reserved, 1_200);
		assert_ok!(show(id, &BEN, 200));
		assert_eq!(prover(&BEN).reserved, 600);
		assert_ok!(settle_by_payload((id, 1), &BEN, &payload(300, 5).encode()));
		assert_eq!(prover(&BEN).reserved, 0);
	});
}

/// The bonds of an open round return when its batch is dropped; those of a closed one do not.
#[test]
fn bonds_should_return_when_a_batch_is_dropped_in_its_auction_only() {
	settling_market(|| {
		let first = commit(500);
		run_to(2);
		sealed_bid(first, &BEN, 200);
		run_to(12);
		let second = commit(500);
		run_to(13);
		sealed_bid(second, &CID, 200);
		assert_eq!(prover(&CID).reserved, 600);
		// The second round of the first batch has no bid, and ends it.
		run_to(15);
		assert!(!pending(first) && !pending(second));
		assert_eq!((prover(&BEN).reserved, prover(&CID).reserved), (600, 0));
		run_to(UNTIL);
		let (ben, cid) = (prover(&BEN), prover(&CID));
		assert_eq!((ben.reserved, cid.reserved, cid.stake), (0, 0, 2 * MIN_STAKE));
		assert_eq!(ben.stake, 2 * MIN_STAKE - 600);
	});
}

#[test]
fn prover_should_stay_registered_while_a_bid_is_unsettled() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		assert_noop!(Pvs::deregister_prover(signed(&BEN)), Error::<Test>::ProverBusy);
		assert_noop!(
			Pvs::unbond(signed(&BEN), 2 * MIN_STAKE - 599),
			Error::<Test>::InsufficientStake
		);
		assert_ok!(show(id, &BEN, 200));
		assert_ok!(Pvs::deregister_prover(signed(&BEN)));
	});
}

#[test]
fn seals_should_open_as_long_as_a_silent_bid_names_their_set() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200), (&CID, 300)]);
		let openings = [&BEN, &CID].map(|bidder| Solved::new(id, bidder, &GUEST));
		run_to(10);
		assert_ok!(deliver(id, &ANN));
		SealParameters::set(&pvs_timelock::INSECURE_DEVELOPMENT);
		assert_noop!(openings[0].send(), Error::<Test>::SealSetUnknown);
		assert_eq!(openings[0].holds(), None);
		let broken = Pvs::do_try_state();
		assert_eq!(
			broken,
			Err(DispatchError::Other(
				"35: the runtime has the seal parameters that a silent bid names"
			))
		);
		FormerSeals::set(Box::leak(Box::new([test_parameters()])));
		assert_ok!(openings[0].send());
		FormerSeals::set(&[]);
		// A payload needs no set.
		assert_ok!(show(id, &CID, 300));
	});
}

/// However little weight there is, bonds that are lost do not stay for ever.
#[test]
fn expiry_should_go_on_in_pieces_when_blocks_are_full() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200), (&CID, 300), (&DEE, 400)]);
		run_to(10);
		assert_ok!(deliver(id, &ANN));
		run_to(UNTIL - 1);
		MaxAgendaWeight::set(Pvs::heaviest_step().saturating_add(Pvs::least_expiry()));
		// Not even one step of another batch fits beside.
		MaxAgendaWeight::set(Pvs::least_expiry());
		for left in [2, 1, 0] {
			next_block();
			assert_eq!(UnsettledBids::<Test>::iter().count(), left);
			Pvs::do_try_state().expect("the invariants hold");
		}
		assert_nothing_left();
	});
}

#[test]
fn expiry_should_take_what_a_block_has_left() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		assert_ok!(deliver(id, &ANN));
		run_to(UNTIL - 1);
		MaxAgendaWeight::set(Weight::zero());
		run_to(UNTIL);
		assert_eq!(UnsettledBids::<Test>::iter().count(), 1);
		idle(Weight::MAX);
		assert_nothing_left();
	});
}

#[test]
fn parameters_should_be_refused_when_silent_bids_could_not_be_settled() {
	market(|| {
		let set = |settle_blocks, silence_penalty| {
			let silence_policy = SilencePolicy::Settle { settle_blocks };
			let params = RollupParams { silence_policy, silence_penalty, ..params() };
			Pvs::set_params(signed(&OWNER), 0, params)
		};
		// A seal takes 2 blocks: twice that, a block, and the slack.
		let least = Pvs::seal_info().min_settle_blocks;
		assert_eq!(least, 6);
		assert_noop!(set(least - 1, 100), Error::<Test>::ParamsSettleWindow);
		assert_ok!(set(least, 100));
		assert_ok!(set(MAX_SETTLE_BLOCKS, 100));
		assert_noop!(set(MAX_SETTLE_BLOCKS + 1, 100), Error::<Test>::ParamsSettleWindow);
		PlaceRent::set(2);
		assert_ok!(set(least, 100));
		assert_noop!(set(least, 99), Error::<Test>::ParamsSilencePenaltyForSettling);
	});
}

#[test]
fn runtime_should_be_refused_when_no_silent_bid_could_be_settled_in_time() {
	use frame_support::traits::Hooks;
	let passes = || std::panic::catch_unwind(Pvs::integrity_test).is_ok();
	new_ext().execute_with(|| {
		LongestSettling::set(6);
		assert!(passes());
		LongestSettling::set(5);
		assert!(!passes());
	});
}

#[test]
fn sequencer_should_be_changed_to_a_bidder_when_only_silent_bids_are_left() {
	settling_market(|| {
		first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		assert_noop!(
			Pvs::set_sequencer(signed(&OWNER), 0, BEN).map_err(|refused| refused.error),
			Error::<Test>::SequencerHasBids
		);
		run_to(10);
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, BEN));
		assert_eq!(Rollups::<Test>::get(0).map(|rollup| rollup.sequencer), Some(BEN));
	});
}

/// Half of the penalty is all that comes back through a friend that opens the seal.
#[test]
fn attack_silence_through_a_friend_should_cost_half_the_penalty_at_least() {
	settling_market(|| {
		let id = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		let opening = Solved::new(id, &BEN, &CID);
		run_to(10);
		let together = total(&BEN) + total(&CID);
		assert_ok!(opening.send());
		assert_eq!(total(&BEN) + total(&CID), together - 50);
	});
}

#[test]
fn page_of_unsettled_bids_should_name_what_settling_needs() {
	settling_market(|| {
		let first = first_reveals(&[(&ANN, 100), (&BEN, 200)]);
		run_to(10);
		assert_eq!(status(first), BatchStatus::Assigned);
		let page = Pvs::unsettled_page(0, (0, 0), u32::MAX);
		assert_eq!((page.items.len(), page.next), (1, None));
		let round = &page.items[0];
		assert_eq!((round.batch, round.round, round.until), (first, 0, UNTIL));
		assert_eq!((round.reserve, round.bond), (500, 600));
		assert_eq!((&round.committer, &round.sequencer), (&SEQUENCER, &SEQUENCER));
		assert_eq!(round.seal_digest, test_parameters().digest());
		assert_eq!(round.bids.len(), 1);
		assert_eq!(round.bids[0].bidder, BEN);
		assert_eq!((round.bids[0].placed.block, round.bids[0].placed.extrinsic), (2, EXTRINSIC));
		let context =
			pvs_primitives::bid::bid_context(&[7; 32], first, 0, &round.batch_digest, BEN.as_ref());
		let expected = pvs_primitives::bid::commitment_in(&context, &payload(200, 5).encode());
		assert_eq!(round.bids[0].commitment, expected);
		// Pages start at an index and a round, and are of one rollup.
		for (rollup, from, found) in
			[(0, (0, 1), 0), (0, (1, 0), 0), (1, (0, 0), 0), (0, (0, 0), 1)]
		{
			assert_eq!(Pvs::unsettled_page(rollup, from, 1).items.len(), found);
		}
	});
}

#[test]
fn pages_of_unsettled_bids_should_chain_to_the_whole() {
	settling_market(|| {
		let id = commit(500);
		run_to(2);
		sealed_bid(id, &BEN, 200);
		run_to(11);
		sealed_bid(id, &BEN, 300);
		run_to(20);
		let mut from = (0, 0);
		let mut found = Vec::new();
		loop {
			let page = Pvs::unsettled_page(0, from, 1);
			found.extend(page.items.into_iter().map(|round| (round.batch.index, round.round)));
			let Some(next) = page.next else { break };
			from = next;
		}
		assert_eq!(found, [(0, 0), (0, 1)]);
	});
}
