// SPDX-License-Identifier: Apache-2.0
#include "origin/request.hpp"

#include <algorithm>
#include <cctype>

namespace provisor::test {
namespace {

/// The text up to `separator`, which is removed from `text` together with it.
std::string_view take_until(std::string_view& text, std::string_view separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + separator.size(), text.size()));
    return part;
}

} // namespace

std::string Request::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

std::optional<Request> parse_request(std::string_view head) {
    std::string_view line = take_until(head, "\r\n");
    Request request;
    request.method = take_until(line, " ");
    std::string_view target = take_until(line, " ");
    if (request.method.empty() || target.empty() || !line.starts_with("HTTP/1."))
        return std::nullopt;
    request.path = take_until(target, "?");
    request.query = target;
    while (!head.empty()) {
        std::string_view value = take_until(head, "\r\n");
        std::string name(take_until(value, ":"));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        request.headers[name] = value;
    }
    return request;
}

} // namespace provisor::test
