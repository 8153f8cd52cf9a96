// SPDX-License-Identifier: Apache-2.0
//! End of the service: a commit that is on its way arrives, and the state is saved.

use super::{can_pass, finished, Service, Summary};
use crate::{core::Core, report::Report, rpc::Server, SequencerError};

impl Service {
	/// Stops, as asked or after an error. Nothing new is committed any more.
	pub(super) async fn finish(
		&mut self,
		server: Option<Server>,
		followed: Result<(), SequencerError>,
	) -> Result<Summary, SequencerError> {
		let reason = match &followed {
			Ok(()) => "asked to".to_owned(),
			Err(error) => error.to_string(),
		};
		self.monitor.running.fail(format!("the service stops: {reason}"));
		self.say(Report::Stopping { reason });
		let ended = match followed {
			Ok(()) => self.drain().await,
			Err(error) => Err(error),
		};
		self.commit.shutdown().await;
		if let Some(server) = server {
			server.stop().await;
		}
		let ended = match ended {
			Ok(()) => self.save().await,
			Err(error) => Err(error),
		};
		let look = |core: &mut Core| {
			let data_dir = core.dir().display().to_string();
			(core.pool().waiting(core.tip()), usize::from(core.is_committing()), data_dir)
		};
		let (waiting, left, data_dir) = self.shared.with_core(look).await;
		self.say(Report::Stopped { waiting, left, data_dir });
		ended.map(|()| Summary { waiting, left })
	}

	/// Waits for a commit that is on its way, until the time for that is over.
	async fn drain(&mut self) -> Result<(), SequencerError> {
		if self.commit.is_empty() {
			return Ok(());
		}
		let (health, stop) = (self.monitor.health.clone(), self.stop.clone());
		let landing = async {
			let result = finished(&mut self.commit).await;
			self.committed(result).await
		};
		tokio::select! {
			landed = health.waiting(landing) => match landed {
				// Its fate shows at the next start.
				Err(error) if can_pass(&error) => Ok(()),
				landed => landed,
			},
			() = stop.at_once() => Ok(()),
		}
	}

	/// Saves the final state, which spares the next start some work; nothing depends on it.
	async fn save(&mut self) -> Result<(), SequencerError> {
		let save = |core: &mut Core| {
			core.look_for_room()?;
			core.save()
		};
		if !self.shared.with_core(save).await? {
			let text = "there is no room to save the state; the next start makes it from the chain";
			self.say(Report::Warning { text: text.into() });
		}
		Ok(())
	}
}
