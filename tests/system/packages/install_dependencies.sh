#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# packaging/install-dependencies asks apt for exactly what is missing, keeps services from starting meanwhile, and touches
# nothing when all is there. apt-get and dpkg-query are imitations that write down how they were called.
. "$(dirname "$0")/../harness/check.sh"
mkdir "$scratch/bin"
cat >"$scratch/bin/dpkg-query" <<'SH'
#!/bin/sh
for package; do :; done
grep -qx "$package" "$INSTALLED" && printf installed
SH
cat >"$scratch/bin/apt-get" <<'SH'
#!/bin/sh
printf '%s\n' "$*" >>"$CALLS"
[ ! -x /usr/sbin/policy-rc.d ] || /usr/sbin/policy-rc.d nginx start || printf 'services kept: %s\n' "$?" >>"$CALLS"
SH
chmod +x "$scratch/bin"/*
export INSTALLED=$scratch/installed CALLS=$scratch/calls
: >"$CALLS"
policy() { cat /usr/sbin/policy-rc.d 2>/dev/null | cksum; }
run() { PATH=$scratch/bin:$PATH "$source_dir/packaging/install-dependencies" "$@" >"$scratch/out" 2>&1; }

sed 's/#.*//' "$source_dir"/packaging/dependencies/* | grep . >"$INSTALLED"
run build test package
expect_eq "calls of apt-get when all is there" "" "$(cat "$CALLS")"
expect_eq "output when all is there" "" "$(cat "$scratch/out")"

[ "$(id -u)" = 0 ] || skip "the rest needs root"
before=$(policy)
sed -i '/^cmake$/d; /^nginx-light$/d' "$INSTALLED"
run build test
expect_eq "updates" 1 "$(grep -c ' update$' "$CALLS")"
expect_eq "what is installed" "cmake nginx-light" "$(sed -n 's/.*--no-install-recommends //p' "$CALLS")"
expect_eq "services are kept from starting" "services kept: 101" "$(grep '^services' "$CALLS" | sort -u)"
expect_eq "policy-rc.d afterwards is the one before" "$before" "$(policy)"

: >"$CALLS"
run package
expect_eq "calls for a list that is complete" "" "$(cat "$CALLS")"
! run nonsense || fails "a list that does not exist is no error"
holds "a list that does not exist is an error"
