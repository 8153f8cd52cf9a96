// SPDX-License-Identifier: Apache-2.0
//! Limits of the number of connections, in all and of one address, and of the time for which one may be idle.

use std::{
	collections::BTreeMap,
	future::Future,
	io,
	net::{IpAddr, Ipv6Addr},
	pin::Pin,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	task::{Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	net::TcpStream,
	time::{Instant, Sleep},
};

/// Limits of what clients may use up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
	/// Connections at the same time.
	pub(crate) total: u32,
	/// Those of one address.
	pub(crate) per_address: u32,
	/// Time that a connection may be open without a request.
	pub(crate) idle: Duration,
	/// The same for a WebSocket.
	pub(crate) idle_socket: Duration,
}

/// Reason why somebody cannot connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
	#[error(
		"all {0} connections are in use; try again later, or allow more with --max-connections"
	)]
	Full(u32),
	#[error(
		"this address has {0} connections already; close one, or allow more with \
		 --max-connections-per-address"
	)]
	AddressFull(u32),
}

/// Number of connections by what they count as.
type Taken = Arc<Mutex<BTreeMap<IpAddr, u32>>>;

/// Places for connections.
#[derive(Clone, Debug)]
pub(super) struct Places {
	total: u32,
	per_address: u32,
	taken: Taken,
}

/// A place for a connection. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place {
	origin: IpAddr,
	taken: Taken,
}

impl Places {
	pub(super) fn new(limits: &ConnectionLimits) -> Self {
		Self { total: limits.total, per_address: limits.per_address, taken: Taken::default() }
	}

	/// Takes a place for a connection from an address.
	pub(super) fn take(&self, address: IpAddr) -> Result<Place, Refusal> {
		let origin = origin(address);
		let mut taken = lock(&self.taken);
		// So many are no more than the sum may be.
		if taken.values().fold(0_u32, |sum, count| sum.saturating_add(*count)) >= self.total {
			return Err(Refusal::Full(self.total));
		}
		let count = taken.entry(origin).or_default();
		if *count >= self.per_address {
			return Err(Refusal::AddressFull(self.per_address));
		}
		*count = count.saturating_add(1);
		Ok(Place { origin, taken: Arc::clone(&self.taken) })
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut taken = lock(&self.taken);
		if let Some(count) = taken.get_mut(&self.origin) {
			*count = count.saturating_sub(1);
			if *count == 0 {
				taken.remove(&self.origin);
			}
		}
	}
}

/// Returns what an address counts as: who has one of IPv6 has 2^64 of them.
fn origin(address: IpAddr) -> IpAddr {
	match address.to_canonical() {
		IpAddr::V4(address) => address.into(),
		IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
	}
}

/// Time of the last request over a connection, and the time for which there may be none.
#[derive(Debug)]
pub(super) struct Activity {
	idle_socket: Duration,
	state: Mutex<(Instant, Duration)>,
}

impl Activity {
	/// Returns that of a connection that is made now.
	pub(super) fn new(limits: &ConnectionLimits) -> Self {
		let state = Mutex::new((Instant::now(), limits.idle));
		Self { idle_socket: limits.idle_socket, state }
	}

	/// Notes a request.
	pub(super) fn note(&self) {
		lock(&self.state).0 = Instant::now();
	}

	/// Notes that the connection is a WebSocket from now on.
	pub(super) fn became_socket(&self) {
		*lock(&self.state) = (Instant::now(), self.idle_socket);
	}

	/// Returns when the connection will have been idle for too long; `None` if that is beyond the clock.
	fn until(&self) -> Option<Instant> {
		let (since, limit) = *lock(&self.state);
		since.checked_add(limit)
	}
}

/// Locks a mutex, even after a panic: what is behind these locks is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that has a place, and ends when it is idle for too long: as if the client had closed it.
#[derive(Debug)]
pub(super) struct Connection {
	// Free before the client can see that the connection is closed.
	_place: Place,
	stream: TcpStream,
	activity: Arc<Activity>,
	timer: Pin<Box<Sleep>>,
}

impl Connection {
	pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, place: Place) -> Self {
		let now = Instant::now();
		let timer = Box::pin(tokio::time::sleep_until(activity.until().unwrap_or(now)));
		Self { _place: place, stream, activity, timer }
	}

	/// Looks whether it is idle for too long, and comes back when it may be.
	fn is_idle(&mut self, context: &mut Context<'_>) -> bool {
		let Some(until) = self.activity.until() else { return false };
		if self.timer.deadline() != until {
			self.timer.as_mut().reset(until);
		}
		self.timer.as_mut().poll(context).is_ready()
	}
}

impl AsyncRead for Connection {
	fn poll_read(
		self: Pin<&mut Self>,
		context: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		let this = self.get_mut();
		let read = Pin::new(&mut this.stream).poll_read(context, buffer);
		if read.is_pending() && this.is_idle(context) {
			return Poll::Ready(Ok(()));
		}
		read
	}
}

impl AsyncWrite for Connection {
	fn poll_write(
		self: Pin<&mut Self>,
		context: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
	}

	fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.get_mut().stream).poll_flush(context)
	}

	fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
	}

	fn poll_write_vectored(
		self: Pin<&mut Self>,
		context: &mut Context<'_>,
		bytes: &[io::IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, bytes)
	}

	fn is_write_vectored(&self) -> bool {
		self.stream.is_write_vectored()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const LIMITS: ConnectionLimits = ConnectionLimits {
		total: 3,
		per_address: 2,
		idle: Duration::from_secs(60),
		idle_socket: Duration::from_secs(600),
	};

	fn address(text: &str) -> IpAddr {
		text.parse().unwrap()
	}

	#[test]
	fn place_should_be_refused_at_each_limit_and_be_free_once_it_is_left() {
		let places = Places::new(&LIMITS);
		let take = |from| places.take(address(from));
		let first = take("127.0.0.1").unwrap();
		let _second = take("127.0.0.1").unwrap();
		assert_eq!(take("127.0.0.1").unwrap_err(), Refusal::AddressFull(2));
		let third = take("192.0.2.1").unwrap();
		assert_eq!(take("192.0.2.2").unwrap_err(), Refusal::Full(3));
		drop(first);
		let _first = take("127.0.0.1").unwrap();
		drop(third);
		assert_eq!(lock(&places.taken).len(), 1, "nothing is left of those who have gone");
	}

	#[test]
	fn addresses_should_count_as_one_when_one_client_can_have_them_all() {
		assert_eq!(origin(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
		assert_ne!(origin(address("2001:db8:1:3::1")), origin(address("2001:db8:1:2::1")));
		assert_eq!(origin(address("::ffff:192.0.2.1")), address("192.0.2.1"));
		assert_ne!(origin(address("192.0.2.1")), origin(address("192.0.2.2")));
	}

	#[test]
	fn web_socket_should_have_a_time_of_its_own() {
		let activity = Activity::new(&LIMITS);
		assert_eq!(lock(&activity.state).1, LIMITS.idle);
		activity.became_socket();
		activity.note();
		assert_eq!(lock(&activity.state).1, LIMITS.idle_socket);
		let endless = ConnectionLimits { idle: Duration::MAX, ..LIMITS };
		assert_eq!(Activity::new(&endless).until(), None);
	}
}
