// SPDX-License-Identifier: Apache-2.0
#include "model/drop_in.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace provisor {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '_' || c == '-' || c == '+';
}

bool is_plain(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_plain(c); });
}

/// A word of a shell.
std::string shell_word(const std::string& text) {
    if (is_plain(text))
        return text;
    std::string word = "'";
    for (const char c : text)
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

/// A path in a list of a unit file: systemd.syntax(7) on quotes, systemd.unit(5) on "%".
std::string unit_word(const std::string& path) {
    if (is_plain(path))
        return path;
    std::string word = "\"";
    for (const char c : path) {
        if (c == '"' || c == '\\')
            word += '\\';
        if (c == '%')
            word += '%';
        word += c;
    }
    return word + "\"";
}

/// "/srv/app" as the name of a file: "srv-app".
std::string name_of(const std::string& folder) {
    std::string name;
    for (const char c : folder)
        if (c != '/')
            name += is_plain(c) ? c : '_';
        else if (!name.empty())
            name += '-';
    return name.empty() ? "root" : name;
}

std::string command(const std::string& unit, const std::string& folder, const std::string& name,
                    const std::vector<std::string>& lines) {
    const std::string drop_ins = fmt::format("/etc/systemd/system/{}.d", unit);
    std::string text = "mkdir -p ";
    if (!folder.empty())
        text += shell_word(folder) + " ";
    text += drop_ins + " && printf '%s\\n' '[Service]'";
    for (const std::string& line : lines)
        text += " " + shell_word(line);
    return text + fmt::format(" >{}/{}.conf && systemctl daemon-reload && systemctl try-restart {}",
                              drop_ins, name, unit);
}

} // namespace

std::string write_path_command(const std::string& unit, const std::string& folder) {
    return command(unit, folder, name_of(folder), {"ReadWritePaths=" + unit_word(folder)});
}

std::string owner_command(const std::string& unit) {
    return command(unit, "", "owners",
                   {"CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH",
                    "SystemCallFilter=@chown", "PrivateUsers=no"});
}

std::string capabilities_command(const std::string& unit) {
    // In a user namespace they would be for that alone.
    return command(unit, "", "capabilities",
                   {"CapabilityBoundingSet=CAP_SETFCAP", "PrivateUsers=no"});
}

std::string accounts_command(const std::string& unit) {
    return command(unit, "", "accounts", {"PrivateUsers=no"});
}

} // namespace provisor
