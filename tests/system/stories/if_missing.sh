#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# "update: if-missing": what is there is never asked about, whatever it is; what is not there is installed, once.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app
app_manifest /app 'update: if-missing' | manifest app

step "a file that somebody else put there"
cp "$(service_program 2.0.0)" "$host_tree/usr/local/bin/app"
before=$(host_listing /usr/local)
for ((i = 0; i < 3; i++)); do
    apply
    expect_pass "pass $((i + 1))" 0 unchanged
done
expect_eq "requests" 0 "$(requests)"
expect_eq "changes below /usr/local" "" "$(diff <(echo "$before") <(host_listing /usr/local))"

step "the file is gone"
host_run rm /usr/local/bin/app
apply
expect_pass "pass" 0 install
expect_eq "requests" 1 "$(requests)"
expect_same_file "the origin's content is installed" "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
expect_eq "running version" 1.0.0 "$(service_running)"

step "the origin has new content, and is not asked"
publish "$(service_program 1.1.0)" app
apply
expect_pass "pass" 0 unchanged
expect_eq "requests" 1 "$(requests)"
expect_eq "starts" 1 "$(service_starts)"
