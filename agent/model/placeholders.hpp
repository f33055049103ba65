// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/component.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

struct PlaceholderValue {
    std::string text;
    /// Written by the manifest's author (vars, the URL itself): may hold '/' and other characters
    /// that structure a URL.
    bool authored = false;
};

/// What stands for each placeholder of one component: "arch:go" → "amd64".
using PlaceholderValues = std::map<std::string, PlaceholderValue, std::less<>>;

/// {arch} (as uname says), {arch:go}, {arch:deb}, {arch:rpm}, {arch:uname}, {os}, {machine_id}. A
/// machine without a name in one of the worlds stands there by its uname.
PlaceholderValues machine_placeholders(const Facts& facts);

enum class Escape {
    none,
    url ///< values are percent-encoded (RFC 3986, 2.1): all but unreserved characters, of authored
        ///< ones only those that no URL can have
};

struct Expansion {
    std::string text;
    std::string unknown; ///< the first placeholder that stands for nothing; empty when all do
};

/// `text` with its placeholders filled in. {staged} and {path} stay as they are when
/// `keep_run_time` is set: they are known only when a command runs. A '{' that is not followed by a
/// name and '}' stands for itself.
enum class RunTime { refuse, keep };
Expansion expand(std::string_view text, const PlaceholderValues& values, Escape escape,
                 RunTime run_time);

} // namespace provisor
