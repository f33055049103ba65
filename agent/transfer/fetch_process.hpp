// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/process_test.cpp
#pragma once

#include "transfer/helper_process.hpp"

namespace provisor {

/// A running provisor-fetch.
class FetchProcess : public HelperProcess {
public:
    /// See HelperProgram::place. Throws Error of kind io when that is not possible.
    explicit FetchProcess(const std::string& place);
};

} // namespace provisor
