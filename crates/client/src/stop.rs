// SPDX-License-Identifier: Apache-2.0
//! Requests to stop.

/// Requests to stop: an interrupt from the terminal, or `SIGTERM`.
pub struct Signals {
	#[cfg(unix)]
	signals: [tokio::signal::unix::Signal; 2],
}

impl Signals {
	/// Starts to listen. Fails if the system lets nobody listen.
	#[cfg(unix)]
	pub fn new() -> std::io::Result<Self> {
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
	pub fn new() -> std::io::Result<Self> {
		Ok(Self {})
	}

	/// Waits for the next request.
	#[cfg(not(unix))]
	pub async fn next(&mut self) {
		let _ = tokio::signal::ctrl_c().await;
	}
}
