// SPDX-License-Identifier: Apache-2.0
#include "cli/next_step.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

/// Of a hold: its reason begins with a word for what ends it (provisor(8), DECISIONS).
NextStep step_of_hold(const Overview& overview, WallTime now) {
    const Trouble& trouble = *overview.trouble;
    const auto is = [&](const char* word) { return trouble.reason.starts_with(word); };
    const auto& backoff = overview.record.backoff;
    if (is("window:"))
        return {trouble.next_try ? "what was downloaded is put in place"
                                 : "none: no window of its manifest opens again",
                trouble.next_try};
    if (is("after:"))
        return {"it goes on when the component that it comes after is well", trouble.next_try};
    if (is("flip-flop:") && overview.record.flip_flop && overview.record.flip_flop->until > now)
        return {"the hold ends, and what is wanted then is put in place",
                overview.record.flip_flop->until};
    if (is("backoff:") && backoff && backoff->until == WallTime::max())
        return {fmt::format("none before its manifest changes, or `provisor release {}`",
                            overview.name),
                {}};
    if (is("backoff:"))
        return {"its origin is asked again", trouble.next_try};
    if (is("downgrade:"))
        return {"none before its manifest names another version, or says allow_downgrade", {}};
    return {"its origin is asked for other content than what is held", {}};
}

bool is_active(const UnitState& unit) {
    return unit.active_state == "active" || unit.active_state == "reloading";
}

} // namespace

NextStep next_step(const Overview& overview, WallTime now) {
    if (overview.component == nullptr)
        return {"none: no manifest names it", {}};
    if (overview.hold)
        return {fmt::format("none before `provisor release {}`", overview.name), {}};
    if (overview.component->state == WantedState::held)
        return {"none before its manifest says something else than state: held", {}};
    if (overview.trouble && overview.trouble->decision == Decision::hold)
        return step_of_hold(overview, now);
    if (overview.component->state == WantedState::absent)
        return {overview.installed ? "it is removed" : "none: it is not wanted", {}};
    const auto& backoff = overview.record.backoff;
    if (overview.trouble && backoff && backoff->until == WallTime::max())
        return {fmt::format("none before its manifest changes, or `provisor release {}`",
                            overview.name),
                {}};
    if (overview.trouble)
        return {"it is tried again", overview.trouble->next_try};
    if (!overview.installed)
        return {"it is installed", {}};
    if (overview.state == "installing")
        return {"its units are activated with what is installed", {}};
    return {"its origin is asked whether there is other content", {}};
}

NextPass next_pass(UnitManager& units) {
    try {
        const UnitState daemon = units.state("provisor.service");
        if (is_active(daemon)) {
            constexpr std::string_view words = "next pass ";
            const std::size_t found = daemon.status_text.rfind(words);
            if (found == std::string::npos)
                return {fmt::format("provisor.service is at work: {}", daemon.status_text), {}};
            const std::string time = daemon.status_text.substr(found + words.size());
            return {time, parse_rfc3339(time)};
        }
        if (is_active(units.state("provisor.timer")))
            return {"when provisor.timer elapses: `systemctl list-timers provisor.timer`", {}};
    } catch (const Error& error) {
        return {fmt::format("not known: {}", error.what()), {}};
    }
    return {"none is planned, since neither provisor.service nor provisor.timer runs; `provisor "
            "apply` makes one",
            {}};
}

std::string service_of_passes(UnitManager& units) {
    return !is_active(units.state("provisor.service")) && is_active(units.state("provisor.timer"))
               ? "provisor-apply.service"
               : "provisor.service";
}

} // namespace provisor
