// SPDX-License-Identifier: Apache-2.0
//! What calls and hooks do, by what it is about.

mod agenda;
mod bids;
mod effects;
mod genesis;
mod money;
mod places;
mod prover;
mod reads;
mod rollup;
mod round;
mod settle;
