#!/usr/bin/env bash
# Clocks and randomness enter a crate by its clock.rs only. clippy refuses them elsewhere (clippy.toml); this sees to it that no
# other file asks clippy to look away. Tests and measuring examples may.
set -euo pipefail
cd "$(dirname "$0")/.."

allowances='(allow|expect)\(([^)]*,)?[[:space:]]*(clippy::)?(disallowed_methods|style|all)'
found=$(git ls-files -z --cached --others --exclude-standard '*.rs' |
  grep -zvE '(^|/)clock\.rs$|(^|/)(tests|examples)/' |
  xargs -0 grep -nzoE "$allowances" | tr '\0\n' '\n ' || true)
if [ -n "$found" ]; then
  printf '%s\n' "$found" >&2
  echo "Only clock.rs may allow clippy::disallowed_methods. Take \`now\` as a parameter, or ask the crate's clock.rs." >&2
  exit 1
fi
