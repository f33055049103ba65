#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The agent is killed between the marker and the restart: the restart is not lost, and happens exactly once.
#
# The point is met by stopping the host's PID 1 (SIGSTOP from outside) once it has started the fetcher, whose body takes a while:
# the pass installs and writes `.installed`, then waits for systemd's answer to its first question about the unit; there it is
# killed. Nothing asks PID 1 any more when it goes on, so that no restart was ordered by the pass that died.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
origin_start
nginx_start 8001 <<'CONF'
        location /app { limit_rate 300k; }
CONF
publish "$(service_program 1.0.0)" app
# The story says itself when the agent comes back, so that there is time to look before.
host_write /run/systemd/system/provisor.service.d/story.conf <<'CONF'
[Service]
Restart=no
CONF
host_run systemctl daemon-reload
markers=$host_tree/var/lib/provisor/components/app

step "the daemon has installed and started the service"
app_manifest | manifest app
eventually 60 host_run systemctl is-active --quiet app.service || fails "app.service was not started"
eventually 60 test -e "$markers/.activated" || fails "there is no .activated"
# Once it is known to be healthy the pass is over, and the next one asks systemd nothing before its marker.
eventually 60 grep -q '"healthy": *"[^"]' "$markers/record.json" || fails "the pass did not find it healthy"
expect_eq "starts" 1 "$(service_starts)"
expect_same_file "the markers are equal" "$markers/.installed" "$markers/.activated"

step "new content; the agent dies after the marker, before the restart"
agent=$(host_run systemctl show -P MainPID provisor.service)
old_invocation=$(invocation)
publish "$(service_program 1.1.0)" app
# The manifest is written again: the daemon looks after it by itself.
app_manifest | sed 's#127.0.0.1:8000#127.0.0.1:8001#' | manifest app
transfers() { [ "$(find "$host_tree/var/lib/provisor/cache" -path '*partial*' -type f -size +8 | wc -l)" -gt 0 ]; }
eventually 60 transfers || fails "no transfer"
kill -STOP "$host_leader"
markers_differ() { ! cmp -s "$markers/.installed" "$markers/.activated"; }
if ! eventually 60 markers_differ; then
    kill -CONT "$host_leader"
    fails "the pass did not come as far as the marker while PID 1 was stopped"
fi
sleep 0.3
markers_differ || fails "the pass got beyond the marker"
host_kill KILL "$agent"
kill -CONT "$host_leader"
expect_same_file "the new file was installed" "$(service_program 1.1.0)" "$host_tree/usr/local/bin/app"
expect_eq "invocation right after the crash" "$old_invocation" "$(invocation)"
expect_eq "running version right after the crash" 1.0.0 "$(service_running)"

step "the agent comes back, and makes up for the restart"
host_run systemctl start provisor.service
runs_new() { [ "$(service_running)" = 1.1.0 ]; }
eventually 60 runs_new || fails "the restart was lost"
eventually 60 cmp -s "$markers/.installed" "$markers/.activated" || fails ".activated was not written"
expect_eq "starts of the service" 2 "$(service_starts)"
expect_eq "bodies sent" 2 "$(requests /app 200)"

step "no pass after that restarts it again"
host_run systemctl restart provisor.service
sleep 1
daemon_off
apply --force
expect_pass "pass" 0 unchanged
expect_eq "starts of the service" 2 "$(service_starts)"
expect_eq "leftovers" "" "$(host_run find / -xdev -name '.provisor-*')"

step "the same while the restart is under way: at most one restart more than needed, none less"
app_manifest | sed 's#ExecStart=/usr/local/bin/app#& --slow-stop 3#' | manifest app
apply
expect_eq "exit status" 0 "$status"
starts=$(service_starts)
publish "$(service_program 2.0.0)" app
host_run provisor --json apply >"$work/killed.json" 2>&1 &
eventually 60 markers_differ || fails "the pass did not write the marker"
is_stopping() { [ "$(host_run systemctl show -P ActiveState app.service)" = deactivating ]; }
eventually 60 is_stopping || fails "the service was not told to stop"
host_run sh -c 'for p in /proc/[0-9]*; do
    [ "$(readlink "$p/exe")" = /usr/bin/provisor ] && kill -KILL "${p#/proc/}"; done' || true
wait $! || true
apply --wait
expect_eq "exit status" 0 "$status"
# The job that the killed pass had ordered goes on without it.
runs_newest() { [ "$(service_running)" = 2.0.0 ]; }
eventually 60 runs_newest || fails "the new version does not run"
expect_le "starts" 2 "$(($(service_starts) - starts))"
[ "$(service_starts)" -gt "$starts" ] || fails "the restart was lost"
