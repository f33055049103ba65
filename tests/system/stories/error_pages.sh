#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The origin answers with an error, or with a web page in place of the program: nothing is installed, the old program
# runs on, the message says what happened, and nothing of the page is remembered.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
daemon_off
# Files in the served folder switch the answer: what the stories need of a real server.
nginx_start 8000 <<'CONF'
        location /app {
            if (-f $document_root/forbidden) { return 403; }
            if (-f $document_root/unavailable) { return 503; }
            if (-f $document_root/portal) { rewrite ^ /login.html break; }
        }
        location /new {
            if (-f $document_root/forbidden) { return 403; }
            if (-f $document_root/unavailable) { return 503; }
            if (-f $document_root/portal) { rewrite ^ /login.html break; }
        }
CONF
publish "$(service_program 1.0.0)" app
publish "$(service_program 1.0.0)" new
app_manifest | manifest app

step "a good start"
apply
expect_pass "first pass" 0 install
started=$(invocation)
app_manifest /new | sed 's/app:/new:/; s#/bin/app#/bin/new#; s/app.service/new.service/' | manifest new
printf '<!DOCTYPE html><html><head><title>Please log in</title></head><body>%1000s</body></html>\n' '' >"$origin_dir/login.html"

# What is installed, and what is recorded of it; not when the next try may be.
listing() { host_listing /usr/local /etc/systemd/system /var/lib/provisor/components/app | grep -vE '/record.json|components/app type=d'; }
# Each trouble is to be met at once, and not after a back-off.
printf 'retry: {first: 0s}\n' | host_write /etc/provisor/agent.yaml

# trouble SWITCH KIND STATUS WORDS
trouble() {
    step "the origin answers: $1"
    local before
    before=$(listing)
    : >"$origin_dir/$1"
    apply
    rm "$origin_dir/$1"
    expect_pass "pass" 1 fail
    expect_pass "pass" 1 fail new
    local name error
    for name in app new; do
        error=$(pass_value ".components[] | select(.name == \"$name\") | .error")
        expect_eq "kind of error for $name" "$2" "$(jq -r .kind <<<"$error")"
        expect_eq "HTTP status for $name" "$3" "$(pass_value ".components[] | select(.name == \"$name\") | .http_status")"
        expect_has "message for $name" "$(jq -r .message <<<"$error")" "$4"
        expect_has "message for $name" "$(jq -r .message <<<"$error")" "http://127.0.0.1:8000/$name"
    done
    expect_eq "changes to what is installed" "" \
        "$(diff <(echo "$before") <(listing))"
    expect_eq "running version" 1.0.0 "$(service_running)"
    expect_eq "invocation of the service" "$started" "$(invocation)"
    expect_eq "the new component's unit" not-found "$(host_run systemctl show -P LoadState new.service)"
}
trouble forbidden http 403 403
trouble unavailable http 503 503
trouble portal sanity 200 HTML

step "an origin that fails is left alone for a while"
printf 'retry: {first: 100d, max: 100d}\n' | host_write /etc/provisor/agent.yaml
: >"$origin_dir/unavailable"
apply
expect_pass "pass" 1 fail
rm "$origin_dir/unavailable"
asked=$(wc -l <"$nginx_log")
for _ in 1 2 3; do
    apply
    expect_pass "pass" 0 hold
done
expect_eq "requests while it was left alone" 0 "$(($(wc -l <"$nginx_log") - asked))"
expect_has "status" "$(host_run provisor status)" "next try at"
# A wait that is longer than the longest one is over.
printf 'retry: {first: 0s}\n' | host_write /etc/provisor/agent.yaml

step "the cause is gone"
asked=$(requests /app 304)
apply
expect_pass "pass" 0 unchanged
expect_pass "pass" 0 install new
expect_eq "the old validator still held: answers 304" $((asked + 1)) "$(requests /app 304)"
expect_eq "bodies of the program sent" 1 "$(awk '$2 == "/app" && $3 == 200' "$nginx_log" | wc -l)"
expect_eq "starts" 1 "$(service_starts)"
