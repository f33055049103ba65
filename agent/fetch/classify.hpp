// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "wire/messages.hpp"

#include <string>

namespace provisor {

/// How a transfer ended in libcurl's terms.
struct CurlOutcome {
    int code = 0;                 ///< CURLcode
    std::string detail;           ///< what libcurl had to say; may be empty
    int error_number = 0;         ///< of the last failed connect, 0 if none
    bool proxy = false;           ///< it was a proxy that was connected to
    std::string certificate = {}; ///< the one that was refused, described; empty if none was
};

/// What a failed outcome means for the outside: its kind, and libcurl's own words where they say
/// more than the code, with what they leave out.
FetchFailure classify(const CurlOutcome& outcome, WallTime now);

} // namespace provisor
