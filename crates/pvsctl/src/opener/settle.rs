// SPDX-License-Identifier: Apache-2.0
//! Settlement of a silent bid by hand.

use crate::chain::{ChainError, Session, SignArgs};
use indicatif::{ProgressBar, ProgressStyle};
use pvs_client::{seals, Account, Call};
use pvs_primitives::{
	api::{BatchId, UnsettledBidInfo, UnsettledRoundInfo},
	bid::{bid_context, PAYLOAD_BYTES},
	Bytes32, RoundNumber,
};
use pvs_timelock::{
	solve::{prove, Solver, Squarer},
	Opening, Statement, ELEMENT_BYTES,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  By its seal, which takes one core for as long as the seal's delay says:
    pvsctl opener settle --key-file opener.key --batch 0/3 --bidder 5Gx...
  By the payload, which its bidder has:
    pvsctl opener settle --key-file prover.key --batch 0/3 --bidder 5Gx... --payload 0x...";

/// Squarings between two moves of the bar.
const CHUNK: u64 = 1 << 14;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
	#[command(flatten)]
	sign: SignArgs,
	/// Batch of the bid, as ROLLUP/INDEX
	#[arg(long, value_name = "ROLLUP/INDEX", value_parser = parse_batch)]
	batch: BatchId,
	/// Round of the bid
	#[arg(long, default_value_t = 0)]
	round: RoundNumber,
	/// Account that placed the bid: an SS58 address, or 0x and 64 hex digits
	#[arg(long, value_name = "ACCOUNT")]
	bidder: Account,
	/// Payload of the bid, 0x and hex digits; without it the seal is solved
	#[arg(long, value_name = "HEX", value_parser = parse_payload)]
	payload: Option<Payload>,
	/// Threads that compute the proof of the solution
	#[arg(long, default_value_t = 1, conflicts_with = "payload",
		value_parser = clap::value_parser!(u16).range(1..=1024))]
	threads: u16,
}

/// The payload of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Payload([u8; PAYLOAD_BYTES]);

fn parse_batch(text: &str) -> Result<BatchId, String> {
	let numbers = text.split_once('/');
	numbers
		.and_then(|(rollup, index)| {
			Some(BatchId { rollup: rollup.parse().ok()?, index: index.parse().ok()? })
		})
		.ok_or_else(|| "a batch is ROLLUP/INDEX, such as 0/3".into())
}

fn parse_payload(text: &str) -> Result<Payload, String> {
	let mut payload = [0; PAYLOAD_BYTES];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut payload).map_err(
		|error| format!("a payload is 0x and {} hex digits: {error}", 2 * PAYLOAD_BYTES),
	)?;
	Ok(Payload(payload))
}

/// Settles a silent bid whose round has closed.
pub(super) async fn settle(args: Args) -> Result<(), ChainError> {
	let session = Session::open(&args.sign).await?;
	let (batch, round, bidder) = (args.batch, args.round, args.bidder.0);
	let (info, bid) = find(&session, &args).await?;
	let call = match &args.payload {
		Some(Payload(payload)) => Call::reveal_bid(batch, round, bidder, payload),
		None => {
			let view = session.client.at(session.client.best().await?).await?;
			let parameters = seals::parameters(&view.seals().await?)?;
			if parameters.digest() != info.seal_digest {
				let text = "the chain has other seal parameters by now than those of this bid; settle it by --payload";
				return Err(ChainError::Input(text.into()));
			}
			let seal = view.seals_of([(bid.placed, bid.seal_hash)]).await?.remove(&bid.seal_hash);
			let seal = seal.ok_or_else(|| {
				let block = bid.placed.block;
				ChainError::Input(format!(
					"the seal is not in block {block}, or the node has pruned it; name another node with --url"
				))
			})?;
			let genesis = session.client.genesis_hash();
			let context = bid_context(&genesis, batch, round, &info.batch_digest, &bidder);
			let (opener, threads) = (session.account.0, usize::from(args.threads));
			let solving = tokio::task::spawn_blocking(move || {
				let statement = Statement {
					parameters: &parameters,
					seal: &seal,
					context: &context,
					commitment: &bid.commitment,
					opener: &opener,
				};
				solve(&statement, threads)
			});
			let opening = solving
				.await
				.map_err(|error| ChainError::Input(format!("the solver has crashed: {error}")))??;
			let opened = (&opening.solution, &opening.proof);
			Call::open_bid(batch, round, bidder, &seal, opened)
		},
	};
	session.submit(&call).await
}

/// Looks a bid up among those that wait to be settled.
async fn find(
	session: &Session,
	args: &Args,
) -> Result<(UnsettledRoundInfo<Bytes32>, UnsettledBidInfo<Bytes32>), ChainError> {
	let view = session.client.at(session.client.best().await?).await?;
	let rounds = view.unsettled_bids(args.batch.rollup).await?;
	let round = rounds.into_iter().find(|it| it.batch == args.batch && it.round == args.round);
	let found = round.and_then(|round| {
		let bid = round.bids.iter().find(|bid| bid.bidder == args.bidder.0)?.clone();
		Some((round, bid))
	});
	found.ok_or_else(|| {
		let (batch, round) = (args.batch, args.round);
		ChainError::Input(format!(
			"no bid of {} waits to be settled in round {round} of batch {}/{}: it was revealed or settled, its time is over, \
			 or the round has not closed",
			args.bidder, batch.rollup, batch.index
		))
	})
}

/// Solves a seal and proves the solution.
fn solve(statement: &Statement<'_>, threads: usize) -> Result<Opening, ChainError> {
	let base = statement.seal.first_chunk::<ELEMENT_BYTES>();
	let base = base.ok_or_else(|| ChainError::Input("the seal is too short".into()))?;
	let delay = statement.parameters.delay;
	let mut solver = Solver::new(base, delay, Squarer::default());
	// Hidden by itself where standard error is no terminal.
	let bar = ProgressBar::new(delay);
	if let Ok(style) = ProgressStyle::with_template("solving {bar:40} {percent} %, {eta} left") {
		bar.set_style(style);
	}
	while !solver.advance(CHUNK) {
		bar.set_position(solver.done());
	}
	bar.finish_and_clear();
	prove(&solver, statement, threads)
		.map_err(|error| ChainError::Input(format!("the seal cannot be opened: {error}")))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn batch_and_payload_should_be_refused_when_they_are_malformed() {
		assert_eq!(parse_batch("2/7"), Ok(BatchId { rollup: 2, index: 7 }));
		for wrong in ["", "3", "3/", "/3", "a/3", "3/-1"] {
			assert!(parse_batch(wrong).unwrap_err().contains("0/3"), "{wrong}");
		}
		let digits = format!("0x{}", "07".repeat(PAYLOAD_BYTES));
		assert_eq!(parse_payload(&digits), Ok(Payload([7; PAYLOAD_BYTES])));
		for wrong in ["", "0x07", "payload"] {
			assert!(parse_payload(wrong).unwrap_err().contains("hex digits"), "{wrong}");
		}
	}
}
