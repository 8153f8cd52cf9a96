// SPDX-License-Identifier: Apache-2.0
//! A file per call or subject; the attacks keep the names that the threat model gives them.

mod agenda;
mod attacks;
mod bid;
mod boundary;
mod capacity;
mod charges;
mod commit;
mod coverage;
mod descendants;
mod digest;
mod genesis;
mod invariants;
mod ladder;
mod lengths;
mod money;
mod opaque;
mod open;
mod order;
mod place;
mod prove;
mod prove_many;
mod reads;
mod register;
mod rescue;
mod reserve;
mod reveal;
mod rollup_owner;
mod rounds;
mod stake;
mod stateful;
mod stats;
mod upgrade;
mod worked;
mod world;
