// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_process.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>

namespace provisor {
namespace {

/// What it may know of our environment: proxies, and nothing that could be a secret of somebody
/// else's.
std::vector<std::string> proxies() {
    static constexpr std::array names{"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                      "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
    std::vector<std::string> environment;
    for (const char* name : names)
        if (const char* value = std::getenv(name))
            environment.push_back(fmt::format("{}={}", name, value));
    return environment;
}

} // namespace

FetchProcess::FetchProcess(const std::string& path)
    : ChildProcess({"provisor-fetch", path, proxies()}) {}

} // namespace provisor
