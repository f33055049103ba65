// SPDX-License-Identifier: Apache-2.0
// Three lines are three versions: their order must be one.
#include "model/version_order.hpp"

#include "fuzz/target.hpp"

#include <array>

namespace provisor::fuzz {
namespace {

using Order = std::optional<std::weak_ordering>;

std::weak_ordering reversed(std::weak_ordering order) {
    if (std::is_eq(order))
        return order;
    return std::is_lt(order) ? std::weak_ordering::greater : std::weak_ordering::less;
}

void check_pair(std::string_view one, std::string_view other, VersionOrder by) {
    const Order there = compare_versions(one, other, by);
    const Order back = compare_versions(other, one, by);
    require(there.has_value() == back.has_value(), "comparable in both directions or in none");
    require(!there || *there == reversed(*back), "antisymmetric");
    require(by != VersionOrder::none || !there, "with version_order: none nothing is comparable");
}

void check_self(std::string_view version, VersionOrder by) {
    const Order order = compare_versions(version, version, by);
    require(!order || std::is_eq(*order), "equal to itself");
}

void check_three(std::string_view a, std::string_view b, std::string_view c, VersionOrder by) {
    const Order ab = compare_versions(a, b, by);
    const Order bc = compare_versions(b, c, by);
    if (!ab || !bc)
        return;
    const Order ac = compare_versions(a, c, by);
    require(ac.has_value(), "what is comparable with a third one is comparable");
    if (std::is_lteq(*ab) && std::is_lteq(*bc))
        require(std::is_lteq(*ac), "transitive");
    if (std::is_lt(*ab) && std::is_lteq(*bc))
        require(std::is_lt(*ac), "strictly transitive");
    if (std::is_eq(*ab))
        require(*bc == *ac, "equals compare alike");
}

/// The highest version seen never falls unless the manifest allows it.
void check_guard(const std::string& version, const std::string& highest) {
    Component component;
    component.version = version;
    const bool refused = downgrade_reason(component, highest).has_value();
    const std::string after = highest_after(component, highest);
    require(!refused || after == highest, "a refused version raises nothing");
    const Order order = compare_versions(after, highest, component.version_order);
    require(!order || std::is_gteq(*order), "the highest version does not fall");
}

} // namespace

void versions(std::string_view input) {
    Input lines(input);
    const std::array<std::string_view, 3> all{lines.line(), lines.line(), lines.line()};
    for (const VersionOrder by : {VersionOrder::automatic, VersionOrder::semver,
                                  VersionOrder::numeric, VersionOrder::none}) {
        for (const std::string_view one : all)
            check_self(one, by);
        check_pair(all[0], all[1], by);
        check_three(all[0], all[1], all[2], by);
        check_three(all[2], all[0], all[1], by);
        check_three(all[1], all[0], all[2], by);
    }
    check_guard(std::string(all[0]), std::string(all[1]));
}

} // namespace provisor::fuzz
