#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything went well but the last step. The next pass after the cause is gone goes on from the cache: no body.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app
app_manifest | manifest app
apply
expect_pass "first pass" 0 install

# failing VERSION-BEFORE KIND WORDS: a pass that must fail and leave everything as it was.
failing() {
    apply
    expect_pass "pass" 1 fail
    expect_eq "kind of error" "$2" "$(pass_value '.components[0].error.kind')"
    expect_has "message" "$(pass_value '.components[0].error.message')" "$3"
    expect_same_file "the old file is in place" "$(service_program "$1")" "$host_tree/usr/local/bin/app"
    expect_eq "running version" "$1" "$(service_running)"
    expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
}

# mended VERSION BODIES STARTS: the pass after the cause is gone.
mended() {
    apply
    expect_pass "pass" 0 update
    expect_eq "bodies sent" "$2" "$(requests /app 200)"
    expect_eq "bytes transferred by the pass" 0 "$(pass_value .pass.bytes)"
    expect_same_file "the new file is in place" "$(service_program "$1")" "$host_tree/usr/local/bin/app"
    expect_eq "running version" "$1" "$(service_running)"
    expect_eq "starts" "$3" "$(service_starts)"
}

if chattr +i "$host_tree/usr/local/bin/app" 2>/dev/null; then
    step "the target is immutable"
    publish "$(service_program 1.1.0)" app
    failing 1.0.0 io immutable
    expect_eq "bodies sent" 2 "$(requests /app 200)"
    chattr -i "$host_tree/usr/local/bin/app"
    mended 1.1.0 2 2
else
    step "SKIPPED: this file system has no immutable files"
    publish "$(service_program 1.1.0)" app
    apply
    expect_pass "pass" 0 update
fi

step "the target's file system is read-only"
host_run mount --bind /usr/local /usr/local
host_run mount -o remount,bind,ro /usr/local
publish "$(service_program 2.0.0)" app
failing 1.1.0 io read-only
# It is told from the header of the answer; who does not want to wait for the next try says so.
expect_le "bytes transferred by the pass" 65536 "$(pass_value .pass.bytes)"
host_run umount /usr/local
host_run provisor release app >/dev/null
apply
expect_pass "pass" 0 update
expect_eq "running version" 2.0.0 "$(service_running)"
expect_eq "starts" 3 "$(service_starts)"
expect_eq "answers with a body" 4 "$(requests /app 200)"

step "the unit does not start"
publish "$(service_program 1.0.0)" app
host_write /run/systemd/system/app.service.d/broken.conf <<'CONF'
[Service]
ExecStartPre=/bin/false
CONF
host_run systemctl daemon-reload
apply
expect_pass "neither with the new content nor with the old one" 1 rollback
expect_eq "bodies sent" 5 "$(requests /app 200)"
host_run rm -r /run/systemd/system/app.service.d
host_run systemctl daemon-reload
apply
expect_pass "the next pass starts what is in force" 0 hold
expect_eq "running version" 2.0.0 "$(service_running)"
host_run provisor release app >/dev/null
apply
expect_pass "the pass after a release" 0 update
expect_eq "bodies sent" 5 "$(requests /app 200)"
expect_eq "bytes transferred by the pass" 0 "$(pass_value .pass.bytes)"
expect_eq "running version" 1.0.0 "$(service_running)"
running=$(invocation)
apply
expect_pass "the pass after that" 0 unchanged
expect_eq "invocation of the service" "$running" "$(invocation)"
