// SPDX-License-Identifier: Apache-2.0
//! `pvsctl keys`.

#[allow(dead_code, reason = "shared with the tests of the formats")]
#[path = "../../../formats/tests/formats/common.rs"]
mod common;

use super::*;
use crate::{cli, cli::testing};
use ark_serialize::CanonicalSerialize;
use common::{snarkjs_files::*, *};
use pvs_verifier_testing::trapdoor::forgeable_keys;
use std::fs;
use tempfile::TempDir;

fn parse(line: &str) -> Result<Command, clap::Error> {
	testing::parse(&format!("keys {line}")).map(|group| match group {
		cli::Command::Keys(command) => command,
		other => panic!("{other:?}"),
	})
}

/// A directory with files, in which commands are done.
struct Room(TempDir);

impl Room {
	fn new() -> Self {
		let room = Self(tempfile::tempdir().unwrap());
		for (name, content) in [
			("key.json", KEY),
			("key3.json", KEY_3_INPUTS),
			("proof.json", PROOF_SMALL),
			("public.json", PUBLIC_SMALL),
			("public_large.json", PUBLIC_LARGE),
		] {
			fs::write(room.path(name), content).unwrap();
		}
		room
	}

	fn path(&self, name: &str) -> PathBuf {
		self.0.path().join(name)
	}

	/// Does a command; `@name` stands for a file of the room.
	fn run(&self, line: &str) -> Result<Report, Error> {
		let base = format!("{}/", self.0.path().display());
		execute(&parse(&line.replace('@', &base)).unwrap())
	}

	fn files(&self) -> usize {
		fs::read_dir(self.0.path()).unwrap().count()
	}
}

fn printed(report: &Report, json: bool) -> String {
	report.text(json)
}

#[test]
fn command_line_should_be_refused_when_options_do_not_go_together() {
	for bad in [
		"import @key.json",
		"import --from plonky @key.json",
		"import-proof --from snarkjs @proof.json --key k",
		"import-proof --from snarkjs @proof.json --public p",
		"import-proof --from snarkjs @proof.json --key k --public p --inputs 1,2,3,4",
	] {
		assert!(parse(bad).is_err(), "{bad}");
	}
}

#[test]
fn key_should_be_written_with_its_hex_digits_and_described() {
	let room = Room::new();
	let report = room.run("import --from snarkjs @key.json --hex").unwrap();
	let bytes = fs::read(room.path("key.pvskey")).unwrap();
	assert_eq!(pvs_verifier::decode_verifying_key(&bytes).map(|_| bytes.len()), Ok(768));
	let digits = fs::read_to_string(room.path("key.pvskey.hex")).unwrap();
	assert_eq!(digits, format!("0x{}\n", hex::encode(&bytes)));

	let hash = format!("0x{}", hex::encode(blake2_256(&[&bytes])));
	let text = printed(&report, false);
	for part in [
		&hash,
		"BN254",
		"4: prev_state_root, next_state_root, data_commitment, binding",
		"snarkjs, JSON",
		"register_rollup",
		"submit_proof",
		&format!("{} in state", pvs_verifier::PREPARED_KEY_BYTES),
	] {
		assert!(text.contains(part), "{part} is not in:\n{text}");
	}
	let json: serde_json::Value = serde_json::from_str(&printed(&report, true)).unwrap();
	assert_eq!(json["hash"], hash);
	assert_eq!(json["public_inputs"].as_array().unwrap().len(), 4);
	assert_eq!(json["read_as"]["tool"], "snarkjs");
	assert_eq!(json["cost"]["state_bytes"], pvs_verifier::PREPARED_KEY_BYTES);

	let shown = room.run("show @key.pvskey").unwrap();
	let shown: serde_json::Value = serde_json::from_str(&printed(&shown, true)).unwrap();
	assert_eq!((&shown["hash"], &shown["read_as"]), (&json["hash"], &serde_json::Value::Null));
}

#[test]
fn file_should_be_kept_when_it_exists_unless_forced() {
	let room = Room::new();
	fs::write(room.path("key.pvskey"), "mine").unwrap();
	let before = room.files();
	let error = room.run("import --from snarkjs @key.json").unwrap_err();
	assert!(matches!(&error, Error::Exists(path) if path == &room.path("key.pvskey")));
	assert!(error.to_string().contains("--force"), "{error}");
	assert_eq!(fs::read(room.path("key.pvskey")).unwrap(), b"mine");
	assert_eq!(room.files(), before);

	// Of two files, one is there already: neither is written.
	fs::write(room.path("new.pvskey.hex"), "mine").unwrap();
	let line = "import --from snarkjs @key.json --hex --output @new.pvskey";
	assert!(matches!(room.run(line), Err(Error::Exists(_))));
	assert!(!room.path("new.pvskey").exists());

	room.run(&format!("{line} --force")).unwrap();
	room.run("import --from snarkjs @key.json --force").unwrap();
	assert_eq!(fs::read(room.path("key.pvskey")).unwrap().len(), 768);
	assert_eq!(room.files(), before + 2);
}

#[test]
fn nothing_should_be_written_when_a_file_is_refused() {
	let room = Room::new();
	let before = room.files();
	let message = room.run("import --from snarkjs @key3.json").unwrap_err().to_string();
	assert!(message.contains("key3.json: 3 public inputs, the chain needs exactly 4"), "{message}");
	let error = room.run("import --from snarkjs @proof.json").unwrap_err();
	let field = "nPublic".to_owned();
	assert!(
		matches!(&error, Error::Format { error, .. } if *error == FormatError::MissingField { field })
	);
	assert!(matches!(room.run("show @key.json"), Err(Error::WireKey { .. })));
	assert!(matches!(room.run("import --from gnark @none"), Err(Error::Read { .. })));
	let nowhere = "import --from snarkjs @key.json --output @no/such/key";
	assert!(matches!(room.run(nowhere), Err(Error::Write { .. })));
	fs::write(room.path("large"), vec![0; pvs_formats::MAX_FILE_BYTES + 1]).unwrap();
	let error = room.run("import-proof --from gnark @large").unwrap_err();
	assert!(matches!(&error, Error::Format { error: FormatError::TooLarge { .. }, .. }), "{error}");
	assert_eq!(room.files(), before + 1);
}

/// V0: whoever imports a key reads what is wrong with the set-up that made it.
#[test]
fn nothing_should_be_written_when_proofs_could_be_forged_under_the_key() {
	let room = Room::new();
	let before = room.files();
	for (key, error) in forgeable_keys() {
		let mut file = vec![];
		key.points.serialize_compressed(&mut file).unwrap();
		fs::write(room.path("key"), file).unwrap();
		let refused = room.run("import --from arkworks @key").unwrap_err().to_string();
		let expected =
			format!("key: proofs can be forged under this key: {error} (alpha is alpha_g1");
		assert!(refused.contains(&expected), "{}: {refused}", key.relation);
		fs::write(room.path("key"), key.bytes()).unwrap();
		let refused = room.run("show @key").unwrap_err();
		assert!(matches!(&refused, Error::WireKey { error: found, .. } if *found == error));
		assert!(refused.to_string().contains(&error.to_string()), "{refused}");
		assert_eq!(room.files(), before + 1, "{}", key.relation);
	}
}

#[test]
fn another_tool_should_be_named_when_it_can_read_the_file() {
	let room = Room::new();
	let made = made(2);
	let keys = made.keys.proving_key();
	let mut arkworks = vec![];
	keys.vk.serialize_compressed(&mut arkworks).unwrap();
	fs::write(room.path("ark"), arkworks).unwrap();
	let writer = GnarkWriter { compressed: false, layout: Layout::Old };
	fs::write(room.path("gnark"), writer.proof(&made.proof())).unwrap();
	let message = |line| room.run(line).unwrap_err().to_string();
	assert!(message("import --from gnark @ark").ends_with("--from arkworks"));
	assert!(message("import-proof --from arkworks @gnark").ends_with("--from gnark"));
	assert!(message("import --from gnark @key.json").ends_with("--from snarkjs"));
	assert!(!message("import --from gnark @public.json").contains("--from"));
}

#[test]
fn proof_should_be_verified_before_it_is_written_when_a_key_is_named() {
	let room = Room::new();
	room.run("import --from snarkjs @key.json").unwrap();
	let import = "import-proof --from snarkjs @proof.json";
	let before = room.files();
	for line in
		["--key @key.pvskey --public @public_large.json", "--key @key.pvskey --inputs 1,2,3,5"]
	{
		let error = room.run(&format!("{import} {line}")).unwrap_err();
		let expected = pvs_verifier::ProofError::NotValid;
		assert!(matches!(error, Error::Proof { error, .. } if error == expected), "{line}");
	}
	let error = room.run(&format!("{import} --key @key.json --inputs 1,2,3,4")).unwrap_err();
	assert!(matches!(error, Error::WireKey { .. }));
	for (inputs, found) in [("1,2,3", 3), ("1,2,3,4,5", 5)] {
		let error = room.run(&format!("{import} --key @key.pvskey --inputs {inputs}")).unwrap_err();
		let expected = FormatError::WrongInputCount { found };
		assert!(matches!(error, Error::Inputs(error) if error == expected));
	}
	let message = room.run(&format!("{import} --key @key.pvskey --inputs 1,2,three,4"));
	let message = message.unwrap_err().to_string();
	assert!(message.starts_with("--inputs: data_commitment must be"), "{message}");
	assert_eq!(room.files(), before);

	let report = room.run(&format!("{import} --key @key.pvskey --public @public.json")).unwrap();
	let bytes = fs::read(room.path("proof.pvsproof")).unwrap();
	assert_eq!(bytes.len(), 256);
	let json: serde_json::Value = serde_json::from_str(&printed(&report, true)).unwrap();
	assert_eq!(json["proof_commitment"], format!("0x{}", hex::encode(blake2_256(&[&bytes]))));
	assert_eq!(json["verified"], true);
	assert!(printed(&report, false).contains("holds under the key 0x"));

	let hex_four = format!("0x{}04", "00".repeat(31));
	let named = format!("{import} --key @key.pvskey --inputs 1,2,3,{hex_four} --output @second");
	room.run(&named).unwrap();
	assert_eq!(fs::read(room.path("second")).unwrap(), bytes);

	let report = room.run(&format!("{import} --force")).unwrap();
	assert!(printed(&report, false).contains("not asked"));
}

#[test]
fn key_should_be_shown_and_used_when_it_is_given_by_its_hex_digits() {
	let room = Room::new();
	let made = room.run("import --from snarkjs @key.json --hex").unwrap();
	let hash = |report: &Report| {
		let json: serde_json::Value = serde_json::from_str(&printed(report, true)).unwrap();
		json["hash"].as_str().unwrap().to_owned()
	};
	let digits = fs::read_to_string(room.path("key.pvskey.hex")).unwrap();
	let utf16: Vec<u8> = digits.encode_utf16().flat_map(u16::to_le_bytes).collect();
	fs::write(room.path("bare.hex"), &digits[2..]).unwrap();
	fs::write(room.path("utf16.hex"), [&[0xff, 0xfe], &utf16[..]].concat()).unwrap();
	for file in ["key.pvskey", "key.pvskey.hex", "bare.hex", "utf16.hex"] {
		let shown = room.run(&format!("show @{file}")).unwrap();
		assert_eq!(hash(&shown), hash(&made), "{file}");
	}
	let verify =
		"import-proof --from snarkjs @proof.json --key @key.pvskey.hex --public @public.json";
	room.run(verify).unwrap();
	fs::write(room.path("short.hex"), &digits[..1_000]).unwrap();
	assert!(matches!(room.run("show @short.hex"), Err(Error::WireKey { .. })));
}

/// Finding R16: the files were written, and then the program panicked.
#[cfg(unix)]
#[test]
fn path_should_be_shown_as_far_as_it_can_be_when_it_is_not_unicode() {
	use std::os::unix::ffi::OsStrExt;
	let room = Room::new();
	let name = |name: &[u8]| room.0.path().join(std::ffi::OsStr::from_bytes(name));
	fs::write(name(b"caf\xe9.json"), KEY).unwrap();
	let Ok(Command::Import(mut import)) = parse("import --from snarkjs FILE --hex --json") else {
		panic!("not an import")
	};
	import.file = name(b"caf\xe9.json");
	let report = execute(&Command::Import(import)).unwrap();
	assert!(name(b"caf\xe9.pvskey").exists() && name(b"caf\xe9.pvskey.hex").exists());
	let json: serde_json::Value = serde_json::from_str(&printed(&report, true)).unwrap();
	let shown = |field: &str| json[field].as_str().unwrap().to_owned();
	assert!(shown("file").ends_with("caf\u{fffd}.pvskey"), "{json}");
	assert!(shown("hex_file").ends_with("caf\u{fffd}.pvskey.hex"), "{json}");
}

#[test]
fn output_should_stay_in_the_directory_of_the_file() {
	let room = Room::new();
	let report = room.run("import-proof --from snarkjs @proof.json").unwrap();
	let Report::Proof(proof) = report else { panic!("{report:?}") };
	assert_eq!(proof.file, room.path("proof.pvsproof"));
	assert_eq!(proof.file.parent(), Some(room.0.path() as &Path));
}
