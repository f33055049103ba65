// SPDX-License-Identifier: Apache-2.0
#include "base/posix_tz.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace provisor {

namespace {

namespace chr = std::chrono;
constexpr int most_of_offset = 24;
constexpr int most_of_switch = 167;

/// Takes the rule apart from front to back. Each take_* is false, or absent, when what stands there
/// is something else.
class RuleReader {
public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool take(char c) {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// "CET", or "<+03>".
    bool take_name() {
        const auto is_letter = [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        };
        if (take('<')) {
            const std::size_t end = rest_.find('>');
            if (end == std::string_view::npos)
                return false;
            rest_.remove_prefix(end + 1);
            return true;
        }
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_letter);
        const auto length = static_cast<std::size_t>(end - rest_.begin());
        rest_.remove_prefix(length);
        return length >= 3;
    }

    std::optional<int> take_number(int highest) {
        int value = 0;
        if (rest_.empty() || !is_digit(rest_.front()))
            return std::nullopt;
        for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1)) {
            value = value * 10 + (rest_.front() - '0');
            if (value > highest)
                return std::nullopt;
        }
        return value;
    }

    /// "[+-]hh[:mm[:ss]]": the hours of an offset are up to 24 (POSIX, 8.3), those of a switch up
    /// to a week either way (RFC 8536, 3.3.1).
    std::optional<chr::seconds> take_time(int most_hours) {
        const bool negative = take('-');
        if (!negative)
            take('+');
        const auto hours = take_number(most_hours);
        if (!hours)
            return std::nullopt;
        chr::seconds time = chr::hours(*hours);
        for (const chr::seconds unit : {chr::seconds(chr::minutes(1)), chr::seconds(1)}) {
            if (!take(':'))
                break;
            const auto number = take_number(59);
            if (!number)
                return std::nullopt;
            time += *number * unit;
        }
        return negative ? -time : time;
    }

    /// ",M3.5.0/2", ",J60", ",59".
    std::optional<PosixTz::Switch> take_switch() {
        using Kind = PosixTz::Switch::Kind;
        PosixTz::Switch found;
        if (!take(','))
            return std::nullopt;
        std::optional<int> day;
        if (take('M')) {
            found.month = take_number(12).value_or(0);
            found.week = take('.') ? take_number(5).value_or(0) : 0;
            if (found.month == 0 || found.week == 0 || !take('.'))
                return std::nullopt;
            day = take_number(6);
        } else {
            found.kind = take('J') ? Kind::day_without_leap : Kind::day_from_zero;
            day = take_number(365);
        }
        if (!day)
            return std::nullopt;
        found.day = *day;
        if (take('/')) {
            const auto time = take_time(most_of_switch);
            if (!time)
                return std::nullopt;
            found.time = *time;
        }
        return found;
    }

    std::optional<PosixTz> take_rule() {
        PosixTz rule;
        const auto standard = take_name() ? take_time(most_of_offset) : std::nullopt;
        if (!standard)
            return std::nullopt;
        rule.standard = -*standard; // POSIX counts westward
        if (at_end())
            return rule;
        if (!take_name())
            return std::nullopt;
        rule.has_summer = true;
        rule.summer = rule.standard + chr::hours(1);
        if (!rest_.starts_with(',')) {
            const auto summer = take_time(most_of_offset);
            if (!summer)
                return std::nullopt;
            rule.summer = -*summer;
        }
        const auto begin = take_switch();
        const auto end = begin ? take_switch() : std::nullopt;
        if (!end || !at_end())
            return std::nullopt;
        rule.begin = *begin;
        rule.end = *end;
        return rule;
    }

private:
    std::string_view rest_;
};

} // namespace

chr::local_seconds PosixTz::Switch::in(chr::year year) const {
    if (kind == Kind::weekday_of_month) {
        const chr::year_month of{year, chr::month(static_cast<unsigned>(month))};
        const chr::weekday weekday(static_cast<unsigned>(day));
        const chr::local_days date =
            week == 5 ? chr::local_days(of / weekday[chr::last])
                      : chr::local_days(of / weekday[static_cast<unsigned>(week)]);
        return date + time;
    }
    // "Jn" counts from 1 and never February 29; "n" counts from 0.
    const chr::local_days new_year(year / chr::January / 1);
    const bool behind_leap_day = kind == Kind::day_without_leap && year.is_leap() && day > 31 + 28;
    const int days =
        kind == Kind::day_from_zero ? day : day - 1 + static_cast<int>(behind_leap_day);
    return new_year + chr::days(days) + time;
}

std::optional<PosixTz> parse_posix_tz(std::string_view text) {
    return RuleReader(text).take_rule();
}

chr::seconds PosixTz::offset_at(chr::sys_seconds time) const {
    if (!has_summer)
        return standard;
    const chr::year_month_day date(chr::floor<chr::days>(time + standard));
    const auto utc = [](chr::local_seconds local, chr::seconds offset) {
        return chr::sys_seconds(local.time_since_epoch() - offset);
    };
    // Each is in the local time that ends with it.
    const chr::sys_seconds from = utc(begin.in(date.year()), standard);
    const chr::sys_seconds until = utc(end.in(date.year()), summer);
    // In the south the year begins and ends in summer.
    const bool is_summer =
        from < until ? from <= time && time < until : time < until || from <= time;
    return is_summer ? summer : standard;
}

} // namespace provisor
