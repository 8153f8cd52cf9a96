// SPDX-License-Identifier: Apache-2.0
//! Parameters of a market as JSON, in the form of `presets/params`: amounts are strings of digits, which no program
//! rounds.

use pvs_primitives::{params::RollupParams, Balance};
use serde_json::{Map, Number, Value};

/// Name of a field that holds an amount, and the amount, in planck.
type Amount = (&'static str, fn(&RollupParams) -> Balance);

const AMOUNTS: [Amount; 5] = [
	("min_reserve", |params| params.min_reserve),
	("initial_reserve", |params| params.initial_reserve),
	("max_reserve", |params| params.max_reserve),
	("silence_penalty", |params| params.silence_penalty),
	("sequencer_bond", |params| params.sequencer_bond),
];

/// Returns the JSON, a line for each field.
pub(super) fn to_json(params: &RollupParams) -> serde_json::Result<String> {
	let text = serde_json::to_string_pretty(params)?;
	Ok(AMOUNTS.into_iter().fold(text, |text, (name, amount)| {
		let amount = amount(params);
		text.replace(&format!("\"{name}\": {amount}"), &format!("\"{name}\": \"{amount}\""))
	}))
}

/// Reads the JSON. Amounts may be numbers as well.
///
/// # Errors
///
/// The reason, with the field: JSON that is malformed, a field that is missing, unknown or not what it should be.
pub(super) fn from_json(text: &str) -> Result<RollupParams, String> {
	let mut fields: Map<String, Value> =
		serde_json::from_str(text).map_err(|error| error.to_string())?;
	for (name, _) in AMOUNTS {
		let Some(Value::String(digits)) = fields.get(name) else { continue };
		let amount = digits.parse::<Balance>().ok().and_then(Number::from_u128);
		let amount = amount
			.ok_or_else(|| format!("{name} must be a whole number of planck, found `{digits}`"))?;
		fields.insert(name.into(), Value::Number(amount));
	}
	let params: RollupParams =
		serde_json::from_value(Value::Object(fields.clone())).map_err(|error| error.to_string())?;
	let known = serde_json::to_value(&params).map_err(|error| error.to_string())?;
	match fields.keys().find(|name| known.get(name.as_str()).is_none()) {
		Some(name) => Err(format!("unknown field `{name}`")),
		None => Ok(params),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const PRESETS: [&str; 2] = [
		include_str!("../../../../presets/params/development.json"),
		include_str!("../../../../presets/params/wallet.json"),
	];

	#[test]
	fn presets_should_be_read_and_shown_in_their_own_form() {
		for preset in PRESETS {
			let params = from_json(preset).unwrap();
			let shown: Value = serde_json::from_str(&to_json(&params).unwrap()).unwrap();
			assert_eq!(shown, serde_json::from_str::<Value>(preset).unwrap());
			assert_eq!(from_json(&serde_json::to_string(&params).unwrap()), Ok(params));
		}
		let most = PRESETS[0].replace("\"10000000000000\"", &format!("\"{}\"", Balance::MAX));
		assert_eq!(from_json(&most).unwrap().max_reserve, Balance::MAX);
	}

	#[test]
	fn field_should_be_named_when_it_is_missing_unknown_or_no_amount() {
		for (from, to, said) in [
			("\"max_reserve\"", "\"max_reserv\"", "missing field `max_reserve`"),
			("\"layout\"", "\"other\": 1, \"layout\"", "unknown field `other`"),
			("\"10000000000000\"", "\"10 UNIT\"", "max_reserve must be a whole number of planck"),
			("\"10000000000000\"", "\"-1\"", "max_reserve must be a whole number of planck"),
			("\"data_len\": 420", "\"data_len\": \"420\"", "expected u32"),
			("{", "[", "line 1"),
		] {
			let changed = PRESETS[0].replacen(from, to, 1);
			assert_ne!(changed, PRESETS[0], "{from}");
			let error = from_json(&changed).unwrap_err();
			assert!(error.contains(said), "{from}: {error}");
		}
	}
}
