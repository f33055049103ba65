# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the checks of the packages share: the folders, and one way to say what holds.
set -Eeuo pipefail
export LC_ALL=C.UTF-8 LANG=C.UTF-8
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
build=$(cd "${1:-${PROVISOR_BUILD:-$source_dir/build/tests}}" && pwd)
packages_dir=${PROVISOR_PACKAGES:-$build/packages}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/provisor-check-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'printf "%s:%s: command failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

holds() { printf 'ok  %s\n' "$*"; }
fails() { printf 'NOT %s\n' "$*" >&2; exit 1; }
expect_eq() { if [ "$2" = "$3" ]; then holds "$1: $3"; else fails "$1: expected '$2', got '$3'"; fi; }
skip() { printf 'SKIPPED: %s\n' "$*" >&2; exit 77; }
the_deb() { find "$packages_dir" -maxdepth 1 -name 'provisor_*.deb' | sort | tail -n 1; }
the_rpm() { find "$packages_dir" -maxdepth 1 -name 'provisor-*.rpm' | sort | tail -n 1; }
