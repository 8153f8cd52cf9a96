// SPDX-License-Identifier: Apache-2.0
//! The payments rollup's state in a file, so that a restart need not replay the rollup from its
//! genesis.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `"pvs/prover/st/v1"` |
//! | 32 | hash of the chain's first block |
//! | 4 | the rollup |
//! | 32 | the rollup's first root |
//! | 4 + 32 | number and hash of the finalized block after which the state was the newest final one |
//! | 4 | the first block that can commit a batch on the state |
//! | 32 | `blake2_256` of everything before |
//! | rest | the state, as [`pvs_rollup::store`] has it |
//!
//! Numbers are little-endian. No account in the file is trusted: its root is computed from its accounts,
//! and the state is of use only if the batches on the chain lead from it to the root that is final
//! there. A file that is not, is told in one line, and the rollup is replayed from its genesis. The
//! first block that can commit is believed, as the checksum has no key: one that is too late makes a
//! state that is not found, never a wrong one.

use pvs_client::{Block, Client};
use pvs_files::{read_bounded, remove_leftovers, write_whole};
use pvs_primitives::{hash::blake2_256, BlockNumber, Bytes32, RollupId};
use pvs_rollup::{shape::Shape, state::State, store::ContentError};
use std::{
	fs, io,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

const MAGIC: &[u8; 16] = b"pvs/prover/st/v1";
const HEAD_BYTES: usize = 16 + 32 + 4 + 32 + 4 + 32 + 4;
const DIGEST_BYTES: usize = 32;
/// More than an account takes in the file.
const ACCOUNT_BYTES: u64 = 96;
/// The shortest time between two saves.
const LEAST_PAUSE: Duration = Duration::from_secs(60);
/// Saving takes at most one part in this many of the time.
const PAUSE_PER_SAVE: u32 = 100;

/// Reason why a saved state is of no use. In a sentence it follows the name of the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
	#[error("is not there yet")]
	Missing,
	#[error("cannot be read: {0}")]
	Read(io::Error),
	#[error("is too large for a state of {0}")]
	TooLarge(Shape),
	#[error("is truncated or of another version")]
	Magic,
	#[error("is damaged: wrong checksum of its head")]
	Head,
	#[error("{0}")]
	Content(ContentError),
	#[error("is of another {0}")]
	Foreign(&'static str),
	#[error("is of batches of {found}, the rollup has {expected}")]
	Shape { expected: Shape, found: Shape },
	#[error("is of block {saved}, and the node's finalized block is {finalized}")]
	TooNew { saved: BlockNumber, finalized: BlockNumber },
	#[error("is of a fork: the chain has another block {0}")]
	Fork(BlockNumber),
	#[error("does not lead to the final state on the chain")]
	NotFinal,
}

/// Point on the chain where a state belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
	/// The finalized block after which it was the newest final state.
	pub(crate) block: BlockNumber,
	/// Its hash.
	pub(crate) hash: Bytes32,
	/// The first block that can commit a batch on the state.
	pub(crate) resume_at: BlockNumber,
}

/// A state that was saved.
#[derive(Debug)]
pub(crate) struct Snapshot {
	pub(crate) state: State,
	pub(crate) point: Point,
}

/// Owner of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
	/// Hash of the chain's first block.
	pub(crate) chain: Bytes32,
	pub(crate) rollup: RollupId,
	/// The rollup's first root.
	pub(crate) genesis_root: Bytes32,
	pub(crate) shape: Shape,
}

/// The file of a rollup's state.
#[derive(Clone, Debug)]
pub(crate) struct Store {
	path: PathBuf,
	owner: Owner,
}

impl Store {
	/// The file in a directory.
	pub(crate) fn new(dir: &Path, owner: Owner) -> Self {
		Self { path: dir.join(format!("rollup-{}.state", owner.rollup)), owner }
	}

	/// Returns where it is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// Removes what saves left that were cut short. Nobody else may be saving.
	pub(crate) fn remove_leftovers(&self) {
		if let Err(error) = remove_leftovers(&self.path) {
			tracing::warn!("cannot remove what is beside {}: {error}", self.path.display());
		}
	}

	/// The block of the file, if its head is this rollup's.
	pub(crate) fn block(&self) -> Option<BlockNumber> {
		let (head, _) = read_bounded(&self.path, HEAD_BYTES.saturating_add(DIGEST_BYTES)).ok()?;
		Some(self.decode_head(&head).ok()?.0.block)
	}

	/// Reads the file, and checks that it is this rollup's and of the chain that the node has.
	///
	/// # Errors
	///
	/// Those of the node.
	pub(crate) async fn load(
		&self,
		client: &Client,
		finalized: Block,
	) -> Result<Result<Snapshot, Unusable>, pvs_client::Error> {
		let store = self.clone();
		let read = tokio::task::spawn_blocking(move || store.read()).await;
		let snapshot = match read.unwrap_or_else(|error| Err(Unusable::Read(error.into()))) {
			Ok(snapshot) => snapshot,
			Err(unusable) => return Ok(Err(unusable)),
		};
		let (saved, finalized) = (snapshot.point.block, finalized.number);
		if saved > finalized {
			return Ok(Err(Unusable::TooNew { saved, finalized }));
		}
		if client.hash_at(saved).await?.0 != snapshot.point.hash {
			return Ok(Err(Unusable::Fork(saved)));
		}
		Ok(Ok(snapshot))
	}

	fn read(&self) -> Result<Snapshot, Unusable> {
		let cannot = |error: io::Error| match error.kind() {
			io::ErrorKind::NotFound => Unusable::Missing,
			_ => Unusable::Read(error),
		};
		let shape = self.owner.shape;
		let longest = u64::from(shape.max_accounts()).saturating_add(8);
		let longest = longest.saturating_mul(ACCOUNT_BYTES);
		if fs::metadata(&self.path).map_err(cannot)?.len() > longest {
			return Err(Unusable::TooLarge(shape));
		}
		// It may have grown meanwhile.
		let limit = usize::try_from(longest).unwrap_or(usize::MAX);
		self.decode(&read_bounded(&self.path, limit).map_err(cannot)?.0)
	}

	fn decode(&self, bytes: &[u8]) -> Result<Snapshot, Unusable> {
		let (point, state) = self.decode_head(bytes)?;
		let state = State::from_bytes(state).map_err(Unusable::Content)?;
		let (expected, found) = (self.owner.shape, state.shape());
		if found != expected {
			return Err(Unusable::Shape { expected, found });
		}
		Ok(Snapshot { state, point })
	}

	/// Returns where the state belongs, and the bytes of the state.
	fn decode_head<'a>(&self, bytes: &'a [u8]) -> Result<(Point, &'a [u8]), Unusable> {
		let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or(Unusable::Magic)?;
		if !head.starts_with(MAGIC) {
			return Err(Unusable::Magic);
		}
		let (digest, state) = rest.split_first_chunk::<DIGEST_BYTES>().ok_or(Unusable::Magic)?;
		if blake2_256(&[head]) != *digest {
			return Err(Unusable::Head);
		}
		let (_, fields) = take::<16>(head);
		let (chain, fields) = take::<32>(fields);
		let (rollup, fields) = take::<4>(fields);
		let (genesis_root, fields) = take::<32>(fields);
		let (block, fields) = take::<4>(fields);
		let (hash, fields) = take::<32>(fields);
		let (resume_at, _) = take::<4>(fields);
		let [rollup, block, resume_at] = [rollup, block, resume_at].map(u32::from_le_bytes);
		if chain != self.owner.chain {
			return Err(Unusable::Foreign("chain"));
		}
		if (rollup, genesis_root) != (self.owner.rollup, self.owner.genesis_root) {
			return Err(Unusable::Foreign("rollup"));
		}
		if resume_at == 0 || resume_at > block.saturating_add(1) {
			return Err(Unusable::Head);
		}
		Ok((Point { block, hash, resume_at }, state))
	}

	/// Writes a state: the file is replaced whole, or stays as it is.
	pub(crate) fn save(&self, state: &State, point: Point) -> io::Result<()> {
		write_whole(&self.path, &self.encode(state, point))
	}

	fn encode(&self, state: &State, point: Point) -> Vec<u8> {
		let head = [
			&MAGIC[..],
			&self.owner.chain,
			&self.owner.rollup.to_le_bytes(),
			&self.owner.genesis_root,
			&point.block.to_le_bytes(),
			&point.hash,
			&point.resume_at.to_le_bytes(),
		]
		.concat();
		let digest = blake2_256(&[&head]);
		[&head[..], &digest, &state.to_bytes()].concat()
	}
}

/// The first bytes of a head, whose length is known, and the others.
fn take<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
	bytes.split_first_chunk().map_or(([0; N], &[]), |(first, rest)| (*first, rest))
}

/// Pace of saving: one state at a time, each once, and not so often that it costs much.
#[derive(Debug)]
pub(crate) struct Pace {
	/// The root that the file has.
	saved: Option<Bytes32>,
	/// The root that is being saved.
	saving: Option<Bytes32>,
	not_before: Instant,
}

impl Pace {
	/// A pace for a file that has the state with root `saved`.
	pub(crate) fn new(saved: Option<Bytes32>) -> Self {
		Self { saved, saving: None, not_before: Instant::now() }
	}

	/// Returns whether the state with this root should be saved now.
	pub(crate) fn is_due(&self, root: &Bytes32) -> bool {
		self.saving.is_none() && self.saved != Some(*root) && Instant::now() >= self.not_before
	}

	/// Saving the state with this root begins.
	pub(crate) fn begin(&mut self, root: Bytes32) {
		self.saving = Some(root);
	}

	/// It is over, and took that long.
	pub(crate) fn end(&mut self, is_saved: bool, took: Duration) {
		let root = self.saving.take();
		if is_saved {
			self.saved = root;
		}
		let pause = took.saturating_mul(PAUSE_PER_SAVE).max(LEAST_PAUSE);
		let now = Instant::now();
		self.not_before = now.checked_add(pause).unwrap_or(now);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::{demo, genesis::Genesis};

	const POINT: Point = Point { block: 90, hash: [4; 32], resume_at: 85 };

	fn owner() -> Owner {
		let (chain, shape) = ([1; 32], demo::SHAPE);
		Owner { chain, rollup: 3, genesis_root: *demo::GENESIS_ROOT, shape }
	}

	fn state() -> State {
		State::from_genesis(&demo::genesis()).unwrap()
	}

	fn store(dir: &Path) -> Store {
		Store::new(dir, owner())
	}

	fn refusal(store: &Store, bytes: &[u8]) -> String {
		store.decode(bytes).unwrap_err().to_string()
	}

	#[test]
	fn state_should_round_trip_through_its_file() {
		let dir = tempfile::tempdir().unwrap();
		let store = store(dir.path());
		assert!(matches!(store.read(), Err(Unusable::Missing)));
		for point in [POINT, Point { block: 91, hash: [5; 32], resume_at: 92 }] {
			store.save(&state(), point).unwrap();
			let snapshot = store.read().unwrap();
			assert_eq!((snapshot.point, snapshot.state.root()), (point, state().root()));
		}
		assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
	}

	#[test]
	fn block_should_be_read_from_a_head_that_is_ours() {
		let dir = tempfile::tempdir().unwrap();
		let store = store(dir.path());
		assert_eq!(store.block(), None, "no file");
		store.save(&state(), POINT).unwrap();
		assert_eq!(store.block(), Some(90));
		let other = Store::new(dir.path(), Owner { chain: [2; 32], ..owner() });
		assert_eq!(other.block(), None);
		fs::write(store.path(), &store.encode(&state(), POINT)[..HEAD_BYTES]).unwrap();
		assert_eq!(store.block(), None, "truncated");
	}

	#[test]
	fn leftovers_of_saves_should_be_removed_and_nothing_else() {
		let dir = tempfile::tempdir().unwrap();
		let file = |name: &str| dir.path().join(name);
		let kept = ["journal", "rollup-3.state", "rollup-3.state.tmp", "rollup-33.state.7-1.tmp"];
		for name in kept.iter().chain(&["rollup-3.state.7-0.tmp"]) {
			fs::write(file(name), b"").unwrap();
		}
		store(dir.path()).remove_leftovers();
		assert!(kept.iter().all(|name| file(name).exists()));
		assert!(!file("rollup-3.state.7-0.tmp").exists());
		store(&dir.path().join("missing")).remove_leftovers();
	}

	#[test]
	fn state_should_be_refused_when_any_byte_of_its_file_is_changed() {
		let store = store(Path::new(""));
		let bytes = store.encode(&state(), POINT);
		for position in 0..bytes.len() {
			let mut damaged = bytes.clone();
			damaged[position] ^= 1;
			let refusal = refusal(&store, &damaged);
			let expected = match position {
				0..16 => "of another version",
				16..156 => "wrong checksum of its head",
				_ => "",
			};
			assert!(refusal.contains(expected), "byte {position}: {refusal}");
		}
		for length in [0, 15, 16, HEAD_BYTES, HEAD_BYTES + 31] {
			assert_eq!(refusal(&store, &bytes[..length]), "is truncated or of another version");
		}
		for length in [HEAD_BYTES + 32, bytes.len() - 1] {
			assert!(refusal(&store, &bytes[..length]).starts_with("is truncated or has something"));
		}
		let longer = [&bytes[..], &[0]].concat();
		assert!(refusal(&store, &longer).starts_with("is truncated or has something"));
	}

	#[test]
	fn state_should_be_refused_when_it_is_of_another_chain_or_rollup() {
		let dir = tempfile::tempdir().unwrap();
		let ours = store(dir.path());
		let theirs = |owner| refusal(&ours, &Store::new(dir.path(), owner).encode(&state(), POINT));
		assert_eq!(theirs(Owner { chain: [2; 32], ..owner() }), "is of another chain");
		assert_eq!(theirs(Owner { rollup: 4, ..owner() }), "is of another rollup");
		assert_eq!(theirs(Owner { genesis_root: [9; 32], ..owner() }), "is of another rollup");
		let large = Genesis { shape: Shape::LARGE, ..demo::genesis() };
		let large = State::from_genesis(&large).unwrap();
		let shape = refusal(&ours, &ours.encode(&large, POINT));
		assert_eq!(shape, "is of batches of 7x2^20, the rollup has 4x2^16");
	}

	#[test]
	fn state_should_be_refused_when_its_blocks_are_impossible() {
		let store = store(Path::new(""));
		for resume_at in [0, 92] {
			let bytes = store.encode(&state(), Point { resume_at, ..POINT });
			assert!(matches!(store.decode(&bytes), Err(Unusable::Head)), "{resume_at}");
		}
	}

	#[test]
	fn file_should_be_refused_unread_when_no_state_is_as_large() {
		let dir = tempfile::tempdir().unwrap();
		let store = store(dir.path());
		let file = fs::File::create(store.path()).unwrap();
		file.set_len(u64::from(demo::SHAPE.max_accounts()) * 100).unwrap();
		assert!(matches!(store.read(), Err(Unusable::TooLarge(_))));
	}

	#[test]
	fn state_should_be_saved_once_and_not_too_often() {
		let mut pace = Pace::new(Some([1; 32]));
		assert!(!pace.is_due(&[1; 32]), "the file has it");
		assert!(pace.is_due(&[2; 32]));
		pace.begin([2; 32]);
		assert!(!pace.is_due(&[3; 32]), "one at a time");
		pace.end(true, Duration::from_secs(2));
		assert!(!pace.is_due(&[3; 32]), "too soon");
		assert!(pace.not_before > Instant::now() + Duration::from_secs(190), "1 % of the time");
		pace.not_before = Instant::now();
		assert!(pace.is_due(&[3; 32]) && !pace.is_due(&[2; 32]));
		pace.begin([3; 32]);
		pace.end(false, Duration::ZERO);
		assert!(pace.not_before > Instant::now() + Duration::from_secs(50));
		pace.not_before = Instant::now();
		assert!(pace.is_due(&[3; 32]), "it was not saved");
	}
}
