#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who builds from source gets hardened programs as well: the release preset is built and looked at, and what packaging/quickstart
# builds is the result of the same commands.
. "$(dirname "$0")/../harness/check.sh"
. "$(dirname "$0")/../harness/hardened.sh"
cd "$source_dir" || exit
programs=(provisor provisor-fetch provisor-unpack)

# configured FOLDER OPTION...: configures, and prints the commands that make the programs, without the name of the folder.
configured() {
    local folder=$1
    shift
    cmake -S . -B "$folder" -G Ninja "$@" >"$scratch/log" 2>&1 || fails "cmake $*: $(tail -n 5 "$scratch/log")"
    ninja -C "$folder" -t commands "${programs[@]}" | sed "s#$folder#BUILD#g" | sort
}
configured "$scratch/release" --preset release >"$scratch/release.commands"
read -ra options <<<"$(sed -n 's/^quietly cmake -S \. -B \$build -G Ninja \(.*\)/\1/p' packaging/quickstart)"
[ ${#options[@]} -gt 0 ] || fails "packaging/quickstart configures in another way than this test knows"
expect_eq "programs that it links" 3 "$(grep -c ' -o bin/provisor' "$scratch/release.commands")"
configured "$scratch/quickstart" "${options[@]}" >"$scratch/quickstart.commands"
expect_eq "commands of packaging/quickstart that differ from the release preset's" "" \
    "$(diff "$scratch/release.commands" "$scratch/quickstart.commands" || true)"

# As one file a room, which takes half of the time and has the same flags.
export SOURCE_DATE_EPOCH=1800000000
cmake -B "$scratch/release" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 >/dev/null
cmake --build "$scratch/release" --parallel "$(nproc)" --target "${programs[@]}" >"$scratch/log" 2>&1 || fails "$(tail -n 20 "$scratch/log")"
expect_hardened "the release preset" "$scratch/release/bin/provisor" "$scratch/release/bin/provisor-fetch" "$scratch/release/bin/provisor-unpack"

# The bill of materials of the same programs, twice.
cmake --build "$scratch/release" --target provisor_sbom >/dev/null
sbom=$scratch/release/packaging/provisor.spdx.json
mv "$sbom" "$scratch/first.json"
cmake --build "$scratch/release" --target provisor_sbom >/dev/null
expect_eq "digest of the second bill of materials" "$(sha256sum <"$scratch/first.json")" "$(sha256sum <"$sbom")"
expect_eq "when it says that it was made" 2027-01-15T08:00:00Z "$(jq -r .creationInfo.created "$sbom")"
