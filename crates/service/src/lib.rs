// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]

pub mod backoff;
pub mod event;
pub mod health;
pub mod metrics;
pub mod monitor;
pub mod shutdown;
pub mod supervise;

pub use backoff::Backoff;
pub use event::{Event, Form, Level, Reporter, Stamped};
pub use health::{Condition, Health};
pub use metrics::{Metrics, MetricsError, Server};
pub use monitor::ChainMonitor;
pub use shutdown::{Stop, Stopper};
pub use supervise::{Answer, Policy, Supervisor, Tasks};
