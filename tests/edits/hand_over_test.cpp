// SPDX-License-Identifier: Apache-2.0
// Files pass from one component to another, and the pass is killed before each of its writes.
#include "edits/cut.hpp"
#include "fakes/fake_machine.hpp"
#include "fakes/package_database.hpp"
#include "support/removal_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::IsEmpty;

/// What the components have, by name; a file whose name ends with .service is a unit file.
using Manifests = std::map<std::string, std::vector<std::string>>;

struct Edit {
    const char* name;
    Manifests before;
    Manifests after;
};

void PrintTo(const Edit& edit, std::ostream* out) { *out << edit.name; }

class Site : public FakeMachine {
public:
    explicit Site(const Edit& edit) : edit_(edit) {
        units.read_unit_files_from(folder / "units");
        fs::create_directories(folder / "units");
        for (const char* name : {"a", "b"})
            publish(script(name), std::string("\"") + name + "\"", url_of(name));
        run(components(edit_.before));
        watch.add(folder / "bin");
        watch.add(folder / "units");
    }

    /// Returns whether the pass after the edit was killed before this write.
    bool cut_pass(std::size_t write) {
        return run_cut(
            write, [&] { run(components(edit_.after)); }, [] {});
    }

    void expect_all_there() {
        EXPECT_THAT(watch.removed(), IsEmpty());
        for (const auto& [name, files] : edit_.before)
            for (const std::string& file : files)
                EXPECT_THAT(read_text(path_of(file)),
                            AnyOf(content(name, file), content(owner_of(file), file)))
                    << file;
    }

    void expect_handed_over() {
        for (const Outcome& outcome : run(components(edit_.after)).components)
            EXPECT_FALSE(outcome.error) << outcome.reason;
        expect_all_there();
        const ComponentStore store(paths.state_dir);
        Manifests markers;
        for (const std::string& name : store.list())
            if (const auto marker = store.installed(name)) {
                EXPECT_THAT(marker->retired, IsEmpty()) << name;
                for (const InstalledFile& file : marker->files)
                    markers[name].push_back(fs::path(file.path).filename());
            }
        EXPECT_EQ(markers, edit_.after);
        for (const auto& [name, files] : edit_.after)
            for (const std::string& file : files)
                EXPECT_EQ(read_text(path_of(file)), content(name, file)) << file;
        for (const Outcome& outcome : run(components(edit_.after)).components)
            EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
    }

private:
    static std::string url_of(const std::string& name) { return "https://origin/" + name; }
    static bool is_unit(const std::string& file) { return file.ends_with(".service"); }
    static std::string content(const std::string& component, const std::string& file) {
        return is_unit(file) ? "[Service]\nExecStart=/" + component + "\n" : script(component);
    }
    fs::path path_of(const std::string& file) const {
        return folder / (is_unit(file) ? "units" : "bin") / file;
    }
    std::string owner_of(const std::string& file) const {
        for (const auto& [name, files] : edit_.after)
            if (std::find(files.begin(), files.end(), file) != files.end())
                return name;
        return "nobody";
    }
    std::vector<Component> components(const Manifests& manifests) const {
        std::vector<Component> made;
        for (const auto& [name, files] : manifests) {
            Component& component = made.emplace_back(app());
            component.name = name;
            component.url = url_of(name);
            const FileSpec spec = component.files[0];
            component.files.clear();
            for (const std::string& file : files)
                if (is_unit(file)) {
                    component.units.emplace_back().name = file;
                    component.units.back().file = content(name, file);
                } else {
                    component.files.push_back(spec);
                    component.files.back().path = path_of(file).string();
                }
        }
        return made;
    }

    const Edit& edit_;
    RemovalWatch watch;
};

class HandOver : public testing::TestWithParam<Edit> {
protected:
    static void SetUpTestSuite() { hide_package_databases(); }
};

TEST_P(HandOver, CutBeforeAnyWriteLosesNothingAndEndsWithOneOwner) {
    std::size_t write = 0;
    for (bool killed = true; killed; ++write) {
        SCOPED_TRACE("killed before write " + std::to_string(write));
        Site site(GetParam());
        killed = site.cut_pass(write);
        site.expect_all_there();
        site.expect_handed_over();
        if (HasFailure())
            break;
    }
    EXPECT_GT(write, 10U) << "there are writes";
}

INSTANTIATE_TEST_SUITE_P(
    Edits, HandOver,
    testing::Values(
        Edit{"Split", {{"b", {"one", "two"}}}, {{"a", {"two"}}, {"b", {"one"}}}},
        Edit{"SplitWithAUnit",
             {{"b", {"one", "two", "x.service"}}},
             {{"a", {"two", "x.service"}}, {"b", {"one"}}}},
        Edit{"RenameToAnEarlierName", {{"b", {"one", "x.service"}}}, {{"a", {"one", "x.service"}}}},
        Edit{"RenameToALaterName", {{"a", {"one", "x.service"}}}, {{"b", {"one", "x.service"}}}},
        Edit{"Merge", {{"a", {"one"}}, {"b", {"two"}}}, {{"a", {"one", "two"}}}},
        Edit{"Swap", {{"a", {"one"}}, {"b", {"two"}}}, {{"a", {"two"}}, {"b", {"one"}}}}),
    [](const auto& test) { return test.param.name; });

/// A component is installed, or gains a file, by a pass that is killed, and is in no manifest by
/// the next pass.
class Dropped : public testing::Test, public FakeMachine {
protected:
    Dropped() {
        hide_package_databases();
        publish(script("one"), "\"1\"");
    }
    Component with(const std::vector<std::string>& files) const {
        Component component = app();
        const FileSpec spec = component.files[0];
        component.files.clear();
        for (const std::string& file : files) {
            component.files.push_back(spec);
            component.files.back().path = (folder / file).string();
        }
        return component;
    }
    std::set<std::string> there() const {
        std::set<std::string> found;
        if (fs::exists(folder / "bin"))
            for (const auto& entry : fs::recursive_directory_iterator(folder / "bin"))
                if (!entry.is_directory())
                    found.insert(fs::relative(entry.path(), folder.path()));
        return found;
    }
    std::set<std::string> listed() const {
        std::set<std::string> found;
        if (const auto marker = ComponentStore(paths.state_dir).installed("app")) {
            EXPECT_THAT(marker->retired, IsEmpty());
            for (const InstalledFile& file : marker->files)
                found.insert(fs::relative(file.path, folder.path()));
        }
        return found;
    }
};

TEST_F(Dropped, WhatAKilledPassPutWhereNothingStoodIsRemoved) {
    for (const auto& before : {std::vector<std::string>{}, {"bin/one"}}) {
        std::size_t write = 0;
        for (bool killed = true; killed; ++write) {
            SCOPED_TRACE("killed before write " + std::to_string(write));
            fs::remove_all(paths.state_dir);
            fs::remove_all(folder / "bin");
            fs::create_directory(folder / "bin");
            if (!before.empty())
                run_one(with(before));
            killed = run_cut(
                write,
                [&] {
                    run_one(with({"bin/one", "bin/two", "bin/sub/three"}));
                },
                [] {});
            run({});
            EXPECT_EQ(there(), listed()) << "nothing is there that no marker lists";
            EXPECT_TRUE(before.empty() || there().contains("bin/one"));
            EXPECT_FALSE(fs::exists(paths.state_dir / "unrecorded.json"));
            if (HasFailure())
                return;
        }
        EXPECT_GT(write, 10U) << "there are writes";
    }
}

TEST_F(Dropped, WhatAKilledPassPutOverSomethingStays) {
    std::size_t write = 0;
    for (bool killed = true; killed; ++write) {
        SCOPED_TRACE("killed before write " + std::to_string(write));
        fs::remove_all(paths.state_dir);
        fs::create_directory(folder / "bin");
        write_text(folder / "bin/one", "of somebody else");
        killed = run_cut(
            write, [&] { run_one(with({"bin/one"})); }, [] {});
        run({});
        EXPECT_EQ(there(), std::set<std::string>{"bin/one"});
        EXPECT_THAT(read_text(folder / "bin/one"), AnyOf("of somebody else", script("one")));
        if (HasFailure())
            return;
    }
    EXPECT_GT(write, 10U) << "there are writes";
}

TEST_F(Dropped, WhatAKilledPassPutThereIsNotTakenForSomebodyElses) {
    std::size_t write = 0;
    for (bool killed = true; killed; ++write) {
        SCOPED_TRACE("killed before write " + std::to_string(write));
        fs::remove_all(paths.state_dir);
        fs::remove_all(folder / "bin");
        publish(script("one"), "\"1\"");
        killed = run_cut(
            write, [&] { run_one(with({"bin/one"})); }, [] {});
        const bool was_recorded = !listed().empty();
        publish(script("two"), "\"2\"");
        run_one(with({"bin/one"}));
        EXPECT_EQ(read_text(folder / "bin/one"), script("two"));
        EXPECT_TRUE(was_recorded || ComponentStore(paths.state_dir).generations("app").size() == 1)
            << "there is nothing to go back to";
        Component gone = with({"bin/one"});
        gone.state = WantedState::absent;
        run_one(gone);
        EXPECT_THAT(there(), IsEmpty());
        if (HasFailure())
            return;
    }
    EXPECT_GT(write, 10U) << "there are writes";
}

} // namespace
} // namespace provisor::test
