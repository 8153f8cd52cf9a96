// SPDX-License-Identifier: Apache-2.0
//! Every call at the edges of every window (B3), and no deadline that only the agenda keeps (B9).

use crate::{mock::*, Error};
use frame_support::{assert_ok, storage::with_transaction, weights::Weight};
use pvs_primitives::api::{BatchId, Phase};
use sp_runtime::{DispatchError, TransactionOutcome};

type Outcome = Result<(), Error<Test>>;

/// Returns what a call would do now, undone afterwards.
fn probe(call: impl FnOnce() -> Result<(), DispatchError>) -> Result<(), DispatchError> {
	with_transaction(|| -> TransactionOutcome<Result<_, DispatchError>> {
		TransactionOutcome::Rollback(Ok(call()))
	})
	.expect("no limit of layers is reached")
}

fn assert_at(block: u32, call: &str, expected: Outcome, actual: Result<(), DispatchError>) {
	let expected = expected.map_err(DispatchError::from);
	assert_eq!(actual, expected, "{call} at {block} (agenda {:?})", MaxAgendaWeight::get());
}

fn try_place(id: BatchId, digest: [u8; 32]) -> Result<(), DispatchError> {
	probe(|| {
		outcome(Pvs::place_bid(signed(&DEE), id, 0, digest, 99, [1; 32], any_seal())).map(|_| ())
	})
}

fn try_reveal(id: BatchId, who: &AccountId) -> Result<(), DispatchError> {
	probe(|| reveal(id, who, 100, 5).map(|_| ()))
}

fn try_accept(id: BatchId, who: &AccountId) -> Result<(), DispatchError> {
	probe(|| accept(id, who).map(|_| ()))
}

fn try_submit(id: BatchId, who: &AccountId, proof: &[u8]) -> Result<(), DispatchError> {
	probe(|| submit(id, who, proof.to_vec()).map(|_| ()))
}

/// Bidding `[2, 5)`, gap `[5, 6)`, revealing `[6, 10)`. Two seals take two blocks on two cores:
/// with the block of slack the opening window is `[10, 13)`. Ann is sealed to the end.
fn opening_matrix() {
	market_with(opening_params(), || {
		let id = commit(500);
		let mut opening = None;
		for block in 1..=14 {
			run_to(block);
			if block == 2 {
				place_sealed(id, &ANN, &payload(100, 5).encode()).expect("bidding");
				bid(id, &BEN, 50, 5);
				opening = Some(solved(id, &ANN, &GUEST));
			}
			let Some((solution, proof)) = opening.clone() else { continue };
			let open = match block {
				10..=12 => Ok(()),
				// Nobody opened a seal: the round closed without a bid.
				13.. => Err(Error::WrongRound),
				_ => Err(Error::NotOpening),
			};
			let actual = probe(|| {
				Pvs::open_bid(signed(&GUEST), id, 0, ANN, seal_of(id, &ANN), solution, proof)
					.map(|_| ())
					.map_err(|e| e.error)
			});
			assert_at(block, "open_bid", open, actual);
			// A payload reveals in one window and opens in the next.
			let reveal = match block {
				6..=12 => Ok(()),
				_ => Err(Error::NotRevealing),
			};
			assert_at(block, "reveal_bid", reveal, try_reveal(id, &ANN));
		}
	});
}

/// Bidding `[2, 5)`, gap `[5, 6)`, revealing `[6, 10)`; Ann stays sealed to the end.
fn auction_matrix() {
	market(|| {
		let id = commit(500);
		let digest = Pvs::round_info(id).expect("open").batch_digest;
		for block in 1..=12 {
			run_to(block);
			if block == 2 {
				bid(id, &ANN, 100, 5);
				bid(id, &BEN, 50, 5);
			}
			let place = match block {
				2..=4 => Ok(()),
				10.. => Err(Error::WrongRound),
				_ => Err(Error::NotBidding),
			};
			assert_at(block, "place_bid", place, try_place(id, digest));
			let reveal = match block {
				6..=9 => Ok(()),
				_ => Err(Error::NotRevealing),
			};
			assert_at(block, "reveal_bid", reveal, try_reveal(id, &ANN));
			assert_at(block, "accept_place", Err(Error::NothingOffered), try_accept(id, &ANN));
			let submitted = try_submit(id, &ANN, &[0; 256]);
			assert_at(block, "submit_proof", Err(Error::NothingToProve), submitted);
		}
	});
}

/// Ann is assigned in 6 for 5 blocks, which count from 9: on time to 15, late to 18. Ben is offered her
/// place in `[19, 23)`, the rescue is `[23, 28)`.
fn delivery_matrix() {
	market(|| {
		let id = commit(500);
		let digest = Pvs::round_info(id).expect("open").batch_digest;
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let proofs = [ANN, BEN, CID].map(|who| (who.clone(), proof(id, &who)));
		for block in 6..=29 {
			run_to(block);
			for (who, proof) in &proofs {
				let expected = match (block, who) {
					(6..=18, who) if *who == ANN => Ok(()),
					(6..=18, _) => Err(Error::NotAssigned),
					(19..=22, who) if *who == BEN => Ok(()),
					(19..=22, _) => Err(Error::NotOffered),
					(23..=27, _) => Ok(()),
					_ => Err(Error::NothingToProve),
				};
				assert_at(block, "submit_proof", expected, try_submit(id, who, proof));
			}
			let accepted = match block {
				19..=22 => Ok(()),
				_ => Err(Error::NothingOffered),
			};
			assert_at(block, "accept_place", accepted, try_accept(id, &BEN));
			let place = match block {
				..=27 => Err(Error::NotBidding),
				_ => Err(Error::WrongRound),
			};
			assert_at(block, "place_bid", place, try_place(id, digest));
			assert_at(block, "reveal_bid", Err(Error::NotRevealing), try_reveal(id, &ANN));
			assert_eq!(Pvs::expected_winner_info(id), None, "no auction with a bid is open");
		}
	});
}

/// Ben takes the place in 21, the last block from which his time can count: on time to 27, late to 30.
fn accepted_matrix() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to(21);
		assert_ok!(accept(id, &BEN));
		let (ann, ben) = (proof(id, &ANN), proof(id, &BEN));
		for block in 21..=36 {
			run_to(block);
			let (of_ben, of_ann) = match block {
				..=30 => (Ok(()), Err(Error::NotAssigned)),
				31..=35 => (Ok(()), Ok(())),
				_ => (Err(Error::NothingToProve), Err(Error::NothingToProve)),
			};
			assert_at(block, "submit_proof", of_ben, try_submit(id, &BEN, &ben));
			assert_at(block, "submit_proof", of_ann, try_submit(id, &ANN, &ann));
			assert_eq!(prover(&BEN).stats.defaults, u32::from(block >= 31));
		}
	});
}

fn unbonding_matrix() {
	market(|| {
		run_to(5);
		assert_ok!(Pvs::unbond(signed(&ANN), 10));
		let end = 5 + UNBONDING_BLOCKS;
		for block in [5, 6, end - 1, end, end + 1] {
			run_to(block);
			let expected = if block < end { Err(Error::StillUnbonding) } else { Ok(()) };
			let actual = probe(|| Pvs::withdraw_unbonded(signed(&ANN)));
			assert_at(block, "withdraw_unbonded", expected, actual);
		}
	});
}

/// B3 and B9: every call at every block of every window.
#[test]
fn test_boundary_matrix() {
	auction_matrix();
	opening_matrix();
	delivery_matrix();
	accepted_matrix();
	unbonding_matrix();
}

/// B9: with an agenda that does nothing, calls keep the deadlines by themselves.
#[test]
fn test_boundary_matrix_without_agenda() {
	market(|| {
		let id = commit(500);
		let digest = Pvs::round_info(id).expect("open").batch_digest;
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		MaxAgendaWeight::set(Weight::zero());
		run_to(9);
		assert_at(9, "reveal_bid", Ok(()), try_reveal(id, &ANN));
		for block in [10, 11, 30] {
			run_to(block);
			assert_at(block, "place_bid", Err(Error::NotBidding), try_place(id, digest));
			assert_at(block, "reveal_bid", Err(Error::NotRevealing), try_reveal(id, &ANN));
			assert_eq!(Pvs::round_info(id).expect("open").phase, Phase::Overdue);
		}
	});
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let (ann, ben) = (proof(id, &ANN), proof(id, &BEN));
		MaxAgendaWeight::set(Weight::zero());
		run_to(18);
		assert_at(18, "submit_proof", Ok(()), try_submit(id, &ANN, &ann));
		assert_at(18, "submit_proof", Err(Error::NotAssigned), try_submit(id, &BEN, &ben));
		for block in [19, 20, 33] {
			run_to(block);
			assert_at(block, "submit_proof", Err(Error::NotOffered), try_submit(id, &ANN, &ann));
			// The call performs Ann's default; Ben's time to take the place starts with it.
			assert_at(block, "submit_proof", Ok(()), try_submit(id, &BEN, &ben));
			assert_at(block, "accept_place", Ok(()), try_accept(id, &BEN));
		}
	});
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let (ben, cid) = (proof(id, &BEN), proof(id, &CID));
		run_to(19);
		MaxAgendaWeight::set(Weight::zero());
		run_to(22);
		assert_at(22, "accept_place", Ok(()), try_accept(id, &BEN));
		run_to(23);
		assert_at(23, "accept_place", Err(Error::NothingOffered), try_accept(id, &BEN));
		// It is a rescue now, in which anyone may deliver.
		assert_at(23, "submit_proof", Ok(()), try_submit(id, &BEN, &ben));
		assert_at(23, "submit_proof", Ok(()), try_submit(id, &CID, &cid));
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(24);
		MaxAgendaWeight::set(Weight::zero());
		run_to(28);
		assert_at(28, "submit_proof", Ok(()), try_submit(id, &CID, &cid));
		run_to(29);
		assert_at(29, "submit_proof", Err(Error::NothingToProve), try_submit(id, &CID, &cid));
	});
}
