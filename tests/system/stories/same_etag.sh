#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx makes ETags of size and second: two files at two addresses can have the same one. They are never mixed up.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
daemon_off
nginx_start 8000 </dev/null
publish "$(service_program 1.0.0)" first/app
publish "$(service_program 1.1.0)" second/app
touch -d '2026-01-01 00:00:00 UTC' "$origin_dir/first/app" "$origin_dir/second/app"
host_write /etc/provisor/agent.yaml <<YAML
flip_flop: { switches: 0 }
YAML

step "ten alternations between the two"
for ((i = 0; i < 10; i++)); do
    if ((i % 2 == 0)); then folder=first version=1.0.0; else folder=second version=1.1.0; fi
    app_manifest /$folder/app | manifest app
    apply
    expect_pass "pass $((i + 1)), $folder" 0 "$([ $i = 0 ] && echo install || echo update)"
    expect_same_file "its content is installed" "$origin_dir/$folder/app" "$host_tree/usr/local/bin/app"
    expect_eq "running version" $version "$(service_running)"
done
etags=$(awk '{ print $6 }' "$nginx_log" | sort -u)
expect_eq "different ETags that nginx sent" 1 "$(wc -l <<<"$etags")"
expect_eq "bodies of the first" 1 "$(requests /first/app 200)"
expect_eq "bodies of the second" 1 "$(requests /second/app 200)"
expect_eq "first request for the second: If-None-Match" - "$(awk '$2 == "/second/app" { print $5; exit }' "$nginx_log")"
expect_eq "answers 304" 8 "$(($(requests /first/app 304) + $(requests /second/app 304)))"

step "content changes within the second, size the same: the ETag says nothing, and a pin does"
app_manifest /first/app "sha256: $(sha256sum "$(service_program 2.0.0)" | cut -d' ' -f1)" | manifest app
publish "$(service_program 2.0.0)" first/app
touch -d '2026-01-01 00:00:00 UTC' "$origin_dir/first/app"
apply
expect_eq "running version" 2.0.0 "$(service_running)"
expect_pass "pass" 0 update
