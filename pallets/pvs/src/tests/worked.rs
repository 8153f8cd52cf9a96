// SPDX-License-Identifier: Apache-2.0
//! Worked attacks behind the rules: what an attacker does, and that it loses by it.

use crate::mock::*;
use frame_support::assert_ok;
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::{PaymentRule, RollupParams},
};

fn totals(of: &[AccountId]) -> u128 {
	of.iter().map(total).sum()
}

/// One operator fills winner and ladder with accounts of its own, lets them fail or pass, and rescues
/// its own default at the highest price.
#[test]
fn ladder_stuffing_with_rescue_should_not_pay() {
	let operator = [ANN, BEN, CID];
	for (accepts, rescue_block) in
		[false, true].into_iter().flat_map(|accepts| (0..5).map(move |block| (accepts, block)))
	{
		market(|| {
			let id = commit(500);
			let before = totals(&operator);
			// Dee is honest; the three are all cheaper and take winner and ladder.
			auction(id, &[(ANN, 10, 2), (BEN, 11, 2), (CID, 12, 2), (DEE, 400, 2)]);
			run_to_default(id);
			for runner_up in [BEN, CID] {
				if accepts {
					assert_ok!(accept(id, &runner_up));
					run_to_default(id);
				} else {
					run_to(now() + 4);
				}
			}
			assert_eq!(status(id), BatchStatus::Rescue);
			run_to(now() + rescue_block);
			assert_ok!(deliver(id, &CID));
			let defaults: u32 = operator.iter().map(|who| prover(who).stats.defaults).sum();
			assert_eq!(defaults, if accepts { 3 } else { 1 });
			// Payment and share together are at most the reserve of 500; each default cost 600.
			let lost = before - totals(&operator);
			assert!(lost >= 100 * u128::from(defaults), "accepts {accepts}: lost {lost}");
			assert_eq!(prover(&DEE).stats.slashed, 0);
		});
	}
}

/// Gain that the operator could have had without the attack is higher, whatever the rule of payment.
#[test]
fn own_default_should_earn_less_than_delivery() {
	for payment_rule in [PaymentRule::FirstPrice, PaymentRule::SecondScore] {
		let gain = |delivers: bool| {
			let mut gain = 0i128;
			market_with(RollupParams { payment_rule, ..params() }, || {
				let id = commit(500);
				let operator = [ANN, BEN];
				let before = totals(&operator);
				auction(id, &[(ANN, 100, 5), (BEN, 480, 5)]);
				if delivers {
					assert_ok!(deliver(id, &ANN));
				} else {
					run_to_default(id);
					assert_ok!(deliver(id, &BEN));
				}
				let signed = |amount| i128::try_from(amount).expect("small");
				gain = signed(totals(&operator)) - signed(before);
			});
			gain
		};
		assert!(gain(false) < 0 && gain(false) < gain(true), "{payment_rule:?}");
	}
}

/// One account wins five batches in a row, cheaper than can be, and defaults on all. The runner-up that
/// follows the protocol is paid each time at least what it asked; the attacker pays for it.
#[test]
fn serial_defaulter_should_not_hurt_an_honest_runner_up() {
	market(|| {
		let mut earned = Vec::new();
		for number in 0..5u32 {
			if prover(&ANN).suspended {
				assert_eq!(number, 4, "four bonds are more than half of her stake");
				assert_ok!(Pvs::bond_more(signed(&ANN), 1_000));
			}
			let id = commit(500);
			let (ben, sequencer) = (total(&BEN), total(&SEQUENCER));
			auction(id, &[(ANN, 0, 2), (BEN, 150, 5)]);
			assert_eq!(winner(id), Some(ANN));
			let slot_fee = ben - total(&BEN);
			run_to_default(id);
			let rent = rent(id);
			assert_ok!(deliver(id, &BEN));
			let income = total(&BEN) + slot_fee - ben;
			assert!(income >= 150, "batch {number}: {income}");
			earned.push(income);
			assert!(
				sequencer - total(&SEQUENCER) <= 500 + rent,
				"the sequencer pays no more than its fee and its rent"
			);
		}
		let (ann, ben) = (prover(&ANN), prover(&BEN));
		assert_eq!((ann.stats.wins, ann.stats.defaults), (5, 5));
		assert_eq!((ben.stats.on_time, ben.stats.defaults, ben.stats.slashed), (5, 0, 0));
		assert_eq!(ben.stats.earned, earned.iter().sum::<u128>());
		assert_eq!(ben.stake, 2 * MIN_STAKE);
		assert!(ann.stats.slashed > ben.stats.earned, "{} {}", ann.stats.slashed, ben.stats.earned);
		assert_eq!(rollup().next_to_finalize, 5);
	});
}

/// The same within one batch, in each of its rounds: nobody else bids, and the batch fails in the end.
#[test]
fn defaulter_should_pay_a_bond_in_every_round() {
	market_with(RollupParams { max_failed_rounds: 3, ..params() }, || {
		let id = commit(500);
		for round in 1..=3u128 {
			auction(id, &[(ANN, 0, 2)]);
			run_to(run_to_default(id) + 5);
			assert_eq!(prover(&ANN).stats.slashed, round * 600);
		}
		assert!(!pending(id));
		assert_eq!((prover(&ANN).reserved, Pvs::pot_balance()), (0, 0));
	});
}

/// Returns what Ann, who needs until eight blocks after her clock starts and one for inclusion, nets when she
/// claims `time`, against Ben who asks `rival_fee` for ten blocks.
fn net_of_claiming(time: u32, fee: u128, rival_fee: u128) -> i128 {
	let mut net = 0;
	market(|| {
		let id = commit(500);
		let before = total(&ANN);
		auction(id, &[(ANN, fee, time), (BEN, rival_fee, 10)]);
		assert_eq!(winner(id), Some(ANN));
		let clock = Pvs::round_info(id).expect("open").assignment.expect("assigned").clock;
		run_to(clock + 8 + INCLUSION_SLACK);
		if matches!(status(id), BatchStatus::Assigned) {
			assert_ok!(deliver(id, &ANN));
		}
		let signed = |amount| i128::try_from(amount).expect("small");
		net = signed(total(&ANN)) - signed(before);
	});
	net
}

/// Claiming a time that one cannot hold raises the payment by less than lateness takes off.
#[test]
fn lying_about_time_should_not_pay() {
	let honest = net_of_claiming(8, 100, 300);
	assert!(honest > 0);
	let mut last = honest;
	for claimed in (2..8).rev() {
		let liar = net_of_claiming(claimed, 100, 300);
		assert!(liar < honest, "claims {claimed}: {liar} and not below {honest}");
		assert!(liar <= last, "a bigger lie costs more");
		last = liar;
	}
	// Beyond the grace of three blocks it is a default.
	assert!(net_of_claiming(2, 100, 300) < -500);
}

/// Nor does it pay to win a round by the lie that one would not have won.
#[test]
fn winning_by_a_lie_about_time_should_earn_less_than_the_fee_asked() {
	// At the fee that is her cost, Ann would lose with her true time of eight blocks.
	let cost = 120;
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, cost, 8), (BEN, 85, 10)]);
		assert_eq!(winner(id), Some(BEN));
	});
	let liar = net_of_claiming(5, cost, 85);
	assert!(liar < i128::try_from(cost).expect("small"), "{liar}");
}

/// Bids above the reserve are void and forfeit, so that nobody waits for a better round with them.
#[test]
fn bidding_above_the_reserve_should_cost_more_than_it_can_win() {
	market(|| {
		let id = commit(500);
		let before = total(&ANN);
		auction(id, &[(ANN, 501, 5), (BEN, u128::MAX, 5)]);
		assert_eq!(round_number(id), 1, "a round of void bids is empty");
		assert!(before - total(&ANN) >= 600);
		assert_eq!(prover(&BEN).stats.slashed, 600);
		auction(id, &[(CID, 500, 5)]);
		assert_ok!(deliver(id, &CID));
	});
}

/// A boycott pays nobody: the sequencer's bond is burned, and no prover has more than before.
#[test]
fn boycott_should_pay_nobody() {
	market(|| {
		let everyone = [ANN, BEN, CID, DEE, OWNER, GUEST];
		let (before, issued) = (totals(&everyone), issuance());
		let id: BatchId = commit(500);
		run_to(9);
		assert!(!pending(id));
		// And the rent of eight blocks.
		assert_eq!((totals(&everyone), issuance()), (before, issued - 70 - 8));
	});
}

/// Staying silent costs more than the best that dropping a bid can win, which is the reserve.
#[test]
fn silence_should_cost_more_than_the_reserve() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 10, 2);
		bid(id, &BEN, 500, 2);
		run_to(6);
		// Ann's friend Ben is alone once she stays silent.
		assert_ok!(reveal(id, &BEN, 500, 2));
		let before = totals(&[ANN, BEN]);
		run_to(10);
		assert_ok!(deliver(id, &BEN));
		assert_eq!(before - totals(&[ANN, BEN]), 100, "the reserve won, reserve and penalty lost");
	});
}
