#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is written down in more than one place says the same everywhere (of versions: tests/documents.sh), and scripts are sound.
. "$(dirname "$0")/../harness/check.sh"
cd "$source_dir" || exit
build_depends=$(sed -n '/^Build-Depends:/,/^[A-Z]/p' packaging/debian/control | tr ',' '\n' | sed -E 's/^Build-Depends://; s/^ *//; s/ .*//' | grep -E '^[a-z]')
for package in $(sed 's/#.*//' packaging/dependencies/build); do
    [ "$package" = g++ ] || grep -qx "$package" <<<"$build_depends" || fails "Build-Depends of debian/control lacks $package"
done
holds "debian/control has what packaging/dependencies/build lists"

# SC1091, SC2034, SC2154: names that come from or go to a file that is sourced by a computed path.
shellcheck --external-sources --severity=warning --exclude=SC1091,SC2034,SC2154 packaging/{quickstart,demonstration,build-deb,build-rpm} \
    packaging/{install-dependencies,scratch.sh} packaging/debian/provisor.{prerm,postrm} tests/{run,format,tracked,subjects,tidy,*.sh} .ci/run \
    tests/system/harness/* tests/system/{stories,packages}/*.sh || fails "shellcheck has complaints"
holds "shellcheck finds nothing in the scripts"
