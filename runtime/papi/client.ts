// SPDX-License-Identifier: Apache-2.0
// A client as small as can be: does not compile where the generated types do not have the market.
import type { TypedApi } from "polkadot-api";
import { pvs } from "./.papi/descriptors/dist/index.js";

type Api = TypedApi<typeof pvs>;

export const calls: (keyof Api["tx"]["Pvs"])[] = ["place_bid", "open_bid", "submit_proof"];
export const storage: (keyof Api["query"]["Pvs"])[] = ["Rollups"];
export type Opening = Parameters<Api["tx"]["Pvs"]["open_bid"]>[0]["solution"];
export type Rounds = ReturnType<Api["apis"]["PvsApi"]["open_rounds"]>;
