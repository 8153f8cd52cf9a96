// SPDX-License-Identifier: Apache-2.0
//! The pallet's errors, by type.

/// Makes [`PalletError`] and the way from names to it.
macro_rules! pallet_errors {
	($($name:ident)+) => {
		/// An error of the pallet. The pallet documents each of them, and a chain's metadata says the
		/// same.
		#[derive(Clone, Copy, Debug, PartialEq, Eq)]
		#[allow(missing_docs)]
		pub enum PalletError {
			$($name,)+
		}

		impl PalletError {
			const ALL: &'static [Self] = &[$(Self::$name),+];

			fn name(self) -> &'static str {
				match self {
					$(Self::$name => stringify!($name),)+
				}
			}
		}
	};
}

impl PalletError {
	/// Returns the error with this name in the pallet; `None` if the pallet that this crate was built
	/// with has none.
	pub fn from_name(name: &str) -> Option<Self> {
		Self::ALL.iter().copied().find(|error| error.name() == name)
	}
}

pallet_errors! {
	RollupNotFound
	BatchNotFound
	BatchWasDropped
	ProverNotFound
	ProverExists
	ProverBusy
	AmountZero
	NothingUnbonding
	StillUnbonding
	RollupBusy
	NotOwner
	TooManyRollups
	RollupNotOffered
	NotSequencer
	SequencerMayNotBid
	SequencerHasBids
	KeyWrongLength
	KeyNonCanonical
	KeyNotOnCurve
	KeyNotInSubgroup
	KeyIdentity
	KeyGammaEqualsDelta
	KeyGammaEqualsMinusDelta
	KeyBetaEqualsDelta
	KeyBetaEqualsMinusDelta
	KeyBetaEqualsGamma
	KeyBetaEqualsMinusGamma
	KeyBetaGammaDeltaDependent
	KeyDeltaIsGenerator
	KeyBetaIsGenerator
	KeyAlphaIsGenerator
	KeyAlphaMatchesBeta
	KeyAlphaMatchesGamma
	KeyAlphaMatchesDelta
	KeyAlphaBetaIsKnown
	KeyAlphaDeltaIsKnown
	KeyInputPointsDependent
	KeyInputPointsReachAlpha
	KeyInputPointsReachGenerator
	StateRootNonCanonical
	ParamsDataLength
	ParamsBiddingWindow
	ParamsRevealWindow
	ParamsFeeWeight
	ParamsTimeWeight
	ParamsProofBlocks
	ParamsReserve
	ParamsReserveMargin
	ParamsReserveWeight
	ParamsEscalationFactor
	ParamsSilencePenalty
	ParamsSilencePenaltyForOpening
	ParamsSilencePenaltyForSettling
	ParamsBond
	ParamsLateRate
	ParamsGrace
	ParamsLadder
	ParamsRescue
	ParamsEmptyRounds
	ParamsFailedRounds
	ParamsSequencerBond
	ParamsSealedTime
	ParamsSilencePolicy
	ParamsSettleWindow
	TipChanged
	WrongDataLength
	MaxFeeTooLow
	MaxFeeTooHigh
	TooManyPendingBatches
	ChainFull
	BlockDataFull
	TooManyCommitsInBlock
	NotInExtrinsic
	InsufficientBalance
	RentNotCovered
	StakeTooLow
	WrongRound
	BatchChanged
	NotBidding
	AlreadyBid
	RoundFull
	SlotFeeTooHigh
	InsufficientStake
	SealWrongLength
	SealNonCanonical
	SealTrivial
	BidNotFound
	PayloadWrongLength
	NotRevealing
	NothingToSettle
	TooLateToSettle
	CommitmentMismatch
	NotOpening
	SequencerMayNotOpen
	SealSetUnknown
	BidNotSealed
	SealMismatch
	SolutionWrongLength
	SolutionNonCanonical
	OpeningProofWrongLength
	OpeningProofNonCanonical
	OpeningAttemptFailed
	OpeningProofInvalid
	NothingOffered
	NotOffered
	NothingToProve
	TooLate
	NotAssigned
	OtherProofCommitted
	ProofWrongLength
	ProofNonCanonical
	ProofNotOnCurve
	ProofNotInSubgroup
	ProofIdentity
	ProofInvalid
	NoProofs
	TooManyProofs
	NoBids
	TooManyBids
	TooMuchOverdue
	Corrupt
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{connection::our_metadata, PALLET};
	use std::collections::BTreeSet;

	#[test]
	fn errors_should_be_those_of_the_pallet() {
		let metadata = our_metadata().unwrap();
		let variants = metadata.pallet_by_name(PALLET).unwrap().error_variants().unwrap();
		let theirs: BTreeSet<&str> = variants.iter().map(|error| error.name.as_str()).collect();
		let ours: BTreeSet<&str> = PalletError::ALL.iter().map(|error| error.name()).collect();
		let [missing, gone] = [theirs.difference(&ours), ours.difference(&theirs)]
			.map(|names| names.copied().collect::<Vec<_>>());
		assert!(missing.is_empty() && gone.is_empty(), "missing: {missing:?}, gone: {gone:?}");
	}

	#[test]
	fn error_should_be_told_by_its_whole_name() {
		assert_eq!(PalletError::from_name("AlreadyBid"), Some(PalletError::AlreadyBid));
		for name in ["", "Already", "AlreadyBids", "alreadybid"] {
			assert_eq!(PalletError::from_name(name), None, "{name}");
		}
	}
}
