// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace provisor::test {

/// The head of an HTTP/1.1 request.
struct Request {
    std::string method;
    std::string path;                           ///< without the query
    std::string query;                          ///< without the question mark
    std::map<std::string, std::string> headers; ///< names in lower case
    /// Empty when there is no such header; `name` in lower case.
    std::string header(const std::string& name) const;
};

/// Reads the head up to (without) its empty line; absent when it is none.
std::optional<Request> parse_request(std::string_view head);

} // namespace provisor::test
