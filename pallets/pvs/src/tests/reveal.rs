// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Bids, Error, Event};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use pvs_auction::round::VoidReason;
use pvs_primitives::bid::BidPayload;

fn try_reveal(
	who: &AccountId,
	id: pvs_primitives::api::BatchId,
	payload: [u8; 85],
) -> Result<(), sp_runtime::DispatchError> {
	reveal_bytes(id, who, &payload).map(|_| ())
}

#[test]
fn reveal_should_be_refused_outside_its_window() {
	market(|| {
		let id = commit(500);
		// Bidding is [2, 5), the gap [5, 6), revealing [6, 10).
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		let payload = payload(100, 5).encode();
		for block in [2, 4, 5] {
			run_to(block);
			assert_noop!(try_reveal(&ANN, id, payload), Error::<Test>::NotRevealing);
		}
		run_to(9);
		assert_ok!(reveal(id, &ANN, 100, 5));
		run_to(10);
		assert_noop!(
			try_reveal(&BEN, id, crate::mock::payload(200, 5).encode()),
			Error::<Test>::NotRevealing
		);
	});
}

#[test]
fn reveal_should_be_refused_when_it_does_not_match() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 100, 5);
		run_to(6);
		assert_noop!(
			try_reveal(&ANN, batch(9), payload(100, 5).encode()),
			Error::<Test>::BatchNotFound
		);
		assert_noop!(try_reveal(&CID, id, payload(100, 5).encode()), Error::<Test>::BidNotFound);
		assert_noop!(
			try_reveal(&ANN, id, payload(99, 5).encode()),
			Error::<Test>::CommitmentMismatch
		);
		assert_ok!(try_reveal(&ANN, id, payload(100, 5).encode()));
		// Twice the same changes nothing, another payload is refused as before.
		assert_storage_noop!(assert_ok!(try_reveal(&ANN, id, payload(100, 5).encode())));
		assert_noop!(
			try_reveal(&ANN, id, payload(99, 5).encode()),
			Error::<Test>::CommitmentMismatch
		);
	});
}

/// The salt makes a matching payload prove itself: whoever sends it changes nothing.
#[test]
fn reveal_should_be_accepted_from_any_account() {
	let run = |sender: AccountId| {
		let mut seen = None;
		market(|| {
			let id = commit(500);
			run_to(2);
			bid(id, &ANN, 100, 5);
			bid(id, &BEN, 200, 5);
			run_to(6);
			System::reset_events();
			assert_noop!(
				reveal_for(&sender, id, &ANN, &payload(99, 5).encode()),
				Error::<Test>::CommitmentMismatch
			);
			assert_ok!(reveal_for(&sender, id, &ANN, &payload(100, 5).encode()));
			assert_ok!(reveal_for(&sender, id, &BEN, &payload(200, 5).encode()));
			assert_eq!(winner(id), Some(ANN));
			let everyone = [OWNER, SEQUENCER, ANN, BEN, CID, GUEST, POOR];
			seen = Some((events(), prover(&ANN), prover(&BEN), everyone.map(|who| total(&who))));
		});
		seen.expect("the market ran")
	};
	let by_itself = run(ANN);
	for sender in [BEN, GUEST, SEQUENCER, OWNER, POOR] {
		assert_eq!(run(sender), by_itself);
	}
}

#[test]
fn reveal_should_be_refused_when_it_is_meant_for_another_round() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		run_to(6);
		let in_round = |round, bidder: &AccountId, fee| {
			let payload = payload(fee, 5).encode().to_vec().try_into().expect("85 bytes");
			outcome(Pvs::reveal_bid(signed(&GUEST), id, round, bidder.clone(), payload))
		};
		assert_noop!(in_round(1, &ANN, 100), Error::<Test>::WrongRound);
		// Nobody reveals, and both bid again: the same payload has another commitment.
		run_to(11);
		bid(id, &ANN, 100, 5);
		run_to(15);
		assert_noop!(in_round(0, &ANN, 100), Error::<Test>::WrongRound);
		assert_noop!(in_round(1, &BEN, 200), Error::<Test>::BidNotFound);
		assert_ok!(in_round(1, &ANN, 100));
		assert_eq!(winner(id), Some(ANN));
	});
}

#[test]
fn reveal_should_be_refused_when_the_auction_is_over() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		assert_noop!(reveal(id, &ANN, 100, 5), Error::<Test>::NotRevealing);
		run_to_default(id);
		assert_noop!(reveal(id, &BEN, 200, 5), Error::<Test>::NotRevealing);
	});
}

#[test]
fn last_reveal_should_close_the_round_at_once() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_eq!(winner(id), None);
		System::reset_events();
		assert_ok!(reveal(id, &BEN, 200, 5));
		assert_eq!(winner(id), Some(ANN));
		assert_eq!(
			events(),
			[
				Event::BidRevealed { batch: id, round: 0, bidder: BEN, fee: 200, proof_blocks: 5 },
				Event::WinnerSelected {
					batch: id,
					round: 0,
					prover: ANN,
					fee: 100,
					proof_blocks: 5,
					// The same time as the next bid: what that one asked.
					payment: 200,
					// The reveal window is `[6, 10)`.
					on_time_until: 9 + 5 + INCLUSION_SLACK,
					late_until: 9 + 5 + INCLUSION_SLACK + 3,
				},
			]
		);
		// The winner, and the runner-up on the ladder.
		assert_eq!((prover(&ANN).reserved, prover(&BEN).reserved), (600, 600));
		assert_eq!((prover(&ANN).stats.wins, prover(&BEN).stats.wins), (1, 0));
		assert_eq!((prover(&ANN).stats.reveals, prover(&BEN).stats.reveals), (1, 1));
		assert_eq!(Bids::<Test>::iter_prefix(id).count(), 0);
	});
}

#[test]
fn silent_bidder_should_lose_its_bond_and_not_hold_up_the_others() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 50, 5);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		run_to(9);
		assert_eq!(winner(id), None);
		let before = total(&BEN);
		run_to(10);
		assert_eq!(winner(id), Some(ANN));
		assert_eq!(total(&BEN), before - 600);
		let prover = prover(&BEN);
		assert_eq!((prover.stake, prover.reserved), (2 * MIN_STAKE - 600, 0));
		assert_eq!((prover.stats.silences, prover.stats.slashed), (1, 600));
		assert!(events().contains(&Event::BidVoided {
			batch: id,
			round: 0,
			bidder: BEN,
			slashed: 600,
			reason: VoidReason::Silent,
		}));
	});
}

#[test]
fn malformed_payload_should_void_the_bid_and_burn_its_bond() {
	let mut undecodable = payload(100, 5).encode();
	undecodable[20] = 2;
	let with = |fee, proof_blocks, salt| {
		BidPayload { fee, proof_blocks, proof_commitment: None, salt }.encode()
	};
	let cases = [
		(undecodable, VoidReason::Undecodable),
		(with(100, 5, [0; 32]), VoidReason::ZeroSalt),
		(with(100, 0, [1; 32]), VoidReason::ProofBlocks),
		(with(100, 21, [1; 32]), VoidReason::ProofBlocks),
		(with(501, 5, [1; 32]), VoidReason::AboveReserve),
	];
	for (bytes, reason) in cases {
		market(|| {
			let id = commit(500);
			run_to(2);
			assert_ok!(place(id, &BEN, &bytes));
			bid(id, &ANN, 400, 5);
			run_to(6);
			let before = total(&BEN);
			assert_ok!(try_reveal(&BEN, id, bytes));
			assert!(events().contains(&Event::BidVoided {
				batch: id,
				round: 0,
				bidder: BEN,
				slashed: 600,
				reason,
			}));
			assert_eq!(total(&BEN), before - 600);
			assert_noop!(try_reveal(&BEN, id, bytes), Error::<Test>::BidNotSealed);
			assert_ok!(reveal(id, &ANN, 400, 5));
			assert_eq!(winner(id), Some(ANN));
		});
	}
}

#[test]
fn bid_at_the_limits_should_count() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 500, 20)]);
		assert_eq!(winner(id), Some(ANN));
	});
}
