// SPDX-License-Identifier: Apache-2.0
//! Payments that an honest prover must get, from the market's events and without the pallet's arithmetic.

use crate::{mock::*, Event, Provers};
use pvs_primitives::{api::BatchId, params::RollupParams, Balance};
use std::collections::BTreeMap;

/// Bidder, fee and promised blocks.
type Revealed = (AccountId, Balance, u32);

/// Record of what the events say, from which Ann's income follows without the pallet's arithmetic.
pub(super) struct Watch {
	/// Parameters of each rollup at the start: what scores depend on never changes.
	params: Vec<RollupParams>,
	reserves: BTreeMap<(BatchId, u32), Balance>,
	revealed: BTreeMap<(BatchId, u32), Vec<Revealed>>,
	slashed: BTreeMap<BatchId, Balance>,
	income: Balance,
	slot_fees: Balance,
}

impl Watch {
	pub(super) fn new(params: Vec<RollupParams>) -> Self {
		Self {
			params,
			reserves: BTreeMap::new(),
			revealed: BTreeMap::new(),
			slashed: BTreeMap::new(),
			income: 0,
			slot_fees: 0,
		}
	}

	/// Takes in the events so far, and checks that Ann is paid what she must be and loses nothing.
	pub(super) fn look(&mut self, seed: u64) {
		for event in events() {
			match event {
				Event::RoundOpened { batch, round, reserve, .. } => {
					self.reserves.insert((batch, round), reserve);
				},
				Event::BidPlaced { bidder, slot_fee, .. } if bidder == ANN => {
					self.slot_fees += slot_fee;
				},
				Event::BidRevealed { batch, round, bidder, fee, proof_blocks } => self
					.revealed
					.entry((batch, round))
					.or_default()
					.push((bidder, fee, proof_blocks)),
				Event::BidOpened { batch, round, bidder, fee, proof_blocks, .. } => {
					assert_ne!(bidder, ANN, "seed {seed}");
					self.revealed.entry((batch, round)).or_default().push((
						bidder,
						fee,
						proof_blocks,
					));
				},
				Event::ProverDefaulted { batch, slashed, prover, .. } => {
					assert_ne!(prover, ANN, "seed {seed}");
					*self.slashed.entry(batch).or_default() += slashed;
				},
				Event::BidUnsettled { bidder, .. } | Event::BidSettled { bidder, .. } => {
					assert_ne!(bidder, ANN, "seed {seed}");
				},
				Event::BidVoided { bidder, slashed, .. } => {
					assert!(bidder != ANN || slashed == 0, "seed {seed}");
				},
				Event::ProofAccepted {
					batch,
					round,
					prover,
					payment,
					slashed_share,
					late_cost,
					..
				} => {
					let kept = self.slashed.remove(&batch).unwrap_or_default();
					if prover == ANN {
						let reserve = self.reserves[&(batch, round)];
						let allowed = self.payments((batch, round), reserve);
						assert!(allowed.contains(&payment), "seed {seed}: {payment} {allowed:?}");
						assert_eq!(late_cost, 0, "seed {seed}");
						let share = (kept / 2).min(reserve - payment);
						assert_eq!(slashed_share, share, "seed {seed}");
						self.income += payment + share;
					}
				},
				Event::AgendaItemFailed { batch, error } => {
					panic!("seed {seed}: {batch:?}: {error:?}");
				},
				_ => (),
			}
		}
		System::reset_events();
	}

	/// Checks that Ann, who had `before` at the start, has earned what she must and lost only slot fees, and
	/// that nothing of her stake is reserved.
	pub(super) fn check_ann(&self, before: Balance, seed: u64) {
		let ann = Provers::<Test>::get(&ANN).expect("she never leaves");
		let stake = (ann.stats.slashed, ann.stake, ann.reserved);
		assert_eq!(stake, (0, 2 * MIN_STAKE, 0), "seed {seed}");
		let faults = (ann.stats.late, ann.stats.defaults, ann.stats.silences);
		assert_eq!(faults, (0, 0, 0), "seed {seed}");
		assert_eq!(ann.stats.earned, self.income, "seed {seed}");
		assert_eq!(total(&ANN), before + self.income - self.slot_fees, "seed {seed}");
	}

	/// Returns what Ann may be paid in a round: by the next score after hers. If another has exactly her
	/// score, either may be ahead.
	fn payments(&self, round: (BatchId, u32), reserve: Balance) -> Vec<Balance> {
		let params = &self.params[usize::try_from(round.0.rollup).expect("few")];
		let nano = 1_000_000_000u128;
		let time = |blocks: u32| {
			let blocks = u128::from(blocks.max(params.min_proof_blocks));
			(u128::from(params.w_time) * nano * blocks)
				.div_ceil(u128::from(params.max_proof_blocks))
		};
		let score = |fee: Balance, blocks: u32| {
			(u128::from(params.w_fee) * nano * fee).div_ceil(reserve) + time(blocks)
		};
		let bids = &self.revealed[&round];
		let (_, fee, blocks) = bids.iter().find(|(bidder, ..)| *bidder == ANN).expect("she bid");
		let own = score(*fee, *blocks);
		let others: Vec<_> = bids
			.iter()
			.filter(|(bidder, ..)| *bidder != ANN)
			.map(|(_, fee, blocks)| score(*fee, *blocks))
			.collect();
		let by = |next: Option<u128>| match next {
			None => reserve,
			Some(next) => (reserve * next.saturating_sub(time(*blocks))
				/ (u128::from(params.w_fee) * nano))
				.clamp(*fee, reserve),
		};
		let above = others.iter().copied().filter(|score| *score > own).min();
		let mut allowed = vec![by(above)];
		if others.contains(&own) {
			allowed.push(by(Some(own)));
		}
		allowed
	}
}
