// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace provisor {

/// Where a value stands in a manifest or configuration file; line and column count from 1, 0 means
/// "not known".
struct SourcePlace {
    std::string file;
    int line = 0;
    int column = 0;
    bool operator==(const SourcePlace&) const = default;
};

} // namespace provisor
