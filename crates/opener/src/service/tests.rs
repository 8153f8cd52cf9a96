// SPDX-License-Identifier: Apache-2.0
//! The service without a chain: how it starts, fails and ends.

use super::*;

fn config(dir: &tempfile::TempDir) -> Config {
	Config {
		connect: Endpoint::Urls {
			urls: vec!["ws://127.0.0.1:1".into()],
			timeout: Duration::from_secs(5),
		},
		key: Arc::new(pvs_client::keys::from_development_path("//Ferdie").unwrap()),
		threads: 1,
		nice: 0,
		min_profit: Amount::Planck(0),
		cost: None,
		state_dir: dir.path().into(),
		reconnect_for: 0,
		metrics: None,
		registry: None,
	}
}

/// The node runs the service as a task, so it must be one that can move between threads.
#[tokio::test]
async fn service_should_fail_clearly_when_no_node_answers() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	let running = tokio::spawn(run(config(&dir), reporter, Stop::never()));
	let error = running.await.unwrap().unwrap_err();
	assert!(error.to_string().contains("no node answers at ws://127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn service_should_say_where_its_metrics_are_before_a_node_answers() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, mut events) = Reporter::channel(SERVICE, 1);
	let any = SocketAddr::from(([127, 0, 0, 1], 0));
	let config = Config { metrics: Some(any), ..config(&dir) };
	run(config, reporter, Stop::never()).await.unwrap_err();
	let Report::ServesMetrics { address } = events.recv().await.unwrap().event else { panic!() };
	assert_ne!(address.port(), 0);
}

#[tokio::test]
async fn service_should_name_the_address_for_metrics_when_it_is_taken() {
	let dir = tempfile::tempdir().unwrap();
	let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
	let address = taken.local_addr().unwrap();
	let config = Config { metrics: Some(address), ..config(&dir) };
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	let error = run(config, reporter, Stop::never()).await.unwrap_err();
	assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn service_should_end_without_a_node_when_it_is_asked_to_stop() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	// Accepts connections and never says anything.
	let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
	let url = format!("ws://{}", silent.local_addr().unwrap());
	let connect = Endpoint::Urls { urls: vec![url], timeout: Duration::from_secs(3_600) };
	let (stopper, stop) = pvs_service::shutdown::stop(Duration::ZERO);
	stopper.request();
	let config = Config { connect, ..config(&dir) };
	assert_eq!(run(config, reporter, stop).await.unwrap(), Summary::default());
}

#[test]
fn account_should_afford_an_opening_only_when_it_has_its_cost() {
	let key = pvs_client::keys::from_development_path("//Ferdie").unwrap();
	let afford = |free, cost| afford(Account::of(&key), free, cost, &Token::default());
	assert!(afford(5, 5).is_ok());
	assert!(afford(4, 5).unwrap_err().to_string().contains("send it some tokens"));
	assert!(afford(0, 0).is_err(), "an account without anything pays nothing");
}
