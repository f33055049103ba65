// SPDX-License-Identifier: Apache-2.0
#include "edits/world.hpp"

#include "edits/cut.hpp"
#include "model/plan.hpp"
#include "store/component_store.hpp"
#include "store/unrecorded_files.hpp"
#include "support/tree_listing.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <unistd.h>

namespace provisor::test {

namespace fs = std::filesystem;

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

fs::path EditWorld::real(const fs::path& path) const {
    const fs::path folder = path.parent_path();
    auto found = real_folders_.find(folder);
    if (found == real_folders_.end())
        found = real_folders_.emplace(folder, fs::weakly_canonical(folder)).first;
    return found->second / path.filename();
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

EditWorld::Markers EditWorld::markers() const {
    const ComponentStore store(machine_.paths.state_dir);
    Markers all;
    for (const std::string& name : store.list())
        if (const auto marker = store.installed(name)) {
            for (const InstalledFile& file : marker->files)
                all.files[name].insert(real(file.path));
            all.named[name] = all.files[name];
            for (const InstalledFile& file : marker->retired)
                all.named[name].insert(real(file.path));
        }
    const UnrecordedFiles unrecorded(machine_.paths.state_dir);
    for (const UnrecordedFile& file : unrecorded.all())
        if (!file.over)
            all.unrecorded.insert(real(file.path));
    for (const auto& [name, paths] : all.files)
        if (keeps_its_files(name))
            for (const fs::path& path : paths) {
                // A killed pass may have left it to two, of whom the other one goes on.
                const bool has_one = std::none_of(
                    all.files.begin(), all.files.end(), [&, &name = name](const auto& other) {
                        return other.first != name && other.second.contains(path);
                    });
                if (has_one && fs::exists(path))
                    all.kept[path] = {name, read_text(path)};
            }
    return all;
}

EditWorld::RealPaths EditWorld::there() const {
    RealPaths paths;
    for (const char* name : {"d1", "d2", "units", "link"}) {
        const fs::path folder = machine_.folder / name;
        if (fs::is_directory(folder) && !fs::is_symlink(folder))
            for (const auto& entry : fs::directory_iterator(folder))
                paths.insert(entry.path());
    }
    return paths;
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
    const Markers before = markers();
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
    // Who is to go back does so, also when a unit fails then.
    goes_back_ = options.rollback_to ? options.names.at(0) : "";
    check_removals(report, before, extra);
    goes_back_.clear();
    check_wanted(report);
    check_foreign(report);
    if (!unrecorded_.empty()) {
        Markers now = markers();
        std::erase_if(unrecorded_, [&](const auto& one) {
            return now.named[one.second.component].contains(one.first) || !fs::exists(one.first) ||
                   read_text(one.first) != one.second.bytes;
        });
    }
    watch_folders();
}

void EditWorld::cut_pass() {
    const Markers before = markers();
    std::map<fs::path, std::string> contents;
    for (const fs::path& path : there())
        contents[path] = read_text(path);
    const Settings edited = settings({});
    // Few passes have many writes, and most have some.
    const std::size_t write = below(one_in(3) ? 120 : 24);
    std::array<int, 2> pair{};
    if (::pipe2(pair.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    const Fd reports(pair[0]);
    Fd report(pair[1]);
    const unsigned reloads = machine_.units.daemon_reloads();
    const auto report_reload = [&] {
        if (machine_.units.daemon_reloads() != reloads)
            write_all(report.get(), "r", "report");
    };
    const bool killed = run_cut(
        write,
        [&] {
            run_pass(edited, machine_.paths, {},
                     {machine_.origin, machine_.units, machine_.journal, machine_.interrupt,
                      machine_.progress, machine_.unpack_program});
        },
        report_reload);
    report.close();
    ++sequence.passes;
    // A service manager knows what was loaded also when who asked for it is dead.
    if (std::array<std::byte, 1> reloaded{}; read_some(reports.get(), reloaded, "report") > 0)
        machine_.units.daemon_reload();
    tell(killed ? "pass, killed before its write " + std::to_string(write)
                : "pass, with less than " + std::to_string(write + 1) + " writes");
    check_removals({}, before, {});
    Markers now = markers();
    for (const auto& [name, wish] : wishes_)
        for (const fs::path& path : wanted_by(name, wish)) {
            if (const auto foreign = foreign_.find(path);
                foreign != foreign_.end() && read_text(path) != foreign->second)
                foreign_.erase(foreign);
            if (!fs::exists(path) || now.named[name].contains(path))
                continue;
            // What is put where nothing stood is noted before.
            const auto found = contents.find(path);
            if (std::string content = read_text(path);
                found != contents.end() && found->second != content)
                unrecorded_[path] = {name, std::move(content)};
        }
    check_foreign({});
    watch_folders();
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

} // namespace provisor::test
