// SPDX-License-Identifier: Apache-2.0
//! Transfers that are taken, and those that are not.

use super::*;

/// A commit that timed out may be taken by a later block, so a replacement would not hold.
#[test]
fn transfers_should_not_be_replaced_while_a_commit_that_was_given_up_may_be_taken() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(0, 0), &mut core, &mut chain);
	let late = core.build(MAX_WAIT, MAX_WAIT).unwrap().unwrap();
	core.give_up(64);
	core.landed();
	let replace = |core: &mut Core, fee| {
		let transfer = Transfer { from: 0, to: 1, amount: 1, fee, nonce: 0, new_key: None };
		core.submit(&[transfer.sign(&demo::secret_key(0))], &[], 0).remove(0)
	};
	let is_held = |result| matches!(result, Err(SubmitError::Pool(PoolError::InFlight)));
	assert!(is_held(replace(&mut core, 50)));
	// Another attempt that the chain refuses changes nothing about the first.
	core.build(MAX_WAIT, MAX_WAIT).unwrap().unwrap();
	core.landed();
	chain.block = 65;
	follow(&mut core, &chain);
	assert!(is_held(replace(&mut core, 50)), "64 blocks after the first one");
	assert_eq!(core.expire(u64::MAX).unwrap(), 0);
	chain.block = 66;
	follow(&mut core, &chain);
	assert!(replace(&mut core, 50).is_ok(), "no block takes it any more");
	// With another tip none can.
	core.build(MAX_WAIT, MAX_WAIT).unwrap().unwrap();
	core.give_up(64);
	assert!(is_held(replace(&mut core, 60)));
	assert!(chain.commit(&late));
	follow(&mut core, &chain);
	assert!(core.flights.hashes().is_empty());
	// What was given up after the tip has changed is not held at all.
	core.submit(&[transfer(1, 0)], &[], 0);
	core.build(MAX_WAIT, MAX_WAIT).unwrap().unwrap();
	chain.fail();
	follow(&mut core, &chain);
	core.give_up(64);
	assert!(core.flights.hashes().is_empty());
}

/// An account that is opened again after a reorganization may have another key.
#[test]
fn verdict_should_count_only_for_the_key_that_it_is_about() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	let key = |account| demo::secret_key(account).public_key();
	let forged = Transfer { from: 1, ..transfer(2, 0).transfer }.sign(&demo::secret_key(3));
	let honest = transfer(0, 0);
	let far = transfer(4, 9);
	assert_eq!(core.keys_for(&[honest, forged, far]), [Some(key(0)), Some(key(1)), None]);
	let verdicts = [
		Some(Verdict::on(&honest, key(5))),
		Some(Verdict::on(&forged, key(3))),
		Some(Verdict::on(&far, key(4))),
	];
	let results = core.submit(&[honest, forged, far], &verdicts, 0);
	assert!(results[0].is_ok());
	assert!(matches!(results[1], Err(SubmitError::Pool(PoolError::BadSignature))));
	assert!(matches!(results[2], Err(SubmitError::Pool(PoolError::NonceAhead { .. }))));
	let refused = core.submit(&[forged], &[Some(Verdict::on(&forged, key(1)))], 0);
	assert!(matches!(refused[0], Err(SubmitError::Pool(PoolError::BadSignature))));
}
