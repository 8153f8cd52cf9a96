// SPDX-License-Identifier: Apache-2.0
//! Settlement of silent bids whose round has closed without them.
//!
//! Under `SilencePolicy::Settle` a round does not wait for silent bidders. Their bids are judged
//! afterwards, each alone, by what is kept of the round as it closed: neither other silent bids nor what
//! becomes of the batch change anything.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::{
	fixed::mul_div_ceil,
	round::VoidReason,
	score::{nano, score, Score, Scoring},
	slashing::opener_reward,
	step::{check_payload, Refusal},
	MathError,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use pvs_primitives::{bid::PAYLOAD_BYTES, Balance, BlockNumber};
use scale_info::TypeInfo;

/// Record of a closed round by which its silent bids are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ClosedRound {
	/// Reserve of the round, in planck.
	pub reserve: Balance,
	/// Silence penalty of the rollup, in planck.
	pub silence_penalty: Balance,
	/// Parameters that scores depend on.
	pub scoring: Scoring,
	/// Scores of the winner as the round closed; `None` if nobody won.
	pub winner: Option<WinningScores>,
	/// First block in which bids of the round cannot be settled any more.
	pub until: BlockNumber,
}

/// Scores of the winner of a closed round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WinningScores {
	/// Score of the winner's bid.
	pub won: Score,
	/// Score at which the winner was paid: that of its own time and share with its payment for a fee.
	pub paid: Score,
}

/// Outcome of a silent bid.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Verdict {
	/// A valid bid that would not have won.
	#[codec(index = 0)]
	WouldHaveLost,
	/// A valid bid that would have won, over the winner or where nobody won.
	#[codec(index = 1)]
	WouldHaveWon,
	/// Not a valid bid.
	#[codec(index = 2)]
	Void(VoidReason),
	/// Nobody settled it in time.
	#[codec(index = 3)]
	Expired,
}

/// Amounts that a silent bidder loses and gets back, in planck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
	/// Outcome of the bid.
	pub verdict: Verdict,
	/// Amount that the bidder loses.
	pub slashed: Balance,
	/// Part of it for whoever solved the seal; the rest is burned.
	pub reward: Balance,
	/// The rest of the bond, which is released.
	pub released: Balance,
}

impl ClosedRound {
	/// Returns the bond of a bid in the round, in planck.
	pub fn bond(&self) -> Balance {
		self.reserve.saturating_add(self.silence_penalty)
	}

	/// Settles a bid whose bidder had `share` of recent proofs (in 10^-9) when it bid. `payload` is what was
	/// behind its commitment; `None` if its seal does not decrypt or holds something else.
	///
	/// A valid bid that would not have won costs the silence penalty. One that would have won over a winner
	/// costs the larger one of `silence_penalty + ceil(reserve * (paid - own score) / w_fee)`, more than
	/// another bid of its bidder is paid above it, and `bond - fee`: the penalty, and all that the bidder can
	/// have been paid in the round above what it asked. That is at most the bond. Any other costs the whole
	/// bond. A bid would have won if its score is below the winner's, or if nobody won.
	///
	/// # Errors
	/// `TooLate` once the window is over. `Math` if the parameters break their rules.
	pub fn settle(
		&self,
		share: u32,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
		now: BlockNumber,
	) -> Result<Settlement, Refusal> {
		if now >= self.until {
			return Err(Refusal::TooLate);
		}
		let payload = payload.ok_or(VoidReason::BadSeal).and_then(|payload| {
			check_payload(payload, self.reserve, self.scoring.max_proof_blocks)
		});
		Ok(match payload {
			Err(reason) => self.settlement(Verdict::Void(reason), self.bond()),
			Ok(bid) => {
				let own = score(bid.fee, bid.proof_blocks, share, self.reserve, self.scoring)?;
				let (verdict, slashed) = self.judge(own, bid.fee)?;
				self.settlement(verdict, slashed)
			},
		})
	}

	/// Returns the settlement of a bid that nobody has settled in time.
	pub fn expire(&self) -> Settlement {
		Settlement { reward: 0, ..self.settlement(Verdict::Expired, self.bond()) }
	}

	fn judge(&self, own: Score, fee: Balance) -> Result<(Verdict, Balance), MathError> {
		let Some(WinningScores { won, paid }) = self.winner else {
			return Ok((Verdict::WouldHaveWon, self.bond()));
		};
		if own >= won {
			return Ok((Verdict::WouldHaveLost, self.silence_penalty));
		}
		let advantage = paid.saturating_sub(own);
		let worth =
			match mul_div_ceil(self.reserve.into(), advantage.into(), nano(self.scoring.w_fee)) {
				Err(MathError::Overflow) => Balance::MAX,
				worth => worth?,
			};
		let beyond_fee = self.reserve.saturating_sub(fee);
		let lost = self.silence_penalty.saturating_add(worth.max(beyond_fee));
		Ok((Verdict::WouldHaveWon, lost.min(self.bond())))
	}

	fn settlement(&self, verdict: Verdict, slashed: Balance) -> Settlement {
		Settlement {
			verdict,
			slashed,
			reward: opener_reward(self.silence_penalty),
			released: self.bond().saturating_sub(slashed),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{payment::payment, score::tests::params};
	use proptest::prelude::*;
	use pvs_primitives::{
		bid::BidPayload,
		params::{PaymentRule, RollupParams},
	};

	const RESERVE: Balance = 1_000;
	const PENALTY: Balance = 101;
	const UNTIL: BlockNumber = 50;

	fn payload(fee: Balance, proof_blocks: BlockNumber) -> [u8; PAYLOAD_BYTES] {
		BidPayload { fee, proof_blocks, proof_commitment: None, salt: [7; 32] }.encode()
	}

	/// A round that closed with a winner that asked 500 and 10 blocks and is paid 600.
	fn won() -> ClosedRound {
		let params = params();
		let of = |fee| score(fee, 10, 0, RESERVE, &params).expect("valid");
		ClosedRound {
			reserve: RESERVE,
			silence_penalty: PENALTY,
			scoring: (&params).into(),
			winner: Some(WinningScores { won: of(500), paid: of(600) }),
			until: UNTIL,
		}
	}

	/// Scores of 900 and of 1,000 for 20 blocks.
	const SLOW: (Score, Score) = (930_000_000_000_000_000, 1_000_000_000_000_000_000);

	fn nobody_won() -> ClosedRound {
		ClosedRound { winner: None, ..won() }
	}

	fn outcome(
		closed: &ClosedRound,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
	) -> (Verdict, Balance, Balance) {
		let settled = closed.settle(0, payload, UNTIL - 1).expect("in time");
		assert_eq!(settled.slashed + settled.released, RESERVE + PENALTY);
		assert_eq!(settled.reward, 50);
		(settled.verdict, settled.slashed, settled.reward)
	}

	fn slashed(
		closed: &ClosedRound,
		fee: Balance,
		proof_blocks: BlockNumber,
	) -> (Verdict, Balance) {
		let (verdict, slashed, _) = outcome(closed, Some(&payload(fee, proof_blocks)));
		(verdict, slashed)
	}

	#[test]
	fn silence_should_cost_the_penalty_when_the_bid_would_not_have_won() {
		assert_eq!(slashed(&won(), 501, 10), (Verdict::WouldHaveLost, PENALTY));
		assert_eq!(slashed(&won(), 1_000, 20), (Verdict::WouldHaveLost, PENALTY));
		// As good as the winner is not better.
		assert_eq!(slashed(&won(), 500, 10), (Verdict::WouldHaveLost, PENALTY));
	}

	#[test]
	fn silence_should_cost_the_reserve_beyond_the_fee_when_the_bid_would_have_won() {
		assert_eq!(slashed(&won(), 499, 10), (Verdict::WouldHaveWon, PENALTY + 501));
		assert_eq!(slashed(&won(), 0, 10), (Verdict::WouldHaveWon, PENALTY + 1_000));
		assert_eq!(slashed(&won(), 500, 5), (Verdict::WouldHaveWon, PENALTY + 500));
		// The bid asks for the reserve, and is ahead by its time. The winner is paid no more than it asks.
		let winner = Some(WinningScores { won: SLOW.0, paid: SLOW.0 });
		let first_price = ClosedRound { winner, ..won() };
		assert_eq!(slashed(&first_price, 1_000, 15), (Verdict::WouldHaveWon, PENALTY + 8));
	}

	#[test]
	fn silence_should_cost_what_the_winner_is_paid_beyond_the_bid_when_that_is_more() {
		let (won_at, paid) = SLOW;
		let slow = ClosedRound { winner: Some(WinningScores { won: won_at, paid }), ..won() };
		// 15 blocks are worth 0.225 / 0.7 of the reserve, 321.43, and the result is rounded up.
		assert_eq!(slashed(&slow, 800, 5), (Verdict::WouldHaveWon, PENALTY + 522));
		assert_eq!(slashed(&slow, 1_000, 5), (Verdict::WouldHaveWon, PENALTY + 322));
	}

	#[test]
	fn silence_should_cost_no_more_than_the_bond() {
		let dear = ClosedRound {
			winner: Some(WinningScores { won: Score::MAX, paid: Score::MAX }),
			..won()
		};
		assert_eq!(slashed(&dear, 1_000, 1), (Verdict::WouldHaveWon, RESERVE + PENALTY));
		let limit = |paid| {
			let winner = Some(WinningScores { won: paid, paid });
			slashed(&ClosedRound { winner, ..won() }, 1_000, 1).1
		};
		// 0.7 of score is the reserve, on top of the 0.73 of the bid itself.
		let whole = 1_430_000_000_000_000_000;
		assert_eq!([limit(whole), limit(whole + 1)], [RESERVE + PENALTY; 2]);
		assert_eq!(limit(whole - 700_000_000_000_000), RESERVE + PENALTY - 1);
	}

	#[test]
	fn silence_should_cost_the_bond_when_nobody_won() {
		assert_eq!(slashed(&nobody_won(), 1_000, 20), (Verdict::WouldHaveWon, RESERVE + PENALTY));
	}

	#[test]
	fn silence_should_cost_the_bond_when_the_bid_is_not_valid() {
		let zero_salt =
			BidPayload { fee: 1, proof_blocks: 1, proof_commitment: None, salt: [0; 32] }.encode();
		let mut undecodable = payload(1, 1);
		undecodable[20] = 2;
		let cases = [
			(None, VoidReason::BadSeal),
			(Some(&zero_salt), VoidReason::ZeroSalt),
			(Some(&undecodable), VoidReason::Undecodable),
			(Some(&payload(1_001, 1)), VoidReason::AboveReserve),
			(Some(&payload(1, 0)), VoidReason::ProofBlocks),
			(Some(&payload(1, 21)), VoidReason::ProofBlocks),
		];
		for closed in [won(), nobody_won()] {
			for (payload, reason) in cases {
				let expected = (Verdict::Void(reason), RESERVE + PENALTY, 50);
				assert_eq!(outcome(&closed, payload), expected);
			}
		}
		assert_eq!(slashed(&won(), 1_000, 20), (Verdict::WouldHaveLost, PENALTY));
	}

	#[test]
	fn settlement_should_be_too_late_from_the_end_of_its_window_on() {
		let bid = payload(501, 10);
		assert!(won().settle(0, Some(&bid), 0).is_ok());
		assert!(won().settle(0, Some(&bid), UNTIL - 1).is_ok());
		for now in [UNTIL, UNTIL + 1] {
			assert_eq!(won().settle(0, Some(&bid), now), Err(Refusal::TooLate));
		}
	}

	#[test]
	fn expiry_should_cost_the_bond_and_reward_nobody() {
		let bond = RESERVE + PENALTY;
		let expected =
			Settlement { verdict: Verdict::Expired, slashed: bond, reward: 0, released: 0 };
		assert_eq!(won().expire(), expected);
		assert_eq!(nobody_won().expire(), expected);
	}

	#[test]
	fn share_should_count_against_a_silent_bid_as_it_did_when_it_was_placed() {
		let params = RollupParams { w_share: 1_000_000_000, ..params() };
		let closed = ClosedRound { scoring: (&params).into(), ..won() };
		let settled = |share| closed.settle(share, Some(&payload(490, 10)), 0).expect("in time");
		assert_eq!(settled(0).verdict, Verdict::WouldHaveWon);
		assert_eq!(settled(100_000_000).verdict, Verdict::WouldHaveLost);
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			failure_persistence: None,
			..ProptestConfig::with_cases(2_048)
		})]

		/// A friend that asks what it costs, and wins because a better bid is withdrawn, gains no more than
		/// that costs.
		#[test]
		fn withdrawing_a_bid_should_cost_more_than_it_brings(
			reserve in 1..1_000_000u128,
			penalty in 1..1_000u128,
			bids in prop::array::uniform3((0..1_000_000u128, 1..=20u32, 0..=1_000_000_000u32)),
			w_share in 0..2_000_000_000u32,
			rule in prop_oneof![Just(PaymentRule::SecondScore), Just(PaymentRule::FirstPrice)],
		) {
			let params = RollupParams { w_share, payment_rule: rule, ..params() };
			let mut bids = bids.map(|(fee, time, share)| {
				let fee = fee % (reserve + 1);
				(score(fee, time, share, reserve, &params).expect("valid"), fee, time, share)
			});
			bids.sort_unstable();
			// The first one stays silent, the second is a friend's and wins, the third is a rival's.
			let [(own, fee, time, share), (won, friends_fee, blocks, friends_share), (next, ..)] = bids;
			prop_assume!(own < won);
			let friend = payment(friends_fee, blocks, friends_share, Some(next), reserve, &params)
				.expect("valid");
			let closed = ClosedRound {
				reserve,
				silence_penalty: penalty,
				scoring: (&params).into(),
				winner: Some(WinningScores {
					won,
					paid: score(friend, blocks, friends_share, reserve, &params).expect("valid"),
				}),
				until: UNTIL,
			};
			let settled = closed.settle(share, Some(&payload(fee, time)), 0).expect("in time");
			prop_assert_eq!(settled.verdict, Verdict::WouldHaveWon);
			// Half of the penalty can return through another friend that opens the seal.
			let gain = friend.saturating_sub(friends_fee);
			prop_assert!(settled.slashed - settled.reward > gain);
			prop_assert!(settled.slashed >= closed.bond() - fee);
		}
	}
}
