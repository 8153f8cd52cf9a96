// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! Rooms:
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`connection`] | [`Client`]: connect, check that the chain has our pallet, streams of blocks |
//! | [`follow`] | [`Follower`]: best blocks, whichever node shows them, and what is wrong with the nodes |
//! | `nodes` | the connections to the nodes of a chain: which is used, and what of a call that fails |
//! | [`view`] | [`View`]: typed reads of the Runtime API and of balances at one block |
//! | [`calls`] | the calls of the pallet, encoded |
//! | [`submit`] | [`Submitter`]: sign, submit, watch until a block has it, tell what failed, of several items which |
//! | [`pallet_error`] | [`PalletError`]: the pallet's errors |
//! | `call_error` | [`CallError`]: errors of calls, as the chain explains them |
//! | [`events`] | [`PvsEvent`]: the pallet's events |
//! | [`batch_data`] | the data of batches, from the blocks whose headers name it |
//! | [`call_tree`] | batch data and seals in an extrinsic, however deep the call is nested |
//! | [`replica`] | [`Replica`]: rollup states replayed from the data on the chain |
//! | [`seals`] | the time-lock puzzle that a chain seals bids with, checked |
//! | [`keys`] | signing keys from a development path or a protected file |
//! | [`signer`] | [`Signer`]: such a key, or one that a program keeps in its own way |
//! | [`amount`] | amounts as people write them |
//! | `paths` | directories of the user's |

pub mod amount;
pub mod batch_data;
mod call_error;
pub mod call_tree;
pub mod calls;
pub mod connection;
pub mod error;
pub mod events;
pub mod follow;
pub mod keys;
mod nodes;
pub mod pallet_error;
mod paths;
pub mod replica;
pub mod seals;
pub mod signer;
pub mod submit;
pub mod view;

pub use amount::{Amount, Token};
pub use batch_data::Committed;
pub use call_error::CallError;
pub use calls::{BidPlacement, BidReveal, Call};
pub use connection::{Block, Client, Endpoint, CONNECT_TIMEOUT};
pub use error::{Error, Retry};
pub use events::{PvsEvent, Verdict, VoidReason};
pub use follow::{Follower, Notice, Step};
pub use keys::{Account, AccountError, KeyError};
pub use pallet_error::PalletError;
pub use paths::default_dir;
pub use replica::{Replica, ReplicaError, RollupState};
pub use seals::SealsError;
pub use signer::{SignError, Signer};
pub use submit::{Included, SubmitError, Submitter};
/// RPC layer that a client makes its calls over, for programs that bring one of their own.
pub use subxt::rpcs;
pub use subxt_signer::sr25519::Keypair;
pub use view::View;

/// The chain configuration that subxt works with: 32-byte accounts, Blake2-256, the standard
/// transaction extensions.
pub type ChainConfig = subxt::SubstrateConfig;
/// A block hash.
pub type BlockHash = subxt::utils::H256;

/// The name of the market's pallet in the runtime.
pub const PALLET: &str = "Pvs";
/// The name of the market's Runtime API.
pub const RUNTIME_API: &str = "PvsApi";
