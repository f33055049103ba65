// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/messages.hpp"

#include <string>

namespace provisor {

/// What a libcurl result code (CURLcode) means for the outside: its kind, and libcurl's own words
/// where they say more than the code.
FetchFailure classify_curl_code(int code, const std::string& detail);

} // namespace provisor
