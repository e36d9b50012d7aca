#!/usr/bin/env bash
# Builds the fuzz targets of sip/fuzz and runs each for some seconds (10 unless told) over its seeds. Ends with 1 at the first crash, whose input is
# then in target/fuzz/crashes: it becomes a fixture of a test.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
host=$(rustc -vV | sed -n 's/^host: //p')
# Coverage as libFuzzer wants it, with flags that a stable compiler has. No sanitizer: the workspace forbids unsafe code, and what is looked for is
# a panic, an endless loop, or memory without bound.
export RUSTFLAGS="-C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
-C llvm-args=-sanitizer-coverage-pc-table -C llvm-args=-sanitizer-coverage-trace-compares"
export CARGO_TARGET_DIR=target/fuzz
# Named, so that build scripts and macros are built without coverage.
${CARGO:-cargo} build --locked --manifest-path sip/fuzz/Cargo.toml --target "$host" --bins

torture=sip/tests/torture
for target in message stream sdp multipart pidf alert; do
    seeds=("sip/fuzz/seeds/$target")
    if [ "$target" = message ]; then
        seeds+=("$torture/rfc4475" "$torture/rfc5118")
    fi
    corpus="target/fuzz/corpus/$target"
    crashes="target/fuzz/crashes/$target/"
    mkdir -p "$corpus" "$crashes"
    echo "$target: $seconds s"
    if ! "target/fuzz/$host/debug/$target" -max_total_time="$seconds" -max_len=8192 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$crashes" "$corpus" "${seeds[@]}" 2> "target/fuzz/$target.log"; then
        tail -40 "target/fuzz/$target.log" >&2
        exit 1
    fi
    grep -E 'stat::(number_of_executed_units|peak_rss_mb)|^#[0-9]+.*DONE' "target/fuzz/$target.log" || true
done
