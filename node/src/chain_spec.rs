// SPDX-License-Identifier: Apache-2.0
//! The chains that the node knows by name, from the runtime's genesis presets.

use pvs_runtime::WASM_BINARY;
use sc_service::{ChainType, Properties};

/// A chain specification; building the first state may check keys.
pub(crate) type ChainSpec = sc_service::GenericChainSpec<Option<()>, pallet_pvs::HostFunctions>;

fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "PVS".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}

fn from_preset(
	name: &str,
	id: &str,
	chain_type: ChainType,
	preset: &str,
) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY.ok_or(
		"this node was built without the runtime's Wasm: build it without SKIP_WASM_BUILD",
	)?;
	Ok(ChainSpec::builder(wasm, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// One validator, well-known keys.
pub(crate) fn development() -> Result<ChainSpec, String> {
	from_preset("PVS Development", "pvs_dev", ChainType::Development, "development")
}

/// Three validators, well-known keys.
pub(crate) fn local() -> Result<ChainSpec, String> {
	from_preset("PVS Local Testnet", "pvs_local", ChainType::Local, "local_testnet")
}
