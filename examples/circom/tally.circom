// SPDX-License-Identifier: Apache-2.0
// A rollup of four counters. A batch has three entries; each adds an amount to one counter.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";

// An entry is one chunk of 31 bytes: counter (1 byte, 0 to 3), amount (8 bytes), note (22 bytes,
// anything), all big-endian. Gives the amount at the counter's place and 0 at the three others.
template Entry() {
	signal input chunk;
	signal output added[4];

	// The field is larger than 2^248, so there is one way to take a chunk apart.
	component bits = Num2Bits(248);
	bits.in <== chunk;

	for (var i = 242; i < 248; i++) {
		bits.out[i] === 0;
	}
	component amount = Bits2Num(64);
	for (var i = 0; i < 64; i++) {
		amount.in[i] <== bits.out[176 + i];
	}

	signal high <== bits.out[241] * amount.out;
	signal low <== amount.out - high;
	added[3] <== bits.out[240] * high;
	added[2] <== high - added[3];
	added[1] <== bits.out[240] * low;
	added[0] <== low - added[1];
}

template Tally() {
	// The public inputs of layout v1, in its order: circom takes the order of declaration.
	signal input prev_state_root;
	signal input next_state_root;
	signal input data_commitment;
	signal input binding;

	signal input counters[4];
	signal input chunks[3];

	component before = Poseidon(4);
	for (var i = 0; i < 4; i++) {
		before.inputs[i] <== counters[i];
	}
	prev_state_root === before.out;

	// As the chain computes it, for 93 bytes: docs/circom.md.
	component commitment = Poseidon(4);
	commitment.inputs[0] <== 93;
	for (var i = 0; i < 3; i++) {
		commitment.inputs[i + 1] <== chunks[i];
	}
	data_commitment === commitment.out;

	component entries[3];
	for (var i = 0; i < 3; i++) {
		entries[i] = Entry();
		entries[i].chunk <== chunks[i];
	}

	// The counters before are below 2^64, since every proof shows that of the counters after it and
	// the first ones are zero. So a sum is below 2^66 and cannot wrap around the field.
	component after = Poseidon(4);
	component fits[4];
	for (var i = 0; i < 4; i++) {
		fits[i] = Num2Bits(64);
		fits[i].in <== counters[i] + entries[0].added[i] + entries[1].added[i] + entries[2].added[i];
		after.inputs[i] <== fits[i].in;
	}
	next_state_root === after.out;

	// The binding says nothing about the state, but a proof for one must not fit another. snarkjs sees
	// to that for inputs that are in no constraint; this makes it the circuit's own doing.
	signal bound <== binding * binding;
}

component main {public [prev_state_root, next_state_root, data_commitment, binding]} = Tally();
