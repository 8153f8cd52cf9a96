// SPDX-License-Identifier: Apache-2.0
//! The service without a chain: how it starts and fails, and what its errors mean.

use super::*;
use crate::config::Transfers;
use pvs_client::{keys, Endpoint, PalletError};

fn config(dir: &tempfile::TempDir) -> Config {
	let (urls, timeout) = (vec!["ws://127.0.0.1:1".into()], Duration::from_secs(5));
	let key = Arc::new(keys::from_development_path("//Alice").unwrap());
	let genesis = pvs_rollup::demo::genesis();
	Config::new(Endpoint::Urls { urls, timeout }, key, 0, genesis, dir.path().into())
}

/// A program that embeds the service runs it as a task, so it must be one that can move between threads.
#[tokio::test]
async fn service_should_fail_clearly_when_no_node_answers() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	let running = tokio::spawn(run(config(&dir), reporter, Stop::never()));
	let error = running.await.unwrap().unwrap_err();
	assert!(error.to_string().contains("no node answers at ws://127.0.0.1:1"), "{error}");
	assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written before");
}

#[tokio::test]
async fn service_should_say_where_its_metrics_are_before_a_node_answers() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, mut events) = Reporter::channel(SERVICE, 1);
	let config = Config { metrics: Some(([127, 0, 0, 1], 0).into()), ..config(&dir) };
	run(config, reporter, Stop::never()).await.unwrap_err();
	let Report::ServesMetrics { address } = events.recv().await.unwrap().event else { panic!() };
	assert_ne!(address.port(), 0);
}

#[tokio::test]
async fn metrics_should_be_kept_where_the_embedding_program_keeps_its_own() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	let registry = Metrics::new(SERVICE).unwrap();
	let config = Config { registry: Some(registry.clone()), ..config(&dir) };
	run(config, reporter, Stop::never()).await.unwrap_err();
	let text = registry.text().unwrap();
	assert!(text.contains("pvs_sequencer_transfers_accepted_total 0"), "{text}");
}

#[tokio::test]
async fn transfers_of_its_own_should_be_refused_when_the_rollup_is_not_the_demo() {
	let dir = tempfile::tempdir().unwrap();
	let (reporter, _events) = Reporter::channel(SERVICE, 1);
	let transfers = Some(Transfers { per_second: 1, seed: 0 });
	let demo = Config { transfers, ..config(&dir) };
	let mut other = demo.clone();
	other.genesis.accounts.pop();
	let error = run(other, reporter.clone(), Stop::never()).await.unwrap_err();
	assert!(matches!(error, SequencerError::NotDemo { .. }), "{error}");
	assert!(error.to_string().contains("`transfers`"), "{error}");
	let error = run(demo, reporter, Stop::never()).await.unwrap_err();
	assert!(error.to_string().contains("no node answers"), "{error}");
}

/// Dropping the service waits for no commit, and frees the connection too.
#[tokio::test]
async fn commit_should_break_off_when_the_service_is_dropped() {
	let (sender, dropped) = tokio::sync::oneshot::channel::<()>();
	let mut commit = Committing::new();
	commit.spawn(async move {
		let _held = sender;
		pending().await
	});
	tokio::task::yield_now().await;
	drop(commit);
	let ended = tokio::time::timeout(Duration::from_secs(60), dropped).await;
	ended.expect("what it held is free").unwrap_err();
}

#[test]
fn commit_should_be_free_when_the_pool_of_the_node_refused_it() {
	let (call, reason) = ("commit_batch", String::new());
	for free in [
		SubmitError::Refused { call, reason: reason.clone() },
		SubmitError::CannotPay { call, account: String::new() },
	] {
		assert!(is_free(&free.into()));
	}
	let (error, name) = (Some(PalletError::NotSequencer), "Pvs::NotSequencer".into());
	for other in [
		SubmitError::Failed { call, error, name, explanation: reason.clone() },
		SubmitError::Unknown { call, seconds: 12, reason },
	] {
		assert!(!is_free(&other.into()));
	}
	assert!(!is_free(&SequencerError::UnknownRollup(0)));
}

#[test]
fn only_what_another_answer_cures_should_be_waited_for() {
	let away = Error::StreamEnded { url: "ws://here".into() };
	for passing in [SequencerError::UnknownRollup(0), away.into()] {
		assert!(can_pass(&passing), "{passing}");
	}
	let foreign = Error::OtherChain { url: "ws://here".into() };
	for lasting in [foreign.into(), SequencerError::NoFeeAccount(3)] {
		assert!(!can_pass(&lasting), "{lasting}");
	}
}

#[test]
fn data_that_cannot_be_read_should_not_end_the_service() {
	let (rollup, index, block) = (0, 4, 9);
	for error in [
		ReplicaError::NoDigest { rollup, index }.into(),
		Error::NoDigest { rollup, index, block }.into(),
		Error::NoBatchData { rollup, index, block, extrinsic: 2 }.into(),
	] {
		assert!(is_about_data(&error) && !can_pass(&error), "{error}");
	}
	let pruned: SequencerError = Error::NoBody { url: "ws://here".into(), block }.into();
	assert!(!is_about_data(&pruned) && can_pass(&pruned), "another node may have it");
}
