#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon as an administrator meets it: manifests dropped in, reload, stop, watchdog, the journal, the sandbox.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
origin_start
publish "$(service_program 1.0.0)" app
property() { host_run systemctl show -P "$1" "${2:-provisor.service}"; }

step "installed, it runs, enabled, and sleeps without a manifest"
expect_eq "is-enabled" enabled "$(host_run systemctl is-enabled provisor.service)"
expect_eq "is-active" active "$(host_run systemctl is-active provisor.service)"
expect_eq "type" notify "$(property Type)"
[ -n "$(property StatusText)" ] || fails "the daemon tells no STATUS"
holds "STATUS: $(property StatusText)"
expect_eq "requests" 0 "$(requests)"
expect_eq "restarts of the daemon" 0 "$(property NRestarts)"

step "a manifest is dropped in"
sleep 1
asked() { [ "$(requests /app)" -gt 0 ]; }
app_manifest | manifest app
eventually 60 asked || fails "the manifest was not picked up"
# By the clocks of the two files: the manifest was renamed into place, the origin wrote its first line.
took=$(($(stat -c %.3Y "$origin_log" | tr -d .) - $(stat -c %.3Z "$host_tree/etc/provisor/components.d/app.yaml" | tr -d .)))
expect_le "milliseconds from the file to the request" 1000 $took
eventually 60 host_run systemctl is-active --quiet app.service || fails "app.service was not started"
expect_eq "running version" 1.0.0 "$(service_running)"
activated() { [ -e "$host_tree/var/lib/provisor/components/app/.activated" ]; }
eventually 60 activated || fails "the pass did not end"
expect_eq "requests" 1 "$(requests)"

step "the journal of the service has the agent's reasons"
told_decision() { host_journal -o cat SYSLOG_IDENTIFIER=provisor PROVISOR_DECISION=install PROVISOR_COMPONENT=app | grep -q .; }
eventually 60 told_decision || fails "the journal has no decision"
host_run journalctl --sync
lines=$(host_journal -u app.service -o json | jq -r 'select(.SYSLOG_IDENTIFIER == "provisor") | [.PROVISOR_DECISION, .PROVISOR_COMPONENT, .PROVISOR_URL] | join(" ")')
expect_has "journalctl -u app.service" "$lines" "install app http://127.0.0.1:8000/app"
expect_has "journalctl -x" "$(host_journal -x -u app.service SYSLOG_IDENTIFIER=provisor)" "Defined-By: provisor"
decision_entry=$(host_journal -o json SYSLOG_IDENTIFIER=provisor PROVISOR_DECISION=install | jq -c 'select(.PROVISOR_UNIT_ACTION == null)')
expect_eq "entries of the decision" 1 "$(wc -l <<<"$decision_entry")"
for field in MESSAGE_ID PROVISOR_PASS PROVISOR_REASON PROVISOR_SHA256 PROVISOR_ETAG PROVISOR_HTTP_STATUS PROVISOR_BYTES \
    PROVISOR_DURATION_USEC OBJECT_SYSTEMD_UNIT; do
    [ "$(jq "has(\"$field\")" <<<"$decision_entry")" = true ] || fails "the entry lacks $field: $decision_entry"
done
holds "the entry of the decision has its fields"

step "systemctl reload"
publish "$(service_program 1.1.0)" app
agent=$(property MainPID)
host_run systemctl reload provisor.service
runs_new() { [ "$(service_running)" = 1.1.0 ]; }
eventually 60 runs_new || fails "no pass after the reload"
expect_eq "process of the daemon" "$agent" "$(property MainPID)"
expect_eq "is-active" active "$(host_run systemctl is-active provisor.service)"
expect_eq "bodies sent" 2 "$(requests /app 200)"

step "a broken manifest costs nobody else anything"
before=$(requests)
printf 'components:\n  broken:\n    urll: http://127.0.0.1:8000/app\n' | manifest broken
told_place() { host_journal -o cat SYSLOG_IDENTIFIER=provisor | grep -q 'broken.yaml:3:5'; }
eventually 60 told_place || fails "the journal does not name file, line and column"
holds "the journal names broken.yaml:3:5"
more_asked() { [ "$(requests)" -gt "$before" ]; }
eventually 60 more_asked || fails "the other component was not looked after"
host_run rm /etc/provisor/components.d/broken.yaml
expect_eq "running version" 1.1.0 "$(service_running)"
expect_eq "starts" 2 "$(service_starts)"

step "the sandbox: a target outside of it is refused, and the message says what to do"
app_manifest | sed 's/app:/outside:/; s#/usr/local/bin/app#/usr/sbin/outside#; /units:/,$d' | manifest outside
told_sandbox() { host_journal -o cat SYSLOG_IDENTIFIER=provisor PROVISOR_COMPONENT=outside | grep -q ReadWritePaths; }
eventually 60 told_sandbox || fails "the journal does not name ReadWritePaths"
holds "the journal names ReadWritePaths"
[ ! -e "$host_tree/usr/sbin/outside" ] || fails "/usr/sbin/outside was installed"
host_run rm /etc/provisor/components.d/outside.yaml

step "an owner, a mode and a folder of the manifest, inside the sandbox"
app_manifest | sed 's/app:/owned:/; s#/usr/local/bin/app#/opt/owned/bin/tool#; /units:/,$d' |
    sed '/mode:/c\    mode: "0750"\n    owner: daemon\n    group: daemon' | manifest owned
told_owners() { host_journal -o cat SYSLOG_IDENTIFIER=provisor PROVISOR_COMPONENT=owned | grep -q CAP_CHOWN; }
eventually 60 told_owners || fails "the journal does not say what an owner takes: $(host_journal -o cat PROVISOR_COMPONENT=owned)"
owned() { [ -e "$host_tree/opt/owned/bin/tool" ]; }
! owned || fails "it was installed without its owner"
holds "the journal says what another owner than root takes"
for service in provisor provisor-apply; do
    host_write "/etc/systemd/system/$service.service.d/owners.conf" <<'CONF'
[Service]
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH
SystemCallFilter=@chown
PrivateUsers=no
CONF
done
host_run systemctl daemon-reload
host_run systemctl restart provisor.service
eventually 60 owned || fails "the component was not installed: $(host_journal -o cat PROVISOR_COMPONENT=owned)"
expect_eq "mode and owner" "750 daemon daemon" "$(host_run stat -c '%a %U %G' /opt/owned/bin/tool)"

step "the watchdog"
host_write /run/systemd/system/provisor.service.d/watchdog.conf <<'CONF'
[Service]
WatchdogSec=2s
RestartSec=100ms
CONF
host_run systemctl daemon-reload
host_run systemctl restart provisor.service
sleep 3
expect_eq "restarts of a daemon that lives" 0 "$(property NRestarts)"
agent=$(property MainPID)
host_kill STOP "$agent"
came_back() { [ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ]; }
eventually 60 came_back || fails "the watchdog did not bring the daemon back"
[ "$(property MainPID)" != "$agent" ] || fails "the hung daemon is still there"
holds "a daemon that hung was replaced"
expect_eq "starts of the service" 2 "$(service_starts)"
host_run rm -r /run/systemd/system/provisor.service.d
host_run systemctl daemon-reload

step "stop while idle"
host_run systemctl restart provisor.service
sleep 1
begin=$(now_ms)
host_run systemctl stop provisor.service
expect_le "milliseconds" 1000 $(($(now_ms) - begin))
expect_eq "result" success "$(property Result)"

step "stop in the middle of a transfer"
mkdir -p "$origin_dir"
{ cat "$(service_program 1.0.0)"; head -c 40M /dev/zero; } >"$origin_dir/big"
nginx_start 8001 <<'CONF'
        location /big { limit_rate 4m; }
CONF
app_manifest | sed 's/app:/big:/; s#/bin/app#/bin/big#; s#:8000/app#:8001/big#; /units:/,$d' | manifest big
host_run systemctl start provisor.service
partial_size() { find "$host_tree/var/lib/provisor/cache" -path '*partial*' -type f -printf '%s\n' 2>/dev/null | sort -n | tail -n 1; }
is_transferring() { [ "$(partial_size)" -gt 1000000 ]; }
eventually 60 is_transferring || fails "no transfer began"
begin=$(now_ms)
host_run systemctl stop provisor.service
expect_le "milliseconds" 1000 $(($(now_ms) - begin))
expect_eq "result" success "$(property Result)"
[ ! -e "$host_tree/usr/local/bin/big" ] || fails "half a program was installed"
expect_eq "processes that are left" "" "$(host_run sh -c 'for p in /proc/[0-9]*; do readlink "$p/exe"; done' | grep provisor || true)"
host_run rm /etc/provisor/components.d/big.yaml

step "one pass as a service, with the same sandbox"
publish "$(service_program 2.0.0)" app
host_run systemctl start provisor-apply.service
expect_eq "result" success "$(property Result provisor-apply.service)"
expect_eq "running version" 2.0.0 "$(service_running)"

step "a wrong configuration ends the daemon for good, with the place of the mistake"
printf 'interval: 5 lightyears\n' | host_write /etc/provisor/agent.yaml
host_run systemctl start provisor.service 2>/dev/null || true
is_failed() { [ "$(property ActiveState)" = failed ]; }
eventually 60 is_failed || fails "the daemon runs with a wrong configuration"
expect_eq "exit status" 2 "$(property ExecMainStatus)"
expect_eq "automatic restarts" 0 "$(property NRestarts)"
expect_has "journal" "$(host_journal -o cat -u provisor.service | tail -n 20)" "agent.yaml:1:11"
expect_eq "running version of the service" 2.0.0 "$(service_running)"
