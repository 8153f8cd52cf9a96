// SPDX-License-Identifier: Apache-2.0
//! M5 and G14: a runtime upgrade changes nothing for open rounds and unsettled bids. Windows, fees, seals and
//! bounds are those of the block in which their batch was committed.

use crate::{mock::*, Batches, Error, Event, RoundKey, UnsettledBids, UnsettledRounds};
use frame_support::{assert_noop, assert_ok};
use pvs_auction::round::Stage;
use pvs_primitives::{
	api::{BatchId, RoundInfo},
	params::RollupParams,
	seal_timing::SealTiming,
	Balance,
};
use pvs_timelock::{solve, Parameters};
use sp_runtime::DispatchError;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::OnceLock,
};

/// The puzzle of the runtime after the upgrade.
fn new_seals() -> &'static Parameters {
	static PARAMETERS: OnceLock<Parameters> = OnceLock::new();
	PARAMETERS.get_or_init(|| {
		solve::compute_parameters("next", 4 * DELAY, solve::Options::default())
			.expect("it verifies")
	})
}

/// A later runtime in which every constant that a snapshot holds is another one, and with it the price of a place
/// and of a silent bid.
fn upgrade() {
	GapBlocks::set(FINALITY_GAP + 4);
	SlackBlocks::set(INCLUSION_SLACK + 5);
	BidPlaces::set(2 * MAX_BIDS);
	SlotFeeBase::set(10 * SLOT_FEE);
	PlaceRent::set(10 * RENT);
	LongestSettling::set(2 * MAX_SETTLE_BLOCKS);
	SealTimes::set(SealTiming { opener_cores: 1, ..SEAL_TIMING });
	FormerSeals::set(Box::leak(Box::new([test_parameters()])));
	SealParameters::set(new_seals());
}

fn round(id: BatchId) -> RoundInfo<AccountId> {
	Pvs::round_info(id).expect("open")
}

fn windows(id: BatchId) -> [u32; 4] {
	let round = round(id);
	[round.bidding_from, round.reveal_from, round.reveal_until, round.opening_until]
}

/// Runs a test with an upgrade in this block, if in any.
fn run<R>(
	params: RollupParams,
	upgrade_at: Option<u32>,
	test: impl FnOnce(&dyn Fn(u32)) -> R,
) -> R {
	let mut result = None;
	market_with(params, || {
		result = Some(test(&|block| {
			while now() < block {
				run_to(now() + 1);
				if Some(now()) == upgrade_at {
					upgrade();
					Pvs::do_try_state().expect("the runtime still has what batches name");
				}
			}
		}));
	});
	result.expect("the market ran")
}

/// Runs a test twice, with an upgrade in this block and without one. What it returns must be the same.
fn assert_same<R: PartialEq + core::fmt::Debug>(upgrade_at: u32, test: impl Fn(&dyn Fn(u32)) -> R) {
	let [with, without] =
		[Some(upgrade_at), None].map(|upgrade_at| run(opening_params(), upgrade_at, &test));
	assert_eq!(with, without, "upgrade in block {upgrade_at}");
}

#[test]
fn shown_windows_should_hold_when_the_constants_change() {
	market_with(opening_params(), || {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		let before = round(id);
		upgrade();
		assert_eq!(round(id), before, "windows, fee, bond and digest");
		// Two blocks for one seal, and one of slack.
		assert_eq!(windows(id), [2, 6, 10, 13]);
		// A batch that is committed now has the new ones: a seal takes eight blocks on one core,
		// and the slack is six, which is more than the rollup's ten.
		let next = commit(500);
		run_to(3);
		assert_eq!(windows(next), [3, 6 + 5, 15, 15 + 6]);
		bid(next, &ANN, 100, 5);
		assert_eq!(windows(next), [3, 6 + 5, 15, 25]);
		assert_eq!((round(id).slot_fee, round(next).slot_fee), (2, 20));
		let digests =
			[id, next].map(|id| Pvs::batch_info(id).expect("pending").snapshot.seal_digest);
		assert_eq!(digests, [test_parameters(), new_seals()].map(Parameters::digest));
	});
}

/// A round to its end, with a silent bidder that is opened, a default, a ladder and a rescue:
/// whenever the upgrade comes, each block does what it would have done.
#[test]
fn open_round_should_go_on_as_before_when_the_runtime_is_upgraded() {
	for upgrade_at in [2, 3, 5, 7, 10, 12, 13, 18, 19, 20, 24, 28] {
		assert_same(upgrade_at, |run_to| {
			let mut seen = Vec::new();
			let id = commit(500);
			run_to(2);
			for (who, fee) in [(ANN, 100), (BEN, 200), (CID, 300)] {
				assert_ok!(place_sealed(id, &who, &payload(fee, 2).encode()));
			}
			let (solution, proof) = solved(id, &ANN, &GUEST);
			for block in 3..=40 {
				System::reset_events();
				run_to(block);
				if [6, 9].contains(&block) {
					let (who, fee) = if block == 6 { (BEN, 200) } else { (CID, 300) };
					assert_ok!(reveal(id, &who, fee, 2));
				}
				if block == 12 {
					assert_ok!(Pvs::open_bid(
						signed(&GUEST),
						id,
						0,
						ANN,
						seal_of(id, &ANN),
						solution.clone(),
						proof.clone()
					));
				}
				seen.push((block, events(), Pvs::round_info(id)));
			}
			// The points of the round, so that the comparison is about something.
			let at = |wanted: fn(&Event<Test>) -> bool| {
				seen.iter()
					.find(|(_, events, _)| events.iter().any(wanted))
					.map(|(block, ..)| *block)
			};
			// The seal is opened in 12, so that Ann's clock is 12 and she is late until 12 + 2 + 1
			// + 3. Each place is offered for four blocks.
			assert_eq!(
				at(|event| matches!(event, Event::WinnerSelected { prover: ANN, .. })),
				Some(12)
			);
			assert_eq!(
				at(|event| matches!(event, Event::PlaceOffered { prover: BEN, .. })),
				Some(19)
			);
			assert_eq!(
				at(|event| matches!(event, Event::PlaceOffered { prover: CID, .. })),
				Some(23)
			);
			assert_eq!(at(|event| matches!(event, Event::RescueOpened { .. })), Some(27));
			assert_eq!(at(|event| matches!(event, Event::RoundOpened { .. })), Some(32));
			seen
		});
	}
}

/// The bidders of a batch and what they ask. Dee is always silent, and nobody bids for batch 2.
fn bidders(id: BatchId) -> Vec<(AccountId, Balance)> {
	match id.index {
		0 => vec![(ANN, 100), (BEN, 200), (CID, 300), (DEE, 400)],
		1 => vec![(ANN, 150), (DEE, 400)],
		3 => vec![(BEN, 120), (CID, 250), (DEE, 400)],
		_ => vec![],
	}
}

/// Acts for everyone in this block. Nobody delivers batch 0, batch 1 is delivered at once, batch 3 late.
fn play(id: BatchId) {
	if let Some(round) = Pvs::round_info(id) {
		for (who, fee) in bidders(id) {
			let bytes = payload(fee, 2).encode();
			if now() == round.bidding_from {
				assert_ok!(place_sealed(id, &who, &bytes));
			}
			if now() == round.reveal_from && who != DEE {
				assert_ok!(reveal_bytes(id, &who, &bytes));
			}
		}
		if let Some(assignment) = round.assignment {
			if id.index == 1 || (id.index == 3 && now() > assignment.on_time_until) {
				assert_ok!(deliver(id, &assignment.prover));
			}
		}
	}
	// Silent bids for batch 0 are opened, those for batch 1 shown; nobody looks after the others.
	let unsettled: Vec<_> = UnsettledRounds::<Test>::iter_prefix(id).collect();
	for (round, kept) in unsettled {
		if id.index == 0 && now() + 6 == kept.closed.until {
			assert_ok!(settle_by_opening((id, round), &DEE));
		}
		if id.index == 1 && now() + 8 == kept.closed.until {
			assert_ok!(settle_by_payload((id, round), &DEE, &payload(400, 2).encode()));
		}
	}
}

/// A block of a market.
struct Seen {
	block: u32,
	events: Vec<Event<Test>>,
	rounds: Vec<Option<RoundInfo<AccountId>>>,
	/// Stages of batches, and `unsettled` if a bid is.
	stages: BTreeSet<&'static str>,
	storage: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Four batches from their commits until the first one fails and the others are dropped behind it.
fn life(run_to: &dyn Fn(u32)) -> Vec<Seen> {
	let ids = [500; 4].map(commit);
	let see = |block| {
		System::reset_events();
		run_to(block);
		ids.into_iter().for_each(play);
		let unsettled = UnsettledBids::<Test>::iter_keys().next().map(|_| "unsettled");
		let stages = Batches::<Test>::iter_values().map(|batch| match batch.round.stage {
			Stage::Auction(_) => "auction",
			Stage::Assigned(_) => "assigned",
			Stage::Offered(_) => "offered",
			Stage::Rescue(_) => "rescue",
			Stage::Waiting => "waiting",
			Stage::Proven { .. } => "proven",
		});
		Seen {
			block,
			events: events(),
			rounds: ids.map(Pvs::round_info).to_vec(),
			stages: stages.chain(unsettled).collect(),
			storage: storage_rows(),
		}
	};
	(2..=70).map(see).collect()
}

/// G14: whenever the upgrade comes, no round, no bid and no row is another one afterwards.
#[test]
fn every_stage_and_unsettled_bids_should_go_on_as_before_when_the_runtime_is_upgraded() {
	with_cheap_proofs(|| {
		let expected = run(settling_params(), None, life);
		let ended = |name: &str| {
			let of = |event: &&Event<Test>| format!("{event:?}").contains(name);
			expected.iter().flat_map(|seen| &seen.events).filter(of).count()
		};
		// The ways that a bid and a batch can go, so that the comparison is about something.
		assert_eq!((ended("BidSettled"), ended("Expired")), (4, 1));
		assert_eq!((ended("BatchFailed"), ended("BatchDropped")), (1, 3));
		let mut met = BTreeSet::new();
		for upgrade_at in (2..=60).step_by(2) {
			let found = run(settling_params(), Some(upgrade_at), life);
			for (found, expected) in found.iter().zip(&expected) {
				let place = format!("block {}, upgrade in {upgrade_at}", found.block);
				assert_eq!(found.events, expected.events, "{place}");
				assert_eq!(found.rounds, expected.rounds, "{place}");
				assert!(found.storage == expected.storage, "{place}: a row differs");
				if found.block == upgrade_at {
					met.extend(found.stages.iter().copied());
				}
			}
		}
		let all = ["assigned", "auction", "offered", "proven", "rescue", "unsettled", "waiting"];
		assert_eq!(met.into_iter().collect::<Vec<_>>(), all);
	});
}

#[test]
fn round_should_have_the_places_of_its_snapshot_when_there_are_more_now() {
	market(|| {
		let id = commit(500);
		run_to(2);
		upgrade();
		for number in 0..MAX_BIDS {
			let bidder = new_prover(100 + u8::try_from(number).expect("few"));
			bid(id, &bidder, 100, 5);
		}
		assert_noop!(place(id, &ANN, &payload(100, 5).encode()), Error::<Test>::RoundFull);
		run_to(3);
		let next = commit(500);
		run_to(4);
		for number in 0..=MAX_BIDS {
			let bidder = new_prover(120 + u8::try_from(number).expect("few"));
			bid(next, &bidder, 100, 5);
		}
	});
}

/// Weights are made for `MaxBids`: a runtime in which it is below what a batch may have is refused
/// before it is enacted.
#[test]
fn try_state_should_fail_when_a_round_may_have_more_bids_than_weights_cover() {
	market(|| {
		BidPlaces::set(2 * MAX_BIDS);
		commit(500);
		BidPlaces::set(MAX_BIDS);
		let text = "31: MaxBids, on which weights rely, is not below what a batch may have";
		assert_eq!(Pvs::do_try_state(), Err(DispatchError::Other(text)));
		BidPlaces::set(2 * MAX_BIDS);
	});
}

#[test]
fn seal_should_open_when_its_parameters_are_kept_as_former_ones() {
	market_with(opening_params(), || {
		let id = commit(500);
		run_to(2);
		assert_ok!(place_sealed(id, &ANN, &payload(100, 5).encode()));
		upgrade();
		run_to(10);
		assert_ok!(open(id, &ANN, &GUEST));
		assert_eq!((winner(id), total(&GUEST)), (Some(ANN), ENDOWMENT + 50));
	});
}

/// The worst case: an upgrade that loses the puzzle of an open round. `try_state` refuses it
/// beforehand; if it is enacted, no solution can be checked, and a payload still opens the bid.
#[test]
fn payload_should_open_the_bid_when_the_runtime_has_lost_the_parameters() {
	market_with(opening_params(), || {
		let id = commit(500);
		run_to(2);
		for who in [ANN, BEN] {
			assert_ok!(place_sealed(id, &who, &payload(100, 5).encode()));
		}
		let (solution, proof) = solved(id, &ANN, &GUEST);
		upgrade();
		FormerSeals::set(&[]);
		let text = "30: the runtime has the seal parameters that a batch names";
		assert_eq!(Pvs::do_try_state(), Err(DispatchError::Other(text)));
		run_to(10);
		let call = || {
			outcome(Pvs::open_bid(
				signed(&GUEST),
				id,
				0,
				ANN,
				seal_of(id, &ANN),
				solution.clone(),
				proof.clone(),
			))
		};
		assert_noop!(call(), Error::<Test>::SealSetUnknown);
		let opening = opening_of(&seal_of(id, &ANN), &solution, &proof);
		let at = RoundKey { batch: id, round: 0 };
		let holds = Pvs::opening_holds(at, &ANN, &GUEST, &opening);
		assert_eq!(holds, None);
		assert_ok!(reveal_for(&GUEST, id, &ANN, &payload(100, 5).encode()));
		assert_eq!(prover(&ANN).stats.opened, 1);
		// How long a seal takes is not known: the window is the rollup's longest.
		assert_eq!(round(id).opening_until, 10 + OPENING_BLOCKS);
		run_to(19);
		assert_eq!(winner(id), None);
		run_to(20);
		assert_eq!((winner(id), prover(&BEN).stats.silences), (Some(ANN), 1));
		FormerSeals::set(Box::leak(Box::new([test_parameters()])));
		Pvs::do_try_state().expect("a repaired runtime has it again");
	});
}
