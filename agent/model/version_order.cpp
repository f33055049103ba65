// SPDX-License-Identifier: Apache-2.0
#include "model/version_order.hpp"

#include "base/text.hpp"
#include "model/component.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

namespace provisor {
namespace {

/// What fits into 64 bits whatever the digits are.
constexpr std::size_t max_digits = 18;

/// A number without leading zeros.
std::optional<std::uint64_t> number_of(std::string_view text) {
    if (text.empty() || text.size() > max_digits || (text.size() > 1 && text.front() == '0') ||
        !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t dot = text.find('.');
        parts.push_back(text.substr(0, dot));
        if (dot == std::string_view::npos)
            return parts;
        text.remove_prefix(dot + 1);
    }
}

bool are_identifiers(const std::vector<std::string_view>& parts) {
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
            return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        });
    });
}

struct Semver {
    std::array<std::uint64_t, 3> core{};
    std::vector<std::string_view> pre_release;
};

std::optional<Semver> semver_of(std::string_view text) {
    if (text.starts_with('v'))
        text.remove_prefix(1);
    const std::size_t plus = text.find('+');
    if (plus != std::string_view::npos && !are_identifiers(split(text.substr(plus + 1))))
        return std::nullopt;
    text = text.substr(0, plus);
    Semver version;
    if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
        version.pre_release = split(text.substr(dash + 1));
        const auto is_sound = [](std::string_view part) {
            return !std::all_of(part.begin(), part.end(), is_digit) || number_of(part);
        };
        if (!are_identifiers(version.pre_release) ||
            !std::all_of(version.pre_release.begin(), version.pre_release.end(), is_sound))
            return std::nullopt;
        text = text.substr(0, dash);
    }
    const std::vector<std::string_view> numbers = split(text);
    if (numbers.size() != version.core.size())
        return std::nullopt;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto number = number_of(numbers[i]);
        if (!number)
            return std::nullopt;
        version.core.at(i) = *number;
    }
    return version;
}

/// 11.4: numbers by value and below words, words by their bytes.
std::weak_ordering compare_identifiers(std::string_view one, std::string_view other) {
    const auto a = number_of(one);
    const auto b = number_of(other);
    if (a && b)
        return *a <=> *b;
    if (a || b)
        return a ? std::weak_ordering::less : std::weak_ordering::greater;
    return one <=> other;
}

std::weak_ordering compare(const Semver& one, const Semver& other) {
    if (one.core != other.core)
        return one.core <=> other.core;
    // 11.3: what comes before a release has something after the dash.
    if (one.pre_release.empty() || other.pre_release.empty())
        return one.pre_release.empty() <=> other.pre_release.empty();
    return std::lexicographical_compare_three_way(one.pre_release.begin(), one.pre_release.end(),
                                                  other.pre_release.begin(),
                                                  other.pre_release.end(), compare_identifiers);
}

constexpr const char* remedy =
    "to have that, say allow_downgrade: true in the manifest (or version_order: none, if the two "
    "cannot be compared like this)";

bool is_lower(const Component& component, const std::string& version, const std::string& than) {
    const auto order = compare_versions(version, than, component.version_order);
    return order && std::is_lt(*order);
}

} // namespace

std::optional<std::weak_ordering> compare_versions(std::string_view one, std::string_view other,
                                                   VersionOrder order) {
    if (order == VersionOrder::automatic || order == VersionOrder::semver) {
        const auto a = semver_of(one);
        const auto b = semver_of(other);
        if (a && b)
            return compare(*a, *b);
    }
    if (order == VersionOrder::automatic || order == VersionOrder::numeric) {
        const auto a = number_of(one);
        const auto b = number_of(other);
        if (a && b)
            return *a <=> *b;
    }
    return std::nullopt;
}

std::optional<std::string> downgrade_reason(const Component& component,
                                            const std::string& highest) {
    if (!is_lower(component, component.version, highest) || component.allow_downgrade)
        return std::nullopt;
    return fmt::format("downgrade: {} was installed, and the manifest wants {}; {}", highest,
                       component.version, remedy);
}

std::optional<std::string> found_downgrade_reason(const Component& component,
                                                  const std::string& found,
                                                  const std::string& highest) {
    if (!component.version.empty() || component.allow_downgrade ||
        !is_lower(component, found, highest))
        return std::nullopt;
    return fmt::format("downgrade: {} was installed, and the origin has {}; {}", highest, found,
                       remedy);
}

std::string highest_after(const Component& component, const std::string& highest,
                          const std::string& found) {
    const std::string& version = component.version.empty() ? found : component.version;
    return version.empty() || (is_lower(component, version, highest) && !component.allow_downgrade)
               ? highest
               : version;
}

} // namespace provisor
