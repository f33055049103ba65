#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# journald does not read, is not there, has no room to write. Updates go on, each is made once, and the history has them all.
# What was done is counted by the service's own log, since the journal is what is broken.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
origin_start
property() { host_run systemctl show -P "$1" "${2:-provisor.service}"; }
asked() { [ "$(requests /app)" -gt "$1" ]; }

# publish_next: one more content of the service; what runs later must be these, each once and in this order.
published_digests=()
publish_next() {
    { cat "$(service_program 1.0.0)"; printf 'content %s\n' "${#published_digests[@]}"; } >"$work/next"
    published_digests+=("$(sha256sum "$work/next" | cut -d ' ' -f 1)")
    publish "$work/next" app
}
starts() { host_run cat /var/log/app.starts; }
is_newest_running() {
    [ "$(host_run sha256sum "/proc/$(property MainPID app.service)/exe" | cut -d ' ' -f 1)" = "${published_digests[-1]}" ]
}
expect_newest_running() {
    is_newest_running || fails "app.service does not run the newest content"
    expect_eq "starts of app.service, by its own log" "${#published_digests[@]}" "$(starts | wc -l)"
    expect_eq "the last of them" "$(starts | tail -n 1)" "$(invocation)"
}
# expect_history: all that was published, each exactly once.
expect_history() {
    host_run provisor --json history >"$work/history.json"
    expect_eq "contents in the history" "${published_digests[*]}" \
        "$(jq -r '[.history[] | select(.component == "app") | .sha256] | join(" ")' "$work/history.json")"
    expect_eq "invocations, each once" "${#published_digests[@]}" "$(starts | sort -u | wc -l)"
}
expect_same_daemon() {
    expect_eq "process of the daemon" "$agent" "$(property MainPID)"
    expect_eq "restarts of the daemon" 0 "$(property NRestarts)"
}
# update_by_hand WHAT SECONDS: a content more, by a command.
update_by_hand() {
    local begin
    publish_next
    begin=$(now_ms)
    apply --wait
    expect_le "$1: milliseconds" $(($2 * 1000)) $(($(now_ms) - begin))
    expect_pass "$1" 0 update
    expect_newest_running
}
# update_by_daemon WHAT SECONDS: the same by the daemon, in the pass that follows a reload.
update_by_daemon() {
    publish_next
    host_kill HUP "$agent"
    eventually "$2" is_newest_running || fails "$1: the daemon made no update"
    # The pass is over when the daemon asks again.
    local before
    before=$(requests /app)
    host_kill HUP "$agent"
    eventually "$2" asked "$before" || fails "$1: the daemon made no further pass"
    expect_newest_running
}

step "a service that keeps its own log of its starts"
publish_next
app_manifest | sed "/\[Service\]/a\          ExecStartPre=/bin/sh -c 'echo \$\$INVOCATION_ID >>/var/log/app.starts'" | manifest app
eventually 60 is_newest_running || fails "app.service was not started"
activated() { [ -e "$host_tree/var/lib/provisor/components/app/.activated" ]; }
eventually 60 activated || fails "the pass did not end"
agent=$(property MainPID)
expect_newest_running

step "journald is stopped in the midst of its work, and its socket is full"
journald=$(property MainPID systemd-journald.service)
host_kill STOP "$journald"
took_all() {
    # shellcheck disable=SC2016
    host_run sh -c 'for i in $(seq 5000); do printf "MESSAGE=filler\n" | timeout 2 logger --journald || exit 1; done'
}
! took_all || fails "the socket of a journald that does not read took 5000 entries"
holds "nobody reads, and the socket takes nothing more"
update_by_hand "a journald that does not read" 25
update_by_daemon "a journald that does not read" 40
expect_has "systemctl status" "$(host_run systemctl status --no-pager --lines=0 provisor.service)" "Main PID: $agent "
expect_same_daemon
expect_eq "it still does not read" T "$(host_run cut -d ' ' -f 3 "/proc/$journald/stat")"
host_kill CONT "$journald"
expect_history

step "journald reads again, and is told again"
update_by_hand "a journald that reads again" 25
told() { host_journal -o cat SYSLOG_IDENTIFIER=provisor PROVISOR_SHA256="${published_digests[-1]}" | grep -q .; }
eventually 60 told || fails "the journal has nothing of the update"
holds "the journal has the update"
expect_same_daemon

step "journald and its sockets are stopped"
units=(systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service)
host_run systemctl stop "${units[@]}" 2>/dev/null || true
expect_eq "journald" inactive "$(property ActiveState systemd-journald.service)"
update_by_hand "no journald" 10
update_by_daemon "no journald" 30
host_run rm -f /run/systemd/journal/socket /run/systemd/journal/stdout /run/systemd/journal/dev-log
update_by_hand "no socket of journald" 10
update_by_daemon "no socket of journald" 30
expect_eq "journald" inactive "$(property ActiveState systemd-journald.service)"
expect_same_daemon
expect_history

step "the file system of the journal is full"
journals=(/run/log/journal /var/log/journal)
for folder in "${journals[@]}"; do
    host_run mkdir -p "$folder"
    host_run mount -t tmpfs -o size=20M tmpfs "$folder"
done
# One that has no room at all ends at its start, which is the step before this one; so the room goes afterwards.
host_run systemctl start "${units[@]}" 2>/dev/null || true
is_up() { host_run systemctl is-active --quiet systemd-journald.service; }
eventually 60 is_up || fails "journald does not start: $(host_run systemctl status --no-pager systemd-journald.service)"
# Who takes all that is there, and all that journald frees by removing files of its own.
# shellcheck disable=SC2016
host_run sh -c 'until [ -e /run/enough ]; do sleep 0.05; for f; do head -c 64M /dev/zero >>"$f/filler"; done; done 2>/dev/null' sh "${journals[@]}" &
hog=$!
flood() {
    # shellcheck disable=SC2016
    host_run sh -c 'head -c 12M /dev/urandom | base64 -w 6000 | logger --size 8K --tag flood'
}
is_full() {
    local folder
    flood
    for folder in "${journals[@]}"; do
        [ "$(host_run df --output=avail "$folder" | tail -n 1 | tr -d ' ')" = 0 ] || return 1
    done
    ! host_run sh -c 'logger --tag last-word; journalctl --sync; journalctl -q -t last-word | grep -q .'
}
eventually 60 is_full || fails "the journal still has room"
holds "what is logged now is lost"
update_by_hand "no room for the journal" 25
! told || fails "the journal has the update, so it was not full"
update_by_daemon "no room for the journal" 40
expect_same_daemon
expect_history
host_run touch /run/enough
wait $hog || true # its last head had no room, either
host_run rm -f "${journals[@]/%//filler}"

step "all is well again, and nothing is left to be done"
host_run systemctl restart systemd-journald.service
update_by_hand "after all of it" 25
eventually 60 told || fails "the journal has nothing of the update"
apply --wait
expect_pass "one pass more" 0 unchanged
expect_newest_running
expect_same_daemon
expect_history
