// SPDX-License-Identifier: Apache-2.0
#include "model/capabilities.hpp"

#include "base/c_ptr.hpp"
#include "base/text.hpp"
#include "model/nearest.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <endian.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/capability.h>
#include <type_traits>
#include <vector>

namespace provisor {
namespace {

constexpr cap_value_t capability_bits = 64;
constexpr std::string_view blanks = " \t\n\r\f\v";

struct FileCapabilities {
    std::uint64_t permitted = 0;
    std::uint64_t inheritable = 0;
    std::uint64_t effective = 0;

    std::uint64_t all() const { return permitted | inheritable; }
};

void free_capabilities(cap_t set) { ::cap_free(set); }
using CapabilitySet = CPtr<std::remove_pointer_t<cap_t>, free_capabilities>;

/// Absent when libcap does not understand it.
std::optional<FileCapabilities> parse(const std::string& text) {
    const CapabilitySet set(::cap_from_text(text.c_str()));
    if (!set)
        return std::nullopt;
    FileCapabilities found;
    for (cap_value_t number = 0; number < capability_bits; ++number) {
        const auto take = [&](cap_flag_t flag, std::uint64_t& bits) {
            cap_flag_value_t value = CAP_CLEAR;
            if (::cap_get_flag(set.get(), number, flag, &value) == 0 && value == CAP_SET)
                bits |= std::uint64_t{1} << number;
        };
        take(CAP_PERMITTED, found.permitted);
        take(CAP_INHERITABLE, found.inheritable);
        take(CAP_EFFECTIVE, found.effective);
    }
    return found;
}

std::string name_of_capability(cap_value_t number) {
    char* const name = ::cap_to_name(number);
    std::string copy = name != nullptr ? name : std::to_string(number);
    ::cap_free(name);
    return copy;
}

std::string to_text(const FileCapabilities& capabilities) {
    struct Clause {
        bool permitted;
        bool inheritable;
        std::string names;
    };
    std::vector<Clause> clauses;
    for (cap_value_t number = 0; number < capability_bits; ++number) {
        const bool permitted = ((capabilities.permitted >> number) & 1) != 0;
        const bool inheritable = ((capabilities.inheritable >> number) & 1) != 0;
        if (!permitted && !inheritable)
            continue;
        auto clause = std::find_if(clauses.begin(), clauses.end(), [&](const Clause& one) {
            return one.permitted == permitted && one.inheritable == inheritable;
        });
        if (clause == clauses.end())
            clause = clauses.insert(clause, {permitted, inheritable, ""});
        clause->names += (clause->names.empty() ? "" : ",") + name_of_capability(number);
    }
    std::string text;
    for (const Clause& clause : clauses)
        text += fmt::format("{}{}={}{}{}", text.empty() ? "" : " ", clause.names,
                            capabilities.effective != 0 ? "e" : "", clause.inheritable ? "i" : "",
                            clause.permitted ? "p" : "");
    return text;
}

/// The capability that this word was probably meant to be; empty when none is near.
std::string find_nearest_capability(const std::string& word) {
    std::vector<std::string> names;
    for (cap_value_t number = 0; number <= CAP_LAST_CAP; ++number)
        names.push_back(name_of_capability(number));
    for (const std::string& name : names)
        if (name == "cap_" + word || (word.size() > 4 && name.starts_with(word)))
            return name;
    const auto near = nearest(word, {names.begin(), names.end()});
    return near ? std::string(*near) : "";
}

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0)
            words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

/// libcap says of a text only that it is wrong; mostly a name is.
std::optional<std::string> find_wrong_name(std::string_view text) {
    for (const std::string& clause : words_of(text, blanks))
        for (std::string name : words_of(clause.substr(0, clause.find_first_of("=+-")), ",")) {
            name = lower_case(name);
            cap_value_t number = 0;
            if (name == "all" || std::isdigit(static_cast<unsigned char>(name.front())) != 0 ||
                ::cap_from_name(name.c_str(), &number) == 0)
                continue;
            const std::string near = find_nearest_capability(name);
            return fmt::format("'{}' is not a capability; {}", printable(name, 80),
                               near.empty() ? "capabilities(7) lists them"
                                            : fmt::format("did you mean '{}'?", near));
        }
    return std::nullopt;
}

bool is_written_well(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) {
                           return std::isalnum(c) != 0 || std::strchr("_,=+-", c) != nullptr ||
                                  std::isspace(c) != 0;
                       }) &&
           text.find('\0') == std::string_view::npos;
}

} // namespace

std::optional<std::string> find_capabilities_fault(std::string_view text) {
    if (text.find_first_not_of(blanks) == std::string_view::npos)
        return "at least one capability is expected, like cap_net_bind_service=ep; leave the key "
               "out for none";
    const auto found = is_written_well(text) ? parse(std::string(text)) : std::nullopt;
    if (!found) {
        if (auto wrong = find_wrong_name(text))
            return wrong;
        return fmt::format("'{}' does not name capabilities; names and flags are expected, like "
                           "cap_net_bind_service,cap_net_raw=ep (cap_from_text(3))",
                           printable(text, 80));
    }
    if (found->all() == 0)
        return fmt::format("'{}' names no capability that is permitted or inheritable; flags are "
                           "expected, like cap_net_bind_service=ep",
                           printable(text, 80));
    if (found->effective != 0 && found->effective != found->all())
        return fmt::format("'{}': the flag 'e' is expected for all capabilities or for none, since "
                           "a file has it once for all (capabilities(7))",
                           printable(text, 80));
    return std::nullopt;
}

std::string normal_capabilities(const std::string& text) {
    return find_capabilities_fault(text) ? text : to_text(*parse(text));
}

std::string capabilities_to_attribute(const std::string& text) {
    const FileCapabilities capabilities = parse(text).value_or(FileCapabilities{});
    vfs_cap_data data{};
    data.magic_etc =
        htole32(VFS_CAP_REVISION_2 | (capabilities.effective != 0 ? VFS_CAP_FLAGS_EFFECTIVE : 0));
    for (std::size_t half = 0; half < VFS_CAP_U32_2; ++half) {
        data.data[half].permitted =
            htole32(static_cast<std::uint32_t>(capabilities.permitted >> (32 * half)));
        data.data[half].inheritable =
            htole32(static_cast<std::uint32_t>(capabilities.inheritable >> (32 * half)));
    }
    return {reinterpret_cast<const char*>(&data), XATTR_CAPS_SZ_2};
}

std::string capabilities_from_attribute(std::string_view value) {
    vfs_ns_cap_data data{};
    std::memcpy(&data, value.data(), std::min(value.size(), sizeof data));
    const std::uint32_t magic = le32toh(data.magic_etc);
    const std::uint32_t revision = magic & VFS_CAP_REVISION_MASK;
    const bool is_known = (revision == VFS_CAP_REVISION_1 && value.size() == XATTR_CAPS_SZ_1) ||
                          (revision == VFS_CAP_REVISION_2 && value.size() == XATTR_CAPS_SZ_2) ||
                          (revision == VFS_CAP_REVISION_3 && value.size() == XATTR_CAPS_SZ_3);
    if (!is_known)
        return "unknown";
    FileCapabilities found;
    const std::size_t halves = revision == VFS_CAP_REVISION_1 ? VFS_CAP_U32_1 : VFS_CAP_U32_2;
    for (std::size_t half = 0; half < halves; ++half) {
        found.permitted |= std::uint64_t{le32toh(data.data[half].permitted)} << (32 * half);
        found.inheritable |= std::uint64_t{le32toh(data.data[half].inheritable)} << (32 * half);
    }
    found.effective = (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0 ? found.all() : 0;
    std::string text = to_text(found);
    if (revision == VFS_CAP_REVISION_3 && data.rootid != 0)
        text += fmt::format("{}[rootid={}]", text.empty() ? "" : " ", le32toh(data.rootid));
    return text;
}

} // namespace provisor
