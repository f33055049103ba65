#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real caches on the way to an origin, as their packages configure them: an unchanged pass transfers no body and asks the origin
# itself, and the next pass after a change installs it. The origin's files are a year old, so that a cache may take them for fresh for
# weeks (RFC 9111, 4.2.2).
. "$(dirname "$0")/../harness/check.sh"
provisor=$(find "$build/bin" -name provisor -type f)
command -v nginx >/dev/null || skip "nginx is not installed"
origin=$scratch/origin log=$scratch/origin.log
mkdir -p "$origin" "$scratch/nginx"
mkdir -m 1777 "$scratch/open"
chmod 0755 "$scratch" "$origin"
processes=()
end_processes() {
    [ ${#processes[@]} -eq 0 ] || kill "${processes[@]}" 2>/dev/null || true
    wait
}
trap 'end_processes; rm -rf "$scratch" /dev/shm/provisor$$-*' EXIT

port=18200
free_port() {
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    port=$((port + 1))
    echo $((port - 1))
}
# started NAME PORT COMMAND...: runs it until the end, and waits until it listens.
started() {
    local name=$1 at=$2
    shift 2
    "$@" >"$scratch/$name.out" 2>&1 &
    processes+=($!)
    for _ in $(seq 100); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null || return 0
        sleep 0.1
    done
    fails "$name does not listen: $(tail -n 5 "$scratch/$name.out")"
}
publish() {
    printf '#!/bin/sh\necho %s\n' "$1" >"$origin/app.new"
    head -c 200000 /dev/zero | tr '\0' '#' >>"$origin/app.new"
    touch -d "$2" "$origin/app.new"
    chmod 0644 "$origin/app.new"
    mv "$origin/app.new" "$origin/app"
}

origin_port=$(free_port) && port=$((origin_port + 1))
cat >"$scratch/nginx.conf" <<CONF
user root; daemon off; pid $scratch/nginx/pid; error_log $scratch/nginx/error.log;
events {}
http {
    log_format counted '\$status \$body_bytes_sent \$http_cache_control';
    client_body_temp_path $scratch/nginx/1; proxy_temp_path $scratch/nginx/2; fastcgi_temp_path $scratch/nginx/3;
    uwsgi_temp_path $scratch/nginx/4; scgi_temp_path $scratch/nginx/5;
    server { listen 127.0.0.1:$origin_port; root $origin; access_log $log counted; }
}
CONF
publish 1 "1 year ago"
started origin "$origin_port" nginx -c "$scratch/nginx.conf"

# Each sets $url, and $proxy where the cache is one.
start_squid() {
    local at
    at=$(free_port) && port=$((at + 1))
    # Debian's own file but for the port, and for what belongs to the machine: names of files and of the host.
    { grep -v '^http_port' /etc/squid/squid.conf
      printf '%s\n' "http_port 127.0.0.1:$at" "pid_filename $scratch/open/squid.pid" "visible_hostname cache" \
          "access_log none" "cache_log $scratch/open/squid.log" "coredump_dir $scratch/open" "shutdown_lifetime 0 seconds"; } >"$scratch/squid.conf"
    started squid "$at" squid -N -n "provisor$$" -f "$scratch/squid.conf"
    url=http://127.0.0.1:$origin_port/app proxy=http://127.0.0.1:$at
}
start_varnish() {
    local at
    at=$(free_port) && port=$((at + 1))
    # By default Varnish ignores Cache-Control of requests, and answers from its copy for two minutes.
    cat >"$scratch/varnish.vcl" <<CONF
vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "$origin_port"; }
sub vcl_recv { if (req.http.Cache-Control ~ "no-cache") { set req.hash_always_miss = true; } }
CONF
    started varnish "$at" varnishd -F -a "127.0.0.1:$at" -f "$scratch/varnish.vcl" -n "$scratch/varnish" -s malloc,16m -j none
    url=http://127.0.0.1:$at/app
}
start_nginx() {
    local at
    at=$(free_port) && port=$((at + 1))
    mkdir -p "$scratch/nginx-cache"
    cat >"$scratch/cache.conf" <<CONF
user root; daemon off; pid $scratch/nginx-cache/pid; error_log $scratch/nginx-cache/error.log;
events {}
http {
    access_log off; proxy_cache_path $scratch/nginx-cache/kept keys_zone=kept:1m; proxy_temp_path $scratch/nginx-cache/2;
    client_body_temp_path $scratch/nginx-cache/1; fastcgi_temp_path $scratch/nginx-cache/3;
    uwsgi_temp_path $scratch/nginx-cache/4; scgi_temp_path $scratch/nginx-cache/5;
    server { listen 127.0.0.1:$at; location / { proxy_pass http://127.0.0.1:$origin_port; proxy_cache kept; proxy_cache_revalidate on; proxy_cache_bypass \$http_cache_control; } }
}
CONF
    started nginx "$at" nginx -c "$scratch/cache.conf"
    url=http://127.0.0.1:$at/app
}
start_haproxy() {
    local at
    at=$(free_port) && port=$((at + 1))
    cat >"$scratch/haproxy.cfg" <<CONF
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
cache kept
    total-max-size 16
    max-object-size 1000000
    max-age 86400
frontend front
    bind 127.0.0.1:$at
    default_backend origin
backend origin
    http-request cache-use kept
    http-response cache-store kept
    server one 127.0.0.1:$origin_port
CONF
    started haproxy "$at" haproxy -db -f "$scratch/haproxy.cfg"
    url=http://127.0.0.1:$at/app
}

get_as_others_do() {
    local peer=${proxy:-${url%/app}}
    peer=${peer#http://}
    exec 3<>"/dev/tcp/${peer%:*}/${peer#*:}"
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$([ -n "$proxy" ] && echo "$url" || echo /app)" "$peer" >&3
    cat <&3
    exec 3>&-
}
# pass WHAT DECISION: a pass, and what it decides.
pass() {
    : >"$log"
    "$provisor" --root "$root" --json apply >"$scratch/pass.json" 2>"$scratch/pass.err" || true
    expect_eq "$1: decision" "$2" "$(jq -r '.components[0].decision' "$scratch/pass.json")"
}
tried=0
for cache in squid varnish nginx haproxy; do
    program=$cache
    [ $cache != varnish ] || program=varnishd
    command -v $program >/dev/null || { printf 'SKIPPED: %s is not installed\n' "$cache" >&2; continue; }
    tried=$((tried + 1))
    url='' proxy='' root=$scratch/root-$cache
    publish 1 "1 year ago"
    start_$cache
    mkdir -p "$root/etc/provisor/components.d"
    printf 'components:\n  app: { url: "%s", path: /opt/app, mode: "0755" }\n' "$url" >"$root/etc/provisor/components.d/app.yaml"
    printf 'proxy: "%s"\n' "$proxy" >"$root/etc/provisor/agent.yaml"

    # Somebody else, who does not mind its age, has brought it into the cache.
    get_as_others_do >"$scratch/got"
    [ "$(wc -c <"$scratch/got")" -gt 200000 ] || fails "$cache does not pass on what the origin has: $(head -n 1 "$scratch/got")"
    pass "$cache, first pass" install
    pass "$cache, unchanged" unchanged
    expect_eq "$cache, unchanged: body bytes to the machine" 0 "$(jq .pass.bytes "$scratch/pass.json")"
    # What a cache makes of it is its own affair; it has to ask.
    [ -s "$log" ] || fails "$cache, unchanged: the origin was not asked"
    holds "$cache, unchanged: the origin was asked, and sent: $(head -n 1 "$log")"
    publish 2 "6 months ago"
    pass "$cache, after a change" update
    cmp -s "$origin/app" "$root/opt/app" || fails "$cache: something else than the origin's content is installed"
    pass "$cache, unchanged again" unchanged
    expect_eq "$cache, unchanged again: body bytes to the machine" 0 "$(jq .pass.bytes "$scratch/pass.json")"
done
[ $tried -eq 4 ] || { [ $tried -gt 0 ] || skip "no cache is installed"; }
