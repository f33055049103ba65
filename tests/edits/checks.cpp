// SPDX-License-Identifier: Apache-2.0
// What must hold after each pass, and in the end.
#include "edits/world.hpp"

#include "model/plan.hpp"
#include "support/tree_listing.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

const Outcome* outcome_of(const PassReport& report, const std::string& name) {
    for (const Outcome& outcome : report.components)
        if (outcome.name == name)
            return &outcome;
    return nullptr;
}

} // namespace

bool EditWorld::stands_as_it_is(const Outcome& outcome) {
    return outcome.error || outcome.decision == Decision::hold ||
           outcome.decision == Decision::fail || outcome.decision == Decision::rollback;
}

/// Whether nobody may take them over: it is on hold, or its manifest cannot be read.
bool EditWorld::keeps_its_files(const std::string& name) const {
    const auto wish = wishes_.find(name);
    if (wish == wishes_.end())
        return operator_holds_.contains(name);
    return !wish->second.readable ||
           (wish->second.state != WantedState::absent &&
            (wish->second.state == WantedState::held || operator_holds_.contains(name)));
}

void EditWorld::check_removals(const PassReport& report, const Markers& before,
                               const std::vector<Component>& extra) {
    const auto goes_back = [&](const std::string& name) {
        const Outcome* outcome = outcome_of(report, name);
        return name == goes_back_ ||
               (outcome != nullptr && outcome->decision == Decision::rollback);
    };
    const std::string asked_for = extra.empty() ? "" : extra.front().name;
    for (const auto& [path, kept] : before.kept)
        if (kept.component != asked_for && !goes_back(kept.component) &&
            (!fs::exists(path) || read_text(path) != kept.bytes))
            complain(path.string() + " was replaced, and '" + kept.component + "' keeps it");
    for (const fs::path& path : watch_.removed()) {
        const auto has = [&](const RealPaths& paths) { return paths.contains(path); };
        for (const auto& [name, wish] : wishes_) {
            if (has(wanted_by(name, wish)) && !goes_back(name))
                complain(path.string() + " was removed, and '" + name + "' wants it");
        }
        if (foreign_.contains(path))
            complain(path.string() + " was removed, and is somebody else's");
        if (!has(before.unrecorded) &&
            std::none_of(before.named.begin(), before.named.end(),
                         [&](const auto& one) { return has(one.second); }))
            complain(path.string() + " was removed, and no marker named it");
        for (const auto& [name, paths] : before.files) {
            const bool stays = wishes_.contains(name) ? keeps_its_files(name) : name != asked_for;
            if (stays && has(paths) && !goes_back(name))
                complain(path.string() + " was removed, and '" + name + "' keeps it");
        }
    }
}

void EditWorld::check_wanted(const PassReport& report) {
    for (const Outcome& outcome : report.components) {
        const auto wish = wishes_.find(outcome.name);
        if (wish == wishes_.end() || wish->second.state != WantedState::present ||
            stands_as_it_is(outcome))
            continue;
        const std::string content =
            script(outcome.name + " " + std::to_string(versions_.at(outcome.name)));
        for (const std::string& path : wish->second.paths) {
            const fs::path file = machine_.folder / path;
            struct stat facts {};
            if (::lstat(file.c_str(), &facts) != 0)
                complain(path + " is not there, and '" + outcome.name + "' wants it");
            else if (read_text(file) != content)
                complain(path + " is not what '" + outcome.name + "' wants: " + read_text(file));
            else if ((facts.st_mode & 07777) != wish->second.mode)
                complain(path + " has another mode than '" + outcome.name + "' wants");
            foreign_.erase(real(file));
        }
        const std::string& unit = wish->second.unit;
        if (!unit.empty() && read_text(machine_.folder / "units" / unit) != unit_text(outcome.name))
            complain(unit + " is not what '" + outcome.name + "' wants");
    }
}

void EditWorld::check_foreign(const PassReport& report) {
    // What is gone back to is provisor's, also where somebody had put the same bytes.
    for (const Outcome& outcome : report.components)
        if (outcome.decision == Decision::rollback) {
            Markers now = markers();
            for (const fs::path& path : now.files[outcome.name])
                if (foreign_.contains(path) && fs::exists(path) &&
                    foreign_.at(path) == read_text(path))
                    foreign_.erase(path);
        }
    for (const auto& [path, content] : foreign_)
        if (!fs::exists(path) || read_text(path) != content)
            complain(path.string() + " is somebody else's, and was touched");
}

void EditWorld::check_end() {
    const auto before = list_tree(machine_.folder.path());
    const PassReport report =
        run_pass(settings({}), machine_.paths, {},
                 {machine_.origin, machine_.units, machine_.journal, machine_.interrupt,
                  machine_.progress, machine_.unpack_program});
    std::set<std::string> refused;
    for (const Outcome& outcome : report.components) {
        if (outcome.error && outcome.error->kind() == ErrorKind::config)
            refused.insert(outcome.name);
        else if (outcome.decision != Decision::unchanged)
            complain("'" + outcome.name + "' does not settle: " + outcome.reason);
    }
    if (refused.empty() && list_tree(machine_.folder.path()) != before)
        complain("a pass without anything to do wrote something");
    // What is there: what is wanted, what an orphan has, what is somebody else's.
    RealPaths expected;
    for (const auto& [path, content] : foreign_)
        expected.insert(path);
    const auto named = markers().named;
    for (const auto& [name, paths] : named)
        if (!wishes_.contains(name) || refused.contains(name) || !refused.empty())
            expected.insert(paths.begin(), paths.end());
    for (const auto& [name, wish] : wishes_)
        if (const RealPaths wanted = wanted_by(name, wish); !refused.contains(name))
            expected.insert(wanted.begin(), wanted.end());
    for (const fs::path& path : there())
        if (!expected.contains(path) && !unrecorded_.contains(path))
            complain(path.string() + " was left behind");
    for (const auto& [name, paths] : named)
        if (const auto wish = wishes_.find(name);
            wish != wishes_.end() && wish->second.state == WantedState::absent && refused.empty())
            complain("'" + name + "' is absent, and its marker is still there");
}

} // namespace provisor::test
