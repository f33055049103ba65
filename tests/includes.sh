#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who may include whom (ARCHITECTURE.md, and the CMakeLists.txt of each room), checked on the include lines themselves; and no
# third-party header in any header of ours.
set -u
cd "$(dirname "$0")/../agent" || exit 1
bad=0

complain() {
    echo "$1"
    bad=1
}

# What a room links is what it may include besides itself, and what stands in backquotes in its row of ARCHITECTURE.md's table: single
# headers of a room that it does not link. (tests/documents.sh compares the rest of that table with what the rooms link.)
for room in */; do
    room=${room%/}
    links=$(sed -n '/^provisor_room(/,/)$/p' "$room/CMakeLists.txt" | grep -oE '\bprovisor_[a-z]+' | grep -vx provisor_room | sed 's/^provisor_//')
    pattern=$(printf '%s/|' "$room" $links)
    for header in $(awk -F'|' -v room=" \`$room/\` " '$2 == room { print $4 }' ../ARCHITECTURE.md | grep -oE '`[^`]+`' | tr -d '`'); do
        pattern+="$header\"|"
        grep -rqF "#include \"$header\"" "$room" || complain "ARCHITECTURE.md: $room/ need not include $header"
        [[ $header = */*.hpp && " $links " != *" ${header%%/*} "* ]] || complain "ARCHITECTURE.md: $room/ includes $header, which needs no word"
    done
    while IFS= read -r line; do
        [ -n "$line" ] && complain "not allowed: agent/$line"
    done < <(grep -rnE '^#include "[a-z]+/' "$room" | grep -vE "#include \"(${pattern%|})" || true)
done

third_party='<(yaml-cpp|curl|spdlog|fmt|nlohmann|CLI|openssl|systemd|archive|zlib|zstd|gtest|gmock|selinux|sys/capability)'
while IFS= read -r line; do
    [ -n "$line" ] && complain "third-party header in a header: agent/$line"
done < <(grep -rnE "^#include $third_party" --include='*.hpp' . || true)

# Each foreign library has one room; the agent itself links neither curl nor TLS.
owner() {
    while IFS= read -r line; do
        [ -n "$line" ] && complain "$1 belongs to $2 alone: agent/$line"
    done < <(grep -rnE "^#include <$1" . | grep -vE "^\./($2)/" || true)
}
owner curl/ fetch
owner archive unpack
owner zlib unpack
owner zstd unpack
owner 'systemd/sd-bus' units
owner 'systemd/sd-journal' journal
owner yaml-cpp model
owner 'sys/capability' model
owner 'selinux/' install
owner 'openssl/(ssl|x509)' fetch
owner 'openssl/evp' 'base|trust'
owner 'CLI/' cli
# A kill(2) with a pid of 0 or -1 ends more than one process.
while IFS= read -r line; do
    [ -n "$line" ] && complain "not with kill_process(): agent/$line"
done < <(grep -rnE '(::|[^_a-z.>"`])kill\(' --include='*.cpp' . | grep -v '^\./base/kill_process.cpp:' || true)
exit $bad
