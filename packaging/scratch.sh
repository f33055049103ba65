# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What build-deb and build-rpm share: options, a scratch copy of the tree, and where the result goes.
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Reads --output and --version into $output and $version.
take_options() {
    output=$source_dir/build/packages version=
    while [ $# -gt 0 ]; do
        case $1 in
        --output) output=${2:?--output needs a folder} && shift 2 ;;
        --version) version=${2:?--version needs a version} && shift 2 ;;
        *) echo "usage: $0 [--output FOLDER] [--version VERSION]" >&2 && exit 2 ;;
        esac
    done
}

# make_scratch NAME: $tree becomes a copy of the source tree in a folder of that name inside $scratch, as it is now
# (what is not committed counts), without what git ignores.
make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/provisor-package-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM HUP
    tree=$scratch/$1
    mkdir -p "$tree"
    if [ -e "$source_dir/.git" ]; then
        (cd "$source_dir" && git -c safe.directory="$source_dir" ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
            tar --null --files-from=- -cf -) | tar -C "$tree" -xf -
    else
        tar -C "$source_dir" --exclude='./build' --exclude='./build-*' -cf - . | tar -C "$tree" -xf -
    fi
}

# Runs a command and shows its output only when it fails, and otherwise the compiler's warnings.
run_logged() {
    if ! "$@" >"$scratch/log" 2>&1 </dev/null; then
        tail -n 60 "$scratch/log" >&2
        echo "$(basename "$0"): failed" >&2
        exit 1
    fi
    grep -E ': warning: .*\[-W' "$scratch/log" >&2 || true
}

hand_over() {
    mkdir -p "$output"
    mv "$@" "$output/"
    local file
    for file in "$@"; do
        case $file in *.deb | *.rpm) echo "$output/$(basename "$file")" ;; esac
    done
}
