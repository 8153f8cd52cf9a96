#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a circom circuit to a batch proven on a development chain: see docs/circom.md.
set -euo pipefail

usage() {
	echo "circom example: $1; see --help" >&2
	exit 2
}
bin_dir=
options=()
while [ $# -gt 0 ]; do
	case "$1" in
		-h | --help)
			cat <<'EOF'
Usage: examples/circom/run.sh [--bin-dir DIR] [--json]

Installs circom and snarkjs from npm, builds PVS, compiles tally.circom, makes a proving key (for
development only), imports the verifying key, starts a development chain, registers the rollup, commits a
batch, and has it proven with snarkjs by `pvsctl prover run`. Prints a line for each step. With --json the
last line of the output is one JSON object. Everything that it starts is stopped.

  --bin-dir DIR   take pvs-node and pvsctl from DIR instead of building them

Exits non-zero if the chain does not finalize the batch.

Examples:
  examples/circom/run.sh
  examples/circom/run.sh --bin-dir target/release --json
EOF
			exit 0
			;;
		--bin-dir)
			[ $# -ge 2 ] || usage "--bin-dir needs a directory"
			bin_dir=$(cd "$2" 2>/dev/null && pwd) || usage "--bin-dir: '$2' is no directory"
			shift
			;;
		--json) options+=(--json) ;;
		*) usage "unknown argument '$1'" ;;
	esac
	shift
done

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
scripts="$here/../../scripts"
"$scripts/setup.sh" --also npm
if [ -z "$bin_dir" ]; then
	# shellcheck source=scripts/env.sh
	. "$scripts/env.sh"
	cd "$PVS_ROOT"
	pvs_claim_target
	pvs_build pvs-node pvsctl
	bin_dir=$CARGO_TARGET_DIR/release
fi

for program in pvs-node pvsctl; do
	[ -x "$bin_dir/$program" ] || usage "$bin_dir has no program $program"
done

cd "$here"
# No package needs its install script.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
exec node run.mjs --bin-dir "$bin_dir" ${options[@]+"${options[@]}"}
