// SPDX-License-Identifier: Apache-2.0
//! A small HTTP/1.1 server: `/metrics`, `/healthz` and `/readyz`.
//!
//! One answer a connection. Who connects and says nothing is put out by time, and when there are too
//! many of them by those who come later, so that idle connections lock nobody out.

use super::{Metrics, MetricsError};
use crate::{health::Health, Backoff, Policy, Supervisor};
use http_body_util::Full;
use hyper::{
	body::{Bytes, Incoming},
	header::{HeaderValue, ALLOW, CACHE_CONTROL, CONTENT_TYPE},
	server::conn::http1,
	service::service_fn,
	Method, Request, Response, StatusCode,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::IntGaugeVec;
use std::{collections::VecDeque, convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
	net::{TcpListener, TcpStream},
	task::{AbortHandle, JoinSet},
	time::{sleep, timeout},
};

/// Resources that a client may use up.
#[derive(Clone, Copy, Debug)]
struct Limits {
	/// Connections at the same time. One more takes the place of the oldest.
	connections: usize,
	/// Time that a request may take to arrive.
	request: Duration,
	/// Time that a connection may last in all.
	connection: Duration,
}

const LIMITS: Limits = Limits {
	connections: 64,
	request: Duration::from_secs(5),
	connection: Duration::from_secs(10),
};
/// Request line and headers together, in bytes; the smallest number that the HTTP library takes.
const MAX_REQUEST: usize = 8_192;
const MAX_HEADERS: usize = 64;
/// Pause when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Pauses before the server is started again, should it fail.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON_LINES: &str = "application/x-ndjson";

/// Shows metrics and health of a service at an address.
#[derive(Debug)]
pub struct Server {
	listener: TcpListener,
	address: SocketAddr,
	pages: Arc<Pages>,
	limits: Limits,
}

/// Pages that there are to see.
#[derive(Debug)]
struct Pages {
	metrics: Metrics,
	health: Health,
	conditions: IntGaugeVec,
}

impl Server {
	/// Takes the address. Port 0 takes one that is free.
	///
	/// # Errors
	///
	/// The address is in use, or is none of this machine.
	pub async fn bind(
		address: SocketAddr,
		metrics: Metrics,
		health: Health,
	) -> Result<Self, MetricsError> {
		let cannot_listen = |source| MetricsError::Listen { address, source };
		let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
		let address = listener.local_addr().map_err(cannot_listen)?;
		let help = "Whether a condition of readiness is met";
		let conditions = metrics.gauges("condition_met", help, &["condition"])?;
		let pages = Arc::new(Pages { metrics, health, conditions });
		Ok(Self { listener, address, pages, limits: LIMITS })
	}

	/// Returns the address that it listens at.
	pub const fn address(&self) -> SocketAddr {
		self.address
	}

	/// Answers requests as long as the supervisor lives.
	pub fn run_under(self, supervisor: &mut Supervisor) {
		let server = Arc::new(self);
		let policy = Policy::Restart(Backoff::new(FIRST_PAUSE, LONGEST_PAUSE));
		supervisor.spawn("metrics", policy, move || run(server.clone()));
	}

	/// Answers requests as long as it is polled.
	async fn run(&self) -> Infallible {
		let mut tasks = JoinSet::new();
		let mut connections: VecDeque<AbortHandle> = VecDeque::new();
		loop {
			let stream = match self.listener.accept().await {
				Ok((stream, _)) => stream,
				Err(error) => {
					tracing::debug!("no connection for metrics: {error}");
					sleep(ACCEPT_PAUSE).await;
					continue;
				},
			};
			while tasks.try_join_next().is_some() {}
			connections.retain(|connection| !connection.is_finished());
			if connections.len() >= self.limits.connections {
				if let Some(oldest) = connections.pop_front() {
					oldest.abort();
				}
			}
			connections.push_back(tasks.spawn(answer(stream, self.pages.clone(), self.limits)));
		}
	}
}

async fn run(server: Arc<Server>) -> Result<(), Infallible> {
	match server.run().await {}
}

/// Answers one request.
async fn answer(stream: TcpStream, pages: Arc<Pages>, limits: Limits) {
	let service = service_fn(move |request: Request<Incoming>| {
		let pages = pages.clone();
		async move { Ok::<_, Infallible>(pages.response(request.method(), request.uri().path())) }
	});
	let connection = http1::Builder::new()
		.timer(TokioTimer::new())
		.header_read_timeout(limits.request)
		.max_buf_size(MAX_REQUEST)
		.max_headers(MAX_HEADERS)
		.keep_alive(false)
		.serve_connection(TokioIo::new(stream), service);
	match timeout(limits.connection, connection).await {
		Ok(Ok(())) => {},
		Ok(Err(error)) => tracing::debug!("a request for metrics failed: {error}"),
		Err(_) => tracing::debug!("a request for metrics took too long"),
	}
}

impl Pages {
	fn response(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
		if !matches!(*method, Method::GET | Method::HEAD) {
			let body = "only GET and HEAD are answered\n".into();
			let mut response = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, body);
			response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
			return response;
		}
		match path {
			"/metrics" => self.metrics(),
			"/healthz" => self.liveness(),
			"/readyz" => self.readiness(),
			_ => {
				let body = "there are /metrics, /healthz and /readyz\n".into();
				page(StatusCode::NOT_FOUND, TEXT, body)
			},
		}
	}

	fn metrics(&self) -> Response<Full<Bytes>> {
		self.health.show(|name, is_met| {
			self.conditions.with_label_values(&[name]).set(i64::from(is_met));
		});
		match self.metrics.text() {
			Ok(text) => page(StatusCode::OK, METRICS, text),
			Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
		}
	}

	fn liveness(&self) -> Response<Full<Bytes>> {
		match self.health.stands_still() {
			None => page(StatusCode::OK, TEXT, "alive\n".into()),
			Some(gone) => {
				let text = format!("the main loop has made no turn for {} s\n", gone.as_secs());
				page(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
			},
		}
	}

	fn readiness(&self) -> Response<Full<Bytes>> {
		let lines = self.health.unmet_as_lines();
		if lines.is_empty() {
			page(StatusCode::OK, TEXT, "ready\n".into())
		} else {
			page(StatusCode::SERVICE_UNAVAILABLE, JSON_LINES, lines)
		}
	}
}

fn page(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
	let mut response = Response::new(Full::new(Bytes::from(body)));
	*response.status_mut() = status;
	let headers = response.headers_mut();
	headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
	headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
	response
}

#[cfg(test)]
mod tests;
