#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A build from source gives hardened programs as well: packaging/quickstart and the release preset make them by the same commands
# but for the optimisation, and what they make is looked at.
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

# Both, in the two programs that are small; provisor is made by the same rules, and both packages are looked at.
for build in quickstart release; do
    cmake --build "$scratch/$build" --parallel "$(nproc)" --target provisor-fetch provisor-unpack >"$scratch/log" 2>&1 || fails "$(tail -n 20 "$scratch/log")"
done
expect_hardened "a build by packaging/quickstart" "$scratch/quickstart/bin/provisor-fetch" "$scratch/quickstart/bin/provisor-unpack"
expect_hardened "the release preset" "$scratch/release/bin/provisor-fetch" "$scratch/release/bin/provisor-unpack"
