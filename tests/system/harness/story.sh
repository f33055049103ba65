# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every story starts with: checks that this machine can run one, a private mount and process namespace (so that a
# killed story leaves neither mounts nor processes), a work folder, assertions, and clean-up. A story says
#     . "$(dirname "$0")/../harness/story.sh"
# and then speaks to host.sh (the booted machine) and origin.sh (the HTTP servers). It runs alone as well:
#     tests/system/stories/forced_reinstall.sh [BUILD FOLDER]
set -Eeuo pipefail
export LC_ALL=C.UTF-8 LANG=C.UTF-8

harness=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$harness/../../.." && pwd)
story=$(basename "$0" .sh)
build=$(cd "${1:-${PROVISOR_BUILD:-$source_dir/build/tests}}" && pwd)

skip() {
    printf 'SKIPPED %s: %s\n' "$story" "$*" >&2
    exit 77
}

# ---- the namespace of one's own ------------------------------------------------------------------------------------
if [ "${PROVISOR_STORY_PID:-}" != 1 ]; then
    reason=$("$harness/can-host") || skip "$reason"
    PROVISOR_STORY_PID=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
        bash "$0" "$build" </dev/null
fi

# ---- work folder, end of the story ---------------------------------------------------------------------------------
work=$build/system/$story
rm -rf --one-file-system "$work"
mkdir -p "$work"
at_end=()

# Registers a command that runs when the story ends, however it ends; the last registered runs first.
finally() { at_end=("$*" "${at_end[@]}"); }

end_story() {
    local status=$?
    trap - EXIT ERR
    set +e
    if [ $status != 0 ] && [ $status != 77 ]; then
        printf '\n---- %s failed; what the host says (all of it in %s) ----\n' "$story" "$work"
        declare -F host_dump >/dev/null && host_dump
    fi
    local command
    for command in "${at_end[@]}"; do eval "$command"; done
    [ $status != 0 ] || printf 'story %s: %d assertions hold\n' "$story" "$assertions"
    exit $status
}
trap end_story EXIT
trap 'printf "%s:%s: command failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# ---- assertions: each says what holds, so that the output of a story reads as its protocol --------------------------
assertions=0

step() { printf '\n== %s\n' "$*"; }

holds() {
    assertions=$((assertions + 1))
    printf '   ok  %s\n' "$*"
}

fails() {
    printf '   NOT %s\n' "$*" >&2
    printf '       at %s line %s\n' "$(basename "$0")" "$(story_line)" >&2
    exit 1
}

# The line of the story (not of the harness) that is running.
story_line() {
    local i
    for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
        [ "${BASH_SOURCE[i]}" -ef "$0" ] && { echo "${BASH_LINENO[i - 1]}"; return; }
    done
}

# expect_eq WHAT WANTED ACTUAL
expect_eq() {
    if [ "$2" = "$3" ]; then holds "$1: $3"; else fails "$1: expected '$2', got '$3'"; fi
}

# expect_le WHAT LIMIT ACTUAL   (whole numbers)
expect_le() {
    if [ "$3" -le "$2" ]; then holds "$1: $3 (at most $2)"; else fails "$1: expected at most $2, got $3"; fi
}

# expect_has WHAT TEXT PART   and   expect_lacks WHAT TEXT PART
expect_has() {
    case $2 in *"$3"*) holds "$1: says '$3'" ;; *) fails "$1: expected '$3' in: $2" ;; esac
}
expect_lacks() {
    case $2 in *"$3"*) fails "$1: did not expect '$3' in: $2" ;; *) holds "$1: nothing of '$3'" ;; esac
}

# expect_same_file WHAT A B
expect_same_file() {
    if cmp -s "$2" "$3"; then holds "$1"; else fails "$1: $2 and $3 differ"; fi
}

# eventually SECONDS COMMAND...: until the command succeeds; prints nothing.
eventually() {
    local deadline=$((SECONDS + $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.05
    done
}

now_ms() { date +%s%3N; }

. "$harness/host.sh"
. "$harness/origin.sh"

# What most stories begin with: a booted machine with the package but without its daemon, since the story makes the passes,
# and an origin that has version 1.0.0 of the service as `app`.
host_and_origin_with_app() {
    host_boot
    host_install_deb
    daemon_off
    origin_start
    publish "$(service_program 1.0.0)" app
}
