#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What vendors publish: an archive with a signed checksums file, on a TLS server with a private CA and a token, behind a proxy that
# wants a password. And that no secret is written down anywhere.
. "$(dirname "$0")/../harness/story.sh"
command -v tinyproxy >/dev/null || skip "tinyproxy is not installed"
command -v minisign >/dev/null || skip "minisign is not installed"

host_boot
host_install_deb
daemon_off

step "a vendor with its own CA, a signing key and a token"
vendor=$work/vendor
mkdir -p "$vendor"
(
    cd "$vendor"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=a private CA"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=releases
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
        -extfile <(printf 'subjectAltName=IP:127.0.0.1\n')
    minisign -G -W -p vendor.pub -s vendor.key
    minisign -G -W -p other.pub -s other.key
) >"$vendor/log" 2>&1 || fails "making keys: $(cat "$vendor/log")"
nginx_start 8000 <<CONF
        listen 127.0.0.1:8443 ssl;
        ssl_certificate $vendor/server.pem;
        ssl_certificate_key $vendor/server.key;
        if (\$http_authorization != "Bearer canary-token") { return 401; }
CONF
cat >"$vendor/proxy.conf" <<CONF
Port 3128
Listen 127.0.0.1
Timeout 60
Allow 127.0.0.1
BasicAuth agent canary-proxy
ConnectPort 8443
LogFile "$vendor/proxy.log"
LogLevel Connect
CONF
# With all that it is told by either side.
nsenter -t "$host_leader" -n strace -f -qq -e trace=read,recvfrom,recvmsg -e signal=none -s 65536 -o "$vendor/proxy.heard" \
    tinyproxy -d -c "$vendor/proxy.conf" >"$vendor/proxy.out" 2>&1 &
finally "kill $! 2>/dev/null"
eventually 20 listens 3128 || fails "the proxy does not listen: $(cat "$vendor/proxy.out")"

# release VERSION: publishes the archive, the checksums file and its signature.
release() {
    local folder=$vendor/app-$1 name=app-linux.tar.gz
    mkdir -p "$folder/bin"
    cp "$(service_program "$1")" "$folder/bin/app"
    echo "notes of $1" >"$folder/NOTES"
    tar -C "$vendor" -czf "$vendor/$name" "app-$1"
    (cd "$vendor" && sha256sum "$name" >SHA256SUMS && minisign -S -W -s vendor.key -m SHA256SUMS -x SHA256SUMS.minisig) >"$vendor/log" 2>&1 ||
        fails "signing: $(cat "$vendor/log")"
    publish "$vendor/$name" "$name"
    publish "$vendor/SHA256SUMS" SHA256SUMS
    publish "$vendor/SHA256SUMS.minisig" SHA256SUMS.minisig
}
release 1.0.0

host_write /etc/provisor/ca.pem <"$vendor/ca.pem"
host_write /etc/provisor/keys.d/vendor.pub <"$vendor/vendor.pub"
host_run chmod 0644 /etc/provisor/keys.d/vendor.pub
printf 'canary-token\n' | host_write /etc/credstore/vendor-token
host_run chmod 0600 /etc/credstore/vendor-token

# configure PROXY-PASSWORD
configure() {
    printf '%s\n' "proxy: http://agent:$1@127.0.0.1:3128" 'tls: { ca_file: /etc/provisor/ca.pem }' 'require: signature' \
        'retry: { first: 0s }' | host_write /etc/provisor/agent.yaml
    host_run chmod 0600 /etc/provisor/agent.yaml
}
configure canary-proxy
app_manifest | sed -e 's#url: .*#url: https://127.0.0.1:8443/app-linux.tar.gz#' -e '/^    path:/d' -e '/^    mode:/d' | manifest app
cat >>"$work/more" <<'YAML'
    sha256sums: https://127.0.0.1:8443/SHA256SUMS
    signature: https://127.0.0.1:8443/SHA256SUMS.minisig
    auth: { bearer: credential:vendor-token }
    files:
      - from: "*/bin/app"
        path: /usr/local/bin/app
        mode: "0755"
YAML
{ cat "$host_tree/etc/provisor/components.d/app.yaml" "$work/more"; } | manifest app

step "its release is installed"
apply
expect_pass "first pass" 0 install
expect_eq "running version" 1.0.0 "$(service_running)"
expect_has "marker" "$(cat "$host_tree/var/lib/provisor/components/app/.installed")" '"signed_by"'

# expect_tunnels WHAT: the proxy was asked for tunnels only, and heard no word of what is for the origin.
expect_tunnels() {
    expect_eq "$1: what the proxy was asked for" "CONNECT 127.0.0.1:8443 HTTP/1.1" \
        "$(sed -n 's/.*Request (file descriptor [0-9]*): //p' "$vendor/proxy.log" | sort -u)"
    expect_has "$1: what it heard" "$(cat "$vendor/proxy.heard")" 'CONNECT 127.0.0.1:8443 HTTP/1.1\r\n'
    expect_has "$1: what it heard" "$(cat "$vendor/proxy.heard")" 'Proxy-Authorization: Basic '
    local word
    for word in canary-token canary-stale Bearer SHA256SUMS app-linux; do
        expect_eq "$1: '$word' in what it heard" 0 "$(grep -c -e "$word" "$vendor/proxy.heard" || true)"
    done
}
expect_tunnels "first pass"

step "an unchanged one costs two small questions"
: >"$nginx_log"
before=$(host_listing /var/lib/provisor /usr/local)
apply
expect_pass "second pass" 0 unchanged
expect_eq "answers" "GET /SHA256SUMS 304
GET /SHA256SUMS.minisig 304" "$(cut -d' ' -f1-3 "$nginx_log" | sort)"
expect_eq "bytes of bodies, as the origin counts" 0 "$(awk '{ sum += $4 } END { print sum + 0 }' "$nginx_log")"
expect_eq "bytes of bodies, as provisor counts" 0 "$(pass_value .pass.bytes)"
expect_eq "what was written" "" "$(diff <(echo "$before") <(host_listing /var/lib/provisor /usr/local))"

step "a new release is one update and one restart"
starts=$(service_starts)
release 1.1.0
apply
expect_pass "pass" 0 update
expect_eq "running version" 1.1.0 "$(service_running)"
expect_eq "starts" $((starts + 1)) "$(service_starts)"

# refused WHAT KIND WORDS: a pass fails so, and nothing is changed by it.
refused() {
    apply
    expect_pass "$1" 1 fail
    expect_eq "$1: kind of error" "$2" "$(pass_value '.components[0].error.kind')"
    expect_has "$1: message" "$(pass_value '.components[0].error.message')" "$3"
    expect_eq "$1: running version" 1.1.0 "$(service_running)"
}

step "what is wrong is refused"
release 2.0.0
sha256sum "$vendor/vendor.key" | sed 's# .*#  app-linux.tar.gz#' >"$vendor/SHA256SUMS"
publish "$vendor/SHA256SUMS" SHA256SUMS
refused "another checksums file under the old signature" signature "is not a signature of 'https://127.0.0.1:8443/SHA256SUMS'"
release 2.0.0
echo >>"$vendor/app-linux.tar.gz"
publish "$vendor/app-linux.tar.gz" app-linux.tar.gz
refused "another archive than the one in the checksums file" digest "'https://127.0.0.1:8443/SHA256SUMS' says"
release 2.0.0
(cd "$vendor" && minisign -S -W -s other.key -m SHA256SUMS -x SHA256SUMS.minisig >/dev/null 2>&1)
publish "$vendor/SHA256SUMS.minisig" SHA256SUMS.minisig
refused "a signature by another key" signature "which is not trusted here; keys.d has"
configure canary-wrong
asked=$(wc -l <"$nginx_log")
refused "a wrong password for the proxy" http "proxy: "
expect_eq "a wrong password for the proxy: requests to the origin" 0 "$(($(wc -l <"$nginx_log") - asked))"
configure canary-proxy
printf 'canary-stale\n' | host_write /etc/credstore/vendor-token
refused "a wrong token" http "the credentials (auth:) were refused"
printf 'canary-token\n' | host_write /etc/credstore/vendor-token
release 2.0.0
apply
expect_pass "when all is well again" 0 update
expect_eq "running version" 2.0.0 "$(service_running)"

step "a key that is taken away is missed"
host_run mv /etc/provisor/keys.d/vendor.pub /root/
apply
expect_pass "pass" 1 fail
expect_eq "kind of error" signature "$(pass_value '.components[0].error.kind')"
expect_has "verify" "$(host_run provisor verify 2>&1 || true)" "which is not trusted any more"
host_run mv /root/vendor.pub /etc/provisor/keys.d/

step "the daemon does the same in its sandbox"
printf '[Service]\nLoadCredential=vendor-token\n' | host_write /etc/systemd/system/provisor.service.d/token.conf
host_run rm /etc/credstore/vendor-token
printf 'canary-token\n' | host_write /run/credstore/vendor-token
host_run systemctl daemon-reload
release 1.1.0
host_run systemctl start provisor.service
runs() { [ "$(service_running)" = "$1" ]; }
eventually 30 runs 1.1.0 || fails "the daemon installed nothing: $(host_journal -o cat -u provisor.service | tail -n 5)"
holds "the daemon has installed 1.1.0"
host_run systemctl stop provisor.service

step "the proxy has heard nothing of all that"
expect_tunnels "all passes"

step "no secret is written down"
host_run journalctl --sync
for place in /var/lib/provisor /run/provisor /usr/local; do
    expect_eq "files with a secret in $place" "" "$(host_run grep -rl canary "$place" || true)"
done
expect_lacks "the journal" "$(host_journal -o export --all)" canary
expect_lacks "output" "$(cat "$work"/pass.json "$work"/pass.err; host_run provisor show app; host_run provisor status)" canary
