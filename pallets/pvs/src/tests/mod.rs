// SPDX-License-Identifier: Apache-2.0
//! A file per call, and one each for rounds, deadlines, reads and the attacks by their names.

mod agenda;
mod attacks;
mod bid;
mod commit;
mod genesis;
mod prove;
mod reads;
mod register;
mod reveal;
mod rounds;
mod stateful;
