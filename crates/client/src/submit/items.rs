// SPDX-License-Identifier: Apache-2.0
//! What became of each item of a transaction that has several. Pure.

use super::{Included, SubmitError};
use crate::events::PvsEvent;
use pvs_primitives::Balance;
use std::{collections::BTreeMap, sync::Arc};

/// Returns what became of each of the `items` bids or reveals of a transaction, in their order, as if each had been
/// sent alone with the call `single`.
///
/// An item that the chain refused has the error of that call. Each of the others has all events of the transaction, and an
/// even share of its fee, rounded up; what was refused bears its share too. If the transaction itself failed, or its end
/// is unknown, so it is for each item.
pub fn by_item(
	result: Result<Included, SubmitError>,
	single: &'static str,
	items: usize,
) -> Vec<Result<Included, Arc<SubmitError>>> {
	let included = match result {
		Ok(included) => included,
		Err(error) => {
			let error = Arc::new(error);
			return (0..items).map(|_| Err(error.clone())).collect();
		},
	};
	let mut refused = BTreeMap::new();
	for event in &included.events {
		if let PvsEvent::BidRefused { item, error, .. } = event {
			refused.insert(usize::try_from(*item).unwrap_or(usize::MAX), error.clone());
		}
	}
	let fee = included.fee.map(|fee| share(fee, items));
	let outcome = |item| match refused.remove(&item) {
		Some(error) => Err(Arc::new(error.of_call(single))),
		None => Ok(Included { fee, ..included.clone() }),
	};
	(0..items).map(outcome).collect()
}

/// Returns an even share of a fee among `items`, in planck, rounded up.
fn share(fee: Balance, items: usize) -> Balance {
	let items = Balance::try_from(items).unwrap_or(Balance::MAX).max(1);
	fee.div_ceil(items)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{call_error::CallError, BlockHash, PalletError, Retry};
	use pvs_primitives::api::BatchId;

	const SINGLE: &str = "place_bid";

	fn batch(index: u64) -> BatchId {
		BatchId { rollup: 0, index }
	}

	fn placed(index: u64) -> PvsEvent {
		PvsEvent::BidPlaced { batch: batch(index), round: 0, bidder: [1; 32], bond: 7, slot_fee: 2 }
	}

	fn refused(item: u32, error: PalletError) -> PvsEvent {
		let batch = batch(u64::from(item));
		let (name, explanation) = (format!("Pvs::{error:?}"), "Because.".into());
		let error = CallError { error: Some(error), name, explanation };
		PvsEvent::BidRefused { item, batch, round: 0, bidder: [1; 32], error }
	}

	fn included(events: Vec<PvsEvent>, fee: Option<Balance>) -> Included {
		Included { block: BlockHash::repeat_byte(3), number: 9, events, fee }
	}

	/// The errors of the items, in their order.
	fn errors(events: Vec<PvsEvent>, items: usize) -> Vec<Option<PalletError>> {
		by_item(Ok(included(events, None)), SINGLE, items)
			.into_iter()
			.map(|outcome| outcome.err().map(|error| error.pallet_error().unwrap()))
			.collect()
	}

	#[test]
	fn items_should_have_succeeded_when_none_was_refused() {
		assert_eq!(errors(vec![placed(0), placed(1), placed(2)], 3), [None; 3]);
		assert_eq!(errors(vec![], 1), [None], "what is revealed already has no event");
	}

	#[test]
	fn items_should_have_failed_when_all_were_refused() {
		let events = vec![
			refused(0, PalletError::RoundFull),
			refused(1, PalletError::AlreadyBid),
			refused(2, PalletError::SlotFeeTooHigh),
		];
		let expected =
			[PalletError::RoundFull, PalletError::AlreadyBid, PalletError::SlotFeeTooHigh];
		assert_eq!(errors(events, 3), expected.map(Some));
	}

	#[test]
	fn item_alone_should_have_failed_when_it_was_refused_between_others() {
		let events = vec![placed(0), refused(1, PalletError::WrongRound), placed(2)];
		let outcomes = by_item(Ok(included(events.clone(), Some(10))), SINGLE, 3);
		let [Ok(first), Err(second), Ok(third)] = &outcomes[..] else { panic!("{outcomes:?}") };
		for item in [first, third] {
			assert_eq!((item.number, item.block), (9, BlockHash::repeat_byte(3)));
			assert_eq!(item.events, events);
		}
		assert_eq!(second.pallet_error(), Some(PalletError::WrongRound));
		assert_eq!(second.retry(), Retry::Never);
		assert_eq!(second.to_string(), "place_bid failed with Pvs::WrongRound: Because.");
	}

	#[test]
	fn items_should_be_told_by_their_position_when_a_refusal_comes_before_other_events() {
		let events = vec![refused(2, PalletError::RoundFull), placed(0), placed(1)];
		assert_eq!(errors(events, 3), [None, None, Some(PalletError::RoundFull)]);
		assert_eq!(errors(vec![refused(3, PalletError::RoundFull)], 3), [None; 3]);
	}

	#[test]
	fn fee_should_be_split_evenly_and_rounded_up() {
		let fee = |fee, items| {
			let outcomes = by_item(Ok(included(vec![], fee)), SINGLE, items);
			outcomes.into_iter().map(|outcome| outcome.unwrap().fee).collect::<Vec<_>>()
		};
		assert_eq!(fee(Some(10), 1), [Some(10)]);
		assert_eq!(fee(Some(10), 3), [Some(4); 3]);
		assert_eq!(fee(Some(12), 3), [Some(4); 3]);
		assert_eq!(fee(None, 2), [None; 2]);
	}

	#[test]
	fn item_should_end_as_the_transaction_when_that_failed_or_its_end_is_unknown() {
		let (call, reason) = ("place_bids", String::from("no block took it"));
		for error in [
			SubmitError::Unknown { call, seconds: 6, reason: reason.clone() },
			SubmitError::Refused { call, reason },
			SubmitError::CannotPay { call, account: String::new() },
		] {
			let (text, retry) = (error.to_string(), error.retry());
			let outcomes = by_item(Err(error), SINGLE, 3);
			assert_eq!(outcomes.len(), 3);
			for outcome in outcomes {
				let error = outcome.unwrap_err();
				assert_eq!((error.to_string(), error.retry()), (text.clone(), retry));
			}
		}
	}
}
