// SPDX-License-Identifier: Apache-2.0
#include "edits/edits.hpp"

#include "edits/world.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

class Editor : EditWorld {
public:
    using EditWorld::EditWorld;

    EditSequence run() {
        for (std::size_t count = 2 + below(3); count > 0; --count)
            add();
        pass();
        for (std::size_t steps = 3 + below(6); steps > 0 && sequence.wrong.empty(); --steps) {
            for (std::size_t edits = 1 + below(3); edits > 0; --edits)
                edit();
            if (one_in(4))
                cut_pass();
            one_in(6) ? pass_over_one() : pass();
            if (one_in(3))
                pass();
        }
        if (sequence.wrong.empty())
            end();
        return std::move(sequence);
    }

private:
    using Entry = std::pair<const std::string, Wish>;

    Entry* any() {
        if (wishes_.empty())
            return nullptr;
        return &*std::next(wishes_.begin(), static_cast<std::ptrdiff_t>(below(wishes_.size())));
    }
    /// One whose files the others have to keep clear of.
    Entry* any_present() {
        Entry* entry = any();
        return entry != nullptr && entry->second.state != WantedState::absent ? entry : nullptr;
    }
    /// A path that no other manifest writes in the same way, as a merge of them asks for.
    std::optional<std::string> free_path() {
        const std::array<const char*, 3> folders{"d1/p", "d2/p", "link/p"};
        for (unsigned tries = 0; tries < 20; ++tries) {
            const std::string path = folders[one_in(5) ? 2 : below(2)] + std::to_string(below(4));
            if (std::none_of(wishes_.begin(), wishes_.end(), [&](const Entry& entry) {
                    return entry.second.state != WantedState::absent &&
                           entry.second.paths.contains(path);
                }))
                return path;
        }
        return std::nullopt;
    }
    std::optional<std::string> free_unit() {
        const std::string unit = "u" + std::to_string(below(3)) + ".service";
        const bool taken = std::any_of(wishes_.begin(), wishes_.end(), [&](const Entry& entry) {
            return entry.second.state != WantedState::absent && entry.second.unit == unit;
        });
        return taken ? std::nullopt : std::optional(unit);
    }
    std::string free_name() {
        std::string name;
        do
            name = std::string(1, static_cast<char>('a' + below(8)));
        while (wishes_.contains(name));
        return name;
    }

    void edit() {
        using Act = void (Editor::*)();
        static constexpr std::array<Act, 24> acts{
            &Editor::add,         &Editor::remove,       &Editor::rename,
            &Editor::rename,      &Editor::split,        &Editor::split,
            &Editor::merge,       &Editor::merge,        &Editor::move_path,
            &Editor::move_path,   &Editor::swap,         &Editor::swap,
            &Editor::change_mode, &Editor::change_files, &Editor::change_files,
            &Editor::change_unit, &Editor::change_state, &Editor::hold,
            &Editor::publish,     &Editor::fail,         &Editor::make_unreadable,
            &Editor::link,        &Editor::put_foreign,  &Editor::command};
        (this->*acts[below(acts.size())])();
    }

    void add() {
        if (wishes_.size() >= 5)
            return;
        const std::string name = free_name();
        Wish wish;
        for (std::size_t files = 1 + below(2); files > 0; --files)
            if (const auto path = free_path())
                wish.paths.insert(*path);
        if (wish.paths.empty())
            return;
        if (one_in(2))
            wish.unit = free_unit().value_or("");
        wishes_[name] = wish;
        publish_next(name);
        tell("add " + describe(*wishes_.find(name)));
    }
    void remove() {
        if (const Entry* entry = any()) {
            const std::string name = entry->first;
            tell("take " + name + " out of the manifests");
            wishes_.erase(name);
        }
    }
    void rename() {
        const Entry* entry = any();
        if (entry == nullptr)
            return;
        const std::string name = free_name();
        const std::string before = entry->first;
        // The new one comes with the same content or with another one.
        if (one_in(2))
            publish_next(name);
        if (!versions_.contains(name))
            publish_next(name);
        const Wish wish = entry->second;
        tell("rename " + before + " to " + name);
        if (one_in(4) && wish.readable)
            wishes_[before].state = WantedState::absent;
        else
            wishes_.erase(before);
        wishes_[name] = wish;
    }
    void split() {
        Entry* entry = any_present();
        if (entry == nullptr || entry->second.paths.size() < 2 || wishes_.size() >= 5)
            return;
        const std::string name = free_name();
        Wish half;
        half.paths = {*entry->second.paths.begin()};
        if (one_in(2))
            half.unit.swap(entry->second.unit);
        entry->second.paths.erase(entry->second.paths.begin());
        publish_next(name);
        tell("split " + *half.paths.begin() + " off " + entry->first + " as " + name);
        wishes_[name] = half;
    }
    void merge() {
        Entry* into = any_present();
        Entry* from = any();
        if (into == nullptr || from == nullptr || into == from ||
            from->second.state == WantedState::absent)
            return;
        into->second.paths.insert(from->second.paths.begin(), from->second.paths.end());
        if (into->second.unit.empty())
            into->second.unit = from->second.unit;
        tell("merge " + from->first + " into " + into->first);
        if (one_in(3) && from->second.readable)
            from->second.state = WantedState::absent;
        else
            wishes_.erase(from->first);
    }
    void move_path() {
        Entry* from = any_present();
        Entry* into = any_present();
        if (from == nullptr || into == nullptr || from->second.paths.size() < 2)
            return;
        const std::string path = *from->second.paths.begin();
        const std::optional<std::string> fresh = free_path();
        from->second.paths.erase(path);
        if (from != into)
            into->second.paths.insert(path);
        else if (fresh)
            into->second.paths.insert(*fresh);
        tell("move " + path + " from " + from->first + " to " +
             (from == into ? fresh.value_or("nowhere") : into->first));
    }
    void swap() {
        Entry* one = any_present();
        Entry* other = any_present();
        if (one == nullptr || other == nullptr || one == other)
            return;
        tell("swap what " + one->first + " and " + other->first + " name");
        one->second.paths.swap(other->second.paths);
        if (one_in(3))
            one->second.unit.swap(other->second.unit);
    }
    void change_mode() {
        if (Entry* entry = any_present()) {
            entry->second.mode = entry->second.mode == 0755 ? 0700 : 0755;
            tell("change the mode of " + entry->first);
        }
    }
    void change_files() {
        Entry* entry = any_present();
        if (entry == nullptr)
            return;
        if (entry->second.paths.size() > 1 && one_in(2)) {
            tell("drop " + *entry->second.paths.begin() + " from " + entry->first);
            entry->second.paths.erase(entry->second.paths.begin());
        } else if (const auto path = free_path()) {
            tell("add " + *path + " to " + entry->first);
            entry->second.paths.insert(*path);
        }
    }
    void change_unit() {
        if (Entry* entry = any_present()) {
            entry->second.unit = entry->second.unit.empty() ? free_unit().value_or("") : "";
            tell("unit file of " + entry->first + ": " + entry->second.unit);
        }
    }
    void change_state() {
        Entry* entry = any_present();
        if (entry == nullptr)
            return;
        WantedState& state = entry->second.state;
        state = state == WantedState::held ? WantedState::present
                : one_in(2)                ? WantedState::held
                                           : WantedState::absent;
        tell(entry->first + " is " +
             (state == WantedState::present  ? "present"
              : state == WantedState::absent ? "absent"
                                             : "held"));
    }
    void hold() {
        const Entry* entry = any();
        if (entry == nullptr)
            return;
        ComponentStore store(machine_.paths.state_dir);
        const std::string& name = entry->first;
        const bool held = operator_holds_.erase(name) > 0;
        tell((held ? "release " : "hold ") + name);
        if (held)
            store.remove_hold(name);
        else {
            store.write_hold(name, "");
            operator_holds_.insert(name);
        }
    }
    void publish() {
        if (const Entry* entry = any()) {
            publish_next(entry->first);
            tell("new content for " + entry->first);
        }
    }
    void fail() {
        if (const Entry* entry = any()) {
            int& status = machine_.origin.pages[url_of(entry->first)].status;
            status = status == 200 ? 503 : 200;
            tell("origin of " + entry->first + ": " + std::to_string(status));
        }
    }
    void make_unreadable() {
        if (Entry* entry = any_present()) {
            entry->second.readable = !entry->second.readable;
            tell("the manifest of " + entry->first +
                 (entry->second.readable ? " can be read" : " cannot be read"));
        }
    }
    /// Makes or removes the link. What provisor has installed through it is nobody's then.
    void link() {
        const fs::path link = machine_.folder / "link";
        if (fs::is_symlink(link)) {
            RealPaths through;
            RealPaths directly;
            const ComponentStore store(machine_.paths.state_dir);
            for (const std::string& name : store.list())
                if (const auto marker = store.installed(name))
                    for (const auto* list : {&marker->files, &marker->retired})
                        for (const InstalledFile& file : *list)
                            (fs::path(file.path).parent_path() == link ? through : directly)
                                .insert(real(file.path));
            for (const fs::path& path : through)
                if (!directly.contains(path) && fs::exists(path))
                    foreign_[path] = read_text(path);
            fs::remove(link);
            forget_real_folders();
            tell("remove the link");
        } else if (!fs::exists(link)) {
            fs::create_directory_symlink(machine_.folder / "d1", link);
            forget_real_folders();
            tell("make the link");
        }
    }
    /// Where nothing is, and nothing of provisor's is to be removed: half of the time with the very
    /// bytes that a component installs.
    void put_foreign() {
        const fs::path file =
            machine_.folder / ((one_in(2) ? "d1/p" : "d2/p") + std::to_string(below(4)));
        if (fs::exists(file))
            return;
        const Markers now = markers();
        for (const auto& [name, paths] : now.named)
            for (const fs::path& path : paths)
                if (path.filename() == file.filename())
                    return;
        const Entry* entry = any();
        const std::string content =
            entry != nullptr && one_in(2)
                ? script(entry->first + " " + std::to_string(versions_[entry->first]))
                : "of somebody else";
        tell("somebody makes " + file.string());
        write_text(file, content);
        foreign_[file] = content;
    }
    /// `remove` of an orphan, or `rollback`.
    void command() {
        const ComponentStore store(machine_.paths.state_dir);
        const bool readable = std::all_of(wishes_.begin(), wishes_.end(),
                                          [](const Entry& entry) { return entry.second.readable; });
        if (one_in(2)) {
            for (const std::string& name : store.list())
                if (!wishes_.contains(name) && store.has_marker(name) && readable) {
                    tell("remove " + name);
                    Wish orphan;
                    orphan.state = WantedState::absent;
                    PassOptions options;
                    options.names = {name};
                    pass(options, {component_of(name, orphan)});
                    return;
                }
            return;
        }
        const Entry* entry = any_present();
        if (entry == nullptr || !entry->second.readable)
            return;
        tell("roll " + entry->first + " back");
        PassOptions options;
        options.names = {entry->first};
        options.rollback_to = "";
        pass(options);
    }
    void pass_over_one() {
        const Entry* entry = any();
        if (entry == nullptr || !entry->second.readable)
            return pass();
        PassOptions options;
        options.names = {entry->first};
        pass(options);
    }

    static std::string describe(const Entry& entry) {
        std::string text = entry.first + ":";
        for (const std::string& path : entry.second.paths)
            text += " " + path;
        return text + (entry.second.unit.empty() ? "" : " " + entry.second.unit);
    }
};

} // namespace

EditSequence run_edits(std::uint64_t seed) { return Editor(seed).run(); }

} // namespace provisor::test
