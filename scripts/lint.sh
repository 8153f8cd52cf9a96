#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that need no build: licence headers, shell syntax, run bits, forbidden words and macros.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=0
fail() {
	printf 'lint: %s\n' "$*" >&2
	failed=1
}

while IFS= read -r file; do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		fail "$file: no SPDX header in its first two lines"
done < <(git ls-files -- '*.rs' '*.sh' '*.pl' .ci/run)

while IFS= read -r file; do
	bash -n "$file" || fail "$file: does not parse"
	[ -x "$file" ] || [ "$file" = scripts/env.sh ] || fail "$file: has no run bit"
done < <(git ls-files -- '*.sh' .ci/run)

if git grep -nE 'todo!\(|unimplemented!\(|TODO|FIXME' -- '*.rs' '*.sh' ':!scripts/lint.sh' >&2; then
	fail "finish or remove the above"
fi

# They panic where nobody reads any more what they print, and where the disk is full.
if git grep -nE '^[^/]*\be?print(ln)?!\(' -- 'crates/*/src/*.rs' 'node/src/*.rs' ':!crates/wasm-opt' >&2; then
	fail "print with pvs_text::print or pvs_text::complain"
fi

exit "$failed"
