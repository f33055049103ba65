#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon as it is installed, split into three: root without a network and without a capability, a fetcher and an unpacker who
# are nobody. It does its work all the same, and what its sandbox refuses it tells with the command that lets it.
. "$(dirname "$0")/../harness/story.sh"
command -v nginx >/dev/null || skip "nginx is not installed"
command -v setcap >/dev/null || skip "setcap (libcap2-bin) is not installed"

host_boot
host_install_deb
origin_start
host_write /etc/provisor/agent.yaml <<'YAML'
interval: 1s
splay: 0s
retry: { first: 0s }
tls: { ca_file: /etc/provisor/ca.pem }
flip_flop: { switches: 1000 }
YAML
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/ca.pem" 2>/dev/null
host_write /etc/provisor/ca.pem <"$work/ca.pem"
nginx_start 8001 <<CONF
        listen 127.0.0.1:8443 ssl;
        ssl_certificate $work/ca.pem;
        ssl_certificate_key $work/key.pem;
        location /slow/ { limit_rate 4m; }
CONF
host_run systemctl restart provisor.service

property() { host_run systemctl show -P "$1" "${2:-provisor.service}"; }
# helpers NAME: the process ids (in the host) of a helper.
helpers() {
    # shellcheck disable=SC2016
    host_run sh -c 'for p in /proc/[0-9]*; do case $(readlink "$p/exe") in */'"$1"') echo "${p#/proc/}" ;; esac; done'
}
runs() { [ -n "$(helpers "$1")" ]; }
ended() { [ -z "$(helpers "$1")" ]; }
state_of() { host_run sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
none=0000000000000000
# without_rights WHAT PID: a process without a capability that a filter watches.
without_rights() {
    local set
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do expect_eq "$1: $set" $none "$(state_of "$2" $set)"; done
    expect_eq "$1: no new privileges" 1 "$(state_of "$2" NoNewPrivs)"
    expect_eq "$1: seccomp" 2 "$(state_of "$2" Seccomp)"
}
net_of() { host_run readlink "/proc/$1/ns/net"; }
# dynamic WHAT PID: its user is none of the machine's (systemd.exec(5), DynamicUser=).
dynamic() {
    local uid
    uid=$(state_of "$2" Uid | cut -f1)
    [ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ] || fails "$1 runs as $uid"
    holds "$1 runs as the dynamic user $uid"
}
in_place() { cmp -s "$(service_program "$2")" "$host_tree$1"; }
told() { host_journal -o cat SYSLOG_IDENTIFIER=provisor PROVISOR_COMPONENT="$1" PROVISOR_DECISION=fail | tail -n 1; }

step "nobody runs but the agent"
expect_eq "fetchers" "" "$(helpers provisor-fetch)"
expect_eq "the sockets" "active active" "$(host_run systemctl is-active provisor-fetch.socket provisor-unpack.socket | xargs)"
expect_eq "who may connect" "600 root 600 root" "$(host_run stat -c '%a %U' /run/provisor/fetch.socket /run/provisor/unpack.socket | xargs)"
agent=$(property MainPID)
without_rights "the agent" "$agent"
expect_eq "the agent's user" 0 "$(state_of "$agent" Uid | cut -f1)"
[ "$(net_of "$agent")" != "$(net_of 1)" ] || fails "the agent has the machine's network"
holds "the agent has a network of its own"
expect_eq "devices in there" "lo" "$(host_run nsenter -t "$agent" -n ls /sys/class/net 2>/dev/null | xargs || true)"

step "updates over http and https, an archive, a check, a probe"
publish "$(service_program 1.0.0)" app
publish "$(service_program 1.0.0)" secure
(cd "$work" && mkdir -p release && cp "$(service_program 1.0.0)" release/tool && tar -czf release.tar.gz release)
publish "$work/release.tar.gz" release.tar.gz
{
    app_manifest /app 'check: [ "{staged}", --version ]' | sed 's#ExecStart=.*#& --serve 8080#; s#settle: 200ms, timeout: 10s#settle: 200ms, timeout: 10s, http: "http://127.0.0.1:8080/health"#'
    cat <<'YAML'
  secure: { url: "https://127.0.0.1:8443/secure", path: /usr/local/bin/secure, mode: "0755" }
  packed: { url: "http://127.0.0.1:8000/release.tar.gz", files: [ { from: "*/tool", path: /opt/packed/tool, mode: "0755" } ] }
YAML
} | manifest all
eventually 60 in_place /usr/local/bin/app 1.0.0 || fails "http: $(told app)"
eventually 60 in_place /usr/local/bin/secure 1.0.0 || fails "https: $(told secure)"
eventually 60 in_place /opt/packed/tool 1.0.0 || fails "the archive: $(told packed)"
eventually 60 host_run systemctl is-active --quiet app.service || fails "app.service was not started: $(told app)"
expect_eq "running version" 1.0.0 "$(service_running)"
answered() { host_run journalctl --sync; host_journal -o cat -u app.service | grep -q "service $1 answers 200"; }
eventually 20 answered 1.0.0 || fails "the service was not asked how it is: $(told app)"
publish "$(service_program 1.1.0)" app
publish "$(service_program 1.1.0)" secure
eventually 60 in_place /usr/local/bin/app 1.1.0 || fails "http: $(told app)"
eventually 60 in_place /usr/local/bin/secure 1.1.0 || fails "https: $(told secure)"
runs_new() { [ "$(service_running)" = 1.1.0 ]; }
eventually 60 runs_new || fails "the service was not restarted"
eventually 20 answered 1.1.0 || fails "the new version was not asked how it is: $(told app)"
holds "an update over each, and the service was asked how it is"
expect_eq "failures" "" "$(told app)$(told secure)$(told packed)"

step "unchanged passes leave nothing behind"
asked=$(requests /app)
more() { [ "$(requests /app)" -ge $((asked + 4)) ]; }
eventually 30 more || fails "no passes"
host_run journalctl --sync
host_journal -b -o json >"$work/entries"
expect_eq "entries about helpers" "" "$(grep -E '"(_SYSTEMD_)?UNIT":"provisor-(fetch|unpack)@' "$work/entries" || true)"
expect_eq "units that failed" "" "$(host_run systemctl --failed --plain --no-legend)"
expect_eq "folders in /var/tmp for helpers" "" "$(host_run find /var/tmp /tmp -name '*provisor-*@*')"
idle() { ended provisor-fetch && [ -z "$(host_run systemctl list-units --all --plain --no-legend 'provisor-fetch@*')" ]; }
eventually 20 idle || fails "fetchers stay: $(host_run systemctl list-units --all --plain --no-legend 'provisor-fetch@*')"

step "the fetcher at work"
{ cat "$(service_program 2.0.0)"; head -c 60M /dev/zero; } >"$origin_dir/body"
publish "$origin_dir/body" slow/body
cat <<'YAML' | manifest slow
components:
  slow: { url: "http://127.0.0.1:8001/slow/body", path: /usr/local/bin/slow, mode: "0755" }
YAML
transfers() { [ "$(find "$host_tree/var/lib/provisor/cache" -path '*partial*' -type f -size +1M | wc -l)" -gt 0 ] && runs provisor-fetch; }
eventually 60 transfers || fails "no transfer: $(told slow)"
fetchers=$(helpers provisor-fetch)
expect_eq "fetchers: one for http, one for https" 2 "$(wc -w <<<"$fetchers")"
for fetcher in $fetchers; do
    dynamic "the fetcher" "$fetcher"
    without_rights "the fetcher" "$fetcher"
    expect_eq "the fetcher's network" "$(net_of 1)" "$(net_of "$fetcher")"
    expect_has "its unit" "$(host_run cat "/proc/$fetcher/cgroup")" "provisor-fetch@"
    expect_eq "what it has open but sockets" "" "$(host_run sh -c "ls -l /proc/$fetcher/fd" | sed -n 's/.* -> //p' | grep -vE '^(socket|anon_inode|pipe):|^/dev/null$' || true)"
done

step "the fetchers are killed in the middle"
# All of them at once: one that is left over ends with the pass, before its turn comes.
# shellcheck disable=SC2086 # these are words
host_run sh -c 'kill -s KILL "$@"' sh $fetchers
told_end() { told slow | grep -q 'provisor-fetch was ended'; }
eventually 30 told_end || fails "the end of the fetcher was not told: $(told slow)"
expect_has "message" "$(told slow)" "journalctl -u 'provisor-fetch@*'"
host_run journalctl --sync
expect_has "what systemd knows" "$(host_journal -b -u 'provisor-fetch@*' -o cat)" "signal"
expect_eq "the agent" "$agent" "$(property MainPID)"
arrived() { [ -e "$host_tree/usr/local/bin/slow" ]; }
eventually 60 arrived || fails "it was not tried again: $(told slow)"
expect_le "bytes sent of a body of 63 MB: it was continued" 66000000 "$(body_bytes /slow/body)"

step "the agent is stopped in the middle"
{ cat "$(service_program 2.0.0)"; head -c 60M /dev/urandom; } >"$origin_dir/body"
publish "$origin_dir/body" slow/body
eventually 60 transfers || fails "no transfer: $(told slow)"
host_run systemctl stop provisor.service
gone() { ended provisor-fetch; }
eventually 3 gone || fails "the fetcher outlives the agent"
inactive() { [ "$(host_run systemctl is-active provisor-fetch.socket provisor-unpack.socket | xargs)" = "inactive inactive" ]; }
eventually 10 inactive || fails "the sockets outlive the agent"
holds "fetcher and sockets are gone"
host_run rm /etc/provisor/components.d/slow.yaml
host_run systemctl start provisor.service

step "the unpacker at work"
(cd "$work" && head -c 300M /dev/zero >release/zeros && cp "$(service_program 1.1.0)" release/tool && tar -czf release.tar.gz release && rm release/zeros)
: >"$work/unpacker"
# It lives for as long as it takes to read 300 MB of zeros; it is looked at from within the host, in one go.
# shellcheck disable=SC2016
host_run sh -c 'end=$(($(date +%s) + 60))
    while [ "$(date +%s)" -lt $end ]; do
        for p in /proc/[0-9]*; do
            case $(readlink "$p/exe") in */provisor-unpack) ;; *) continue ;; esac
            grep -q "^Seccomp:.*2" "$p/status" && [ "$(ls "$p/fd" | wc -l)" -ge 5 ] || continue
            { cat "$p/status" "$p/cgroup"; echo "net $(readlink "$p/ns/net")"; } 2>/dev/null
            exit
        done
    done' >"$work/unpacker" &
looker=$!
publish "$work/release.tar.gz" release.tar.gz
wait $looker
unpacker() { sed -n "s/^$1:[[:space:]]*//p" "$work/unpacker"; }
[ -s "$work/unpacker" ] || fails "no unpacker was seen: $(told packed)"
[ "$(unpacker Uid | cut -f1)" -ge 61184 ] || fails "the unpacker runs as $(unpacker Uid)"
for set in CapPrm CapEff CapBnd; do expect_eq "the unpacker: $set" $none "$(unpacker $set)"; done
expect_has "its unit" "$(cat "$work/unpacker")" "provisor-unpack@"
expect_lacks "its network" "$(cat "$work/unpacker")" "$(net_of 1)"
eventually 60 in_place /opt/packed/tool 1.1.0 || fails "the archive: $(told packed)"

step "how exposed they are, as systemd sees the live units"
while read -r limit unit; do
    host_run systemd-analyze security --no-pager --threshold="$limit" "$unit" >"$work/score" 2>&1 || fails "$unit: $(tail -n 1 "$work/score")"
    holds "$unit: $(sed -n 's/.*exposure level for [^:]*: //p' "$work/score")"
done <<'LIMITS'
7 provisor.service
7 provisor-apply.service
11 provisor-fetch@look.service
2 provisor-unpack@look.service
LIMITS

# refused NAME: the message about that component, and in $command what it says to type.
refused() {
    local name=$1
    is_told() { told "$name" | grep -q 'this adds'; }
    eventually 60 is_told || fails "$name: $(told "$name")"
    command=$(told "$name" | sed -n 's/.*this adds [a-z]*: \(mkdir .* try-restart provisor.service\)).*/\1/p')
    [ -n "$command" ] || fails "no command in: $(told "$name")"
    holds "$name: says to type $command"
    expect_has "doctor" "$(host_run provisor doctor || true)" "$command"
}

# publish_outside VERSION: a program that nobody else wants, so that nothing of it is in the cache.
publish_outside() {
    { cat "$(service_program "$1")"; echo outside; } >"$work/outside-$1"
    publish "$work/outside-$1" outside
}
outside_in_place() { cmp -s "$work/outside-$1" "$host_tree/srv/tool/bin/outside"; }

step "a target outside of what the sandbox may write"
publish_outside 1.1.0
cat <<'YAML' | manifest outside
components:
  outside: { url: "http://127.0.0.1:8000/outside", path: /srv/tool/bin/outside, mode: "0755" }
YAML
refused outside
expect_has "command" "$command" "'ReadWritePaths=/srv/tool/bin'"
expect_eq "what was made there" "" "$(host_run find /srv -mindepth 1)"
content=$(sha256sum <"$work/outside-1.1.0" | cut -d' ' -f1)
url=$(printf %s http://127.0.0.1:8000/outside | sha256sum | cut -d' ' -f1)
expect_eq "what was downloaded of it" "" "$(find "$host_tree/var/lib/provisor/cache" -name "*$content*" -o -name "*$url*")"
host_run sh -c "$command"
eventually 60 outside_in_place 1.1.0 || fails "it is not installed after that: $(told outside)"
expect_lacks "doctor after that" "$(host_run provisor doctor || true)" /srv/tool

step "an owner other than root"
cat <<'YAML' | manifest owned
components:
  owned: { url: "http://127.0.0.1:8000/app", path: /opt/owned/tool, mode: "0750", owner: daemon, group: daemon, check: [ "{staged}", --version ] }
YAML
refused owned
expect_has "command" "$command" "CAP_CHOWN"
[ ! -e "$host_tree/opt/owned/tool" ] || fails "it was installed with another owner"
host_run sh -c "$command"
eventually 60 in_place /opt/owned/tool 1.1.0 || fails "it is not installed after that: $(told owned)"
expect_eq "owner" "750 daemon daemon" "$(host_run stat -c '%a %U %G' /opt/owned/tool)"
expect_lacks "doctor after that" "$(host_run provisor doctor || true)" CAP_CHOWN
publish "$(service_program 2.0.0)" app
publish_outside 2.0.0
eventually 60 in_place /opt/owned/tool 2.0.0 || fails "no update of what belongs to daemon: $(told owned)"
eventually 60 outside_in_place 2.0.0 || fails "no update in /srv: $(told outside)"
holds "both are kept up to date"
# Of the exposure the capabilities are the price.
expect_eq "exposure with that" 0 "$(host_run systemd-analyze security --no-pager --threshold=21 provisor.service >/dev/null 2>&1; echo $?)"

step "a file with capabilities"
publish "$(service_program 2.0.0)" capable
cat <<'YAML' | manifest capable
components:
  capable: { url: "http://127.0.0.1:8000/capable", path: /opt/capable/tool, mode: "0755", capabilities: cap_net_raw=ep }
YAML
refused capable
expect_has "command" "$command" "CAP_SETFCAP"
[ ! -e "$host_tree/opt/capable/tool" ] || fails "it was installed without its capabilities"
host_run sh -c "$command"
eventually 60 in_place /opt/capable/tool 2.0.0 || fails "it is not installed after that: $(told capable)"
expect_has "its capabilities" "$(getcap "$host_tree/opt/capable/tool")" "cap_net_raw=ep"
expect_lacks "doctor after that" "$(host_run provisor doctor || true)" CAP_SETFCAP
setcap -r "$host_tree/opt/capable/tool"
expect_has "verify" "$(host_run provisor verify capable || true)" "has no capabilities, recorded is cap_net_raw=ep"
put_back() { getcap "$host_tree/opt/capable/tool" | grep -q cap_net_raw=ep; }
eventually 60 put_back || fails "its capabilities were not put back: $(told capable)"
publish "$(service_program 1.0.0)" app
eventually 60 in_place /opt/owned/tool 1.0.0 || fails "the rights of both drop-ins are not in force: $(told owned)"
holds "what it may give away and what it may set are added up"
publish "$(service_program 2.0.0)" app
eventually 60 in_place /opt/owned/tool 2.0.0 || fails "no update of what belongs to daemon: $(told owned)"

step "one pass as a service"
host_run systemctl stop provisor.service
publish "$(service_program 1.0.0)" app
publish_outside 1.0.0
host_run systemctl start provisor-apply.service || true
in_place /usr/local/bin/app 1.0.0 || fails "provisor-apply.service: $(host_journal -o cat -u provisor-apply.service | tail -n 5)"
holds "provisor-apply.service has updated app"
# The drop-ins were for the other unit.
expect_has "its own word" "$(told outside)" "try-restart provisor-apply.service"
