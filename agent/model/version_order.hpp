// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/component.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

struct Component;

/// Compares two version labels; absent when they cannot be compared, which never makes one of them
/// newer. Semantic versions (https://semver.org, 2.0.0; a leading "v" is let pass) are compared as
/// their section 11 says, plain integers of up to 18 digits by number, and nothing else.
/// `order` leaves out one of the two, or both.
std::optional<std::weak_ordering> compare_versions(std::string_view one, std::string_view other,
                                                   VersionOrder order);

/// Why the component must not be installed: `highest`, the highest version of it that was installed
/// so far, is a higher one. Absent when it is not, cannot be compared, or allow_downgrade is set.
std::optional<std::string> downgrade_reason(const Component& component, const std::string& highest);

/// The same for a component whose manifest has no version, and whose content calls itself `found`.
std::optional<std::string> found_downgrade_reason(const Component& component,
                                                  const std::string& found,
                                                  const std::string& highest);

/// The highest version once the component's is installed: that one, unless it is lower, which
/// allow_downgrade makes right. A version that cannot be compared begins a new count. `found` is
/// what the content calls itself: it counts only for a component without a version, since a
/// manifest's version is looked at before there is any content.
std::string highest_after(const Component& component, const std::string& highest,
                          const std::string& found = "");

} // namespace provisor
