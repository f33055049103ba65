#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What systemd answers to provisor's questions, unit by unit, over the system bus and over the manager's private socket:
# a job result alone does not tell whether a service runs.
. "$(dirname "$0")/../harness/story.sh"

host_boot
install -m 0755 "$(built_program provisor-unit-probe)" "$host_tree/usr/local/bin/probe"
install -m 0755 "$(service_program 1.0.0)" "$host_tree/usr/local/bin/app"
probe() { host_run /usr/local/bin/probe "$@"; }
value() { sed -n "s/^$1=//p" <<<"$2"; }

# unit NAME LINE...: a unit file of the host.
unit() {
    local name=$1
    shift
    printf '%s\n' "$@" | host_write "/etc/systemd/system/$name"
}
unit good.service '[Service]' 'ExecStart=/usr/local/bin/app' '[Install]' 'WantedBy=multi-user.target'
unit dies.service '[Unit]' 'StartLimitIntervalSec=30' 'StartLimitBurst=3' '[Service]' 'ExecStart=/bin/sh -c "exit 7"' \
    'Restart=on-failure' 'RestartSec=100ms'
unit missing-simple.service '[Service]' 'ExecStart=/usr/local/bin/is-not-there'
unit missing-exec.service '[Service]' 'Type=exec' 'ExecStart=/usr/local/bin/is-not-there'
unit never-ready.service '[Service]' 'Type=notify' 'ExecStart=/bin/sh -c "exit 7"'
unit once.service '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/true'
unit reloads.service '[Service]' 'ExecStart=/usr/local/bin/app' 'ExecReload=/bin/true'
unit with-dependency.service '[Unit]' 'Requires=once.service' 'After=once.service' '[Service]' 'ExecStart=/usr/local/bin/app'
unit slow.service '[Service]' 'ExecStart=/usr/local/bin/app --slow-stop 1'

# row UNIT VERB RESULT ACTIVE-STATE EXIT-STATUS: asks for a job, then looks at the unit.
row() {
    local answer state
    answer=$(probe run "$2" "$1")
    expect_eq "$2 $1: job result" "$3" "$(value "$1" "$answer")"
    # A program that dies at once is alive for a moment, and on a busy machine that moment is long.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.3
        state=$(probe state "$1")
        case " $4 " in *" $(value active_state "$state") "*) [ "$(value exit_status "$state")" != "$5" ] || break ;; esac
    done
    case " $4 " in
    *" $(value active_state "$state") "*) holds "$1 is then $(value active_state "$state")" ;;
    *) fails "$1 is then $(value active_state "$state"), not: $4" ;;
    esac
    expect_eq "$1: exit status" "$5" "$(value exit_status "$state")"
}

# The table holds on both ways to the manager.
table() {
    probe reload
    row good.service restart "done" active 0
    expect_eq "restarts of good.service" 0 "$(value restarts "$(probe state good.service)")"
    row dies.service restart "done" "activating failed" 7
    [ "$(value restarts "$(probe state dies.service)")" -gt 0 ] || fails "dies.service was not restarted by systemd"
    holds "a program that dies at once has a job that is done, and its restarts are counted"
    row missing-simple.service restart "done" failed 203
    row missing-exec.service restart failed failed 203
    row never-ready.service restart failed failed 7
    row once.service start "done" active 0
    row with-dependency.service restart "done" active 0
    row reloads.service start "done" active 0
    local before
    before=$(value invocation_id "$(probe state reloads.service)")
    row reloads.service reload "done" active 0
    row reloads.service reload-or-restart "done" active 0
    expect_eq "a reload is no restart: invocation" "$before" "$(value invocation_id "$(probe state reloads.service)")"
    row good.service reload-or-restart "done" active 0

    local answer
    answer=$(probe run restart is-not-there.service)
    expect_has "a unit that nobody knows" "$answer" NoSuchUnit
    expect_eq "its load state" not-found "$(value load_state "$(probe state is-not-there.service)")"

    # Held by the start limit: the job fails at once, and a reset makes up for it.
    is_failed() { [ "$(value active_state "$(probe state dies.service)")" = failed ]; }
    eventually 60 is_failed || fails "dies.service does not reach its start limit"
    answer=$(probe run start dies.service)
    expect_eq "start at the limit: job result" failed "$(value dies.service "$answer")"
    probe reset dies.service
    expect_eq "after a reset: state" inactive "$(value active_state "$(probe state dies.service)")"
    answer=$(probe run start dies.service)
    expect_eq "start after a reset: job result" "done" "$(value dies.service "$answer")"
    eventually 60 is_failed || true

    # Several jobs at once, of which one takes long; each has its own result.
    answer=$(probe run start slow.service good.service)
    answer=$(probe run restart slow.service good.service missing-exec.service)
    expect_eq "three at once: results" "done done failed" \
        "$(value slow.service "$answer") $(value good.service "$answer") $(value missing-exec.service "$answer")"
    expect_le "milliseconds" 3000 "$(value took_ms "$answer")"
}

step "over the system bus"
table

step "unit files: reload and enable"
unit late.service '[Service]' 'ExecStart=/usr/local/bin/app' '[Install]' 'WantedBy=multi-user.target'
probe reload
expect_eq "state of its file" disabled "$(value unit_file_state "$(probe state late.service)")"
expect_eq "enable: changed" 1 "$(value changed "$(probe enable late.service)")"
expect_eq "state of its file" enabled "$(host_run systemctl is-enabled late.service)"
expect_eq "enable again: changed" 0 "$(value changed "$(probe enable late.service)")"
expect_eq "it is not started by that" inactive "$(value active_state "$(probe state late.service)")"
# A unit that runs: systemd forgets others when nobody looks, and reads them anew.
unit good.service '[Service]' 'ExecStart=/usr/local/bin/app --slow-stop 0' '[Install]' 'WantedBy=multi-user.target'
expect_eq "a changed file: need_daemon_reload" 1 "$(value need_daemon_reload "$(probe state good.service)")"
probe reload
expect_eq "after the reload: need_daemon_reload" 0 "$(value need_daemon_reload "$(probe state good.service)")"

step "over the private socket: no bus is running"
host_run systemctl stop dbus.socket dbus.service
expect_eq "dbus" inactive "$(host_run systemctl is-active dbus.service || true)"
for name in good dies once with-dependency reloads slow; do host_run systemctl stop $name.service; done
table
