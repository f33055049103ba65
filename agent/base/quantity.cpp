// SPDX-License-Identifier: Apache-2.0
#include "base/quantity.hpp"

#include "base/text.hpp"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace provisor {
namespace {

struct Unit {
    std::string_view word;
    std::int64_t microseconds;
};

// systemd.time(7), "Parsing Time Spans"; a month is 30.44 days and a year 365.25 days there.
constexpr std::int64_t second = 1'000'000;
constexpr std::array units{
    Unit{"us", 1},
    Unit{"usec", 1},
    Unit{"µs", 1},
    Unit{"ms", 1000},
    Unit{"msec", 1000},
    Unit{"s", second},
    Unit{"sec", second},
    Unit{"second", second},
    Unit{"seconds", second},
    Unit{"m", 60 * second},
    Unit{"min", 60 * second},
    Unit{"minute", 60 * second},
    Unit{"minutes", 60 * second},
    Unit{"h", 3600 * second},
    Unit{"hr", 3600 * second},
    Unit{"hour", 3600 * second},
    Unit{"hours", 3600 * second},
    Unit{"d", 86400 * second},
    Unit{"day", 86400 * second},
    Unit{"days", 86400 * second},
    Unit{"w", 604800 * second},
    Unit{"week", 604800 * second},
    Unit{"weeks", 604800 * second},
    Unit{"M", 2629800 * second},
    Unit{"month", 2629800 * second},
    Unit{"months", 2629800 * second},
    Unit{"y", 31557600 * second},
    Unit{"year", 31557600 * second},
    Unit{"years", 31557600 * second},
};

bool is_space(char c) { return c == ' ' || c == '\t'; }

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
}

/// Takes a decimal number with an optional fraction off the front; absent when there is none.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    std::size_t length = 0;
    for (; length < text.size() && is_digit(text[length]); ++length)
        value = value * 10 + (text[length] - '0');
    if (length == 0)
        return std::nullopt;
    if (length + 1 < text.size() && text[length] == '.' && is_digit(text[length + 1])) {
        double place = 0.1;
        for (++length; length < text.size() && is_digit(text[length]); ++length, place /= 10)
            value += place * (text[length] - '0');
    }
    text.remove_prefix(length);
    return value;
}

std::string_view take_word(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && !is_digit(text[length]) && !is_space(text[length]))
        ++length;
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

std::optional<std::int64_t> unit_of(std::string_view word) {
    if (word.empty())
        return second;
    for (const Unit& unit : units)
        if (unit.word == word)
            return unit.microseconds;
    return std::nullopt;
}

} // namespace

std::optional<Duration> parse_time_span(std::string_view text) {
    skip_spaces(text);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    if (text == "infinity")
        return Duration::max();
    if (text.empty())
        return std::nullopt;
    double total = 0;
    while (!text.empty()) {
        const std::optional<double> number = take_number(text);
        skip_spaces(text);
        const std::optional<std::int64_t> unit = unit_of(take_word(text));
        if (!number || !unit)
            return std::nullopt;
        total += *number * static_cast<double>(*unit);
        skip_spaces(text);
    }
    // Beyond a thousand years a span means "infinity", and adding it to a clock would overflow.
    if (!(total <= 1000.0 * 31557600 * second))
        return std::nullopt;
    return Duration(static_cast<Duration::rep>(std::llround(total)));
}

std::string format_time_span(Duration span) {
    if (span == Duration::max())
        return "infinity";
    static constexpr std::array steps{Unit{"d", 86400 * second}, Unit{"h", 3600 * second},
                                      Unit{"min", 60 * second},  Unit{"s", second},
                                      Unit{"ms", 1000},          Unit{"us", 1}};
    std::int64_t rest = span.count();
    std::string text = rest < 0 ? "-" : "";
    rest = rest < 0 ? -rest : rest;
    int told = 0;
    for (const Unit& step : steps) {
        if (rest >= step.microseconds && told < 2) {
            text += fmt::format("{}{}{}", told > 0 ? " " : "", rest / step.microseconds, step.word);
            rest %= step.microseconds;
            ++told;
        } else if (told > 0) {
            break;
        }
    }
    return told == 0 ? "0" : text;
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    const std::optional<double> number = take_number(text);
    if (!number)
        return std::nullopt;
    static constexpr std::string_view suffixes = "KMGTPE";
    double factor = 1;
    if (!text.empty()) {
        const std::size_t power = suffixes.find(text.front());
        if (power == std::string_view::npos && text != "B")
            return std::nullopt;
        if (text != "B") {
            factor = std::pow(1024.0, static_cast<double>(power + 1));
            text.remove_prefix(1);
            if (!text.empty() && text != "B" && text != "iB")
                return std::nullopt;
        }
    }
    const double bytes = *number * factor;
    if (!(bytes < 9.2e18))
        return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
}

std::string format_byte_size(std::uint64_t bytes) {
    static constexpr std::array words{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    std::size_t power = 0;
    while (value >= 1024 && power + 1 < words.size()) {
        value /= 1024;
        ++power;
    }
    return power == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, words[power]);
}

} // namespace provisor
