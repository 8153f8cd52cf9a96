// SPDX-License-Identifier: Apache-2.0
//! A large state and its files.

use super::{Meter, Outcome};
use indicatif::ProgressBar;
use pvs_rollup::{
	batch::Batch,
	demo,
	genesis::{Genesis, GenesisAccount},
	keys::SecretKey,
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use serde::{Deserialize, Serialize};
use std::{
	fs::File,
	io::{BufWriter, Write},
};

/// States that a prover keeps at most: one for each batch that may be in flight.
pub(crate) const KEPT: u32 = 256;
/// Steps that [`Accounts::load`] moves a bar by.
pub(crate) const STEPS: usize = 5;
/// Keys; each belongs to many accounts, which costs as much as if each had its own.
const KEYS: u32 = 16;

/// Bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
	pub(crate) peaks: Steps<u64>,
	/// The loaded state.
	pub(crate) held: u64,
	/// What [`KEPT`] states take, each a batch further than the one before.
	pub(crate) kept: u64,
}

/// A figure for each step on the way to a loaded state.
#[derive(Serialize, Deserialize)]
pub(crate) struct Steps<F> {
	/// Reading a genesis file.
	pub(crate) genesis: F,
	/// Building the state from it.
	pub(crate) build: F,
	pub(crate) save: F,
	pub(crate) load: F,
}

/// The accounts of a state, all in use.
pub(crate) struct Accounts {
	pub(crate) shape: Shape,
	pub(crate) count: u32,
	keys: Vec<SecretKey>,
}

impl Accounts {
	pub(crate) fn new(accounts_log2: u32) -> Outcome<Self> {
		Ok(Self {
			shape: Shape::new(Shape::LARGE.transfers(), accounts_log2.div_ceil(2) as usize)?,
			count: 1 << accounts_log2,
			keys: (0..KEYS).map(demo::secret_key).collect(),
		})
	}

	/// Writes a genesis file, builds the state, saves it, loads it: only the loaded one is left.
	pub(crate) fn load<M: Meter>(&self, bar: &ProgressBar) -> Outcome<(State, Steps<M::Figure>)> {
		let dir = tempfile::tempdir()
			.map_err(|error| format!("cannot make a directory for the files: {error}"))?;
		let (genesis_file, state_file) =
			(dir.path().join("genesis.json"), dir.path().join("state"));
		bar.set_message("making the accounts");
		self.write(&mut BufWriter::new(File::create(&genesis_file)?))?;
		bar.inc(1);

		bar.set_message("reading the genesis");
		let (read, genesis) = M::of(|| Ok(Genesis::from_file(&genesis_file)?))?;
		bar.inc(1);
		bar.set_message("building the state");
		let (built, build) = M::of(|| Ok(State::from_genesis(&read)?))?;
		drop(read);
		bar.inc(1);
		bar.set_message("saving the state");
		let ((), save) = M::of(|| Ok(built.save(&state_file)?))?;
		let root = built.root();
		drop(built);
		bar.inc(1);
		bar.set_message("loading the state");
		let (state, load) = M::of(|| Ok(State::load(&state_file)?))?;
		if state.root() != root {
			return Err("the loaded state has another root than the saved one".into());
		}
		bar.inc(1);
		Ok((state, Steps { genesis, build, save, load }))
	}

	/// A full batch among accounts all over the tree, the `number`th of its kind.
	pub(crate) fn batch(&self, number: u32) -> Outcome<Vec<u8>> {
		let transfers = self.shape.transfers() as u32;
		let mut signed = Vec::new();
		for place in number * transfers..(number + 1) * transfers {
			// Odd numbers step through all indices of a power of two.
			let from = place.wrapping_mul(2_654_435_761) % self.count;
			let to = (from + self.count / 2 + 1) % self.count;
			let transfer = Transfer { from, to, amount: 1, fee: 1, ..Transfer::default() };
			let key = self.keys.get((from % KEYS) as usize).ok_or("an account without a key")?;
			signed.push(transfer.sign(key));
		}
		Ok(Batch::new(self.shape, demo::FEE_ACCOUNT, signed)?.encode())
	}

	/// Account by account: a list of all would be counted.
	fn write(&self, file: &mut impl Write) -> Outcome<()> {
		write!(file, "{{\"shape\":{},\"accounts\":[", serde_json::to_string(&self.shape)?)?;
		for (index, key) in (0..self.count).zip(self.keys.iter().cycle()) {
			let account =
				GenesisAccount { index, public_key: key.public_key(), balance: demo::BALANCE };
			let comma = if index == 0 { "" } else { "," };
			write!(file, "{comma}{}", serde_json::to_string(&account)?)?;
		}
		write!(file, "]}}")?;
		Ok(file.flush()?)
	}
}
