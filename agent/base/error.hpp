// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/file_test.cpp
#pragma once

#include "base/error_kind.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace provisor {

/// A failure with its kind. `url` and `http_status` are empty and 0 where no request was involved.
class Error : public std::runtime_error {
public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

    ErrorKind kind() const { return kind_; }
    /// The same failure in other words.
    Error retold(const std::string& message) const {
        Error told(kind_, message);
        told.url = url;
        told.http_status = http_status;
        told.retry_after = retry_after;
        told.web_page = web_page;
        return told;
    }

    std::string url;     ///< shown form, without user information or signed query
    int http_status = 0; ///< of the final response
    std::optional<std::chrono::seconds> retry_after; ///< what the origin asked for, if it did
    std::string web_page; ///< what came in place of an artifact, described, if that is what it was

private:
    ErrorKind kind_;
};

/// The pass was asked to stop (SIGINT, SIGTERM); not a failure of any component.
class Interrupted : public std::exception {
public:
    const char* what() const noexcept override { return "interrupted"; }
};

/// An Error for a failed system call: `what` and the text of `error_number`. ENOSPC, EDQUOT and
/// EFBIG are of kind space, everything else of kind io.
Error system_error(int error_number, const std::string& what);

/// Runs `action`; an Error that leaves it carries `who: ` in front of its message and keeps
/// everything else.
template <typename Action>
decltype(auto) with_context(const std::string& who, Action&& action) {
    try {
        return std::forward<Action>(action)();
    } catch (const Error& error) {
        throw error.retold(who + ": " + error.what());
    }
}

} // namespace provisor
