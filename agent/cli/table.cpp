// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <algorithm>

namespace provisor {
namespace {

std::string_view escape_of(Color color) {
    switch (color) {
    case Color::red:
        return "\x1b[31m";
    case Color::green:
        return "\x1b[32m";
    case Color::yellow:
        return "\x1b[33m";
    case Color::dim:
        return "\x1b[2m";
    case Color::none:
        break;
    }
    return "";
}

void append_line(std::string& text, const std::vector<Cell>& cells,
                 const std::vector<std::size_t>& widths, bool colored) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string_view escape = colored ? escape_of(cells[i].color) : "";
        line += escape;
        line += cells[i].text;
        line += escape.empty() ? "" : "\x1b[0m";
        if (i + 1 < cells.size())
            line.append(widths[i] + 2 - display_width(cells[i].text), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
}

} // namespace

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

std::string render_table(const std::vector<std::string>& header,
                         const std::vector<std::vector<Cell>>& rows, bool colored) {
    std::vector<std::size_t> widths;
    std::vector<Cell> head;
    for (const std::string& title : header) {
        widths.push_back(display_width(title));
        head.push_back({title, Color::dim});
    }
    for (const std::vector<Cell>& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i].text));
    std::string text;
    append_line(text, head, widths, colored);
    for (const std::vector<Cell>& row : rows)
        append_line(text, row, widths, colored);
    return text;
}

} // namespace provisor
