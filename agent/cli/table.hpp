// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/network_rows_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

enum class Color { none, red, green, yellow, dim };

struct Cell {
    std::string text;
    Color color = Color::none;
};

/// Rows under a header, columns as wide as their widest cell (in characters, not bytes), two spaces
/// between them, no spaces at the end of a line.
std::string render_table(const std::vector<std::string>& header,
                         const std::vector<std::vector<Cell>>& rows, bool colored);

/// Width on a terminal: the number of code points (East Asian wide characters do not occur in what
/// we print).
std::size_t display_width(std::string_view text);

} // namespace provisor
