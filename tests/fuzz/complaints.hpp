// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz/target.hpp"
#include "model/diagnostic.hpp"

#include <algorithm>
#include <vector>

namespace provisor::fuzz {

/// Every complaint about a text has a place within it and can be shown on a terminal.
inline void check_complaints(const std::vector<Diagnostic>& complaints, std::string_view text,
                             const std::string& file) {
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    for (const Diagnostic& one : complaints) {
        require(one.place.file == file, "a complaint names its file");
        require(one.place.line >= 1 && one.place.line <= lines, "a complaint is about a line");
        require(one.place.column >= 1 && one.place.column <= static_cast<int>(text.size()) + 1,
                "a complaint is about a column");
        require(!one.message.empty() && one.message.size() < 2000, "a complaint is short");
        for (const char c : one.message + one.line_text)
            require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a complaint is printable");
        require(!to_text(one).empty(), "a complaint can be told");
    }
}

} // namespace provisor::fuzz
