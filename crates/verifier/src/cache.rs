// SPDX-License-Identifier: Apache-2.0
//! Keys that were used lately, read and with their lines: for time only, the answers are the same
//! without.

use crate::{error::ProofError, key::Key};
use std::sync::{Arc, Mutex, PoisonError};

/// Keys kept at most; each takes about 60 KiB, and twice that once it was used often.
const CAPACITY: usize = 64;

/// The bytes of a prepared key, and what verification makes of them.
type Cached = (Box<[u8]>, Arc<Key>);

/// The latest used last. So few that comparing them in order costs less than hashing one.
static KEYS: Mutex<Vec<Cached>> = Mutex::new(Vec::new());

/// The key that these bytes prepare. `made` says whether tables were made for the batch at hand.
pub(crate) fn key(prepared: &[u8], made: &mut bool) -> Result<Arc<Key>, ProofError> {
	let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
	if let Some(place) = keys.iter().rposition(|(bytes, _)| **bytes == *prepared) {
		let found = keys.remove(place);
		let key = found.1.clone();
		keys.push(found);
		drop(keys);
		key.count_use(made);
		return Ok(key);
	}
	drop(keys);
	let key = Arc::new(Key::decode(prepared)?);
	let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
	if keys.len() >= CAPACITY {
		keys.remove(0);
	}
	keys.push((prepared.into(), key.clone()));
	Ok(key)
}
