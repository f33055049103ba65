# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# HTTP servers inside the host's network namespace, started from here: nothing is installed in the host for them, and
# two hosts never disagree about a port.

origin_dir=$work/origin         # what is served
origin_log=$work/origin.log     # a line per request: method path status body-bytes if-none-match
nginx_log=$work/nginx.log       # the same of nginx, and the ETag of the answer
touch "$origin_log" "$nginx_log"

# origin_start [PORT]: provisor-test-origin with strong ETags of the content.
origin_start() {
    local port=${1:-8000} pid
    mkdir -p "$origin_dir"
    : >"$origin_log"
    nsenter -t "$host_leader" -n "$(built_program provisor-test-origin)" --listen "127.0.0.1:$port" \
        --root "$origin_dir" --log "$origin_log" >>"$work/origin.out" 2>&1 &
    pid=$!
    finally "kill $pid 2>/dev/null"
    eventually 60 listens "$port" || fails "the test origin does not listen: $(cat "$work/origin.out")"
}

# nginx_start PORT: standard input is the content of the server block.
nginx_start() {
    local port=$1 pid
    command -v nginx >/dev/null || skip "nginx is not installed"
    mkdir -p "$work/nginx" "$origin_dir"
    : >"$nginx_log"
    chmod 0755 "$work" "$origin_dir"
    {
        cat <<CONF
user root;
daemon off;
master_process off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events {}
http {
    log_format counted '\$request_method \$uri \$status \$body_bytes_sent \$http_if_none_match \$sent_http_etag';
    access_log $nginx_log counted;
    default_type application/octet-stream;
    client_body_temp_path $work/nginx; proxy_temp_path $work/nginx; fastcgi_temp_path $work/nginx;
    uwsgi_temp_path $work/nginx; scgi_temp_path $work/nginx;
    server {
        listen 127.0.0.1:$port;
        root $origin_dir;
CONF
        cat
        printf '    }\n}\n'
    } >"$work/nginx/nginx.conf"
    nsenter -t "$host_leader" -n nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" >>"$work/nginx/out" 2>&1 &
    pid=$!
    finally "kill $pid 2>/dev/null"
    eventually 60 listens "$port" || fails "nginx does not listen: $(cat "$work/nginx/out" "$work/nginx/error.log")"
}

# Whether somebody accepts connections on a port of the host; leaves no line in a server's log.
listens() { nsenter -t "$host_leader" -n bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"; }

# publish FILE NAME: under a new inode, whole at once, and a second later than anything before: nginx makes its ETag of size
# and whole seconds, so two files of one size and one second would be one and the same to everybody who asks.
published=$(($(date +%s) - 3600))
publish() {
    mkdir -p "$(dirname "$origin_dir/$2")"
    cp "$1" "$origin_dir/$2.new~"
    published=$((published + 1))
    touch -d "@$published" "$origin_dir/$2.new~"
    mv "$origin_dir/$2.new~" "$origin_dir/$2"
}

# requests [PATH [STATUS]]: how many the servers have logged.
requests() {
    cat "$origin_log" "$nginx_log" |
        awk -v path="${1:-}" -v status="${2:-}" '(path == "" || $2 == path) && (status == "" || $3 == status)' | wc -l
}

# body_bytes [PATH]: bytes of bodies sent in answers 200 and 206.
body_bytes() {
    cat "$origin_log" "$nginx_log" |
        awk -v path="${1:-}" '(path == "" || $2 == path) && ($3 == 200 || $3 == 206) { sum += $4 } END { print sum + 0 }'
}
