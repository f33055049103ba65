// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/marker.hpp"
#include "model/record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace provisor {

struct Component;

/// Whether a text can be a version label: 1 to 128 printable characters.
bool is_version_label(std::string_view text);

/// What is wrong with a `version_from.match`; absent when it is fine. It is an ECMAScript regular
/// expression with one group, and without back-references: what it is matched with comes from
/// strangers, and only without them is there a matcher that takes no exponential time.
std::optional<std::string> find_match_fault(const std::string& match);

/// What the group of `match` (which find_match_fault finds nothing wrong with) is in the first line
/// of `output` that it is found in. Lines are looked at one by one, each up to 256 bytes. Absent
/// when there is none, or when it is no version label.
std::optional<std::string> find_version(std::string_view output, const std::string& match);

/// What is wrong with content that calls itself `found` where its manifest has a version of its
/// own: it is another one. Both are one when they are alike, or equal by version_order; with
/// `version_order: none` nobody compares them. Absent when nothing is wrong.
std::optional<std::string> find_version_fault(const Component& component, const std::string& found);

/// Stands for a content of the component's first file and for all in the manifest that decides what
/// is told about it.
std::string version_key(const Component& component, const std::string& sha256);

/// The label of what is installed: what it was found to call itself, else what the history says.
/// `component` is null when no manifest names it. Empty when there is none.
std::string label_of(const Component* component, const Record& record, const Marker& installed);

} // namespace provisor
