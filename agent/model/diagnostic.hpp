// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/component.hpp"

#include <string>

namespace provisor {

/// One complaint about a configuration or manifest file: where, the offending line as it stands
/// there, and a message that says what is wrong, what was expected, and the nearest known word when
/// it looks like a typing slip.
struct Diagnostic {
    SourcePlace place;
    std::string message;
    std::string line_text; ///< printable form of the offending line; may be empty
    bool operator==(const Diagnostic&) const = default;
};

/// "file:line:column: message", then the offending line and a caret under the column where there is
/// one. No final newline.
std::string to_text(const Diagnostic& diagnostic);

} // namespace provisor
