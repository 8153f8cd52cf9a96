# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the other scripts: one target directory, one way to build.

PVS_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PVS_ROOT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pvs-target}"
# wasm-builder looks for Cargo.lock above OUT_DIR, which is not below the checkout. It copies the file,
# so the Wasm has the same versions; it cannot be told --locked, because it adds a package of its own.
export WASM_BUILD_WORKSPACE_HINT="$PVS_ROOT"
# The system's libssl instead of three minutes of vendored OpenSSL.
export OPENSSL_NO_VENDOR=1
export PATH="$HOME/.cargo/bin:$PATH"

# Two checkouts that share a target directory would otherwise run each other's code: Cargo judges
# freshness by time stamps, and a fresh checkout can be older than the other one's build.
pvs_claim_target() {
	local owner="$CARGO_TARGET_DIR/.clone"
	mkdir -p "$CARGO_TARGET_DIR"
	if [ "$(cat "$owner" 2>/dev/null)" != "$PVS_ROOT" ]; then
		git -C "$PVS_ROOT" ls-files -z -- '*.rs' '*.toml' | (cd "$PVS_ROOT" && xargs -0 -r touch --no-create)
		printf '%s' "$PVS_ROOT" >"$owner"
	fi
}

# Runs cargo. On a terminal one line shows crates done of all and the time gone; elsewhere cargo's own lines
# do. At the end a line says how long it took.
pvs_cargo() {
	local code=0 start=$SECONDS
	if [ -t 2 ] && command -v perl >/dev/null 2>&1; then
		local filter
		COLUMNS=$(tput cols 2>/dev/null || echo 80)
		export COLUMNS
		exec 3> >(exec perl "$PVS_ROOT/scripts/progress.pl" >&2)
		filter=$!
		CARGO_TERM_COLOR=always CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=120 \
			cargo "$@" 2>&3 || code=$?
		exec 3>&-
		wait "$filter" || true
	else
		cargo "$@" || code=$?
	fi
	[ "$code" -ne 0 ] || [ $((SECONDS - start)) -lt 2 ] ||
		printf 'cargo %s: %d min %02d s\n' "$1" $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60)) >&2
	return "$code"
}

# Builds the named programs, with the features that building everything gives their crates, so that no crate is
# compiled twice: an example is among what is built, since cargo leaves the features of development dependencies out
# where nothing needs them. Options of cargo may stand among the names.
pvs_build() {
	local name options=(--example search)
	for name in "$@"; do
		case "$name" in
			-*) options+=("$name") ;;
			*) options+=(--bin "$name") ;;
		esac
	done
	pvs_cargo build --release --workspace --locked "${options[@]}" >&2
}

# The demo, and what it starts.
# shellcheck disable=SC2034 # Used by the scripts that source this one.
PVS_DEMO_PROGRAMS=(pvs-node pvsctl)

# Where setup.sh had to make a Wasm toolchain of its own.
if [ -f "$CARGO_TARGET_DIR/wasm-toolchain.sh" ]; then
	# shellcheck disable=SC1091
	. "$CARGO_TARGET_DIR/wasm-toolchain.sh"
fi
