// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace provisor {

/// The word of `known` that `word` was probably meant to be: at most two slips away (a letter too
/// many, missing, wrong, or two exchanged) and nearer than half its length. Absent when nothing is
/// that near.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& known);

} // namespace provisor
