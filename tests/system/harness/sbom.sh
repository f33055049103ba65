# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Whether a bill of materials (SPDX 2.3, JSON) fits the programs that it lies beside. For the checks of the packages; comes behind
# check.sh.

# linked SBOM PROGRAM TYPE: the names of what it says is linked so (DYNAMIC_LINK, STATIC_LINK), sorted, on one line.
linked() {
    jq -r --arg from "SPDXRef-Program-$2" --arg type "$3" '(.packages | map({(.SPDXID): .name}) | add) as $name | .relationships[] |
        select(.spdxElementId == $from and .relationshipType == $type) | $name[.relatedSpdxElement]' "$1" | sort | xargs
}

# expect_sbom SBOM VERSION PROGRAM...
expect_sbom() {
    local sbom=$1 version=$2 program name nowhere
    shift 2
    jq -e . "$sbom" >/dev/null || fails "$sbom is not JSON"
    expect_eq "format" "SPDX-2.3 CC0-1.0 SPDXRef-DOCUMENT" "$(jq -r '[.spdxVersion, .dataLicense, .SPDXID] | join(" ")' "$sbom")"
    expect_eq "what it describes" "provisor $version Apache-2.0" "$(jq -r '(.relationships[] | select(.relationshipType == "DESCRIBES") | .relatedSpdxElement) as $id |
        .packages[] | select(.SPDXID == $id) | [.name, .versionInfo, .licenseDeclared] | join(" ")' "$sbom")"
    expect_eq "programs" "$(printf '%s (program)\n' "${@##*/}" | sort)" "$(jq -r '.packages[].name | select(endswith(" (program)"))' "$sbom" | sort)"
    for program in "$@"; do
        name=${program##*/}
        expect_eq "libraries that $name needs" "$(readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | sort | xargs)" \
            "$(linked "$sbom" "$name" DYNAMIC_LINK)"
    done
    expect_eq "libraries without a version" "" "$(jq -r '.packages[] | select((.versionInfo // "NOASSERTION") | test("^(NOASSERTION|)$")) | .name' "$sbom")"
    # Of each element exactly one, and no relationship to what is not there (SPDX 2.3, 7.2 and 11).
    expect_eq "identifiers twice" "" "$(jq -r '.packages[].SPDXID' "$sbom" | sort | uniq -d)"
    nowhere=$(jq -r '([.packages[].SPDXID] + ["SPDXRef-DOCUMENT"]) as $ids | .relationships[] | (.spdxElementId, .relatedSpdxElement) | select(. as $id | $ids | index($id) | not)' "$sbom")
    expect_eq "relationships that lead nowhere" "" "$nowhere"
    expect_eq "identifiers that are not well-formed" "" "$(jq -r '.packages[].SPDXID' "$sbom" | grep -vE '^SPDXRef-[A-Za-z0-9.-]+$' || true)"
    jq -e '.packages | all(has("downloadLocation") and .filesAnalyzed == false)' "$sbom" >/dev/null || fails "a package lacks what SPDX 2.3 demands"
    jq -r .documentNamespace "$sbom" | grep -qE "^https://[^#]*-$version-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$" ||
        fails "its name space is not made from a name (UUID version 5)"
    # Only URLs have a slash, and package URLs.
    expect_eq "paths in it" "" "$(jq -r '.. | strings' "$sbom" | grep / | grep -vE '^(https://|pkg:)' || true)"
}
