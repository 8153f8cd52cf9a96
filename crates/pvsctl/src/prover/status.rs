// SPDX-License-Identifier: Apache-2.0
//! The `status` and `register` commands.

use super::{data_dir, CliError, RegisterArgs, StatusArgs};
use comfy_table::{presets::UTF8_FULL_CONDENSED, Table};
use pvs_client::{Account, Call, Submitter, Token};
use pvs_primitives::{api::ProverInfo, params::WHOLE, Bytes32};
use pvs_prover::History;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Number of rounds that the table shows.
const SHOWN_ROUNDS: usize = 20;
/// Time to wait for a block to take the registration.
const REGISTRATION_WAIT: Duration = Duration::from_secs(30);

/// Shows what the chain and the journal say about a prover.
pub(super) async fn show(args: StatusArgs) -> Result<(), CliError> {
	let account = Account::of(&args.key.load()?);
	let client = args.connect.connect().await?;
	let view = client.at(client.best().await?).await?;
	let prover = view.prover(account.0).await?;
	let free = view.free_balance(account.0).await?;
	let dir = data_dir(args.data_dir, account);
	if args.entries {
		let lines = History::lines(&dir, client.genesis_hash(), account.0)?;
		let lines = String::from_utf8_lossy(&lines);
		return Ok(pvs_text::print(lines.trim_end())?);
	}
	let history = History::read(&dir, client.genesis_hash(), account.0, client.token())?;
	if args.json {
		let answer = json!({
			"account": account.address(),
			"block": view.block().number,
			"free": free.to_string(),
			"registered": prover.is_some(),
			"prover": prover.as_ref().map(prover_json),
			"journal": {
				"directory": dir.display().to_string(),
				"open": history.open,
				"paid": history.paid,
				"late": history.late,
				"lost": history.lost,
				"settled": history.settled,
				"defaulted": history.defaulted,
				"skipped": history.skipped,
				"earned": history.earned.to_string(),
			},
		});
		return Ok(pvs_text::print(answer)?);
	}
	let token = client.token();
	let mut lines = vec![
		format!("{account} ({}) at block {}", account.address(), view.block().number),
		format!("free balance  {}", token.show(free)),
	];
	match &prover {
		None => lines.push("not a registered prover".into()),
		Some(prover) => lines.extend(prover_lines(prover, token)),
	}
	lines.push(format!(
		"journal       {}: {} open, {} paid ({} late), {} lost, {} silent and settled, {} defaulted, \
		 {} skipped",
		dir.display(),
		history.open,
		history.paid,
		history.late,
		history.lost,
		history.settled,
		history.defaulted,
		history.skipped
	));
	if !history.rounds.is_empty() {
		lines.push(rounds_table(&history).to_string());
	}
	Ok(pvs_text::print(lines.join("\n"))?)
}

fn prover_lines(prover: &ProverInfo<Bytes32>, token: &Token) -> Vec<String> {
	let stats = &prover.stats;
	let mut lines = vec![format!(
		"stake         {}, {} of it reserved{}",
		token.show(prover.stake),
		token.show(prover.reserved),
		if prover.suspended { "; suspended until it is topped up" } else { "" }
	)];
	lines.extend(prover.unbonding.as_ref().map(|unbonding| {
		format!(
			"unbonding     {}, to be withdrawn from block {} on",
			token.show(unbonding.amount),
			unbonding.at
		)
	}));
	lines.push(format!(
		"record        {} bids, {} reveals, {} opened or settled, {} silences, {} wins, {} on time, \
		 {} late, {} defaults",
		stats.bids,
		stats.reveals,
		stats.opened,
		stats.silences,
		stats.wins,
		stats.on_time,
		stats.late,
		stats.defaults
	));
	lines.push(format!(
		"earned        {}, slashed {}",
		token.show(stats.earned),
		token.show(stats.slashed)
	));
	lines
}

fn prover_json(prover: &ProverInfo<Bytes32>) -> serde_json::Value {
	let stats = &prover.stats;
	json!({
		"stake": prover.stake.to_string(),
		"reserved": prover.reserved.to_string(),
		"unbonding": prover.unbonding.as_ref().map(|unbonding| {
			json!({ "amount": unbonding.amount.to_string(), "at": unbonding.at })
		}),
		"suspended": prover.suspended,
		"recent_share": f64::from(prover.recent_share) / f64::from(WHOLE),
		"bids": stats.bids,
		"reveals": stats.reveals,
		"wins": stats.wins,
		"on_time": stats.on_time,
		"late": stats.late,
		"defaults": stats.defaults,
		"silences": stats.silences,
		"opened": stats.opened,
		"earned": stats.earned.to_string(),
		"slashed": stats.slashed.to_string(),
	})
}

fn rounds_table(history: &History) -> Table {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header(["batch", "round", "state"]);
	let skip = history.rounds.len().saturating_sub(SHOWN_ROUNDS);
	for ((batch, round), state) in history.rounds.iter().skip(skip) {
		let batch = format!("{}/{}", batch.rollup, batch.index);
		table.add_row([batch, round.to_string(), state.clone()]);
	}
	table
}

/// Registers the account as a prover.
pub(super) async fn register(args: RegisterArgs) -> Result<(), CliError> {
	let key = args.key.load()?;
	let account = Account::of(&key);
	let client = args.connect.connect().await?;
	let stake = args.stake.planck(client.token())?;
	let view = client.at(client.best().await?).await?;
	if let Some(prover) = view.prover(account.0).await? {
		let stake = client.token().show(prover.stake);
		return Err(CliError::AlreadyRegistered { account: account.address(), stake });
	}
	let submitter = Submitter::new(client.clone(), Arc::new(key));
	let included = submitter.submit(&Call::register_prover(stake), REGISTRATION_WAIT).await?;
	let held = client.token().show(stake);
	let number = included.number;
	if args.json {
		let account = account.address();
		let answer = json!({ "account": account, "block": number, "stake": stake.to_string() });
		return Ok(pvs_text::print(answer)?);
	}
	Ok(pvs_text::print(format_args!(
		"{account} is a prover since block {number}, with a stake of {held}"
	))?)
}
