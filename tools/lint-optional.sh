#!/bin/sh
# Checks whose tools set-up does not install; each runs where its tool is there.
set -eu
cd "$(dirname "$0")/.."

if command -v shellcheck >/dev/null; then
    shellcheck tools/*.sh examples/*.sh tools/with-toolchain .ci/run
else
    echo "lint: no shellcheck here, the shell scripts go unchecked"
fi

if tools/with-toolchain cargo deny --version >/dev/null 2>&1; then
    tools/with-toolchain cargo deny check licenses bans sources
else
    echo "lint: no cargo-deny here, the licences of the crates go unchecked"
fi
