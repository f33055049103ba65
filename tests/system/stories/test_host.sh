#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The machine that the stories need: boots, takes the package, and goes away again.
. "$(dirname "$0")/../harness/story.sh"

step "a machine boots"
host_boot
expect_eq "systemd" running "$(host_run systemctl is-system-running)"
# Else two of them share the groups of their units, and one removes those of the other.
expect_has "its control groups are its own" "$(cat "/proc/$host_leader/cgroup")" "/$host_control_group/payload/init.scope"

step "the package is installed"
host_install_deb
expect_has "provisor --version" "$(host_run provisor --version)" provisor
host_stop
host_remove_control_group
expect_eq "control groups that are left" "" "$(find /sys/fs/cgroup -name "$host_control_group*")"
