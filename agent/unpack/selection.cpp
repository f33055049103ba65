// SPDX-License-Identifier: Apache-2.0
#include "unpack/selection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "wire/member_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <strings.h>

namespace provisor {
namespace {

constexpr std::size_t max_hints = 5;

std::string shown(std::string_view name) { return printable(name, 200); }

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

/// The front of `path` that has as many parts as `count` says; empty when it has not that many.
std::string_view front(std::string_view path, std::size_t count) {
    std::size_t end = 0;
    for (; count > 0 && end != std::string_view::npos; --count)
        end = path.find('/', end == 0 ? 0 : end + 1);
    return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

} // namespace

Selection::Selection(const std::vector<std::string>& patterns) {
    for (const std::string& glob : patterns)
        patterns_.push_back({std::string(normalized_member(glob)), ""});
}

std::vector<std::uint32_t> Selection::wanting(const Member& member) {
    std::vector<std::uint32_t> indices;
    for (std::size_t i = 0; i < patterns_.size(); ++i)
        if (member_matches(patterns_[i].glob, member.name))
            indices.push_back(static_cast<std::uint32_t>(i));
    if (indices.empty()) {
        remember(member);
        return indices;
    }
    check_wanted(member);
    for (const std::uint32_t index : indices) {
        Pattern& pattern = patterns_[index];
        if (pattern.member == member.name)
            throw Error(ErrorKind::unpack,
                        fmt::format("member '{}' is in the archive twice", shown(member.name)));
        if (!pattern.member.empty())
            throw Error(ErrorKind::unpack,
                        fmt::format("files.from '{}' matches more than one member: '{}' and '{}'",
                                    shown(pattern.glob), shown(pattern.member),
                                    shown(member.name)));
        pattern.member = member.name;
    }
    return indices;
}

void Selection::check_wanted(const Member& member) const {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorKind::unpack, fmt::format("member '{}' {}", shown(member.name), why));
    };
    if (member.other_kind != nullptr)
        refuse(fmt::format("is {}, not a regular file", member.other_kind));
    if (const char* problem = member_name_problem(member.name))
        refuse(fmt::format("has {}", problem));
    if (member.encrypted)
        refuse("is encrypted");
    if (member.sparse)
        refuse("is a sparse file: it must be packed without --sparse");
    for (std::size_t end = member.name.find('/'); end != std::string::npos;
         end = member.name.find('/', end + 1))
        if (const auto link = links_.find(member.name.substr(0, end)); link != links_.end())
            refuse(
                fmt::format("lies behind '{}', which is a link in the same archive", shown(*link)));
}

void Selection::remember(const Member& member) {
    if (member.other_kind == nullptr) {
        const std::string name(last_part(member.name));
        const bool similar = std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& one) {
            const std::string wanted(last_part(one.glob));
            return member_matches(wanted, name) || ::strcasecmp(wanted.c_str(), name.c_str()) == 0;
        });
        std::vector<std::string>& hints = similar ? similar_ : first_;
        if (hints.size() < max_hints)
            hints.push_back(shown(member.name));
    } else if (!member.directory && leads_to_wanted(member.name)) {
        links_.insert(member.name);
    }
}

bool Selection::leads_to_wanted(const std::string& name) const {
    const auto parts = static_cast<std::size_t>(std::count(name.begin(), name.end(), '/')) + 1;
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& one) {
        return member_matches(std::string(front(one.glob, parts)), name);
    });
}

void Selection::finish() const {
    const auto missing = std::find_if(patterns_.begin(), patterns_.end(),
                                      [](const Pattern& one) { return one.member.empty(); });
    if (missing == patterns_.end())
        return;
    std::vector<std::string> hints = similar_;
    hints.insert(hints.end(), first_.begin(), first_.end());
    hints.resize(std::min(hints.size(), max_hints));
    throw Error(ErrorKind::unpack,
                fmt::format("files.from '{}' matches no member of the archive; {}",
                            shown(missing->glob),
                            hints.empty() ? "it has no files"
                                          : fmt::format("it has '{}'", fmt::join(hints, "', '"))));
}

} // namespace provisor
