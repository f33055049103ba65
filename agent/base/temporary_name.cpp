// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_name.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::string_view prefix = ".provisor-";
constexpr std::size_t digits = 16;

} // namespace

std::string temporary_name() { return fmt::format("{}{:016x}", prefix, random_number()); }

bool is_temporary_name(std::string_view name) {
    if (name.size() != prefix.size() + digits || !name.starts_with(prefix))
        return false;
    name.remove_prefix(prefix.size());
    return name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace provisor
