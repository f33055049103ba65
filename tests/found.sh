#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each source of agent/ has a test that can be found: a file tests/…/NAME_test.cpp of the same name, or a line in its header (in
# itself, when it has none), or several, that names the files which test it:
#   // Tested by tests/unit/base/contained_test.cpp, tests/system/stories/check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# Sources without a test of their own, and why.
exceptions='
agent/base/random.cpp: a number that nobody can guess has nothing to compare it with
agent/cli/progress_line.cpp: only drawn on a terminal, which no test has
'

bad=0
complain() {
    echo "$1"
    bad=1
}

declare -A has_test excepted lines
while IFS= read -r -d '' file; do
    name=${file##*/}
    [[ $file != tests/* ]] || has_test[${name%_test.cpp}]=yes
done < <(tests/tracked '*_test.cpp')
while IFS=: read -r source _; do
    [ -z "$source" ] || excepted[$source]=yes
done <<<"$exceptions"
while IFS=: read -r file line; do
    lines[$file]+=" ${line#// Tested by }"
done < <(grep -rHE '^// Tested by ' agent || true)

sources=0
named=0
while IFS= read -r -d '' source; do
    [[ $source = agent/* ]] || continue
    sources=$((sources + 1))
    file=${source%.cpp}.hpp
    [ -e "$file" ] || file=$source
    line=${lines[$file]-}
    name=${source##*/}
    name=${name%.cpp}
    if [ -n "${has_test[$name]-}" ]; then
        [ -z "$line" ] || complain "$file: has ${name}_test.cpp, and need not name it"
    elif [ -n "${excepted[$source]-}" ]; then
        [ -z "$line" ] || complain "$file: names a test, and is an exception in tests/found.sh"
    elif [ -z "$line" ]; then
        complain "$file: there is no ${name}_test.cpp; name what tests it in a line '// Tested by tests/…', or write a test"
    else
        named=$((named + 1))
    fi
    for test in ${line//,/ }; do
        case $test in
        tests/*_test.cpp | tests/system/stories/*.sh | tests/system/packages/*.sh) [ -e "$test" ] || complain "$file: there is no '$test'" ;;
        *) complain "$file: '$test' is no file of a test" ;;
        esac
    done
done < <(tests/tracked '*.cpp')
[ $sources -gt 0 ] && [ ${#has_test[@]} -gt 0 ] || complain "there are no sources or no tests"
for source in "${!excepted[@]}"; do
    [ -e "$source" ] || complain "tests/found.sh: there is no '$source' to except"
done
[ $bad = 0 ] && echo "$sources sources, of which $named name their tests"
exit $bad
