// SPDX-License-Identifier: Apache-2.0
//! Address at which to serve metrics, as people write it.

use std::net::{Ipv4Addr, SocketAddr};

/// Text that is no address to listen at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address to listen at; give PORT, IP:PORT or localhost:PORT, such as 127.0.0.1:9620")]
pub struct AddressError(String);

/// Reads an address to listen at: `IP:PORT`, `localhost:PORT`, or a port alone, which means the loopback
/// address, so that only programs on this machine can connect. Port 0 is any that is free.
///
/// # Errors
///
/// The text is none of these. Other names of machines are not looked up.
pub fn parse_address(text: &str) -> Result<SocketAddr, AddressError> {
	let malformed = || AddressError(text.into());
	let port = text.strip_prefix("localhost:").unwrap_or(text);
	if port.bytes().all(|byte| byte.is_ascii_digit()) {
		let port = port.parse().map_err(|_| malformed())?;
		return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
	}
	text.parse().map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::net::Ipv6Addr;

	#[test]
	fn port_alone_should_mean_this_machine_only() {
		let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 9_620));
		for text in ["9620", "localhost:9620", "127.0.0.1:9620"] {
			assert_eq!(parse_address(text), Ok(local), "{text}");
		}
	}

	#[test]
	fn address_should_be_read_as_it_is_when_it_is_whole() {
		let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 1));
		assert_eq!(parse_address("0.0.0.0:1"), Ok(any));
		let local = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
		assert_eq!(parse_address("[::1]:0"), Ok(local));
	}

	#[test]
	fn text_should_be_refused_with_what_to_give_when_it_is_no_address() {
		for wrong in
			["", "localhost", "localhost:", "65536", "127.0.0.1", ":9620", "node:9620", "-1", "::1"]
		{
			let error = parse_address(wrong).unwrap_err().to_string();
			assert!(error.contains("IP:PORT"), "{error}");
		}
	}
}
