// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/window_test.cpp
// The text form of a window: [WEEKDAYS] [DATE] TIME-TIME [ZONE].
#include "base/text.hpp"
#include "model/window.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace provisor {
namespace {

namespace chr = std::chrono;

/// Says what is wrong; becomes the fault of the window.
struct WindowFault {
    std::string text;
};

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words = split(text, ' ');
    std::erase_if(words, [](std::string_view word) { return word.empty(); });
    return words;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

/// A number of one to four digits.
std::optional<int> small_number(std::string_view text) {
    if (text.empty() || text.size() > 4 || !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    int number = 0;
    for (const char digit : text)
        number = number * 10 + (digit - '0');
    return number;
}

/// 0 is Monday.
std::optional<unsigned> weekday_of(std::string_view text) {
    static constexpr std::array names{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
    for (unsigned i = 0; i < names.size(); ++i)
        if (same_word(text, names[i]) || same_word(text, std::string_view(names[i]).substr(0, 3)))
            return i;
    return std::nullopt;
}

/// "Mon..Fri,Sun". The older "Mon-Fri" means the same.
unsigned parse_weekdays(std::string_view text) {
    unsigned days = 0;
    for (const std::string_view part : split(text, ',')) {
        std::size_t dots = part.find("..");
        std::size_t width = 2;
        if (dots == std::string_view::npos) {
            dots = part.find('-');
            width = 1;
        }
        const auto first = weekday_of(part.substr(0, dots));
        const auto last =
            dots == std::string_view::npos ? first : weekday_of(part.substr(dots + width));
        if (!first || !last)
            throw WindowFault{fmt::format("'{}' is no day of the week", printable(part, 40))};
        if (*last < *first)
            throw WindowFault{fmt::format("the week begins on Monday, so '{}' is to be written in "
                                          "two parts (\"Sat,Sun,Mon\")",
                                          printable(part, 40))};
        for (unsigned day = *first; day <= *last; ++day)
            days |= 1U << day;
    }
    return days;
}

/// One part of a date: "*", "24", "24..26", "1,15", "*/2", "1/2".
std::vector<Window::Numbers> parse_numbers(std::string_view text, int lowest, int highest,
                                           const char* what) {
    if (text == "*")
        return {};
    std::vector<Window::Numbers> list;
    for (std::string_view part : split(text, ',')) {
        const auto fault = [&, shown = part] {
            return WindowFault{fmt::format("'{}' is no {}; one from {} to {}, \"1..5\", \"1,15\" "
                                           "or \"*\" is expected",
                                           printable(shown, 40), what, lowest, highest)};
        };
        Window::Numbers numbers;
        const std::size_t slash = part.find('/');
        if (slash != std::string_view::npos) {
            const auto step = small_number(part.substr(slash + 1));
            if (!step || *step == 0)
                throw fault();
            numbers.step = *step;
            part = part.substr(0, slash);
        }
        const std::size_t dots = part.find("..");
        const auto first = part == "*" ? lowest : small_number(part.substr(0, dots));
        const auto last = dots != std::string_view::npos    ? small_number(part.substr(dots + 2))
                          : slash != std::string_view::npos ? highest
                                                            : first;
        if (!first || !last || *first < lowest || *last > highest || *last < *first)
            throw fault();
        numbers.first = *first;
        numbers.last = *last;
        list.push_back(numbers);
    }
    return list;
}

/// "2026-12-24", "*-*-01", or without a year "12-24".
void parse_date(std::string_view text, Window& window) {
    std::vector<std::string_view> parts = split(text, '-');
    if (parts.size() == 2)
        parts.insert(parts.begin(), "*");
    if (parts.size() != 3)
        throw WindowFault{
            fmt::format("'{}' is no date; one like \"*-*-01\" or \"*-12-24..26\" is expected",
                        printable(text, 40))};
    window.year = parse_numbers(parts[0], 1970, 2199, "year");
    window.month = parse_numbers(parts[1], 1, 12, "month");
    window.day = parse_numbers(parts[2], 1, 31, "day of a month");
    // February 30 does not come.
    static constexpr std::array longest{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int days = window.month.empty() ? 31 : 0;
    for (const Window::Numbers& months : window.month)
        for (int month = months.first; month <= months.last; month += months.step)
            days = std::max(days, longest.at(static_cast<std::size_t>(month - 1)));
    if (!window.day.empty() &&
        std::all_of(window.day.begin(), window.day.end(),
                    [days](const Window::Numbers& numbers) { return numbers.first > days; }))
        throw WindowFault{fmt::format("there is no day '{}'", printable(text, 40))};
}

/// "2:00", "02:00:30"; "24:00" as an end.
std::optional<chr::seconds> parse_time(std::string_view text) {
    const std::vector<std::string_view> parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3)
        return std::nullopt;
    const auto hours = small_number(parts[0]);
    const auto minutes = small_number(parts[1]);
    const auto seconds = parts.size() == 3 ? small_number(parts[2]) : 0;
    if (!hours || !minutes || !seconds || parts[0].size() > 2 || parts[1].size() != 2 ||
        (parts.size() == 3 && parts[2].size() != 2) || *minutes > 59 || *seconds > 59)
        return std::nullopt;
    const chr::seconds time = chr::hours(*hours) + chr::minutes(*minutes) + chr::seconds(*seconds);
    return time <= chr::hours(24) ? std::optional(time) : std::nullopt;
}

void parse_times(std::string_view text, Window& window) {
    const std::vector<std::string_view> parts = split(text, '-');
    std::array<chr::seconds, 2> times{};
    for (std::size_t i = 0; i < 2; ++i) {
        const auto time = parse_time(parts.at(i));
        if (!time || (i == 0 && *time == chr::hours(24)))
            throw WindowFault{fmt::format("'{}' is no time of day; one like \"02:00\" is expected",
                                          printable(parts[i], 40))};
        times.at(i) = *time;
    }
    window.begin = times[0];
    window.end = times[1];
    if (window.begin == window.end)
        throw WindowFault{fmt::format("'{}' is over as it begins; a whole day is 00:00-24:00",
                                      printable(text, 40))};
}

bool is_time_range(std::string_view word) {
    return word.find(':') != std::string_view::npos &&
           std::count(word.begin(), word.end(), '-') == 1;
}

std::string parse_zone(std::string_view text) {
    if (same_word(text, "UTC"))
        return "UTC";
    const auto fits = [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '/' || c == '_' ||
               c == '-' || c == '+';
    };
    const bool looks_like_one = text.size() <= 64 && std::all_of(text.begin(), text.end(), fits) &&
                                lower(text.front()) >= 'a' && lower(text.front()) <= 'z';
    if (!looks_like_one)
        throw WindowFault{
            fmt::format("'{}' is no time zone; \"UTC\" or one like \"Europe/Berlin\" is expected",
                        printable(text, 40))};
    return std::string(text);
}

void parse_words(const std::vector<std::string_view>& words, Window& window) {
    const auto times = std::find_if(words.begin(), words.end(), is_time_range);
    if (times == words.end() || times - words.begin() > 2 || words.end() - times > 2)
        throw WindowFault{"one like \"Mon..Fri 02:00-04:00\" is expected"};
    parse_times(*times, window);
    if (times + 1 != words.end())
        window.zone = parse_zone(*(times + 1));
    auto word = words.begin();
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    if (word != times && is_letter(word->front()))
        window.weekdays = parse_weekdays(*word++);
    if (word != times)
        parse_date(*word++, window);
    if (word != times)
        throw WindowFault{fmt::format("'{}' is one word too many", printable(*word, 40))};
}

} // namespace

ParsedWindow parse_window(std::string_view text) {
    ParsedWindow parsed;
    parsed.window.text = text;
    try {
        parse_words(words_of(text), parsed.window);
    } catch (const WindowFault& fault) {
        parsed.fault = fmt::format("'{}' is no window; {}", printable(text, 80), fault.text);
    }
    return parsed;
}

} // namespace provisor
