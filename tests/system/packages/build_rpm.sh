#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the rpm that the checks of this run use, from the tree as it is.
. "$(dirname "$0")/../harness/check.sh"
command -v rpmbuild >/dev/null || skip "rpm is not installed"
rm -f "$packages_dir"/provisor-*.rpm
"$source_dir/packaging/build-rpm" --output "$packages_dir"
[ -s "$(the_rpm)" ] || fails "no rpm in $packages_dir"
