// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/file_test.cpp
#pragma once

#include <string_view>

namespace provisor {

/// What a failure is about; the names are those of `error.kind` in the JSON output.
enum class ErrorKind {
    http,
    tls,
    timeout,
    size,
    digest,
    signature,
    sanity,
    check,
    unpack,
    space,
    io,
    unit,
    health,
    config
};

/// The word for a kind as it stands in JSON and in the journal.
std::string_view to_string(ErrorKind kind);

} // namespace provisor
