// SPDX-License-Identifier: Apache-2.0
//! G6: the winner does not depend on the order of bids and reveals (D1).

use crate::mock::*;
use frame_support::assert_ok;
use pvs_primitives::{
	api::PlaceInfo,
	bid::BidPayload,
	params::{PaymentRule, RollupParams},
};

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
	match of {
		[] => vec![Vec::new()],
		_ => of
			.iter()
			.flat_map(|first| {
				let rest: Vec<_> = of.iter().copied().filter(|other| other != first).collect();
				permutations(&rest).into_iter().map(move |mut tail| {
					tail.insert(0, *first);
					tail
				})
			})
			.collect(),
	}
}

/// Returns who won at what, and the ladder, after bids and reveals in these orders. `spread` puts each bid
/// and each reveal into a block of its own as far as the windows allow.
fn outcome(
	params: &RollupParams,
	bids: &[(AccountId, BidPayload)],
	bid_order: &[usize],
	reveal_order: &[usize],
	spread: bool,
) -> (AccountId, u128, Vec<PlaceInfo<AccountId>>) {
	let mut result = None;
	market_with(params.clone(), || {
		let id = commit(500);
		run_to(2);
		for at in bid_order {
			let (bidder, payload) = &bids[*at];
			assert_ok!(place(id, bidder, &payload.encode()));
			if spread && now() < 4 {
				run_to(now() + 1);
			}
		}
		run_to(6);
		for at in reveal_order {
			let (bidder, payload) = &bids[*at];
			assert_ok!(reveal_bytes(id, bidder, &payload.encode()));
			if spread && now() < 9 {
				run_to(now() + 1);
			}
		}
		let round = Pvs::round_info(id).expect("open");
		let assignment = round.assignment.expect("somebody won");
		result = Some((assignment.prover, assignment.payment, round.ladder));
	});
	result.expect("the market ran")
}

/// D1 and G6.
#[test]
fn prop_winner_permutation_invariant() {
	let bid = |who, fee, proof_blocks, salt| {
		(who, BidPayload { fee, proof_blocks, proof_commitment: None, salt: [salt; 32] })
	};
	let cases = [
		// Different scores; all tied, so that salts decide; a tie of two; one void.
		[bid(ANN, 100, 5, 1), bid(BEN, 90, 8, 2), bid(CID, 200, 2, 3), bid(DEE, 300, 20, 4)],
		[bid(ANN, 100, 5, 1), bid(BEN, 100, 5, 2), bid(CID, 100, 5, 3), bid(DEE, 100, 5, 4)],
		[bid(ANN, 100, 5, 7), bid(BEN, 100, 5, 7), bid(CID, 120, 5, 3), bid(DEE, 90, 9, 4)],
		[bid(ANN, 501, 5, 1), bid(BEN, 100, 5, 2), bid(CID, 100, 5, 3), bid(DEE, 100, 5, 4)],
	];
	let orders = permutations(&[0, 1, 2, 3]);
	for (case, bids) in cases.iter().enumerate() {
		let rule = if case == 2 { PaymentRule::FirstPrice } else { PaymentRule::SecondScore };
		let params = RollupParams { payment_rule: rule, ..params() };
		let expected = outcome(&params, bids, &orders[0], &orders[0], false);
		for (number, bid_order) in orders.iter().enumerate() {
			let reveal_order = &orders[(number * 7 + 5) % orders.len()];
			for spread in [false, true] {
				let actual = outcome(&params, bids, bid_order, reveal_order, spread);
				assert_eq!(actual, expected, "case {case}, {bid_order:?}, {reveal_order:?}");
			}
		}
	}
}

/// An author who orders the transactions of a block cannot choose among equal bids, and a bidder
/// cannot either once bidding is over: the salts of all counted bids decide together.
#[test]
fn author_cannot_change_winner() {
	let tied = |salts: [u8; 3]| {
		let bids: Vec<_> = [ANN, BEN, CID]
			.into_iter()
			.zip(salts)
			.map(|(who, salt)| {
				let salt = [salt; 32];
				(who, BidPayload { fee: 100, proof_blocks: 5, proof_commitment: None, salt })
			})
			.collect();
		let first = outcome(&params(), &bids, &[0, 1, 2], &[0, 1, 2], false);
		assert_eq!(first, outcome(&params(), &bids, &[2, 1, 0], &[1, 2, 0], false));
		first.0
	};
	let winners: std::collections::BTreeSet<_> = (1..=12).map(|salt| tied([salt, 2, 3])).collect();
	assert!(winners.len() > 1, "salts decide, and not the accounts alone");
}
