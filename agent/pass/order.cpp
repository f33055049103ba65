// SPDX-License-Identifier: Apache-2.0
#include "pass/order.hpp"

#include "pass/planning.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

using Levels = std::map<std::string, std::size_t>;

/// Whether something is to be done for it, after which it may turn out to be unhealthy.
bool is_busy(const Work& work) {
    return !work.done && (work.plan.decision != Decision::unchanged ||
                          work.record.healthy != identity_of(work.wanted));
}

bool share_a_unit(const Component& one, const Component& other) {
    return std::any_of(one.units.begin(), one.units.end(), [&](const UnitSpec& unit) {
        return std::any_of(other.units.begin(), other.units.end(),
                           [&](const UnitSpec& same) { return same.name == unit.name; });
    });
}

/// Raises each level to what `after` asks for; the works stand in an order in which what is waited
/// for comes first. Returns whether any was too low.
bool raise_by_after(const std::vector<Work>& works,
                    const std::map<std::string, const Work*>& by_name, Levels& levels) {
    bool raised = false;
    for (const Work& work : works)
        for (const std::string& name : work.component->after) {
            const auto before = by_name.find(name);
            if (before == by_name.end())
                continue;
            const Work& first = *before->second;
            const std::size_t step =
                is_busy(first) && !share_a_unit(*first.component, *work.component) ? 1 : 0;
            std::size_t& level = levels[work.component->name];
            if (const std::size_t lowest = levels[name] + step; level < lowest) {
                level = lowest;
                raised = true;
            }
        }
    return raised;
}

/// Those who share a unit have one level, the highest of theirs.
bool raise_by_units(const std::vector<Work>& works, Levels& levels) {
    Levels of_units;
    const auto for_each_unit = [&](auto&& act) {
        for (const Work& work : works)
            if (is_busy(work))
                for (const UnitSpec& unit : work.component->units)
                    act(levels[work.component->name], of_units[unit.name]);
    };
    bool raised = false;
    for_each_unit([](std::size_t level, std::size_t& unit) { unit = std::max(unit, level); });
    for_each_unit([&](std::size_t& level, std::size_t unit) {
        raised |= level < unit;
        level = std::max(level, unit);
    });
    return raised;
}

Levels levels_in(const std::vector<Work>& works) {
    std::map<std::string, const Work*> by_name;
    for (const Work& work : works)
        by_name[work.component->name] = &work;
    Levels by_after;
    raise_by_after(works, by_name, by_after);
    Levels levels = by_after;
    // Each round that changes something raises a level, and no chain is longer than all works.
    for (std::size_t round = 0; round <= works.size(); ++round)
        if (!raise_by_units(works, levels) && !raise_by_after(works, by_name, levels))
            return levels;
    // A shared unit goes both before and after something: order is what matters more.
    return by_after;
}

std::string in_words(Decision decision, const std::string& name, const std::string& reason) {
    return fmt::format("after: {} {}: {}", name, decision == Decision::hold ? "is held" : "failed",
                       reason);
}

} // namespace

std::vector<std::vector<Work*>> batches_of(std::vector<Work>& works) {
    const bool in_order = std::any_of(works.begin(), works.end(), [](const Work& work) {
        return !work.component->after.empty();
    });
    Levels levels = in_order ? levels_in(works) : Levels{};
    std::map<std::size_t, std::vector<Work*>> batches;
    for (Work& work : works)
        batches[levels[work.component->name]].push_back(&work);
    std::vector<std::vector<Work*>> list;
    list.reserve(batches.size());
    for (auto& [level, batch] : batches)
        list.push_back(std::move(batch));
    return list;
}

const Trouble* Dependencies::recorded(const std::string& name) {
    if (!troubles_)
        troubles_ = read_troubles(paths_);
    const auto found = troubles_->find(name);
    return found == troubles_->end() ? nullptr : &found->second;
}

std::optional<std::string> Dependencies::trouble_of(const Work& dependency) {
    const Outcome& outcome = dependency.outcome;
    if (dependency.unreached)
        return in_words(Decision::fail, outcome.name, dependency.unreached->what());
    // Named by the failure that is waited out: what is told stays the same from pass to pass.
    if (outcome.after_failure)
        if (const Trouble* failure = recorded(outcome.name);
            failure != nullptr && failure->decision == Decision::fail)
            return in_words(Decision::fail, outcome.name, failure->reason);
    if (outcome.decision == Decision::hold)
        return in_words(Decision::hold, outcome.name, outcome.reason);
    // One that was rolled back has its error as well.
    if (outcome.decision == Decision::fail || outcome.error)
        return in_words(Decision::fail, outcome.name,
                        outcome.error ? outcome.error->what() : outcome.reason);
    return std::nullopt;
}

std::optional<std::string> Dependencies::trouble_of(const Component& dependency) {
    if (dependency.state == WantedState::absent)
        return std::nullopt;
    if (dependency.state == WantedState::held || store_.hold(dependency.name))
        return in_words(Decision::hold, dependency.name, "operator");
    if (const Trouble* trouble = recorded(dependency.name))
        return in_words(trouble->decision, dependency.name, trouble->reason);
    if (!store_.has_marker(dependency.name))
        return fmt::format("after: {} is not installed", dependency.name);
    return std::nullopt;
}

void Dependencies::hold_dependant(Work& work, const std::vector<Work>& works, Units units) {
    if (!is_change(work))
        return;
    for (const std::string& name : work.component->after) {
        std::optional<std::string> trouble;
        const auto here = std::find_if(works.begin(), works.end(), [&](const Work& other) {
            return other.component->name == name;
        });
        const auto known =
            std::find_if(components_.begin(), components_.end(),
                         [&](const Component& component) { return component.name == name; });
        if (here != works.end())
            trouble = trouble_of(*here);
        else if (known != components_.end())
            trouble = trouble_of(*known);
        if (!trouble)
            continue;
        keep_back(work, *trouble, units, paths_, interrupt_);
        if (here != works.end())
            work.outcome.next_try = here->outcome.next_try;
        return;
    }
}

} // namespace provisor
