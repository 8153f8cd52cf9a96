// SPDX-License-Identifier: Apache-2.0
//! The committed metadata, which clients are built against, is that of this runtime, and its docs can be
//! copied into generated code.
//!
//! `PVS_WRITE_METADATA=1` writes it anew. `runtime/papi/check.sh` generates a client from it.

use crate::Runtime;
use codec::Decode;
use frame_metadata::{v16::RuntimeMetadataV16, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{form::PortableForm, Field, TypeDef};
use std::path::PathBuf;

/// The version that clients read.
const VERSION: u32 = 16;

fn committed() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../presets/metadata.scale")
}

#[test]
fn metadata_should_equal_the_committed_file() {
	let metadata = Runtime::metadata_at_version(VERSION).expect("the version is supported");
	let bytes: &[u8] = &metadata;
	if std::env::var_os("PVS_WRITE_METADATA").is_some() {
		std::fs::write(committed(), bytes).expect("the folder is writable");
	}
	let file = std::fs::read(committed()).unwrap_or_default();
	assert!(
		file == bytes,
		"presets/metadata.scale is not this runtime's: write it with `PVS_WRITE_METADATA=1 \
		 ./scripts/test.sh metadata`"
	);
}

fn decode(bytes: &[u8]) -> RuntimeMetadataV16 {
	match RuntimeMetadataPrefixed::decode(&mut &*bytes).expect("metadata decodes") {
		RuntimeMetadataPrefixed(_, RuntimeMetadata::V16(metadata)) => metadata,
		RuntimeMetadataPrefixed(_, other) => panic!("version {} instead of 16", other.version()),
	}
}

type Docs<'a> = Vec<(String, &'a [String])>;

fn push_fields<'a>(docs: &mut Docs<'a>, owner: &str, fields: &'a [Field<PortableForm>]) {
	for (index, field) in fields.iter().enumerate() {
		let name = field.name.clone().unwrap_or_else(|| index.to_string());
		docs.push((format!("{owner}.{name}"), &field.docs));
	}
}

/// Returns the docs of every item with its name.
///
/// Calls, events and errors are variants of types in the registry.
fn docs(metadata: &RuntimeMetadataV16) -> Docs<'_> {
	let mut docs = Docs::new();
	for portable in &metadata.types.types {
		let ty = &portable.ty;
		let path = if ty.path.segments.is_empty() {
			format!("type {}", portable.id)
		} else {
			ty.path.segments.join("::")
		};
		docs.push((path.clone(), &ty.docs));
		match &ty.type_def {
			TypeDef::Composite(composite) => push_fields(&mut docs, &path, &composite.fields),
			TypeDef::Variant(variants) => {
				for variant in &variants.variants {
					let name = format!("{path}::{}", variant.name);
					docs.push((name.clone(), &variant.docs));
					push_fields(&mut docs, &name, &variant.fields);
				}
			},
			TypeDef::Sequence(_)
			| TypeDef::Array(_)
			| TypeDef::Tuple(_)
			| TypeDef::Primitive(_)
			| TypeDef::Compact(_)
			| TypeDef::BitSequence(_) => {},
		}
	}
	for pallet in &metadata.pallets {
		let name = |kind: &str, item: &str| format!("{kind} {}.{item}", pallet.name);
		docs.push((format!("pallet {}", pallet.name), &pallet.docs));
		for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
			docs.push((name("storage", &entry.name), &entry.docs));
		}
		for constant in &pallet.constants {
			docs.push((name("constant", &constant.name), &constant.docs));
		}
		for associated in &pallet.associated_types {
			docs.push((name("associated type", &associated.name), &associated.docs));
		}
	}
	for api in &metadata.apis {
		docs.push((format!("Runtime API {}", api.name), &api.docs));
		for method in &api.methods {
			docs.push((format!("Runtime API {}.{}", api.name, method.name), &method.docs));
		}
	}
	docs
}

/// Returns the names of items whose docs would close a comment of JavaScript or TypeScript.
///
/// Generators copy docs into block comments as they are, so that this is all that breaks them.
fn closing_comments(docs: &Docs<'_>) -> Vec<String> {
	docs.iter()
		.filter(|(_, lines)| lines.iter().any(|line| line.contains("*/")))
		.map(|(name, _)| name.clone())
		.collect()
}

#[test]
fn docs_should_not_close_comments_of_generated_code() {
	let bytes = Runtime::metadata_at_version(VERSION).expect("the version is supported");
	let metadata = decode(&bytes);
	let docs = docs(&metadata);
	assert_eq!(closing_comments(&docs), Vec::<String>::new(), "write these docs without `*/`");
	// One of each kind, so that none is passed over.
	for name in [
		"pallet_pvs::pallet::Call::open_bid",
		"pallet_pvs::pallet::Call::open_bid.solution",
		"pallet_pvs::pallet::Event::BidOpened",
		"pallet_pvs::pallet::Event::BidOpened.batch",
		"pallet_pvs::pallet::Error::BidNotSealed",
		"pvs_primitives::params::RollupParams.data_len",
		"storage Pvs.Rollups",
		"constant Pvs.MaxBids",
		"Runtime API PvsApi.seals",
	] {
		assert!(docs.iter().any(|(found, _)| found == name), "{name} is not looked at");
	}
}

/// Finding U10: what a wallet shows to whoever fills in the parameters.
#[test]
fn every_parameter_of_a_rollup_should_have_docs() {
	let bytes = Runtime::metadata_at_version(VERSION).expect("the version is supported");
	let metadata = decode(&bytes);
	let docs = docs(&metadata);
	let fields: Vec<_> = docs
		.iter()
		.filter(|(name, _)| name.starts_with("pvs_primitives::params::RollupParams."))
		.collect();
	assert_eq!(fields.len(), 26);
	for (name, lines) in fields {
		assert!(lines.iter().any(|line| !line.trim().is_empty()), "{name} has no docs");
	}
}

#[test]
fn docs_should_be_refused_by_name_when_they_close_a_comment() {
	let bytes = Runtime::metadata_at_version(VERSION).expect("the version is supported");
	let mut metadata = decode(&bytes);
	let pvs = metadata.pallets.iter_mut().find(|pallet| pallet.name == "Pvs");
	let constants = &mut pvs.expect("the runtime has the pallet").constants;
	let constant = constants.iter_mut().find(|constant| constant.name == "MaxBids");
	constant.expect("the pallet has the constant").docs.push("`Z_N*/{+1,-1}`".into());
	assert_eq!(closing_comments(&docs(&metadata)), ["constant Pvs.MaxBids"]);
}
