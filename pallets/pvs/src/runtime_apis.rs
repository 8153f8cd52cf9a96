// SPDX-License-Identifier: Apache-2.0
//! The Runtime API of the market, for a runtime's `impl_runtime_apis`.

/// Implements a runtime's APIs, as `sp_api::impl_runtime_apis`, and `PvsApi` beside them.
///
/// The names of the runtime, its block and its account ids come first, as the other APIs name them:
///
/// ```ignore
/// pallet_pvs::impl_runtime_apis_with_pvs! {
///     Runtime, Block, AccountId;
///
///     impl sp_api::Core<Block> for Runtime {
///         // ...
///     }
/// }
/// ```
///
/// A runtime may have one such block. `sp-api` must be among its own dependencies, since the macro behind
/// this one looks for it there.
#[macro_export]
macro_rules! impl_runtime_apis_with_pvs {
	($runtime:ident, $block:ident, $account:ident; $($apis:tt)*) => {
		$crate::__private::sp_api::impl_runtime_apis! {
			$($apis)*

			impl $crate::runtime_api::PvsApi<$block, $account> for $runtime {
				fn rollup(
					rollup: $crate::primitives::RollupId,
				) -> Option<$crate::primitives::api::RollupInfo<$account>> {
					$crate::Pallet::<$runtime>::rollup_info(rollup)
				}

				fn batch(
					batch: $crate::primitives::api::BatchId,
				) -> Option<$crate::primitives::api::BatchInfo<$account>> {
					$crate::Pallet::<$runtime>::batch_info(batch)
				}

				fn rollups(
					from: $crate::primitives::RollupId,
					limit: u32,
				) -> $crate::primitives::api::Page<
					$crate::primitives::api::RollupInfo<$account>,
					$crate::primitives::RollupId,
				> {
					$crate::Pallet::<$runtime>::rollups_page(from, limit)
				}

				fn open_rounds(
					rollup: $crate::primitives::RollupId,
					from: $crate::primitives::BatchIndex,
					limit: u32,
				) -> $crate::primitives::api::Page<
					$crate::primitives::api::RoundInfo<$account>,
					$crate::primitives::BatchIndex,
				> {
					$crate::Pallet::<$runtime>::open_rounds_page(rollup, from, limit)
				}

				fn round(
					batch: $crate::primitives::api::BatchId,
				) -> Option<$crate::primitives::api::RoundInfo<$account>> {
					$crate::Pallet::<$runtime>::round_info(batch)
				}

				fn expected_winner(
					batch: $crate::primitives::api::BatchId,
				) -> Option<$crate::primitives::api::ExpectedWinner<$account>> {
					$crate::Pallet::<$runtime>::expected_winner_info(batch)
				}

				fn explain(
					batch: $crate::primitives::api::BatchId,
					round: $crate::primitives::RoundNumber,
				) -> Option<
					$crate::__private::Vec<$crate::primitives::api::BidExplanation<$account>>,
				> {
					$crate::Pallet::<$runtime>::explanation(batch, round)
				}

				fn prover(
					account: $account,
				) -> Option<$crate::primitives::api::ProverInfo<$account>> {
					$crate::Pallet::<$runtime>::prover_info(account)
				}

				fn market(
					rollup: $crate::primitives::RollupId,
				) -> Option<$crate::primitives::api::MarketInfo> {
					$crate::Pallet::<$runtime>::market_info(rollup)
				}

				fn public_inputs(
					batch: $crate::primitives::api::BatchId,
					prover: $account,
				) -> Option<[$crate::primitives::Bytes32; 4]> {
					$crate::Pallet::<$runtime>::public_inputs_of(batch, prover)
				}

				fn bid_commitment(
					batch: $crate::primitives::api::BatchId,
					bidder: $account,
					payload: [u8; $crate::primitives::bid::PAYLOAD_BYTES],
				) -> Option<$crate::primitives::Bytes32> {
					$crate::Pallet::<$runtime>::commitment_of(batch, bidder, payload)
				}

				fn seals() -> $crate::primitives::api::SealInfo {
					$crate::Pallet::<$runtime>::seal_info()
				}

				fn unsettled_bids(
					rollup: $crate::primitives::RollupId,
					from: (
						$crate::primitives::BatchIndex,
						$crate::primitives::RoundNumber,
					),
					limit: u32,
				) -> $crate::primitives::api::Page<
					$crate::primitives::api::UnsettledRoundInfo<$account>,
					($crate::primitives::BatchIndex, $crate::primitives::RoundNumber),
				> {
					$crate::Pallet::<$runtime>::unsettled_page(rollup, from, limit)
				}

				fn check_opening(
					batch: $crate::primitives::api::BatchId,
					round: $crate::primitives::RoundNumber,
					bidder: $account,
					opener: $account,
					seal: $crate::__private::Seal,
					solution: [u8; $crate::__private::ELEMENT_BYTES],
					proof: [u8; $crate::__private::OPENING_PROOF_BYTES],
				) -> Option<bool> {
					let opening = $crate::Opening { seal, solution, proof };
					$crate::Pallet::<$runtime>::opening_holds(
						$crate::RoundKey { batch, round },
						&bidder,
						&opener,
						&opening,
					)
				}
			}
		}
	};
}
