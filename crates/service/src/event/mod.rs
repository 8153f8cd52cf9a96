// SPDX-License-Identifier: Apache-2.0
//! Things that happen in a service, for people and for programs.
//!
//! A service has one enum of its events, with `#[serde(tag = "event", rename_all = "snake_case")]`, that
//! implements [`Event`]. A [`Reporter`] stamps each one and hands it on: as a line of text, as a line of
//! JSON, or through a channel.

mod lines;
mod reporter;

pub use reporter::{Form, Reporter};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use std::{fmt::Display, time::SystemTime};

/// Something that happened in a service.
///
/// Implemented by an enum that serde tags with the name of the event. No field is called `event`, `time`,
/// `level` or `service`: they stand beside those of [`Stamped`].
pub trait Event: Serialize {
	/// Data that the text of an event needs and its JSON does not, such as the token that amounts are in.
	type Context;

	/// Returns how much the event matters.
	fn level(&self) -> Level;

	/// Returns the event as one line for people.
	fn text(&self, context: &Self::Context) -> String;
}

/// Importance of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
	/// It is what the service is for.
	Info,
	/// The operator should look at it.
	Warning,
	/// Something was lost, or will be.
	Error,
}

impl Level {
	/// Returns its name, as in JSON.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Info => "info",
			Self::Warning => "warning",
			Self::Error => "error",
		}
	}
}

/// An event with when and where it happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stamped<E> {
	/// Time of the event, in JSON as RFC 3339 in UTC with milliseconds.
	#[serde(serialize_with = "as_timestamp")]
	pub time: SystemTime,
	/// Importance of the event.
	pub level: Level,
	/// Service in which it happened.
	pub service: &'static str,
	/// Event that happened.
	#[serde(flatten)]
	pub event: E,
}

/// Returns a time as RFC 3339 in UTC with milliseconds.
pub fn timestamp(time: SystemTime) -> String {
	DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Serializes a value as its text: amounts in planck, which are more than JSON's numbers can tell apart.
pub fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.collect_str(value)
}

/// Serializes a time as [`timestamp`] writes it.
pub(crate) fn as_timestamp<S: Serializer>(
	time: &SystemTime,
	serializer: S,
) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&timestamp(*time))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use serde_json::json;
	use std::time::Duration;

	#[derive(Clone, Debug, PartialEq, Serialize)]
	#[serde(tag = "event", rename_all = "snake_case")]
	pub(crate) enum Sample {
		Started,
		WasPaid {
			#[serde(serialize_with = "as_text")]
			amount: u128,
		},
		Failed {
			#[serde(flatten)]
			about: Option<Place>,
			text: String,
		},
		Total(Totals),
	}

	#[derive(Clone, Debug, PartialEq, Serialize)]
	pub(crate) struct Place {
		pub(crate) batch: u64,
		pub(crate) round: u32,
	}

	#[derive(Clone, Debug, PartialEq, Serialize)]
	pub(crate) struct Totals {
		pub(crate) paid: u64,
	}

	impl Event for Sample {
		type Context = &'static str;

		fn level(&self) -> Level {
			match self {
				Self::Failed { .. } => Level::Error,
				_ => Level::Info,
			}
		}

		fn text(&self, unit: &Self::Context) -> String {
			match self {
				Self::Started => "started".into(),
				Self::WasPaid { amount } => format!("paid {amount} {unit}"),
				Self::Failed { text, .. } => text.clone(),
				Self::Total(Totals { paid }) => format!("{paid} payments"),
			}
		}
	}

	fn json_of(event: Sample) -> serde_json::Value {
		let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_959_123_045);
		let stamped = Stamped { time, level: event.level(), service: "pvs-sample", event };
		serde_json::from_str(&serde_json::to_string(&stamped).unwrap()).unwrap()
	}

	#[test]
	fn event_should_be_one_flat_object_with_its_stamp() {
		let time = "2026-11-29T13:32:03.045Z";
		let (level, service) = ("info", "pvs-sample");
		assert_eq!(
			json_of(Sample::Started),
			json!({ "time": time, "level": level, "service": service, "event": "started" })
		);
		assert_eq!(
			json_of(Sample::Total(Totals { paid: 2 })),
			json!({ "time": time, "level": level, "service": service, "event": "total", "paid": 2 })
		);
		assert_eq!(
			json_of(Sample::Failed { about: Some(Place { batch: 7, round: 1 }), text: "x".into() }),
			json!({
				"time": time,
				"level": "error",
				"service": service,
				"event": "failed",
				"batch": 7,
				"round": 1,
				"text": "x",
			})
		);
		let nowhere = json_of(Sample::Failed { about: None, text: "x".into() });
		assert_eq!(nowhere.get("batch"), None);
	}

	#[test]
	fn amount_should_keep_every_digit_when_it_is_beyond_the_numbers_of_json() {
		let json = json_of(Sample::WasPaid { amount: u128::MAX });
		assert_eq!(json["amount"], u128::MAX.to_string());
	}

	#[test]
	fn timestamp_should_have_milliseconds_also_when_they_are_zero() {
		assert_eq!(timestamp(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
	}
}
