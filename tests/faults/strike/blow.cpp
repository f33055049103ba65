// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/blow.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace provisor::test {
namespace {

using Kind = Blow::Kind;

constexpr std::array<std::pair<const char*, Kind>, 5> kinds{{{"none", Kind::none},
                                                             {"kill", Kind::kill},
                                                             {"killone", Kind::kill_one},
                                                             {"term", Kind::term},
                                                             {"short", Kind::short_write}}};

constexpr std::array<std::pair<const char*, int>, 7> errors{{{"ENOSPC", ENOSPC},
                                                             {"EIO", EIO},
                                                             {"EDQUOT", EDQUOT},
                                                             {"EROFS", EROFS},
                                                             {"EMFILE", EMFILE},
                                                             {"ENOMEM", ENOMEM},
                                                             {"EINTR", EINTR}}};

bool take_end(std::string& text, const std::string& end) {
    if (!text.ends_with(end))
        return false;
    text.resize(text.size() - end.size());
    return true;
}

} // namespace

std::optional<Blow> parse_blow(const std::string& text) {
    std::string word = text;
    Blow blow;
    blow.for_ever = take_end(word, "+");
    blow.after = take_end(word, "-after");
    for (const auto& [name, kind] : kinds)
        if (word == name) {
            blow.kind = kind;
            return blow;
        }
    for (const auto& [name, error] : errors)
        if (word == name) {
            blow.kind = Kind::error;
            blow.error = error;
            return blow;
        }
    return std::nullopt;
}

std::string error_name(int error) {
    const auto* found = std::find_if(errors.begin(), errors.end(),
                                     [&](const auto& one) { return one.second == error; });
    return found == errors.end() ? "" : found->first;
}

std::string to_text(const Blow& blow) {
    std::string text = error_name(blow.error);
    for (const auto& [name, kind] : kinds)
        if (blow.kind == kind)
            text = name;
    return text + (blow.after ? "-after" : "") + (blow.for_ever ? "+" : "");
}

} // namespace provisor::test
