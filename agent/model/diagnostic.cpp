// SPDX-License-Identifier: Apache-2.0
#include "model/diagnostic.hpp"

#include "base/text.hpp"
#include "model/shown_url.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::size_t line_limit = 160;
/// How much of a long line is shown before the column.
constexpr std::size_t before_column = 100;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// How many characters of a terminal a printable text takes.
int width_of(std::string_view text) {
    return static_cast<int>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

} // namespace

Diagnostic diagnose(SourcePlace place, std::string_view text, const std::string& message) {
    const std::string_view whole = line_of(text, place.line);
    std::string line = shown_line(whole);
    // A tab would be as wide as it likes.
    std::replace(line.begin(), line.end(), '\t', ' ');
    const auto before = static_cast<std::size_t>(std::max(place.column, 1)) - 1;
    // What is hidden in front of the column takes less room.
    std::size_t at = std::min(shown_line(whole.substr(0, before)).size(), line.size());
    std::string mark;
    if (at > before_column && line.size() > line_limit) {
        std::size_t cut = at - before_column;
        while (cut < at && continues_character(line[cut]))
            ++cut;
        line.erase(0, cut);
        at -= cut;
        mark = "…";
    }
    Diagnostic diagnostic{std::move(place), shown_text(message), mark + printable(line, line_limit),
                          0};
    if (!line.empty() && diagnostic.place.column > 0)
        diagnostic.caret = width_of(mark) + width_of(printable(line.substr(0, at))) + 1;
    return diagnostic;
}

std::string to_text(const Diagnostic& diagnostic) {
    const SourcePlace& place = diagnostic.place;
    std::string text = place.file;
    if (place.line > 0)
        text += fmt::format(":{}:{}", place.line, place.column);
    text += (text.empty() ? "" : ": ") + diagnostic.message;
    if (!diagnostic.line_text.empty())
        text += "\n    " + diagnostic.line_text;
    if (diagnostic.caret > 0)
        text += fmt::format("\n    {:>{}}", '^', diagnostic.caret);
    return text;
}

} // namespace provisor
