// SPDX-License-Identifier: Apache-2.0
//! Attacks by the names that the threat model gives them, where they need neither seals nor a network.

use crate::{mock::*, Error, Event, Provers};
use frame_support::{assert_noop, assert_ok};
use pvs_auction::round::VoidReason;
use pvs_primitives::{
	api::BatchId,
	bid::BidPayload,
	params::{PaymentRule, RollupParams},
};
use std::collections::BTreeSet;

/// A1: a copied commitment is useless to the copier and harmless to the copied.
#[test]
fn test_copied_commit_forfeits_copier_only() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let bytes = payload(100, 5).encode();
		let round = Pvs::round_info(id).expect("open");
		let copied = commitment(id, &ANN, &bytes);
		assert_ok!(place(id, &ANN, &bytes));
		assert_ok!(Pvs::place_bid(
			RuntimeOrigin::signed(BEN),
			id,
			0,
			round.batch_digest,
			99,
			copied,
			any_seal(),
		));
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		// Even with the payload now public, it does not open under another account.
		assert_noop!(reveal_bytes(id, &BEN, &bytes), Error::<Test>::CommitmentMismatch);
		run_to(10);
		assert_eq!(winner(id), Some(ANN));
		assert_eq!(Provers::<Test>::get(&BEN).expect("registered").stats.slashed, 600);
		assert_eq!(Provers::<Test>::get(&ANN).expect("registered").stats.slashed, 0);
	});
}

/// A5: a bid without a bond changes nothing.
#[test]
fn test_commit_without_bond_is_noop() {
	market(|| {
		let id = commit(500);
		run_to(2);
		Provers::<Test>::mutate(&ANN, |prover| {
			let prover = prover.as_mut().expect("registered");
			prover.reserved = prover.stake - 599;
		});
		let digest = Pvs::round_info(id).expect("open").batch_digest;
		assert_noop!(
			outcome(Pvs::place_bid(signed(&ANN), id, 0, digest, 99, [1; 32], any_seal())),
			Error::<Test>::InsufficientStake
		);
		Provers::<Test>::mutate(&ANN, |prover| {
			prover.as_mut().expect("registered").reserved = 0;
		});
	});
}

/// Fills a round to shut others out. Returns what each place cost.
fn stuff(id: BatchId) -> Vec<u128> {
	let reserve = Pvs::round_info(id).expect("open").reserve;
	(0..MAX_BIDS)
		.map(|number| {
			let stuffer = new_prover(100 + u8::try_from(number).expect("few"));
			let (before, quoted) = (total(&stuffer), Pvs::round_info(id).expect("open").slot_fee);
			bid(id, &stuffer, reserve, 20);
			assert_eq!(before - total(&stuffer), quoted);
			quoted
		})
		.collect()
}

/// A6: filling a round gets dear, and the pallet charges what the curve says.
#[test]
fn test_slot_stuffing_cost_curve() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let issued = issuance();
		let fees = stuff(id);
		// Two of eight places at the base; of ceil(500 * 8 / (252 * 8)) = 2 the others cost 4 to
		// 128 times.
		assert_eq!(fees, [2, 2, 8, 16, 32, 64, 128, 256]);
		let spent = 508;
		assert_eq!(issuance(), issued - spent, "all of it burned");
		assert_noop!(place(id, &ANN, &payload(100, 5).encode()), Error::<Test>::RoundFull);
		// It also binds a bond in each place, which staying silent loses.
		run_to(10);
		assert_eq!(issuance(), issued - spent - 600 * u128::from(MAX_BIDS));
		auction(id, &[(ANN, 100, 5)]);
		assert_eq!(winner(id), Some(ANN), "the next round is open to all again");
	});
}

/// M3 and G15: a round with a reserve of 5 UNIT was filled for 2.04. Now it costs at least the
/// reserve, the most that the filler can win by it.
#[test]
fn filling_a_round_should_cost_at_least_its_reserve() {
	// ceil(reserve * 8 / (252 * 8)), at least the base of 2: 2, 2, 2, 3 and 4.
	let sums = [(10, 508), (252, 508), (504, 508), (505, 4 + 3 * 252), (1_000, 4 + 4 * 252)];
	for (reserve, expected) in sums {
		market(|| {
			let id = commit(reserve);
			run_to(2);
			let spent = stuff(id).iter().sum::<u128>();
			assert_eq!(spent, expected, "reserve {reserve}");
			assert!(spent >= reserve);
		});
	}
	// A lower base makes the first places cheaper, and the round not.
	market(|| {
		SlotFeeBase::set(1);
		let id = commit(1_000);
		run_to(2);
		assert_eq!(stuff(id), [1, 1, 16, 32, 64, 128, 256, 512]);
	});
}

/// A3: a zero salt, as a broken random source gives, is void. A repeated one hides nothing less: the
/// commitment binds chain, batch, round and bidder, so that equal payloads have different commitments
/// wherever they are used. What a prover can do against guessing is to draw its salt at random.
#[test]
fn test_zero_or_repeated_salt_rejected() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		let zero = BidPayload { salt: [0; 32], ..payload(100, 5) }.encode();
		let same = payload(100, 5).encode();
		let mut seen = BTreeSet::new();
		for id in ids {
			for who in [ANN, BEN, CID] {
				assert!(seen.insert(commitment(id, &who, &same)), "{who:?} {id:?}");
			}
		}
		assert_ok!(place(ids[0], &ANN, &zero));
		assert_ok!(place(ids[0], &BEN, &same));
		assert_ok!(place(ids[0], &CID, &same));
		// The next round gives another commitment to the same payload.
		run_to(5);
		assert!(seen.insert(commitment(ids[1], &ANN, &same)));
		run_to(6);
		assert_ok!(reveal_bytes(ids[0], &ANN, &zero));
		assert!(events().contains(&Event::BidVoided {
			batch: ids[0],
			round: 0,
			bidder: ANN,
			slashed: 600,
			reason: VoidReason::ZeroSalt,
		}));
		assert_ok!(reveal_bytes(ids[0], &BEN, &same));
		assert_ok!(reveal_bytes(ids[0], &CID, &same));
		// Equal salts cancel out of the tie-break's seed, and it still chooses one.
		assert!([Some(BEN), Some(CID)].contains(&winner(ids[0])));
	});
}

/// B5: an expired bid does not keep its bidder from the next round.
#[test]
fn test_expired_commit_does_not_block() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(10);
		assert_eq!(round_number(id), 1);
		auction(id, &[(ANN, 100, 5)]);
		assert_eq!(winner(id), Some(ANN));
	});
}

/// B5: nor does a bid of a batch that has failed keep its stake.
#[test]
fn test_expired_commit_releases_its_bond() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(7);
		bid(ids[1], &ANN, 100, 5);
		assert_eq!(prover(&ANN).reserved, 600);
		run_to(9);
		assert!(!pending(ids[1]));
		assert_ok!(Pvs::deregister_prover(signed(&ANN)));
	});
}

/// B7: the pallet has no source of time but the height. The mechanism has a test of its own.
#[test]
fn test_pallet_has_no_time_source() {
	fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
		for entry in std::fs::read_dir(folder).expect("it exists") {
			let path = entry.expect("it is readable").path();
			if path.is_dir() {
				sources(&path, found);
			} else if path.extension().is_some_and(|extension| extension == "rs") {
				found.push(path);
			}
		}
	}
	let pallet = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
	let mut files = Vec::new();
	sources(&pallet.join("src"), &mut files);
	files.retain(|path| !path.components().any(|part| part.as_os_str() == "tests"));
	assert!(files.len() > 20, "{} files", files.len());
	for path in files {
		let source = std::fs::read_to_string(&path).expect("it is text");
		for word in ["pallet_timestamp", "UnixTime", "SystemTime", "Instant", "Duration", "Moment"]
		{
			assert!(!source.contains(word), "{word} in {}", path.display());
		}
	}
	let manifest = std::fs::read_to_string(pallet.join("Cargo.toml")).expect("it is text");
	assert!(!manifest.contains("timestamp"));
}

/// D5: whoever commits a batch that cannot be proved loses a bond; provers that stay out lose nothing,
/// and neither do batches before it.
#[test]
fn test_unprovable_claim_slashes_sequencer_only() {
	market(|| {
		let good = commit(500);
		let bad = commit(500);
		auction(good, &[(ANN, 100, 5), (BEN, 200, 5)]);
		assert_ok!(deliver(good, &ANN));
		let everyone = [ANN, BEN, CID, DEE, OWNER];
		let (before, issued) = (everyone.clone().map(|who| total(&who)), issuance());
		let sequencer = total(&SEQUENCER);
		// Its second round, opened in 5, closes in 9.
		let rent = rent_by(bad, 9);
		run_to(20);
		assert!(!pending(bad));
		assert_eq!(everyone.map(|who| total(&who)), before);
		let lost = 70 + rent;
		assert_eq!((total(&SEQUENCER), issuance()), (sequencer - lost, issued - lost));
		assert_eq!(free(&SEQUENCER), sequencer - lost, "the escrow is back");
		assert_eq!(rollup().finalized_root, root(1));
	});
}

/// D6: a batch keeps the parameters that it was committed with, to its end.
#[test]
fn test_params_change_does_not_affect_open_auction() {
	let run = |changes: bool| {
		let mut result = None;
		market(|| {
			let id = commit(500);
			let digest = Pvs::round_info(id).expect("open").batch_digest;
			let change = |params| {
				if changes {
					assert_ok!(Pvs::set_params(signed(&OWNER), 0, params));
				}
			};
			run_to(2);
			bid(id, &ANN, 100, 5);
			change(RollupParams {
				bidding_blocks: 20,
				reveal_blocks: 20,
				w_fee: 1,
				w_time: 1,
				payment_rule: PaymentRule::FirstPrice,
				max_reserve: 600,
				initial_reserve: 600,
				silence_penalty: 1,
				ladder_len: 1,
				grace_blocks: 1,
				sequencer_bond: 1_000,
				..params()
			});
			bid(id, &BEN, 200, 5);
			bid(id, &CID, 300, 5);
			let round = Pvs::round_info(id).expect("open");
			assert_eq!((round.batch_digest, round.bond, round.reveal_from), (digest, 600, 6));
			run_to(6);
			for (who, fee) in [(ANN, 100), (BEN, 200), (CID, 300)] {
				assert_ok!(reveal(id, &who, fee, 5));
			}
			let assignment = Pvs::round_info(id).expect("open").assignment.expect("assigned");
			change(RollupParams { rescue_blocks: 50, late_rate: 1_000_000_000, ..params() });
			run_to(19);
			let ladder = Pvs::round_info(id).expect("open").ladder;
			run_to(20);
			assert_ok!(deliver(id, &BEN));
			result = Some((assignment, ladder, total(&ANN), total(&BEN), total(&SEQUENCER)));
		});
		result.expect("the market ran")
	};
	assert_eq!(run(false), run(true));
}

/// D6: the next batch takes the new parameters.
#[test]
fn test_params_change_affects_the_next_batch() {
	market(|| {
		commit(500);
		let new = RollupParams { bidding_blocks: 20, sequencer_bond: 9, ..params() };
		assert_ok!(Pvs::set_params(signed(&OWNER), 0, new.clone()));
		let next = commit(500);
		assert_eq!(Pvs::batch_info(next).expect("pending").snapshot.params, new);
		assert_eq!(Pvs::round_info(next).expect("open").reveal_from, 1 + 1 + 20 + FINALITY_GAP);
		let digests = [batch(0), next].map(|id| Pvs::round_info(id).expect("open").batch_digest);
		assert_ne!(digests[0], digests[1]);
	});
}

/// D4: eligibility is decided when the bid is placed.
#[test]
fn test_winning_elsewhere_keeps_bid() {
	market(|| {
		let ids = [commit(1_000), commit(1_000), commit(1_000)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 100, 5);
		}
		run_to(6);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 100, 5));
			assert_eq!(winner(id), Some(ANN));
		}
	});
}

/// E1: a proof is bound to its prover: a thief cannot use it, and a relayer cannot redirect it.
#[test]
fn test_stolen_proof_rejected_for_thief() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		bid(ids[1], &BEN, 100, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 5));
		assert_ok!(reveal(ids[1], &BEN, 100, 5));
		let stolen = proof(ids[0], &ANN);
		assert_noop!(submit(ids[1], &BEN, stolen.clone()), Error::<Test>::ProofInvalid);
		let (ann, guest) = (total(&ANN), total(&GUEST));
		assert_ok!(Pvs::submit_proof(
			RuntimeOrigin::signed(GUEST),
			ids[0],
			ANN,
			stolen.try_into().expect("256 bytes")
		));
		assert_eq!(total(&ANN), ann + 500, "a relayed proof pays its prover");
		assert_eq!(total(&GUEST), guest);
	});
}

/// E2, E8 and G7: a proof pays once, and not in another round, batch or rollup, or after somebody else
/// took the prover's place.
#[test]
fn test_same_proof_two_auctions_one_payout() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let first_round = proof(id, &ANN);
		run_to(run_to_default(id) + 5);
		auction(id, &[(ANN, 100, 5)]);
		assert_noop!(submit(id, &ANN, first_round), Error::<Test>::ProofInvalid);
		let next = commit(500);
		let proof = proof(id, &ANN);
		let inputs = Pvs::public_inputs_of(id, ANN).expect("pending");
		let rerandomised = keys().prove(&inputs, 99).to_vec();
		assert_ne!(proof, rerandomised);
		let before = total(&ANN);
		assert_ok!(submit(id, &ANN, proof.clone()));
		assert_eq!(total(&ANN), before + 500);
		assert_noop!(submit(id, &ANN, proof.clone()), Error::<Test>::BatchNotFound);
		assert_noop!(submit(id, &ANN, rerandomised), Error::<Test>::BatchNotFound);
		auction(next, &[(ANN, 100, 5)]);
		assert_noop!(submit(next, &ANN, proof), Error::<Test>::ProofInvalid);
	});
}

/// E8: the same batch in two rollups with the same key: each wants a proof of its own. And a proven
/// batch that waits for its predecessor is not paid again.
#[test]
fn test_same_proof_two_rollups_one_payout() {
	market(|| {
		register_rollup(params());
		let other = BatchId { rollup: 1, index: 0 };
		lower_reserve(1, 500);
		let ids = [commit(500), commit(500)];
		assert_ok!(Pvs::commit(SEQUENCER, 1, &[1; 40], roots(tip(1), root(1)), 500));
		run_to(2);
		for id in [ids[0], ids[1], other] {
			bid(id, &ANN, 100, 5);
		}
		run_to(6);
		for id in [ids[0], ids[1], other] {
			assert_ok!(reveal(id, &ANN, 100, 5));
		}
		let inputs = |id| Pvs::public_inputs_of(id, ANN).expect("pending");
		assert_eq!(inputs(ids[0])[..3], inputs(other)[..3], "all but the binding is the same");
		let first = proof(ids[0], &ANN);
		assert_noop!(submit(other, &ANN, first), Error::<Test>::ProofInvalid);
		let second = proof(ids[1], &ANN);
		assert_ok!(submit(ids[1], &ANN, second.clone()));
		assert_noop!(submit(ids[1], &ANN, second), Error::<Test>::NothingToProve);
	});
}

/// F3: a bond is slashed once, and nothing else of the stake.
#[test]
fn test_slash_once_and_le_hold() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		run_to(60);
		let prover = Provers::<Test>::get(&ANN).expect("registered");
		assert_eq!((prover.stake, prover.stats.slashed), (2 * MIN_STAKE - 600, 600));
		assert_eq!(prover.reserved, 0);
	});
}
