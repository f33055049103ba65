#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units as they are packaged: systemd finds no mistake in them, and the sandbox is as tight as it was.
. "$(dirname "$0")/../harness/check.sh"
dpkg-deb --extract "$(the_deb)" "$scratch/tree"
units=$(dirname "$(find "$scratch/tree" -name provisor.service)")
# systemd-analyze looks for the programs of a unit on this machine, where the package is not installed.
sed -i "s#^Exec\([A-Za-z]*\)=/usr/\(bin\|libexec\)/#Exec\1=$scratch/tree/usr/\2/#" "$units"/*.service
# That of an update of provisor itself is there only while one is under way.
sed -i "s#^ExecStart=%S/provisor/self-update/#ExecStart=$scratch/tree/usr/bin/#" "$units/provisor-self-update.service"

# Each unit, with the story that asserts what it does (not only that it is active).
effects=$(sort <<'EFFECTS'
provisor-apply.service timer
provisor-fetch.socket privileges
provisor-fetch@.service privileges
provisor-self-update.service self_update
provisor.service daemon
provisor.timer timer
provisor-unpack.socket privileges
provisor-unpack@.service privileges
EFFECTS
)
expect_eq "units in the package" "$(cut -d' ' -f1 <<<"$effects" | xargs)" \
    "$(find "$scratch/tree" \( -path '*/systemd/system/*' -o -path '*/systemd/user/*' \) ! -type d -printf '%f\n' | sort | xargs)"
while read -r unit story; do
    # An instance has its number behind the "@".
    grep -qF "${unit%.service}" "$source_dir/tests/system/stories/$story.sh" || fails "the story $story says nothing of $unit"
done <<<"$effects"
holds "for each there is a story about its effect"

for unit in $(cut -d' ' -f1 <<<"$effects"); do
    said=$(SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --recursive-errors=no --man=no "$units/$unit" 2>&1) || fails "$unit: $said"
    expect_eq "what systemd says of $unit" "" "$said"
done

# The limit is the score times ten. What is left of the agent's is that it is root; of the fetcher's, the network. An update of
# provisor itself starts both as its children, for which it needs three capabilities and their network.
while read -r limit unit; do
    systemd-analyze security --offline=true --threshold="$limit" --no-pager "$units/$unit" >"$scratch/score" 2>&1 ||
        fails "exposure of $unit: $(tail -n 1 "$scratch/score")"
    holds "exposure of $unit: $(sed -n 's/.*exposure level for [^:]*: //p' "$scratch/score") (at most $limit / 10)"
    if systemd-analyze security --offline=true --threshold=$((limit - 1)) --no-pager "$units/$unit" >/dev/null 2>&1; then
        fails "the limit for $unit is not as tight as it is"
    fi
done <<'LIMITS'
7 provisor.service
7 provisor-apply.service
11 provisor-fetch@.service
2 provisor-unpack@.service
23 provisor-self-update.service
LIMITS
