// SPDX-License-Identifier: Apache-2.0
//! M1 and G13: when a winner's time starts does not depend on who reveals when, and no timing of
//! one's own messages pays. And who has won can be read before it is written.
//!
//! Bidding is `[2, 5)`, the gap `[5, 6)`, revealing `[6, 10)`: the time of whoever wins counts from 9.

use crate::{mock::*, Error, Event, WeightInfo};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use pvs_primitives::{
	api::{AssignmentInfo, BatchId, BatchStatus, ExpectedWinner},
	params::RollupParams,
};

type Weights = crate::weights::host::SubstrateWeight<Test>;

fn assignment(id: BatchId) -> AssignmentInfo<AccountId> {
	Pvs::round_info(id).expect("open").assignment.expect("a prover is assigned")
}

fn expected(id: BatchId) -> Option<ExpectedWinner<AccountId>> {
	Pvs::expected_winner_info(id)
}

#[test]
fn winners_time_should_not_depend_on_the_block_of_the_last_reveal() {
	for params in [params(), opening_params()] {
		for last in 6..=9 {
			for (first, second) in [((ANN, 100), (BEN, 200)), ((BEN, 200), (ANN, 100))] {
				market_with(params.clone(), || {
					let id = commit(500);
					run_to(2);
					bid(id, &ANN, 100, 5);
					bid(id, &BEN, 200, 5);
					run_to(6);
					assert_ok!(reveal(id, &first.0, first.1, 5));
					run_to(last);
					assert_ok!(reveal(id, &second.0, second.1, 5));
					let of = assignment(id);
					assert_eq!((of.prover, of.assigned_at, of.clock), (ANN, last, 9));
					// 9 + 5 + 1, and the grace of three.
					assert_eq!((of.on_time_until, of.late_until), (15, 18));
				});
			}
		}
	}
}

/// One registered prover that never wins delayed every batch by its silence.
#[test]
fn winners_time_should_not_depend_on_a_silent_rival_when_silent_bids_are_excluded() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &DEE, 500, 20);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		run_to(10);
		let of = assignment(id);
		assert_eq!((of.prover, of.assigned_at, of.clock), (ANN, 10, 9));
		assert_eq!((of.on_time_until, of.late_until), (15, 18));
	});
}

/// Returns what Ann earns by a batch whose proof she has in block `done`, when she asked 100 for
/// `time` and revealed in block `last`, against Ben who asked 300 for ten blocks.
fn income(time: u32, last: u32, done: u32) -> i128 {
	let mut income = 0;
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &BEN, 300, 10);
		bid(id, &ANN, 100, time);
		let before = total(&ANN);
		run_to(6);
		assert_ok!(reveal(id, &BEN, 300, 10));
		run_to(last);
		assert_ok!(reveal(id, &ANN, 100, time));
		run_to(done);
		assert_ok!(deliver(id, &ANN));
		let signed = |amount| i128::try_from(amount).expect("small");
		income = signed(total(&ANN)) - signed(before);
	});
	income
}

/// M1 with the numbers of the audit. Ben's score is 0.7 * 300 / 500 + 0.3 * 10 / 20 = 0.57, and
/// Ann's payment for `t` blocks 500 * (0.57 - 0.3 * t / 20) / 0.7. In version 1 her true eight
/// blocks paid 321 when she revealed in block 6, and a claim of five 353 when she revealed in block
/// 9: the same proof in the same block.
#[test]
fn last_revealer_should_not_choose_when_its_clock_starts() {
	// Her proof is there in block 15, which is on time for five blocks from 9 and one of slack;
	// each block late costs five per cent of 500.
	let cases = [
		// 385.7 - 3 * 25, 375 - 2 * 25, 364.2 - 25
		(2, 310),
		(3, 325),
		(4, 339),
		(5, 353),
		(6, 342),
		(7, 332),
		(8, 321),
	];
	for (time, expected) in cases {
		for last in 6..=9 {
			assert_eq!(income(time, last, 15), expected, "claims {time}, reveals in {last}");
		}
	}
}

/// Time counts as in the presets, and silence costs twice what all time of a round is worth:
/// `2 * ceil(500 * 0.3 / 0.7)` = 430.
fn opening_with_dear_time() -> RollupParams {
	RollupParams {
		w_time: params().w_time,
		initial_reserve: 500,
		max_reserve: 500,
		silence_penalty: 430,
		..opening_params()
	}
}

/// Ways of a bidder and its friends to their winner under `ForceOpen`.
#[derive(Clone, Copy, Debug)]
enum Timing {
	/// Ann reveals.
	Reveals,
	/// Ann is silent, and her friend opens her seal in this block.
	OpenedByFriend(u32),
	/// Ann is silent, and sends her payload in this block.
	OpensItself(u32),
	/// Ann reveals. A friend with a bid that cannot win is silent, and another one opens it in this
	/// block.
	FriendIsSilent(u32),
}

/// Returns what Ann, her friend Dee and their opener earn together when her proof is there in block
/// `done`.
fn joint_income(time: u32, timing: Timing, done: u32) -> i128 {
	let friends = [ANN, DEE, GUEST];
	let joint = || friends.iter().map(total).sum::<u128>();
	let mut income = 0;
	market_with(opening_with_dear_time(), || {
		let id = commit(500);
		run_to(2);
		bid(id, &BEN, 300, 10);
		let payload_of_ann = payload(100, time).encode();
		assert_ok!(place_sealed(id, &ANN, &payload_of_ann));
		let before = joint();
		if matches!(timing, Timing::FriendIsSilent(_)) {
			assert_ok!(place_sealed(id, &DEE, &payload(500, 20).encode()));
		}
		run_to(6);
		assert_ok!(reveal(id, &BEN, 300, 10));
		let revealed = |block| {
			run_to(block);
			reveal(id, &ANN, 100, time).expect("it matches");
		};
		let opened = |block, bidder| {
			run_to(block);
			open(id, bidder, &GUEST).expect("the window is open");
		};
		match timing {
			Timing::Reveals => revealed(6),
			Timing::OpensItself(block) => revealed(block),
			Timing::OpenedByFriend(block) => opened(block, &ANN),
			Timing::FriendIsSilent(block) => {
				revealed(6);
				opened(block, &DEE);
			},
		}
		assert_eq!(winner(id), Some(ANN));
		run_to(done);
		if status(id) == BatchStatus::Assigned {
			assert_ok!(deliver(id, &ANN));
		}
		let signed = |amount| i128::try_from(amount).expect("small");
		income = signed(joint()) - signed(before);
	});
	income
}

/// M1 under `ForceOpen`: silent with a claim of two, opened in the last block, earned 235 where
/// honesty earned 135.
#[test]
fn silence_should_not_buy_time_when_seals_are_opened() {
	// The proof is there in block 19: on time for nine blocks from 9, paid 500 * (0.57 - 0.135) /
	// 0.7 = 310.7.
	let honest = joint_income(9, Timing::Reveals, 19);
	assert_eq!(honest, 310);
	// Opened in 12, the last block of the window, six blocks are enough: 500 * (0.57 - 0.09) / 0.7
	// = 342.8. Half of 430 is burned; without a friend that opens, all of it.
	assert_eq!(joint_income(6, Timing::OpenedByFriend(12), 19), 342 - 215);
	assert_eq!(joint_income(6, Timing::OpensItself(12), 19), 342 - 430);
	// And with a friend's silence, whose bid is the third of eight: 4 * ceil(500 * 8 / (252 * 8)) = 8.
	assert_eq!(joint_income(6, Timing::FriendIsSilent(12), 19), 342 - 215 - 8);
	for block in 10..=12 {
		for time in 2..=10 {
			for timing in [
				Timing::OpenedByFriend(block),
				Timing::OpensItself(block),
				Timing::FriendIsSilent(block),
			] {
				let income = joint_income(time, timing, 19);
				assert!(income < honest, "{timing:?}, claims {time}: {income}");
			}
		}
	}
}

/// A clock that runs from the last opening: whoever wins is no worse off for the wait.
#[test]
fn winners_time_should_count_from_the_last_opening() {
	for block in 10..=12 {
		market_with(opening_params(), || {
			let id = commit(500);
			run_to(2);
			bid(id, &ANN, 100, 5);
			assert_ok!(place_sealed(id, &BEN, &payload(200, 5).encode()));
			run_to(6);
			assert_ok!(reveal(id, &ANN, 100, 5));
			run_to(block);
			assert_ok!(open(id, &BEN, &GUEST));
			assert_eq!((winner(id), assignment(id).clock), (Some(ANN), block));
			assert_eq!(assignment(id).on_time_until, block + 5 + INCLUSION_SLACK);
		});
	}
	// Nobody opens it: the last block of the window, `[10, 13)`, however late the agenda is.
	for closed_in in [13, 17] {
		market_with(opening_params(), || {
			let id = commit(500);
			run_to(2);
			bid(id, &ANN, 100, 5);
			bid(id, &BEN, 200, 5);
			run_to(6);
			assert_ok!(reveal(id, &ANN, 100, 5));
			run_to(12);
			MaxAgendaWeight::set(Weight::zero());
			run_to(closed_in - 1);
			MaxAgendaWeight::set(AGENDA_WEIGHT);
			run_to(closed_in);
			let of = assignment(id);
			assert_eq!((of.prover, of.assigned_at, of.clock), (ANN, closed_in, 12));
		});
	}
}

#[test]
fn proof_should_be_paid_at_once_when_it_comes_before_the_clock() {
	market(|| {
		let id = commit(500);
		assert_eq!(auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]), 6);
		let before = total(&ANN);
		assert_ok!(deliver(id, &ANN));
		assert_eq!((total(&ANN), prover(&ANN).stats.on_time), (before + 200, 1));
	});
}

#[test]
fn expected_winner_should_be_nobody_when_no_bid_counts_or_no_auction_is_open() {
	market(|| {
		assert_eq!(expected(batch(0)), None);
		let id = commit(500);
		for block in 1..=5 {
			run_to(block);
			if block == 2 {
				bid(id, &ANN, 100, 5);
				bid(id, &BEN, 501, 5);
			}
			assert_eq!(expected(id), None, "block {block}");
		}
		run_to(6);
		assert_ok!(reveal(id, &BEN, 501, 5));
		assert_eq!(expected(id), None, "a void bid does not count");
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_eq!((winner(id), expected(id)), (Some(ANN), None), "the round has closed");
		run_to_default(id);
		assert_eq!((status(id), expected(id)), (BatchStatus::Rescue, None));
		assert_ok!(deliver(id, &CID));
		assert_eq!(expected(id), None);
	});
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 5);
		bid(ids[1], &BEN, 200, 5);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 100, 5));
		assert!(expected(ids[1]).is_some());
		let next_to_finalize = |index| {
			crate::Rollups::<Test>::mutate(0, |row| {
				row.as_mut().expect("registered").next_to_finalize = index;
			});
		};
		next_to_finalize(2);
		assert_eq!(expected(ids[1]), None, "the batch was dropped");
		next_to_finalize(0);
		assert_ok!(reveal(ids[1], &BEN, 200, 5));
		assert_ok!(deliver(ids[1], &ANN));
		assert_eq!(status(ids[1]), BatchStatus::Proven { prover: ANN, at: 6 });
		assert_eq!(expected(ids[1]), None);
	});
	market(|| {
		let ids = [commit(500), commit(500)];
		auction(ids[0], &[(ANN, 100, 20)]);
		run_to(9);
		assert_eq!((status(ids[1]), expected(ids[1])), (BatchStatus::Waiting, None));
	});
}

/// Compares an answer with what the close has written.
fn assert_written(id: BatchId, expected: &ExpectedWinner<AccountId>) {
	let of = assignment(id);
	let written = ExpectedWinner {
		round: round_number(id),
		prover: of.prover,
		fee: of.fee,
		payment: of.payment,
		proof_blocks: of.proof_blocks,
		clock: of.clock,
		on_time_until: of.on_time_until,
		late_until: of.late_until,
		decided: true,
	};
	assert_eq!(*expected, written);
}

#[test]
fn expected_winner_should_be_what_the_close_writes() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 7);
		bid(id, &CID, 300, 5);
		run_to(6);
		assert_ok!(reveal(id, &BEN, 200, 7));
		let of_ben = ExpectedWinner {
			round: 0,
			prover: BEN,
			fee: 200,
			// Alone so far.
			payment: 500,
			proof_blocks: 7,
			clock: 9,
			on_time_until: 9 + 7 + INCLUSION_SLACK,
			late_until: 9 + 7 + INCLUSION_SLACK + 3,
			decided: false,
		};
		assert_eq!(expected(id), Some(of_ben));
		run_to(7);
		assert_ok!(reveal(id, &ANN, 100, 5));
		// Ben's score is 0.7 * 200 / 500 + 0.3 * 7 / 20 = 0.385: worth 500 * (0.385 - 0.075) / 0.7
		// = 221.4.
		let of_ann = |decided| ExpectedWinner {
			round: 0,
			prover: ANN,
			fee: 100,
			payment: 221,
			proof_blocks: 5,
			clock: 9,
			on_time_until: 15,
			late_until: 18,
			decided,
		};
		for block in [7, 8] {
			run_to(block);
			assert_eq!(expected(id), Some(of_ann(false)), "Cid may still reveal in the next block");
		}
		// The state of block 9 decides.
		run_to(9);
		let last = expected(id).expect("Ann");
		assert_eq!(last, of_ann(true));
		run_to(10);
		assert_written(id, &last);
	});
}

#[test]
fn expected_winner_should_wait_for_seals_when_they_may_be_opened() {
	let setup = || {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		assert_ok!(place_sealed(id, &BEN, &payload(50, 5).encode()));
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		id
	};
	// Nobody opens Ben's seal: the window is `[10, 13)`, and the time counts from its last block.
	market_with(opening_params(), || {
		let id = setup();
		for block in [6, 9, 10, 11] {
			run_to(block);
			let of = expected(id).expect("Ann");
			assert_eq!((of.prover, of.clock, of.decided), (ANN, 12, false), "block {block}");
		}
		run_to(12);
		let last = expected(id).expect("Ann");
		assert!(last.decided);
		run_to(13);
		assert_written(id, &last);
		assert_eq!(winner(id), Some(ANN));
	});
	// Somebody does, and he wins.
	market_with(opening_params(), || {
		let id = setup();
		run_to(12);
		assert_ok!(open(id, &BEN, &GUEST));
		assert_eq!((winner(id), expected(id)), (Some(BEN), None));
	});
}

/// A prover that reads that it has won need not wait for the agenda.
#[test]
fn proof_should_close_the_round_itself_when_the_agenda_does_not_come_to_it() {
	market(|| {
		let id = commit(500);
		run_to(2);
		for (who, fee) in [(ANN, 100), (BEN, 200), (CID, 300)] {
			bid(id, &who, fee, 5);
		}
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_ok!(reveal(id, &BEN, 200, 5));
		let (of_ann, of_ben) = (proof(id, &ANN), proof(id, &BEN));
		MaxAgendaWeight::set(Weight::zero());
		run_to(9);
		assert_noop!(submit(id, &ANN, of_ann.clone()), Error::<Test>::NothingToProve);
		let decided = expected(id).expect("Ann");
		assert!(decided.decided);
		run_to(10);
		assert_eq!(status(id), BatchStatus::Auction);
		assert_eq!(expected(id), Some(decided.clone()), "overdue, and decided as before");
		assert_noop!(submit(id, &BEN, of_ben), Error::<Test>::NotAssigned);
		let before = total(&ANN);
		let actual = submit(id, &ANN, of_ann).expect("she has won").actual_weight;
		assert_eq!(actual, Some(Weights::submit_proof().saturating_add(Weights::close_round(3))));
		assert_eq!(total(&ANN), before + decided.payment);
		assert!(events().contains(&Event::WinnerSelected {
			batch: id,
			round: 0,
			prover: ANN,
			fee: decided.fee,
			proof_blocks: decided.proof_blocks,
			payment: decided.payment,
			on_time_until: decided.on_time_until,
			late_until: decided.late_until,
		}));
		assert_eq!((prover(&CID).stats.silences, pending(id)), (1, false));
	});
}
