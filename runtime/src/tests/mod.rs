// SPDX-License-Identifier: Apache-2.0
//! What is true of the composed runtime.

mod composition;
mod metadata;
