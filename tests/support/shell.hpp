// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace provisor::test {

/// What the shell says to a command, errors as well; whether it went well is told by `done`.
inline std::string shell(const std::string& command, bool& done) {
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr)
        throw std::runtime_error("popen");
    std::string text;
    char buffer[4096];
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
        text.append(buffer, got);
    done = ::pclose(pipe) == 0;
    return text;
}

} // namespace provisor::test
