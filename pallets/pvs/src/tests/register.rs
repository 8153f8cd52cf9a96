// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Error, Event, HoldReason};
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::params::{RollupParams, SilencePolicy};
use pvs_verifier::KeyError;
use pvs_verifier_testing::{
	bytes::{g2_bytes, outside_subgroup},
	corpus::Fixture,
	trapdoor::{forgeable_keys, neighbors_of_forgeable_keys},
};
use sp_runtime::DispatchError;

fn register(
	key: Vec<u8>,
	genesis_root: [u8; 32],
	params: RollupParams,
) -> Result<(), DispatchError> {
	Pvs::register_rollup(
		RuntimeOrigin::signed(OWNER),
		key.try_into().expect("at most twice as long"),
		genesis_root,
		SEQUENCER,
		params,
	)
}

#[test]
fn rollup_should_be_registered_and_its_deposit_held() {
	chain(|| {
		assert_ok!(register(verifying_key(), root(5), params()));
		let rollup = Pvs::rollup_info(0).expect("it is registered");
		assert_eq!(rollup.tip_root, root(5));
		assert_eq!(rollup.finalized_root, root(5));
		assert_eq!(rollup.next_index, 0);
		assert_eq!(Pvs::held(HoldReason::RollupDeposit, &OWNER), ROLLUP_DEPOSIT);
		assert!(matches!(events().as_slice(), [Event::RollupRegistered { rollup: 0, .. }]));
		assert_ok!(register(verifying_key(), root(5), params()));
		assert!(Pvs::rollup_info(1).is_some(), "ids count up");
	});
}

#[test]
fn rollup_should_be_refused_when_its_key_is_faulty() {
	chain(|| {
		let with = |change: fn(&mut Vec<u8>)| {
			let mut key = verifying_key();
			change(&mut key);
			register(key, root(0), params())
		};
		assert_noop!(with(|key| key.truncate(767)), Error::<Test>::KeyWrongLength);
		assert_noop!(with(|key| key.push(0)), Error::<Test>::KeyWrongLength);
		assert_noop!(with(|key| key.clear()), Error::<Test>::KeyWrongLength);
		assert_noop!(with(|key| key[0] = 0xff), Error::<Test>::KeyNonCanonical);
		assert_noop!(with(|key| key[63] ^= 1), Error::<Test>::KeyNotOnCurve);
		// beta, first of the G2 points
		assert_noop!(with(|key| key[191] ^= 1), Error::<Test>::KeyNotOnCurve);
		// the last IC point
		assert_noop!(with(|key| key[704..].fill(0)), Error::<Test>::KeyIdentity);
		assert_noop!(
			with(|key| key.copy_within(192..320, 320)),
			Error::<Test>::KeyGammaEqualsDelta
		);
		assert_noop!(
			with(|key| key[64..192].copy_from_slice(&off_subgroup())),
			Error::<Test>::KeyNotInSubgroup
		);
	});
}

/// V0: keys under which anyone forges proofs from public bytes. All signs of each relation are
/// refused, each relation with an error of its own.
#[test]
fn test_vk_with_related_points_rejected() {
	chain(|| {
		let mut seen = Vec::new();
		for (key, cause) in forgeable_keys() {
			let error = match cause {
				KeyError::GammaEqualsDelta => Error::<Test>::KeyGammaEqualsDelta,
				KeyError::GammaEqualsMinusDelta => Error::KeyGammaEqualsMinusDelta,
				KeyError::BetaEqualsDelta => Error::KeyBetaEqualsDelta,
				KeyError::BetaEqualsMinusDelta => Error::KeyBetaEqualsMinusDelta,
				KeyError::BetaEqualsGamma => Error::KeyBetaEqualsGamma,
				KeyError::BetaEqualsMinusGamma => Error::KeyBetaEqualsMinusGamma,
				KeyError::BetaGammaDeltaDependent => Error::KeyBetaGammaDeltaDependent,
				KeyError::DeltaIsGenerator => Error::KeyDeltaIsGenerator,
				KeyError::BetaIsGenerator => Error::KeyBetaIsGenerator,
				KeyError::AlphaIsGenerator => Error::KeyAlphaIsGenerator,
				KeyError::AlphaMatchesBeta => Error::KeyAlphaMatchesBeta,
				KeyError::AlphaMatchesGamma => Error::KeyAlphaMatchesGamma,
				KeyError::AlphaMatchesDelta => Error::KeyAlphaMatchesDelta,
				KeyError::AlphaBetaIsKnown => Error::KeyAlphaBetaIsKnown,
				KeyError::AlphaDeltaIsKnown => Error::KeyAlphaDeltaIsKnown,
				KeyError::InputPointsDependent => Error::KeyInputPointsDependent,
				KeyError::InputPointsReachAlpha => Error::KeyInputPointsReachAlpha,
				KeyError::InputPointsReachGenerator => Error::KeyInputPointsReachGenerator,
				other => panic!("{other:?} is about a single point"),
			};
			assert_noop!(register(key.bytes(), root(0), params()), error);
			seen.push(cause);
		}
		seen.sort_by_key(Encode::encode);
		seen.dedup();
		assert_eq!(seen.len(), 18, "a relation is missing: {seen:?}");
	});
}

#[test]
fn rollup_should_be_registered_when_its_key_is_one_step_off_a_relation() {
	chain(|| {
		for key in neighbors_of_forgeable_keys() {
			assert_ok!(register(key.bytes(), root(0), params()));
		}
	});
}

/// A point on the twist outside the prime-order subgroup.
pub(super) fn off_subgroup() -> [u8; 128] {
	let mut rng = Fixture::new(0).rng;
	g2_bytes(&outside_subgroup(&mut rng))
}

#[test]
fn rollup_should_be_refused_when_its_root_is_not_canonical() {
	chain(|| {
		assert_noop!(
			register(verifying_key(), [0xff; 32], params()),
			Error::<Test>::StateRootNonCanonical
		);
	});
}

fn opening_params_with(opening_blocks: u32, silence_penalty: u128) -> RollupParams {
	let silence_policy = SilencePolicy::ForceOpen { opening_blocks };
	RollupParams { silence_policy, silence_penalty, ..opening_params() }
}

#[test]
fn rollup_should_be_refused_with_the_rule_that_its_parameters_break() {
	type Change = fn(&mut RollupParams);
	let cases: Vec<(Change, Error<Test>)> = vec![
		(|p| p.data_len = 101, Error::ParamsDataLength),
		(|p| p.bidding_blocks = 1, Error::ParamsBiddingWindow),
		(|p| p.reveal_blocks = INCLUSION_SLACK + 1, Error::ParamsRevealWindow),
		(|p| p.reveal_blocks = 101, Error::ParamsRevealWindow),
		(|p| p.w_fee = 0, Error::ParamsFeeWeight),
		(|p| p.w_time = 0, Error::ParamsTimeWeight),
		(|p| p.min_proof_blocks = 0, Error::ParamsProofBlocks),
		(|p| p.min_reserve = 0, Error::ParamsReserve),
		(|p| p.silence_penalty = 0, Error::ParamsSilencePenalty),
		(|p| p.max_reserve = MIN_STAKE, Error::ParamsBond),
		(|p| p.late_rate = 0, Error::ParamsLateRate),
		(|p| p.grace_blocks = 0, Error::ParamsGrace),
		(|p| p.grace_blocks = 101, Error::ParamsGrace),
		(|p| p.initial_reserve = p.max_reserve + 1, Error::ParamsReserve),
		(|p| p.reserve_margin = 0, Error::ParamsReserveMargin),
		(|p| p.reserve_weight = 0, Error::ParamsReserveWeight),
		(|p| p.escalation_factor = 1_000_000_000, Error::ParamsEscalationFactor),
		(|p| p.ladder_len = 0, Error::ParamsLadder),
		(|p| p.ladder_len = 9, Error::ParamsLadder),
		(|p| p.ladder_blocks = 1, Error::ParamsLadder),
		(|p| p.rescue_blocks = INCLUSION_SLACK + 1, Error::ParamsRescue),
		(|p| p.max_empty_rounds = 1, Error::ParamsEmptyRounds),
		(|p| p.max_empty_rounds = 4, Error::ParamsEmptyRounds),
		(|p| p.max_failed_rounds = 0, Error::ParamsFailedRounds),
		(|p| p.max_failed_rounds = 4, Error::ParamsFailedRounds),
		(|p| p.sequencer_bond = MIN_SEQUENCER_BOND - 1, Error::ParamsSequencerBond),
		// A full round of eight seals takes eight blocks on two cores, and the slack is one.
		(|p| *p = opening_params_with(8, 100), Error::ParamsSilencePolicy),
		(|p| *p = opening_params_with(101, 100), Error::ParamsSilencePolicy),
		// All time of a round is worth ceil(1,000 * 0.035 / 0.7) = 50.
		(|p| *p = opening_params_with(9, 99), Error::ParamsSilencePenaltyForOpening),
		// And here ceil(1,000 * 0.3 / 0.7) = 429.
		(
			|p| {
				let of_opening = opening_params_with(9, 857);
				(p.silence_policy, p.silence_penalty) = (of_opening.silence_policy, 857);
			},
			Error::ParamsSilencePenaltyForOpening,
		),
	];
	market(|| {
		for (change, error) in cases {
			let error = DispatchError::from(error);
			let mut params = params();
			change(&mut params);
			assert_noop!(register(verifying_key(), root(0), params.clone()), error);
			assert_noop!(Pvs::set_params(RuntimeOrigin::signed(OWNER), 0, params), error);
		}
	});
}

#[test]
fn rollup_should_be_registered_when_its_silence_penalty_is_just_enough() {
	chain(|| {
		assert_ok!(register(verifying_key(), root(0), opening_params_with(9, 100)));
		let weights = params();
		assert_ok!(register(
			verifying_key(),
			root(0),
			RollupParams {
				w_time: weights.w_time,
				late_rate: weights.late_rate,
				..opening_params_with(9, 858)
			},
		));
	});
}

/// M4: what is slashed can always be kept on the pallet's account.
#[test]
fn rollup_should_be_refused_when_its_least_reserve_is_below_the_existential_deposit() {
	chain(|| {
		ExistentialDeposit::set(100);
		let with = |min_reserve, silence_penalty| {
			let params = RollupParams { min_reserve, silence_penalty, ..params() };
			register(verifying_key(), root(0), params)
		};
		assert_noop!(with(99, 100), Error::<Test>::ParamsReserve);
		assert_noop!(with(100, 99), Error::<Test>::ParamsSilencePenalty);
		assert_ok!(with(100, 100));
	});
}

/// U10: wallets write 0 for a field that is missing or misspelled. Every number but `w_share` is
/// refused then, by an error that names it.
#[test]
fn rollup_should_be_refused_by_name_when_a_parameter_is_zero() {
	let error_of = |field: &str| match field {
		"data_len" => Error::<Test>::ParamsDataLength,
		"bidding_blocks" => Error::ParamsBiddingWindow,
		"reveal_blocks" => Error::ParamsRevealWindow,
		"w_fee" => Error::ParamsFeeWeight,
		"w_time" => Error::ParamsTimeWeight,
		"min_proof_blocks" | "max_proof_blocks" => Error::ParamsProofBlocks,
		"min_reserve" | "initial_reserve" | "max_reserve" => Error::ParamsReserve,
		"reserve_margin" => Error::ParamsReserveMargin,
		"reserve_weight" => Error::ParamsReserveWeight,
		"escalation_factor" => Error::ParamsEscalationFactor,
		"silence_penalty" => Error::ParamsSilencePenalty,
		"grace_blocks" => Error::ParamsGrace,
		"late_rate" => Error::ParamsLateRate,
		"ladder_len" | "ladder_blocks" => Error::ParamsLadder,
		"rescue_blocks" => Error::ParamsRescue,
		"max_empty_rounds" => Error::ParamsEmptyRounds,
		"max_failed_rounds" => Error::ParamsFailedRounds,
		"sequencer_bond" => Error::ParamsSequencerBond,
		other => panic!("{other} may be 0 or is new"),
	};
	market(|| {
		let good = serde_json::to_value(params()).expect("it is JSON");
		let fields = good.as_object().expect("it has fields");
		let numbers: Vec<_> = fields.iter().filter(|(_, value)| value.is_number()).collect();
		assert_eq!(numbers.len(), 23, "all but layout, silence policy and payment rule");
		for (field, _) in numbers {
			let mut changed = good.clone();
			changed[field] = 0.into();
			let changed: RollupParams = serde_json::from_value(changed).expect("a number is there");
			if field == "w_share" {
				assert_eq!(changed, params(), "it is 0 in the mock");
				continue;
			}
			let error = DispatchError::from(error_of(field));
			assert_noop!(register(verifying_key(), root(0), changed.clone()), error);
			assert_noop!(Pvs::set_params(RuntimeOrigin::signed(OWNER), 0, changed), error);
		}
		let opening = opening_params_with(0, 100);
		assert_noop!(
			register(verifying_key(), root(0), opening),
			Error::<Test>::ParamsSilencePolicy
		);
	});
}

#[test]
fn rollup_should_be_refused_when_the_owner_cannot_pay() {
	chain(|| {
		assert_noop!(
			Pvs::do_register_rollup(POOR, &verifying_key(), root(0), SEQUENCER, params()),
			Error::<Test>::InsufficientBalance
		);
	});
}

#[test]
fn rollup_should_leave_with_its_deposit_when_nothing_is_pending() {
	market(|| {
		let owner = RuntimeOrigin::signed(OWNER);
		assert_noop!(Pvs::deregister_rollup(owner.clone(), 9), Error::<Test>::RollupNotFound);
		assert_noop!(
			Pvs::deregister_rollup(RuntimeOrigin::signed(GUEST), 0),
			Error::<Test>::NotOwner
		);
		let id = commit(500);
		assert_noop!(Pvs::deregister_rollup(owner.clone(), 0), Error::<Test>::RollupBusy);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(submit(id, &ANN, proof(id, &ANN)));
		assert_ok!(Pvs::deregister_rollup(owner, 0));
		assert_eq!(
			events().last(),
			Some(&Event::RollupDeregistered { rollup: 0, deposit: ROLLUP_DEPOSIT })
		);
		assert_eq!(crate::RecentBatches::<Test>::iter().count(), 0);
		assert_eq!(free(&OWNER), ENDOWMENT);
		assert!(Pvs::rollup_info(0).is_none());
		assert!(crate::VerifyingKeys::<Test>::get(0).is_none());
		assert_ok!(register(verifying_key(), root(0), params()));
		assert!(Pvs::rollup_info(1).is_some(), "ids are never used again");
	});
}

#[test]
fn prover_should_be_registered_with_its_stake_held() {
	chain(|| {
		let register = |who, stake| Pvs::register_prover(RuntimeOrigin::signed(who), stake);
		assert_noop!(register(ANN, MIN_STAKE - 1), Error::<Test>::StakeTooLow);
		assert_noop!(register(POOR, MIN_STAKE), Error::<Test>::InsufficientBalance);
		assert_noop!(register(ANN, ENDOWMENT), Error::<Test>::InsufficientBalance);
		assert_ok!(register(ANN, MIN_STAKE));
		assert_eq!(Pvs::held(HoldReason::ProverStake, &ANN), MIN_STAKE);
		assert_eq!(Pvs::held(HoldReason::ProverDeposit, &ANN), PROVER_DEPOSIT);
		assert_eq!(events(), [Event::ProverRegistered { prover: ANN, stake: MIN_STAKE }]);
		assert_noop!(register(ANN, MIN_STAKE), Error::<Test>::ProverExists);
	});
}

#[test]
fn prover_should_leave_with_its_stake_when_it_has_no_obligation() {
	market(|| {
		let leave = |who| Pvs::deregister_prover(RuntimeOrigin::signed(who));
		assert_noop!(leave(GUEST), Error::<Test>::ProverNotFound);
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		assert_noop!(leave(ANN), Error::<Test>::ProverBusy);
		assert_ok!(leave(BEN));
		assert_eq!(free(&BEN), ENDOWMENT);
		assert!(Pvs::prover_info(BEN).is_none());
		assert_eq!(events().last(), Some(&Event::ProverDeregistered { prover: BEN, stake: 4_000 }));
	});
}
