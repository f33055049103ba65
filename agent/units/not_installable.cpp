// SPDX-License-Identifier: Apache-2.0
#include "units/not_installable.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace provisor {

void warn_not_installable(const std::vector<std::string>& units) {
    spdlog::warn("enable {}: there is no [Install] section, so nothing will start it at boot",
                 fmt::join(units, " "));
}

} // namespace provisor
