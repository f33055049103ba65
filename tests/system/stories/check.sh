#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# New content is run before it is put in place, and asked for its version and its health, each time as nobody in a transient
# unit that leaves nothing behind; over the system bus, and over the manager's private socket.
. "$(dirname "$0")/../harness/story.sh"

host_boot
host_install_deb
daemon_off
origin_start
expect_has "user of the commands" "$(host_run getent passwd provisor-check)" /usr/sbin/nologin
host_write /etc/provisor/agent.yaml.d/story.yaml <<<'retry: { first: 0s }'

# A program whose check, version and health are what the story wants; $1 is the rest of its name.
program() {
    cat >"$work/program-$1"
    publish "$work/program-$1" app
}
# wanted [LINE...]: the manifest.
wanted() {
    {
        printf '%s\n' components: '  app:' '    url: http://127.0.0.1:8000/app' '    path: /opt/private/app' '    mode: "0700"'
        printf '    %s\n' "$@"
    } | manifest app
}
# Nothing of a command stays: no unit, no process, no file.
leaves_nothing() {
    expect_eq "$1: units left" "" "$(host_run systemctl list-units --all --plain --no-legend 'provisor-check-*' 'provisor-version-*' 'provisor-health-*')"
    expect_eq "$1: files left" "" "$(host_run find / -xdev \( -name '.provisor-*' -o -name 'was-here*' -o -path '/run/staged*' \))"
    expect_eq "$1: processes left" "" "$(host_run sh -c 'grep -l "sleep.*60[4]" /proc/[0-9]*/cmdline 2>/dev/null | grep -v /self/' || true)"
}
message() { pass_value '.components[0].error.message'; }
host_run mkdir -m 0700 /opt/private # nobody but root may pass it

step "what passes is installed, with the version that it calls itself"
check='check: [ "{staged}", "--self-test", "$HOME", "%n" ]'
version='version_from: { command: [ "{path}", "--version" ], match: "version ([^ ]+)" }'
program 1 <<'SH'
#!/bin/sh
case $1 in
--version) echo "app version 1.0.0 of the story" ;;
--self-test) [ "$2" = '$HOME' ] && [ "$3" = %n ] && [ "$0" = /run/staged/app ] ;;
esac
SH
wanted "$check" "$version"
apply
expect_pass "first pass" 0 install
expect_eq "version" 1.0.0 "$(pass_value '.components[0].version')"
expect_has "status" "$(host_run provisor status)" 1.0.0
expect_eq "mode and owner" "700 root:root" "$(host_run stat -c '%a %U:%G' /opt/private/app)"
leaves_nothing "a check that passes"
host_run journalctl --sync
expect_has "journal of systemd" "$(host_journal -b -u 'provisor-check-app-*' -o cat)" "Check of app before it is installed"
expect_has "journal of provisor" "$(host_journal -b -t provisor -o cat)" "app: installed 1.0.0 ("
apply
expect_pass "second pass" 0 unchanged
expect_eq "version, of what is unchanged" 1.0.0 "$(pass_value '.components[0].version')"

step "what a check is"
host_run mkdir -p /srv/open
host_run chmod 1777 /srv/open
program 2 <<'SH'
#!/bin/sh
[ "$1" = --version ] && exit 1
echo "uid=$(id -u) $USER"
grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr '\t\n' ' ,'; echo
echo "net: $(tail -n +3 /proc/net/dev | sed 's/:.*//' | tr -d ' \n')"
echo "cgroup: $(grep -o '/system.slice/[^/]*' /proc/self/cgroup | head -n 1 | sed 's/-[0-9a-f]*\.service/-ID.service/')"
echo "run: $(ls /run | tr '\n' ' ')"
for d in . / /tmp /var/tmp /dev/shm /dev/mqueue /run /opt /srv/open /usr/local ${0%/*}; do
    (echo x >"$d/was-here") 2>/dev/null && echo "wrote in $d"
done
(echo x >>"$0") 2>/dev/null && echo "wrote itself"
for p in 1 $PPID; do kill -KILL $p 2>/dev/null && echo "killed $p"; done
bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000' 2>/dev/null && echo connected
(setsid sleep 604.25 >/dev/null 2>&1 &)
echo "limits: $(awk '/core file size|processes|data size|file size/ { print $(NF-1) }' /proc/self/limits | tr '\n' ' ')"
exit 3
SH
apply
expect_pass "the pass" 1 fail
expect_eq "kind" check "$(pass_value '.components[0].error.kind')"
said=$(message)
expect_has "message" "$said" 'exit status 3; it printed: uid='
expect_has "a user made up for it" "$said" " _du"
uid=$(sed -E 's/.*uid=([0-9]+) .*/\1/' <<<"$said")
expect_eq "its number is one of those for dynamic users" 1 $((uid >= 61184 && uid <= 65519))
expect_has "rights" "$said" "CapEff: 0000000000000000,CapBnd: 0000000000000000,NoNewPrivs: 1"
expect_has "network" "$said" "net: lo |"
expect_has "unit" "$said" "cgroup: /system.slice/provisor-check-app-ID.service"
expect_has "run-time folder" "$said" "run: staged systemd"
for word in wrote killed connected; do expect_lacks "what it tried" "$said" "$word"; done
expect_has "limits of memory, files, cores, processes" "$said" "limits: 1048576 268435456 0 64"
leaves_nothing "a check that fails"
expect_same_file "the old program is in place" "$work/program-1" "$host_tree/opt/private/app"
host_run journalctl --sync
expect_has "journal" "$(host_journal -b -t provisor -p err -o cat)" "exit status 3; it printed: uid="
bodies=$(requests /app 200)
apply
expect_pass "tried again" 1 fail
expect_eq "bodies sent" "$bodies" "$(requests /app 200)"

step "a check that hangs, over the private socket, while its unit is looked at"
program 3 <<'SH'
#!/bin/sh
trap '' TERM
echo begun
sleep 604.5
SH
host_run systemctl stop dbus.socket dbus.service
host_run sh -c 'provisor --json apply >/tmp/pass.json 2>/tmp/pass.err; echo $? >/tmp/pass.status' &
pass=$!
unit() { host_run systemctl list-units --all --plain --no-legend 'provisor-check-app-*' | awk '{ print $1 }'; }
eventually 20 eval '[ -n "$(unit)" ]' || fails "no unit appeared"
properties=$(host_run systemctl show --all "$(unit)")
for property in DynamicUser=yes PrivateNetwork=yes PrivateTmp=yes PrivateDevices=yes PrivateIPC=yes ProtectSystem=strict \
    ProtectHome=yes ProtectProc=invisible NoNewPrivileges=yes CapabilityBoundingSet= RestrictNamespaces=yes \
    RestrictAddressFamilies=AF_UNIX MemoryMax=268435456 MemorySwapMax=0 TasksMax=64 LimitCORE=0 LimitFSIZE=1048576 \
    TimeoutStartUSec=30s TimeoutStartFailureMode=kill KillMode=control-group StandardInput=null Type=oneshot \
    SupplementaryGroups=provisor-check 'Description=Check of app before it is installed'; do
    case $property in
    SupplementaryGroups=*) expect_has "unit" "$properties" "SupplementaryGroups=$(host_run id -g provisor-check)" ;;
    *) expect_eq "unit" "$property" "$(grep -x -- "$property" <<<"$properties" || true)" ;;
    esac
done
begun=$(now_ms)
wait "$pass"
expect_le "milliseconds until it is ended" 33000 $(($(now_ms) - begun))
expect_eq "exit status" 1 "$(host_run cat /tmp/pass.status)"
expect_has "message" "$(host_run cat /tmp/pass.json)" "timed out after 30s; it printed: begun"
leaves_nothing "a check that hangs"
host_run systemctl start dbus.socket dbus.service

step "SIGINT ends a check at once"
host_run sh -c 'provisor apply >/dev/null 2>&1 & echo $! >/tmp/pid; wait $!; echo $? >/tmp/pass.status' &
pass=$!
eventually 20 eval '[ -n "$(unit)" ]' || fails "no unit appeared"
begun=$(now_ms)
host_kill INT "$(host_run cat /tmp/pid)"
wait "$pass"
expect_le "milliseconds until it has ended" 1500 $(($(now_ms) - begun))
gone() { [ -z "$(unit)" ]; }
eventually 5 gone || fails "the unit is still there"
leaves_nothing "an interrupted check"

step "the daemon does the same in its sandbox, and a check that floods or cannot be executed is told so"
program 4 <<'SH'
#!/bin/sh
yes all work and no play
SH
# The file is for its owner and group alone: to show it to the group of the checks, the service needs the right to give files away.
host_write /etc/systemd/system/provisor.service.d/owners.conf <<'CONF'
[Service]
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH
SystemCallFilter=@chown
PrivateUsers=no
CONF
host_run systemctl daemon-reload
host_run systemctl start provisor.service
failed() { host_run provisor status app | grep -q "$1"; }
eventually 60 failed "printed more than 1.0 MiB" || fails "status: $(host_run provisor status app)"
holds "status says that it printed too much"
program 5 <<'SH'
#!/is/not/there
SH
eventually 60 failed "does not exist on this machine" || host_run systemctl reload provisor.service
eventually 60 failed "does not exist on this machine" || fails "status: $(host_run provisor status app)"
holds "status says that nothing can execute it"
host_run systemctl stop provisor.service
leaves_nothing "the daemon"

step "a lower version that only the content tells is held back"
program 6 <<'SH'
#!/bin/sh
[ "$1" != --version ] || echo "app version 0.9.0"
SH
apply
expect_pass "the pass" 0 hold
expect_has "reason" "$(pass_value '.components[0].reason')" "downgrade: 1.0.0 was installed, and the origin has 0.9.0"
expect_same_file "the old program is in place" "$work/program-1" "$host_tree/opt/private/app"

step "health.command: what is in place has to say that it is well"
publish "$(service_program 1.0.0)" app
health() {
    app_manifest /app "version: \"$1\"" | sed "s#health: .*#health: { settle: 200ms, timeout: 3s, command: [ /bin/bash, -c, '$2' ] }#" | manifest app
}
host_run systemctl list-units --all --plain --no-legend 'app.service' >/dev/null
health 1.0.0 'echo {path}; exec 3<>/dev/tcp/127.0.0.1/8000 \&\& ! touch /srv/open/was-here \&\& ! test -e /run/systemd/journal/socket \&\& test "$(id -u)" != 0'
apply
expect_pass "first pass of the service" 0 update
publish "$(service_program 1.1.0)" app
health 1.1.0 'echo {path} is ill; exit 4'
begun=$(now_ms)
apply
expect_pass "an update that says it is ill" 1 rollback
expect_has "message" "$(message)" "ended with exit status 4 (it printed: /usr/local/bin/app is ill)"
expect_le "milliseconds" 9000 $(($(now_ms) - begun))
expect_eq "running version" 1.0.0 "$(service_running)"
leaves_nothing "health.command"

step "three that take their time are asked side by side"
publish "$(service_program 1.1.0)" app
{
    echo components:
    for name in one two three; do
        printf '  %s: { url: "http://127.0.0.1:8000/app", path: /opt/%s, mode: "0755", health: { settle: 0s, timeout: 20s, command: [ /bin/sleep, "2" ] } }\n' $name $name
    done
} | manifest slow
health 1.0.0 'exit 0'
apply
expect_eq "decisions" "install install install" "$(pass_value '[.components[] | select(.name != "app") | .decision] | join(" ")')"
host_run journalctl --sync
host_journal -b -o cat -u 'provisor-health-one-*' -u 'provisor-health-two-*' -u 'provisor-health-three-*' | grep -oE '^(Starting|Finished)' >"$work/order"
expect_eq "what systemd did" "Starting Starting Starting Finished Finished Finished" "$(xargs <"$work/order")"
leaves_nothing "three at once"
