// SPDX-License-Identifier: Apache-2.0
// A rollup as small as can be: its state is one number, a batch is 31 bytes, and the number after a batch is the
// square of the one before plus the batch. It takes seconds to set up and to prove; examples/circom has a real one.
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";

template Checksum() {
	// The public inputs of the layout, in its order.
	signal input prev_state_root;
	signal input next_state_root;
	signal input data_commitment;
	signal input binding;

	signal input chunk;

	// As the chain computes it, for 31 bytes.
	component commitment = Poseidon(4);
	commitment.inputs[0] <== 31;
	commitment.inputs[1] <== chunk;
	commitment.inputs[2] <== 0;
	commitment.inputs[3] <== 0;
	data_commitment === commitment.out;

	// Not the sum alone: an input that stands in linear constraints only is not bound by itself, and the chain refuses
	// such keys.
	signal square <== prev_state_root * prev_state_root;
	next_state_root === square + chunk;

	signal bound <== binding * binding;
}

component main {public [prev_state_root, next_state_root, data_commitment, binding]} = Checksum();
