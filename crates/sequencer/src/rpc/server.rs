// SPDX-License-Identifier: Apache-2.0
//! Taking connections, each with a place of its own, and handing their requests to the methods.

use super::{
	guard::Guarding,
	places::{Activity, Connection, ConnectionLimits, Place, Places, Refusal},
	Shared, MAX_CALLS,
};
use jsonrpsee::{
	server::{
		middleware::rpc::RpcServiceT, serve_with_graceful_shutdown, stop_channel,
		BatchRequestConfig, PingConfig, RpcServiceBuilder, ServerBuilder, ServerHandle, StopHandle,
		TowerServiceBuilder,
	},
	types::Request,
	Methods,
};
use std::{
	future::Future,
	io::{self, Write},
	net::SocketAddr,
	pin::pin,
	sync::Arc,
	thread,
	time::Duration,
};
use tokio::{
	net::{TcpListener, TcpStream},
	task::{spawn_blocking, JoinSet},
	time::{sleep, timeout},
};
use tower::{layer::util::Identity, Layer, ServiceBuilder};

/// The largest request, in bytes: a batch of as many calls as are taken at once fits.
pub(super) const MAX_REQUEST_BYTES: u32 = 64 * 1024;
/// The largest response, in bytes.
const MAX_RESPONSE_BYTES: u32 = 1024 * 1024;
/// Interval at which a WebSocket is pinged, and how long its client may say nothing before it is closed.
const PING_EVERY: Duration = Duration::from_secs(20);
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// Time that a connection which is no WebSocket may be open without a request.
pub(crate) const MAX_IDLE: Duration = Duration::from_secs(60);
/// Pause when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time that requests may take that are being answered when the server is stopped.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Address to serve at, and the clients to serve.
#[derive(Clone, Debug)]
pub(crate) struct Options {
	/// The address to listen at. Port 0 takes one that is free.
	pub(crate) listen: SocketAddr,
	/// Names under which it may be reached, beside `localhost` and addresses.
	pub(crate) hosts: Vec<String>,
	pub(crate) limits: ConnectionLimits,
}

/// A server that answers requests, until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Server {
	address: SocketAddr,
	handle: ServerHandle,
	/// One task, which ends with this.
	accepting: JoinSet<()>,
	/// Ends after the methods that hand transfers to it.
	intake: thread::JoinHandle<()>,
}

impl Server {
	/// Starts to answer requests.
	pub(super) fn start(
		listener: TcpListener,
		shared: Shared,
		methods: Methods,
		intake: thread::JoinHandle<()>,
		options: &Options,
	) -> io::Result<Self> {
		let address = listener.local_addr()?;
		let (stop, handle) = stop_channel();
		let limits = options.limits;
		let builder = ServerBuilder::new()
			.max_request_body_size(MAX_REQUEST_BYTES)
			.max_response_body_size(MAX_RESPONSE_BYTES)
			.max_connections(limits.total)
			.max_subscriptions_per_connection(0)
			.set_batch_request_config(BatchRequestConfig::Limit(MAX_CALLS))
			.enable_ws_ping(PingConfig::new().ping_interval(PING_EVERY).inactive_limit(MAX_SILENCE))
			.to_service_builder();
		let guarding = Guarding::new(shared, &options.hosts);
		let door = Door { builder, methods, guarding, limits, stop };
		let mut accepting = JoinSet::new();
		accepting.spawn(door.accept(listener));
		Ok(Self { address, handle, accepting, intake })
	}

	/// Returns where it listens.
	pub(crate) fn address(&self) -> SocketAddr {
		self.address
	}

	/// Waits until it takes no more connections, which it does until it is stopped.
	pub(crate) async fn ended(&mut self) {
		// Whether it returned or panicked is the same to whoever needs it.
		let _ = self.accepting.join_next().await;
	}

	/// Stops it: requests that are being answered have a moment for that. The address is free then, and the core
	/// is not used any more.
	pub(crate) async fn stop(self) {
		let Self { handle, mut accepting, intake, .. } = self;
		let _ = handle.stop();
		let ended = async move {
			let _ = accepting.join_next().await;
			handle.stopped().await;
			let _ = spawn_blocking(move || intake.join()).await;
		};
		// What takes longer is dropped.
		let _ = timeout(STOP_LIMIT, ended).await;
	}
}

/// Everything that is needed for each connection.
struct Door {
	builder: TowerServiceBuilder<Identity, Identity>,
	methods: Methods,
	guarding: Guarding,
	limits: ConnectionLimits,
	stop: StopHandle,
}

impl Door {
	/// Takes connections until the server is stopped, and waits for the last of them.
	async fn accept(self, listener: TcpListener) {
		let places = Places::new(&self.limits);
		let mut connections = JoinSet::new();
		let mut stopped = pin!(self.stop.clone().shutdown());
		loop {
			let accepted = tokio::select! {
				accepted = listener.accept() => accepted,
				() = &mut stopped => break,
			};
			while connections.try_join_next().is_some() {}
			match accepted {
				Ok((stream, from)) => match places.take(from.ip()) {
					Ok(place) => {
						connections.spawn(self.serve(stream, place));
					},
					Err(refusal) => refuse(stream, refusal),
				},
				Err(error) => {
					tracing::debug!("no connection to the RPC: {error}");
					sleep(ACCEPT_PAUSE).await;
				},
			}
		}
		drop(listener);
		while connections.join_next().await.is_some() {}
	}

	/// Answers the requests of a connection.
	fn serve(&self, stream: TcpStream, place: Place) -> impl Future<Output = ()> + Send + 'static {
		let activity = Arc::new(Activity::new(&self.limits));
		let guard = self.guarding.of(Arc::clone(&activity));
		let service = self
			.builder
			.clone()
			.set_http_middleware(ServiceBuilder::new().layer(guard))
			.set_rpc_middleware(RpcServiceBuilder::new().layer(Noting(Arc::clone(&activity))))
			.build(self.methods.clone(), self.stop.clone());
		let stopped = self.stop.clone().shutdown();
		async move {
			// Answers are small, and somebody waits for them.
			let _ = stream.set_nodelay(true);
			let connection = Connection::new(stream, activity, place);
			if let Err(error) = serve_with_graceful_shutdown(connection, service, stopped).await {
				tracing::debug!("a connection to the RPC failed: {error}");
			}
		}
	}
}

/// Says why there is no connection, to whoever has not sent anything yet.
fn refuse(stream: TcpStream, refusal: Refusal) {
	let body = format!("{refusal}\n");
	let answer = format!(
		"HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\
		 connection: close\r\n\r\n{body}",
		body.len()
	);
	if let Ok(mut stream) = stream.into_std() {
		// What the system does not take at once is not waited for.
		let _ = stream.write_all(answer.as_bytes());
	}
}

/// Notes each call as a sign of life of its connection.
#[derive(Clone, Debug)]
struct Noting(Arc<Activity>);

impl<S> Layer<S> for Noting {
	type Service = Noted<S>;

	fn layer(&self, inner: S) -> Noted<S> {
		Noted { inner, activity: Arc::clone(&self.0) }
	}
}

/// Answers calls, and notes them.
#[derive(Clone, Debug)]
struct Noted<S> {
	inner: S,
	activity: Arc<Activity>,
}

impl<'a, S: RpcServiceT<'a>> RpcServiceT<'a> for Noted<S> {
	type Future = S::Future;

	fn call(&self, request: Request<'a>) -> S::Future {
		self.activity.note();
		self.inner.call(request)
	}
}
