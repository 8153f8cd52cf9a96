// SPDX-License-Identifier: Apache-2.0
// The examples are plain JavaScript, as their readers will write it.
declare module "*.mjs";
