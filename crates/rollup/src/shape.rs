// SPDX-License-Identifier: Apache-2.0
//! Sizes that the circuit fixes. Changing one changes the verifying key.

/// Transfers in a batch.
pub const BATCH_TRANSFERS: usize = 4;
/// Levels between the root and the leaves of the account tree.
pub const TREE_DEPTH: usize = 8;
/// Children of a node of the account tree: the inputs of one Poseidon hash.
pub const TREE_ARITY: usize = 4;
/// Bits of an account index: two per level.
pub const INDEX_BITS: usize = 2 * TREE_DEPTH;
/// Number of accounts that the tree has room for.
pub const MAX_ACCOUNTS: u32 = 1 << INDEX_BITS;
/// Bytes of an encoded transfer without its signature.
pub const MESSAGE_BYTES: usize = 20;
/// Bytes of an encoded signature.
pub const SIGNATURE_BYTES: usize = 48;
/// Bytes of an encoded, signed transfer.
pub const TRANSFER_BYTES: usize = MESSAGE_BYTES + SIGNATURE_BYTES;
/// Bytes of a batch: the `data_len` that a rollup with this circuit is registered with.
pub const DATA_LEN: usize = BATCH_TRANSFERS * TRANSFER_BYTES;
