// SPDX-License-Identifier: Apache-2.0

mod connections;

use super::{server::MAX_REQUEST_BYTES, *};
use crate::{
	core::{Heads, Upkeep},
	journal::Identity,
	link::{Link, LinkError},
	load::{load, Load},
	pool::{hash_of, Limits},
	SERVICE,
};
use pvs_rollup::{demo, shape::TRANSFER_BYTES, state::State, transfer::Transfer};
use pvs_service::Metrics;
use std::{
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	time::Duration,
};

const LIMITS: Limits = Limits {
	total: 3,
	per_account: 2,
	max_gap: 4,
	min_fee: 1,
	min_opening_fee: 5,
	max_age: 60_000,
};
const UPKEEP: Upkeep = Upkeep { save_every: 8, compact_records: 1_000 };
/// Longer than any test.
const LONG: Duration = Duration::from_secs(3_600);
const CONNECTIONS: ConnectionLimits =
	ConnectionLimits { total: 16, per_address: 16, idle: LONG, idle_socket: LONG };

struct World {
	shared: Shared,
	link: Link,
	address: SocketAddr,
	server: Server,
	accepted: IntCounter,
	dir: tempfile::TempDir,
}

impl World {
	/// A server whose chain stands at its first state.
	async fn new() -> Self {
		Self::with(CONNECTIONS).await
	}

	async fn with(limits: ConnectionLimits) -> Self {
		let dir = tempfile::tempdir().unwrap();
		let genesis = State::from_genesis(&demo::genesis()).unwrap();
		let root = genesis.root();
		let identity = Identity { rollup: 0, rollup_genesis: root, chain_genesis: [9; 32] };
		let (mut core, _) =
			Core::open(dir.path(), identity, genesis, demo::FEE_ACCOUNT, LIMITS, UPKEEP).unwrap();
		let heads = Heads {
			best: 7,
			finalized: 5,
			final_root: root,
			next_index: 0,
			tip_root: root,
			cursor: 6,
			commits: Vec::new(),
		};
		core.follow(heads).unwrap();
		let shared = Shared::new(core);
		let options = Options { listen: ([127, 0, 0, 1], 0).into(), hosts: vec![], limits };
		let metrics = Metrics::new(SERVICE).unwrap();
		let accepted = metrics.counter("accepted_total", "Accepted").unwrap();
		let server = start(shared.clone(), &options, accepted.clone()).await.unwrap();
		let address = server.address();
		let link = Link::connect(&format!("ws://{address}")).await.unwrap();
		Self { shared, link, address, server, accepted, dir }
	}

	/// The code and the text of a refusal.
	async fn refused(&self, method: &'static str, params: &[(&str, Value)]) -> (i32, String) {
		let before = self.shared.core().pool().len();
		let refused = match self.link.call(method, params).await {
			Err(LinkError::Refused { code, text }) => (code, text),
			other => panic!("{method} {params:?}: {other:?}"),
		};
		assert_eq!(self.shared.core().pool().len(), before);
		refused
	}

	async fn refused_transfer(&self, transfer: Value) -> (i32, String) {
		self.refused("rollup_submitTransfer", &[("transfer", transfer)]).await
	}

	/// Sends raw HTTP and returns the answer.
	async fn http(&self, head: &str, body: &str) -> String {
		let (address, length) = (self.address, body.len());
		let request = format!(
			"{head}\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
		);
		tokio::task::spawn_blocking(move || {
			let mut stream = TcpStream::connect(address).unwrap();
			// The server may answer, and close, before it has read everything.
			let _ = stream.write_all(request.as_bytes());
			let mut answer = Vec::new();
			let _ = stream.read_to_end(&mut answer);
			String::from_utf8_lossy(&answer).into_owned()
		})
		.await
		.unwrap()
	}
}

fn plain(from: u32, nonce: u32) -> Transfer {
	Transfer { from, to: 15, amount: 10, fee: 5, nonce, new_key: None }
}

fn sign(transfer: Transfer) -> SignedTransfer {
	transfer.sign(&demo::secret_key(transfer.from))
}

fn encoded(transfer: Transfer) -> Value {
	types::hex(sign(transfer).encode()).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_should_be_taken_as_bytes_and_as_fields() {
	let world = World::new().await;
	world.link.submit(&sign(plain(0, 0))).await.unwrap();
	let key = Some(demo::secret_key(99).public_key());
	let signed = sign(Transfer { to: 99, new_key: key, ..plain(1, 0) });
	let fields = serde_json::to_value(types::TransferFields::from(&signed)).unwrap();
	assert_eq!(fields["amount"], "10");
	let answer = world.link.call("rollup_submitTransfer", &[("transfer", &fields)]).await.unwrap();
	assert_eq!(answer["hash"], types::hex(hash_of(&signed)));
	// By place, with a number instead of a string, over HTTP.
	let mut fields = serde_json::to_value(types::TransferFields::from(&sign(plain(0, 1)))).unwrap();
	fields["amount"] = 10.into();
	let call =
		json!({ "jsonrpc": "2.0", "id": 1, "method": "rollup_submitTransfer", "params": [fields] });
	let head = "POST / HTTP/1.1\r\ncontent-type: application/json";
	let answer = world.http(head, &call.to_string()).await;
	assert!(answer.contains(&types::hex(hash_of(&sign(plain(0, 1))))), "{answer}");
	let hashes = [hash_of(&signed), [1; 32]];
	let statuses = world.link.statuses(&hashes).await.unwrap();
	assert_eq!(
		(&statuses[0]["status"], &statuses[1]["status"]),
		(&json!("pending"), &json!("unknown"))
	);
	let account = world.link.call("rollup_account", &[("index", 0)]).await.unwrap();
	assert_eq!((&account["next_nonce"], &account["waiting"]), (&json!(2), &json!(2)));
	assert_eq!(account["final"]["balance"], demo::BALANCE.to_string());
	let info = world.link.call::<u8>("rollup_info", &[]).await.unwrap();
	assert_eq!((&info["pool"]["waiting"], &info["best_block"]), (&json!(3), &json!(7)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_should_be_refused_with_a_code_of_their_own_and_the_state_stay() {
	let world = World::new().await;
	world.link.submit(&sign(plain(0, 0))).await.unwrap();
	let max = u64::MAX;
	let key = Some(demo::secret_key(99).public_key());
	let mut forged = sign(plain(1, 0)).encode();
	forged[8] ^= 1;
	let mut response = sign(plain(1, 0)).encode();
	response[TRANSFER_BYTES - 32..].fill(0xff);
	let mut bad_key = sign(Transfer { to: 99, new_key: key, ..plain(1, 0) }).encode();
	bad_key[24..56].fill(0xff);
	let bytes = |bytes: &[u8]| Value::from(types::hex(bytes));
	for (transfer, code, said) in [
		("00".into(), 1001, "0x"),
		("0xzz".into(), 1001, "transfer"),
		("0x0".into(), 1001, "transfer"),
		(bytes(&forged[1..]), 1002, "104 bytes, got 103"),
		(bytes(&[&forged[..], &[0]].concat()), 1002, "got 105"),
		(bytes(&[0; TRANSFER_BYTES]), 1003, "no-op"),
		(bytes(&response), 1004, "subgroup order"),
		(bytes(&bad_key), 1005, "field modulus"),
		(
			encoded(Transfer { to: 1 << 16, ..plain(1, 0) }),
			1010,
			"to: account 65536 is not below 65536",
		),
		(encoded(Transfer { to: 1, ..plain(1, 0) }), 1011, "pays itself"),
		(encoded(plain(77, 0)), 1012, "from: account 77"),
		(encoded(Transfer { to: 99, ..plain(1, 0) }), 1013, "new_key"),
		(encoded(Transfer { new_key: key, ..plain(1, 0) }), 1014, "account 15 exists"),
		(encoded(plain(1, 5)), 1021, "at most 4"),
		(encoded(plain(1, u32::MAX)), 1022, "all its nonces"),
		(encoded(Transfer { fee: 0, ..plain(1, 0) }), 1030, "below 1"),
		(encoded(Transfer { amount: demo::BALANCE, ..plain(1, 0) }), 1031, "1000000000"),
		(encoded(Transfer { amount: max, ..plain(1, 0) }), 1032, "receiver's balance"),
		(encoded(Transfer { amount: 11, ..plain(0, 0) }), 1033, "at least 6"),
		(encoded(plain(0, 0)), 1035, "waiting already"),
		(
			encoded(Transfer { to: 99, new_key: key, fee: 4, ..plain(1, 0) }),
			1036,
			"opening an account",
		),
		(bytes(&forged), 1040, "signature"),
	] {
		let (found, text) = world.refused_transfer(transfer.clone()).await;
		assert!(found == code && text.contains(said), "{transfer}: {found} {text}");
	}
	world.link.submit(&sign(plain(0, 1))).await.unwrap();
	assert_eq!(world.refused_transfer(encoded(plain(0, 2))).await.0, 1050);
	world.link.submit(&sign(plain(1, 0))).await.unwrap();
	assert_eq!(world.refused_transfer(encoded(plain(2, 0))).await.0, 1051);
	let core = world.shared.core();
	assert_eq!(core.tip().root(), State::from_genesis(&demo::genesis()).unwrap().root());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_should_be_refused_with_their_names() {
	let world = World::new().await;
	let honest = serde_json::to_value(types::TransferFields::from(&sign(plain(0, 0)))).unwrap();
	let with = |field: &str, value: Value| {
		let mut fields = honest.clone();
		fields[field] = value;
		fields
	};
	let mut without = honest.clone();
	without.as_object_mut().unwrap().remove("fee");
	for (fields, code, said) in [
		(without, -32602, "missing field `fee`"),
		(with("color", 1.into()), -32602, "unknown field `color`"),
		(with("amount", (-1).into()), -32602, "whole number"),
		(with("amount", "-1".into()), -32602, "0 to 2^64 - 1"),
		(with("amount", "+1".into()), -32602, "0 to 2^64 - 1"),
		(with("amount", "18446744073709551616".into()), -32602, "0 to 2^64 - 1"),
		(with("nonce", 4_294_967_296_u64.into()), -32602, "0 to 2^32 - 1"),
		(with("amount", 1.5.into()), -32602, "whole number"),
		(with("signature", "0x00".into()), 1001, "signature: it is not 48 bytes"),
		(with("signature", format!("0x{}", "ff".repeat(48)).into()), 1004, "subgroup order"),
		(with("new_key", "12".into()), 1001, "new_key: it does not start with 0x"),
		(with("new_key", format!("0x{}", "00".repeat(32)).into()), 1005, "the key is zero"),
		(json!([1, 2]), -32602, "transfer"),
		(Value::Null, -32602, "transfer"),
	] {
		let (found, text) = world.refused_transfer(fields.clone()).await;
		assert!(found == code && text.contains(said), "{fields}: {found} {text}");
	}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_requests_should_be_refused_with_what_is_wrong() {
	let world = World::new().await;
	for (method, params, code, said) in [
		("rollup_account", vec![("index", json!(65_536))], 1010, "not below 65536"),
		("rollup_account", vec![("index", json!("1"))], -32602, "index: expected a whole number"),
		("rollup_account", vec![], -32602, "missing field `index`"),
		(
			"rollup_account",
			vec![("index", json!(1)), ("at", json!(1))],
			-32602,
			"unknown field `at`",
		),
		("rollup_accountProof", vec![("index", json!(70_000))], 1010, "not below"),
		(
			"rollup_accountProof",
			vec![("index", json!(1)), ("root", json!("0x12"))],
			-32602,
			"root: ",
		),
		(
			"rollup_accountProof",
			vec![("index", json!(1)), ("root", json!(types::hex([5; 32])))],
			1070,
			"the newest final one is 0x",
		),
		(
			"rollup_transferStatus",
			vec![("hash", json!("0x12"))],
			-32602,
			"hash: it is not 32 bytes",
		),
		("rollup_batch", vec![("index", json!(0))], 1071, "batch 0 is not kept"),
		("rollup_info", vec![("x", json!(0))], -32602, "unknown field"),
		("rollup_none", vec![], -32601, "Method not found"),
	] {
		let (found, text) = world.refused(method, &params).await;
		assert!(found == code && text.contains(said), "{method}: {found} {text}");
	}
}

/// As they are written, since not every JSON reader keeps such numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn index_should_be_refused_with_its_limit_however_it_is_written() {
	let world = World::new().await;
	let head = "POST / HTTP/1.1\r\ncontent-type: application/json";
	let places = "is not below 65536, the number of places in the tree";
	for (method, index, code, said) in [
		("rollup_account", "4294967296", 1010, places),
		("rollup_account", "-1", -32602, "index: -1 is no whole number below 65536"),
		("rollup_account", "1.0", -32602, "index: 1.0 is no whole number below 65536"),
		("rollup_account", "1e2", -32602, "is no whole number below 65536"),
		("rollup_account", "18446744073709551616", -32602, "is no whole number below 65536"),
		("rollup_account", "null", -32602, "index: expected a whole number below 65536"),
		("rollup_accountProof", "4294967296", 1010, places),
		("rollup_accountProof", "-1", -32602, "index: -1 is no whole number below 65536"),
		("rollup_batch", "-1", -32602, "index: -1 is no whole number below 2^64"),
		("rollup_batch", "18446744073709551615", 1071, "batch 18446744073709551615 is not kept"),
	] {
		let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":[{index}]}}"#);
		let answer = world.http(head, &call).await;
		assert!(answer.contains(&format!("\"code\":{code},")), "{method} {index}: {answer}");
		assert!(answer.contains(said), "{method} {index}: {answer}");
	}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_should_be_refused_when_they_are_malformed_or_too_large() {
	let world = World::new().await;
	let head = "POST / HTTP/1.1\r\ncontent-type: application/json";
	let answer = world.http(head, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method").await;
	assert!(answer.contains("-32700"), "{answer}");
	// A web page cannot send JSON elsewhere without being allowed to.
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"rollup_info"}"#;
	let answer = world.http("POST / HTTP/1.1\r\ncontent-type: text/plain", call).await;
	assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
	let large = format!(
		r#"{{"jsonrpc":"2.0","id":1,"method":"rollup_submitTransfer","params":["0x{}"]}}"#,
		"0".repeat(MAX_REQUEST_BYTES as usize)
	);
	let answer = world.http(head, &large).await;
	assert!(answer.contains("413") || answer.contains("-32007"), "{answer}");
	let hashes = vec![[0; 32]; MAX_CALLS as usize];
	assert_eq!(world.link.statuses(&hashes).await.unwrap().len(), hashes.len());
	let calls = vec![call; MAX_CALLS as usize + 1].join(",");
	let answer = world.http(head, &format!("[{calls}]")).await;
	assert!(answer.contains("-32010"), "{answer}");
	assert_eq!(world.shared.core().pool().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proof_should_hold_under_its_root_and_not_when_changed() {
	let world = World::new().await;
	for (index, has_account) in [(3, true), (60_000, false)] {
		let answer = world.link.call("rollup_accountProof", &[("index", index)]).await.unwrap();
		assert_eq!(
			(&answer["final"], answer["proof"]["account"].is_object()),
			(&json!(true), has_account)
		);
		let root = types::bytes_from_hex(answer["root"].as_str().unwrap()).unwrap();
		let proof = types::membership_from(&answer["proof"]).unwrap();
		proof.verify(demo::SHAPE, &root).unwrap();
		let mut changed = answer["proof"].clone();
		changed["path"][0][0] = types::hex([1; 32]).into();
		let changed = types::membership_from(&changed).unwrap();
		assert!(changed.verify(demo::SHAPE, &root).is_err());
	}
}

/// Finding R10 at a sequencer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_should_be_refused_and_questions_answered_when_the_disk_is_full() {
	let world = World::new().await;
	world.link.submit(&sign(plain(0, 0))).await.unwrap();
	world.shared.core().fill_disk(true);
	let (code, text) = world.refused_transfer(encoded(plain(1, 0))).await;
	assert!(code == 1062 && text.contains("disk of the sequencer is full"), "{code} {text}");
	let statuses = world.link.statuses(&[hash_of(&sign(plain(0, 0)))]).await.unwrap();
	assert_eq!(statuses[0]["status"], "pending");
	let health = world.link.call::<u8>("rollup_health", &[]).await.unwrap();
	assert!(health["problem"].as_str().unwrap().contains("is full"), "{health}");
	world.shared.core().fill_disk(false);
	world.shared.core().look_for_room().unwrap();
	world.link.submit(&sign(plain(1, 0))).await.unwrap();
	let health = world.link.call::<u8>("rollup_health", &[]).await.unwrap();
	assert_eq!(health["healthy"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_should_name_the_problem_while_there_is_one() {
	let world = World::new().await;
	let health = world.link.call::<u8>("rollup_health", &[]).await.unwrap();
	assert_eq!(health, json!({ "healthy": true, "problem": null }));
	world.shared.set_problem(Some("no node".into()));
	let health = world.link.call::<u8>("rollup_health", &[]).await.unwrap();
	assert_eq!(health, json!({ "healthy": false, "problem": "no node" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_should_be_told_to_monitors_with_its_status() {
	let world = World::new().await;
	let answer = world.http("GET /health HTTP/1.1", "").await;
	assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
	assert!(answer.contains("{\"healthy\":true,\"problem\":null}"), "{answer}");
	world.shared.set_problem(Some("no node".into()));
	let answer = world.http("GET /health HTTP/1.1", "").await;
	assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
	assert!(answer.contains("no node"), "{answer}");
}

/// Finding R6: pages of any host could ask, and under any name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_should_be_refused_when_a_foreign_page_sends_it() {
	let world = World::new().await;
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"rollup_info"}"#;
	let post = |more: &str| format!("POST / HTTP/1.1\r\ncontent-type: application/json{more}");
	let answer = world.http(&post("\r\norigin: http://localhost:3000"), call).await;
	assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
	let foreign = "\r\norigin: https://evil.example";
	let upgrade = "GET / HTTP/1.1\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
	               sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==";
	for (head, body) in [
		(post(foreign), call),
		(format!("{upgrade}{foreign}"), ""),
		(format!("GET /health HTTP/1.1{foreign}"), ""),
	] {
		let answer = world.http(&head, body).await;
		assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
		assert!(answer.contains("--allow-host"), "{answer}");
	}
}

/// Two accounts, of which one opens a third for more than its own fees would be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_should_send_what_it_should_and_say_what_is_not_final() {
	let world = World::new().await;
	let accepted = world.dir.path().join("accepted");
	let args = Load {
		rpc: format!("ws://{}", world.address),
		json: false,
		accounts: 2,
		count: 3,
		rate: 100.0,
		open: 1,
		in_flight: 8,
		min_fee: 1,
		max_fee: 2,
		seed: None,
		timeout: 2,
		accepted: Some(accepted.clone()),
	};
	let error = load(args, &()).await.unwrap_err().to_string();
	assert!(error.starts_with("3 of 3 accepted transfers are not final after 2 s"), "{error}");
	assert_eq!(std::fs::read_to_string(accepted).unwrap().lines().count(), 3);
	let core = world.shared.core();
	let sent = core.pool().entries();
	let openings = sent.iter().filter(|entry| entry.signed.transfer.new_key.is_some());
	assert_eq!(openings.map(|entry| entry.signed.transfer.fee).collect::<Vec<_>>(), [5]);
	assert_eq!(sent.iter().map(|entry| entry.signed.transfer.from).sum::<u32>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submissions_at_the_same_time_should_each_get_their_own_answer() {
	let world = World::new().await;
	let (first, second, forged) =
		(sign(plain(0, 0)), sign(plain(1, 0)), plain(2, 0).sign(&demo::secret_key(3)));
	let (first, second, forged) = tokio::join!(
		world.link.submit(&first),
		world.link.submit(&second),
		world.link.submit(&forged)
	);
	assert!(first.is_ok() && second.is_ok());
	assert!(matches!(forged, Err(LinkError::Refused { code: 1040, .. })));
	assert_eq!(world.accepted.get(), 2);
	world.server.stop().await;
	let error = world.link.call::<u8>("rollup_info", &[]).await.unwrap_err();
	assert!(matches!(error, LinkError::Unreachable { .. }), "{error}");
}
