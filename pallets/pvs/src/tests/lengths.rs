// SPDX-License-Identifier: Apache-2.0
//! U2: bytes of a wrong length, as they come from a pasted file, decode and get an error of their own.

use crate::{mock::*, Call, Error, Event, ProofSubmission};
use codec::{DecodeAll, Encode};
use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use pvs_primitives::api::BatchId;
use sp_runtime::DispatchError;

/// Sends a call as it comes over the wire, where it must decode.
fn send(who: &AccountId, call: Call<Test>) -> Result<(), DispatchError> {
	let call = Call::decode_all(&mut &call.encode()[..]).expect("a wrong length decodes");
	outcome(dispatch(signed(who), call)).map(|_| ())
}

/// Lengths around the right one, and what people paste: nothing, hex text with and without a
/// prefix, several times the right length.
fn wrong_lengths(right: usize, longest: usize) -> Vec<usize> {
	let all = [0, 1, right - 1, right + 1, 2 * right, 2 * right + 3, 5 * right, longest];
	all.into_iter().filter(|length| *length <= longest).collect()
}

fn bytes<B: TryFrom<Vec<u8>>>(length: usize) -> B {
	vec![1; length].try_into().ok().expect("the length is allowed")
}

/// The longest that a person may paste.
const PASTED: usize = 16_384;

#[test]
fn key_should_be_refused_when_its_length_is_wrong() {
	chain(|| {
		for length in wrong_lengths(768, PASTED) {
			let call = Call::register_rollup {
				verifying_key: bytes(length),
				genesis_root: root(0),
				sequencer: SEQUENCER,
				params: params(),
			};
			assert_noop!(send(&OWNER, call), Error::<Test>::KeyWrongLength);
		}
	});
}

#[test]
fn data_should_be_refused_when_its_length_is_wrong() {
	market(|| {
		// Four times the chain's longest data of 100 bytes.
		for length in wrong_lengths(40, 400) {
			let call = Call::commit_batch {
				rollup: 0,
				data: bytes(length),
				prev_state_root: root(0),
				next_state_root: root(1),
				max_fee: 1_000,
			};
			assert_noop!(send(&SEQUENCER, call), Error::<Test>::WrongDataLength);
		}
	});
}

#[test]
fn seal_should_be_refused_when_its_length_is_wrong() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let batch_digest = Pvs::round_info(id).expect("open").batch_digest;
		for length in wrong_lengths(357, PASTED) {
			let call = Call::place_bid {
				batch: id,
				round: 0,
				batch_digest,
				max_slot_fee: 99,
				commitment: [1; 32],
				seal: bytes(length),
			};
			assert_noop!(send(&ANN, call), Error::<Test>::SealWrongLength);
		}
	});
}

#[test]
fn payload_should_be_refused_when_its_length_is_wrong() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(6);
		for length in wrong_lengths(85, PASTED) {
			let call =
				Call::reveal_bid { batch: id, round: 0, bidder: ANN, payload: bytes(length) };
			assert_noop!(send(&ANN, call), Error::<Test>::PayloadWrongLength);
		}
	});
}

#[test]
fn proof_should_be_refused_when_its_length_is_wrong() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		for length in wrong_lengths(256, PASTED) {
			let call = Call::submit_proof { batch: id, prover: ANN, proof: bytes(length) };
			assert_noop!(send(&ANN, call), Error::<Test>::ProofWrongLength);
			System::reset_events();
			let one = ProofSubmission { batch: id, prover: ANN, proof: bytes(length) };
			let proofs = vec![one].try_into().expect("one");
			assert_eq!(send(&ANN, Call::submit_proofs { proofs }), Ok(()));
			let error = Error::<Test>::ProofWrongLength.into();
			assert_eq!(events(), [Event::ProofRefused { batch: id, prover: ANN, error }]);
		}
	});
}

#[test]
fn proofs_should_be_refused_when_they_are_too_many() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let call = |count: u32| {
			let one = (id, ANN, vec![1; 256]);
			let proofs = submissions(&vec![one; usize::try_from(count).expect("few")]);
			Call::submit_proofs { proofs }
		};
		for count in [MAX_PROOFS + 1, 2 * MAX_PROOFS, 9, 8 * MAX_PROOFS] {
			assert_noop!(send(&GUEST, call(count)), Error::<Test>::TooManyProofs);
		}
		// They are refused at once, and declare no more than a full call: no block would take them
		// otherwise, and the sender would never see the error.
		let declared = |count| call(count).get_dispatch_info().call_weight;
		assert_eq!(declared(8 * MAX_PROOFS), declared(MAX_PROOFS));
		assert_noop!(send(&GUEST, call(0)), Error::<Test>::NoProofs);
		assert_eq!(send(&GUEST, call(MAX_PROOFS)), Ok(()));
	});
}

#[test]
fn opening_should_be_refused_when_its_lengths_are_wrong() {
	market_with(opening_params(), || {
		let id: BatchId = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(10);
		let call = |solution, proof| Call::open_bid {
			batch: id,
			round: 0,
			bidder: ANN,
			seal: seal_of(id, &ANN),
			solution: bytes(solution),
			proof: bytes(proof),
		};
		for length in wrong_lengths(256, PASTED) {
			assert_noop!(send(&GUEST, call(length, 257)), Error::<Test>::SolutionWrongLength);
		}
		for length in wrong_lengths(257, PASTED) {
			assert_noop!(send(&GUEST, call(256, length)), Error::<Test>::OpeningProofWrongLength);
		}
	});
}
