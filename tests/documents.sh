#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the documents list is what there is:
#   - each path in backquotes of README, ARCHITECTURE, CONTRIBUTING, SECURITY and RELEASING exists, and so does each function, and each
#     document that any file of the repository names
#   - ARCHITECTURE's table of rooms allows what the rooms of agent/ link (tests/includes.sh checks the include lines)
#   - provisor-manifest(5) and provisor-agent.yaml(5) have the keys of config/schema, each in its section, and no other
#     (schema_test compares these with the decoders), and the defaults of config/agent.yaml (agent_config_test likewise)
#   - provisor(8) has the commands, options, exit statuses, decisions, kinds of errors, fields of the journal and of the JSON of
#     agent/, and no other
#   - the packages and CHANGELOG.md have the version of CMakeLists.txt
# Usage: tests/documents.sh [FOLDER]   where the documents are, with their paths; the repository without it
set -euo pipefail
cd "$(dirname "$0")/.."
documents=${1:-.}
man=$documents/packaging/man
bad=0

complain() {
    echo "$1"
    bad=1
}

# same WHAT DOCUMENTED THERE: lists of a word a line, in any order. Nothing at all is there only for a room that links none.
same() {
    local word
    [ -n "$3" ] || [[ $1 = *' base/ '* ]] || complain "$1: the sources are written in another way than this script reads"
    while IFS= read -r word; do
        [ -z "$word" ] || complain "$1: '$word' is not documented"
    done < <(comm -13 <(sort -u <<<"$2") <(sort -u <<<"$3"))
    while IFS= read -r word; do
        [ -z "$word" ] || complain "$1: '$word' is documented, and there is no such thing"
    done < <(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3"))
}

# ---- paths and functions ---------------------------------------------------------------------------------------------------
exists() {
    local folder
    for folder in . agent tests tests/faults; do
        [ ! -e "$folder/$1" ] || return 0
    done
    return 1
}

# Without what stands between ``` lines, but for the commands there that begin with "./".
words_of() {
    awk '/^```/ { fenced = !fenced; next } !fenced { print }' "$1" | grep -oE '`[^`]+`' | tr -d '`'
    awk '/^```/ { fenced = !fenced; next } fenced { print $1 }' "$1" | grep -E '^\./' || true
}

for document in README ARCHITECTURE CONTRIBUTING SECURITY RELEASING; do
    while IFS= read -r word; do
        word=${word%% *}
        case $word in
        /* | *TARGET* | *[!A-Za-z0-9_./@-]*) continue ;;
        */*) exists "$word" || complain "$document.md: there is no '$word'" ;;
        esac
    done < <(words_of "$documents/$document.md")
done
# A document that any file speaks of is one of the repository.
documents_here=$(tests/tracked '*.md' | tr '\0' '\n' | sed 's|.*/||')
while IFS=: read -r file word; do
    grep -qxF "$word" <<<"$documents_here" || complain "$file: there is no '$word'"
done < <(tests/tracked | grep -zv -e '^tests/fuzz/corpus/' | xargs -0 grep -oHIP '(?<![$\w])[A-Za-z_]+\.md\b')
for name in $(grep -oE '[a-z_]+\(\)' "$documents/ARCHITECTURE.md" | tr -d '()' | sort -u); do
    grep -rqE "\b$name\(" agent || complain "ARCHITECTURE.md: there is no function '$name'"
done

# ---- rooms -----------------------------------------------------------------------------------------------------------------
links_of() {
    sed -n '/^provisor_room(/,/)$/p' "agent/$1/CMakeLists.txt" | grep -oE '\bprovisor_[a-z]+' | grep -vx provisor_room | sed 's/^provisor_//' || true
}
# A room that includes one header of another, which it does not link, has that in backquotes.
allowed_for() {
    awk -F'|' -v room=" \`$1/\` " '$2 == room { print $4 }' "$documents/ARCHITECTURE.md" | sed 's/`[^`]*`//g; s/nothing of ours//' | tr -s ', ' '\n'
}
for room in agent/*/; do
    room=$(basename "$room")
    grep -q "^| \`$room/\`" "$documents/ARCHITECTURE.md" || complain "ARCHITECTURE.md: the table of rooms lacks $room/"
    same "ARCHITECTURE.md, what $room/ may include" "$(allowed_for "$room")" "$(links_of "$room")"
done

# ---- keys and defaults -----------------------------------------------------------------------------------------------------
# The section of a manual page.
section() { awk -v title="# $2" '/^# / { inside = $0 == title; next } inside { print }' "$man/$1.scd"; }
# The words that a list of definitions in it explains: lines of nothing but *WORD*, *WORD*.
defined() { grep -E '^\*[a-z0-9_]+\*(, \*[a-z0-9_]+\*)*$' | grep -oE '[a-z0-9_]+'; }
# What it says of one of them.
definition() {
    awk -v key="*$1*" '/^\*[a-z0-9_]+\*(, \*[a-z0-9_]+\*)*$/ { inside = index($0, key) > 0; next } inside { print }'
}
keys_in() { jq -r "$2 | keys[]" "config/schema/$1.json"; }

component=$(section provisor-manifest.5 'KEYS OF A COMPONENT')
same 'provisor-manifest(5), keys of a component' "$(defined <<<"$component")" "$(keys_in manifest .definitions.component.properties)"
same 'provisor-manifest(5), keys of a unit' "$(section provisor-manifest.5 'KEYS OF A UNIT' | defined)" \
    "$(keys_in manifest .definitions.unit.properties)"
# nested KEY PATH: what is below a key is named in its definition.
nested() {
    local key text
    text=$(definition "$1" <<<"$component")
    for key in $(keys_in manifest "$2"); do
        grep -qE "(\*$key\*|_${key}_|\b$key:)" <<<"$text" || complain "provisor-manifest(5): '$1' does not name '$key'"
    done
}
nested files '.definitions.file.properties | del(.path, .mode, .owner, .group, .capabilities)'
nested health .definitions.health.properties
nested signature '.definitions.signature.oneOf[1].properties'
nested auth .definitions.auth.properties
nested auth .definitions.auth.properties.basic.properties
nested version_from .definitions.component.properties.version_from.properties

settings=$(section provisor-agent.yaml.5 KEYS)
same 'provisor-agent.yaml(5), keys' "$(defined <<<"$settings")" "$(keys_in agent .properties)"
top=
while IFS= read -r line; do
    [[ $line =~ ^([a-z_]+): ]] && top=${BASH_REMATCH[1]} && line=${line#*"$top:"}
    text=$(definition "$top" <<<"$settings")
    [[ $line = *:* ]] || line="$top:$line"
    while IFS= read -r pair; do
        key=${pair%%:*} value=$(tr -d ' "' <<<"${pair#*:}")
        [ "$key" = "$top" ] || grep -qF "*$key*" <<<"$text" || complain "provisor-agent.yaml(5): '$top' does not name '$key'"
        [ -z "$value" ] || grep -qE "_\"?$value\"?[_:]" <<<"$text" ||
            complain "provisor-agent.yaml(5): the default of '$key' is '$value', and '$top' does not say so"
    done < <(grep -oE '[a-z_]+: *[^,{}]*' <<<"$line")
done < <(sed -n 's/^#\( *[a-z_]*:.*\)/\1/p' config/agent.yaml)
for key in $(jq -r '.properties[] | .properties // {} | keys[]' config/schema/agent.json); do
    grep -qF "*$key*" <<<"$settings" || complain "provisor-agent.yaml(5): '$key' is not documented"
done

# ---- what the program says and takes --------------------------------------------------------------------------------------
cli=agent/cli/cli.cpp
same 'provisor(8), commands' "$(section provisor.8 COMMANDS | grep -oE '^\*[a-z]+\*' | tr -d '*')" \
    "$(grep -oE '(add_subcommand|add)\("[a-z]+"' "$cli" | grep -oE '"[a-z]+"' | tr -d '"')"
same 'provisor(8), options' "$(grep -oE '\*--[a-z-]+' "$man/provisor.8.scd" | tr -d '*' | grep -vx -e --help)" \
    "$(grep -oE '"(-[a-z],)?--[a-z-]+"' "$cli" | grep -oE -e '--[a-z-]+')"
same 'provisor(8), fields of the journal' "$(section provisor.8 JOURNAL | grep -oE 'PROVISOR_[A-Z0-9_]*[A-Z0-9]')" \
    "$(grep -rhoE '"PROVISOR_[A-Z0-9_]+"' agent | tr -d '"')"
same 'provisor(8), decisions' "$(section provisor.8 DECISIONS | defined)" \
    "$(sed -n '/^std::string_view to_string(Decision/,/^}/p' agent/model/report.cpp | grep -oE '"[a-z]+"' | tr -d '"')"
same 'provisor(8), exit statuses' "$(section provisor.8 'EXIT STATUS' | defined)" \
    "$(grep -oE '\bexit_[a-z_]+ = [0-9]+' agent/cli/context.hpp | grep -oE '[0-9]+')"
same 'provisor(8), the JSON of a pass' "$(section provisor.8 JSON | sed -n '/^```/,/^```/p' | grep -oE '"[a-z0-9_]+"' | tr -d '"')" \
    "$(grep -oE '[{[]"[a-z0-9_]+"' agent/model/report.cpp | grep -oE '[a-z0-9_]+')"
same 'provisor(8), kinds of errors' "$(section provisor.8 DECISIONS | grep -oE '\(_http [a-z ]+_\)' | tr -d '()_' | tr ' ' '\n')" \
    "$(sed -n '/^std::string_view to_string(ErrorKind/,/^}/p' agent/base/error.cpp | grep -oE '"[a-z]+"' | tr -d '"')"

# ---- version ---------------------------------------------------------------------------------------------------------------
version=$(sed -n 's/^project(provisor VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || complain "CMakeLists.txt: '$version' is no version"
# says WHERE VERSION
says() { [ "$2" = "$version" ] || complain "$1 is '$2', and CMakeLists.txt says $version (RELEASING.md)"; }
says 'the version in packaging/debian/changelog' "$(sed -n '1s/^provisor (\(.*\)) .*/\1/p' packaging/debian/changelog)"
says 'the version in packaging/rpm/provisor.spec' "$(sed -n 's/^Version: *//p' packaging/rpm/provisor.spec)"
says 'the last entry of %changelog in packaging/rpm/provisor.spec' \
    "$(sed -n '/^%changelog/{n;s/^\* .* - \(.*\)-[0-9]*$/\1/p}' packaging/rpm/provisor.spec)"
newest=$(sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' "$documents/CHANGELOG.md" | head -n 1)
[ -z "$newest" ] || says 'the last version of CHANGELOG.md' "$newest"
grep -qx '## \[Unreleased\]' "$documents/CHANGELOG.md" || complain "CHANGELOG.md has no [Unreleased] for what comes next"

[ $bad = 0 ] && echo "the documents list what there is"
exit $bad
