#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every kind of secret that provisor can be given is used, in passes that succeed and in passes that fail in many ways. Then it
# is looked for wherever somebody could read it: journal, output, state, command lines, environments, cores.
. "$(dirname "$0")/../harness/story.sh"
command -v tinyproxy >/dev/null || skip "tinyproxy is not installed"

host_boot
host_install_deb
daemon_off

step "an origin that insists on each secret, behind a proxy that does"
basic() { printf '%s' "$1" | base64; }
nginx_start 8000 <<CONF
        if (-f \$document_root/unavailable) { return 503; }
        if (-f \$document_root/portal) { rewrite ^ /login.html break; }
        location /bearer/ { if (\$http_authorization != "Bearer canary-bearer") { return 401; } }
        location /slow/ { limit_rate 1m; if (\$http_authorization != "Bearer canary-bearer") { return 401; } }
        location /basic/ { if (\$http_authorization != "Basic $(basic me:canary-basic)") { return 401; } }
        location /header/ { if (\$http_x_key != "canary-header") { return 401; } }
        location /user/ { if (\$http_authorization != "Basic $(basic me:canary-user)") { return 401; } }
        location /netrc/ { if (\$http_authorization != "Basic $(basic me:canary-netrc)") { return 401; } }
        location /query/ { if (\$args != "md5=canary-query&canary-query") { return 403; } }
        location /redirect/ { return 302 http://127.0.0.1:8000/query/app?md5=canary-query&canary-query; }
CONF
cat >"$work/proxy.conf" <<CONF
Port 3128
Listen 127.0.0.1
Timeout 60
Allow 127.0.0.1
BasicAuth agent canary-proxy
LogFile "$work/proxy.log"
CONF
nsenter -t "$host_leader" -n tinyproxy -d -c "$work/proxy.conf" >"$work/proxy.out" 2>&1 &
finally "kill $! 2>/dev/null"
eventually 20 listens 3128 || fails "the proxy does not listen: $(cat "$work/proxy.out")"

ways=(bearer basic header user netrc query redirect)
publish_all() {
    local way
    for way in "${ways[@]}"; do publish "$(service_program "$1")" "$way/app"; done
    (cd "$origin_dir/query" && sha256sum app >SHA256SUMS)
    (cd "$work" && cp "$(service_program "$1")" tool && head -c 300M /dev/zero >zeros && tar -czf release.tar.gz tool zeros)
    publish "$work/release.tar.gz" slow/release.tar.gz
    head -c 3M /dev/urandom >"$work/data"
    publish "$work/data" slow/data
}
publish_all 1.0.0
printf '<!DOCTYPE html><title>Please log in</title>\n' >"$origin_dir/login.html"

origin=127.0.0.1:8000
# component NAME URL AUTH...
component() {
    printf '  %s:\n    url: "%s"\n    path: /usr/local/bin/%s\n    mode: "0755"\n' "$1" "$2" "$1"
    [ $# -lt 3 ] || printf '    %s\n' "${@:3}"
}
{
    printf 'components:\n'
    component bearer "http://$origin/bearer/app" 'auth: { bearer: credential:bearer }'
    component basic "http://$origin/basic/app" 'auth: { basic: { user: me, password: credential:basic } }'
    component header "http://$origin/header/app" 'auth: { header: { X-Key: credential:header } }'
    component user "http://me:canary-user@$origin/user/app"
    component netrc "http://$origin/netrc/app" 'auth: { netrc: true }'
    component query "http://$origin/query/app?md5=canary-query&canary-query#canary-query" \
        "sha256sums: http://$origin/query/SHA256SUMS?md5=canary-query&canary-query"
    component redirect "http://$origin/redirect/app"
} | manifest secrets
# credentials PREFIX: those that are right have "canary".
credentials() {
    local name
    for name in bearer basic header; do
        printf '%s-%s\n' "$1" $name | host_write /etc/credstore/$name
    done
    printf 'machine 127.0.0.1 login me password %s-netrc\n' "$1" | host_write /etc/credstore/provisor.netrc
    host_run chmod -R go= /etc/credstore
}
credentials canary
# configure PROXY-PASSWORD
configure() {
    printf 'proxy: http://agent:%s@127.0.0.1:3128\nretry: { first: 0s }\ntimeouts: { connect: 2s, stall: 5s }\n' "$1" |
        host_write /etc/provisor/agent.yaml
    host_run chmod 0600 /etc/provisor/agent.yaml
}
configure canary-proxy

# All that provisor says to anybody goes here.
said=$work/said
: >"$said"
say() { host_run provisor "$@" >>"$said" 2>&1 || true; }
# Each command, in words and as a document.
ask_everything() {
    local name
    say apply
    say -v apply
    say apply --force
    for format in '' --json; do
        say $format plan
        say $format plan --offline
        say $format status
        say $format history
        say $format check
        say $format doctor
        say $format verify
        for name in "${ways[@]}"; do say $format show "$name"; done
    done
    # What the commands after the first made anew is judged here.
    apply
    cat "$work/pass.json" "$work/pass.err" >>"$said"
}
decisions() { pass_value '[.components[].decision] | unique | join(" ")'; }
failures() { pass_value '[.components[] | select(.error) | .error.kind] | unique | join(" ")'; }

step "passes that succeed"
apply
cat "$work/pass.json" "$work/pass.err" >>"$said"
expect_eq "exit status" 0 "$status"
expect_eq "decisions" install "$(decisions)"
expect_eq "components" ${#ways[@]} "$(pass_value '.components | length')"
ask_everything
expect_eq "decisions" unchanged "$(decisions)"
publish_all 1.1.0
apply
cat "$work/pass.json" "$work/pass.err" >>"$said"
expect_eq "decisions" update "$(decisions)"

step "passes that fail"
for trouble in unavailable portal; do
    : >"$origin_dir/$trouble"
    ask_everything
    expect_eq "decisions, $trouble" fail "$(decisions)"
    rm "$origin_dir/$trouble"
done
credentials canary-stale
ask_everything
expect_eq "kinds of errors, stale credentials" http "$(failures)"
host_run rm -r /etc/credstore
ask_everything
expect_has "kinds of errors, no credentials" "$(failures)" config
credentials canary
configure canary-wrong
ask_everything
expect_eq "kinds of errors, wrong password for the proxy" http "$(failures)"
configure canary-proxy
for port in 8000 9; do
    {
        printf 'components:\n'
        component elsewhere "https://me:canary-user@127.0.0.1:$port/user/app?hdnts=exp=1~hmac=canary-query" \
            'auth: { bearer: credential:bearer }' "mirrors: [ 'http://me:canary-user@nowhere.invalid/app?canary-query' ]"
    } | manifest elsewhere
    ask_everything
    expect_eq "decision, https to port $port" fail "$(decision elsewhere)"
    say show elsewhere
done
host_run rm /etc/provisor/components.d/elsewhere.yaml

step "mistakes on the very line of a secret"
printf 'components:\n  wrong: { url: "http://me:canary-user@%s/app?jwt=canary-query&canary-query", auth: { bearer: canary-inline }, pth: /x }\n' $origin |
    manifest wrong
ask_everything
expect_has "output" "$(cat "$said")" "wrong.yaml:2"
host_run rm /etc/provisor/components.d/wrong.yaml
printf '{ proxy: "http://agent:canary-proxy@127.0.0.1:3128", intervall: 5min }\n' | host_write /etc/provisor/agent.yaml
say apply
say check
expect_has "output" "$(cat "$said")" "agent.yaml:1"
configure canary-proxy

step "command lines and environments while they run"
processes=$work/processes
: >"$processes"
# Of all processes of provisor at this moment.
look_at_processes() {
    local process program comm confined cores
    for process in /proc/[0-9]*; do
        # Without a process for each of the machine's: provisor-unpack does not live long.
        { read -r comm <"$process/comm"; } 2>/dev/null || continue
        [[ $comm = provisor* ]] || continue
        program=$(readlink "$process/exe" 2>/dev/null) || continue
        case ${program##*/} in provisor | provisor-fetch | provisor-unpack) ;; *) continue ;; esac
        # First whether it has confined itself, since the size of cores is a part of that.
        confined=$(awk '/^Seccomp:/ { print $2 }' "$process/status" 2>/dev/null) || continue
        cores=$(awk '/^Max core file size/ { print $5 "/" $6 }' "$process/limits" 2>/dev/null) || continue
        [ -n "$cores" ] || continue # it has ended
        {
            printf 'program %s core %s seccomp %s\n' "${program##*/}" "$cores" "$confined"
            tr '\0' '\n' <"$process/cmdline"
            tr '\0' '\n' <"$process/environ"
        } >>"$processes" 2>/dev/null || true
    done
}
# look_while COMMAND...: as long as it runs.
look_while() {
    "$@" &
    local running=$!
    while kill -0 $running 2>/dev/null; do look_at_processes; done
    wait $running || true
}
{
    printf 'components:\n'
    component data "http://$origin/slow/data" 'auth: { bearer: credential:bearer }'
    printf '  release:\n    url: "http://%s/slow/release.tar.gz"\n    auth: { bearer: credential:bearer }\n' $origin
    printf '    files: [ { from: zeros, path: /opt/zeros, mode: "0644" } ]\n'
} | sed '/path: .*data/{n;s/0755/0644/}' | manifest slow
look_while say apply data release
expect_eq "data" 3145728 "$(host_run stat -c %s /usr/local/bin/data)"
expect_eq "zeros" 314572800 "$(host_run stat -c %s /opt/zeros)"
for program in provisor provisor-fetch provisor-unpack; do
    grep -q "^program $program core" "$processes" || fails "no $program was seen"
    holds "$program was seen $(grep -c "^program $program core" "$processes") times"
done
# A program that has only just been started has not read anything yet: it confines itself first.
for program in provisor-fetch provisor-unpack; do
    expect_eq "how large cores of a confined $program may be" "0/0" \
        "$(awk -v program=$program '$1 == "program" && $2 == program && $6 == 2 { print $4 }' "$processes" | sort -u)"
done

step "the daemon, with credentials of systemd's"
host_run mkdir -p /run/credstore
host_run cp -a /etc/credstore/. /run/credstore/
host_run rm -r /etc/credstore
printf '[Service]\nLoadCredential=bearer\nLoadCredential=basic\nLoadCredential=header\nLimitCORE=infinity\nWorkingDirectory=/var/lib/provisor\n' |
    host_write /etc/systemd/system/provisor.service.d/credentials.conf
host_run systemctl daemon-reload
publish_all 2.0.0
host_run systemctl start provisor.service
is_new() { cmp -s "$(service_program 2.0.0)" "$host_tree/usr/local/bin/$1"; }
for way in "${ways[@]}"; do
    eventually 60 is_new "$way" || fails "the daemon did not update $way: $(host_journal -o cat -u provisor.service | tail -n 5)"
    look_at_processes
done
holds "the daemon has updated all of them"
say status
credentials canary-stale
: >"$origin_dir/unavailable"
host_run systemctl reload provisor.service
told_failure() { host_journal -o cat -u provisor.service PROVISOR_DECISION=fail | grep -q 503; }
eventually 60 told_failure || fails "the daemon told no failure"
rm "$origin_dir/unavailable"
look_at_processes

step "a crash of the daemon leaves no core"
host_kill SEGV "$(host_run systemctl show -P MainPID provisor.service)"
told_end() { host_journal -o cat -u provisor.service | grep -q 'Main process exited, code=.*SEGV'; }
eventually 60 told_end || fails "the daemon did not end"
expect_has "how it ended" "$(host_journal -o cat -u provisor.service | grep 'Main process exited')" "code=killed, status=11/SEGV"
host_run systemctl stop provisor.service

step "no secret is to be found"
host_run journalctl --sync
host_journal -o export --all >"$work/journal.export"
told=$(grep -c '^PROVISOR_DECISION=fail' "$work/journal.export")
[ "$told" -ge 40 ] || fails "the journal tells of $told failures only"
holds "the journal tells of $told failures"
for file in said processes journal.export console.log; do
    expect_eq "lines with a secret in $file" "" "$(grep -n canary "$work/$file" | head -n 3 || true)"
done
for place in /var/lib/provisor /run/provisor /usr/local /opt /run/systemd/system /tmp /var/tmp /var/log /var/lib/systemd/coredump; do
    host_run test -e "$place" || continue
    expect_eq "files with a secret below $place" "" "$(host_run grep -rl canary "$place" || true)"
done
