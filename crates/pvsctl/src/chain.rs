// SPDX-License-Identifier: Apache-2.0
//! One transaction: signed, submitted and watched until a block has it.

use crate::options::{ConnectArgs, KeyArgs};
use pvs_client::{
	amount::AmountError, Account, Amount, Call, Client, Error, KeyError, SealsError, SubmitError,
	Submitter,
};
use pvs_primitives::Balance;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Time to wait for a block to take a transaction.
const INCLUSION_WAIT: Duration = Duration::from_secs(60);

/// Node to use, key that signs, and form of the answer.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SignArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}

/// Reason why a transaction is not on the chain. The pallet's errors are in its words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChainError {
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Key(#[from] KeyError),
	#[error(transparent)]
	Amount(#[from] AmountError),
	#[error(transparent)]
	Submit(#[from] SubmitError),
	#[error(transparent)]
	Seals(#[from] SealsError),
	#[error(transparent)]
	Output(#[from] pvs_text::OutputError),
	#[error("{0}")]
	Input(String),
}

/// A connection, and what signs.
pub(crate) struct Session {
	pub(crate) client: Client,
	pub(crate) account: Account,
	submitter: Submitter,
	json: bool,
}

impl Session {
	/// Loads the key and connects.
	pub(crate) async fn open(args: &SignArgs) -> Result<Self, ChainError> {
		let key = args.key.load()?;
		let account = Account::of(&key);
		let client = args.connect.connect().await?;
		let submitter = Submitter::new(client.clone(), Arc::new(key));
		Ok(Self { client, account, submitter, json: args.json })
	}

	/// Submits a call, and tells in which block it is.
	pub(crate) async fn submit(&self, call: &Call) -> Result<(), ChainError> {
		let included = self.submitter.submit(call, INCLUSION_WAIT).await?;
		let (name, number) = (call.name(), included.number);
		if self.json {
			return Ok(pvs_text::print(json!({
				"call": name,
				"account": self.account.address(),
				"block": number,
				"block_hash": format!("{:?}", included.block),
				"fee": included.fee.map(|fee| fee.to_string()),
			}))?);
		}
		let fee = included.fee.map(|fee| self.client.token().show(fee));
		let fee = fee.map(|fee| format!(", for a fee of {fee}")).unwrap_or_default();
		Ok(pvs_text::print(format_args!("{name} of {} is in block {number}{fee}", self.account))?)
	}
}

/// Submits a call that needs nothing of the chain.
pub(crate) async fn submit(args: &SignArgs, call: &Call) -> Result<(), ChainError> {
	Session::open(args).await?.submit(call).await
}

/// Submits a call with an amount in the chain's token.
pub(crate) async fn submit_amount(
	args: &SignArgs,
	amount: &Amount,
	call: impl FnOnce(Balance) -> Call,
) -> Result<(), ChainError> {
	let session = Session::open(args).await?;
	let planck = amount.planck(session.client.token())?;
	session.submit(&call(planck)).await
}
