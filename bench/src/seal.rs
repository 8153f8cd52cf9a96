// SPDX-License-Identifier: Apache-2.0
//! `pvs-bench seal`: how fast seals are made, solved and verified, beside GMP in the same run.

use crate::{
	measure::{median, milliseconds, rounded, table, timed},
	progress,
	setup::{account, commit, params, payload, round, sealed_bid, World},
	wasm::Wasm,
};
use anyhow::{ensure, Context};
use codec::{Decode, Encode};
use pallet_pvs::{Call, Config};
use pvs_primitives::{
	api::BatchId, bid::bid_context, params::SilencePolicy, seal_timing::AIMED_SQUARINGS,
	RoundNumber,
};
use pvs_runtime::{AccountId, Pvs, Runtime, RuntimeCall};
use pvs_timelock::{seal, solve, verify_opening, Exponent, Opening, Seal, Statement, STANDARD};
use serde_json::json;
use std::time::Instant;

/// Squarings per measurement and squarer.
const SQUARINGS: u32 = 1 << 17;
/// Measurements of each, one after the other in turns: the machine's moods then hit all alike.
const ROUNDS: usize = 7;
/// Repetitions of what takes milliseconds.
const REPETITIONS: usize = 25;

/// Squarings per second of each squarer, a row per round.
struct Speeds {
	openssl: Vec<f64>,
	portable: Vec<f64>,
	gmp: Vec<f64>,
}

impl Speeds {
	fn measure() -> anyhow::Result<Self> {
		let bar = progress::bar("squarings", ROUNDS);
		let mut speeds = Self { openssl: Vec::new(), portable: Vec::new(), gmp: Vec::new() };
		let start = STANDARD.h;
		for _ in 0..ROUNDS {
			let (openssl, expected) = timed(|| solve::Squarer::OpenSsl.square(&start, SQUARINGS));
			let (portable, result) = timed(|| solve::Squarer::Portable.square(&start, SQUARINGS));
			ensure!(result == expected, "the squarers disagree");
			let (gmp, result) = timed(|| gmp::square(&start, SQUARINGS));
			ensure!(gmp::agrees(&result?, &expected), "GMP and our squarer disagree");
			for (speeds, time) in [
				(&mut speeds.openssl, openssl),
				(&mut speeds.portable, portable),
				(&mut speeds.gmp, gmp),
			] {
				speeds.push(f64::from(SQUARINGS) / time.as_secs_f64());
			}
			bar.inc(1);
		}
		Ok(speeds)
	}

	/// The median over the rounds of the ratio to GMP within one round.
	fn to_gmp(&self, speeds: &[f64]) -> f64 {
		median(speeds.iter().zip(&self.gmp).map(|(speed, gmp)| speed / gmp).collect())
	}
}

/// Measures and prints.
pub(crate) fn run(json: bool) -> anyhow::Result<()> {
	let speeds = Speeds::measure()?;
	let bid = SilentBid::new()?;
	let parameters = <Runtime as Config>::Seals::get().parameters;
	let statement = bid.statement();

	let exponent = Exponent::random().context("the system gives no random bytes")?;
	let seal_ms = milliseconds(REPETITIONS, || {
		seal(parameters, &bid.context, &payload(0), &exponent);
	});
	let started = Instant::now();
	let mut solver = solve::Solver::new(
		bid.seal.first_chunk().context("a seal starts with 256 bytes")?,
		parameters.delay,
		solve::Squarer::OpenSsl,
	);
	let bar = progress::bar("solving", 100);
	while !solver.advance(solver.spacing()) {
		bar.set_position(solver.done() * 100 / solver.delay());
	}
	let squaring = started.elapsed();
	let (proving, opening) = timed(|| solve::prove(&solver, &statement, 1));
	let opening = opening?;
	let verify_native_ms = milliseconds(REPETITIONS, || {
		assert!(verify_opening(&statement, &opening.solution, &opening.proof).is_ok());
	});
	let verify_wasm_ms = bid.verify_in_wasm(&opening)?;

	let (openssl, portable) = (speeds.to_gmp(&speeds.openssl), speeds.to_gmp(&speeds.portable));
	println!("2,048-bit squarings, {ROUNDS} rounds in turns; medians.");
	let mut squarers = table(&["squarer", "per second", "beside GMP powm"]);
	for (name, speeds, ratio) in [
		("OpenSSL (the solver's)", &speeds.openssl, openssl),
		("GMP powm", &speeds.gmp, 1.0),
		("crypto-bigint (portable)", &speeds.portable, portable),
	] {
		squarers.add_row([
			name.to_string(),
			format!("{:.0}", median(speeds.clone())),
			format!("{ratio:.2}"),
		]);
	}
	println!(
		"{squarers}\n\nThe seal of a bid, {} squarings ({}).",
		parameters.delay, parameters.name
	);
	let proof_share = proving.as_secs_f64() / squaring.as_secs_f64();
	let mut seals = table(&["what", "time", "target"]);
	for (what, time, target) in [
		("making it", format!("{seal_ms:.2} ms"), ""),
		("solving it, one thread", format!("{:.2} s", squaring.as_secs_f64()), ""),
		("proving the solution, one thread", format!("{:.2} s", proving.as_secs_f64()), ""),
		("the proof, of the squarings", format!("{:.1}%", proof_share * 100.0), ""),
		("verifying natively", format!("{verify_native_ms:.2} ms"), "below 2 ms"),
		("verifying in the runtime's Wasm", format!("{verify_wasm_ms:.2} ms"), "below 15 ms"),
	] {
		seals.add_row([what, &time, target]);
	}
	println!("{seals}\n\n{}", delays(median(speeds.openssl.clone())));
	if json {
		println!(
			"{}",
			json!({
				"solver_vs_gmp": rounded(openssl),
				"portable_vs_gmp": rounded(portable),
				"squarings_per_s": median(speeds.openssl).round(),
				"gmp_squarings_per_s": median(speeds.gmp).round(),
				"seal_ms": rounded(seal_ms),
				"solve_s": rounded(squaring.as_secs_f64()),
				"prove_s": rounded(proving.as_secs_f64()),
				"proof_share": rounded(proof_share),
				"verify_native_ms": rounded(verify_native_ms),
				"verify_wasm_ms": rounded(verify_wasm_ms),
				"delay": parameters.delay,
			})
		);
	}
	Ok(())
}

/// Returns the delays that windows need, and how long one core works at each.
fn delays(speed: f64) -> String {
	let timing = Pvs::seal_timing();
	let mut rows = table(&["bidding and gap, blocks", "T, squarings", "one core here"]);
	for blocks in [1, 2, 4, 6, 12] {
		let delay = timing.delay_for(blocks);
		#[allow(clippy::cast_precision_loss, reason = "for display")]
		let seconds = delay as f64 / speed;
		rows.add_row([blocks.to_string(), delay.to_string(), format!("{seconds:.0} s")]);
	}
	format!(
		"The delay that a seal needs, against the larger of {} times {} squarings a second (the fastest \
		 published) and {AIMED_SQUARINGS} (2 ns each), blocks of {} ms that may come at {}% of \
		 that.\n{rows}",
		timing.margin, timing.fastest_squarings, timing.slot_millis, timing.stretch_percent,
	)
}

/// A bid on a chain of the real runtime whose bidder stays silent.
struct SilentBid {
	wasm: Wasm,
	batch: BatchId,
	round: RoundNumber,
	bidder: AccountId,
	opener: AccountId,
	context: [u8; pvs_timelock::BID_CONTEXT_BYTES],
	commitment: [u8; 32],
	seal: Seal,
}

impl SilentBid {
	fn new() -> anyhow::Result<Self> {
		let mut params = params(2, 2);
		// Long enough for any parameters of the runtime.
		params.silence_policy = SilencePolicy::ForceOpen { opening_blocks: 1_000 };
		let world = World::new(&params)?;
		let mut chain = world.chain()?;
		let (bidder, opener) = (&world.provers[0], account(&world.provers[1]));
		let batch = BatchId { rollup: 0, index: 0 };
		chain.apply_soon(world.sequencer(0)?, commit(0, 0)?)?;
		chain.next_block()?;
		let open = round(&mut chain, batch)?;
		let call = sealed_bid(&mut chain, &open, bidder, &payload(0))?;
		let RuntimeCall::Pvs(Call::place_bid { seal, commitment, .. }) = &call else {
			anyhow::bail!("a bid is a `place_bid`");
		};
		let seal = seal.as_slice().try_into().context("a seal has 357 bytes")?;
		let commitment = *commitment;
		chain.apply_soon(bidder, call)?;
		chain.next_block()?;
		let bidder = account(bidder);
		let genesis_hash = chain.read(Pvs::genesis_hash);
		let context =
			bid_context(&genesis_hash, batch, open.round, &open.batch_digest, bidder.as_ref());
		let (wasm, round) = (Wasm::new(chain)?, open.round);
		Ok(Self { wasm, batch, round, bidder, opener, context, commitment, seal })
	}

	fn statement(&self) -> Statement<'_> {
		Statement {
			parameters: <Runtime as Config>::Seals::get().parameters,
			seal: &self.seal,
			context: &self.context,
			commitment: &self.commitment,
			opener: self.opener.as_ref(),
		}
	}

	/// The median time of verifying in the runtime's Wasm, without that of a call that does nothing.
	fn verify_in_wasm(mut self, opening: &Opening) -> anyhow::Result<f64> {
		let Opening { solution, proof } = opening;
		let arguments =
			(self.batch, self.round, &self.bidder, &self.opener, &self.seal, solution, proof)
				.encode();
		let answer = self.wasm.call("PvsApi_check_opening", &arguments)?;
		let answer = Option::<bool>::decode(&mut answer.as_slice())?;
		ensure!(answer == Some(true), "the runtime refuses the opening: {answer:?}");
		let mut times = Vec::new();
		for _ in 0..REPETITIONS {
			let (with, answer) = timed(|| self.wasm.call("PvsApi_check_opening", &arguments));
			answer?;
			let (without, answer) = timed(|| self.wasm.call("PvsApi_batch", &self.batch.encode()));
			answer?;
			times.push(with.saturating_sub(without).as_secs_f64() * 1e3);
		}
		Ok(median(times))
	}
}

#[cfg(feature = "gmp")]
mod gmp {
	use anyhow::anyhow;
	use rug::{integer::Order, Integer};

	/// `value^(2^squarings)` modulo N by GMP's `powm`.
	pub(super) fn square(value: &[u8; 256], squarings: u32) -> anyhow::Result<Integer> {
		let modulus = Integer::from_digits(pvs_timelock::modulus(), Order::Msf);
		let value = Integer::from_digits(value, Order::Msf);
		value
			.pow_mod(&(Integer::from(1) << squarings), &modulus)
			.map_err(|_| anyhow!("exponents are not negative"))
	}

	/// Returns true if both are the same element: equal up to the sign.
	pub(super) fn agrees(power: &Integer, bytes: &[u8; 256]) -> bool {
		let other = Integer::from_digits(bytes, Order::Msf);
		let modulus = Integer::from_digits(pvs_timelock::modulus(), Order::Msf);
		*power == other || Integer::from(power + &other) == modulus
	}
}

#[cfg(not(feature = "gmp"))]
mod gmp {
	/// There is nothing to compare with.
	pub(super) fn square(_: &[u8; 256], _: u32) -> anyhow::Result<()> {
		anyhow::bail!("built without GMP: run `scripts/bench.sh seal`, which builds it in")
	}

	pub(super) fn agrees(_: &(), _: &[u8; 256]) -> bool {
		false
	}
}
