// SPDX-License-Identifier: Apache-2.0
//! Start of the service: it checks all that it depends on, and reads what happened while it did not run.

use super::{is_missing, Committing, Service};
use crate::{
	chain::Reader,
	config::{Config, RpcConfig},
	core::{Core, Upkeep},
	generator::Generator,
	journal::Identity,
	monitor::Monitor,
	pace::Pace,
	pool::Limits,
	report::{Report, Reporter},
	rpc::{self, ConnectionLimits, Options, Server, Shared, MAX_IDLE},
	seat::{Seat, Wanted},
	trouble::{Standstill, Troubles},
	SequencerError,
};
use pvs_rollup::{demo, state::State};
use pvs_service::{metrics::IntCounter, Stop};
use std::{sync::Arc, time::Duration};

impl Config {
	fn limits(&self) -> Limits {
		Limits {
			total: self.pool_limit,
			per_account: self.account_limit,
			max_gap: self.max_nonce_gap,
			min_fee: self.min_fee,
			min_opening_fee: self.min_opening_fee,
			max_age: u64::try_from(self.max_age.as_millis()).unwrap_or(u64::MAX),
		}
	}
}

impl RpcConfig {
	fn options(&self) -> Options {
		Options {
			listen: self.listen,
			hosts: self.hosts.clone(),
			limits: ConnectionLimits {
				total: self.max_connections,
				per_address: self.max_connections_per_address,
				idle: MAX_IDLE,
				idle_socket: self.max_idle,
			},
		}
	}
}

impl Service {
	/// Checks everything that committing depends on, and takes transfers once the chain is known.
	pub(super) async fn start(
		config: Config,
		reporter: Reporter,
		monitor: Monitor,
		stop: Stop,
	) -> Result<(Self, Option<Server>), SequencerError> {
		let genesis = State::from_genesis(&config.genesis)
			.map_err(|error| SequencerError::Genesis(error.to_string()))?;
		let genesis_root = genesis.root();
		if config.transfers.is_some() && genesis_root != *demo::GENESIS_ROOT {
			return Err(SequencerError::NotDemo { found: genesis_root });
		}
		let wanted = Wanted { rollup: config.rollup, genesis_root };
		let client = config.connect.connect().await?;
		monitor.connected.meet();
		let seat = Seat::take(client, config.key.clone(), config.max_fee.as_ref(), wanted).await?;
		let best = seat.client.best().await?;
		seat.check_right(&seat.rollup(best).await?)?;
		let seals = seat.client.at(best).await?.seals().await?;
		let chain_genesis = seat.client.genesis_hash();
		let identity =
			Identity { rollup: config.rollup, rollup_genesis: genesis_root, chain_genesis };
		let upkeep =
			Upkeep { save_every: config.save_every, compact_records: config.compact_records };
		let (core, notes) = Core::open(
			&config.data_dir,
			identity,
			genesis,
			config.fee_account,
			config.limits(),
			upkeep,
		)?;
		monitor.has_room.meet();
		let mut service = Self {
			reporter,
			monitor,
			stop,
			shared: Shared::new(core),
			seat: Arc::new(seat),
			reader: Reader::default(),
			slot: Duration::from_millis(seals.slot_millis),
			commit: Committing::new(),
			last_commit: None,
			best: best.number,
			pace: Pace::default(),
			troubles: Troubles::default(),
			standstill: Standstill::after(best.number),
			told_untidy: false,
			generator: config.transfers.map(Generator::new),
			config,
		};
		for text in notes {
			service.say(Report::Warning { text });
		}
		service.catch_up().await?;
		let server = match &service.config.rpc {
			Some(rpc) => {
				let (shared, accepted) = (service.shared.clone(), service.monitor.accepted.clone());
				Some(serve(rpc, shared, accepted).await?)
			},
			None => None,
		};
		service.monitor.running.meet();
		service.say(service.ready(server.as_ref()));
		Ok((service, server))
	}

	fn ready(&self, server: Option<&Server>) -> Report {
		let core = self.shared.core();
		Report::Ready {
			listen: server.map(Server::address),
			final_root: core.settled().root(),
			tip_root: core.tip().root(),
			waiting: core.pool().waiting(core.tip()),
			data_dir: core.dir().display().to_string(),
		}
	}

	/// Reads what happened while this program did not run.
	async fn catch_up(&mut self) -> Result<(), SequencerError> {
		let best = self.seat.client.best().await?;
		let missing = match self.take_in(best).await {
			Ok(_) => None,
			Err(error) if is_missing(&error) => Some(error),
			Err(error) => return Err(error),
		};
		if let Some(error) = missing {
			if !self.shared.with_core(Core::start_over).await {
				return Err(error);
			}
			let text = format!("{error}; starting from the rollup's first state again");
			self.say(Report::Warning { text });
			self.reader.start_over();
			self.take_in(best).await?;
		}
		self.best = best.number;
		self.standstill = Standstill::after(best.number);
		let fee_account = self.config.fee_account;
		let has_account = move |core: &mut Core| core.tip().account(fee_account).is_some();
		match self.shared.with_core(has_account).await {
			true => Ok(()),
			false => Err(SequencerError::NoFeeAccount(fee_account)),
		}
	}
}

/// Starts to take transfers from others, and counts those that are accepted.
async fn serve(
	config: &RpcConfig,
	shared: Shared,
	accepted: IntCounter,
) -> Result<Server, SequencerError> {
	let server = rpc::start(shared, &config.options(), accepted).await;
	server.map_err(|error| SequencerError::Listen {
		address: config.listen,
		reason: error.to_string(),
	})
}
