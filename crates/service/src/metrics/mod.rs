// SPDX-License-Identifier: Apache-2.0
//! Figures of a service for Prometheus, and the server that shows them.

mod address;
mod embedded;
mod server;

pub use address::{parse_address, AddressError};
pub use embedded::Embedded;
pub use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};
pub use server::Server;

use prometheus::{core::Collector, Counter, HistogramOpts, Opts, TextEncoder};
use std::net::SocketAddr;

/// Metrics that cannot be made or shown.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
	/// The address to serve them at cannot be used.
	#[error("cannot serve metrics at {address}: {source}; name another address or stop what uses this one")]
	Listen {
		/// The address.
		address: SocketAddr,
		/// Error of the system.
		source: std::io::Error,
	},
	/// Two metrics have one name, or a name is none.
	#[error("cannot make the metric {name}: {source}; this is an error of the program")]
	Name {
		/// The name.
		name: String,
		/// Error of the registry.
		source: prometheus::Error,
	},
	/// A metric cannot be written as text.
	#[error("cannot write the metrics: {0}; this is an error of the program")]
	Text(prometheus::Error),
}

/// The metrics of one service. All names begin with its name. Clones show the same.
#[derive(Clone, Debug)]
pub struct Metrics(Registry);

/// A sum of amounts in planck, which never falls.
///
/// Prometheus has floating-point numbers only: beyond 2^53 planck the last digits are rounded.
#[derive(Clone, Debug)]
pub struct AmountCounter(Counter);

impl AmountCounter {
	/// Adds an amount in planck.
	pub fn add(&self, planck: u128) {
		self.0.inc_by(rounded(planck));
	}
}

/// Returns the number as floating point, rounded where it has more digits than that.
fn rounded(number: u128) -> f64 {
	number.to_be_bytes().into_iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(byte))
}

impl Metrics {
	/// Returns metrics whose names begin with the name of the service, such as `pvs-opener`, in which
	/// hyphens become underscores.
	///
	/// # Errors
	///
	/// The name is empty.
	pub fn new(service: &str) -> Result<Self, MetricsError> {
		let prefix = service.replace('-', "_");
		let registry = Registry::new_custom(Some(prefix.clone()), None);
		registry.map(Self).map_err(|source| MetricsError::Name { name: prefix, source })
	}

	/// Adds a counter. Its name ends in `_total`.
	///
	/// # Errors
	///
	/// There is a metric of that name, or the name is none.
	pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
		self.add(name, IntCounter::new(name, help))
	}

	/// Adds a counter with labels. Its name ends in `_total`.
	///
	/// # Errors
	///
	/// Those of [`Self::counter`].
	pub fn counters(
		&self,
		name: &str,
		help: &str,
		labels: &[&str],
	) -> Result<IntCounterVec, MetricsError> {
		self.add(name, IntCounterVec::new(Opts::new(name, help), labels))
	}

	/// Adds a sum of amounts. Its name ends in `_planck_total`.
	///
	/// # Errors
	///
	/// Those of [`Self::counter`].
	pub fn amount(&self, name: &str, help: &str) -> Result<AmountCounter, MetricsError> {
		self.add(name, Counter::new(name, help)).map(AmountCounter)
	}

	/// Adds a number that rises and falls.
	///
	/// # Errors
	///
	/// Those of [`Self::counter`].
	pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
		self.add(name, IntGauge::new(name, help))
	}

	/// Adds a number that rises and falls, with labels.
	///
	/// # Errors
	///
	/// Those of [`Self::counter`].
	pub fn gauges(
		&self,
		name: &str,
		help: &str,
		labels: &[&str],
	) -> Result<IntGaugeVec, MetricsError> {
		self.add(name, IntGaugeVec::new(Opts::new(name, help), labels))
	}

	/// Adds a distribution over ranges that end at `bounds`, which rise.
	///
	/// # Errors
	///
	/// Those of [`Self::counter`], or bounds that do not rise.
	pub fn histogram(
		&self,
		name: &str,
		help: &str,
		bounds: &[f64],
	) -> Result<Histogram, MetricsError> {
		let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
		self.add(name, Histogram::with_opts(options))
	}

	/// Returns all metrics in the text format of Prometheus.
	///
	/// # Errors
	///
	/// A metric has no values, which none made here lacks.
	pub fn text(&self) -> Result<String, MetricsError> {
		TextEncoder::new().encode_to_string(&self.0.gather()).map_err(MetricsError::Text)
	}

	fn add<M: Collector + Clone + 'static>(
		&self,
		name: &str,
		metric: prometheus::Result<M>,
	) -> Result<M, MetricsError> {
		let added = metric.and_then(|metric| {
			self.0.register(Box::new(metric.clone()))?;
			Ok(metric)
		});
		added.map_err(|source| MetricsError::Name { name: name.into(), source })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn metrics_should_be_shown_with_the_name_of_their_service() {
		let metrics = Metrics::new("pvs-opener").unwrap();
		metrics.counter("opened_total", "Seals opened").unwrap().inc_by(3);
		metrics.gauge("last_block", "Height").unwrap().set(7);
		let rewards = metrics.amount("rewards_planck_total", "Rewards").unwrap();
		rewards.add(1_000_000_000_000);
		rewards.add(1);
		metrics.counters("ends_total", "Ends", &["task"]).unwrap().with_label_values(&["a"]).inc();
		metrics.gauges("met", "Met", &["name"]).unwrap().with_label_values(&["b"]).set(1);
		metrics.histogram("seconds", "Seconds", &[1.0, 2.0]).unwrap().observe(1.5);
		let text = metrics.text().unwrap();
		for line in [
			"# HELP pvs_opener_opened_total Seals opened",
			"# TYPE pvs_opener_opened_total counter",
			"pvs_opener_opened_total 3",
			"pvs_opener_last_block 7",
			"pvs_opener_rewards_planck_total 1000000000001",
			"pvs_opener_ends_total{task=\"a\"} 1",
			"pvs_opener_met{name=\"b\"} 1",
			"pvs_opener_seconds_bucket{le=\"2\"} 1",
			"pvs_opener_seconds_count 1",
		] {
			assert!(text.lines().any(|found| found == line), "{line}\n{text}");
		}
	}

	#[test]
	fn metric_should_be_refused_when_its_name_is_taken_or_none() {
		let metrics = Metrics::new("pvs-opener").unwrap();
		metrics.counter("opened_total", "Seals opened").unwrap();
		let error = metrics.counter("opened_total", "Seals opened").unwrap_err().to_string();
		assert!(error.contains("opened_total"), "{error}");
		for wrong in ["", "with space", "1st"] {
			assert!(metrics.gauge(wrong, "help").is_err(), "{wrong}");
		}
		assert!(metrics.histogram("seconds", "help", &[2.0, 1.0]).is_err());
		assert!(Metrics::new("").is_err());
	}

	#[test]
	fn amount_should_be_rounded_when_it_has_too_many_digits() {
		assert_eq!(rounded(0), 0.0);
		assert_eq!(rounded((1 << 53) - 1), 9_007_199_254_740_991.0);
		let most = rounded(u128::MAX);
		assert!((most / 2f64.powi(128) - 1.0).abs() < 1e-12, "{most}");
	}
}
