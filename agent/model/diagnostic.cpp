// SPDX-License-Identifier: Apache-2.0
#include "model/diagnostic.hpp"

#include <fmt/format.h>

namespace provisor {

std::string to_text(const Diagnostic& diagnostic) {
    const SourcePlace& place = diagnostic.place;
    std::string text = place.file;
    if (place.line > 0)
        text += fmt::format(":{}:{}", place.line, place.column);
    text += (text.empty() ? "" : ": ") + diagnostic.message;
    if (!diagnostic.line_text.empty()) {
        text += "\n    " + diagnostic.line_text;
        if (place.column > 0)
            text += fmt::format("\n    {:>{}}", '^', place.column);
    }
    return text;
}

} // namespace provisor
