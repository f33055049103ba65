#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A change waits for its window, which opens while the daemon sleeps; then a unit that runs an old file, an orphan, and
# files that belong to packages.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
origin_start
publish "$(service_program 1.0.0)" app
# Local time that is not UTC. Set in the host: seen from outside, /etc/localtime is a link that leads out of its tree.
host_run ln -snf /usr/share/zoneinfo/Asia/Kathmandu /etc/localtime
expect_eq "local time of the host" +0545 "$(host_run date +%z)"
wanted() {
    local version=$1
    shift
    app_manifest /app "version: \"$version\"" "$@"
}
runs() { [ "$(service_running)" = "$1" ]; }
hold_entries() {
    host_run journalctl --sync
    host_journal -b -o cat MESSAGE_ID=d8a8b1f373c34453ba0eec741db18b93 PRIORITY=5 | grep -c 'window: opens' || true
}

step "without a window it is installed at once"
wanted 1.0.0 | manifest app
eventually 60 runs 1.0.0 || fails "app was not installed"

step "an update whose window opens in 40 seconds is downloaded and held"
publish "$(service_program 1.1.0)" app
opens=$(host_run date -d '+40 seconds' +%s)
begin=$(host_run date -d "@$opens" +%T)
wanted 1.1.0 "windows: [ \"$begin-$(host_run date -d "@$((opens + 3600))" +%T)\" ]" | manifest app
held() { [ "$(hold_entries)" -ge 1 ]; }
eventually 20 held || fails "the hold was not told"
expect_eq "bodies sent" 2 "$(requests /app 200)"
expect_eq "running version" 1.0.0 "$(service_running)"
expect_same_file "the old program is in place" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
apply
expect_pass "a pass by hand" 0 hold
expect_has "reason" "$(pass_value '.components[0].reason')" "window: opens $(host_run date -d "@$opens" '+%a %F %H:%M')" # local
expect_eq "next_try" "$(host_run date -u -d "@$opens" +%FT%TZ)" "$(pass_value '.components[0].next_try')"
expect_eq "entries about the hold" 1 "$(hold_entries)"
expect_has "status" "$(host_run provisor status)" "hold: window: opens "
expect_has "show" "$(host_run provisor show app)" "next step: what was downloaded is put in place, by the first pass after"
expect_eq "the daemon's next pass" "$(host_run date -u -d "@$((opens + 1))" +%FT%H:%M)" \
    "$(host_run provisor --json show app | jq -r .next_pass | cut -c1-16)"

step "a damaged file is repaired all the same"
host_run sh -c 'echo "#!/bin/sh" >/usr/local/bin/app.new && mv /usr/local/bin/app.new /usr/local/bin/app'
apply
expect_pass "the repair" 0 repair
expect_same_file "the old program is back" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"

step "when it opens the daemon puts it in place, without another transfer"
eventually 60 runs 1.1.0 || fails "the window opened and nothing happened"
started=$(host_run date -d "$(host_run systemctl show -P ExecMainStartTimestamp app.service)" +%s)
expect_le "seconds that it was early" 0 $((opens - started))
expect_le "seconds from the opening to the restart" 5 $((started - opens))
expect_eq "bodies sent" 2 "$(requests /app 200)"
expect_eq "starts of the service" 2 "$(service_starts)"

step "a closed window does not stop an operator"
publish "$(service_program 2.0.0)" app
wanted 2.0.0 "windows: [ \"2020-01-01 00:00-01:00 UTC\" ]" | sed 's/on_change: restart/on_change: none/' | manifest app
apply --wait
expect_pass "a pass" 0 hold
apply --wait --force
expect_pass "a forced pass" 0 update

step "the unit was left alone, and is told to run an older file"
expect_eq "running version" 1.1.0 "$(service_running)"
expect_has "status" "$(host_run provisor status)" "app.service active (running), on an older file"
expect_has "show" "$(host_run provisor show app)" "still runs the /usr/local/bin/app of before"
expect_eq "processes in JSON" "$(host_run systemctl show -P MainPID app.service) /usr/local/bin/app" \
    "$(host_run provisor --json status | jq -r '.components[0].units[0].old_processes[] | "\(.pid) \(.path)"')"
host_run systemctl restart app.service
expect_lacks "status after a restart" "$(host_run provisor status)" "older file"

step "without its manifest it is an orphan, and is removed only when that is typed"
host_run rm /etc/provisor/components.d/app.yaml
apply --wait
expect_eq "exit status" 0 "$status"
expect_has "status" "$(host_run provisor status)" "orphaned: no manifest names it, and its files stay; \`provisor remove app\`"
expect_eq "orphaned in JSON" true "$(host_run provisor --json status | jq '.components[0].orphaned')"
expect_eq "running version" 2.0.0 "$(service_running)"
expect_has "history" "$(host_run provisor history app)" "1.1.0"
host_run provisor remove app >/dev/null
expect_eq "running version" none "$(service_running)"
expect_eq "its files" "" "$(host_run find /usr/local/bin /etc/systemd/system -name 'app*')"

step "files of packages are not replaced, and provisor's own in no case"
for path in /bin/ls /usr/bin/provisor; do
    printf 'components:\n  over:\n    url: http://127.0.0.1:8000/app\n    path: %s\n    replace_packaged: %s\n' "$path" \
        "$([ $path = /bin/ls ] && echo false || echo true)" | manifest over
    before=$(host_listing "$path")
    apply --wait
    expect_pass "$path" 1 fail over
    expect_eq "kind of error" config "$(pass_value '.components[0].error.kind')"
    expect_has "message" "$(pass_value '.components[0].error.message')" \
        "'$path' belongs to $([ $path = /bin/ls ] && echo "the deb package 'coreutils'" || echo "provisor's own package")"
    expect_eq "$path is as it was" "$before" "$(host_listing "$path")"
    expect_has "check" "$(host_run provisor check 2>&1 || true)" "'$path' belongs to "
    expect_has "doctor" "$(host_run provisor doctor 2>&1 || true)" "'$path' belongs to "
done
