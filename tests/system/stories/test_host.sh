#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The machine that the stories need: boots, takes the package, and goes away again.
. "$(dirname "$0")/../harness/story.sh"

step "a machine boots"
host_boot
expect_eq "systemd" running "$(host_run systemctl is-system-running)"

step "the package is installed"
host_install_deb
expect_has "provisor --version" "$(host_run provisor --version)" provisor
host_stop
