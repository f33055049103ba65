// SPDX-License-Identifier: Apache-2.0
#include "pass/shared_units.hpp"

#include "pass/planning.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

bool acts_on(const Work& work, const UnitSpec& unit) {
    if (work.done || work.plan.due == Due::nothing)
        return false;
    return work.plan.due == Due::repair ? unit.on_repair == OnRepair::restart
                                        : unit.on_change != OnChange::none;
}

bool has_unit(const Component& component, const std::string& name) {
    return component.state != WantedState::absent &&
           std::any_of(component.units.begin(), component.units.end(),
                       [&](const UnitSpec& unit) { return unit.name == name; });
}

/// Why what is installed of a component is not trusted, unless this pass replaces it.
std::optional<Doubt> doubt_about(const Component& component, const std::vector<Work>& works,
                                 const ComponentStore& store, Trust& trust) {
    const auto work = std::find_if(works.begin(), works.end(), [&](const Work& one) {
        return one.component->name == component.name;
    });
    if (work != works.end())
        return !work->done && is_change(*work) ? std::nullopt : work->doubt;
    const std::optional<Marker> installed = store.installed(component.name);
    return installed ? trust.doubt(*installed, component) : std::nullopt;
}

} // namespace

void refuse_shared_units(const std::vector<Work*>& batch, const std::vector<Work>& works,
                         const std::vector<Component>& components, const ComponentStore& store,
                         Trust& trust) {
    for (Work* work : batch)
        for (const UnitSpec& unit : work->component->units)
            attempt(*work, [&] {
                if (!acts_on(*work, unit))
                    return;
                for (const Component& other : components) {
                    if (other.name == work->component->name || !has_unit(other, unit.name))
                        continue;
                    const auto doubt = doubt_about(other, works, store, trust);
                    if (doubt && doubt->kind == Doubt::Kind::key)
                        throw Error(ErrorKind::signature,
                                    fmt::format("{} is not acted on, since it is a unit of '{}' as "
                                                "well, and what is installed of that {}",
                                                unit.name, other.name, doubt->reason));
                }
            });
}

} // namespace provisor
