#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the market, its seals, proofs, latencies, or the weights of its calls. Never part of the tests.
set -euo pipefail

help() {
	cat <<'EOF'
Usage: scripts/bench.sh market [--json]
       scripts/bench.sh seal [--json]
       scripts/bench.sh verify [--json]
       scripts/bench.sh prove [--json] [--max-power K] [--repetitions N]
       scripts/bench.sh latency [--json] [--check] [--embedded] [--batches N] [--pipeline K] [--threads N]
       scripts/bench.sh weights [--verifier host|wasm] [--steps N] [--repeat N] [--extrinsic NAME]
                                [--output FILE]

market    Builds, then measures on the runtime, natively and in memory: what each call takes of a block,
          how many bids, reveals and proofs fit one, how many rows of storage a bid and a proof read and
          write (as weights count), how many batches can be in flight, what they take in state and what
          is left of them, and in how many full blocks the hooks work off 4,000 batches whose deadlines
          have all passed; fails if they take more than MaxAgendaWeight of a block. Figures are in
          bench/README.md. With --json the last line of the output is one JSON object.

seal      Builds, with GMP beside, then measures squarings per second in turns with
          GMP's powm, what sealing, solving and proving take, and verification of an opening natively
          and in Wasm; prints the delay that windows and margins need. --json as above.

verify    Builds, installs snarkjs from npm beside, then measures verification of proofs: alone and in
          batches, natively, through the host function and in Wasm, in turns with arkworks; prints
          milliseconds per proof and ratios. --json as above.

prove     Builds, then measures how long proofs of the reference rollup take and what memory, in domains of
          2^14 to 2^18 points: every back end in turns with ark-groth16 as it is usually called. Takes
          ten minutes. --json as above.
          --max-power K     stop at 2^K points (default 18)
          --repetitions N   proofs of each kind in each domain (default 5)

latency   Builds, then runs a development chain with a sequencer and three provers and measures how long it
          takes from a batch in a block to its proof verified and finalized, where that time goes, and how
          many slots have no block. 100 batches take about five minutes. --json as above.
          --check           fail, with the reason, if the proofs are not final within 10 s (95% of them), an
                            honest prover was slashed, or more than 1% of the slots have no block
          --embedded        the first of the three provers runs inside the node; with --check it has to
                            deliver a proof at least
          --batches N       how many (default 100)
          --pipeline K      how many may be unproven at the same time (default 2)
          --threads N       of each prover (default: all cores; inside the node all but one, so that
                            blocks come first)

weights   Builds the runtime with its benchmarks and a program that runs them, in a target directory of
          their own (the first time takes twenty minutes), measures every benchmark of pallet-pvs on the
          runtime's Wasm and writes pallets/pvs/src/weights/host.rs or wasm.rs from bench/weights.hbs.
          --verifier WHERE  where proofs are verified: host (default), through the host function, or wasm, in
                            the runtime's own code
          --steps N         values of each length that is varied (default 20)
          --repeat N        repetitions of each (default 10)
          --extrinsic NAME  only this benchmark; prints and writes nothing but a FILE that is asked for
          --output FILE     writes FILE instead

Environment:
  CARGO_TARGET_DIR        the target directory; weights are built in its folder `bench`
  PVS_BENCH_TARGET_DIR    or here
EOF
}

usage() {
	echo "bench: $1; see --help" >&2
	exit 2
}

whole_number() {
	case "$2" in
		'' | *[!0-9]* | 0) usage "$1 takes a whole number above 0, not '$2'" ;;
	esac
}

[ $# -ge 1 ] || usage "say what to measure: market, seal, verify, prove, latency or weights"
command=$1
shift
json=0
check=0
embedded=0
numbers=()
steps=20
repeat=10
verifier=host
extrinsic='*'
output=
case "$command" in
	-h | --help)
		help
		exit 0
		;;
	market | seal | verify | prove | latency | weights) ;;
	*) usage "unknown command '$command'" ;;
esac
while [ $# -gt 0 ]; do
	case "$command $1" in
		*' -h' | *' --help')
			help
			exit 0
			;;
		'market --json' | 'seal --json' | 'verify --json' | 'prove --json' | 'latency --json')
			json=1
			;;
		'latency --check')
			check=1
			;;
		'latency --embedded')
			embedded=1
			;;
		'prove --max-power' | 'prove --repetitions' | 'latency --batches' | 'latency --pipeline' | 'latency --threads')
			[ $# -ge 2 ] || usage "$1 needs a value"
			whole_number "$1" "$2"
			numbers+=("$1" "$2")
			shift
			;;
		'weights --verifier' | 'weights --steps' | 'weights --repeat' | 'weights --extrinsic' | 'weights --output')
			[ $# -ge 2 ] || usage "$1 needs a value"
			case "$1" in
				--verifier)
					case "$2" in
						host | wasm) verifier=$2 ;;
						*) usage "--verifier takes host or wasm, not '$2'" ;;
					esac
					;;
				--steps)
					whole_number --steps "$2"
					[ "$2" -ge 2 ] || usage "--steps takes 2 or more"
					steps=$2
					;;
				--repeat)
					whole_number --repeat "$2"
					repeat=$2
					;;
				--extrinsic) extrinsic=$2 ;;
				--output) output=$2 ;;
			esac
			shift
			;;
		*) usage "unknown argument '$1'" ;;
	esac
	shift
done
# A path of the caller's, before the directory changes.
case "$output" in
	'' | /*) ;;
	*) output="$PWD/$output" ;;
esac

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
case "$command" in
	seal) "$scripts/setup.sh" --also m4 ;;
	verify) "$scripts/setup.sh" --also npm ;;
	*) "$scripts/setup.sh" ;;
esac
# shellcheck source=scripts/env.sh
. "$scripts/env.sh"
cd "$PVS_ROOT"

if [ "$command" != weights ]; then
	pvs_claim_target
	case "$command" in
		latency) pvs_build "${PVS_DEMO_PROGRAMS[@]}" ;;
		prove) pvs_build pvs-rollup-bench pvs-rollup-heap ;;
		seal) pvs_build pvs-bench --features=pvs-bench/gmp ;;
		*) pvs_build pvs-bench ;;
	esac
	options=()
	[ "$json" = 0 ] || options+=(--json)
	if [ "$command" = prove ]; then
		exec "$CARGO_TARGET_DIR/release/pvs-rollup-bench" "${options[@]}" "${numbers[@]}"
	fi
	if [ "$command" = latency ]; then
		[ "$check" = 0 ] || options+=(--check)
		[ "$embedded" = 0 ] || options+=(--embedded)
		exec "$CARGO_TARGET_DIR/release/pvsctl" demo --bin-dir "$CARGO_TARGET_DIR/release" \
			--scenario latency "${options[@]}" "${numbers[@]}"
	fi
	if [ "$command" = verify ]; then
		snarkjs="$CARGO_TARGET_DIR/snarkjs"
		mkdir -p "$snarkjs"
		cp bench/snarkjs/* crates/formats/tests/fixtures/snarkjs/*_large.json \
			crates/formats/tests/fixtures/snarkjs/verification_key.json "$snarkjs"
		npm install --prefix "$snarkjs" --no-audit --no-fund --silent >&2
		options+=(--snarkjs "$snarkjs")
	fi
	exec "$CARGO_TARGET_DIR/release/pvs-bench" "$command" "${options[@]}"
fi

export CARGO_TARGET_DIR="${PVS_BENCH_TARGET_DIR:-$CARGO_TARGET_DIR/bench}"
pvs_claim_target
# Nothing of the verifier's own Wasm is measured here.
export SKIP_PVS_VERIFIER_WASM_WASM_BUILD=1
# The benchmarking command comes with a runtime of its own for measurements that are not ours.
export SKIP_FRAME_STORAGE_ACCESS_TEST_RUNTIME_WASM_BUILD=1
features=bencher
[ "$verifier" = host ] || features=bencher,wasm-verifier
pvs_cargo build --release --locked -p pvs-bench --bin pvs-bencher --features "$features" >&2

options=()
if [ "$extrinsic" = '*' ]; then
	output="${output:-$PVS_ROOT/pallets/pvs/src/weights/$verifier.rs}"
else
	# The benchmarks that are there for comparison only can be named as well.
	options+=(--extra)
fi
if [ -n "$output" ]; then
	options+=(--template bench/weights.hbs --output "$output")
fi
"$CARGO_TARGET_DIR/release/pvs-bencher" \
	--runtime "$CARGO_TARGET_DIR/release/wbuild/pvs-runtime/pvs_runtime.wasm" \
	--genesis-builder runtime --genesis-builder-preset development \
	--pallet pallet_pvs --extrinsic "$extrinsic" \
	--steps "$steps" --repeat "$repeat" "${options[@]}"
[ -z "$output" ] || rustfmt --edition 2021 --config-path "$PVS_ROOT" "$output"
