#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that need no build: license headers, shell syntax, run bits, forbidden words and macros.
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

# Doc comments say what something is or does, and are no questions: names of what they ask for are shorter.
docs=$(git ls-files -z -- '*.rs' | xargs -0 awk '
	FNR == 1 { inside = 0 }
	{
		doc = $0 ~ /^[ \t]*(\/\/\/([^\/]|$)|\/\/!)/
		if (doc && !inside) {
			blocks++
			if ($0 ~ /^[ \t]*\/\/[\/!][ \t]*(What|Who|Whose|How|Whether|Which|Where|When)([^a-z]|$)/) questions++
		}
		inside = doc
	}
	END { printf "%d %d", questions, blocks }')
[ "$((${docs% *} * 100))" -le "$((${docs#* } * 3))" ] ||
	fail "${docs% *} of ${docs#* } doc comments start with a question word, more than 3%"

# British spellings of words that the code and its documentation use.
if git grep -nIiE '\b(decentralis|finalis|normalis|optimis|reorganis|serialis)|\bcolour|\blicence' \
	-- ':!scripts/lint.sh' ':!*.json' ':!*.svg' >&2; then
	fail "spell the above the American way"
fi

exit "$failed"
