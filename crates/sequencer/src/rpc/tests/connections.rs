// SPDX-License-Identifier: Apache-2.0
//! Finding R6: connections that say nothing locked everybody out.

use super::*;
use jsonrpsee::ws_client::WsClientBuilder;
use tokio::{net::TcpSocket, time::timeout};

/// Time that anything may take, on a busy machine too.
const WAIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// Longer than a client of this machine takes to send a request.
const BRIEF: Duration = Duration::from_secs(2);
const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

/// A connection from an address of this machine.
async fn connect(from: [u8; 4], to: SocketAddr) -> TcpStream {
	let socket = TcpSocket::new_v4().unwrap();
	socket.bind((from, 0).into()).unwrap();
	let stream = socket.connect(to).await.unwrap().into_std().unwrap();
	stream.set_nonblocking(false).unwrap();
	stream.set_read_timeout(Some(WAIT)).unwrap();
	stream
}

/// Returns what the server says to somebody who sends this, until it closes the connection.
async fn told(mut stream: TcpStream, request: &'static str) -> String {
	let talk = move || {
		let _ = stream.write_all(request.as_bytes());
		let mut answer = Vec::new();
		let _ = stream.read_to_end(&mut answer);
		String::from_utf8_lossy(&answer).into_owned()
	};
	tokio::task::spawn_blocking(talk).await.unwrap()
}

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_should_be_refused_when_its_address_has_too_many_and_others_be_served() {
	let world = World::with(ConnectionLimits { per_address: 2, ..CONNECTIONS }).await;
	// The other one is the world's own.
	let second = connect(HERE, world.address).await;
	let refused = told(connect(HERE, world.address).await, "").await;
	assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
	assert!(refused.contains("--max-connections-per-address"), "{refused}");
	let served = told(connect(ELSEWHERE, world.address).await, HEALTH).await;
	assert!(served.starts_with("HTTP/1.1 200"), "{served}");
	world.link.call::<u8>("rollup_info", &[]).await.unwrap();
	drop(second);
	let served = async {
		while !told(connect(HERE, world.address).await, HEALTH).await.starts_with("HTTP/1.1 200") {
			tokio::time::sleep(POLL).await;
		}
	};
	timeout(WAIT, served).await.expect("the place is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_should_be_refused_when_there_are_too_many_in_all() {
	let world = World::with(ConnectionLimits { total: 2, ..CONNECTIONS }).await;
	let _second = connect(HERE, world.address).await;
	let refused = told(connect(ELSEWHERE, world.address).await, "").await;
	assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
	assert!(refused.contains("all 2 connections"), "{refused}");
}

/// The client answers pings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_socket_should_be_closed_when_no_request_comes_over_it() {
	let limits = ConnectionLimits { per_address: 2, idle_socket: BRIEF, ..CONNECTIONS };
	let world = World::with(limits).await;
	let client = WsClientBuilder::default().build(format!("ws://{}", world.address)).await.unwrap();
	timeout(WAIT, client.on_disconnect()).await.expect("it is closed");
	let served = world.http("GET /health HTTP/1.1", "").await;
	assert!(served.starts_with("HTTP/1.1 200"), "its place is free: {served}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_should_be_closed_when_no_request_comes_at_all() {
	let world = World::with(ConnectionLimits { idle: BRIEF, ..CONNECTIONS }).await;
	let silent = connect(HERE, world.address).await;
	assert_eq!(told(silent, "").await, "");
	let half = connect(HERE, world.address).await;
	assert!(!told(half, "POST / HTTP/1.1\r\nhost: localhost\r\n").await.contains("200 OK"));
	world.link.call::<u8>("rollup_info", &[]).await.expect("a WebSocket has a time of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_and_directory_should_be_free_when_the_server_has_stopped() {
	let world = World::new().await;
	let _idle = connect(HERE, world.address).await;
	world.server.stop().await;
	tokio::net::TcpListener::bind(world.address).await.unwrap();
	drop(world.shared);
	pvs_files::Lock::take(world.dir.path()).expect("the data directory is free too");
}

/// As an embedding program does that ends the service at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_and_directory_should_be_free_when_the_server_is_dropped() {
	let World { shared, link, address, server, dir, .. } = World::new().await;
	let _idle = connect(HERE, address).await;
	drop((server, shared));
	let free = async {
		while tokio::net::TcpListener::bind(address).await.is_err()
			|| pvs_files::Lock::take(dir.path()).is_err()
		{
			tokio::time::sleep(POLL).await;
		}
	};
	timeout(WAIT, free).await.expect("nothing is held any more");
	assert!(link.call::<u8>("rollup_info", &[]).await.is_err());
}
