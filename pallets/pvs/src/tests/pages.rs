// SPDX-License-Identifier: Apache-2.0
//! Lists of the Runtime API come in pages, finding M12 of the audit: an answer with every round of the
//! chain and every seal grew past what a node sends, and nobody revealed.

use crate::{mock::*, Batches, BidRecord, Bids};
use codec::Encode;
use pvs_auction::round::{BidStage, Stage, Terms};
use pvs_primitives::api::{Page, SealPlace, PAGE_BYTES};
use std::fmt::Debug;

const ROLLUPS: u32 = 1_000;
const BATCHES: u64 = 64;
const BIDS: u8 = 64;

/// Runs a test on a chain with 1,000 rollups, of which one has 64 batches with 64 revealed bids each.
fn full_chain(test: impl FnOnce()) {
	let mut ext = new_ext();
	ext.execute_with(|| {
		BidPlaces::set(BIDS.into());
		MaxPendingBatches::set(64);
		PoolPlaces::set(1_000);
		register_rollups(ROLLUPS, pvs_primitives::params::RollupParams { data_len: 1, ..params() });
		let terms = Terms {
			fee: 10,
			proof_blocks: 5,
			proof_commitment: Some([1; 32]),
			salt: [2; 32],
			score: 3,
		};
		for _ in 0..BATCHES {
			let id = commit_to(7);
			for bidder in 0..BIDS {
				let record = BidRecord {
					commitment: [bidder; 32],
					seal_hash: [4; 32],
					placed: SealPlace { block: 1, extrinsic: EXTRINSIC },
					share: 0,
					stage: BidStage::Revealed(terms.clone()),
				};
				Bids::<Test>::insert(id, AccountId::new([bidder; 32]), record);
			}
			Batches::<Test>::mutate(id, |row| {
				if let Stage::Auction(auction) = &mut row.as_mut().expect("pending").round.stage {
					auction.bids = BIDS.into();
				}
			});
		}
		test();
	});
}

/// Follows the pages of a list to its end. Each fits, and none but the last is empty.
fn all_pages<Item: Encode + Debug, From: Copy + Default + Debug + Encode>(
	page: impl Fn(From) -> Page<Item, From>,
) -> (Vec<Item>, usize) {
	let (mut items, mut pages, mut from) = (Vec::new(), 0, From::default());
	loop {
		let found = page(from);
		pages += 1;
		assert!(found.encoded_size() < PAGE_BYTES, "page {pages} has {}", found.encoded_size());
		items.extend(found.items);
		match found.next {
			Some(next) => from = next,
			None => return (items, pages),
		}
	}
}

#[test]
fn pages_of_rollups_should_fit_and_chain_to_the_whole() {
	full_chain(|| {
		let (rollups, pages) = all_pages(|from| Pvs::rollups_page(from, u32::MAX));
		assert!(pages > 1, "the whole does not fit one page");
		let ids: Vec<u32> = rollups.iter().map(|rollup| rollup.id).collect();
		assert_eq!(ids, (0..ROLLUPS).collect::<Vec<_>>());
		let (by_seven, pages) = all_pages(|from| Pvs::rollups_page(from, 7));
		assert_eq!((by_seven, pages), (rollups, 143));
	});
}

#[test]
fn pages_of_open_rounds_should_fit_and_chain_to_the_whole() {
	full_chain(|| {
		let (rounds, pages) = all_pages(|from| Pvs::open_rounds_page(7, from, u32::MAX));
		assert!(pages > 1, "the whole does not fit one page");
		let indices: Vec<u64> = rounds.iter().map(|round| round.batch.index).collect();
		assert_eq!(indices, (0..BATCHES).collect::<Vec<_>>());
		assert!(rounds.iter().all(|round| round.bids.len() == usize::from(BIDS)));
		let (one_by_one, pages) = all_pages(|from| Pvs::open_rounds_page(7, from, 1));
		assert_eq!((one_by_one, pages), (rounds, 64));
		assert_eq!(Pvs::open_rounds_page(8, 0, u32::MAX), Page { items: vec![], next: None });
		assert_eq!(Pvs::open_rounds_page(ROLLUPS, 0, 1), Page { items: vec![], next: None });
		assert_eq!(Pvs::open_rounds_page(7, BATCHES, 1), Page { items: vec![], next: None });
	});
}

#[test]
fn rollups_should_be_passed_over_when_they_are_deregistered() {
	market(|| {
		register_rollup(params());
		register_rollup(params());
		frame_support::assert_ok!(Pvs::deregister_rollup(signed(&OWNER), 1));
		let page = Pvs::rollups_page(0, 2);
		assert_eq!(page.items.iter().map(|rollup| rollup.id).collect::<Vec<_>>(), [0, 2]);
		assert_eq!(page.next, None);
		assert_eq!(Pvs::rollups_page(0, 1).next, Some(1));
		// One at least is asked for.
		assert_eq!(Pvs::rollups_page(0, 0), Pvs::rollups_page(0, 1));
	});
}
