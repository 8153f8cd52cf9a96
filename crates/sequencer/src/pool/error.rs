// SPDX-License-Identifier: Apache-2.0
//! Reasons why a transfer is not taken.

use crate::pool::Hash;
use pvs_rollup::transfer::DecodeError;

/// Reason why a transfer is not taken into the pool. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PoolError {
	#[error("transfer: {0}")]
	Encoding(#[from] DecodeError),
	#[error("{field}: account {index} is not below {limit}, the number of places in the tree")]
	Index { field: &'static str, index: u32, limit: u32 },
	#[error("to: account {0} pays itself; choose another receiver")]
	SelfTransfer(u32),
	#[error(
		"from: account {0} does not exist; it can send once the batch that opens it is committed"
	)]
	UnknownSender(u32),
	#[error("to: account {0} does not exist; give new_key to open it, or wait until the batch that opens it is committed")]
	UnknownReceiver(u32),
	#[error("to: account {0} exists already; leave out new_key")]
	AlreadyOpen(u32),
	#[error(
		"to: transfer 0x{} is about to open account {index}; leave out new_key",
		hex::encode(by)
	)]
	OpeningPending { index: u32, by: Hash },
	#[error("nonce: {found} is used; the sender's next one is {expected}")]
	NonceUsed { expected: u32, found: u32 },
	#[error("nonce: {found} is too far ahead; the next one that is free is {next}, at most {limit} is taken")]
	NonceAhead { next: u32, found: u32, limit: u32 },
	#[error("nonce: account {0} has used all its nonces")]
	NoncesExhausted(u32),
	#[error("fee: {fee} is below {least}, the lowest that this sequencer takes")]
	FeeTooLow { fee: u32, least: u32 },
	#[error(
		"fee: {fee} is below {least}, the lowest that this sequencer takes for opening an account"
	)]
	OpeningFeeTooLow { fee: u32, least: u32 },
	#[error("amount: {amount} and fee {fee} on top of {pending} in waiting transfers are above the sender's balance {balance}")]
	Overdraft { balance: u64, pending: u128, amount: u64, fee: u32 },
	#[error("amount: {amount} does not fit on top of the receiver's balance {balance}; together below 2^64")]
	Overflow { balance: u64, amount: u64 },
	#[error("fee: {fee} does not replace the waiting transfer with this nonce; that takes at least {least}")]
	ReplacementFee { fee: u64, least: u64 },
	#[error("nonce: the transfer with this nonce is on its way to the chain; it cannot be replaced any more")]
	InFlight,
	#[error("transfer 0x{} is waiting already", hex::encode(.0))]
	Known(Hash),
	#[error("signature: it is not the sender's signature of this transfer")]
	BadSignature,
	#[error("from: account {account} has {limit} waiting transfers, as many as one account may; wait for a batch")]
	AccountFull { account: u32, limit: usize },
	#[error("the pool is full with {limit} transfers, and a fee of {fee} drives none out")]
	PoolFull { limit: usize, fee: u32 },
}
