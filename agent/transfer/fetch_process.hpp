// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/child_process.hpp"

namespace provisor {

/// A running provisor-fetch.
class FetchProcess : public ChildProcess {
public:
    /// Starts `path`. Throws Error of kind io when that is not possible.
    explicit FetchProcess(const std::string& path);
};

} // namespace provisor
