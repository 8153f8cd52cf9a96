// SPDX-License-Identifier: Apache-2.0
//! Addresses at which wallets, monitors and programs on this machine reach the node: of what listens, not of
//! what was asked for.

use std::{
	io,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

/// The address by which a program on this machine reaches what listens on these, one of IPv4 and of the
/// loopback interface first.
pub(crate) fn reachable(listening: impl IntoIterator<Item = SocketAddr>) -> Option<SocketAddr> {
	let from_here = |address: SocketAddr| {
		let ip = match address.ip() {
			IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
			IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
			ip => ip,
		};
		SocketAddr::new(ip, address.port())
	};
	let addresses = listening.into_iter().map(from_here);
	addresses.min_by_key(|address| (!address.ip().is_loopback(), address.is_ipv6()))
}

/// Returns whether metrics can be served there. Ask before they are: afterwards the address is taken.
///
/// # Errors
///
/// Those of listening, if another program does so.
pub(crate) fn can_listen(address: SocketAddr) -> io::Result<()> {
	TcpListener::bind(address).map(drop)
}

/// The lines with links: to the RPC, if it is served, and to the metrics, if they are.
pub(crate) fn links(rpc: Option<SocketAddr>, metrics: Option<SocketAddr>) -> Vec<String> {
	let mut lines = Vec::new();
	if let Some(address) = rpc {
		lines.push(format!("WebSocket RPC: ws://{address}"));
		lines.push(format!(
			"polkadot.js Apps: https://polkadot.js.org/apps/?rpc=ws://{address}#/explorer"
		));
	}
	// Whichever port the system gives instead of 0, the line of the exporter tells it.
	if let Some(address) = metrics.filter(|address| address.port() != 0) {
		lines.push(format!("Metrics: http://{address}/metrics"));
	}
	lines
}
