// SPDX-License-Identifier: Apache-2.0
#include "origin/behavior.hpp"

#include "base/quantity.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace provisor::test {
namespace {

using namespace std::string_view_literals;

constexpr std::array known{
    "status"sv,  "retry"sv,        "html"sv,      "empty"sv,     "redir"sv,   "code"sv,
    "redirto"sv, "loop"sv,         "no304"sv,     "always304"sv, "spur304"sv, "etag"sv,
    "etag304"sv, "nolen"sv,        "chunked"sv,   "http10"sv,    "early"sv,   "trailer"sv,
    "enc"sv,     "cl"sv,           "dupcl"sv,     "samecl"sv,    "clte"sv,    "big"sv,
    "endless"sv, "endlesschunk"sv, "chunkcut"sv,  "badchunk"sv,  "nulhdr"sv,  "ctlhdr"sv,
    "hugehdr"sv, "manyhdr"sv,      "badstatus"sv, "http09"sv,    "hang"sv,    "reset"sv,
    "close0"sv,  "cut"sv,          "rst"sv,       "stall"sv,     "drip"sv,    "slowhdr"sv,
    "slow"sv,    "close"sv,        "range"sv,     "retrydate"sv};

/// Takes the first item off the text.
std::string_view take_item(std::string_view& text) {
    std::size_t end = std::min(text.find_first_of(",&"), text.size());
    if (text.starts_with("redirto="))
        end = text.size();
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return item;
}

} // namespace

Behavior::Behavior(std::string_view text) {
    while (!text.empty()) {
        const std::string_view item = take_item(text);
        if (!add(item))
            throw std::invalid_argument("the test origin does not know how to behave '" +
                                        std::string(item) + "'");
    }
}

void Behavior::add_query(std::string_view query) {
    while (!query.empty())
        add(take_item(query));
}

bool Behavior::add(std::string_view item) {
    const std::size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    if (std::find(known.begin(), known.end(), name) == known.end())
        return false;
    // What was said first holds.
    items_.emplace(name, item.substr(std::min(equals + 1, item.size())));
    return true;
}

std::string Behavior::text(const std::string& name) const {
    const auto found = items_.find(name);
    return found == items_.end() ? std::string() : found->second;
}

std::uint64_t Behavior::number(const std::string& name, std::uint64_t fallback) const {
    const std::string value = text(name);
    return value.empty() ? fallback : parse_byte_size(value).value_or(fallback);
}

} // namespace provisor::test
