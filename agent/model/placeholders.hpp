// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/good_manifests_test.cpp
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// What placeholders stand for on this machine.
struct Facts {
    std::string machine;    ///< uname -m: "x86_64"
    std::string machine_id; ///< 32 hex digits, or empty
    std::string os = "linux";
    bool operator==(const Facts&) const = default;
};

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

/// Whether braces around it make it a placeholder: at most 64 letters, digits, '_', '-' and ':'.
bool is_placeholder_name(std::string_view text);

struct Expansion {
    std::string text;
    std::string unknown;   ///< the first placeholder that stands for nothing; empty when all do
    bool too_long = false; ///< the text ends where it became longer than longest_expansion
};

/// Neither a path nor a URL is as long. Without a limit a few kibibytes could stand for gigabytes.
inline constexpr std::size_t longest_expansion = std::size_t{16} * 1024;

/// `text` with its placeholders filled in. {staged} and {path} stay as they are when
/// `keep_run_time` is set: they are known only when a command runs. A '{' that is not followed by a
/// name and '}' stands for itself.
enum class RunTime { refuse, keep };
Expansion expand(std::string_view text, const PlaceholderValues& values, Escape escape,
                 RunTime run_time);

} // namespace provisor
