#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the deb that all other tests of this run use, from the tree as it is.
. "$(dirname "$0")/../harness/check.sh"
rm -f "$packages_dir"/provisor_*
DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" "$source_dir/packaging/build-deb" --output "$packages_dir" 2>"$scratch/errors" ||
    fails "$(cat "$scratch/errors")"
[ -s "$(the_deb)" ] || fails "no deb in $packages_dir"
expect_eq "warnings of the compiler" "" "$(cat "$scratch/errors")"
