// SPDX-License-Identifier: Apache-2.0
export * from "./accounts.js";
export * from "./bid.js";
export { type BytesLike, blake2_256, toBytes, toHex } from "./bytes.js";
export * from "./errors.js";
export * from "./groth16.js";
export * from "./inputs.js";
export * from "./opening.js";
export * from "./params.js";
export * from "./rules.js";
export * from "./seal.js";
export * from "./snarkjs.js";
