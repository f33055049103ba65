// SPDX-License-Identifier: Apache-2.0
#include "model/file_names.hpp"

#include <algorithm>
#include <array>

namespace provisor {
namespace {

constexpr std::array leftovers{
    "~",         ".bak",         ".old",         ".orig",     ".rej",      ".swp",
    ".swo",      ".tmp",         ".dpkg-old",    ".dpkg-new", ".dpkg-tmp", ".dpkg-dist",
    ".dpkg-bak", ".dpkg-backup", ".dpkg-remove", ".ucf-old",  ".ucf-new",  ".ucf-dist",
    ".rpmsave",  ".rpmnew",      ".rpmorig",     ".pacsave",  ".pacnew"};

std::string lower(std::string_view text) {
    std::string lowered(text);
    std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lowered;
}

} // namespace

bool is_leftover(std::string_view name) {
    return name.starts_with('.') || (name.starts_with('#') && name.ends_with('#')) ||
           name.starts_with("README") || name == "lost+found" ||
           std::any_of(leftovers.begin(), leftovers.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

std::optional<std::string> meant_name(std::string_view name, const NameRule& rule) {
    std::string stem(name);
    for (bool cut = true; cut;) {
        cut = false;
        for (const std::string_view ending : rule.like)
            if (!ending.empty() && stem.size() > ending.size() && lower(stem).ends_with(ending)) {
                stem.resize(stem.size() - ending.size());
                cut = true;
            }
    }
    if (stem.size() == name.size())
        return std::nullopt;
    return stem + std::string(rule.ending);
}

} // namespace provisor
