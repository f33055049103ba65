#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same tree gives the same bytes: built a second time, in another folder and at another time.
. "$(dirname "$0")/../harness/check.sh"
DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" TMPDIR=$scratch "$source_dir/packaging/build-deb" --output "$scratch/again"
again=$(find "$scratch/again" -name 'provisor_*.deb')
expect_eq "digest of the deb" "$(sha256sum <"$(the_deb)")" "$(sha256sum <"$again")"
