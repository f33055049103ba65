// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/scene.hpp"

#include <string>
#include <vector>

namespace provisor::test {

/// What provisor is at work on when it is struck.
struct Workload {
    const char* name;
    std::vector<std::string> command;
    /// Makes the machine ready for it.
    void (*prepare)(Scene&);
    /// Whether a pass makes up for it when it was cut off; else it must be told again.
    bool is_pass = true;
    /// Whether it ends in what a clean install has.
    bool installs = true;
};

const std::vector<Workload>& workloads();

} // namespace provisor::test
