#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# provisor keeps itself up to date, installed without a package: a new version that works, one that cannot start, one that
# never gets ready, and the power that goes in the middle of that.
. "$(dirname "$0")/../harness/story.sh"

host_boot
step "an installation without a package"
dpkg-deb --extract "$(built_deb)" "$work/tree"
units=$(dirname "$(find "$work/tree" -name provisor.service)")
mkdir -p "$host_tree/usr/local/bin" "$host_tree/usr/local/libexec" "$host_tree/etc/systemd/system"
cp "$work/tree/usr/bin/provisor" "$host_tree/usr/local/bin/"
cp -r "$work/tree/usr/libexec/provisor" "$host_tree/usr/local/libexec/"
mkdir -p "$host_tree/etc/sysusers.d"
cp "$work/tree/usr/lib/sysusers.d/provisor.conf" "$host_tree/etc/sysusers.d/"
for unit in provisor.service provisor-self-update.service provisor-{fetch,unpack}.socket provisor-{fetch,unpack}@.service; do
    sed 's#/usr/\(bin\|libexec\)/provisor#/usr/local/\1/provisor#' "$units/$unit" | host_write "/etc/systemd/system/$unit"
done
host_run systemd-sysusers
origin_start
# Programs that differ: bytes behind the end of an ELF file mean nothing.
version() { { cat "$work/tree/usr/bin/provisor"; echo "version $1"; } >"$work/provisor-$1"; chmod 0755 "$work/provisor-$1"; }
version 1
version 2
cp "$work/provisor-1" "$host_tree/usr/local/bin/provisor"
publish "$work/provisor-1" provisor
host_write /etc/provisor/agent.yaml <<YAML
interval: 2s
splay: 0s
YAML
manifest provisor <<'YAML'
components:
  provisor:
    url: http://127.0.0.1:8000/provisor
    path: /usr/local/bin/provisor
    mode: "0755"
    health: { settle: 5s }
    units: [ { name: provisor.service, on_change: restart } ]
YAML
host_run systemctl daemon-reload
host_run systemctl enable --quiet --now provisor.service

state=$host_tree/var/lib/provisor
in_place() { cmp -s "$work/provisor-$1" "$host_tree/usr/local/bin/provisor"; }
over() { [ ! -e "$state/self-update" ] && [ "$(host_run systemctl show -P ActiveState provisor-self-update.service)" = inactive ]; }
healthy() { cmp -s "$state/components/provisor/.installed" "$state/components/provisor/.activated" && over; }
agent_runs() { host_run cat "/proc/$(host_run systemctl show -P MainPID provisor.service)/exe" | cmp -s - "$work/provisor-$1"; }
# starts_stay: over three intervals the agent is not started again.
starts_stay() {
    local starts asked
    starts=$(service_starts provisor.service) asked=$(requests /provisor)
    more() { [ "$(requests /provisor)" -ge $((asked + 3)) ]; }
    eventually 30 more || fails "the daemon makes no passes"
    expect_eq "starts of the agent three passes later" "$starts" "$(service_starts provisor.service)"
}

eventually 30 healthy || fails "the first pass did not adopt what is there"
expect_eq "starts of the agent" 1 "$(service_starts provisor.service)"

step "a new version"
publish "$work/provisor-2" provisor
eventually 60 in_place 2 || fails "the new version was not put in place"
eventually 60 healthy || fails "the update came to no end"
expect_eq "starts of the agent" 2 "$(service_starts provisor.service)"
agent_runs 2 || fails "the agent that runs is not the new one"
holds "the new agent runs"
expect_eq "bodies sent" 2 "$(requests /provisor 200)"
host_run journalctl --sync
expect_has "the agent's own journal" "$(host_journal -b -u provisor.service -o cat)" "provisor: updated"
expect_eq "result of the service" success "$(host_run systemctl show -P Result provisor-self-update.service)"
starts_stay
expect_eq "bodies sent" 2 "$(requests /provisor 200)"

step "a new version, and the power goes while it is being watched"
version 3
publish "$work/provisor-3" provisor
watched() { in_place 3 && [ "$(host_run systemctl show -P ActiveState provisor.service)" = active ] && agent_runs 3; }
eventually 60 watched || fails "the new version was not tried"
if healthy; then fails "it was judged before the power went: the story has to be quicker"; fi
sync
host_crash
host_boot
origin_start
eventually 90 healthy || fails "after the boot the update came to no end"
in_place 3 || fails "a version that works was taken back"
agent_runs 3 || fails "after the boot the new agent does not run"
expect_lacks "show" "$(host_run provisor show provisor)" "quarantined"
starts_stay
expect_eq "bodies sent since the boot" 0 "$(requests /provisor 200)"

step "a version that cannot start"
printf '#!/bin/sh\nexit 1\n' >"$work/provisor-broken"
publish "$work/provisor-broken" provisor
eventually 60 in_place broken || fails "the broken version was not even tried"
eventually 60 in_place 3 || fails "the broken version stays in place"
eventually 60 healthy || fails "the rollback came to no end"
eventually 30 agent_runs 3 || fails "the old agent does not run"
expect_has "show" "$(host_run provisor show provisor)" "quarantined"
expect_eq "bodies sent since the boot" 1 "$(requests /provisor 200)"
starts_stay
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"

step "a version that never gets ready, and the power goes meanwhile"
host_write /etc/systemd/system/provisor.service.d/story.conf <<'CONF'
[Service]
TimeoutStartSec=8s
CONF
host_run systemctl daemon-reload
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/provisor-mute"
publish "$work/provisor-mute" provisor
starting() { [ "$(host_run systemctl show -P ActiveState provisor.service)" = activating ] && in_place mute; }
eventually 60 starting || fails "the mute version was not tried"
sync
host_crash
host_boot
origin_start
eventually 90 in_place 3 || fails "after the boot the mute version stays in place"
eventually 60 healthy || fails "the rollback came to no end"
eventually 30 agent_runs 3 || fails "after the boot the old agent does not run"
starts_stay
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
