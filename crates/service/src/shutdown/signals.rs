// SPDX-License-Identifier: Apache-2.0
//! Signals of the system that ask a program to stop.

use super::Stopper;
use std::{convert::Infallible, io};

/// Requests to stop: an interrupt from the terminal, or `SIGTERM`.
#[derive(Debug)]
pub struct Signals {
	#[cfg(unix)]
	signals: [tokio::signal::unix::Signal; 2],
}

impl Signals {
	/// Starts to listen: from now on the system does not end the program at these signals.
	///
	/// # Errors
	///
	/// The system lets nobody listen.
	#[cfg(unix)]
	pub fn new() -> io::Result<Self> {
		use tokio::signal::unix::{signal, SignalKind};
		let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
		Ok(Self { signals })
	}

	/// Waits for the next request.
	#[cfg(unix)]
	pub async fn next(&mut self) {
		let [interrupt, terminate] = &mut self.signals;
		tokio::select! {
			_ = interrupt.recv() => {},
			_ = terminate.recv() => {},
		}
	}

	/// Starts to listen. Never fails.
	#[cfg(not(unix))]
	pub fn new() -> io::Result<Self> {
		Ok(Self {})
	}

	/// Waits for the next request.
	#[cfg(not(unix))]
	pub async fn next(&mut self) {
		let _ = tokio::signal::ctrl_c().await;
	}

	/// Passes all requests on to a service, as long as it is polled.
	pub async fn pass_to(&mut self, stopper: &Stopper) -> Infallible {
		stopper.pass_on(async || self.next().await).await
	}
}
