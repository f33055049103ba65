#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Updates that the service does not survive are taken back: without a transfer, within the settle time and two seconds, with
# one restart for each content, and they are not tried again. And what an operator may say about it.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app

# wanted VERSION [LINE...]: the manifest, with a settle time of two seconds.
wanted() {
    local version=$1
    shift
    app_manifest /app "version: \"$version\"" "$@" | sed 's/settle: 200ms/settle: 2s/' | manifest app
}
# broken NAME SCRIPT: publishes a program that does this.
broken() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    publish "$work/$1" app
}
wanted 1.0.0
apply
expect_pass "first pass" 0 install

# taken_back WHAT WORDS: the pass that just ran brought 1.0.0 back.
taken_back() {
    expect_pass "$1" 1 rollback
    expect_eq "kind of error" "$3" "$(pass_value '.components[0].error.kind')"
    expect_has "message" "$(pass_value '.components[0].error.message')" "$2"
    expect_same_file "the old program is in place" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
    expect_eq "version in the outcome" 1.0.0 "$(pass_value '.components[0].version')"
    expect_eq "running version" 1.0.0 "$(service_running)"
    expect_eq "restarts in the pass" 2 "$(pass_value .pass.restarts)"
    expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
}
# not_again WHAT: the passes after it neither transfer nor restart, and say why once.
not_again() {
    local running bodies
    running=$(invocation) bodies=$(requests /app 200)
    for _ in 1 2 3; do
        apply
        expect_pass "$1, later" 0 hold
    done
    expect_eq "invocation of the service" "$running" "$(invocation)"
    expect_eq "bodies sent" "$bodies" "$(requests /app 200)"
}

step "an update that crashes at start"
broken crash 'exit 7'
wanted 1.1.0
apply
taken_back "the crash" "exit status 7" health
expect_eq "bodies sent" 2 "$(requests /app 200)"
not_again "the crash"
host_run journalctl --sync
expect_eq "entries about the hold" 1 "$(host_journal -b -o cat MESSAGE_ID=d8a8b1f373c34453ba0eec741db18b93 PRIORITY=5 | wc -l)"
expect_has "the unit's own journal" "$(host_journal -b -u app.service -o cat)" "app: rolled back to 1.0.0"
expect_has "show" "$(host_run provisor show app)" "quarantined: 1.1.0 ("

step "an update that dies in the second half of the settle time"
broken late 'sleep 1.5; exit 9'
wanted 1.2.0
begun=$(now_ms)
apply
taken_back "the late death" "exit status 9" health
# Watched through its settle time once for the new and once for the old content.
expect_le "milliseconds until the old one is known to be healthy" 7500 $(($(now_ms) - begun))

step "an update that never gets ready"
# A program that says nothing, in a unit that waits for READY=1; its unit file is taken back, too.
broken mute 'sleep 1000'
app_manifest /app 'version: "1.3.0"' | sed -e 's/settle: 200ms/settle: 2s/' \
    -e 's#^          ExecStart=.*#&\n          Type=notify\n          TimeoutStartSec=1s#' | manifest app
apply
taken_back "the silence" "restart app.service: failed" unit
expect_lacks "unit file" "$(host_run cat /etc/systemd/system/app.service)" "Type=notify"
not_again "the silence"

step "an update whose predecessor does not live any more either"
broken crash2 'exit 8'
wanted 1.4.0
host_write /run/systemd/system/app.service.d/broken.conf <<'CONF'
[Service]
ExecStart=
ExecStart=/bin/sh -c "exit 3"
CONF
host_run systemctl daemon-reload
starts=$(service_starts)
apply
expect_pass "the pass" 1 rollback
expect_has "message" "$(pass_value '.components[0].error.message')" "what is back is not healthy either, and stays"
expect_same_file "the old program is in place" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
expect_eq "starts" $((starts + 2)) "$(service_starts)"
apply
expect_pass "the next pass" 0 hold
expect_eq "starts after that" $((starts + 2)) "$(service_starts)"
host_run rm -r /run/systemd/system/app.service.d
host_run systemctl daemon-reload
host_run systemctl reset-failed app.service
host_run systemctl start app.service

step "a good update ends the quarantine"
publish "$(service_program 1.1.0)" app
wanted 1.5.0
apply
expect_pass "the pass" 0 update
expect_eq "running version" 1.1.0 "$(service_running)"

step "an operator goes back, and it stays so until released"
bodies=$(requests /app 200)
host_run provisor rollback app >"$work/rollback"
expect_has "rollback" "$(cat "$work/rollback")" "an operator went back from 1.5.0"
expect_eq "running version" 1.0.0 "$(service_running)"
apply
expect_pass "the next pass" 0 hold
expect_eq "running version" 1.0.0 "$(service_running)"
expect_has "release" "$(host_run provisor release app)" "no longer quarantined"
apply
expect_pass "after that" 0 update
expect_eq "running version" 1.1.0 "$(service_running)"
expect_eq "bodies sent for all that" "$bodies" "$(requests /app 200)"

step "a hold"
host_run provisor hold app --reason "until the audit is over" >/dev/null
publish "$(service_program 2.0.0)" app
wanted 2.0.0
apply
expect_pass "a pass under a hold" 0 hold
expect_has "reason" "$(pass_value '.components[0].reason')" "operator: until the audit is over"
expect_has "status" "$(host_run provisor status)" "held"
host_run provisor release app >/dev/null
apply
expect_pass "released" 0 update

step "the machine goes down in the middle of a rollback"
broken crash3 'exit 6'
wanted 2.1.0
host_run sh -c 'provisor apply >/dev/null 2>&1 & echo $!' >"$work/pid"
back() { host_run grep -q '"quarantine"' /var/lib/provisor/components/app/record.json; }
eventually 30 back || fails "nothing was quarantined"
host_crash
host_boot
origin_start
apply
case "$status $(decision)" in "0 hold" | "1 rollback" | "0 update") holds "after the boot: $(decision)" ;; *) fails "after the boot: status $status, $(decision)" ;; esac
apply
expect_pass "the pass after it" 0 hold
expect_same_file "the old program is in place" "$(service_program 2.0.0)" "$host_tree/usr/local/bin/app"
expect_eq "running version" 2.0.0 "$(service_running)"
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"

step "history tells all that"
host_run provisor history app >"$work/history"
for word in install update rollback "an operator went back from 1.5.0" "exit status 7"; do
    expect_has "history" "$(cat "$work/history")" "$word"
done

step "a component that is not wanted any more"
expect_eq "remove of what a manifest wants: exit status" 2 "$(host_run provisor remove app >/dev/null 2>&1; echo $?)"
wanted 2.0.0 'state: absent'
apply
expect_pass "the pass" 0 remove
expect_eq "program" "" "$(host_run find /usr/local/bin /etc/systemd/system -name 'app*')"
expect_eq "unit" inactive "$(host_run systemctl is-active app.service || true)"
apply
expect_pass "the next pass" 0 unchanged
