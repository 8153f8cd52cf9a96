#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests. With an argument, only those whose names contain it.
set -euo pipefail

all=0
case "${1:-}" in
	--all)
		all=1
		shift
		;;
	-h | --help)
		cat <<'EOF'
Usage: scripts/test.sh [--all | FILTER]

Sets up, builds everything once, runs every unit, property, stateful, circuit and runtime test, generates
a polkadot-api client from the committed metadata (needs npm), runs the unit tests of the TypeScript SDK, proves a batch on a real
chain, three more on one where provers fail, stay away and are late, three on one where a bidder stays silent,
two where nodes freeze and nothing becomes final, two with a node that prunes its states, and some inside nodes. With
FILTER, runs only the Rust tests whose names contain it. With --all, also kills one of three validators and lets finality fall 200
blocks behind, has a longer branch take transactions out of their blocks, kills a serving sequencer ten times, and proves
a batch of a circom circuit; provers of the SDK, of polkadot.js and by hand prove and are paid on a chain of theirs.

Environment:
  PVS_STATEFUL_SEQUENCES=N   random sequences of the stateful tests (default 1000 and 320)
  PVS_WRITE_METADATA=1       write presets/metadata.scale anew
EOF
		exit 0
		;;
esac

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
if [ $# -eq 0 ]; then
	"$scripts/setup.sh" --also npm
else
	"$scripts/setup.sh"
fi
# shellcheck source=scripts/env.sh
. "$scripts/env.sh"
cd "$PVS_ROOT"
pvs_claim_target

pvs_cargo test --no-run --release --workspace --locked
cargo test --release --workspace --locked -- "$@"
[ $# -eq 0 ] || exit 0

runtime/papi/check.sh
npm ci --prefix sdk/typescript --ignore-scripts --no-audit --no-fund --loglevel=error
npm run test:unit --prefix sdk/typescript
"$scripts/demo.sh" --batches 1 --json
"$scripts/demo.sh" --scenario faults --json
"$scripts/demo.sh" --scenario silent --json
"$scripts/demo.sh" --scenario nodes --json
"$scripts/demo.sh" --scenario pruned --json
"$scripts/demo.sh" --scenario embedded --json
if [ "$all" = 1 ]; then
	"$scripts/demo.sh" --scenario validators --json
	"$scripts/demo.sh" --scenario reorg --json
	"$scripts/demo.sh" --scenario crash --json
	examples/circom/run.sh --bin-dir "$CARGO_TARGET_DIR/release" --json
	npm test --prefix examples/circom
	PVS_BIN_DIR="$CARGO_TARGET_DIR/release" npm test --prefix sdk/typescript
fi
