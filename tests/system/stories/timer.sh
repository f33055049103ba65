#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Passes by provisor.timer in place of the daemon: it makes them and schedules the next one, a machine is switched between the two
# by effect, neither cuts off a pass of the other, and with both enabled the daemon makes the passes, also after a boot.
. "$(dirname "$0")/../harness/story.sh"
command -v nginx >/dev/null || skip "nginx is not installed"

host_boot
host_install_deb
origin_start
nginx_start 8001 <<'CONF'
        location /slow/ { limit_rate 4m; }
CONF
host_write /etc/systemd/system/provisor.timer.d/story.conf <<'CONF'
[Timer]
OnUnitActiveSec=
OnBootSec=1s
OnUnitActiveSec=3s
RandomizedDelaySec=0
AccuracySec=100ms
CONF
host_write /etc/provisor/agent.yaml <<'YAML'
interval: 2s
splay: 0s
flip_flop: { switches: 1000 }
YAML
host_run systemctl daemon-reload

property() { host_run systemctl show -P "$1" "${2:-provisor.service}"; }
# runs VERSION: whether that version is in place, and its service runs it.
runs() { cmp -s "$(service_program "$1")" "$host_tree/usr/local/bin/app" && [ "$(service_running)" = "$1" ]; }
last_pass() { host_run stat -c %.9Y /run/provisor/last-pass 2>/dev/null || echo never; }
# lines UNIT: how many entries provisor itself wrote from that unit since the boot.
lines() {
    host_run journalctl --sync
    host_journal -b -o cat SYSLOG_IDENTIFIER=provisor _SYSTEMD_UNIT="$1" | wc -l
}
# starts UNIT: how often systemd began to start it since the boot (SD_MESSAGE_UNIT_STARTING).
starts() {
    host_run journalctl --sync
    host_journal -b -o cat MESSAGE_ID=7d4958e842da4a758f6c1cdc7b36dcc5 UNIT="$1" | wc -l
}
# elapses N: waits until the timer has elapsed N times more.
elapses() {
    local before wanted=$1
    before=$(starts provisor-apply.service)
    elapsed() { [ "$(starts provisor-apply.service)" -ge $((before + wanted)) ]; }
    eventually 30 elapsed || fails "provisor.timer does not elapse: $(host_run systemctl list-timers --all provisor.timer)"
}
# goes_on: the timer is active, and its next elapse is known.
goes_on() {
    expect_eq "timer" active "$(property ActiveState provisor.timer)"
    # While a pass runs, there is none.
    scheduled() {
        next=$(property NextElapseUSecMonotonic provisor.timer)
        case $next in '' | 0 | infinity) return 1 ;; esac
    }
    eventually 20 scheduled || fails "no next pass is scheduled: $(host_run systemctl show provisor.timer)"
    holds "the next pass is scheduled, at $next after boot"
    expect_has "list-timers" "$(host_run systemctl list-timers --no-pager provisor.timer)" provisor-apply.service
}
# decided_by DECISION: which units made it for app since the boot, one a line.
decided_by() {
    host_run journalctl --sync
    host_journal -b -o json SYSLOG_IDENTIFIER=provisor PROVISOR_COMPONENT=app PROVISOR_DECISION="$1" |
        jq -r 'select(.PROVISOR_UNIT_ACTION == null) | ._SYSTEMD_UNIT'
}
# expect_decided DECISION UNITS: waits until these units made it, since the journal has it when the units have settled.
expect_decided() {
    made_by() { [ "$(decided_by "$1" | xargs)" = "$2" ]; }
    eventually 20 made_by "$1" "$2" || true
    expect_eq "decisions to $1, by" "$2" "$(decided_by "$1" | xargs)"
}
idle() { [ "$(property ActiveState provisor-apply.service)" = inactive ]; }

step "switched from the daemon to the timer"
publish "$(service_program 1.0.0)" app
host_run systemctl disable --quiet --now provisor.service
daemon_starts=$(service_starts provisor.service)
app_manifest | manifest app
# As long as nobody makes passes, nothing happens.
sleep 2
expect_eq "requests before the timer is enabled" 0 "$(requests)"
host_run rm -f /run/provisor/last-pass
host_run systemctl enable --quiet --now provisor.timer
eventually 30 runs 1.0.0 || fails "no pass by the timer: $(host_run systemctl status provisor.timer provisor-apply.service provisor.service)"
holds "the component is installed, and its service runs"
noted() { [ "$(last_pass)" != never ]; }
eventually 20 noted || fails "the pass did not end"
expect_decided install provisor-apply.service
goes_on
expect_eq "daemon" "disabled inactive" "$(host_run systemctl is-enabled provisor.service || true) $(property ActiveState)"

step "the next pass, without anybody's doing"
passed=$(last_pass) asked=$(requests /app)
again() { [ "$(last_pass)" != "$passed" ] && [ "$(requests /app)" -gt "$asked" ]; }
eventually 20 again || fails "there was no second pass"
holds "a second pass asked the origin"
expect_eq "bodies sent" 1 "$(requests /app 200)"
expect_eq "starts of the service" 1 "$(service_starts)"
unchanged_pass() {
    host_run journalctl --sync
    pass=$(host_journal -b -o json _SYSTEMD_UNIT=provisor-apply.service | jq -r 'select(.MESSAGE | contains("1 unchanged")) | ._SYSTEMD_INVOCATION_ID' | head -n 1)
    [ -n "$pass" ]
}
eventually 20 unchanged_pass || fails "no pass was logged"
expect_eq "entries of a pass in which all is unchanged" "1 component: 1 unchanged" \
    "$(host_journal -b -o cat SYSLOG_IDENTIFIER=provisor _SYSTEMD_INVOCATION_ID="$pass" | sed 's/;.*//')"

step "a change at the origin"
publish "$(service_program 1.1.0)" app
eventually 30 runs 1.1.0 || fails "the update was not made"
holds "the update is installed, and its service runs it"
goes_on
publish "$(service_program 2.0.0)" app
eventually 30 runs 2.0.0 || fails "the second update was not made"
holds "and so is the one after it"
goes_on
expect_eq "starts of the service" 3 "$(service_starts)"
expect_eq "starts of the daemon" "$daemon_starts" "$(service_starts provisor.service)"
expect_eq "daemon" inactive "$(property ActiveState)"
expect_has "show" "$(host_run provisor show app)" "when provisor.timer elapses"

step "between two passes nothing of it runs"
eventually 20 idle || fails "the pass does not end"
quiet() { idle && [ "$(host_run systemctl is-active provisor-fetch.socket provisor-unpack.socket | xargs)" = "inactive inactive" ]; }
eventually 20 quiet || fails "the sockets stay: $(host_run systemctl list-units --all 'provisor*')"
holds "pass and sockets are gone"
expect_eq "units that failed" "" "$(host_run systemctl --failed --plain --no-legend)"

step "the daemon is started in the middle of a pass of the timer"
{ cat "$(service_program 1.0.0)"; head -c 30M /dev/urandom; } >"$origin_dir/body"
publish "$origin_dir/body" slow/one
slow() {
    cat <<YAML | manifest slow
components:
  slow: { url: "http://127.0.0.1:8001/slow/$1", path: /usr/local/bin/slow-$1, mode: "0755" }
YAML
}
transfers() { [ "$(find "$host_tree/var/lib/provisor/cache" -path '*partial*' -type f -size +1M | wc -l)" -gt 0 ]; }
slow one
eventually 30 transfers || fails "no transfer began"
pass=$(property InvocationID provisor-apply.service)
host_run systemctl start provisor.service
expect_eq "daemon" active "$(property ActiveState)"
expect_eq "pass of the timer" "activating $pass" "$(property ActiveState provisor-apply.service) $(property InvocationID provisor-apply.service)"
arrived() { [ -e "$host_tree/usr/local/bin/slow-$1" ]; }
eventually 30 arrived one || fails "the transfer did not end"
installed_by() { host_run journalctl --sync; host_journal -b -o json PROVISOR_COMPONENT=slow PROVISOR_DECISION=install | jq -r ._SYSTEMD_INVOCATION_ID; }
decided() { [ -n "$(installed_by)" ]; }
eventually 20 decided || fails "the pass did not end"
expect_eq "installed by the same pass" "$pass" "$(installed_by | sort -u)"
expect_eq "bodies sent: it was never cut off" "1 0" "$(requests /slow/one 200) $(requests /slow/one 206)"

step "while the daemon is active, the passes of the timer are skipped"
timers=$(lines provisor-apply.service)
agent=$(property MainPID)
elapses 2
eventually 20 idle || fails "provisor-apply.service does not end"
expect_eq "entries of passes of the timer" "$timers" "$(lines provisor-apply.service)"
expect_eq "result" exec-condition "$(property Result provisor-apply.service)"
expect_eq "units that failed" "" "$(host_run systemctl --failed --plain --no-legend)"
expect_eq "process of the daemon" "$agent" "$(property MainPID)"
publish "$(service_program 1.0.0)" app
eventually 30 runs 1.0.0 || fails "the daemon makes no passes"
holds "the daemon makes the passes"
goes_on

step "the timer and its service are started in the middle of a pass of the daemon"
publish "$origin_dir/body" slow/two
slow two
eventually 30 transfers || fails "no transfer began"
host_run systemctl restart provisor.timer
host_run systemctl start provisor-apply.service
host_run journalctl --sync
expect_has "journal" "$(host_journal -b -o cat -u provisor-apply.service | tail -n 5)" \
    "provisor.service is active and makes them; for one now: systemctl reload provisor.service"
expect_eq "entries of passes of the timer" "$timers" "$(lines provisor-apply.service)"
eventually 30 arrived two || fails "the transfer did not end"
expect_eq "process of the daemon" "$agent" "$(property MainPID)"
expect_eq "bodies sent: it was never cut off" "1 0" "$(requests /slow/two 200) $(requests /slow/two 206)"

step "a pass of the timer is stopped by hand"
host_run systemctl stop provisor.service
publish "$origin_dir/body" slow/three
slow three
eventually 30 transfers || fails "no transfer began by the timer"
host_run systemctl stop provisor.timer
expect_eq "the pass goes on without its timer" activating "$(property ActiveState provisor-apply.service)"
begin=$(now_ms)
host_run systemctl stop provisor-apply.service
expect_le "milliseconds" 2000 $(($(now_ms) - begin))
expect_eq "state" inactive "$(property ActiveState provisor-apply.service)"
expect_eq "units that failed" "" "$(host_run systemctl --failed --plain --no-legend)"
host_run rm /etc/provisor/components.d/slow.yaml

step "both are enabled, and the machine boots"
host_run systemctl enable --quiet provisor.service provisor.timer
host_stop
host_boot
origin_start
expect_eq "both" "active active" "$(property ActiveState) $(property ActiveState provisor.timer)"
elapses 3
eventually 20 idle || fails "provisor-apply.service does not end"
expect_eq "entries of passes of the timer" 0 "$(lines provisor-apply.service)"
[ "$(lines provisor.service)" -gt 0 ] || fails "the daemon makes no passes"
expect_eq "starts of the daemon" 1 "$(service_starts provisor.service)"
publish "$(service_program 1.1.0)" app
eventually 30 runs 1.1.0 || fails "no update by the daemon"
expect_decided update provisor.service
expect_eq "units that failed" "" "$(host_run systemctl --failed --plain --no-legend)"

step "the daemon is switched off: the timer takes over"
host_run systemctl disable --quiet --now provisor.service
publish "$(service_program 2.0.0)" app
eventually 30 runs 2.0.0 || fails "the timer does not take over"
expect_decided update "provisor.service provisor-apply.service"
expect_eq "daemon" inactive "$(property ActiveState)"

step "the timer alone, and the machine boots"
host_stop
host_boot
origin_start
publish "$(service_program 1.0.0)" app
eventually 30 runs 1.0.0 || fails "no pass after the boot"
expect_eq "daemon" "inactive 0" "$(property ActiveState) $(service_starts provisor.service)"
goes_on

step "and back to the daemon"
host_run systemctl disable --quiet --now provisor.timer
host_run systemctl enable --quiet --now provisor.service
eventually 20 idle || fails "the pass of the timer does not end"
timers=$(starts provisor-apply.service)
publish "$(service_program 1.1.0)" app
eventually 30 runs 1.1.0 || fails "the daemon makes no passes"
expect_eq "timer" "disabled inactive" "$(host_run systemctl is-enabled provisor.timer || true) $(property ActiveState provisor.timer)"
sleep 4
expect_eq "starts of passes by the timer" "$timers" "$(starts provisor-apply.service)"
