// SPDX-License-Identifier: Apache-2.0
//! Worlds that a prover meets in one round: parameters, its own work, and rivals that do what they do.

use super::{
	market::{id, Id},
	random::Random,
};
use crate::{
	fixed::{mul_div_ceil, mul_div_floor},
	round::MAX_LADDER,
	rules::{check, BrokenRule, Limits},
};
use alloc::vec::Vec;
use primitive_types::U256;
use pvs_primitives::{
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot, WHOLE},
	seal_timing::SealTiming,
	Balance, BlockNumber,
};

/// A silence policy, whose lengths a world says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
	/// [`SilencePolicy::Exclude`].
	Exclude,
	/// [`SilencePolicy::ForceOpen`].
	ForceOpen,
	/// [`SilencePolicy::Settle`].
	Settle,
}

impl Policy {
	/// All of them.
	pub const ALL: [Self; 3] = [Self::Exclude, Self::ForceOpen, Self::Settle];
}

/// Time and way in which a bid stops being sealed. Blocks count from 0 at the start of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
	/// Revealed in this block of the reveal window.
	Revealed(BlockNumber),
	/// Silent, and the seal is opened in this block of the opening window, if that is so long.
	Opened(BlockNumber),
	/// Silent, and the payload is shown in this block of the opening window, if that is so long.
	Shown(BlockNumber),
	/// Silent, and nobody opens the seal.
	Silent,
}

/// Another prover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rival {
	/// Fee that it asks, in planck.
	pub fee: Balance,
	/// The time that it commits to, in blocks.
	pub proof_blocks: BlockNumber,
	/// Time at which its bid stops being sealed.
	pub timing: Timing,
	/// True if it lets its time, or the place that it is offered, pass.
	pub fails: bool,
}

/// A round as one prover meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
	/// Parameters and constants that the batch is bound to.
	pub snapshot: Snapshot,
	/// Number of squarings that a seal takes to open.
	pub seal_delay: u64,
	/// The reserve of the round, in planck.
	pub reserve: Balance,
	/// Cost of a proof for the prover, in planck.
	pub cost: Balance,
	/// Time that a proof takes it, in blocks.
	pub work: BlockNumber,
	/// The others.
	pub rivals: Vec<Rival>,
}

/// The number of the prover.
pub const OURS: u8 = 1;
/// The number of its friend: the same person's.
pub const FRIEND: u8 = 2;
/// The number of a third party that opens the seals of silent rivals.
pub const OPENER: u8 = 3;
/// The number of the first rival.
pub const FIRST_RIVAL: u8 = 4;

/// One UNIT of the presets, in planck.
const UNIT: Balance = 1_000_000_000_000;

impl World {
	/// The round of finding M1 of the audit: reserve 5 UNIT, weights 0.7 and 0.3, times up to 30
	/// blocks, a cost of 2 UNIT and 9 blocks of work, and a rival that asks 2.5 UNIT for 8 blocks and
	/// reveals at once. The reveal window has the 8 blocks of the preset of that time.
	pub fn audited(
		policy: Policy,
		payment_rule: PaymentRule,
		inclusion_slack: BlockNumber,
	) -> Self {
		let (seal_delay, seal_timing) = seals(1);
		let mut snapshot = Snapshot {
			params: RollupParams {
				layout: Layout::Fields,
				data_len: 420,
				bidding_blocks: inclusion_slack.saturating_add(2),
				reveal_blocks: 8,
				silence_policy: SilencePolicy::Exclude,
				payment_rule,
				w_fee: 700_000_000,
				w_time: 300_000_000,
				w_share: 0,
				min_proof_blocks: 2,
				max_proof_blocks: 30,
				min_reserve: 10_000_000_000,
				initial_reserve: 5_000_000_000_000,
				max_reserve: 10_000_000_000_000,
				reserve_margin: 500_000_000,
				reserve_weight: 100_000_000,
				escalation_factor: 1_500_000_000,
				silence_penalty: UNIT,
				grace_blocks: 10,
				late_rate: 50_000_000,
				ladder_len: 2,
				ladder_blocks: 4,
				rescue_blocks: 20,
				max_empty_rounds: 4,
				max_failed_rounds: 3,
				sequencer_bond: UNIT,
			},
			finality_gap: 0,
			inclusion_slack,
			max_bids: 64,
			slot_fee_base: 1_000_000_000,
			seal_timing,
			seal_digest: [0; 32],
		};
		set_policy(&mut snapshot, policy, seal_delay);
		let rival = Rival {
			fee: 2_500_000_000_000,
			proof_blocks: 8,
			timing: Timing::Revealed(0),
			fails: false,
		};
		Self {
			snapshot,
			seal_delay,
			reserve: 5_000_000_000_000,
			cost: 2_000_000_000_000,
			work: 9,
			rivals: Vec::from([rival]),
		}
	}

	/// A round with two to four rivals that the seed decides. The windows are short, so that everything
	/// in them can be tried. Rules that bound a parameter from below are met exactly in half of the
	/// worlds.
	pub fn drawn(
		seed: u64,
		policy: Policy,
		payment_rule: PaymentRule,
		inclusion_slack: BlockNumber,
	) -> Self {
		let mut random = Random::new(seed);
		let random = &mut random;
		let reserve = Balance::from(random.between(1_000_000, u32::MAX));
		let max_reserve = reserve.saturating_add(part(reserve, random.below(WHOLE)));
		let (seal_delay, seal_timing) = seals(random.between(1, 2).into());
		let max_proof_blocks = random.between(4, 12);
		let w_fee = random.between(100_000_000, WHOLE);
		let w_time = random.between(10_000_000, w_fee);
		let at_least = |random: &mut Random, least: BlockNumber, more: u32| {
			let more = if random.chance(50) { 0 } else { random.below(more) };
			least.saturating_add(more)
		};
		let over_slack = inclusion_slack.saturating_add(1);
		let least_rate = mul_div_ceil(
			w_time.into(),
			WHOLE.into(),
			U256::from(w_fee).saturating_mul(max_proof_blocks.into()),
		);
		let least_rate = least_rate.map_or(WHOLE, |rate| u32::try_from(rate).unwrap_or(WHOLE));
		let params = RollupParams {
			layout: Layout::Fields,
			data_len: 100,
			bidding_blocks: over_slack,
			reveal_blocks: at_least(random, over_slack.saturating_add(1), 3),
			silence_policy: SilencePolicy::Exclude,
			payment_rule,
			w_fee,
			w_time,
			w_share: 0,
			min_proof_blocks: random.between(1, 3),
			max_proof_blocks,
			min_reserve: 1,
			initial_reserve: reserve,
			max_reserve,
			reserve_margin: 250_000_000,
			reserve_weight: 100_000_000,
			escalation_factor: 1_500_000_000,
			silence_penalty: 1,
			grace_blocks: random.between(1, 4),
			late_rate: at_least(random, least_rate, 50_000_000).min(WHOLE),
			ladder_len: random.between(1, 3),
			ladder_blocks: at_least(random, over_slack, 12),
			rescue_blocks: over_slack.saturating_add(1),
			max_empty_rounds: 2,
			max_failed_rounds: 2,
			sequencer_bond: 1,
		};
		let mut snapshot = Snapshot {
			params,
			finality_gap: random.below(2),
			inclusion_slack,
			max_bids: 8,
			slot_fee_base: 1,
			seal_timing,
			seal_digest: [0; 32],
		};
		set_policy(&mut snapshot, policy, seal_delay);
		if random.chance(50) {
			let penalty = &mut snapshot.params.silence_penalty;
			*penalty = penalty.saturating_add(part(reserve, random.below(WHOLE)));
		}
		let rivals = rivals(random, &snapshot, reserve);
		let cost = part(reserve, random.between(50_000_000, 900_000_000));
		let work = random.between(1, max_proof_blocks);
		Self { snapshot, seal_delay, reserve, cost, work, rivals }
	}

	/// The same with rivals that all deliver in time.
	pub fn with_reliable_rivals(mut self) -> Self {
		for rival in &mut self.rivals {
			rival.fails = false;
		}
		self
	}

	/// The same with two to four other rivals, which the seed decides.
	pub fn with_other_rivals(&self, seed: u64) -> Self {
		let mut random = Random::new(seed);
		let rivals = rivals(&mut random, &self.snapshot, self.reserve);
		Self { rivals, ..self.clone() }
	}

	/// Checks that its parameters keep the rules.
	///
	/// # Errors
	/// The first rule that is broken.
	pub fn check(&self) -> Result<(), BrokenRule> {
		let Snapshot { params, inclusion_slack, max_bids, seal_timing, .. } = &self.snapshot;
		let limits = Limits {
			max_data_bytes: params.data_len,
			inclusion_slack: *inclusion_slack,
			max_window_blocks: BlockNumber::MAX,
			min_stake: Balance::MAX,
			max_rounds: u32::MAX,
			existential_deposit: 1,
			min_sequencer_bond: 1,
			max_bidding_blocks: params.bidding_blocks,
			min_opening_blocks: seal_timing
				.opening_blocks(self.seal_delay, *max_bids)
				.saturating_add(*inclusion_slack),
			min_settle_blocks: seal_timing.settling_blocks(self.seal_delay, *inclusion_slack),
			max_settle_blocks: BlockNumber::MAX,
			min_silence_penalty: 1,
		};
		check(params, &limits)
	}

	/// The number of provers, those without a bid counted in.
	pub fn provers(&self) -> u8 {
		let rivals = u8::try_from(self.rivals.len()).unwrap_or(u8::MAX);
		FIRST_RIVAL.saturating_sub(1).saturating_add(rivals)
	}

	/// Rivals with their numbers.
	pub fn numbered_rivals(&self) -> impl Iterator<Item = (u8, &Rival)> {
		(FIRST_RIVAL..=u8::MAX).zip(&self.rivals)
	}

	/// The rival behind an account.
	pub fn rival(&self, prover: &Id) -> Option<&Rival> {
		self.numbered_rivals().find(|(number, _)| id(*number) == *prover).map(|(_, rival)| rival)
	}
}

/// A seal that takes that many blocks on each of an opener's two cores.
fn seals(blocks: u64) -> (u64, SealTiming) {
	let timing = SealTiming {
		slot_millis: 1_000,
		stretch_percent: 100,
		fastest_squarings: 1_000,
		margin: 1,
		opener_squarings: 1_000,
		opener_cores: 2,
	};
	(blocks.saturating_mul(1_000), timing)
}

/// Sets the policy, with the shortest window and, if it is higher, the lowest penalty that its rules allow.
fn set_policy(snapshot: &mut Snapshot, policy: Policy, seal_delay: u64) {
	let params = &mut snapshot.params;
	params.silence_policy = match policy {
		Policy::Exclude => SilencePolicy::Exclude,
		Policy::ForceOpen => {
			let worth =
				mul_div_ceil(params.max_reserve.into(), params.w_time.into(), params.w_fee.into());
			let least = worth.unwrap_or(Balance::MAX).saturating_mul(2);
			params.silence_penalty = params.silence_penalty.max(least);
			let opening_blocks = snapshot
				.seal_timing
				.opening_blocks(seal_delay, snapshot.max_bids)
				.saturating_add(snapshot.inclusion_slack);
			SilencePolicy::ForceOpen { opening_blocks }
		},
		Policy::Settle => SilencePolicy::Settle {
			settle_blocks: snapshot
				.seal_timing
				.settling_blocks(seal_delay, snapshot.inclusion_slack),
		},
	};
}

fn rivals(random: &mut Random, snapshot: &Snapshot, reserve: Balance) -> Vec<Rival> {
	(0..random.between(2, 4)).map(|_| rival(random, snapshot, reserve)).collect()
}

fn rival(random: &mut Random, snapshot: &Snapshot, reserve: Balance) -> Rival {
	let params = &snapshot.params;
	let timing = match (&params.silence_policy, random.chance(15)) {
		(_, false) => {
			let late = random.below(params.reveal_blocks);
			Timing::Revealed(if random.chance(50) { 0 } else { late })
		},
		(SilencePolicy::ForceOpen { opening_blocks }, _) if random.chance(70) => {
			Timing::Opened(random.below(*opening_blocks))
		},
		_ => Timing::Silent,
	};
	Rival {
		fee: part(reserve, random.between(100_000_000, WHOLE)),
		proof_blocks: random.between(1, params.max_proof_blocks),
		timing,
		fails: random.chance(30),
	}
}

/// That part of an amount, in 10^-9.
fn part(amount: Balance, nano: u32) -> Balance {
	mul_div_floor(amount.into(), nano.into(), WHOLE.into()).unwrap_or(amount)
}

const _: () = assert!(MAX_LADDER >= 3, "worlds have ladders of up to 3");
