// SPDX-License-Identifier: Apache-2.0
#include "model/trusted_comment.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "model/component.hpp"
#include "model/url.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::size_t most_digits_of_seconds = 18; // what fits into 64 bits for certain
constexpr std::size_t longest_shown_name = 200;

std::optional<std::int64_t> parse_seconds(std::string_view digits) {
    std::int64_t seconds = 0;
    if (digits.empty() || digits.size() > most_digits_of_seconds ||
        !std::all_of(digits.begin(), digits.end(), is_digit))
        return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    return seconds;
}

std::string shown_time(std::int64_t seconds) {
    // Beyond what a clock can show the number says as much.
    constexpr std::int64_t year_9999 = 253'402'300'799;
    return seconds > year_9999 ? std::to_string(seconds)
                               : format_rfc3339(WallTime(std::chrono::seconds(seconds)));
}

} // namespace

TrustedComment parse_trusted_comment(std::string_view text) {
    constexpr std::string_view timestamp = "timestamp:";
    constexpr std::string_view file = "file:";
    TrustedComment comment;
    for (;;) {
        const std::size_t end = std::min(text.find('\t'), text.size());
        const std::string_view field = text.substr(0, end);
        if (field.starts_with(timestamp)) {
            if (const auto seconds = parse_seconds(field.substr(timestamp.size())))
                comment.signed_at = *seconds;
        } else if (field.starts_with(file))
            comment.file = field.substr(file.size());
        if (end == text.size())
            return comment;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::string> find_comment_fault(const TrustedComment& comment, std::string_view url,
                                              const Component& component, std::int64_t latest) {
    const std::string name = file_name_of(url);
    if (!comment.file.empty() && comment.file != name)
        return fmt::format("is a signature of '{}' by its trusted comment, and not of '{}'",
                           printable(comment.file, longest_shown_name),
                           printable(name, longest_shown_name));
    if (comment.signed_at == 0 || comment.signed_at >= latest || component.allow_downgrade)
        return std::nullopt;
    return fmt::format("was made at {} by its trusted comment, and one of {} was accepted before: "
                       "is it of an older version? `allow_downgrade: true` takes it",
                       shown_time(comment.signed_at), shown_time(latest));
}

std::int64_t latest_after(const Component& component, std::int64_t latest, std::int64_t signed_at) {
    if (signed_at == 0)
        return latest;
    return component.allow_downgrade ? signed_at : std::max(latest, signed_at);
}

} // namespace provisor
