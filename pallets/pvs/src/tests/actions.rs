// SPDX-License-Identifier: Apache-2.0
//! Random actions of everyone but the honest prover, and the chains that they play on.

use super::dice::Dice;
use crate::{mock::*, Batches, BidReveal, Call, UnsettledBids};
use frame_support::weights::Weight;
use pvs_auction::phase::phase;
use pvs_primitives::{
	api::{BatchId, BidState, Phase},
	bid::PAYLOAD_BYTES,
	params::{PaymentRule, RollupParams, SilencePolicy},
	Balance, RollupId,
};
use std::collections::BTreeMap;

/// Number of actions in a sequence.
pub(super) const ACTIONS: u32 = 200;

/// Bids of the rivals, so that most of their reveals match.
pub(super) type Bids = BTreeMap<(BatchId, u32, AccountId), [u8; PAYLOAD_BYTES]>;

const RIVALS: [AccountId; 3] = [BEN, CID, DEE];

/// Character of the rivals of a sequence.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
	Mixed,
	NeverDeliver,
	NeverReveal,
	NeverBid,
}

impl Mood {
	fn of(seed: u64) -> Self {
		[Self::Mixed, Self::NeverDeliver, Self::NeverReveal, Self::NeverBid]
			[usize::try_from(seed % 4).expect("small")]
	}
}

/// The chain that a sequence plays on.
#[derive(Clone, Debug)]
pub(super) struct Setup {
	/// The number of the sequence.
	pub(super) seed: u64,
	/// Parameters of the rollups at the start.
	pub(super) rollups: Vec<RollupParams>,
	/// The existential deposit, in planck.
	pub(super) existential_deposit: Balance,
	/// The finality gap, in blocks.
	pub(super) gap: u32,
	/// The inclusion slack, in blocks.
	pub(super) slack: u32,
}

impl Setup {
	/// One rollup and the constants of the mock. In one sequence of five the rollup opens the seals of
	/// silent bidders, in another one it settles their bids. (An opening takes a thousand squarings.)
	pub(super) fn plain(seed: u64) -> Self {
		let initial_reserve = 100 + 30 * Balance::from(seed % 30);
		let params = match seed % 5 {
			2 => opening_params(),
			3 => settling_params(),
			_ => params(),
		};
		Self {
			seed,
			rollups: vec![RollupParams { initial_reserve, ..params }],
			existential_deposit: 1,
			gap: FINALITY_GAP,
			slack: INCLUSION_SLACK,
		}
	}

	/// Three rollups, one for each silence policy, which share the provers' stakes, an existential deposit
	/// above 1, and a gap and a slack of 0 or 2. Windows are as short as the slack allows, or nearly so.
	pub(super) fn adverse(seed: u64) -> Self {
		let [gap, slack] =
			[[0, 0], [2, 0], [0, 2], [2, 2]][usize::try_from(seed / 4 % 4).expect("small")];
		let existential_deposit = 20;
		let rollups = [params(), settling_params(), opening_params()].into_iter().zip(0..);
		let rollups = rollups.map(|(params, number)| RollupParams {
			bidding_blocks: slack + 2,
			reveal_blocks: slack + 2,
			ladder_blocks: slack + 1,
			rescue_blocks: slack + 2,
			min_proof_blocks: 1,
			min_reserve: existential_deposit,
			initial_reserve: 100 + 30 * Balance::from((seed + 7 * number) % 30),
			..params
		});
		Self { seed, rollups: rollups.collect(), existential_deposit, gap, slack }
	}

	/// Runs a sequence on a fresh chain with the rollups and four provers, and checks the invariants and
	/// the issuance after it.
	pub(super) fn play(&self, sequence: impl FnOnce()) {
		chain(|| {
			ExistentialDeposit::set(self.existential_deposit);
			GapBlocks::set(self.gap);
			SlackBlocks::set(self.slack);
			for params in &self.rollups {
				register_rollup(params.clone());
			}
			for prover in [ANN].iter().chain(&RIVALS) {
				Pvs::register_prover(signed(prover), 2 * MIN_STAKE).expect("it has the stake");
			}
			System::reset_events();
			sequence();
		});
	}

	/// Other parameters of a rollup. Ann's income is calculated with the first weights: only the rest
	/// changes.
	fn other_params(&self, rollup: RollupId, dice: &mut Dice) -> RollupParams {
		let first = &self.rollups[usize::try_from(rollup).expect("few")];
		// The lowest that the rules of the policy allow.
		let silence_penalty = match first.silence_policy {
			SilencePolicy::Exclude => self.existential_deposit,
			SilencePolicy::ForceOpen { .. } | SilencePolicy::Settle { .. } => 100,
		};
		RollupParams {
			reveal_blocks: self.slack + 2 + dice.small(4),
			ladder_len: 1 + dice.small(3),
			ladder_blocks: self.slack + 1 + dice.small(3),
			rescue_blocks: self.slack + 2 + dice.small(5),
			grace_blocks: 1 + dice.small(3),
			max_empty_rounds: 2 + dice.small(2),
			max_failed_rounds: 1 + dice.small(3),
			min_reserve: self.existential_deposit + 9 + u128::from(dice.roll(50)),
			initial_reserve: 500,
			sequencer_bond: MIN_SEQUENCER_BOND + u128::from(dice.roll(100)),
			silence_penalty: silence_penalty + u128::from(dice.roll(200)),
			payment_rule: PaymentRule::SecondScore,
			..first.clone()
		}
	}
}

/// Does something as anyone but Ann.
pub(super) fn random_action(dice: &mut Dice, bids: &mut Bids, setup: &Setup) {
	let mood = Mood::of(setup.seed);
	let id = dice.pick(&pending()).copied().unwrap_or(batch(0));
	let rival = dice.pick(&RIVALS).expect("three").clone();
	let rollup = dice.small(u32::try_from(setup.rollups.len()).expect("few"));
	let row = Pvs::rollup_info(rollup).expect("registered");
	let signed = RuntimeOrigin::signed(rival.clone());
	match dice.roll(26) {
		0..=2 => {
			let number = u8::try_from(row.next_index % 250).expect("small") + 1;
			// Now and then too little.
			let max_fee = (row.reserve + u128::from(dice.roll(500))).saturating_sub(50);
			let call = Call::commit_batch {
				rollup,
				data: vec![number; 40].try_into().expect("short enough"),
				prev_state_root: row.tip_root,
				next_state_root: root(number),
				max_fee: max_fee.min(1_000),
			};
			let _ = dispatch(RuntimeOrigin::signed(row.sequencer), call);
		},
		3..=7 => {
			if Pvs::round_info(id).is_some() && mood != Mood::NeverBid {
				let mut bid = payload(u128::from(dice.roll(500)), dice.small(22));
				bid.salt = [u8::try_from(dice.roll(8)).expect("small"); 32];
				if dice.roll(6) == 0 {
					bid.proof_commitment = Some([1; 32]);
				}
				let bytes = bid.encode();
				let before = crate::Bids::<Test>::contains_key(id, &rival);
				let _ = match dice.roll(5) {
					0 => place(id, &rival, &bytes),
					// The second one is refused.
					1 => place_both(id, &rival, &bytes),
					_ => place_sealed(id, &rival, &bytes),
				};
				if !before && crate::Bids::<Test>::contains_key(id, &rival) {
					bids.insert((id, round_number(id), rival), bytes);
				}
			}
		},
		8..=10 => {
			open_seals();
			settle_some(dice, bids);
			for ((id, _, rival), bytes) in bids.iter() {
				if dice.roll(5) > 0 && mood != Mood::NeverReveal {
					let sender = if dice.roll(3) == 0 { &GUEST } else { rival };
					let _ = reveal_for(sender, *id, rival, bytes);
				}
			}
		},
		11 => {
			let _ = reveal(id, &rival, u128::from(dice.roll(400)), 5);
			if mood != Mood::NeverReveal {
				let most = usize::try_from(MAX_BIDS_PER_CALL).expect("few");
				let reveals: Vec<_> = bids
					.iter()
					.rev()
					.take(most)
					.map(|((batch, round, bidder), bytes)| BidReveal {
						batch: *batch,
						round: *round,
						bidder: bidder.clone(),
						payload: bytes.to_vec().try_into().expect("85 bytes"),
					})
					.collect();
				let reveals = reveals.try_into().expect("no more than decode");
				let _ = dispatch(signed, Call::reveal_bids { reveals });
			}
		},
		12..=14 => {
			// Whoever's turn it is, or anyone in a rescue.
			let prover = winner(id).unwrap_or_else(|| rival.clone());
			let would = mood != Mood::NeverDeliver || dice.roll(8) == 0;
			if prover != ANN && would && dice.roll(3) > 0 {
				let proof = (id, prover.clone(), proof_or_nothing(id, &prover));
				if id.index % 2 == 0 {
					let _ = submit(id, &prover, proof.2);
				} else {
					let false_one = (id, rival.clone(), vec![1; 256]);
					let proofs = submissions(&[false_one, proof.clone(), proof]);
					let _ = dispatch(signed, Call::submit_proofs { proofs });
				}
			}
		},
		15 => {
			let _ = submit(id, &rival, vec![1; 256]);
		},
		16 => {
			for (id, rival) in pending().into_iter().zip(RIVALS.into_iter().cycle()) {
				let round = round_number(id);
				let call = Call::accept_place { batch: id, round };
				let _ = dispatch(RuntimeOrigin::signed(rival), call);
			}
		},
		17 => {
			let _ = Pvs::unbond(signed, u128::from(dice.roll(500)));
		},
		18 => {
			let _ = Pvs::bond_more(signed, u128::from(dice.roll(1_500)));
		},
		19 => {
			let _ = Pvs::withdraw_unbonded(signed);
		},
		20 => {
			let _ = Pvs::register_prover(signed.clone(), 2 * MIN_STAKE);
			if dice.roll(4) == 0 {
				let _ = Pvs::deregister_prover(signed);
			}
		},
		21 => {
			let params = setup.other_params(rollup, dice);
			let owner = RuntimeOrigin::signed(row.owner);
			Pvs::set_params(owner, rollup, params).expect("they keep the rules");
		},
		22 => {
			let sequencer = dice.pick(&[SEQUENCER, GUEST, rival]).expect("three").clone();
			let call = Call::set_sequencer { rollup, sequencer };
			let _ = dispatch(RuntimeOrigin::signed(row.owner), call);
		},
		23 => {
			let to = dice.pick(&[OWNER, GUEST, rival]).expect("three").clone();
			let call = Call::transfer_rollup { rollup, to };
			dispatch(RuntimeOrigin::signed(row.owner), call).expect("the owner may offer it");
		},
		24 => {
			// Now and then from somebody to whom it is not offered.
			let offered_to = row.offered_to.filter(|_| dice.roll(4) > 0).unwrap_or(rival);
			let call = Call::accept_rollup { rollup };
			let _ = dispatch(RuntimeOrigin::signed(offered_to), call);
		},
		_ => {
			// A block or more in which deadlines have to wait.
			let limit = if dice.roll(3) == 0 { 0 } else { 1_000_000_000_000 };
			MaxAgendaWeight::set(Weight::from_parts(limit, u64::MAX));
		},
	}
}

/// Somebody settles some of the silent bids of closed rounds, now and then twice or with a wrong payload.
fn settle_some(dice: &mut Dice, bids: &Bids) {
	for (at, bidder, _) in UnsettledBids::<Test>::iter() {
		let placed = bids.get(&(at.0, at.1, bidder.clone())).copied();
		let payload = placed.filter(|_| dice.roll(8) > 0).unwrap_or([1; PAYLOAD_BYTES]);
		match dice.roll(6) {
			0 | 1 => {
				let _ = settle_by_payload(at, &bidder, &payload);
				let _ = settle_by_payload(at, &bidder, &payload);
			},
			2 => {
				let _ = settle_by_opening(at, &bidder);
			},
			_ => {},
		}
	}
}

/// Somebody opens whatever may be opened.
fn open_seals() {
	for id in pending() {
		let round = Pvs::round_info(id).filter(|_| phase_now(id) == Phase::SealOpening);
		let bids = round.into_iter().flat_map(|round| round.bids);
		for bid in bids.filter(|bid| bid.state == BidState::Sealed) {
			let _ = open(id, &bid.bidder, &GUEST);
		}
	}
}

fn proof_or_nothing(id: BatchId, prover: &AccountId) -> Vec<u8> {
	match Pvs::public_inputs_of(id, prover.clone()) {
		Some(_) => proof(id, prover),
		None => Vec::new(),
	}
}

/// Returns the phase of a batch in this block.
pub(super) fn phase_now(id: BatchId) -> Phase {
	let entry = Pvs::entry(id).expect("pending");
	phase(&entry.batch.round, &Pvs::context(&entry), System::block_number()).0
}

/// Returns the pending batches of all rollups, in their order.
pub(super) fn pending() -> Vec<BatchId> {
	let mut ids: Vec<_> = Batches::<Test>::iter_keys().collect();
	ids.sort();
	ids
}
