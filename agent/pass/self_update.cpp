// SPDX-License-Identifier: Apache-2.0
#include "pass/self_update.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::uint64_t largest_program = std::uint64_t{256} << 20;
/// The job is over as soon as the program was started (Type=exec).
constexpr Duration start_patience = std::chrono::minutes(1);

bool acts_on(const Component& component, const std::string& unit, Due due) {
    return std::any_of(component.units.begin(), component.units.end(), [&](const UnitSpec& spec) {
        return spec.name == unit && (due == Due::repair ? spec.on_repair == OnRepair::restart
                                                        : spec.on_change != OnChange::none);
    });
}

std::string read_whole(const std::filesystem::path& path) {
    std::optional<std::string> content = read_file(path, largest_program);
    if (!content)
        throw Error(ErrorKind::io, fmt::format("'{}' is not there", path.string()));
    return std::move(*content);
}

} // namespace

void SelfUpdate::set_aside(std::vector<Work>& works) {
    const std::string& self = around_.own_service.unit;
    for (Work& work : works) {
        // Adoption starts what does not run, and this does.
        if (work.done || self.empty() || work.plan.due == Due::nothing ||
            work.plan.due == Due::adoption || !acts_on(*work.component, self, work.plan.due))
            continue;
        aside_.push_back(&work);
        work.plan = {};
        hold(work, fmt::format("self-update: {} puts it in place and restarts {} as soon as this "
                               "pass is over; `journalctl -u {}` tells how it went",
                               self_update_unit, self, self_update_unit));
    }
}

bool SelfUpdate::ends_with(const Component& component) const {
    return std::any_of(component.units.begin(), component.units.end(),
                       [&](const UnitSpec& spec) { return spec.name == around_.own_service.unit; });
}

/// The main program comes last: the service has nothing to do without it.
void SelfUpdate::keep_programs() const {
    const OwnService& own = around_.own_service;
    make_directories(own.folder, 0700, Durable::yes);
    std::string names;
    for (const Work* work : aside_)
        names += (names.empty() ? "" : " ") + work->component->name;
    replace_file(own.folder / "environment", fmt::format("PROVISOR_COMPONENTS={}\n", names), 0600,
                 Durable::yes);
    for (const auto& helper : own.helpers)
        replace_file(own.folder / helper.filename(), read_whole(helper), 0755, Durable::yes);
    replace_file(own.folder / "provisor", read_whole(own.program), 0755, Durable::yes);
}

void SelfUpdate::hand_over() {
    if (aside_.empty())
        return;
    try {
        const UnitState state = around_.units.state(self_update_unit);
        if (state.active_state == "active" || state.active_state == "activating")
            return; // it waits for the lock that this pass holds
        if (state.load_state != "loaded")
            throw Error(ErrorKind::unit,
                        fmt::format("{} is not installed, and a new version of provisor is not put "
                                    "in place without it; put it beside {}, or run `provisor apply "
                                    "{}` yourself",
                                    self_update_unit, around_.own_service.unit,
                                    aside_.front()->component->name));
        keep_programs();
        const UnitJobResult result =
            around_.units
                .run({{self_update_unit, UnitVerb::start}}, start_patience, around_.interrupt)
                .at(0);
        if (!result.done())
            throw Error(ErrorKind::unit,
                        fmt::format("start {}: {} {}; see `journalctl -u {}`", self_update_unit,
                                    result.result, result.message, self_update_unit));
    } catch (const Error& error) {
        for (Work* work : aside_) {
            work->done = false;
            fail(*work, error);
        }
    }
}

} // namespace provisor
