#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# provisor-origin(7) in practice: two successive builds of a large program, published with config/origin on a real nginx,
# and what travels of them. The figures are nginx' own counts of body bytes.
. "$(dirname "$0")/../harness/check.sh"
for program in nginx zstd g++; do
    command -v $program >/dev/null || skip "$program is not installed"
done
provisor=$(find "$build/bin" -name provisor -type f)
served=$scratch/served root=$scratch/root log=$scratch/access.log
mkdir -p "$served" "$scratch/nginx" "$root/etc/provisor/components.d"
chmod 0755 "$scratch" "$served"

# ---- a large program, built three times ----------------------------------------------------------------------------------
# All of some large libraries in one file. From build to build a function is added before them, so that everything that
# follows moves, as it does in every real build.
cat >"$scratch/program.cpp" <<'CODE'
#include <iostream>
#include <string>
#if BUILD > 1
__attribute__((noinline)) std::string added(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == 'q' ? std::string("something that is new in this build") : std::string(1, c ^ BUILD);
    return out;
}
#endif
int main(int argc, char** argv) {
    std::cout << "build " << BUILD << " " << argc << "\n";
#if BUILD > 1
    if (argc > 9) std::cout << added(argv[0]);
#endif
}
CODE
library() { find /usr/lib /usr/lib64 -name "$1" -print -quit 2>/dev/null; }
whole=()
for name in libcrypto.a libssl.a libyaml-cpp.a libicuuc.a libicui18n.a libicudata.a; do
    found=$(library $name)
    [ -z "$found" ] || whole+=("$found")
done
[ ${#whole[@]} -ge 3 ] || skip "there are no static libraries to make a large program of"
for number in 1 2 3; do
    g++ -O1 -DBUILD=$number "$scratch/program.cpp" -o "$scratch/build-$number" \
        -Wl,--whole-archive "${whole[@]}" -Wl,--no-whole-archive -ldl -lpthread
    expect_eq "build $number runs" "build $number 1" "$("$scratch/build-$number")"
done
size=$(stat -c %s "$scratch/build-2")
[ "$size" -gt 10000000 ] || fails "the program has only $size bytes"

# ---- the origin ------------------------------------------------------------------------------------------------------------
port=18000
while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
cat >"$scratch/nginx.conf" <<CONF
user root;
daemon off;
master_process off;
pid $scratch/nginx/pid;
error_log $scratch/nginx/error.log;
events {}
http {
    log_format counted '\$request_uri \$status \$body_bytes_sent \$sent_http_content_encoding';
    access_log $log counted;
    default_type application/octet-stream;
    client_body_temp_path $scratch/nginx; proxy_temp_path $scratch/nginx; fastcgi_temp_path $scratch/nginx;
    uwsgi_temp_path $scratch/nginx; scgi_temp_path $scratch/nginx;
    include $source_dir/config/origin/nginx-http.conf;
    server {
        listen 127.0.0.1:$port;
        root $served;
        location / { include $source_dir/config/origin/nginx-location.conf; }
        location /plain/ { alias $served/; }
    }
}
CONF
touch "$log"
nginx -p "$scratch/nginx" -c "$scratch/nginx.conf" 2>"$scratch/nginx/out" &
nginx=$!
trap 'kill $nginx 2>/dev/null; wait $nginx 2>/dev/null; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done

# ---- what a pass costs -----------------------------------------------------------------------------------------------------
manifest() { # PATH
    printf 'components:\n  app:\n    url: http://127.0.0.1:%s/%s\n    path: /usr/local/bin/app\n    mode: "0755"\n' "$port" "$1" \
        >"$root/etc/provisor/components.d/app.yaml"
}
# pass DECISION BUILD: runs one; $answers are what nginx says of it: path, status, body bytes and coding of each.
pass() {
    local before
    before=$(wc -l <"$log")
    "$provisor" --root "$root" --json apply >"$scratch/report.json" 2>"$scratch/err" || fails "$(cat "$scratch/err")"
    for _ in $(seq 50); do [ "$(wc -l <"$log")" -gt "$before" ] && break; sleep 0.02; done
    answers=$(tail -n +$((before + 1)) "$log")
    expect_eq "decision" "$1" "$(jq -r '.components[0].decision' "$scratch/report.json")"
    cmp -s "$scratch/build-$2" "$root/usr/local/bin/app" || fails "build $2 is not what is installed"
    holds "build $2 is installed, byte by byte"
}
codings() { awk '{ print $2, $4 }' <<<"$answers" | paste -sd,; }
bytes() { awk '{ sum += $3 } END { print sum + 0 }' <<<"$answers"; }
# at_most WHAT PERCENT: of the program's size.
at_most() {
    local permille=$(($(bytes) * 1000 / size))
    printf '    %s: %s of %s bytes travelled, 0.%03d of the size\n' "$1" "$(bytes)" "$size" $permille
    [ $permille -le $(($2 * 10)) ] || fails "$1: more than 0.$2 of the size travelled"
    holds "$1: at most 0.$2 of the size"
}
# A second later than anything before: nginx' tags are made of whole seconds.
published=$(($(date +%s) - 3600))
publish() { # BUILD PATH [OLDER BUILDS...]
    local file=$served/$2 older=()
    mkdir -p "$(dirname "$file")"
    for number in "${@:3}"; do older+=("$scratch/build-$number"); done
    cp "$scratch/build-$1" "$file.new"
    "$source_dir/config/origin/encode-release" --level "${level:-9}" "$file.new" "${older[@]}" >"$scratch/encoded"
    published=$((published + 1))
    find "$file.new" "$file.new.encoded" -type f -exec touch -d "@$published" {} +
    rm -rf "$file.encoded"
    mv "$file.new" "$file"
    mv "$file.new.encoded" "$file.encoded"
}

manifest app
level=19 publish 1 app
pass install 1
expect_eq "what came" "200 zstd" "$(codings)"
size=$(stat -c %s "$scratch/build-1")
at_most "an origin that offers zstd" 30

size=$(stat -c %s "$scratch/build-2")
publish 2 app 1
pass update 2
expect_eq "what came" "200 dcz" "$(codings)"
at_most "an origin that offers the difference" 06

pass unchanged 2
expect_eq "what an unchanged pass costs" "304 dcz" "$(codings)"
expect_eq "body bytes of an unchanged pass" 0 "$(bytes)"

publish 3 app 2 1
pass update 3
expect_eq "the next one: a byte as a sign of change, then the difference to the newest" "206 dcz,200 dcz" "$(codings)"
at_most "the version after that" 06

# ---- the next version at a URL of its own, and an origin that knows nothing of all this ---------------------------------------
manifest v2/app-2
publish 2 v2/app-2 3
pass update 2
expect_eq "at another URL" "200 dcz" "$(codings)"
manifest plain/app
pass update 3
expect_eq "from an origin without encodings" "200 -" "$(codings)"
expect_eq "all of it" "$(stat -c %s "$scratch/build-3")" "$(bytes)"
manifest gone/app
! "$provisor" --root "$root" apply >/dev/null 2>&1 || fails "what is not published was installed"
holds "what is not published is not found"

# ---- what the names in a request can reach ------------------------------------------------------------------------------------
request() { # DICTIONARY: the status and coding of an answer to who offers that
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /app HTTP/1.0\r\nAccept-Encoding: dcz\r\nAvailable-Dictionary: %s\r\n\r\n' "$1" >&3
    head -c 1024 <&3 | tr -d '\r' |
        awk 'NR == 1 { status = $2 } /^$/ { over = 1 } !over && tolower($1) == "content-encoding:" { coding = $2 }
             END { print status, coding }'
    exec 3<&-
}
expect_eq "a dictionary that is known" "200 dcz" "$(request ":$(cd "$served/app.encoded/dcz" && find . -type f -printf '%P\n' | head -n 1):")"
expect_eq "a dictionary nobody knows" "200 " "$(request ":$(head -c 32 /dev/zero | base64):")"
echo secret >"$scratch/secret="
expect_eq "a name that leads elsewhere" "200 " "$(request ":././././././././././././././../../../secret=:")"
