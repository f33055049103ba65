#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The origin's content changes: exactly one body and one restart, of that component alone.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app
publish "$(service_program 1.0.0)" other
app_manifest | manifest app
app_manifest /other | sed 's/app:/other:/; s#/bin/app#/bin/other#; s/app.service/other.service/' | manifest other

step "two components are installed"
apply
expect_pass "first pass" 0 install
expect_pass "first pass" 0 install other
expect_eq "running version" 1.0.0 "$(service_running)"
app_invocation=$(invocation)
other_invocation=$(invocation other.service)

step "the origin has new content for one of them, of the same size"
publish "$(service_program 1.1.0)" app
expect_eq "sizes" "$(stat -c %s "$(service_program 1.0.0)")" "$(stat -c %s "$(service_program 1.1.0)")"
apply
expect_pass "second pass" 0 update
expect_pass "second pass" 0 unchanged other
expect_eq "bodies of app" 2 "$(requests /app 200)"
expect_eq "bodies of other" 1 "$(requests /other 200)"
expect_eq "bodies told by the pass" 1 "$(pass_value .pass.transferred)"
expect_eq "restarts told by the pass" 1 "$(pass_value .pass.restarts)"
expect_eq "unit result" "restart app.service done" \
    "$(pass_value '.components[] | select(.name == "app") | .units[0] | "\(.action) \(.name) \(.result)"')"
expect_same_file "the installed file is the new one" "$(service_program 1.1.0)" "$host_tree/usr/local/bin/app"
expect_eq "running version" 1.1.0 "$(service_running)"
expect_eq "starts of app.service" 2 "$(service_starts)"
[ "$(invocation)" != "$app_invocation" ] || fails "app.service was not restarted"
expect_eq "starts of other.service" 1 "$(service_starts other.service)"
expect_eq "invocation of other.service" "$other_invocation" "$(invocation other.service)"

step "the next pass has nothing to do"
apply
expect_pass "third pass" 0 unchanged
expect_eq "bodies of app" 2 "$(requests /app 200)"
expect_eq "starts of app.service" 2 "$(service_starts)"
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"
