#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two controllers disagree: the manifest goes back and forth between two URLs 50 times, with the guard against that
# switched off. Each artifact is transferred once; both have one size; what is installed and runs is right each time.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
daemon_off
origin_start
publish "$(service_program 1.0.0)" first
publish "$(service_program 1.1.0)" second
expect_eq "sizes" "$(stat -c %s "$origin_dir/first")" "$(stat -c %s "$origin_dir/second")"
host_write /etc/provisor/agent.yaml <<YAML
flip_flop: { switches: 0 }
YAML

step "50 alternations"
right=0 running=0
for ((i = 0; i < 50; i++)); do
    if ((i % 2 == 0)); then url=/first version=1.0.0; else url=/second version=1.1.0; fi
    app_manifest $url | manifest app
    apply
    wanted=$([ $i = 0 ] && echo install || echo update)
    [ "$status $(decision)" = "0 $wanted" ] || fails "pass $((i + 1)): status $status, decision $(decision)"
    if cmp -s "$origin_dir$url" "$host_tree/usr/local/bin/app"; then right=$((right + 1)); fi
    if [ "$(service_running)" = $version ]; then running=$((running + 1)); fi
done
expect_eq "passes after which the right content was installed" 50 "$right"
expect_eq "passes after which the right version ran" 50 "$running"
expect_eq "requests" 50 "$(requests)"
expect_eq "bodies sent" 2 "$(($(requests /first 200) + $(requests /second 200)))"
expect_eq "answers 304" 48 "$(($(requests /first 304) + $(requests /second 304)))"
expect_eq "starts of the service" 50 "$(service_starts)"

step "with the guard on, they are told to agree"
host_run rm /etc/provisor/agent.yaml
starts=$(service_starts)
for _ in 1 2 3; do
    app_manifest /first | manifest app
    apply
    expect_pass "the other content" 0 hold
    app_manifest /second | manifest app
    apply
    expect_pass "what is there" 0 unchanged
done
expect_eq "starts of the service" "$starts" "$(service_starts)"
host_run journalctl --sync
told=$(host_journal -b -u app.service -o cat MESSAGE_ID=d8a8b1f373c34453ba0eec741db18b93 PRIORITY=5)
expect_eq "entries about it" 1 "$(grep -c held <<<"$told")"
expect_has "the unit's own journal" "$told" "from http://127.0.0.1:8000/first have replaced one another"
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
