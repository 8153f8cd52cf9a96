// SPDX-License-Identifier: Apache-2.0
//! Reporter that events go to.

use super::{lines::Lines, Event, Stamped};
use crate::metrics::{Metrics, MetricsError};
use prometheus::IntCounterVec;
use serde::Serialize;
use std::{
	io::{Result, Write},
	sync::Arc,
	time::SystemTime,
};
use tokio::sync::mpsc;

/// Form in which events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
	/// A line for people.
	Text,
	/// A JSON object a line, with the time, the level and the service.
	Json,
}

impl Form {
	/// Returns JSON if that is asked for, else text.
	pub const fn json_if(is_json: bool) -> Self {
		if is_json {
			Self::Json
		} else {
			Self::Text
		}
	}
}

type Take<E> = dyn Fn(&Stamped<E>, &<E as Event>::Context) + Send + Sync;

/// Takes the events of a service. Clones hand them to the same place.
pub struct Reporter<E: Event> {
	service: &'static str,
	take: Arc<Take<E>>,
	counts: Option<IntCounterVec>,
}

impl<E: Event> Clone for Reporter<E> {
	fn clone(&self) -> Self {
		Self { service: self.service, take: self.take.clone(), counts: self.counts.clone() }
	}
}

impl<E: Event> std::fmt::Debug for Reporter<E> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Reporter").field("service", &self.service).finish_non_exhaustive()
	}
}

impl<E: Event> Reporter<E> {
	/// Returns a reporter that hands each event to a function, which must not wait.
	pub fn new(
		service: &'static str,
		take: impl Fn(&Stamped<E>, &E::Context) + Send + Sync + 'static,
	) -> Self {
		Self { service, take: Arc::new(take), counts: None }
	}

	/// Returns a reporter that writes a line for each event. A reader that has gone away is not told
	/// anything more, one that stops reading misses events; neither stops the service.
	///
	/// The last clone waits, as it is dropped, for what is not written yet, up to a second.
	///
	/// # Errors
	///
	/// The system has no room for the thread that writes.
	pub fn lines(
		service: &'static str,
		form: Form,
		writer: impl Write + Send + 'static,
	) -> Result<Self> {
		let lines = Lines::start(writer)?;
		Ok(Self::new(service, move |stamped, context| match form {
			Form::Text => lines.push(one_line(&stamped.event.text(context))),
			Form::Json => match serde_json::to_string(stamped) {
				Ok(line) => lines.push(line),
				Err(error) => tracing::error!("an event cannot be written as JSON: {error}"),
			},
		}))
	}

	/// Returns a reporter that writes [lines](Self::lines) to the standard output.
	///
	/// # Errors
	///
	/// Those of [`Self::lines`].
	pub fn stdout(service: &'static str, form: Form) -> Result<Self> {
		Self::lines(service, form, std::io::stdout())
	}

	/// Returns a reporter for a service that is embedded in a program, and where its events come out. Those
	/// that find no room are lost; they are counted like the others.
	pub fn channel(service: &'static str, room: usize) -> (Self, mpsc::Receiver<Stamped<E>>)
	where
		E: Clone + Send + 'static,
	{
		let (sender, events) = mpsc::channel(room.max(1));
		let take = move |stamped: &Stamped<E>, _: &E::Context| {
			// Whoever embeds the service may have no use for its events, or be late.
			let _ = sender.try_send(stamped.clone());
		};
		(Self::new(service, take), events)
	}

	/// Returns the reporter, which counts events by kind and level from now on: `events_total`.
	///
	/// # Errors
	///
	/// There is a metric of that name already.
	pub fn counted(mut self, metrics: &Metrics) -> std::result::Result<Self, MetricsError> {
		let help = "Events by kind and level";
		self.counts = Some(metrics.counters("events_total", help, &["event", "level"])?);
		Ok(self)
	}

	/// Takes an event that happened now.
	pub fn say(&self, event: E, context: &E::Context) {
		let (time, level) = (SystemTime::now(), event.level());
		if let Some(counts) = &self.counts {
			counts.with_label_values(&[kind_of(&event).as_str(), level.name()]).inc();
		}
		(self.take)(&Stamped { time, level, service: self.service, event }, context);
	}
}

/// Returns the name that serde tags the event with.
fn kind_of(event: &impl Serialize) -> String {
	let kind = serde_json::to_value(event).ok().and_then(|json| {
		let kind = json.get("event")?.as_str()?;
		Some(kind.to_owned())
	});
	kind.unwrap_or_else(|| "unknown".into())
}

/// Returns a text without line ends, which would look like events of their own.
fn one_line(text: &str) -> String {
	text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::event::{
		tests::{Place, Sample, Totals},
		Level,
	};
	use std::io::{BufRead, BufReader, PipeReader};

	fn said(form: Form, events: impl IntoIterator<Item = Sample>) -> Vec<String> {
		let (reader, writer) = std::io::pipe().unwrap();
		let reporter = Reporter::lines("pvs-sample", form, writer).unwrap();
		events.into_iter().for_each(|event| reporter.clone().say(event, &"planck"));
		drop(reporter);
		read(reader)
	}

	fn read(reader: PipeReader) -> Vec<String> {
		BufReader::new(reader).lines().map(Result::unwrap).collect()
	}

	#[test]
	fn event_should_be_one_line_in_both_forms() {
		let failed = Sample::Failed {
			about: Some(Place { batch: 3, round: 0 }),
			text: "first\nsecond\r\nthird".into(),
		};
		let text = said(Form::Text, [Sample::WasPaid { amount: 5 }, failed.clone()]);
		assert_eq!(text, ["paid 5 planck", "first second  third"]);
		let json = said(Form::json_if(true), [failed]);
		assert_eq!(json.len(), 1);
		let json: serde_json::Value = serde_json::from_str(&json[0]).unwrap();
		assert_eq!((&json["event"], &json["level"]), (&"failed".into(), &"error".into()));
		assert_eq!((&json["batch"], &json["service"]), (&3.into(), &"pvs-sample".into()));
	}

	#[test]
	fn service_should_go_on_when_the_reader_of_its_events_is_gone() {
		for form in [Form::Text, Form::Json] {
			let (reader, writer) = std::io::pipe().unwrap();
			drop(reader);
			let reporter = Reporter::lines("pvs-sample", form, writer).unwrap();
			(0..100).for_each(|_| reporter.say(Sample::Started, &""));
		}
	}

	#[test]
	fn events_should_be_counted_by_kind_and_level() {
		let metrics = Metrics::new("pvs-sample").unwrap();
		let reporter = Reporter::<Sample>::new("pvs-sample", |_, _| {}).counted(&metrics).unwrap();
		for event in [
			Sample::Started,
			Sample::WasPaid { amount: u128::MAX },
			Sample::WasPaid { amount: 1 },
			Sample::Failed { about: None, text: String::new() },
			Sample::Total(Totals { paid: 1 }),
		] {
			reporter.say(event, &"");
		}
		let text = metrics.text().unwrap();
		for (event, level, count) in
			[("was_paid", "info", 2), ("failed", "error", 1), ("total", "info", 1)]
		{
			let line =
				format!("pvs_sample_events_total{{event=\"{event}\",level=\"{level}\"}} {count}\n");
			assert!(text.contains(&line), "{line}{text}");
		}
		assert!(reporter.counted(&metrics).is_err(), "counted twice");
	}

	#[tokio::test]
	async fn embedder_should_get_events_and_never_hold_the_service_up() {
		let (reporter, mut events) = Reporter::channel("pvs-sample", 2);
		for paid in 0..5 {
			reporter.say(Sample::Total(Totals { paid }), &"");
		}
		for paid in 0..2 {
			let stamped = events.recv().await.unwrap();
			assert_eq!(stamped.event, Sample::Total(Totals { paid }));
			assert_eq!((stamped.level, stamped.service), (Level::Info, "pvs-sample"));
		}
		drop(events);
		reporter.say(Sample::Started, &"");
	}

	#[test]
	fn kind_should_be_unknown_when_an_event_has_no_tag() {
		assert_eq!(kind_of(&Totals { paid: 1 }), "unknown");
		assert_eq!(kind_of(&Sample::Started), "started");
	}
}
