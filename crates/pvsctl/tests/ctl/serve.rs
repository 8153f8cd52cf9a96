// SPDX-License-Identifier: Apache-2.0
//! `pvsctl sequencer serve` as an operator runs it, without a chain.

use crate::service::{check_taken_address, check_waiting_for_a_node, World};

const SERVE: [&str; 7] =
	["sequencer", "serve", "--suri", "//Alice", "--listen", "127.0.0.1:0", "--data-dir"];

#[test]
fn sequencer_should_be_alive_and_not_ready_when_no_node_has_answered() {
	let world = World::new();
	let mut sequencer = world.start(&SERVE, "0");
	let address = sequencer.address("pvs-sequencer");
	check_waiting_for_a_node(
		address,
		&[
			"pvs_sequencer_batches_final_total 0\n",
			"pvs_sequencer_transfers_accepted_total 0\n",
			"pvs_sequencer_condition_met{condition=\"chain_moves\"} 0\n",
			"pvs_sequencer_events_total{event=\"serves_metrics\",level=\"info\"} 1\n",
		],
	);
	assert_eq!(sequencer.stop().code(), Some(0), "nothing is left");
}

#[test]
fn sequencer_should_name_the_address_when_it_is_taken() {
	check_taken_address(&SERVE);
}
