#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The machine is rebooted in the middle of everything: of updates that their service does not survive, of holds, of a window
# that is still closed, and while an administrator has stopped the service. What was decided before holds after the boot,
# nothing is transferred again, and nothing is restarted that need not be.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
origin_start
# Passes follow one another closely, and contents come and go: only one scene is about that.
settings() { printf 'interval: 1s\nsplay: 0s\n%s\n' "$@" | host_write /etc/provisor/agent.yaml; }
settings 'flip_flop: { switches: 1000 }'
host_run systemctl restart provisor.service

record=$host_tree/var/lib/provisor/components/app
# wanted VERSION [LINE...]: the manifest, with a settle time of three seconds. Each version has a URL of its own, so that no
# pass of the daemon gets between what is published and what is wanted.
wanted() {
    local version=$1
    shift
    app_manifest "/app-$version" "version: \"$version\"" "$@" | sed 's/settle: 200ms/settle: 3s/' | manifest app
}
# release VERSION PROGRAM [LINE...]: publishes it, and wants it.
release() {
    local version=$1
    publish "$2" "app-$version"
    shift 2
    wanted "$version" "$@"
}
# broken NAME SCRIPT VERSION: releases a program that does this.
broken() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    release "$3" "$work/$1"
}
bodies() { requests "" 200; }
in_place() { cmp -s "$1" "$host_tree/usr/local/bin/app"; }
runs() { [ "$(service_running)" = "$1" ]; }
status_of() { host_run provisor --json status app | jq -r ".components[0]$1"; }
# Healthy, and the pass that found it so is over.
at_rest() { runs "$1" && cmp -s "$record/.installed" "$record/.activated" && grep -q '"healthy": *"[^"]' "$record/record.json"; }
# reboot: an orderly one, as `systemctl reboot` makes it.
reboot() {
    host_stop
    host_boot
    origin_start
}
# stays WHAT: three passes later it is the same process, and no body was sent since the boot.
stays() {
    local running starts asked
    running=$(invocation) starts=$(service_starts) asked=$(passes)
    later() { [ "$(passes)" -ge $((asked + 3)) ]; }
    eventually 30 later || fails "the daemon makes no passes"
    expect_eq "$1: invocation three passes later" "$running" "$(invocation)"
    expect_eq "$1: starts three passes later" "$starts" "$(service_starts)"
    expect_eq "$1: bodies sent since the boot" 0 "$(bodies)"
    expect_eq "$1: leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
}
# By the daemon's own lines; a pass that asks the origin nothing counts as well.
passes() {
    host_run journalctl --sync
    host_journal -b -o cat SYSLOG_IDENTIFIER=provisor | grep -c '^[0-9]* components\?: ' || true
}

step "at first"
release 1.0.0 "$(service_program 1.0.0)"
eventually 30 at_rest 1.0.0 || fails "1.0.0 was not installed"

# goes_back WHAT WORDS: after the boot, 1.0.0 is back, the reason is told, and that is all.
goes_back() {
    eventually 60 at_rest 1.0.0 || fails "$1: 1.0.0 is not back: $(host_run provisor show app)"
    expect_same_file "$1: the old program is in place" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
    stays "$1"
    expect_has "$1: show" "$(host_run provisor show app)" "quarantined: "
    expect_has "$1: history" "$(host_run provisor history app)" "$2"
}

step "in the settle time of an update that dies in its second half"
broken late 'sleep 2.5; exit 9' 1.1.0
eventually 30 in_place "$work/late" || fails "the update was not tried"
reboot
goes_back "the late death" "exit status 9"

step "in the rollback of an update that crashes at start"
broken crash 'exit 7' 1.2.0
tried() { [ "$(jq -r .quarantine.version "$record/record.json")" = 1.2.0 ]; }
eventually 30 tried || fails "nothing was quarantined"
reboot
goes_back "the crash" "exit status 7"

step "while a service runs that does not answer"
publish "$(service_program 3.5.0)" app-1.3.0
app_manifest /app-1.3.0 'version: "1.3.0"' |
    sed -e 's|settle: 200ms, timeout: 10s|settle: 1s, timeout: 8s, http: "http://127.0.0.1:8080/health"|' \
        -e 's|ExecStart=/usr/local/bin/app|& --serve 8080|' | manifest app
eventually 30 in_place "$(service_program 3.5.0)" || fails "the update was not tried"
eventually 30 runs 3.5.0 || fails "the update was not started"
reboot
goes_back "the silent one" "answers 500"
expect_lacks "its unit file is that of before" "$(host_run cat /etc/systemd/system/app.service)" "--serve"

step "while what came back is not healthy either"
host_write /etc/systemd/system/app.service.d/broken.conf <<'CONF'
[Service]
ExecStart=
ExecStart=/bin/sh -c "sleep 1.5; exit 3"
CONF
host_run systemctl daemon-reload
broken crash2 'exit 8' 1.4.0
eventually 30 in_place "$work/crash2" || fails "the update was not tried"
reboot
back() { in_place "$(service_program 1.0.0)" && host_run provisor show app | grep -q "quarantined: 1.4.0" && cmp -s "$record/.installed" "$record/.activated"; }
eventually 60 back || fails "the old program is not back: $(host_run provisor history app)"
down() { host_run provisor status app | grep -q "app.service failed"; }
eventually 30 down || fails "status does not tell that it does not run: $(host_run provisor status app)"
starts=$(service_starts)
sleep 3
expect_eq "starts three seconds later" "$starts" "$(service_starts)"
expect_eq "bodies sent since the boot" 0 "$(bodies)"
host_run rm -r /etc/systemd/system/app.service.d
host_run systemctl daemon-reload
host_run systemctl reset-failed app.service
host_run systemctl start app.service

step "under a hold that two writers brought about"
publish "$(service_program 1.1.0)" other
settings 'flip_flop: { switches: 3, window: 1h, hold: 1h }'
host_run systemctl reload provisor.service
from() { app_manifest "$1" | manifest app; }
is_held() { [ "$(status_of .state)" = held ] && host_run provisor show app | grep -q flip-flop; }
for ((i = 0; i < 8; i++)); do
    if ((i % 2)); then path=/app-1.0.0 version=1.0.0; else path=/other version=1.1.0; fi
    from $path
    done_with() { at_rest $version || is_held; }
    eventually 30 done_with || fails "writer $i had no effect"
    is_held && break
done
is_held || fails "they were not told to agree"
version=$(service_running)
until=$(host_run provisor show app | grep -o 'until .*' | head -n 1)
[ -n "$until" ] || fails "show does not tell until when: $(host_run provisor show app)"
reboot
eventually 30 is_held || fails "the hold did not outlive the boot"
stays "the hold"
expect_eq "running version" "$version" "$(service_running)"
expect_eq "until" "$until" "$(host_run provisor show app | grep -o 'until .*' | head -n 1)"
expect_eq "starts since the boot" 1 "$(service_starts)"
host_run provisor release app >/dev/null
settings 'flip_flop: { switches: 1000 }'
host_run systemctl reload provisor.service

step "under a hold against a downgrade"
release 2.0.0 "$(service_program 2.0.0)"
eventually 30 at_rest 2.0.0 || fails "2.0.0 was not installed"
release 1.9.0 "$(service_program 1.1.0)"
held_for() { [ "$(status_of .state)" = held ] && host_run provisor show app | grep -q "$1"; }
eventually 30 held_for downgrade || fails "the downgrade was not held: $(host_run provisor show app)"
expect_same_file "the higher version is in place" "$(service_program 2.0.0)" "$host_tree/usr/local/bin/app"
reboot
eventually 30 held_for downgrade || fails "the hold did not outlive the boot"
stays "the downgrade"
expect_eq "running version" 2.0.0 "$(service_running)"
expect_eq "starts since the boot" 1 "$(service_starts)"
expect_eq "requests since the boot" 0 "$(requests)"
wanted 1.9.0 'allow_downgrade: true'
eventually 30 at_rest 1.1.0 || fails "a downgrade that is allowed is not made"
expect_eq "bodies sent since the boot" 1 "$(bodies)"

step "before a window opens"
opens=$(host_run date -d '+25 seconds' +%s)
release 2.0.1 "$(service_program 2.0.0)" "windows: [ \"$(host_run date -d "@$opens" +%T)-$(host_run date -d "@$((opens + 3600))" +%T)\" ]"
eventually 20 held_for window || fails "it does not wait: $(host_run provisor show app)"
expect_eq "running version" 1.1.0 "$(service_running)"
reboot
[ "$(date +%s)" -lt "$opens" ] || fails "the machine took too long to boot for this scene"
eventually 60 at_rest 2.0.0 || fails "the window opened and nothing happened"
started=$(host_run date -d "$(host_run systemctl show -P ExecMainStartTimestamp app.service)" +%s)
expect_le "seconds that it was early" 0 $((opens - started))
stays "the window"
expect_eq "starts since the boot" 2 "$(service_starts)"

step "while an administrator has stopped it"
host_run systemctl stop app.service
release 2.1.0 "$(service_program 1.1.0)"
installed() { in_place "$(service_program 1.1.0)" && cmp -s "$record/.installed" "$record/.activated"; }
eventually 30 installed || fails "the update was not installed"
stays_off() { expect_eq "$1: unit" inactive "$(host_run systemctl is-active app.service || true)"; }
sleep 2
stays_off "after the update"
reboot
# It is enabled: the boot starts it, once, and that is the administrator's own word.
eventually 30 runs 1.1.0 || fails "the boot did not start it"
stays "the stop"
expect_eq "starts since the boot" 1 "$(service_starts)"
sed_enable() { app_manifest "/app-$1" "version: \"$1\"" | sed '/enable: true/d' | manifest app; }
sed_enable 2.1.0
host_run systemctl disable --quiet --now app.service
publish "$(service_program 2.0.0)" app-2.2.0
sed_enable 2.2.0
newest() { in_place "$(service_program 2.0.0)" && cmp -s "$record/.installed" "$record/.activated"; }
eventually 30 newest || fails "the update was not installed"
reboot
later() { [ "$(passes)" -ge 3 ]; }
eventually 30 later || fails "the daemon makes no passes"
stays_off "disabled and stopped, after the boot"
expect_eq "starts since the boot" 0 "$(service_starts)"
expect_eq "bodies sent since the boot" 0 "$(bodies)"
