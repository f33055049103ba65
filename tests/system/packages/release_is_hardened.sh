#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who builds from source gets hardened programs as well: what packaging/quickstart builds is built and looked at, and the release
# preset builds, and makes the same programs by the same commands, but for the optimisation.
. "$(dirname "$0")/../harness/check.sh"
. "$(dirname "$0")/../harness/hardened.sh"
cd "$source_dir" || exit
programs=(provisor provisor-fetch provisor-unpack)

# configured FOLDER OPTION...: configures, and prints the commands that make the programs, without the name of the folder and the
# level of optimisation.
configured() {
    local folder=$1
    shift
    cmake -S . -B "$folder" -G Ninja "$@" >"$scratch/log" 2>&1 || fails "cmake $*: $(tail -n 5 "$scratch/log")"
    ninja -C "$folder" -t commands "${programs[@]}" | sed -E "s#$folder#BUILD#g; s# -O[1-3] # -O #g; s# -DNDEBUG # #g" | sort
}
read -ra options <<<"$(sed -n 's/^quietly cmake -S \. -B \$build -G Ninja \(.*\)/\1/p' packaging/quickstart)"
[ ${#options[@]} -gt 0 ] || fails "packaging/quickstart configures in another way than this test knows"
configured "$scratch/quickstart" "${options[@]}" >"$scratch/quickstart.commands"
# As one file a room, as packaging/quickstart has it.
configured "$scratch/release" --preset release -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 >"$scratch/release.commands"
grep -q -- ' -O3 ' "$scratch/release/compile_commands.json" || fails "the release preset is not optimised"
expect_eq "programs that the release preset links" 3 "$(grep -c ' -o bin/provisor' "$scratch/release.commands")"
expect_eq "commands of packaging/quickstart that differ from the release preset's in more than the optimisation" "" \
    "$(diff "$scratch/release.commands" "$scratch/quickstart.commands" || true)"

export SOURCE_DATE_EPOCH=1800000000
cmake --build "$scratch/quickstart" --parallel "$(nproc)" --target "${programs[@]}" >"$scratch/log" 2>&1 || fails "$(tail -n 20 "$scratch/log")"
expect_hardened "a build from source" "$scratch/quickstart/bin/provisor" "$scratch/quickstart/bin/provisor-fetch" "$scratch/quickstart/bin/provisor-unpack"
# The release preset itself, in the two programs that are small.
cmake --build "$scratch/release" --parallel "$(nproc)" --target provisor-fetch provisor-unpack >"$scratch/log" 2>&1 || fails "$(tail -n 20 "$scratch/log")"
expect_hardened "the release preset" "$scratch/release/bin/provisor-fetch" "$scratch/release/bin/provisor-unpack"

# The bill of materials of the same programs, twice.
cmake --build "$scratch/quickstart" --target provisor_sbom >/dev/null
sbom=$scratch/quickstart/packaging/provisor.spdx.json
mv "$sbom" "$scratch/first.json"
cmake --build "$scratch/quickstart" --target provisor_sbom >/dev/null
expect_eq "digest of the second bill of materials" "$(sha256sum <"$scratch/first.json")" "$(sha256sum <"$sbom")"
expect_eq "when it says that it was made" 2027-01-15T08:00:00Z "$(jq -r .creationInfo.created "$sbom")"
