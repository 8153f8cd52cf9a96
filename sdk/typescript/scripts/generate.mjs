// SPDX-License-Identifier: Apache-2.0
// Generates the descriptors from the metadata that .papi/polkadot-api.json names, unless that was done before, and
// takes over the repository's presets.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root));
const config = read(".papi/polkadot-api.json");
const metadata = read(JSON.parse(config).entries.pvs.metadata);
const { version } = JSON.parse(read("node_modules/polkadot-api/package.json"));
const digest = createHash("sha256").update(config).update(metadata).update(version).digest("hex");

cpSync(new URL("../../presets/params/", root), new URL("presets/", root), { recursive: true });
const stamp = new URL(".papi/descriptors/generated-from", root);
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
	rmSync(new URL(".papi/descriptors/", root), { recursive: true, force: true });
	const papi = fileURLToPath(new URL("node_modules/polkadot-api/bin/cli.js", root));
	try {
		execFileSync(process.execPath, [papi, "generate"], { cwd: fileURLToPath(root), encoding: "utf8", stdio: "pipe" });
	} catch (error) {
		console.error(`generate: the generator fails on the metadata\n${error.stdout}${error.stderr}`);
		console.error("a likely cause is '*/' in a doc comment; the runtime's tests of the metadata name the item");
		process.exit(1);
	}
	writeFileSync(stamp, digest);
}
