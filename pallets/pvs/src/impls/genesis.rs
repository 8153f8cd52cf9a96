// SPDX-License-Identifier: Apache-2.0
//! The first state of a chain.

use crate::pallet::*;
use frame_support::pallet_prelude::*;
use pvs_primitives::Bytes32;

impl<T: Config> Pallet<T> {
	/// Registers the rollups and provers of a chain specification.
	///
	/// # Panics
	/// If an entry breaks a rule: a chain that starts otherwise would not be what its specification
	/// says.
	pub(crate) fn build_genesis(config: &GenesisConfig<T>) {
		for (id, rollup) in config.rollups.iter().enumerate() {
			let root = Bytes32::try_from(rollup.genesis_root.as_slice());
			assert!(root.is_ok(), "rollup {id} of the genesis: genesisRoot is not 32 bytes");
			let registered = Self::do_register_rollup(
				rollup.owner.clone(),
				&rollup.verifying_key,
				root.unwrap_or_default(),
				rollup.sequencer.clone(),
				rollup.params.clone(),
			);
			Self::assert_registered("rollup", id, registered);
		}
		for (id, (prover, stake)) in config.provers.iter().enumerate() {
			let registered = Self::do_register_prover(prover.clone(), *stake);
			Self::assert_registered("prover", id, registered);
		}
	}

	fn assert_registered(what: &str, id: usize, registered: DispatchResult) {
		assert!(registered.is_ok(), "{what} {id} of the genesis is refused: {registered:?}");
	}
}
