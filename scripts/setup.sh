#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build needs and is missing: C tools, protoc, libssl's headers, Binaryen, the Wasm target.
# Says nothing when nothing is to do. Exits 1 and says exactly what is missing and how to get it where
# it may not install.
set -euo pipefail

also=()
while [ $# -gt 0 ]; do
	case "$1" in
		-h | --help)
			cat <<'EOF'
Usage: scripts/setup.sh [--also TOOL]...

Installs what building PVS needs and this machine lacks. Needs root for Debian packages and a network
for those and for the Wasm target; without either it prints what is missing and exits 1.

  --also m4    also what `scripts/bench.sh seal` builds GMP with
  --also npm   also what `scripts/test.sh`, `scripts/bench.sh verify` and `examples/circom` take
               polkadot-api's generator, snarkjs and circom with
EOF
			exit 0
			;;
		--also)
			case "${2:-}" in
				m4 | npm) also+=("$2") ;;
				*)
					echo "setup: --also takes m4 or npm, not '${2:-}'; see --help" >&2
					exit 2
					;;
			esac
			shift
			;;
		*)
			echo "setup: unknown argument '$1'; see --help" >&2
			exit 2
			;;
	esac
	shift
done

# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages -------------------------------------------------------------------------------

missing=()
have cc && have c++ && have make || missing+=(build-essential)
have git || missing+=(git)
have pkg-config || missing+=(pkg-config)
have protoc || missing+=(protobuf-compiler)
{ have pkg-config && pkg-config --exists openssl 2>/dev/null; } || missing+=(libssl-dev)
for tool in "${also[@]}"; do
	have "$tool" || missing+=("$tool")
	# Debian's npm only recommends the program that runs it.
	[ "$tool" != npm ] || have node || missing+=(nodejs)
done

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
	have apt-get || return 1
	[ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; } || return 1
	say "installing $*"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || return 1
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
		>/dev/null 2>&1
}

if [ ${#missing[@]} -gt 0 ] && ! apt_install "${missing[@]}"; then
	say "missing: ${missing[*]}"
	say "install them as root, for instance: apt-get install ${missing[*]}"
	exit 1
fi

# Without it the runtime's Wasm is a little larger, and nothing else differs.
if ! have wasm-opt && [ -z "${PVS_WASM_OPT:-}" ] && ! apt_install binaryen; then
	say "wasm-opt is missing: the Wasm will not be compacted; as root: apt-get install binaryen"
fi

# --- Rust and the Wasm target ----------------------------------------------------------------------

target=wasm32v1-none
channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$PVS_ROOT/rust-toolchain.toml")

has_target() {
	local sysroot
	sysroot=$(cd "$PVS_ROOT" && rustc --print sysroot 2>/dev/null) || return 1
	ls "$sysroot/lib/rustlib/$target/lib/"libcore-*.rlib >/dev/null 2>&1
}

# Debian's compiler for the web is a complete toolchain whose sources are packaged, so that core and
# alloc can be built for the target where rustup's server cannot be reached.
debian_toolchain() {
	apt_install rustc-web cargo-web rust-web-src lld-22 || return 1
	local sysroot build out
	sysroot=$(/usr/lib/rust-web/bin/rustc --print sysroot 2>/dev/null || /usr/bin/rustc --print sysroot)
	build=$(mktemp -d)
	out="$sysroot/lib/rustlib/$target/lib"
	mkdir -p "$build/src"
	printf '[package]\nname = "core-for-wasm"\nversion = "0.0.0"\nedition = "2021"\n' >"$build/Cargo.toml"
	printf '#![no_std]\n' >"$build/src/lib.rs"
	say "building core and alloc for $target with Debian's compiler"
	(
		cd "$build"
		RUSTC_BOOTSTRAP=1 RUSTC="$sysroot/bin/rustc" CARGO_TARGET_DIR="$build/target" \
			"$sysroot/bin/cargo" build --release --target "$target" -Z build-std=core,alloc
	) >"$build/log" 2>&1 || {
		say "that failed:"
		tail -n 5 "$build/log" >&2
		return 1
	}
	as_root mkdir -p "$out"
	as_root cp "$build/target/$target/release/deps/"lib{core,alloc,compiler_builtins}-*.rlib "$out/"
	rm -rf "$build"
	if have rustup; then
		rustup toolchain link pvs-wasm "$sysroot"
		printf 'export WASM_BUILD_TOOLCHAIN=pvs-wasm\n' >"$CARGO_TARGET_DIR/wasm-toolchain.sh"
	else
		printf 'export PATH="%s/bin:$PATH"\n' "$sysroot" >"$CARGO_TARGET_DIR/wasm-toolchain.sh"
	fi
}

if ! have rustc && ! have rustup; then
	say "missing: Rust $channel"
	say "install it with rustup (https://rustup.rs) or your distribution, then run this again"
	exit 1
fi
if have rustup; then
	installed=$(cd "$PVS_ROOT" && rustup component list --installed 2>/dev/null || true)
	for component in clippy rustfmt; do
		grep -q "^$component" <<<"$installed" && continue
		say "adding $component"
		(cd "$PVS_ROOT" && rustup component add "$component" >/dev/null 2>&1) ||
			say "could not add $component; the lints need it: rustup component add $component"
	done
fi
if ! has_target && [ ! -f "$CARGO_TARGET_DIR/wasm-toolchain.sh" ]; then
	say "adding the target $target"
	if ! { have rustup && (cd "$PVS_ROOT" && rustup target add "$target" >/dev/null 2>&1); }; then
		mkdir -p "$CARGO_TARGET_DIR"
		debian_toolchain || {
			say "missing: the Rust target $target"
			say "get it with: rustup target add $target"
			say "or as root: apt-get install rustc-web cargo-web rust-web-src lld-22, then run this again"
			exit 1
		}
	fi
fi
