#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The rpm at file level: what is in it, that it installs and verifies below a folder, and what rpmlint says.
. "$(dirname "$0")/../harness/check.sh"
. "$(dirname "$0")/../harness/hardened.sh"
. "$(dirname "$0")/../harness/sbom.sh"
command -v rpm >/dev/null || skip "rpm is not installed"
rpm=$(the_rpm)

rpm -qpl "$rpm" >"$scratch/files"
for file in /usr/bin/provisor /usr/libexec/provisor/provisor-fetch /usr/libexec/provisor/provisor-unpack /usr/lib/systemd/system/provisor.service \
    /usr/lib/systemd/system/provisor-apply.service /usr/lib/systemd/system/provisor-self-update.service /usr/lib/systemd/system/provisor.timer \
    /usr/lib/systemd/system/provisor-{fetch,unpack}.socket /usr/lib/systemd/system/provisor-{fetch,unpack}@.service /usr/lib/sysusers.d/provisor.conf \
    /usr/lib/tmpfiles.d/provisor.conf /usr/lib/systemd/catalog/provisor.catalog /usr/share/man/man8/provisor.8.gz; do
    grep -qx "$file" "$scratch/files" || fails "the package lacks $file; it has: $(cat "$scratch/files")"
done
holds "programs, units, accounts, folders, catalog and manual pages are there"
expect_eq "files outside of /usr" "" "$(grep -v '^/usr/' "$scratch/files" || true)"
expect_eq "libraries whose names differ from one distribution to the next" "" \
    "$(rpm -qp --requires "$rpm" | grep -E 'yaml|spdlog|fmt' || true)"
expect_eq "macros that nobody expanded" "" "$(rpm -qp --scripts "$rpm" | grep '%{\|%systemd' || true)"

mkdir "$scratch/root"
rpm --install --root "$scratch/root" --nodeps --noscripts --ignoreos "$rpm"
rpm --verify --root "$scratch/root" --nodeps --noscripts provisor || fails "rpm --verify finds changes"
holds "installed and verified below a folder"
"$scratch/root/usr/bin/provisor" --version | grep -q '^provisor ' || fails "the installed program does not run"
holds "the installed program runs"
programs=("$scratch/root/usr/bin/provisor" "$scratch/root"/usr/libexec/provisor/provisor-{fetch,unpack})
expect_hardened "the rpm" "${programs[@]}"
sbom=$scratch/root/usr/share/doc/provisor/provisor.spdx.json
[ -e "$sbom" ] || fails "the package has no bill of materials"
expect_sbom "$sbom" "$(rpm -qp --qf '%{VERSION}' "$rpm")" "${programs[@]}"
# What is not in a shared library of this package's users (portable.cmake).
expect_eq "what provisor was compiled with" "CLI11 fmt nlohmann-json spdlog yaml-cpp" "$(linked "$sbom" provisor STATIC_LINK)"
expect_eq "what provisor-fetch was compiled with" fmt "$(linked "$sbom" provisor-fetch STATIC_LINK)"
expect_eq "what provisor-unpack was compiled with" fmt "$(linked "$sbom" provisor-unpack STATIC_LINK)"
rpm --erase --root "$scratch/root" --nodeps --noscripts provisor
expect_eq "files that are left after removal" "" \
    "$(find "$scratch/root/usr" -name '*provisor*' 2>/dev/null || true)"

rpmlint --config "$source_dir/packaging/rpm/rpmlint.toml" "$rpm" >"$scratch/rpmlint" 2>&1 || true
cat "$scratch/rpmlint"
grep -qE ' 0 errors?, 0 warnings?' "$scratch/rpmlint" || fails "rpmlint has complaints"
