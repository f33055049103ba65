#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The deb on a running machine: install, upgrade, remove, purge.
. "$(dirname "$0")/../harness/story.sh"

host_boot
everything() {
    host_run find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/tmp -o -path /root \
        -o -path /var/lib/dpkg -o -path /var/log -o -path /var/lib/systemd/catalog -o -path /var/cache \) -prune \
        -o -print | sort
    host_run find /run -path '/run/systemd' -prune -o -path '*provisor*' -print | sort
}
before=$(everything)

step "install"
host_install_deb
origin_start
expect_eq "daemon" "enabled active" "$(host_run systemctl is-enabled provisor.service) $(host_run systemctl is-active provisor.service)"
expect_eq "timer" "disabled inactive" \
    "$(host_run systemctl is-enabled provisor.timer || true) $(host_run systemctl is-active provisor.timer || true)"
expect_has "user of the downloads" "$(host_run getent passwd provisor-fetch)" /usr/sbin/nologin
expect_has "user of the unpacking" "$(host_run getent passwd provisor-unpack)" /usr/sbin/nologin
expect_eq "directories, and who may write them" "755 root root /etc/provisor/components.d
711 root root /var/lib/provisor
755 root root /run/provisor" "$(host_run stat -c '%a %U %G %n' /etc/provisor/components.d /var/lib/provisor /run/provisor)"
expect_eq "configuration files of the package" "" "$(host_run dpkg-query --show --showformat='${Conffiles}' provisor)"
expect_eq "failed units" "" "$(host_run systemctl --failed --plain --no-legend)"
expect_eq "files changed since they were unpacked" "" "$(host_run dpkg --verify provisor)"

step "it works"
publish "$(service_program 1.0.0)" app
app_manifest | manifest app
activated() { [ -e "$host_tree/var/lib/provisor/components/app/.activated" ]; }
eventually 60 activated || fails "the component was not installed"
started=$(invocation)

step "upgrade to a higher version"
newer=$work/newer
dpkg-deb --raw-extract "$(built_deb)" "$newer"
sed -i -E 's/^(Version: .*)$/\1+upgrade/' "$newer/DEBIAN/control"
dpkg-deb --root-owner-group --build "$newer" "$work/provisor_upgrade.deb" >/dev/null
agent_invocation=$(invocation provisor.service)
requested=$(requests)
host_install_deb "$work/provisor_upgrade.deb"
expect_has "version" "$(host_run dpkg-query --show provisor)" "+upgrade"
expect_eq "daemon" active "$(host_run systemctl is-active provisor.service)"
[ "$(invocation provisor.service)" != "$agent_invocation" ] || fails "the daemon still runs the old program"
asked_again() { [ "$(requests)" -gt "$requested" ]; }
eventually 60 asked_again || fails "the new daemon made no pass"
expect_eq "bodies sent" 1 "$(requests /app 200)"
expect_eq "invocation of the service" "$started" "$(invocation)"

step "an upgrade of a machine that chose the timer"
host_run systemctl disable --now --quiet provisor.service
host_run systemctl enable --now --quiet provisor.timer
host_install_deb "$work/provisor_upgrade.deb"
expect_eq "timer" "enabled active" "$(host_run systemctl is-enabled provisor.timer) $(host_run systemctl is-active provisor.timer)"
expect_eq "daemon" "disabled inactive" \
    "$(host_run systemctl is-enabled provisor.service || true) $(host_run systemctl is-active provisor.service || true)"
scheduled() { case $(host_run systemctl show -P NextElapseUSecMonotonic provisor.timer) in '' | 0 | infinity) return 1 ;; esac; }
eventually 20 scheduled || fails "the timer has no next pass after the upgrade: $(host_run systemctl show provisor.timer)"
requested=$(requests)
host_run systemctl start provisor-apply.service
asked_again || fails "the service of the timer made no pass"
expect_eq "bodies sent" 1 "$(requests /app 200)"
host_run systemctl disable --now --quiet provisor.timer
host_run systemctl enable --now --quiet provisor.service
eventually 60 asked_again || fails "no pass of the daemon that is back"

step "the machine boots again"
host_stop
: >"$origin_log"
host_boot
origin_start
booted_pass() { host_run test -e /run/provisor/last-pass; }
eventually 60 booted_pass || fails "no pass after the boot"
expect_eq "bodies sent" 0 "$(requests /app 200)"
expect_eq "version that the service runs" 1.0.0 "$(service_running)"

step "remove"
started=$(invocation)
# kept: what a removal must leave as it is, with its content.
kept() { host_run sh -c 'find /var/lib/provisor/components /etc/provisor -type f -exec sha256sum {} + | sort -k 2'; }
before_removal=$(kept)
expect_has "what there is to lose" "$before_removal" /var/lib/provisor/components/app/.installed
host_run dpkg --remove provisor >>"$work/dpkg.log" 2>&1
expect_eq "daemon" inactive "$(host_run systemctl is-active provisor.service || true)"
expect_eq "processes that are left" "" "$(host_run sh -c 'for p in /proc/[0-9]*; do readlink "$p/exe"; done' | grep provisor || true)"
expect_eq "state, manifests and configuration" "$before_removal" "$(kept)"
expect_eq "invocation of the service" "$started" "$(invocation)"

step "install again: it goes on where it was"
: >"$origin_log"
host_install_deb
asked() { [ "$(requests)" -gt 0 ]; }
eventually 60 asked || fails "no pass"
expect_eq "bodies sent" 0 "$(requests /app 200)"
expect_eq "invocation of the service" "$started" "$(invocation)"

step "purge"
host_run dpkg --purge provisor >>"$work/dpkg.log" 2>&1
expect_eq "invocation of the service" "$started" "$(invocation)"
expect_eq "version that it runs" 1.0.0 "$(service_running)"
# What was installed for others stays; it is put away here to see what is left of provisor itself.
host_run systemctl disable --now --quiet app.service
host_run rm /usr/local/bin/app /etc/systemd/system/app.service
expect_eq "files that are left" "" "$(diff <(echo "$before") <(everything) | grep '^>' || true)"
expect_eq "failed units" "" "$(host_run systemctl --failed --plain --no-legend)"
