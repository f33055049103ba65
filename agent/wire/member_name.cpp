// SPDX-License-Identifier: Apache-2.0
#include "wire/member_name.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <clocale>
#include <fnmatch.h>

namespace provisor {
namespace {

/// This thread in the "C" locale, in which fnmatch compares bytes: both programs must come to the
/// same result.
class PlainLocale {
public:
    PlainLocale() : plain_(::newlocale(LC_ALL_MASK, "C", nullptr)), before_(::uselocale(plain_)) {}
    PlainLocale(const PlainLocale&) = delete;
    PlainLocale& operator=(const PlainLocale&) = delete;
    ~PlainLocale() {
        ::uselocale(before_);
        ::freelocale(plain_);
    }

private:
    locale_t plain_;
    locale_t before_;
};

} // namespace

std::string_view normalized_member(std::string_view name) {
    while (name.starts_with("./")) {
        name.remove_prefix(2);
        while (name.starts_with('/'))
            name.remove_prefix(1);
    }
    while (name.size() > 1 && name.ends_with('/'))
        name.remove_suffix(1);
    return name;
}

bool member_matches(const std::string& pattern, std::string_view name) {
    const std::string plain_name(normalized_member(name));
    if (plain_name.empty() || plain_name.size() > max_member_name ||
        plain_name.find('\0') != std::string::npos)
        return false;
    const PlainLocale plain;
    const std::string plain_pattern(normalized_member(pattern));
    return ::fnmatch(plain_pattern.c_str(), plain_name.c_str(), FNM_PATHNAME) == 0;
}

const char* member_name_problem(std::string_view name) {
    if (name.empty())
        return "an empty name";
    if (name.size() > max_member_name)
        return "a name of more than 4096 bytes";
    if (name.starts_with('/'))
        return "an absolute name";
    for (std::string_view rest = name; !rest.empty();) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        if (rest.substr(0, end) == "..")
            return "a name with \"..\"";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (invalid_utf8(name) != std::string_view::npos)
        return "a name that is not UTF-8";
    return nullptr;
}

} // namespace provisor
