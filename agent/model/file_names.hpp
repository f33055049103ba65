// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// A directory of files of one ending, as far as their names go.
struct NameRule {
    std::string_view ending; ///< ".yaml"
    /// Endings that say the same in other words, in lower case: ".yml".
    std::string_view like[3] = {};
};
inline constexpr NameRule manifest_names{".yaml", {".yaml", ".yml", ".json"}};
inline constexpr NameRule key_names{".pub", {".pub"}};

/// Whether nobody expects that a file of this name is read: hidden, an editor's or a package
/// manager's copy (those that systemd passes over in its own directories), a README.
bool is_leftover(std::string_view name);

/// The name to give to what was probably meant to be read: "10-policy.yaml" for "10-policy.YML" and
/// "10-policy.yaml.json". Absent when nothing tells.
std::optional<std::string> meant_name(std::string_view name, const NameRule& rule);

} // namespace provisor
