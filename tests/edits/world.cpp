// SPDX-License-Identifier: Apache-2.0
#include "edits/world.hpp"

#include "model/plan.hpp"
#include "store/component_store.hpp"
#include "support/tree_listing.hpp"

#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

bool stands_as_it_is(const Outcome& outcome) {
    return outcome.error || outcome.decision == Decision::hold ||
           outcome.decision == Decision::fail || outcome.decision == Decision::rollback;
}

const Outcome* outcome_of(const PassReport& report, const std::string& name) {
    for (const Outcome& outcome : report.components)
        if (outcome.name == name)
            return &outcome;
    return nullptr;
}

} // namespace

EditWorld::EditWorld(std::uint64_t seed) : random_(seed) {
    for (const char* name : {"d1", "d2", "units"})
        fs::create_directories(machine_.folder / name);
    machine_.units.read_unit_files_from(machine_.folder / "units");
    machine_.config.flip_flop.switches = 1'000'000;
    watch_folders();
}

void EditWorld::complain(const std::string& what) {
    sequence.wrong.push_back(what);
    tell("*** " + what);
}

fs::path EditWorld::real(const fs::path& path) {
    return fs::weakly_canonical(path.parent_path()) / path.filename();
}

Component EditWorld::component_of(const std::string& name, const Wish& wish) const {
    Component component = machine_.app();
    component.name = name;
    component.version.clear();
    component.url = url_of(name);
    component.state = wish.state;
    const FileSpec file = component.files[0];
    component.files.clear();
    for (const std::string& path : wish.paths) {
        component.files.push_back(file);
        component.files.back().path = (machine_.folder / path).string();
        component.files.back().mode = wish.mode;
    }
    if (!wish.unit.empty()) {
        component.units.emplace_back().name = wish.unit;
        component.units.back().file = unit_text(name);
    }
    return component;
}

void EditWorld::publish_next(const std::string& name) {
    const unsigned version = ++versions_[name];
    machine_.publish(script(name + " " + std::to_string(version)),
                     "\"" + std::to_string(version) + "\"", url_of(name));
}

EditWorld::RealPaths EditWorld::wanted_by(const std::string& name, const Wish& wish) const {
    RealPaths paths;
    if (wish.state != WantedState::absent)
        for (const InstalledFile& file :
             wanted_marker(component_of(name, wish), "", {}, machine_.paths.unit_dir).files)
            paths.insert(real(file.path));
    return paths;
}

std::map<std::string, EditWorld::RealPaths> EditWorld::installed(bool with_given_up) const {
    const ComponentStore store(machine_.paths.state_dir);
    std::map<std::string, RealPaths> all;
    for (const std::string& name : store.list())
        if (const auto marker = store.installed(name)) {
            for (const InstalledFile& file : marker->files)
                all[name].insert(real(file.path));
            if (with_given_up)
                for (const InstalledFile& file : marker->retired)
                    all[name].insert(real(file.path));
        }
    return all;
}

Settings EditWorld::settings(const std::vector<Component>& extra) const {
    Settings made;
    made.config = machine_.config;
    for (const auto& [name, wish] : wishes_)
        if (wish.readable)
            made.components.push_back(component_of(name, wish));
        else
            made.failed_files = {"/etc/provisor/components.d/" + name + ".yaml"};
    made.components.insert(made.components.end(), extra.begin(), extra.end());
    return made;
}

void EditWorld::watch_folders() {
    for (const char* name : {"d1", "d2", "units", "link"})
        if (fs::is_directory(machine_.folder / name) && !fs::is_symlink(machine_.folder / name))
            watch_.add(machine_.folder / name);
}

void EditWorld::pass(const PassOptions& options, const std::vector<Component>& extra) {
    const auto before = installed(false);
    const auto listed = installed(true);
    std::string told = "pass";
    for (const std::string& name : options.names)
        told += " " + name;
    PassReport report;
    const Settings edited = settings(extra);
    try {
        report = run_pass(edited, machine_.paths, options,
                          {machine_.origin, machine_.units, machine_.journal, machine_.interrupt,
                           machine_.progress, machine_.unpack_program});
    } catch (const Error& error) {
        told += std::string(" threw: ") + error.what();
        // There may be nothing to go back to.
        options.rollback_to ? tell(told) : complain(told);
        return;
    }
    ++sequence.passes;
    for (const Outcome& outcome : report.components)
        told += "; " + outcome.name + " " + std::string(to_string(outcome.decision)) +
                (stands_as_it_is(outcome) ? " (" + outcome.reason + ")" : "");
    tell(told);
    check_removals(report, before, listed, extra);
    check_wanted(report);
    check_foreign(report);
    watch_folders();
}

void EditWorld::cut_pass() {
    const auto before = installed(false);
    const auto listed = installed(true);
    const Settings edited = settings({});
    const pid_t child = ::fork();
    if (child == 0) {
        run_pass(edited, machine_.paths, {},
                 {machine_.origin, machine_.units, machine_.journal, machine_.interrupt,
                  machine_.progress, machine_.unpack_program});
        ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(below(8000)));
    int status = 0;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    ++sequence.passes;
    tell(WIFSIGNALED(status) ? "pass, killed" : "pass, not killed in time");
    check_removals({}, before, listed, {});
    for (const auto& [name, wish] : wishes_)
        for (const fs::path& path : wanted_by(name, wish))
            if (const auto found = foreign_.find(path);
                found != foreign_.end() && read_text(path) != found->second)
                foreign_.erase(found);
    check_foreign({});
    watch_folders();
}

void EditWorld::check_removals(const PassReport& report,
                               const std::map<std::string, RealPaths>& before,
                               const std::map<std::string, RealPaths>& listed,
                               const std::vector<Component>& extra) {
    for (const fs::path& path : watch_.removed()) {
        const auto has = [&](const RealPaths& paths) { return paths.contains(path); };
        const auto goes_back = [&](const std::string& name) {
            const Outcome* outcome = outcome_of(report, name);
            return outcome != nullptr && outcome->decision == Decision::rollback;
        };
        for (const auto& [name, wish] : wishes_) {
            if (has(wanted_by(name, wish)) && !goes_back(name))
                complain(path.string() + " was removed, and '" + name + "' wants it");
        }
        if (foreign_.contains(path))
            complain(path.string() + " was removed, and is somebody else's");
        if (std::none_of(listed.begin(), listed.end(),
                         [&](const auto& one) { return has(one.second); }))
            complain(path.string() + " was removed, and no marker named it");
        for (const auto& [name, paths] : before) {
            const auto wish = wishes_.find(name);
            const bool asked = !extra.empty() && extra.front().name == name;
            const bool stays =
                wish == wishes_.end()
                    ? !asked
                    : !wish->second.readable || (wish->second.state != WantedState::absent &&
                                                 (wish->second.state == WantedState::held ||
                                                  operator_holds_.contains(name)));
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
    const auto now = installed(false);
    for (const Outcome& outcome : report.components)
        if (const auto paths = now.find(outcome.name);
            outcome.decision == Decision::rollback && paths != now.end())
            for (const fs::path& path : paths->second)
                if (foreign_.contains(path) && fs::exists(path) &&
                    foreign_.at(path) == read_text(path))
                    foreign_.erase(path);
    for (const auto& [path, content] : foreign_)
        if (!fs::exists(path) || read_text(path) != content)
            complain(path.string() + " is somebody else's, and was touched");
}

void EditWorld::end() {
    tell("all is well from here on");
    ComponentStore store(machine_.paths.state_dir);
    for (auto& [name, wish] : wishes_) {
        wish.readable = true;
        machine_.origin.pages[url_of(name)].status = 200;
        if (wish.state == WantedState::held)
            wish.state = WantedState::present;
    }
    for (const std::string& name : store.list()) {
        store.remove_hold(name);
        Record record = store.record(name);
        record.quarantine.reset();
        record.backoff.reset();
        store.write_record(name, record);
    }
    operator_holds_.clear();
    pass();
    pass();
    check_end();
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
    const auto markers = installed(true);
    for (const auto& [name, paths] : markers)
        if (!wishes_.contains(name) || refused.contains(name) || !refused.empty())
            expected.insert(paths.begin(), paths.end());
    for (const auto& [name, wish] : wishes_)
        if (const RealPaths wanted = wanted_by(name, wish); !refused.contains(name))
            expected.insert(wanted.begin(), wanted.end());
    for (const char* name : {"d1", "d2", "units", "link"}) {
        const fs::path folder = machine_.folder / name;
        if (!fs::is_directory(folder) || fs::is_symlink(folder))
            continue;
        for (const auto& entry : fs::directory_iterator(folder))
            if (!expected.contains(entry.path()))
                complain(entry.path().string() + " was left behind");
    }
    for (const auto& [name, paths] : markers)
        if (const auto wish = wishes_.find(name);
            wish != wishes_.end() && wish->second.state == WantedState::absent && refused.empty())
            complain("'" + name + "' is absent, and its marker is still there");
}

} // namespace provisor::test
