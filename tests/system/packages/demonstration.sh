#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What packaging/quickstart shows when it has built: the three passes, and that it fails when they are not as promised.
. "$(dirname "$0")/../harness/check.sh"
export TMPDIR=$scratch
"$source_dir/packaging/demonstration" "$build" | tee "$scratch/said"
expect_eq "decisions" "install unchanged update" "$(sed -n 's/^pass [0-9]: *\([a-z]*\).*/\1/p' "$scratch/said" | paste -sd' ')"
expect_eq "bodies sent" "1 0 1" "$(sed -n 's/.*bodies sent: \([0-9]*\).*/\1/p' "$scratch/said" | paste -sd' ')"
[ "$(wc -l <"$scratch/said")" -le 24 ] || fails "it says more than a screen"

# An agent that always reports an installation must not pass for a working one.
mkdir "$scratch/broken"
cp "$(find "$build" -path "$build/system" -prune -o -name provisor-test-origin -type f -perm -u+x -print -quit)" \
    "$(find "$build" -path "$build/system" -prune -o -name service-1.0.0 -type f -perm -u+x -print -quit)" "$scratch/broken/"
printf '#!/bin/sh\necho "{\\"pass\\":{\\"duration_ms\\":1},\\"components\\":[{\\"decision\\":\\"install\\",\\"reason\\":\\"\\"}]}"\n' \
    >"$scratch/broken/provisor"
chmod +x "$scratch/broken/provisor"
! "$source_dir/packaging/demonstration" "$scratch/broken" >"$scratch/said" 2>&1 || fails "it believes a program that does nothing"
holds "it does not believe a program that does nothing"
