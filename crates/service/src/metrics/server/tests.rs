// SPDX-License-Identifier: Apache-2.0
//! The server is asked over real sockets, by clients that behave and by clients that do not.

use super::*;
use std::{
	io::{ErrorKind, Read, Write},
	net::TcpStream as Client,
	time::Instant,
};

const LONG: Duration = Duration::from_secs(3_600);
/// Time that a client waits, on a busy machine too.
const WAIT: Duration = Duration::from_secs(30);

const QUICK: Limits = Limits {
	connections: 4,
	request: Duration::from_millis(300),
	connection: Duration::from_millis(1_500),
};

struct World {
	address: SocketAddr,
	metrics: Metrics,
	health: Health,
}

/// A server whose main loop makes its turns in time.
async fn world(limits: Limits) -> World {
	world_of(limits, Health::new(LONG)).await
}

async fn world_of(limits: Limits, health: Health) -> World {
	let metrics = Metrics::new("pvs-sample").unwrap();
	let any = SocketAddr::from(([127, 0, 0, 1], 0));
	let mut server = Server::bind(any, metrics.clone(), health.clone()).await.unwrap();
	server.limits = limits;
	let address = server.address();
	tokio::spawn(async move { server.run().await });
	World { address, metrics, health }
}

impl World {
	fn connect(&self) -> Client {
		let client = Client::connect(self.address).unwrap();
		client.set_read_timeout(Some(WAIT)).unwrap();
		client
	}

	/// Returns what the server answers until it closes the connection.
	fn ask(&self, request: &str) -> String {
		let mut client = self.connect();
		client.write_all(request.as_bytes()).unwrap();
		read(&mut client)
	}

	fn get(&self, path: &str) -> String {
		self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	}
}

fn read(client: &mut Client) -> String {
	let mut text = Vec::new();
	match client.read_to_end(&mut text) {
		Ok(_) => {},
		// The server closes while bytes of the request are still on their way.
		Err(error) if error.kind() == ErrorKind::ConnectionReset => {},
		Err(error) => panic!("the server does not close the connection: {error}"),
	}
	String::from_utf8(text).unwrap()
}

fn body(response: &str) -> &str {
	response.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_should_be_shown_with_the_conditions_of_readiness() {
	let world = world(LIMITS).await;
	world.metrics.counter("opened_total", "Seals opened").unwrap().inc();
	let connected = world.health.condition("connected", "no node");
	let response = world.get("/metrics");
	assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
	assert!(response.contains("text/plain; version=0.0.4"), "{response}");
	assert!(response.contains("connection: close\r\n"), "{response}");
	assert!(body(&response).contains("pvs_sample_opened_total 1\n"), "{response}");
	let shown = |met| format!("pvs_sample_condition_met{{condition=\"connected\"}} {met}\n");
	assert!(body(&response).contains(&shown(0)), "{response}");
	connected.meet();
	assert!(world.get("/metrics").contains(&shown(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_should_be_denied_with_each_reason_until_all_conditions_are_met() {
	let world = world(LIMITS).await;
	let connected = world.health.condition("connected", "no node has answered");
	let moves = world.health.recurring("chain_moves", LONG, "no new block");
	let response = world.get("/readyz");
	assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
	assert!(response.contains("application/x-ndjson"), "{response}");
	let reasons = |response: &str| -> Vec<serde_json::Value> {
		body(response).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
	};
	assert_eq!(reasons(&response).len(), 2);
	connected.meet();
	let left = reasons(&world.get("/readyz"));
	assert_eq!((left.len(), &left[0]["condition"]), (1, &"chain_moves".into()));
	moves.meet();
	assert!(world.get("/readyz").starts_with("HTTP/1.1 200 "));
	let drains = world.health.condition("running", "");
	drains.fail("the service is asked to stop");
	let response = world.get("/readyz");
	assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
	assert_eq!(reasons(&response)[0]["reason"], "the service is asked to stop");
	assert!(world.get("/healthz").starts_with("HTTP/1.1 200 "), "it lives all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn liveness_should_be_denied_when_the_main_loop_stands_still() {
	let limit = Duration::from_millis(1_500);
	let world = world_of(LIMITS, Health::new(limit)).await;
	world.health.turn();
	assert!(world.get("/healthz").starts_with("HTTP/1.1 200 "));
	std::thread::sleep(limit + Duration::from_millis(100));
	let response = world.get("/healthz");
	assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
	assert!(body(&response).contains("has made no turn for"), "{response}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_should_be_refused_when_it_is_of_another_method_or_page() {
	let world = world(LIMITS).await;
	for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
		let length = "Content-Length: 0";
		let request = format!("{method} /metrics HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n");
		let response = world.ask(&request);
		assert!(response.starts_with("HTTP/1.1 405 "), "{method}: {response}");
		assert!(response.contains("allow: GET, HEAD"), "{response}");
	}
	for path in ["/", "/metrics/", "/Metrics", "/../etc/passwd", "/healthz%00"] {
		let response = world.get(path);
		assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
	}
	let response = world.get("/healthz?verbose");
	assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
	let response = world.ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
	assert_eq!(body(&response), "", "only the head was asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_should_be_refused_when_it_is_no_http_or_too_long() {
	let world = world(LIMITS).await;
	for wrong in ["\r\n\r\n\u{1}\r\n\r\n", "hello\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n"] {
		let response = world.ask(wrong);
		assert!(response.starts_with("HTTP/1.1 400 "), "{wrong:?}: {response}");
	}
	let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(MAX_REQUEST));
	let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1));
	let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(2 * MAX_REQUEST));
	for wrong in [long, many, path] {
		let response = world.ask(&wrong);
		assert!(!response.contains(" 200 "), "{response}");
	}
	assert!(world.get("/healthz").starts_with("HTTP/1.1 200 "), "others are answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_should_be_put_out_when_its_request_does_not_come() {
	let world = world(QUICK).await;
	for half in ["", "G", "GET /metrics HTTP/1.1\r\n", "GET /metrics HTTP/1.1\r\nHost: x\r\n"] {
		let started = Instant::now();
		let response = world.ask(half);
		assert!(!response.contains(" 200 "), "{half:?}: {response}");
		assert!(started.elapsed() >= QUICK.request / 2, "{half:?}");
		assert!(started.elapsed() < WAIT, "{half:?}");
	}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_should_be_put_out_when_its_request_comes_byte_by_byte() {
	let world = world(QUICK).await;
	let mut client = world.connect();
	let started = Instant::now();
	let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: yes\r\n".repeat(40);
	for byte in request.bytes() {
		std::thread::sleep(Duration::from_millis(20));
		if client.write_all(&[byte]).is_err() {
			break;
		}
	}
	assert!(started.elapsed() < Duration::from_millis(20) * 2_000, "it was put out");
	assert!(!read(&mut client).contains(" 200 "));
}

/// R6: a hundred idle connections locked everybody out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_should_be_answered_when_others_hold_idle_connections() {
	let patient = Limits { request: LONG, connection: LONG, ..QUICK };
	let world = world(patient).await;
	let mut idle: Vec<Client> = (0..100).map(|_| world.connect()).collect();
	assert!(world.get("/healthz").starts_with("HTTP/1.1 200 "));
	let mut oldest = idle.remove(0);
	assert_eq!(read(&mut oldest), "", "it made room");
	let newest = idle.last_mut().unwrap();
	newest.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
	assert!(read(newest).starts_with("HTTP/1.1 200 "), "the newest are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_should_be_answered_at_the_same_time() {
	let world = Arc::new(world(LIMITS).await);
	let asking: Vec<_> = (0..LIMITS.connections / 2)
		.map(|_| {
			let world = world.clone();
			std::thread::spawn(move || world.get("/healthz"))
		})
		.collect();
	for answer in asking {
		assert!(answer.join().unwrap().starts_with("HTTP/1.1 200 "));
	}
}

#[tokio::test]
async fn address_should_be_named_when_it_is_taken() {
	let world = world(LIMITS).await;
	let metrics = Metrics::new("pvs-sample").unwrap();
	let error = Server::bind(world.address, metrics, Health::new(LONG)).await.unwrap_err();
	let text = error.to_string();
	assert!(text.contains(&format!("cannot serve metrics at {}", world.address)), "{text}");
	assert_eq!(text.lines().count(), 1);
}
