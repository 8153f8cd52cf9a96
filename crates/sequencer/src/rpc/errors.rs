// SPDX-License-Identifier: Apache-2.0
//! Error codes, one per cause. They never change their meaning.

use crate::{core::SubmitError, pool::PoolError};
use jsonrpsee::types::ErrorObjectOwned;
use pvs_rollup::transfer::DecodeError;

/// A parameter is missing, of another type, or unknown (the JSON-RPC standard's own code).
pub(crate) const PARAMS: i32 = -32602;
/// The transfer is not hexadecimal with 0x before it.
pub(crate) const HEX: i32 = 1001;
/// Executed before, or another transfer with its nonce was.
pub(crate) const NONCE_USED: i32 = 1020;
/// The same transfer waits already.
pub(crate) const KNOWN: i32 = 1035;
/// The journal cannot be written.
pub(crate) const STORAGE: i32 = 1060;
/// Too many submissions at once.
pub(crate) const BUSY: i32 = 1061;
/// The disk is full. The sequencer goes on by itself once there is room.
pub(crate) const DISK_FULL: i32 = 1062;
/// No state with this root is kept.
pub(crate) const UNKNOWN_ROOT: i32 = 1070;
/// No batch with this index is kept.
pub(crate) const UNKNOWN_BATCH: i32 = 1071;
/// The tree has no such account.
pub(crate) const INDEX: i32 = 1010;

/// An error as a client gets it.
pub(crate) fn error(code: i32, text: impl Into<String>) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(code, text, None::<()>)
}

/// The code of a refusal.
pub(crate) fn code_of(error: &PoolError) -> i32 {
	match error {
		PoolError::Encoding(DecodeError::Length(_)) => 1002,
		PoolError::Encoding(DecodeError::NoOp) => 1003,
		PoolError::Encoding(DecodeError::Response(_)) => 1004,
		PoolError::Encoding(DecodeError::NewKey(_)) => 1005,
		PoolError::Index { .. } => INDEX,
		PoolError::SelfTransfer(_) => 1011,
		PoolError::UnknownSender(_) => 1012,
		PoolError::UnknownReceiver(_) => 1013,
		PoolError::AlreadyOpen(_) => 1014,
		PoolError::OpeningPending { .. } => 1015,
		PoolError::NonceUsed { .. } => NONCE_USED,
		PoolError::NonceAhead { .. } => 1021,
		PoolError::NoncesExhausted(_) => 1022,
		PoolError::FeeTooLow { .. } => 1030,
		PoolError::Overdraft { .. } => 1031,
		PoolError::Overflow { .. } => 1032,
		PoolError::ReplacementFee { .. } => 1033,
		PoolError::InFlight => 1034,
		PoolError::Known(_) => KNOWN,
		PoolError::OpeningFeeTooLow { .. } => 1036,
		PoolError::BadSignature => 1040,
		PoolError::AccountFull { .. } => 1050,
		PoolError::PoolFull { .. } => 1051,
	}
}

/// A refusal as a client gets it.
pub(crate) fn refusal(error: &SubmitError) -> ErrorObjectOwned {
	let code = match error {
		SubmitError::Pool(error) => code_of(error),
		SubmitError::Storage => STORAGE,
		SubmitError::Full => DISK_FULL,
	};
	self::error(code, error.to_string())
}
