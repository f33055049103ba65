#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each promise of SECURITY.md names the tests that hold it: the last column of its tables, in backquotes. This looks that
# each row of a table with a column "held by" names at least one, and that all of them exist:
#   `Suite.Test`   a GoogleTest case (a * stands for any end)        `RowN`   a row of the fault matrix, tests/faults
#   `system.NAME`  a story, `package.NAME` a test of the packages    `a/path` a file or directory of the repository
# Usage: tests/promises.sh [FILE]
set -euo pipefail
cd "$(dirname "$0")/.."
document=${1:-SECURITY.md}

cases=$(grep -rhoE '^TEST(_F|_P)?\([A-Za-z0-9_]+, *[A-Za-z0-9_]+' tests --include='*.cpp' |
    sed -E 's/^TEST(_F|_P)?\(//; s/, */./')
rows=$(grep -rhoE '\bRow[0-9]+[A-Z]' tests/faults --include='*.cpp' | sed 's/.$//' | sort -u)

exists() {
    case $1 in
    */*) [ -e "$1" ] ;;
    system.*) [ -e "tests/system/stories/${1#system.}.sh" ] ;;
    package.*) grep -qF "system_test($1 " tests/system/CMakeLists.txt ;;
    Row*) grep -qxE "Row0*${1#Row}" <<<"$rows" ;;
    *.\*) grep -qF "${1%\*}" <<<"$cases" ;;
    *\*) grep -qE "^${1%\*}[A-Za-z0-9_]*$" <<<"$cases" ;;
    *.*) grep -qxF "$1" <<<"$cases" ;;
    *) false ;;
    esac
}

bad=0
promises=0
held=no
while IFS= read -r line; do
    case $line in
    '|'*'| held by |') held=yes && continue ;;
    '| ---'*) continue ;;
    '|'*) [ $held = yes ] || continue ;;
    *) held=no && continue ;;
    esac
    promises=$((promises + 1))
    column=$(awk -F'|' '{print $(NF-1)}' <<<"$line")
    names=$(grep -oE '`[^`]+`' <<<"$column" | tr -d '`' || true)
    if [ -z "$names" ]; then
        # A row that says that there is no defence promises nothing.
        grep -q 'not promised' <<<"$column" && continue
        echo "$document: names no test: $line"
        bad=1
    fi
    for name in $names; do
        exists "$name" || { echo "$document: there is no test '$name': $line"; bad=1; }
    done
done <"$document"
[ $promises -gt 0 ] || { echo "$document: no promises found"; bad=1; }
[ $bad = 0 ] && echo "$document: $promises promises, each held by tests that exist"
exit $bad
