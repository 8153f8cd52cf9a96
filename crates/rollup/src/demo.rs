// SPDX-License-Identifier: Apache-2.0
//! The accounts of the development network. Their secrets are public.

use crate::{
	genesis::{Genesis, GenesisAccount},
	keys::SecretKey,
	shape::Shape,
};
use pvs_primitives::{hash::blake2_256, Bytes32, VERIFYING_KEY_BYTES};

/// The sizes of the demo rollup's circuit.
pub const SHAPE: Shape = Shape::SMALL;
/// The account that gets the fees of the demo's batches.
pub const FEE_ACCOUNT: u32 = 0;
/// Number of demo accounts: indices 0 to 15.
pub const ACCOUNTS: u32 = 16;
/// What each demo account starts with.
pub const BALANCE: u64 = 1_000_000_000;

const SEED_TAG: &[u8] = b"pvs/demo-rollup/account/v1";

/// The verifying key that development chains register for the demo rollup, as
/// [`crate::proving::Keys`] has it.
pub const VERIFYING_KEY: &[u8; VERIFYING_KEY_BYTES] =
	include_bytes!("../../../presets/demo_rollup/verifying_key.bin");
/// The root of [`genesis`] that development chains register.
pub const GENESIS_ROOT: &Bytes32 = include_bytes!("../../../presets/demo_rollup/genesis_root.bin");

/// The genesis of the demo rollup.
pub fn genesis() -> Genesis {
	let accounts = (0..ACCOUNTS)
		.map(|index| GenesisAccount {
			index,
			public_key: secret_key(index).public_key(),
			balance: BALANCE,
		})
		.collect();
	Genesis { shape: SHAPE, accounts }
}

/// The secret of demo account `index`. Anyone can compute it.
pub fn secret_key(index: u32) -> SecretKey {
	SecretKey::from_seed(&blake2_256(&[SEED_TAG, &index.to_le_bytes()]))
}
