// SPDX-License-Identifier: Apache-2.0
#include "fetch/ca_folder.hpp"

#include <algorithm>
#include <filesystem>

namespace provisor {
namespace {

constexpr const char* folder = "/etc/ssl/certs";

/// "3513523f.0": eight hex digits, as c_rehash names its links.
bool is_hashed_name(const std::string& name) {
    return name.size() == 10 && name.ends_with(".0") &&
           std::all_of(name.begin(), name.begin() + 8,
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string look() {
    std::error_code problem;
    std::filesystem::directory_iterator entry(folder, problem);
    for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem))
        if (is_hashed_name(entry->path().filename().string()))
            return folder;
    return "";
}

} // namespace

const std::string& hashed_ca_folder() {
    static const std::string found = look();
    return found;
}

} // namespace provisor
