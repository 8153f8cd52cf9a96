// SPDX-License-Identifier: Apache-2.0
//! The accounts that exist before the first batch, and the file that names them.
//!
//! ```json
//! {
//!   "shape": { "transfers": 4, "depth": 8 },
//!   "accounts": [
//!     { "index": 0, "public_key": "0x...", "balance": 1000 }
//!   ]
//! }
//! ```
//!
//! `public_key` is the first coordinate of the key, 32 bytes, big-endian, in hexadecimal; `balance`
//! is an integer in the rollup's smallest unit, or a string of its decimal digits. Unknown fields are
//! refused. The file is UTF-8 or UTF-16.

use crate::{account::Account, keys::PublicKey, shape::Shape};
use pvs_primitives::Bytes32;
use pvs_text::TextError;
use rayon::prelude::*;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::{
	collections::BTreeSet,
	fmt,
	fs::File,
	io::{self, Read},
	path::{Path, PathBuf},
};

/// The most bytes that a genesis file may have.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// An account that exists from the start, with nonce 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
	/// Its place in the tree, below [`Shape::max_accounts`].
	#[serde(deserialize_with = "named::index")]
	pub index: u32,
	/// Its public key.
	#[serde(with = "hexadecimal_key")]
	pub public_key: PublicKey,
	/// What it starts with.
	#[serde(deserialize_with = "named::balance")]
	pub balance: u64,
}

impl From<&GenesisAccount> for Account {
	fn from(account: &GenesisAccount) -> Self {
		Self { public_key: account.public_key, nonce: 0, balance: account.balance }
	}
}

/// Where a rollup starts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Genesis {
	/// The sizes of its circuit.
	pub shape: Shape,
	/// The accounts, in any order.
	pub accounts: Vec<GenesisAccount>,
}

/// Why a genesis is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
	/// The tree has no place for this index.
	#[error("account {index}: the index is not below {limit}")]
	Index {
		/// The account.
		index: u32,
		/// Number of places.
		limit: u32,
	},
	/// Two accounts have this index.
	#[error("account {0} appears twice; give each account its own index")]
	Duplicate(u32),
}

/// Why there is no genesis in a file.
#[derive(Debug, thiserror::Error)]
pub enum GenesisFileError {
	/// The file cannot be read.
	#[error("cannot read {path}: {source}")]
	Read {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file is larger than any genesis.
	#[error("{path} has {found} bytes, a genesis has at most {MAX_FILE_BYTES}")]
	TooLarge {
		/// The file.
		path: PathBuf,
		/// Its size.
		found: u64,
	},
	/// The file does not hold text.
	#[error("{path}: {source}")]
	Text {
		/// The file.
		path: PathBuf,
		/// Its content.
		source: TextError,
	},
	/// The file does not hold a genesis. The source names field, line and column.
	#[error("{path}: {source}")]
	Content {
		/// The file.
		path: PathBuf,
		/// The fault, with its place.
		source: serde_json::Error,
	},
}

impl Genesis {
	/// Reads a genesis from JSON and checks all of it.
	///
	/// # Errors
	///
	/// The first thing that is wrong, with line and column.
	pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
		// Most of the time goes into the keys, which this way are checked by all threads.
		let unchecked = serde_json::from_str::<Unchecked>(json).ok();
		match unchecked.and_then(Unchecked::check) {
			Some(genesis) => Ok(genesis),
			// Account by account, for an error that says where.
			None => serde_json::from_str(json),
		}
	}

	/// Reads a genesis from a file and checks all of it.
	///
	/// # Errors
	///
	/// One [`GenesisFileError`] per cause, see there.
	pub fn from_file(path: &Path) -> Result<Self, GenesisFileError> {
		let read = |source| GenesisFileError::Read { path: path.to_owned(), source };
		let file = File::open(path).map_err(read)?;
		let mut found = file.metadata().map_err(read)?.len();
		let mut bytes = Vec::new();
		if found <= MAX_FILE_BYTES {
			// What is no regular file has no size.
			file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(read)?;
			found = bytes.len() as u64;
		}
		if found > MAX_FILE_BYTES {
			return Err(GenesisFileError::TooLarge { path: path.to_owned(), found });
		}
		let json = pvs_text::decode(&bytes)
			.map_err(|source| GenesisFileError::Text { path: path.to_owned(), source })?;
		Self::from_json(&json)
			.map_err(|source| GenesisFileError::Content { path: path.to_owned(), source })
	}

	/// Checks what the types do not say.
	pub(crate) fn check(&self) -> Result<(), GenesisError> {
		let mut seen = BTreeSet::new();
		let limit = self.shape.max_accounts();
		self.accounts.iter().try_for_each(|account| check(limit, &mut seen, account.index))
	}
}

fn check(limit: u32, seen: &mut BTreeSet<u32>, index: u32) -> Result<(), GenesisError> {
	if index >= limit {
		return Err(GenesisError::Index { index, limit });
	}
	if !seen.insert(index) {
		return Err(GenesisError::Duplicate(index));
	}
	Ok(())
}

/// What a genesis is in JSON, with keys that may be none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
	shape: Shape,
	accounts: Vec<UncheckedAccount>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedAccount {
	index: u32,
	#[serde(deserialize_with = "hexadecimal_key::bytes")]
	public_key: Bytes32,
	#[serde(deserialize_with = "named::balance")]
	balance: u64,
}

impl Unchecked {
	/// `None` if anything is wrong.
	fn check(self) -> Option<Genesis> {
		let checked = |account: UncheckedAccount| {
			let UncheckedAccount { index, public_key, balance } = account;
			let public_key = PublicKey::from_bytes(&public_key).ok()?;
			Some(GenesisAccount { index, public_key, balance })
		};
		let accounts = self.accounts.into_par_iter().map(checked).collect::<Option<_>>()?;
		let genesis = Genesis { shape: self.shape, accounts };
		genesis.check().ok()?;
		Some(genesis)
	}
}

/// By hand, so that an index out of range or given twice is reported where it stands in the file.
impl<'de> serde::Deserialize<'de> for Genesis {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		deserializer.deserialize_struct("Genesis", &["shape", "accounts"], GenesisVisitor)
	}
}

struct GenesisVisitor;

impl<'de> Visitor<'de> for GenesisVisitor {
	type Value = Genesis;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("an object with `shape` and `accounts`")
	}

	fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Genesis, A::Error> {
		let (mut shape, mut accounts) = (None, None);
		while let Some(field) = map.next_key::<String>()? {
			match (field.as_str(), shape) {
				("shape", None) => shape = Some(map.next_value()?),
				("accounts", shape) if accounts.is_none() => {
					accounts = Some(map.next_value_seed(Accounts(shape))?);
				},
				("shape", Some(_)) => return Err(A::Error::duplicate_field("shape")),
				("accounts", _) => return Err(A::Error::duplicate_field("accounts")),
				(other, _) => return Err(A::Error::unknown_field(other, &["shape", "accounts"])),
			}
		}
		let genesis = Genesis {
			shape: shape.ok_or_else(|| A::Error::missing_field("shape"))?,
			accounts: accounts.ok_or_else(|| A::Error::missing_field("accounts"))?,
		};
		genesis.check().map_err(A::Error::custom)?;
		Ok(genesis)
	}
}

/// Accounts, with the shape if it came before them.
struct Accounts(Option<Shape>);

impl<'de> DeserializeSeed<'de> for Accounts {
	type Value = Vec<GenesisAccount>;

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
		deserializer.deserialize_seq(self)
	}
}

impl<'de> Visitor<'de> for Accounts {
	type Value = Vec<GenesisAccount>;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a list of accounts")
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
		let mut accounts = Vec::new();
		let mut seen = BTreeSet::new();
		let limit = self.0.map_or(u32::MAX, Shape::max_accounts);
		while let Some(account) = seq.next_element::<GenesisAccount>()? {
			check(limit, &mut seen, account.index).map_err(A::Error::custom)?;
			accounts.push(account);
		}
		Ok(accounts)
	}
}

/// Numbers whose errors name them.
mod named {
	use serde::{
		de::{value::MapAccessDeserializer, Error, MapAccess, Unexpected, Visitor},
		Deserialize, Deserializer,
	};
	use serde_json::Value;
	use std::fmt;

	pub(super) fn index<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
		u32::deserialize(d).map_err(|error| D::Error::custom(format!("`index`: {error}")))
	}

	pub(super) fn balance<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
		d.deserialize_any(Balance).map_err(|error| D::Error::custom(format!("`balance`: {error}")))
	}

	/// A number, or a string of its digits: JavaScript cannot write what is above 2^53 otherwise.
	struct Balance;

	impl<'de> Visitor<'de> for Balance {
		type Value = u64;

		fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
			f.write_str("a whole number below 2^64, plain or as a decimal string")
		}

		fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
			Ok(number)
		}

		fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
			// `parse` would take a sign.
			let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
			let number = if is_number { text.parse().ok() } else { None };
			number.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
		}

		/// Where a crate of the build has `serde_json` keep all digits, a number comes as a map.
		fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<u64, A::Error> {
			match Value::deserialize(MapAccessDeserializer::new(map))? {
				Value::Number(number) => number.as_u64().ok_or_else(|| {
					A::Error::invalid_value(Unexpected::Other(&number.to_string()), &self)
				}),
				_ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
			}
		}
	}
}

mod hexadecimal_key {
	use crate::keys::PublicKey;
	use pvs_primitives::Bytes32;
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<S: Serializer>(key: &PublicKey, s: S) -> Result<S::Ok, S::Error> {
		s.serialize_str(&format!("0x{}", hex::encode(key.to_bytes())))
	}

	pub(super) fn bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Bytes32, D::Error> {
		let text = String::deserialize(d)?;
		let digits = text
			.strip_prefix("0x")
			.ok_or_else(|| D::Error::custom("`public_key` does not start with 0x"))?;
		let mut bytes = [0; 32];
		hex::decode_to_slice(digits, &mut bytes)
			.map_err(|error| D::Error::custom(format!("`public_key` is not 32 bytes: {error}")))?;
		Ok(bytes)
	}

	pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<PublicKey, D::Error> {
		PublicKey::from_bytes(&bytes(d)?)
			.map_err(|error| D::Error::custom(format!("`public_key`: {error}")))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::demo;
	use std::fs;

	fn json() -> String {
		serde_json::to_string_pretty(&demo::genesis()).unwrap()
	}

	fn refused(from: &str, to: &str) -> String {
		let json = json();
		assert!(json.contains(from), "{from}");
		Genesis::from_json(&json.replacen(from, to, 1)).unwrap_err().to_string()
	}

	#[test]
	fn genesis_should_round_trip_through_a_file() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), json()).unwrap();
		assert_eq!(Genesis::from_file(file.path()).unwrap(), demo::genesis());
		// The way on which errors are found.
		assert_eq!(serde_json::from_str::<Genesis>(&json()).unwrap(), demo::genesis());
	}

	/// Finding R17: the RPC writes balances as strings, and so must JavaScript.
	#[test]
	fn balance_should_be_read_as_a_decimal_string_too() {
		let with = |balance: &str| json().replacen("\"balance\": 1000000000", balance, 1);
		let as_text = with("\"balance\": \"1000000000\"");
		assert_eq!(Genesis::from_json(&as_text).unwrap(), demo::genesis());
		assert_eq!(serde_json::from_str::<Genesis>(&as_text).unwrap(), demo::genesis());
		let largest = Genesis::from_json(&with("\"balance\": \"18446744073709551615\"")).unwrap();
		assert_eq!(largest.accounts[0].balance, u64::MAX);
		let texts = ["18446744073709551616", "-1", "+1", "1.0", "1e3", "0x1", " 1", ""];
		let texts = texts.map(|text| format!("\"{text}\""));
		let others = ["-1", "1.5", "18446744073709551616", "true", "null", "[]", "{}", "{\"a\":1}"];
		for wrong in texts.into_iter().chain(others.map(str::to_owned)) {
			let error = Genesis::from_json(&with(&format!("\"balance\": {wrong}")));
			let error = error.unwrap_err().to_string();
			assert!(error.starts_with("`balance`: invalid "), "{wrong}: {error}");
			let said =
				"expected a whole number below 2^64, plain or as a decimal string at line 10 ";
			assert!(error.contains(said), "{wrong}: {error}");
		}
	}

	#[test]
	fn genesis_file_should_be_read_as_windows_saves_it_and_its_nul_bytes_be_named() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let utf16: Vec<u8> =
			format!("\u{feff}{}", json()).encode_utf16().flat_map(u16::to_le_bytes).collect();
		for saved in [format!("\u{feff}{}", json()).into_bytes(), utf16] {
			fs::write(file.path(), saved).unwrap();
			assert_eq!(Genesis::from_file(file.path()).unwrap(), demo::genesis());
		}
		fs::write(file.path(), format!("{}\0\0", json())).unwrap();
		let error = Genesis::from_file(file.path()).unwrap_err();
		assert!(matches!(error, GenesisFileError::Text { .. }), "{error}");
		let said = format!("NUL bytes from byte {}", json().len());
		assert!(error.to_string().contains(&said), "{error}");
	}

	#[test]
	fn genesis_file_should_be_refused_with_line_and_field() {
		let key = hex::encode(demo::secret_key(1).public_key().to_bytes());
		let zero = "0".repeat(64);
		let one = format!("{}1", "0".repeat(63));
		for (from, to, said, line) in [
			(
				"\"index\": 1,",
				"\"index\": 65536,",
				"account 65536: the index is not below 65536",
				17,
			),
			("\"index\": 1,", "\"index\": 0,", "account 0 appears twice", 17),
			(
				"\"index\": 1,",
				"\"index\": -1,",
				"`index`: invalid value: integer `-1`, expected u32",
				13,
			),
			("\"balance\"", "\"amount\"", "unknown field `amount`", 10),
			(
				"\"balance\": 1000000000",
				"\"balance\": 18446744073709551616",
				"expected a whole number below 2^64",
				10,
			),
			(&key, &key[2..], "`public_key` is not 32 bytes", 14),
			(&format!("0x{key}"), &key, "`public_key` does not start with 0x", 14),
			(&key, &zero, "`public_key`: the key is zero", 14),
			(&key, &one, "`public_key`: the key is outside the prime-order subgroup", 14),
			(&key, &"f".repeat(64), "`public_key`: the key is not below the field modulus", 14),
			("\"depth\": 8", "\"depth\": 13", "got 4 and 13", 5),
			("\"shape\"", "\"shapes\"", "unknown field `shapes`", 2),
		] {
			let error = refused(from, to);
			assert!(error.contains(said), "{to}: {error}");
			assert!(error.contains(&format!("line {line} ")), "{to}: {error}");
		}
		// The shape behind the accounts.
		let reordered = |index: u32| {
			let value = serde_json::to_value(demo::genesis()).unwrap();
			let accounts = value["accounts"].to_string().replacen(":1,", &format!(":{index},"), 1);
			Genesis::from_json(&format!(
				r#"{{"accounts":{accounts},"shape":{{"transfers":4,"depth":8}}}}"#
			))
		};
		assert_eq!(reordered(1).unwrap(), demo::genesis());
		let error = reordered(65_536).unwrap_err().to_string();
		assert!(error.contains("the index is not below 65536"), "{error}");
		let cut = &json()[..200];
		assert!(Genesis::from_json(cut).unwrap_err().to_string().contains("EOF"));
		assert!(Genesis::from_json("{}")
			.unwrap_err()
			.to_string()
			.contains("missing field `shape`"));
		let trailing = format!("{} 1", json());
		assert!(Genesis::from_json(&trailing).unwrap_err().to_string().contains("trailing"));
	}

	#[test]
	fn genesis_file_should_be_refused_when_it_cannot_be_read() {
		let dir = tempfile::tempdir().unwrap();
		let error = Genesis::from_file(&dir.path().join("none.json")).unwrap_err();
		assert!(error.to_string().starts_with("cannot read"), "{error}");
		let file = tempfile::NamedTempFile::new().unwrap();
		// A hole and not a gigabyte.
		file.as_file().set_len(MAX_FILE_BYTES + 1).unwrap();
		let error = Genesis::from_file(file.path()).unwrap_err();
		assert!(matches!(error, GenesisFileError::TooLarge { found, .. } if found > 1 << 30));
	}
}
