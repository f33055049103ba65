// SPDX-License-Identifier: Apache-2.0
#include "model/placeholders.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

namespace provisor {
namespace {

struct Machine {
    const char* uname;
    const char* go;
    const char* deb;
    const char* rpm;
};
constexpr std::array machines{
    Machine{"x86_64", "amd64", "amd64", "x86_64"},
    Machine{"aarch64", "arm64", "arm64", "aarch64"},
    Machine{"i686", "386", "i386", "i686"},
    Machine{"armv7l", "arm", "armhf", "armv7hl"},
    Machine{"ppc64le", "ppc64le", "ppc64el", "ppc64le"},
    Machine{"s390x", "s390x", "s390x", "s390x"},
    Machine{"riscv64", "riscv64", "riscv64", "riscv64"},
    Machine{"loongarch64", "loong64", "loong64", "loongarch64"},
};

std::string percent_encoded(const PlaceholderValue& value) {
    // RFC 3986, 2.3 and 2.2: unreserved characters, and reserved ones with '%' of what is encoded
    // already.
    const std::string_view kept = value.authored ? "-._~:/?#[]@!$&'()*+,;=%" : "-._~";
    std::string encoded;
    for (const char c : value.text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x80 && std::isalnum(byte) != 0) || kept.find(c) != std::string_view::npos)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", byte);
    }
    return encoded;
}

} // namespace

bool is_placeholder_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '_' || c == ':' || c == '-';
           });
}

PlaceholderValues machine_placeholders(const Facts& facts) {
    Machine machine{facts.machine.c_str(), facts.machine.c_str(), facts.machine.c_str(),
                    facts.machine.c_str()};
    for (const Machine& known : machines)
        if (facts.machine == known.uname)
            machine = known;
    return {{"arch", {machine.uname}},         {"arch:uname", {machine.uname}},
            {"arch:go", {machine.go}},         {"arch:deb", {machine.deb}},
            {"arch:rpm", {machine.rpm}},       {"os", {facts.os}},
            {"machine_id", {facts.machine_id}}};
}

Expansion expand(std::string_view text, const PlaceholderValues& values, Escape escape,
                 RunTime run_time) {
    Expansion expansion;
    while (!text.empty()) {
        if (expansion.text.size() > longest_expansion) {
            expansion.too_long = true;
            return expansion;
        }
        const std::size_t begin = std::min(text.find('{'), text.size());
        expansion.text += text.substr(0, begin);
        text.remove_prefix(begin);
        const std::size_t end = text.find('}');
        const std::string_view name = end == std::string_view::npos ? "" : text.substr(1, end - 1);
        if (!is_placeholder_name(name)) {
            expansion.text += text.substr(0, 1);
            text.remove_prefix(std::min<std::size_t>(1, text.size()));
            continue;
        }
        const auto value = values.find(name);
        if (value != values.end())
            expansion.text +=
                escape == Escape::url ? percent_encoded(value->second) : value->second.text;
        else if (run_time == RunTime::keep && (name == "staged" || name == "path"))
            expansion.text += text.substr(0, end + 1);
        else if (expansion.unknown.empty())
            expansion.unknown = name;
        text.remove_prefix(end + 1);
    }
    return expansion;
}

} // namespace provisor
