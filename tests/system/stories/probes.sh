#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A service that runs and does not answer is not healthy: it is taken back when its timeout is over, without a transfer.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
daemon_off
origin_start
# Contents come and go here, and that is not what this story is about.
host_write /etc/provisor/agent.yaml.d/story.yaml <<<'flip_flop: { switches: 1000 }'

settle=1 timeout=4
# What a pass may take, in milliseconds, also while the machine compiles beside: a healthy one less than one timeout more, one that
# goes back less than a second timeout more.
healthy_within=$((settle * 1000 + 3500)) back_within=$(((settle + timeout) * 1000 + 3500))
# component NAME PORT VERSION PROBE: a component of that name, whose service serves there.
component() {
    cat <<YAML
  $1:
    url: http://127.0.0.1:8000/$1
    version: "$3"
    path: /usr/local/bin/$1
    mode: "0755"
    health: { settle: ${settle}s, timeout: ${timeout}s, $4 }
    units:
      - name: $1.service
        enable: true
        file: |
          [Service]
          ExecStart=/usr/local/bin/$1 --serve $2
          [Install]
          WantedBy=multi-user.target
YAML
}
http() { echo "http: \"http://127.0.0.1:$1/health\""; }
tcp() { echo "tcp: \"127.0.0.1:$1\""; }
# wanted VERSION [PROBE]: the manifest of app alone.
wanted() { { echo components:; component app 8080 "$1" "${2:-$(http 8080)}"; } | manifest app; }
# timed_apply: a pass; how long it took is in $took, in milliseconds.
timed_apply() {
    local begun
    begun=$(now_ms)
    apply
    took=$(($(now_ms) - begun))
}
# What app.service has printed since boot, with the milliseconds of the machine's clock in front.
lines() {
    host_run journalctl --sync
    host_journal -b -o json -u app.service | jq -r 'select(._COMM != "systemd") | "\((.__REALTIME_TIMESTAMP | tonumber / 1000 | floor)) \(.MESSAGE)"'
}
# last_time WORDS: that of the last line with these words.
last_time() { lines | grep "$1" | tail -n 1 | cut -d' ' -f1; }
# taken_back WHAT WORDS NEW-VERSION: the pass that just ran brought 1.0.0 back.
taken_back() {
    local gone back
    expect_pass "$1" 1 rollback
    expect_eq "kind of error" health "$(pass_value '.components[0].error.kind')"
    expect_has "message" "$(pass_value '.components[0].error.message')" "$2"
    expect_same_file "the old program is in place" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
    expect_eq "running version" 1.0.0 "$(service_running)"
    expect_eq "restarts in the pass, one for each content" 2 "$(pass_value .pass.restarts)"
    gone=$(last_time "service $3 started") back=$(last_time "service 1.0.0 started")
    expect_le "milliseconds from the start of the new one to that of the old one" $((timeout * 1000 + 2000)) $((back - gone))
    [ $((back - gone)) -ge $((timeout * 1000 - 300)) ] || fails "it was given $((back - gone)) ms, not its timeout"
    expect_le "milliseconds of the pass" $back_within "$took"
}
# not_again WHAT: the passes after it neither transfer nor restart nor probe.
not_again() {
    local running bodies answers
    # What the service has just printed is on its way to the journal.
    sleep 0.5
    running=$(invocation) bodies=$(requests /app 200) answers=$(lines | grep -c "service [0-9.]* answers")
    for _ in 1 2 3; do
        apply
        expect_pass "$1, later" 0 hold
    done
    expect_eq "invocation of the service" "$running" "$(invocation)"
    expect_eq "bodies sent" "$bodies" "$(requests /app 200)"
    expect_eq "questions about its health" "$answers" "$(lines | grep -c "service [0-9.]* answers")"
}

step "a service that answers is healthy by one question"
publish "$(service_program 1.0.0)" app
wanted 1.0.0
timed_apply
expect_pass "first pass" 0 install
expect_le "milliseconds of the pass" $healthy_within "$took"
expect_eq "questions about its health" 1 "$(lines | grep -c 'service 1.0.0 answers 200')"
apply
expect_pass "the next pass" 0 unchanged
expect_eq "questions after that" 1 "$(lines | grep -c 'service 1.0.0 answers 200')"

step "an update that runs and answers 500"
publish "$(service_program 3.5.0)" app
wanted 3.5.0
timed_apply
taken_back "the error 500" "app.service runs, but http://127.0.0.1:8080/health answers 500 after" 3.5.0
expect_eq "bodies sent" 2 "$(requests /app 200)"
asked=$(lines | grep -c 'service 3.5.0 answers 500')
[ "$asked" -ge 6 ] || fails "it was asked $asked times only"
expect_le "times that it was asked" 14 "$asked"
not_again "the error 500"
host_run journalctl --sync
expect_has "the unit's own journal" "$(host_journal -b -u app.service -o cat)" "/health answers 500 after"
expect_eq "entries about the rollback" 1 "$(host_journal -b -o cat MESSAGE_ID=5d72f8cb3a2e49abaa5cf8b4e3207286 PROVISOR_COMPONENT=app | wc -l)"
expect_has "show" "$(host_run provisor show app)" "quarantined: 3.5.0 ("

step "an update that runs and listens to nobody"
publish "$(service_program 3.0.0)" app
wanted 3.0.0 "$(tcp 8080)"
timed_apply
taken_back "the silence" "app.service runs, but 127.0.0.1:8080 refuses connections after" 3.0.0
not_again "the silence"

step "a good update"
publish "$(service_program 1.1.0)" app
wanted 1.1.0 "$(http 8080), $(tcp 8080)"
timed_apply
expect_pass "the pass" 0 update
expect_eq "running version" 1.1.0 "$(service_running)"
expect_le "milliseconds of the pass" $healthy_within "$took"

step "rollback: off leaves it and says so"
publish "$(service_program 3.5.0)" app
{ echo components:; component app 8080 3.5.1 "$(http 8080)"; echo '    rollback: off'; } | manifest app
apply
expect_pass "the pass" 1 fail
expect_eq "running version" 3.5.0 "$(service_running)"
expect_eq "restarts in the pass" 1 "$(pass_value .pass.restarts)"
publish "$(service_program 1.0.0)" app
wanted 3.6.0
apply
expect_eq "running version after the next good one" 1.0.0 "$(service_running)"

step "two components take the time of one"
both() { { echo components:; component app 8080 "$1" "$(http 8080)"; component beside 8081 "$1" "$(tcp 8081)"; } | manifest app; }
publish "$(service_program 1.1.0)" app
publish "$(service_program 1.1.0)" beside
both 4.0.0
timed_apply
expect_pass "good ones" 0 update app
expect_pass "good ones" 0 install beside
expect_le "milliseconds of the pass" $healthy_within "$took"
publish "$(service_program 3.5.0)" app
publish "$(service_program 3.0.0)" beside
both 4.1.0
timed_apply
expect_pass "bad ones" 1 rollback app
expect_pass "bad ones" 1 rollback beside
expect_le "milliseconds of the pass" $back_within "$took"
expect_eq "running version of app" 1.1.0 "$(service_running)"
expect_eq "running version of beside" 1.1.0 "$(service_running beside.service)"
publish "$(service_program 3.0.0)" app
publish "$(service_program 2.0.0)" beside
both 4.2.0
apply
expect_pass "the bad one" 1 rollback app
expect_pass "the good one beside it" 1 update beside

step "the machine goes down while it probes"
publish "$(service_program 2.0.0)" app
wanted 5.0.0
apply
expect_pass "a good one" 0 update
publish "$(service_program 3.5.0)" app
wanted 5.1.0
before=$(lines | grep -c 'service 3.5.0 answers 500')
host_run sh -c 'provisor apply >/dev/null 2>&1 &'
answers() { [ "$(lines | grep -c 'service 3.5.0 answers 500')" -gt "$before" ]; }
eventually 30 answers || fails "it was not asked"
host_crash
expect_same_file "the bad one is in place" "$(service_program 3.5.0)" "$host_tree/usr/local/bin/app"
host_boot
origin_start
timed_apply
expect_pass "after the boot" 1 rollback
expect_has "message" "$(pass_value '.components[0].error.message')" "answers 500"
expect_eq "bytes transferred" 0 "$(pass_value .pass.bytes)"
expect_eq "restarts in the pass: the way back" 1 "$(pass_value .pass.restarts)"
expect_same_file "the one before is back" "$(service_program 2.0.0)" "$host_tree/usr/local/bin/app"
expect_eq "running version" 2.0.0 "$(service_running)"
not_again "after the boot"
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
