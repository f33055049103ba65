// SPDX-License-Identifier: Apache-2.0
#include "units/own_unit.hpp"

#include <cstdlib>
#include <memory>
#include <systemd/sd-login.h>

namespace provisor {
namespace {

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

} // namespace

std::string unit_of_this_process() {
    char* raw = nullptr;
    if (sd_pid_get_unit(0, &raw) < 0)
        return {};
    const std::unique_ptr<char, Free> name(raw);
    const std::string unit = name.get();
    return unit.ends_with(".service") ? unit : std::string();
}

} // namespace provisor
