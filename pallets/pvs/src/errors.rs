// SPDX-License-Identifier: Apache-2.0
//! The errors of calls for what the rules, the verifier and the seals refuse.

use crate::pallet::Error;
use pvs_auction::{rules::BrokenRule, step::Refusal, MathError};
use pvs_timelock::{OpeningError, SealError};
use pvs_verifier::{KeyError, ProofError};

impl<T> From<Refusal> for Error<T> {
	fn from(error: Refusal) -> Self {
		match error {
			Refusal::Dropped => Self::BatchWasDropped,
			Refusal::NotBidding => Self::NotBidding,
			Refusal::RoundFull => Self::RoundFull,
			Refusal::NotRevealing => Self::NotRevealing,
			Refusal::NotOpening => Self::NotOpening,
			Refusal::NothingOffered => Self::NothingOffered,
			Refusal::NotOffered => Self::NotOffered,
			Refusal::NothingToProve => Self::NothingToProve,
			Refusal::NotAssigned => Self::NotAssigned,
			Refusal::TooLate => Self::TooLate,
			Refusal::NotDue | Refusal::Math(_) => Self::Corrupt,
		}
	}
}

impl<T> From<MathError> for Error<T> {
	fn from(_: MathError) -> Self {
		// Parameters that `rules::check` accepts have no such results.
		Self::Corrupt
	}
}

impl<T> From<BrokenRule> for Error<T> {
	fn from(error: BrokenRule) -> Self {
		match error {
			BrokenRule::DataLength => Self::ParamsDataLength,
			BrokenRule::BiddingWindow => Self::ParamsBiddingWindow,
			BrokenRule::RevealWindow => Self::ParamsRevealWindow,
			BrokenRule::FeeWeight => Self::ParamsFeeWeight,
			BrokenRule::TimeWeight => Self::ParamsTimeWeight,
			BrokenRule::ProofBlocks => Self::ParamsProofBlocks,
			BrokenRule::Reserve => Self::ParamsReserve,
			BrokenRule::ReserveMargin => Self::ParamsReserveMargin,
			BrokenRule::ReserveWeight => Self::ParamsReserveWeight,
			BrokenRule::EscalationFactor => Self::ParamsEscalationFactor,
			BrokenRule::SilencePenalty => Self::ParamsSilencePenalty,
			BrokenRule::SilencePenaltyForOpening => Self::ParamsSilencePenaltyForOpening,
			BrokenRule::SilencePenaltyForSettling => Self::ParamsSilencePenaltyForSettling,
			BrokenRule::Bond => Self::ParamsBond,
			BrokenRule::LateRate => Self::ParamsLateRate,
			BrokenRule::Grace => Self::ParamsGrace,
			BrokenRule::Ladder => Self::ParamsLadder,
			BrokenRule::Rescue => Self::ParamsRescue,
			BrokenRule::EmptyRounds => Self::ParamsEmptyRounds,
			BrokenRule::FailedRounds => Self::ParamsFailedRounds,
			BrokenRule::SequencerBond => Self::ParamsSequencerBond,
			BrokenRule::SealedTime => Self::ParamsSealedTime,
			BrokenRule::SilencePolicy => Self::ParamsSilencePolicy,
			BrokenRule::SettleWindow => Self::ParamsSettleWindow,
		}
	}
}

impl<T> From<KeyError> for Error<T> {
	fn from(error: KeyError) -> Self {
		match error {
			KeyError::WrongLength => Self::KeyWrongLength,
			KeyError::NonCanonicalCoordinate => Self::KeyNonCanonical,
			KeyError::NotOnCurve => Self::KeyNotOnCurve,
			KeyError::NotInSubgroup => Self::KeyNotInSubgroup,
			KeyError::Identity => Self::KeyIdentity,
			KeyError::GammaEqualsDelta => Self::KeyGammaEqualsDelta,
			KeyError::GammaEqualsMinusDelta => Self::KeyGammaEqualsMinusDelta,
			KeyError::BetaEqualsDelta => Self::KeyBetaEqualsDelta,
			KeyError::BetaEqualsMinusDelta => Self::KeyBetaEqualsMinusDelta,
			KeyError::BetaEqualsGamma => Self::KeyBetaEqualsGamma,
			KeyError::BetaEqualsMinusGamma => Self::KeyBetaEqualsMinusGamma,
			KeyError::BetaGammaDeltaDependent => Self::KeyBetaGammaDeltaDependent,
			KeyError::DeltaIsGenerator => Self::KeyDeltaIsGenerator,
			KeyError::BetaIsGenerator => Self::KeyBetaIsGenerator,
			KeyError::AlphaIsGenerator => Self::KeyAlphaIsGenerator,
			KeyError::AlphaMatchesBeta => Self::KeyAlphaMatchesBeta,
			KeyError::AlphaMatchesGamma => Self::KeyAlphaMatchesGamma,
			KeyError::AlphaMatchesDelta => Self::KeyAlphaMatchesDelta,
			KeyError::AlphaBetaIsKnown => Self::KeyAlphaBetaIsKnown,
			KeyError::AlphaDeltaIsKnown => Self::KeyAlphaDeltaIsKnown,
			KeyError::InputPointsDependent => Self::KeyInputPointsDependent,
			KeyError::InputPointsReachAlpha => Self::KeyInputPointsReachAlpha,
			KeyError::InputPointsReachGenerator => Self::KeyInputPointsReachGenerator,
		}
	}
}

impl<T> From<ProofError> for Error<T> {
	fn from(error: ProofError) -> Self {
		match error {
			ProofError::WrongLength => Self::ProofWrongLength,
			ProofError::NonCanonicalCoordinate => Self::ProofNonCanonical,
			ProofError::NotOnCurve => Self::ProofNotOnCurve,
			ProofError::NotInSubgroup => Self::ProofNotInSubgroup,
			ProofError::Identity => Self::ProofIdentity,
			ProofError::NotValid => Self::ProofInvalid,
			// The pallet gives the inputs and the stored key itself.
			ProofError::NonCanonicalInput
			| ProofError::WrongInputCount
			| ProofError::MalformedKey => Self::Corrupt,
		}
	}
}

impl<T> From<SealError> for Error<T> {
	fn from(error: SealError) -> Self {
		match error {
			SealError::NotCanonical => Self::SealNonCanonical,
			SealError::Trivial => Self::SealTrivial,
		}
	}
}

impl<T> From<OpeningError> for Error<T> {
	fn from(error: OpeningError) -> Self {
		match error {
			// What `place_bid` let in is well-formed.
			OpeningError::MalformedSeal => Self::Corrupt,
			OpeningError::SolutionNotCanonical => Self::SolutionNonCanonical,
			OpeningError::ProofNotCanonical => Self::OpeningProofNonCanonical,
			OpeningError::ChallengeNotFound => Self::OpeningAttemptFailed,
			OpeningError::WrongSolution => Self::OpeningProofInvalid,
		}
	}
}
