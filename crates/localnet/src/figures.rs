// SPDX-License-Identifier: Apache-2.0
//! Percentiles.

/// Summary of a set of latencies, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
	pub(crate) p50: f64,
	pub(crate) p95: f64,
	pub(crate) p99: f64,
	pub(crate) max: f64,
}

impl Summary {
	/// Sums up latencies; `None` if there are none.
	pub(crate) fn of(latencies: impl IntoIterator<Item = f64>) -> Option<Self> {
		let mut sorted: Vec<f64> = latencies.into_iter().collect();
		sorted.sort_by(f64::total_cmp);
		let max = *sorted.last()?;
		let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(&sorted, percent));
		Some(Self { p50: p50?, p95: p95?, p99: p99?, max })
	}
}

/// The nearest-rank percentile: the smallest value such that at least `percent` per cent of all
/// are no larger.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
	let rank = sorted.len().saturating_mul(percent).div_ceil(100).max(1);
	sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentile_should_be_the_nearest_rank() {
		let values: Vec<f64> = (1..=20).map(f64::from).collect();
		assert_eq!(percentile(&values, 50), Some(10.0));
		assert_eq!(percentile(&values, 95), Some(19.0));
		assert_eq!(percentile(&values, 96), Some(20.0));
		assert_eq!(percentile(&values, 100), Some(20.0));
		assert_eq!(percentile(&values, 0), Some(1.0));
	}

	#[test]
	fn summary_should_not_depend_on_the_order() {
		let summary = Summary::of([3.0, 1.0, 2.0]).unwrap();
		assert_eq!(summary, Summary { p50: 2.0, p95: 3.0, p99: 3.0, max: 3.0 });
		assert_eq!(Summary::of([5.5]), Some(Summary { p50: 5.5, p95: 5.5, p99: 5.5, max: 5.5 }));
		assert_eq!(Summary::of([]), None);
	}
}
