// SPDX-License-Identifier: Apache-2.0
//! `pvsctl opener run` as an operator runs it, without a chain.

use crate::service::{check_taken_address, check_waiting_for_a_node, get, wait_for, World};
use std::{net::TcpListener, thread::sleep, time::Duration};

const RUN: [&str; 5] = ["opener", "run", "--suri", "//Ferdie", "--state-dir"];

#[test]
fn opener_should_be_alive_and_not_ready_when_no_node_has_answered() {
	let world = World::new();
	let mut opener = world.start(&RUN, "0");
	let address = opener.address("pvs-opener");
	check_waiting_for_a_node(
		address,
		&[
			"pvs_opener_opened_total 0\n",
			"pvs_opener_rewards_planck_total 0\n",
			"pvs_opener_condition_met{condition=\"chain_moves\"} 0\n",
			"pvs_opener_events_total{event=\"serves_metrics\",level=\"info\"} 1\n",
		],
	);
	assert_eq!(opener.stop().code(), Some(0));
}

#[test]
fn opener_should_name_the_address_when_it_is_taken() {
	check_taken_address(&RUN);
}

/// R16: a program ended with exit code 101, or 1, when `head` closed its standard output.
#[test]
fn opener_should_go_on_when_its_output_is_closed() {
	let world = World::new();
	let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
	let mut opener = world.start(&RUN, &address.to_string());
	opener.close_output();
	assert!(wait_for(address, "/healthz").starts_with("HTTP/1.1 200 "));
	sleep(Duration::from_millis(200));
	assert!(get(address, "/healthz").unwrap().starts_with("HTTP/1.1 200 "), "it goes on");
	assert_eq!(opener.stop().code(), Some(0));
	assert_eq!(opener.stderr(), "");
}
