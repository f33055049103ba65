#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units as they are packaged: systemd finds no mistake in them, and the sandbox is as tight as it was.
. "$(dirname "$0")/../harness/check.sh"
dpkg-deb --extract "$(the_deb)" "$scratch/tree"
units=$(dirname "$(find "$scratch/tree" -name provisor.service)")
# systemd-analyze looks for the programs of a unit on this machine, where the package is not installed.
sed -i "s#^Exec\([A-Za-z]*\)=/usr/bin/#Exec\1=$scratch/tree/usr/bin/#" "$units"/*.service
# That of an update of provisor itself is there only while one is under way.
sed -i "s#^ExecStart=%S/provisor/self-update/#ExecStart=$scratch/tree/usr/bin/#" "$units/provisor-self-update.service"

for unit in provisor.service provisor-apply.service provisor-self-update.service provisor.timer; do
    said=$(SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --recursive-errors=no --man=no "$units/$unit" 2>&1) || fails "$unit: $said"
    expect_eq "what systemd says of $unit" "" "$said"
done

# The limit is the score times ten. What keeps it from being lower: root with six capabilities (each has its reason in the
# unit), and the network, since the fetcher is a child of the agent.
for unit in provisor.service provisor-apply.service provisor-self-update.service; do
    systemd-analyze security --offline=true --threshold=28 --no-pager "$units/$unit" >"$scratch/score" 2>&1 ||
        fails "exposure of $unit: $(tail -n 1 "$scratch/score")"
    holds "exposure of $unit: $(sed -n 's/.*exposure level for [^:]*: //p' "$scratch/score")"
done
