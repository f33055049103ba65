#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is in the deb, how its programs are built, what they are made of, and what lintian says of it.
. "$(dirname "$0")/../harness/check.sh"
. "$(dirname "$0")/../harness/hardened.sh"
. "$(dirname "$0")/../harness/sbom.sh"
deb=$(the_deb)

files=$(dpkg-deb --fsys-tarfile "$deb" | tar -tf - | sed 's#^\.##; /\/$/d' | sort)
for file in /usr/bin/provisor /usr/libexec/provisor/provisor-fetch /usr/libexec/provisor/provisor-unpack /usr/lib/sysusers.d/provisor.conf \
    /usr/lib/tmpfiles.d/provisor.conf /usr/lib/systemd/catalog/provisor.catalog /usr/share/man/man8/provisor.8.gz \
    /usr/share/man/man5/provisor-manifest.5.gz /usr/share/man/man5/provisor-agent.yaml.5.gz /usr/share/man/man7/provisor-origin.7.gz \
    /usr/share/bash-completion/completions/provisor; do
    grep -qx "$file" <<<"$files" || fails "the package lacks $file; it has: $files"
done
for unit in provisor.service provisor-apply.service provisor-self-update.service provisor.timer \
    provisor-fetch.socket provisor-fetch@.service provisor-unpack.socket provisor-unpack@.service; do
    grep -qE "^(/usr)?/lib/systemd/system/$unit\$" <<<"$files" || fails "the package lacks $unit"
done
holds "programs, units, accounts, folders, catalog, manual pages and completions are there"
expect_eq "files in /etc" "" "$(grep '^/etc/' <<<"$files" || true)"
expect_eq "files in /usr/local, /var or /run" "" "$(grep -E '^/(usr/local|var|run)/' <<<"$files" || true)"
expect_eq "files that only tests need" "" "$(grep -iE 'test|probe' <<<"$files" || true)"

dpkg-deb --extract "$deb" "$scratch/tree"
expect_eq "the agent is linked with no HTTP or TLS library" "" \
    "$(objdump -p "$scratch/tree/usr/bin/provisor" | awk '$1 == "NEEDED" && $2 ~ /curl|libssl|archive|gnutls/ { print $2 }')"
expect_eq "set-id files" "" "$(find "$scratch/tree" -perm /6000)"
expect_eq "files that somebody else may write" "" "$(find "$scratch/tree" ! -type l -perm /022)"
expect_eq "programs that know the build folder" "" \
    "$(grep -rlaE "$source_dir|provisor-package-" "$scratch/tree" || true)"

programs=("$scratch/tree/usr/bin/provisor" "$scratch/tree"/usr/libexec/provisor/provisor-{fetch,unpack})
expect_hardened "the deb" "${programs[@]}"
sbom=$scratch/tree/usr/share/doc/provisor/provisor.spdx.json
[ -e "$sbom" ] || fails "the package has no bill of materials"
expect_sbom "$sbom" "$("${programs[0]}" --version | sed 's/^provisor //')" "${programs[@]}"
expect_eq "what provisor was compiled with" "CLI11 nlohmann-json" "$(linked "$sbom" provisor STATIC_LINK)"
expect_eq "when it says that it was made" "$(date -u -d "@$(dpkg-parsechangelog -l "$source_dir/packaging/debian/changelog" -S Timestamp)" +%FT%TZ)" \
    "$(jq -r .creationInfo.created "$sbom")"

# These are of a lower severity than those below.
expect_eq "what lintian says of hardening" "" \
    "$(lintian --allow-root --tags hardening-no-bindnow,hardening-no-fortify-functions,hardening-no-pie,hardening-no-relro "$deb")"

# Errors and warnings, but for overrides that give a reason.
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$deb" || fails "lintian has complaints"
holds "lintian has none"
