#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds, starts a development chain with a sequencer and three provers, and reports what happened.
set -euo pipefail

case "${1:-}" in
	-h | --help)
		cat <<'EOF'
Usage: scripts/demo.sh [--scenario NAME] [--batches N] [--json]

Sets up, builds, starts a development chain with one sequencer and three provers, takes batches of
signed transfers through auction, proof and payment, and prints a table. With --json the last line of
the output is one JSON object.

  --scenario plain    N batches (default 3) that go as they should. This is the default.
  --scenario faults   Three batches that do not: a winner defaults and a runner-up takes its place;
                      nobody bids until the reserve has risen; a proof comes late.
  --scenario silent   Three batches with a bidder that never reveals: an opener solves its seals and is
                      paid from its bonds. Two rounds close without the bid, which is settled
                      afterwards; in the third batch the seal is opened by force, and the bid wins.
  --scenario nodes    Two batches on a chain on which nothing becomes final, with provers whose nodes freeze, one
                      after its bid and one after its win: both deliver and are paid.
  --scenario pruned   Two batches with a prover that is killed behind a bid that loses, and that comes back
                      when its node has pruned what became of it: it wins and is paid all the same.
  --scenario validators
                      Three validators of which one is killed, so that nothing becomes final. 200 blocks
                      later a prover that was killed behind its bid settles it and is paid for the next
                      batch, and one that was killed behind its win sees what that cost. Six minutes.
  --scenario reorg    Four batches on a chain on which nothing becomes final. A second author's branch becomes
                      the longer one each time: a commit, a bid, a reveal and a proof lose their blocks, come
                      back once, and the batches are paid. Four minutes.
  --scenario embedded A node that follows the chain proves a batch; a node alone, without connections, makes
                      batches and proves them, and is stopped three times while it does.
  --scenario crash    A serving sequencer that takes transfers from a load generator. Its first batches fail,
                      and it is killed ten times, at random and while it writes: nothing that it
                      acknowledged is lost or doubled.

Exits non-zero if a batch is not proven, or if what the scenario is about did not happen.
EOF
		exit 0
		;;
esac

usage() {
	echo "demo: $1; see --help" >&2
	exit 2
}
json=0
batches=
scenario=plain
while [ $# -gt 0 ]; do
	case "$1" in
		--json) json=1 ;;
		--batches)
			[ $# -ge 2 ] || usage "--batches needs a number"
			batches=${2:-0}
			shift
			;;
		--scenario)
			[ $# -ge 2 ] || usage "--scenario needs a name"
			scenario=$2
			shift
			;;
		*) usage "unknown argument '$1'" ;;
	esac
	shift
done
case "$scenario:$batches" in
	plain: | faults: | silent: | nodes: | pruned: | validators: | reorg: | embedded: | crash:) ;;
	plain:*[!0-9]* | plain:0) usage "--batches takes a whole number above 0, not '$batches'" ;;
	plain:*) ;;
	faults:* | silent:* | nodes:* | pruned:* | validators:* | reorg:* | embedded:* | crash:*) usage "--batches is for the scenario 'plain'; the others have their own" ;;
	*) usage "unknown scenario '$scenario'" ;;
esac

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
"$scripts/setup.sh"
# shellcheck source=scripts/env.sh
. "$scripts/env.sh"
cd "$PVS_ROOT"
pvs_claim_target

pvs_build "${PVS_DEMO_PROGRAMS[@]}"
options=(--bin-dir "$CARGO_TARGET_DIR/release" --scenario "$scenario")
[ -z "$batches" ] || options+=(--batches "$batches")
[ "$json" = 0 ] || options+=(--json)
exec "$CARGO_TARGET_DIR/release/pvsctl" demo "${options[@]}"
