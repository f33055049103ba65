// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_process.hpp"

namespace provisor {

FetchProcess::FetchProcess(const std::string& place) : HelperProcess({"provisor-fetch", place}) {}

} // namespace provisor
