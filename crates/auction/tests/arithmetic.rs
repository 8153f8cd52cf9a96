// SPDX-License-Identifier: Apache-2.0
//! The arithmetic against big integers, over the whole range of every input.

use num_bigint::BigUint;
use proptest::prelude::*;
use pvs_auction::{
	concentration::concentration,
	lateness::late_cost,
	payment::payment,
	reserve::{escalated, Reserve},
	score::{score, time_part},
	share::{share, RecentCount},
	slashing::{deliverers_share, rescue_payment},
	slot_fee::slot_fee,
	MathError,
};
use pvs_primitives::params::{PaymentRule, RollupParams, Snapshot, WHOLE};

mod common;

const NANO: u64 = 1_000_000_000;
const ATTO: u64 = NANO * NANO;

/// Numbers of every length, and those around powers of two.
fn amount() -> impl Strategy<Value = u128> {
	prop_oneof![
		4 => (any::<u128>(), 0..128u32).prop_map(|(number, shift)| number >> shift),
		1 => (0..128u32, 0..3u128).prop_map(|(shift, below)| (1u128 << shift).wrapping_sub(below)),
	]
}

fn number() -> impl Strategy<Value = u32> {
	prop_oneof![
		4 => (any::<u32>(), 0..32u32).prop_map(|(number, shift)| number >> shift),
		1 => prop::sample::select(vec![0, 1, WHOLE - 1, WHOLE, WHOLE + 1, u32::MAX]),
	]
}

prop_compose! {
	fn parameters()(
		numbers in prop::array::uniform9(number()),
		min_reserve in amount(),
		first_price: bool,
	) -> RollupParams {
		let [w_fee, w_time, w_share, min_proof_blocks, max_proof_blocks, rest @ ..] = numbers;
		let [reserve_margin, reserve_weight, escalation_factor, late_rate] = rest;
		RollupParams {
			payment_rule: if first_price { PaymentRule::FirstPrice } else { PaymentRule::SecondScore },
			w_fee,
			w_time,
			w_share,
			min_proof_blocks,
			max_proof_blocks,
			min_reserve,
			reserve_margin,
			reserve_weight,
			escalation_factor,
			late_rate,
			..common::params()
		}
	}
}

fn big(number: impl Into<BigUint>) -> BigUint {
	number.into()
}

fn ceil(dividend: BigUint, divisor: BigUint) -> BigUint {
	(dividend + &divisor - 1u8) / divisor
}

fn less(a: BigUint, b: BigUint) -> BigUint {
	if a > b {
		a - b
	} else {
		big(0u8)
	}
}

/// A result that must fit.
fn narrow(number: BigUint) -> Result<u128, MathError> {
	u128::try_from(number).map_err(|_| MathError::Overflow)
}

fn saturated(number: BigUint) -> u128 {
	u128::try_from(number).unwrap_or(u128::MAX)
}

mod model {
	use super::*;

	pub(super) fn time_part(blocks: u32, params: &RollupParams) -> BigUint {
		let time = blocks.max(params.min_proof_blocks);
		ceil(big(params.w_time) * NANO * time, big(params.max_proof_blocks))
	}

	pub(super) fn share_factor(share: u32, params: &RollupParams) -> BigUint {
		big(ATTO) + big(params.w_share) * share
	}

	pub(super) fn score(
		fee: u128,
		blocks: u32,
		share: u32,
		reserve: u128,
		params: &RollupParams,
	) -> BigUint {
		let fee_part = ceil(big(params.w_fee) * NANO * fee, big(reserve));
		ceil((fee_part + time_part(blocks, params)) * share_factor(share, params), big(ATTO))
	}

	pub(super) fn payment(
		fee: u128,
		blocks: u32,
		share: u32,
		next: Option<u128>,
		reserve: u128,
		params: &RollupParams,
	) -> u128 {
		let Some(next) = next else { return reserve.max(fee) };
		let score = big(next) * ATTO / share_factor(share, params);
		let for_fee = less(score, time_part(blocks, params));
		let matching = big(reserve) * for_fee / (big(params.w_fee) * NANO);
		saturated(matching).min(reserve).max(fee)
	}

	pub(super) fn after_payment(
		before: &Reserve,
		payment: u128,
		round_reserve: u128,
		counted: u32,
		params: &RollupParams,
	) -> Reserve {
		let weight = params.reserve_weight.min(WHOLE);
		let payment = match (counted, before.mean) {
			(0 | 1, Some(mean)) => payment.max(mean),
			(0 | 1, None) => payment.max(round_reserve),
			_ => payment,
		};
		let mean = before.mean.map_or(big(payment), |mean| {
			ceil(big(mean) * (WHOLE - weight) + big(payment) * weight, big(WHOLE))
		});
		let ceiling = ceil(&mean * (big(WHOLE) + params.reserve_margin), big(WHOLE));
		let reserve = big(before.reserve.max(round_reserve)).min(ceiling);
		Reserve {
			reserve: saturated(reserve.max(big(params.min_reserve))),
			mean: Some(saturated(mean)),
		}
	}

	pub(super) fn slot_fee(reserve: u128, taken: u32, snapshot: &Snapshot) -> u128 {
		let steps = u64::from(taken) * 8 / u64::from(snapshot.max_bids);
		if steps < 2 {
			return snapshot.slot_fee_base;
		}
		let share = ceil(big(reserve) * 8u8, big(252u8) * snapshot.max_bids);
		let base = big(snapshot.slot_fee_base).max(share);
		// Shifts beyond the width of an amount saturate, but of nothing.
		if steps < 128 {
			saturated(base << steps)
		} else {
			saturated(base * u128::MAX)
		}
	}

	/// In 10^-9, as (hhi, nakamoto, gini), the latter as the mean absolute difference over all pairs.
	pub(super) fn concentration(counts: &[u128]) -> (BigUint, usize, BigUint) {
		let mut counts: Vec<_> = counts.iter().copied().filter(|count| *count > 0).collect();
		counts.sort_unstable_by(|a, b| b.cmp(a));
		let total: BigUint = counts.iter().map(|count| big(*count)).sum();
		if counts.is_empty() {
			return (big(0u8), 0, big(0u8));
		}
		let squares: BigUint = counts.iter().map(|count| big(*count) * *count).sum();
		let nakamoto = (1..=counts.len())
			.find(|n| counts[..*n].iter().map(|count| big(*count)).sum::<BigUint>() * 2u8 > total)
			.expect("all of them have all");
		let differences: BigUint =
			counts.iter().flat_map(|a| counts.iter().map(|b| big(a.abs_diff(*b)))).sum();
		let gini = ceil(differences * WHOLE, big(2u8) * big(counts.len()) * &total);
		(ceil(squares * WHOLE, &total * &total), nakamoto, gini)
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		..ProptestConfig::with_cases(4_096)
	})]

	#[test]
	fn score_should_agree_with_big_integers(
		fee in amount(), blocks in number(), share in number(), reserve in amount(), params in parameters(),
	) {
		let ours = score(fee, blocks, share, reserve, &params);
		if reserve == 0 || params.max_proof_blocks == 0 {
			// An earlier division may overflow first.
			prop_assert!(ours.is_err());
		} else {
			prop_assert_eq!(ours, narrow(model::score(fee, blocks, share, reserve, &params)));
			prop_assert_eq!(time_part(blocks, &params), narrow(model::time_part(blocks, &params)));
		}
	}

	#[test]
	fn score_should_never_overflow_when_the_fee_is_within_the_reserve(
		fee in amount(), blocks in number(), share in number(), reserve in amount(), params in parameters(),
	) {
		let fee = fee.min(reserve);
		let blocks = blocks.min(params.max_proof_blocks);
		let params =
			RollupParams { min_proof_blocks: params.min_proof_blocks.min(params.max_proof_blocks), ..params };
		if reserve > 0 && params.max_proof_blocks > 0 {
			prop_assert!(score(fee, blocks, share, reserve, &params).is_ok());
		}
	}

	#[test]
	fn score_should_never_rise_when_fee_or_time_or_share_falls(
		fees in [amount(), amount()],
		blocks in [number(), number()],
		shares in [number(), number()],
		reserve in amount(),
		params in parameters(),
	) {
		let reserve = reserve.max(1);
		let params = RollupParams { max_proof_blocks: params.max_proof_blocks.max(1), ..params };
		let [fee, more_fee] = [fees[0].min(fees[1]), fees[0].max(fees[1])];
		let [time, more_time] = [blocks[0].min(blocks[1]), blocks[0].max(blocks[1])];
		let [small, large] = [shares[0].min(shares[1]), shares[0].max(shares[1])];
		// An overflow is above every score.
		let value = |fee, time, share| score(fee, time, share, reserve, &params).unwrap_or(u128::MAX);
		let base = value(more_fee, more_time, large);
		prop_assert!(value(fee, more_time, large) <= base);
		prop_assert!(value(more_fee, time, large) <= base);
		prop_assert!(value(more_fee, more_time, small) <= base);
	}

	#[test]
	fn second_score_payment_should_agree_with_big_integers(
		fee in amount(),
		blocks in number(),
		share in number(),
		next: Option<u128>,
		shift in 0..128u32,
		reserve in amount(),
		params in parameters(),
	) {
		let params = RollupParams { payment_rule: PaymentRule::SecondScore, ..params };
		let next = next.map(|next| next >> shift);
		let ours = payment(fee, blocks, share, next, reserve, &params);
		if next.is_some() && (params.w_fee == 0 || params.max_proof_blocks == 0) {
			prop_assert!(ours.is_err());
		} else {
			prop_assert_eq!(ours, Ok(model::payment(fee, blocks, share, next, reserve, &params)));
		}
	}

	#[test]
	fn payment_should_lie_between_fee_and_reserve(
		fee in amount(),
		blocks in number(),
		share in number(),
		next: Option<u128>,
		shift in 0..128u32,
		reserve in amount(),
		params in parameters(),
	) {
		let fee = fee.min(reserve);
		let params = RollupParams {
			w_fee: params.w_fee.max(1),
			max_proof_blocks: params.max_proof_blocks.max(1),
			..params
		};
		let next = next.map(|next| next >> shift);
		let paid = payment(fee, blocks, share, next, reserve, &params).expect("no zero divisor");
		prop_assert!((fee..=reserve).contains(&paid));
		if params.payment_rule == PaymentRule::FirstPrice {
			prop_assert_eq!(paid, fee);
		}
	}

	#[test]
	fn late_cost_should_agree_with_big_integers(
		paid in amount(), blocks in number(), rate in number(), reserve in amount(),
	) {
		let cost = ceil(big(rate) * reserve, big(WHOLE)) * blocks;
		prop_assert_eq!(late_cost(paid, blocks, rate, reserve), Ok(saturated(cost).min(paid)));
	}

	#[test]
	fn reserve_should_agree_with_big_integers(
		reserve in amount(),
		mean: Option<u128>,
		shift in 0..128u32,
		paid in amount(),
		round_reserve in amount(),
		counted in 0..4u32,
		params in parameters(),
	) {
		let before = Reserve { reserve, mean: mean.map(|mean| mean >> shift) };
		let after = before.after_payment(paid, round_reserve, counted, &params);
		let expected = model::after_payment(&before, paid, round_reserve, counted, &params);
		prop_assert_eq!(after, Ok(expected));
	}

	#[test]
	fn payments_should_only_ever_lower_the_reserve(
		reserve in amount(),
		mean: Option<u128>,
		paid in amount(),
		round_reserve in amount(),
		counted in 0..4u32,
		params in parameters(),
	) {
		let before = Reserve { reserve, mean };
		let after = before.after_payment(paid, round_reserve, counted, &params).expect("total");
		prop_assert!(after.reserve <= reserve.max(round_reserve).max(params.min_reserve));
		prop_assert!(after.reserve >= params.min_reserve);
		let alone = counted < 2;
		let mean_before = mean.unwrap_or(if alone { paid.max(round_reserve) } else { paid });
		let mean_after = after.mean.expect("after a payment");
		prop_assert!(mean_after <= mean_before.max(paid));
		let least = if alone { mean_before } else { mean_before.min(paid) };
		prop_assert!(mean_after >= least);
	}

	/// A sequence of payments, each anything that its round allows.
	#[test]
	fn reserve_should_stay_within_its_bounds_when_payments_are_anything(
		parts in prop::collection::vec((number(), 0..4u32), 1..60),
		bounds in [amount(), amount(), amount()],
		params in parameters(),
	) {
		let mut bounds = bounds;
		bounds.sort_unstable();
		let [min_reserve, initial_reserve, max_reserve] = bounds;
		let params = RollupParams { min_reserve, initial_reserve, max_reserve, ..params };
		let mut reserve = Reserve::new(&params);
		for (part, counted) in parts {
			let paid = big(reserve.reserve) * part / u32::MAX;
			let next = reserve
				.after_payment(saturated(paid), reserve.reserve, counted, &params)
				.expect("total");
			prop_assert!(next.reserve <= reserve.reserve);
			prop_assert!((min_reserve..=initial_reserve).contains(&next.reserve));
			reserve = next;
		}
	}

	#[test]
	fn reserve_should_not_move_when_a_lone_bidder_is_paid_it_again_and_again(
		initial_reserve in amount(), params in parameters(), rounds in 1..40u32,
	) {
		let params = RollupParams { min_reserve: 0, initial_reserve, ..params };
		let mut reserve = Reserve::new(&params);
		for _ in 0..rounds {
			reserve = reserve
				.after_payment(reserve.reserve, reserve.reserve, 1, &params)
				.expect("total");
			prop_assert_eq!(reserve.reserve, initial_reserve);
		}
	}

	#[test]
	fn escalation_should_agree_with_big_integers(
		reserve in amount(), max_fee in amount(), last: bool, params in parameters(),
	) {
		let raised = ceil(big(reserve) * params.escalation_factor, big(WHOLE));
		let expected = if last { max_fee } else { saturated(raised).min(max_fee) };
		prop_assert_eq!(escalated(reserve, max_fee, last, &params), Ok(expected));
	}

	#[test]
	fn escalation_should_rise_until_the_highest_fee(
		reserve in amount(), max_fee in amount(), factor in WHOLE + 1..,
	) {
		let (reserve, max_fee) = (reserve.max(1).min(max_fee), max_fee);
		let params = RollupParams { escalation_factor: factor, ..common::params() };
		let raised = escalated(reserve, max_fee, false, &params).expect("total");
		prop_assert!(raised > reserve || raised == max_fee);
		prop_assert!(raised <= max_fee);
	}

	#[test]
	fn count_should_agree_with_big_integers(
		count in amount(), epoch in number(), later in number(),
	) {
		let count = u64::try_from(count & u128::from(u64::MAX)).expect("masked");
		let ours = RecentCount { epoch, count }.at(later);
		let halvings = later.saturating_sub(epoch).min(64);
		prop_assert_eq!(big(ours), big(count) >> halvings);
	}

	/// Everyone's counts and their total, halved and counted up together.
	#[test]
	fn shares_should_sum_to_at_most_one_and_rounding(
		proofs in prop::collection::vec((0..6usize, 0..4u32), 0..120),
	) {
		let mut epoch = 0;
		let mut total = RecentCount::default();
		let mut provers = [RecentCount::default(); 6];
		for (prover, passed) in proofs {
			epoch += passed;
			provers[prover] = provers[prover].add_one(epoch);
			total = total.add_one(epoch);
			let all = total.at(epoch);
			let shares = provers.map(|own| share(own.at(epoch), all));
			let sum: u64 = shares.iter().map(|share| u64::from(*share)).sum();
			let one = u64::from(WHOLE);
			// Each share is rounded up; halving one by one drops less than two units of 2^-32 each.
			prop_assert!(sum <= one + 6, "{}", sum);
			prop_assert!(sum + 12 >= one, "{}", sum);
			for (own, share) in provers.iter().zip(shares) {
				prop_assert_eq!(share == 0, own.at(epoch) == 0);
			}
		}
	}

	#[test]
	fn share_should_agree_with_big_integers(own: u64, total: u64, shift in 0..64u32) {
		let own = own >> shift;
		let expected = if total == 0 {
			big(0u8)
		} else {
			ceil(big(own) * WHOLE, big(total)).min(big(WHOLE))
		};
		prop_assert_eq!(big(share(own, total)), expected);
	}

	#[test]
	fn concentration_should_agree_with_big_integers(
		counts in prop::collection::vec((any::<u128>(), 0..128u32), 0..40),
	) {
		let counts: Vec<_> = counts.into_iter().map(|(count, shift)| count >> shift).collect();
		let (hhi, nakamoto, gini) = model::concentration(&counts);
		let ours = concentration(counts.iter().copied());
		prop_assert_eq!(big(ours.hhi), hhi);
		prop_assert_eq!(usize::try_from(ours.nakamoto), Ok(nakamoto));
		prop_assert_eq!(big(ours.gini), gini);
		let mut reversed = counts.clone();
		reversed.reverse();
		prop_assert_eq!(concentration(reversed), ours);
	}

	#[test]
	fn slashed_bonds_should_be_split_without_loss_and_under_the_reserve(
		slashed in amount(), paid in amount(), reserve in amount(),
	) {
		let paid = paid.min(reserve);
		let part = deliverers_share(slashed, paid, reserve);
		let burned = slashed - part;
		prop_assert!(part <= burned);
		prop_assert!(paid + part <= reserve);
		// No less than it may be.
		prop_assert!(part == slashed / 2 || paid + part == reserve);
	}

	#[test]
	fn rescue_payment_should_agree_with_big_integers_and_never_fall(
		first in amount(),
		reserve in amount(),
		start in number(),
		length in number(),
		passed in [number(), number()],
	) {
		let (first, reserve) = (first.min(reserve), first.max(reserve));
		let length = length.max(2);
		let price = |passed: u32| {
			rescue_payment(first, reserve, start, length, start.saturating_add(passed)).expect("length")
		};
		for passed in passed {
			let passed = passed.min(u32::MAX - start);
			let steps = big(passed.min(length - 1));
			let expected = big(first) + big(reserve - first) * steps / (length - 1);
			prop_assert_eq!(big(price(passed)), expected);
		}
		prop_assert!(price(passed[0].min(passed[1])) <= price(passed[0].max(passed[1])));
		prop_assert_eq!(price(0), first);
		if u32::MAX - start >= length - 1 {
			prop_assert_eq!(price(length - 1), reserve);
		}
	}

	#[test]
	fn slot_fee_should_agree_with_big_integers_and_never_fall(
		reserve in amount(), slot_fee_base in amount(), taken in number(), max_bids in 1u32..,
	) {
		let snapshot = Snapshot { slot_fee_base, max_bids, ..common::snapshot(common::params()) };
		let expected = model::slot_fee(reserve, taken, &snapshot);
		prop_assert_eq!(slot_fee(reserve, taken, &snapshot), Ok(expected));
		let before = slot_fee(reserve, taken.saturating_sub(1), &snapshot).expect("it has places");
		prop_assert!(before <= expected);
	}
}
