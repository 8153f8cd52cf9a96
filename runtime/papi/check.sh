#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Generates polkadot-api's descriptors from the committed metadata and compiles a client against them.
set -euo pipefail

case "${1:-}" in
	-h | --help)
		cat <<'EOT'
Usage: runtime/papi/check.sh [METADATA]

Runs `papi add` on METADATA (default: presets/metadata.scale), type-checks client.ts against what was
generated, and loads it. Needs npm; the network only until the packages of
package-lock.json are in $CARGO_TARGET_DIR/papi. Leaves nothing in the checkout.
EOT
		exit 0
		;;
	-*)
		echo "papi: unknown argument '$1'; see --help" >&2
		exit 2
		;;
esac

say() { printf 'papi: %s\n' "$*" >&2; }

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/env.sh
. "$here/../../scripts/env.sh"
metadata=$(realpath -- "${1:-$here/../../presets/metadata.scale}")

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	say "npm is missing; install Node.js and npm"
	exit 1
fi

# The generator finds its packages in a folder above the one that it works in.
packages="$CARGO_TARGET_DIR/papi"
mkdir -p "$packages"
exec 9>"$packages/lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$packages/installed.json"; then
	rm -f "$packages/installed.json"
	cp "$here/package.json" "$here/package-lock.json" "$packages/"
	# No package needs its install script.
	npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	cp "$here/package-lock.json" "$packages/installed.json"
fi
programs="$packages/node_modules/.bin"

# The generator needs Node.js 20; Debian 12 packages 18. npm has newer ones.
version=$(node --version)
major=${version#v}
if [ "${major%%.*}" -lt 20 ]; then
	newer="$packages/node"
	[ -x "$newer/node_modules/.bin/node" ] ||
		npm install --prefix "$newer" --ignore-scripts --no-audit --no-fund --loglevel=error \
			"node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@22.23.3" >&2
	PATH="$(dirname "$(echo "$newer"/node_modules/node-linux-*/bin/node)"):$PATH"
fi

work=$(mktemp -d "$packages/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir .papi
cp "$here/client.ts" .
printf '{ "private": true, "type": "module" }\n' >package.json
# Without a package of their own, descriptors need no `npm install`.
cat >.papi/polkadot-api.json <<'EOT'
{
	"version": 0,
	"descriptorPath": ".papi/descriptors",
	"entries": {},
	"options": { "noDescriptorsPackage": true }
}
EOT

if ! "$programs/papi" add pvs --file "$metadata" >log 2>&1 </dev/null; then
	say "the generator fails on $metadata:"
	{ grep -m 5 -iE 'error' log || tail -n 5 log; } >&2
	say "a likely cause is '*/' in a doc comment; the runtime's tests of the metadata name the item"
	exit 1
fi
"$programs/tsc" --noEmit --strict --target es2022 --module esnext --moduleResolution bundler client.ts >&2 || {
	say "client.ts does not compile against the descriptors of $metadata"
	exit 1
}
node --input-type=module --eval '
	const { pvs } = await import(process.cwd() + "/.papi/descriptors/dist/index.js");
	const { tx } = await pvs.descriptors;
	if (!("open_bid" in tx.Pvs)) throw new Error("the descriptors have no call open_bid");
' >&2
