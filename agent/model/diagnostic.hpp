// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
#pragma once

#include "model/source_place.hpp"

#include <string>
#include <string_view>

namespace provisor {

/// One complaint about a configuration or manifest file: where, the offending line as it stands
/// there, and a message that says what is wrong, what was expected, and the nearest known word when
/// it looks like a typing slip.
struct Diagnostic {
    SourcePlace place;
    std::string message;
    std::string
        line_text; ///< printable form of the offending line, or of a part of it; may be empty
    int caret = 0; ///< under which of its characters the caret goes, from 1; 0: none
    /// The file cannot be read or is being written, so that it may be over by itself; what is
    /// written in it is no error.
    bool may_pass = false;
    bool operator==(const Diagnostic&) const = default;
};

/// A complaint about a place in a file with this text. Of the line secrets are left out, and of a
/// long one what is far from the column.
Diagnostic diagnose(SourcePlace place, std::string_view text, const std::string& message);

/// "file:line:column: message", then the offending line and a caret under the column where there is
/// one. No final newline.
std::string to_text(const Diagnostic& diagnostic);

} // namespace provisor
