// SPDX-License-Identifier: Apache-2.0
//! The links that a node prints. They are tested apart, since the program has no tests of its own.

#[path = "../src/links.rs"]
mod links;

use links::{can_listen, links, reachable};
use std::net::{SocketAddr, TcpListener};

fn address(text: &str) -> SocketAddr {
	text.parse().unwrap()
}

/// Finding R20: links said 127.0.0.1 where the RPC listened on ::1.
#[test]
fn rpc_link_should_be_an_address_that_listens() {
	for (listening, expected) in [
		(&["127.0.0.1:9944", "[::1]:9944"][..], Some("127.0.0.1:9944")),
		(&["[::1]:9944", "127.0.0.1:40123"], Some("127.0.0.1:40123")),
		(&["[::1]:9944"], Some("[::1]:9944")),
		(&["0.0.0.0:9944"], Some("127.0.0.1:9944")),
		(&["[::]:9944"], Some("[::1]:9944")),
		(&["192.0.2.7:9944"], Some("192.0.2.7:9944")),
		(&["192.0.2.7:9944", "[::1]:9945"], Some("[::1]:9945")),
		(&[], None),
	] {
		let found = reachable(listening.iter().map(|text| address(text)));
		assert_eq!(found, expected.map(address), "{listening:?}");
	}
	let lines = links(Some(address("[::1]:9944")), None);
	assert_eq!(lines[0], "WebSocket RPC: ws://[::1]:9944");
	assert!(lines[1].contains("rpc=ws://[::1]:9944#"), "{}", lines[1]);
	assert_eq!(links(None, None), Vec::<String>::new());
}

/// Finding R20: another program's port was printed as the node's own.
#[test]
fn metrics_should_have_no_link_when_their_port_is_taken() {
	let taken = TcpListener::bind("127.0.0.1:0").unwrap();
	let address = taken.local_addr().unwrap();
	assert!(can_listen(address).is_err());
	drop(taken);
	assert!(can_listen(address).is_ok());
	assert_eq!(links(None, Some(address)), [format!("Metrics: http://{address}/metrics")]);
	assert!(links(None, Some(([127, 0, 0, 1], 0).into())).is_empty());
}
