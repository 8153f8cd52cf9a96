// SPDX-License-Identifier: Apache-2.0
//! The metrics of a service in the registry of the program that it is a part of.

use super::{Metrics, MetricsError, Registry};
use prometheus::{
	core::{Collector, Desc},
	proto::{MetricFamily, MetricType},
};
use std::{
	collections::{BTreeMap, HashMap},
	sync::{Arc, Mutex, PoisonError},
};

/// A place in a registry for the metrics of a service, which may start several times: it shows those of the newest run,
/// behind the prefix that the registry has.
#[derive(Clone, Debug)]
pub struct Embedded {
	service: &'static str,
	newest: Newest,
}

/// The metrics of the newest run; none before the first.
type Newest = Arc<Mutex<Option<Metrics>>>;

impl Embedded {
	/// Takes a place in a registry, if there is one, for a service such as `pvs-prover`.
	///
	/// # Errors
	///
	/// The registry has such a service already, or the name is none.
	pub fn new(service: &'static str, registry: Option<&Registry>) -> Result<Self, MetricsError> {
		let newest = Newest::default();
		if let Some(registry) = registry {
			let name = service.replace('-', "_");
			let failed = |source| MetricsError::Name { name: name.clone(), source };
			let help = format!("The metrics of {service}");
			let desc = Desc::new(name.clone(), help, Vec::new(), HashMap::new()).map_err(failed)?;
			registry.register(Box::new(Shown { desc, newest: newest.clone() })).map_err(failed)?;
		}
		Ok(Self { service, newest })
	}

	/// Returns metrics for a new run, which are shown from now on.
	///
	/// # Errors
	///
	/// Those of [`Metrics::new`].
	pub fn next_run(&self) -> Result<Metrics, MetricsError> {
		let metrics = Metrics::new(self.service)?;
		*self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(metrics.clone());
		Ok(metrics)
	}

	/// Returns the counters and gauges without labels of the newest run, by their whole names.
	pub fn figures(&self) -> BTreeMap<String, f64> {
		let mut figures = BTreeMap::new();
		for family in gather(&self.newest) {
			let [metric] = family.get_metric() else { continue };
			let value = match family.get_field_type() {
				MetricType::COUNTER => metric.get_counter().get_value(),
				MetricType::GAUGE => metric.get_gauge().get_value(),
				_ => continue,
			};
			if metric.get_label().is_empty() {
				figures.insert(family.get_name().to_owned(), value);
			}
		}
		figures
	}
}

/// Metric as the registry asks for it.
struct Shown {
	/// Registries tell collectors apart by what they say that they show.
	desc: Desc,
	newest: Newest,
}

impl Collector for Shown {
	fn desc(&self) -> Vec<&Desc> {
		vec![&self.desc]
	}

	fn collect(&self) -> Vec<MetricFamily> {
		gather(&self.newest)
	}
}

fn gather(newest: &Newest) -> Vec<MetricFamily> {
	let newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
	newest.as_ref().map_or_else(Vec::new, |metrics| metrics.0.gather())
}

#[cfg(test)]
mod tests {
	use super::*;
	use prometheus::TextEncoder;

	fn text(registry: &Registry) -> String {
		TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
	}

	#[test]
	fn registry_should_show_the_newest_run_of_each_service() {
		let registry = Registry::new_custom(Some("node".into()), None).unwrap();
		let prover = Embedded::new("pvs-prover", Some(&registry)).unwrap();
		let opener = Embedded::new("pvs-opener", Some(&registry)).unwrap();
		assert_eq!(text(&registry), "", "nothing has started");
		let first = prover.next_run().unwrap();
		first.counter("bids_total", "Bids").unwrap().inc_by(5);
		let opened = opener.next_run().unwrap().counter("opened_total", "Opened").unwrap();
		opened.inc();
		assert!(text(&registry).contains("node_pvs_prover_bids_total 5"));
		let second = prover.next_run().unwrap();
		second.counter("bids_total", "Bids").unwrap().inc_by(2);
		let shown = text(&registry);
		assert!(shown.contains("node_pvs_prover_bids_total 2"), "{shown}");
		assert!(shown.contains("node_pvs_opener_opened_total 1"), "{shown}");
	}

	#[test]
	fn figures_should_be_those_without_labels() {
		let embedded = Embedded::new("pvs-prover", None).unwrap();
		assert!(embedded.figures().is_empty());
		let metrics = embedded.next_run().unwrap();
		metrics.counter("bids_total", "Bids").unwrap().inc_by(5);
		metrics.gauge("open_jobs", "Jobs").unwrap().set(-1);
		metrics.histogram("seconds", "Seconds", &[1.0]).unwrap().observe(1.0);
		metrics.counters("ends_total", "Ends", &["task"]).unwrap().with_label_values(&["a"]).inc();
		let expected = [("pvs_prover_bids_total", 5.0), ("pvs_prover_open_jobs", -1.0)];
		let expected = expected.map(|(name, value)| (name.to_owned(), value));
		assert_eq!(embedded.figures(), BTreeMap::from(expected));
	}

	#[test]
	fn service_should_have_one_place_in_a_registry() {
		let registry = Registry::new();
		let _first = Embedded::new("pvs-prover", Some(&registry)).unwrap();
		let error = Embedded::new("pvs-prover", Some(&registry)).unwrap_err().to_string();
		assert!(error.contains("pvs_prover"), "{error}");
	}
}
