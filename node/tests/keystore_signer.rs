// SPDX-License-Identifier: Apache-2.0
//! The key of the services inside the node. It is tested apart, since the program has no tests of its own.

#[path = "../src/keystore_signer.rs"]
mod keystore_signer;

use keystore_signer::{KeystoreError, KeystoreSigner, KEY_TYPE};
use pvs_client::{Account, Signer};
use sc_keystore::LocalKeystore;
use sp_core::{crypto::KeyTypeId, ed25519, sr25519, Pair};
use sp_keystore::{testing::MemoryKeystore, Keystore};
use std::{fs, sync::Arc};

/// A keystore with the sr25519 keys of these development accounts.
fn keystore(key_type: KeyTypeId, paths: &[&str]) -> Arc<MemoryKeystore> {
	let keystore = MemoryKeystore::new();
	for path in paths {
		keystore.sr25519_generate_new(key_type, Some(path)).unwrap();
	}
	Arc::new(keystore)
}

fn refusal(keystore: Arc<dyn Keystore>) -> KeystoreError {
	KeystoreSigner::find(keystore).err().unwrap()
}

#[test]
fn key_of_its_type_should_sign_for_its_account() {
	let signer = KeystoreSigner::find(keystore(KEY_TYPE, &["//Bob"])).unwrap();
	assert_eq!(Account::of(&signer).development_name(), Some("Bob"));
	let signature = sr25519::Signature::from_raw(signer.sign(b"payload").unwrap());
	let public = sr25519::Public::from_raw(signer.account());
	assert!(sr25519::Pair::verify(&signature, b"payload", &public));
	assert!(!sr25519::Pair::verify(&signature, b"another", &public));
}

#[test]
fn keystore_should_be_refused_with_what_to_do_when_it_has_no_key_of_the_type() {
	for keys in [keystore(KEY_TYPE, &[]), keystore(KeyTypeId(*b"aura"), &["//Bob"])] {
		let error = refusal(keys);
		assert!(matches!(error, KeystoreError::NoKey), "{error}");
		let text = error.to_string();
		assert!(text.contains("key insert --key-type pvsp --scheme sr25519"), "{text}");
	}
}

#[test]
fn keystore_should_be_refused_with_all_accounts_when_it_has_several_keys() {
	let error = refusal(keystore(KEY_TYPE, &["//Bob", "//Eve"]));
	assert!(matches!(error, KeystoreError::SeveralKeys { .. }), "{error}");
	let text = error.to_string();
	for path in ["//Bob", "//Eve"] {
		let public = sr25519::Pair::from_string(path, None).unwrap().public();
		assert!(text.contains(&Account(public.0).address()), "{path}: {text}");
	}
	assert!(text.contains("70767370"), "{text}");
}

/// Files that the node opens say nothing of the scheme of their keys.
#[test]
fn key_in_a_file_should_be_used_only_when_it_is_of_the_scheme() {
	let dir = tempfile::tempdir().unwrap();
	let open = || Arc::new(LocalKeystore::open(dir.path(), None).unwrap());
	let other = ed25519::Pair::from_string("//Bob", None).unwrap().public();
	open().insert(KEY_TYPE, "//Bob", &other.0).unwrap();
	let error = refusal(open());
	assert!(matches!(error, KeystoreError::Unusable(_)), "{error}");
	let text = error.to_string();
	assert!(text.contains(&Account(other.0).address()) && text.contains("sr25519"), "{text}");

	let file = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
	assert!(file.file_name().to_str().unwrap().starts_with("70767370"));
	fs::remove_file(file.path()).unwrap();
	let public = sr25519::Pair::from_string("//Bob", None).unwrap().public();
	open().insert(KEY_TYPE, "//Bob", &public.0).unwrap();
	let signer = KeystoreSigner::find(open()).unwrap();
	assert_eq!(signer.account(), public.0);

	let file = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
	fs::remove_file(file.path()).unwrap();
	let gone = signer.sign(b"payload").unwrap_err().to_string();
	assert!(gone.contains("not in the node's keystore any more"), "{gone}");
}
