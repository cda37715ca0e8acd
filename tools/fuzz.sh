#!/bin/sh
# tools/fuzz.sh [TARGET...]: runs the fuzz targets (fuzz/), all of them if none is named, one
# after another, and says of each how many inputs it tried and what it reached.
#   FUZZ_SECONDS=20   how long each runs at most
#   FUZZ_RUNS=-1      how many inputs it tries at most
#
# What it finds lies in fuzz/artifacts/; `cargo fuzz run TARGET FILE` tries it again. The
# code has no `unsafe`, so no sanitizer is built in, and any compiler will do: the
# instrumentation for coverage is LLVM's.
set -eu
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-20}
runs=${FUZZ_RUNS:--1}
# An input that takes longer, or more memory, is a finding.
longest=10
megabytes=256

cargo_fuzz() {
    what=$1
    shift
    tools/with-toolchain cargo fuzz "$what" --sanitizer none --strip-dead-code=true "$@"
}

node tools/fuzz-seeds.mjs
cargo_fuzz build
# shellcheck disable=SC2046 # Names of targets hold no spaces.
[ $# -gt 0 ] || set -- $(tools/with-toolchain cargo fuzz list)

found=
for target in "$@"; do
    log=fuzz/corpus/$target.log
    cargo_fuzz run "$target" -- -max_total_time="$seconds" -runs="$runs" -timeout="$longest" \
        -rss_limit_mb="$megabytes" -print_final_stats=1 >"$log" 2>&1 || found="$found $target"
    awk -v target="$target" '
        /cov: / { for (i = 1; i <= NF; i++) if ($i == "cov:") coverage = $(i + 1) }
        /number_of_executed_units/ { runs = $2 }
        /peak_rss_mb/ { memory = $2 }
        /^Done/ { seconds = $(NF - 1) }
        END {
            printf "%-12s %10d inputs %6d s %8d edges %5d MB\n", target, runs, seconds, coverage, memory
        }' "$log"
done
if [ -n "$found" ]; then
    echo "fuzz: something was found by$found; the logs and fuzz/artifacts/ have it" >&2
    exit 1
fi
