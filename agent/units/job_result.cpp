// SPDX-License-Identifier: Apache-2.0
#include "units/job_result.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace provisor {

std::string_view explain_job_result(std::string_view result) {
    // The list of org.freedesktop.systemd1(5), JobRemoved, and what job.c of systemd adds to it.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> meanings{{
        {"failed", "the unit did not come up"},
        {"timeout", "the unit took longer than its own timeout allows"},
        {"canceled", "another job replaced this one"},
        {"dependency", "a unit that it requires failed"},
        {"skipped", "a condition of the unit is not met"},
        {"invalid", "the unit is not running, or cannot do that"},
        {"assert", "an assertion of the unit is not met"},
        {"unsupported", "this system cannot run units of this kind"},
        {"once", "the unit may run only once, and did"},
    }};
    const auto* const found = std::find_if(
        meanings.begin(), meanings.end(), [&](const auto& entry) { return entry.first == result; });
    return found == meanings.end() ? std::string_view() : found->second;
}

} // namespace provisor
