// SPDX-License-Identifier: Apache-2.0
//! Types of what goes over the wire. Amounts and balances are decimal strings, because many JSON readers keep
//! 53 bits of a number only; on the way in plain integers are taken as well. Bytes are hexadecimal with 0x.

use crate::{
	core::{Stage, Status, Step},
	journal::Ended,
	pool::Hash,
	rpc::errors::{self, error},
};
use jsonrpsee::types::ErrorObjectOwned;
use pvs_rollup::{
	account::Account,
	keys::{PublicKey, Signature},
	shape::TRANSFER_BYTES,
	state::Membership,
	transfer::{SignedTransfer, Transfer},
};
use serde::{de::Error as _, Deserialize, Deserializer, Serialize};
use serde_json::{json, Value};

/// Bytes as they are shown.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Reads so many bytes.
pub fn bytes_from_hex<const N: usize>(text: &str) -> Result<[u8; N], String> {
	let digits = text.strip_prefix("0x").ok_or("it does not start with 0x")?;
	let mut bytes = [0; N];
	hex::decode_to_slice(digits, &mut bytes)
		.map_err(|error| format!("it is not {N} bytes in hexadecimal: {error}"))?;
	Ok(bytes)
}

/// A number that may also be written as a decimal string.
fn number<'de, D: Deserializer<'de>, N>(deserializer: D) -> Result<N, D::Error>
where
	N: TryFrom<u64> + std::str::FromStr,
{
	#[derive(Deserialize)]
	#[serde(untagged, expecting = "expected a whole number, plain or as a decimal string")]
	enum Written {
		Number(u64),
		Text(String),
	}
	let bits = 8 * size_of::<N>();
	let range = || D::Error::custom(format!("a number does not lie in 0 to 2^{bits} - 1"));
	match Written::deserialize(deserializer)? {
		Written::Number(number) => N::try_from(number).map_err(|_| range()),
		// `parse` would take a sign.
		Written::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
			text.parse().map_err(|_| range())
		},
		Written::Text(_) => Err(range()),
	}
}

/// A transfer by its fields.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferFields {
	#[serde(deserialize_with = "number")]
	from: u32,
	#[serde(deserialize_with = "number")]
	to: u32,
	#[serde(deserialize_with = "number", serialize_with = "as_text")]
	amount: u64,
	#[serde(deserialize_with = "number")]
	fee: u32,
	#[serde(deserialize_with = "number")]
	nonce: u32,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	new_key: Option<String>,
	signature: String,
}

fn as_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&number.to_string())
}

impl From<&SignedTransfer> for TransferFields {
	fn from(signed: &SignedTransfer) -> Self {
		let Transfer { from, to, amount, fee, nonce, new_key } = signed.transfer;
		let new_key = new_key.map(|key| hex(key.to_bytes()));
		Self { from, to, amount, fee, nonce, new_key, signature: hex(signed.signature.to_bytes()) }
	}
}

impl TransferFields {
	/// The transfer, decoded as strictly as its bytes are.
	fn signed(&self) -> Result<SignedTransfer, ErrorObjectOwned> {
		let field = |name: &'static str| {
			move |reason: String| error(errors::HEX, format!("{name}: {reason}"))
		};
		let encoding = |cause| errors::refusal(&crate::pool::PoolError::Encoding(cause).into());
		let new_key = match &self.new_key {
			Some(key) => {
				let key = bytes_from_hex(key).map_err(field("new_key"))?;
				Some(PublicKey::from_bytes(&key).map_err(|cause| encoding(cause.into()))?)
			},
			None => None,
		};
		let signature = bytes_from_hex(&self.signature).map_err(field("signature"))?;
		let signature =
			Signature::from_bytes(&signature).map_err(|cause| encoding(cause.into()))?;
		let Self { from, to, amount, fee, nonce, .. } = *self;
		Ok(SignedTransfer {
			transfer: Transfer { from, to, amount, fee, nonce, new_key },
			signature,
		})
	}
}

/// Reads a transfer: its encoding in hexadecimal, or an object with its fields.
pub(crate) fn transfer(value: &Value) -> Result<SignedTransfer, ErrorObjectOwned> {
	let Value::String(text) = value else {
		let fields: TransferFields = serde_json::from_value(value.clone())
			.map_err(|cause| error(errors::PARAMS, format!("transfer: {cause}")))?;
		return fields.signed();
	};
	let digits = text.strip_prefix("0x");
	let digits = digits.ok_or_else(|| error(errors::HEX, "transfer: it does not start with 0x"))?;
	// Before decoding, so that what is far too long costs nothing.
	if digits.len() > 2 * TRANSFER_BYTES {
		let cause = pvs_rollup::transfer::DecodeError::Length(digits.len().div_ceil(2));
		return Err(errors::refusal(&crate::pool::PoolError::Encoding(cause).into()));
	}
	let bytes =
		hex::decode(digits).map_err(|cause| error(errors::HEX, format!("transfer: {cause}")))?;
	SignedTransfer::decode(&bytes)
		.map_err(|cause| errors::refusal(&crate::pool::PoolError::Encoding(cause).into()))
}

/// Returns where a transfer stands.
pub(crate) fn status(hash: &Hash, status: Status) -> Value {
	let hash = hex(hash);
	match status {
		Status::Unknown => json!({ "hash": hash, "status": "unknown" }),
		Status::Pending => json!({ "hash": hash, "status": "pending" }),
		Status::Committed { batch, block, stage } => {
			json!({ "hash": hash, "status": stage_name(stage), "batch": batch, "block": block })
		},
		Status::Ended(Ended::Final { batch, block }) => {
			json!({ "hash": hash, "status": "final", "batch": batch, "block": block })
		},
		Status::Ended(Ended::Replaced { by }) => json!({
			"hash": hash, "status": "replaced", "by": hex(by),
			"reason": "its sender sent another transfer with its nonce and a higher fee",
		}),
		Status::Ended(Ended::Evicted { by }) => json!({
			"hash": hash, "status": "evicted", "by": hex(by),
			"reason": "the pool was full and another transfer paid more; it stays valid until its nonce is used: \
				send it again, or another one with its nonce",
		}),
		Status::Ended(Ended::NonceUsed) => json!({
			"hash": hash, "status": "rejected",
			"reason": "another transfer with its nonce is final",
		}),
		Status::Ended(Ended::AlreadyOpen { index }) => json!({
			"hash": hash, "status": "rejected",
			"reason": format!("another transfer opened account {index}, and that is final"),
		}),
		Status::Ended(Ended::Expired) => json!({
			"hash": hash, "status": "expired",
			"reason": "it waited for longer than the sequencer keeps transfers; it stays valid until its nonce is \
				used: send it again, or another one with its nonce",
		}),
	}
}

/// Returns what a stage is called.
pub(crate) fn stage_name(stage: Stage) -> &'static str {
	match stage {
		Stage::Committed => "committed",
		Stage::Proven => "proven",
	}
}

/// An account, or null.
pub(crate) fn account(account: Option<&Account>) -> Value {
	account.map_or(Value::Null, |account| {
		let [x, y] = account.public_key.coordinates();
		json!({
			"public_key": hex(x),
			"public_key_y": hex(y),
			"nonce": account.nonce,
			"balance": account.balance.to_string(),
		})
	})
}

/// A proof of membership.
pub(crate) fn membership(proof: &Membership) -> Value {
	let path: Vec<Vec<String>> =
		proof.path.iter().map(|children| children.iter().map(hex).collect()).collect();
	json!({ "index": proof.index, "account": account(proof.account.as_ref()), "path": path })
}

/// Reads what [`membership`] wrote.
pub fn membership_from(value: &Value) -> Result<Membership, String> {
	#[derive(Deserialize)]
	struct AccountFields {
		public_key: String,
		public_key_y: String,
		nonce: u32,
		#[serde(deserialize_with = "number")]
		balance: u64,
	}
	#[derive(Deserialize)]
	struct Fields {
		index: u32,
		account: Option<AccountFields>,
		path: Vec<[String; 4]>,
	}
	let fields = Fields::deserialize(value).map_err(|error| error.to_string())?;
	let account = match fields.account {
		None => None,
		Some(AccountFields { public_key, public_key_y, nonce, balance }) => {
			let (x, y) = (bytes_from_hex(&public_key)?, bytes_from_hex(&public_key_y)?);
			let public_key =
				PublicKey::from_coordinates(&x, &y).map_err(|error| error.to_string())?;
			Some(Account { public_key, nonce, balance })
		},
	};
	let mut path = Vec::new();
	for children in &fields.path {
		let mut nodes = [[0; 32]; 4];
		for (node, text) in nodes.iter_mut().zip(children) {
			*node = bytes_from_hex(text)?;
		}
		path.push(nodes);
	}
	Ok(Membership { index: fields.index, account, path })
}

/// A batch.
pub(crate) fn batch(step: &Step, status: &str) -> Value {
	json!({
		"index": step.commit.index,
		"status": status,
		"block": step.commit.block,
		"prev_root": hex(step.commit.prev_root),
		"next_root": hex(step.commit.next_root),
		"transfers": step.hashes.iter().map(hex).collect::<Vec<_>>(),
		"data": hex(&step.commit.data),
	})
}
