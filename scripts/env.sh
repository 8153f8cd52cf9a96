# SPDX-License-Identifier: Apache-2.0
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

# Where setup.sh had to make a Wasm toolchain of its own.
if [ -f "$CARGO_TARGET_DIR/wasm-toolchain.sh" ]; then
	# shellcheck disable=SC1091
	. "$CARGO_TARGET_DIR/wasm-toolchain.sh"
fi
