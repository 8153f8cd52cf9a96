// SPDX-License-Identifier: Apache-2.0
//! Phase-2 ceremonies for the reference rollup, from the command line.

mod args;
mod bar;

pub(crate) use args::Arguments;

use crate::fail::finish;
use args::{BeaconValue, Command, Ground, Step};
use bar::Bar;
use pvs_ceremony::{Beacon, Ceremony, Circuit, Powers, Progress, Secret};
use pvs_files::{write_new, Access, Staged};
use pvs_primitives::{hash::blake2_256, Bytes32};
use pvs_rollup::{
	circuit::Constraints,
	proving::{ceremony_key_file, encode_ceremony_key, load_pinned, Silent},
};
use serde_json::{json, Value};
use std::{
	error::Error,
	fmt::Display,
	fs::{self, File},
	io::{self, Read},
	path::{Path, PathBuf},
	process::ExitCode,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Does a command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
	let told = facts(&arguments.command);
	finish(told.and_then(|facts| Ok(pvs_text::print(text(&facts, arguments.json))?)))
}

fn facts(command: &Command) -> Outcome<Value> {
	let bar = Bar::default();
	match command {
		Command::Start { ground, out } => {
			must_not_exist(out)?;
			let (constraints, powers) = load(ground, &bar)?;
			let powers =
				powers.with_basis_from_file(&ground.powers, &bar).map_err(of(&ground.powers))?;
			let ceremony = Ceremony::start(&circuit(&constraints)?, &powers, &bar)
				.map_err(of(&ground.powers))?;
			write(out, &ceremony.to_bytes())?;
			Ok(written(&ceremony, out))
		},
		Command::Contribute { step, entropy_file } => {
			let ceremony = open(step, &bar)?;
			let entropy: Box<dyn Read> = match entropy_file {
				Some(path) => Box::new(File::open(path).map_err(of(path))?),
				None => Box::new(io::empty()),
			};
			let secret = Secret::random(entropy)
				.map_err(|error| format!("cannot gather randomness: {error}"))?;
			let ceremony = ceremony.contribute(step.name.clone(), secret, &bar)?;
			write(&step.out, &ceremony.to_bytes())?;
			Ok(contributed(&ceremony, &step.out))
		},
		Command::Beacon { step, value, iterations_log2 } => {
			let digits = value.strip_prefix("0x").unwrap_or(value);
			let value = hex::decode(digits).map_err(|error| format!("--value: {error}"))?;
			let beacon = Beacon::new(value, *iterations_log2)
				.map_err(|error| format!("--value: {error}"))?;
			let ceremony = open(step, &bar)?.add_beacon(step.name.clone(), beacon, &bar)?;
			write(&step.out, &ceremony.to_bytes())?;
			Ok(contributed(&ceremony, &step.out))
		},
		Command::Verify { ground, expect, beacon, file } => {
			let ceremony = read(file, beacon.as_ref(), &bar)?;
			let hashes = ceremony.hashes();
			if let Some(missing) = expect.iter().find(|hash| !hashes.contains(hash)) {
				let missing = hexadecimal(missing);
				return Err(of(file)(format!("has no contribution with the hash {missing}")));
			}
			let (constraints, powers) = load(ground, &bar)?;
			ceremony.verify(&circuit(&constraints)?, &powers, &bar).map_err(of(file))?;
			let mut facts = shown(&ceremony);
			facts["verified"] = true.into();
			Ok(facts)
		},
		Command::Finalize { ground, input, dir, pin, beacon, without_beacon } => {
			finalize(ground, input, dir, *pin, beacon.as_ref(), *without_beacon, &bar)
		},
		Command::Inspect { file } => Ok(shown(&Ceremony::from_file(file, &bar).map_err(of(file))?)),
	}
}

fn finalize(
	ground: &Ground,
	input: &Path,
	dir: &Path,
	pin: Option<Bytes32>,
	beacon: Option<&BeaconValue>,
	without_beacon: bool,
	bar: &Bar,
) -> Outcome<Value> {
	let shape = ground.shape;
	let key_file = dir.join(ceremony_key_file(shape));
	let transcript_file = key_file.with_extension("pvsc");
	let verifying_key_file = key_file.with_extension("vk");
	for path in [&key_file, &transcript_file, &verifying_key_file] {
		must_not_exist(path)?;
	}
	let ceremony = read(input, beacon, bar)?;
	// Without a hash there is no key that a chain takes, and the end is the same.
	if let Some(hash) =
		ceremony.verifying_key_hash().filter(|hash| pin.is_some_and(|pin| pin != *hash))
	{
		let hash = hexadecimal(&hash);
		return Err(of(input)(format!("gives a verifying key of hash {hash}, not that of --pin")));
	}
	let (constraints, powers) = load(ground, bar)?;
	let verified = ceremony.verify(&circuit(&constraints)?, &powers, bar).map_err(of(input))?;
	let (proving_key, verifying_key) = verified.finalize(!without_beacon).map_err(of(input))?;
	let hash = blake2_256(&[&verifying_key]);
	let key = encode_ceremony_key(&constraints, proving_key)?;
	fs::create_dir_all(dir).map_err(of(dir))?;
	write_all(&[
		(&verifying_key_file, &verifying_key),
		(&transcript_file, &ceremony.to_bytes()),
		(&key_file, &key),
	])?;
	// What a prover will do with it.
	bar.begin("reading the proving key back", 1);
	load_pinned(&key_file, shape, &hash, &Silent)?;
	bar.end();
	let mut facts = shown(&ceremony);
	facts["proving_key"] = json!(key_file.to_string_lossy());
	facts["proving_key_file_hash"] = hexadecimal(&blake2_256(&[&key])).into();
	facts["verifying_key"] = json!(verifying_key_file.to_string_lossy());
	facts["transcript"] = json!(transcript_file.to_string_lossy());
	Ok(facts)
}

/// The constraints of a shape and the powers for them.
fn load(ground: &Ground, bar: &Bar) -> Outcome<(Constraints, Powers)> {
	let constraints = Constraints::synthesise(ground.shape)?;
	let power = circuit(&constraints)?.power();
	let powers = Powers::from_file(&ground.powers, power, bar).map_err(of(&ground.powers))?;
	Ok((constraints, powers))
}

fn circuit(constraints: &Constraints) -> Outcome<Circuit<'_>> {
	let [a, b, c] = &constraints.matrices[..] else {
		return Err("the circuit does not have three matrices".into());
	};
	let (instance, witness) = (constraints.instance_variables, constraints.witness_variables);
	Ok(Circuit::new([a, b, c], instance, witness)?)
}

/// The transcript to check. Its beacon is compared first, as are hashes: checking everything else takes
/// a while.
fn read(path: &Path, beacon: Option<&BeaconValue>, bar: &Bar) -> Outcome<Ceremony> {
	let ceremony = Ceremony::from_file(path, bar).map_err(of(path))?;
	if let Some(BeaconValue(value)) = beacon {
		ceremony.expect_beacon(value).map_err(of(path))?;
	}
	Ok(ceremony)
}

/// The parameters to continue, as far as they can be checked without circuit and powers.
fn open(step: &Step, bar: &Bar) -> Outcome<Ceremony> {
	must_not_exist(&step.out)?;
	let ceremony = Ceremony::from_file(&step.input, bar).map_err(of(&step.input))?;
	ceremony.check_contributions(bar).map_err(of(&step.input))?;
	Ok(ceremony)
}

/// Says which file an error is about.
fn of<E: Display>(path: &Path) -> impl Fn(E) -> Box<dyn Error> + '_ {
	move |error| format!("{}: {error}", path.display()).into()
}

fn must_not_exist(path: &Path) -> Outcome<()> {
	if path.symlink_metadata().is_ok() {
		return Err(of(path)("exists; it is not overwritten, choose another name"));
	}
	Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
	write_new(path, bytes).map_err(cannot_write(path))
}

/// Writes all files, or none: each beside its place first, so that a full disk leaves none.
fn write_all(files: &[(&PathBuf, &[u8])]) -> Outcome<()> {
	let mut staged = Vec::new();
	for (path, bytes) in files {
		let content = Staged::write(path, bytes, Access::Shared).map_err(cannot_write(path))?;
		staged.push((*path, content));
	}
	let mut placed = Vec::new();
	for (path, content) in staged {
		if let Err(error) = content.place() {
			for path in placed {
				fs::remove_file(path).map_err(of(path))?;
			}
			return Err(cannot_write(path)(error));
		}
		placed.push(path);
	}
	Ok(())
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> Box<dyn Error> + '_ {
	move |error| format!("cannot write {}: {error}", path.display()).into()
}

fn written(ceremony: &Ceremony, out: &Path) -> Value {
	let mut facts = shown(ceremony);
	facts["written"] = json!(out.to_string_lossy());
	facts
}

fn contributed(ceremony: &Ceremony, out: &Path) -> Value {
	json!({
		"written": out.to_string_lossy(),
		"contribution": ceremony.contributions().len(),
		"keep_this_hash": hexadecimal(&ceremony.last_hash()),
	})
}

/// What a file says.
fn shown(ceremony: &Ceremony) -> Value {
	let (instance, witness) = ceremony.variables();
	let contributions: Vec<_> = ceremony
		.contributions()
		.iter()
		.zip(ceremony.hashes())
		.map(|(contribution, hash)| {
			let mut facts = json!({
				"name": contribution.name().as_str(),
				"hash": hexadecimal(&hash),
			});
			if let Some(beacon) = contribution.beacon() {
				facts["beacon"] = format!("0x{}", hex::encode(beacon.value())).into();
				facts["iterations_log2"] = beacon.iterations_log2().into();
			}
			facts
		})
		.collect();
	json!({
		"circuit": hexadecimal(&ceremony.circuit_digest()),
		"powers_of_tau": hexadecimal(&ceremony.powers_digest()),
		"power": ceremony.power(),
		"public_inputs": instance - 1,
		"private_variables": witness,
		"contributions": contributions,
		"verifying_key_hash": ceremony.verifying_key_hash().map(|hash| hexadecimal(&hash)),
	})
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn text(facts: &Value, json: bool) -> String {
	if json {
		return format!("{facts:#}");
	}
	let shown = |value: &Value| match value {
		Value::String(text) => text.clone(),
		Value::Null => "none yet".to_owned(),
		value => value.to_string(),
	};
	let mut lines = Vec::new();
	for (name, value) in facts.as_object().into_iter().flatten() {
		let Some(contributions) = value.as_array() else {
			lines.push(format!("{:<22} {}", name.replace('_', " "), shown(value)));
			continue;
		};
		lines.push(format!("{name:<22} {}", contributions.len()));
		for (index, contribution) in contributions.iter().enumerate() {
			lines.push(format!("  {}. {}", index + 1, shown(&contribution["hash"])));
			lines.push(format!("     {}", shown(&contribution["name"])));
			if let Some(beacon) = contribution["beacon"].as_str() {
				let iterations = &contribution["iterations_log2"];
				lines.push(format!("     beacon {beacon}, hashed 2^{iterations} times"));
			}
		}
	}
	lines.join("\n")
}
