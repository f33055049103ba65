// SPDX-License-Identifier: Apache-2.0
// Whose file it is, when manifests are edited.
#include "fakes/fake_machine.hpp"

#include "support/removal_watch.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::vector<std::string>;

class OwnershipTest : public testing::Test, public FakeMachine {
protected:
    OwnershipTest() {
        fs::create_directories(folder / "units");
        watch.add(folder / "bin");
        watch.add(folder / "units");
        publish(script("b"), "\"b\"", url_of("b"));
        publish(script("a"), "\"a\"", url_of("a"));
        publish(script("c"), "\"c\"", url_of("c"));
    }

    static std::string url_of(const std::string& name) { return "https://origin/" + name; }
    /// A component that installs what the origin has for it as these files of <folder>/bin.
    Component component(const std::string& name, const Names& files) const {
        Component made = app();
        made.name = name;
        made.url = url_of(name);
        const FileSpec file = made.files[0];
        made.files.clear();
        for (const std::string& one : files) {
            made.files.push_back(file);
            made.files.back().path = (folder / "bin" / one).string();
        }
        return made;
    }
    Component absent(const std::string& name) const {
        Component made = component(name, {});
        made.state = WantedState::absent;
        return made;
    }
    std::string content(const std::string& file) const { return read_text(folder / "bin" / file); }
    bool is_there(const std::string& file) const { return fs::exists(folder / "bin" / file); }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }
    /// The names of the files that the marker lists, those that it gave up in brackets.
    Names marker_of(const std::string& name) const {
        Names names;
        const auto marker = store().installed(name);
        if (!marker)
            return {"no marker"};
        for (const InstalledFile& file : marker->files)
            names.push_back(fs::path(file.path).filename());
        for (const InstalledFile& file : marker->retired)
            names.push_back("(" + fs::path(file.path).filename().string() + ")");
        return names;
    }
    std::vector<fs::path> removed(const std::string& file) const { return {folder / "bin" / file}; }
    /// Nothing is left to be done: another pass writes nothing.
    void expect_settled(const std::vector<Component>& components) {
        const auto before = list_tree(folder.path());
        for (const Outcome& outcome : run(components).components)
            EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
        EXPECT_EQ(list_tree(folder.path()), before);
        EXPECT_THAT(watch.removed(), IsEmpty());
    }
    /// A pass with manifests of which some may not be read.
    PassReport run(const std::vector<Component>& components, const PassOptions& options = {}) {
        Settings settings;
        settings.config = config;
        settings.components = components;
        settings.failed_files = failed_files;
        return run_pass(settings, paths, options,
                        {origin, units, journal, interrupt, progress, unpack_program});
    }
    void fail_origin_of(const std::string& name) { origin.pages[url_of(name)].status = 503; }

    RemovalWatch watch;
    std::vector<fs::path> failed_files;
};

TEST_F(OwnershipTest, AComponentIsSplitAndNothingIsEverAbsent) {
    run({component("b", {"one", "two"})});
    const std::vector<Component> split{component("a", {"two"}), component("b", {"one"})};
    run(split);
    EXPECT_THAT(watch.removed(), IsEmpty());
    EXPECT_EQ(content("one"), script("b"));
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_THAT(marker_of("a"), ElementsAre("two"));
    EXPECT_THAT(marker_of("b"), ElementsAre("one"));
    expect_settled(split);
}

TEST_F(OwnershipTest, TwoComponentsBecomeOne) {
    run({component("a", {"two"}), component("b", {"one"})});
    const std::vector<Component> merged{component("b", {"one", "two"})};
    run(merged);
    EXPECT_THAT(watch.removed(), IsEmpty());
    EXPECT_EQ(content("two"), script("b"));
    EXPECT_THAT(marker_of("a"), ElementsAre("no marker"));
    expect_settled(merged);
}

TEST_F(OwnershipTest, TwoPathsAreSwapped) {
    run({component("a", {"one"}), component("b", {"two"})});
    const std::vector<Component> swapped{component("a", {"two"}), component("b", {"one"})};
    run(swapped);
    EXPECT_THAT(watch.removed(), IsEmpty());
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_EQ(content("one"), script("b"));
    expect_settled(swapped);
}

TEST_F(OwnershipTest, ARenamedComponentKeepsFilesAndUnitAndTheOldNameIsForgotten) {
    units.add("app.service");
    Component old = app_with_unit();
    old.name = "old";
    publish(script("x"), "\"x\"");
    run({old});
    units.forget_calls();
    Component renamed = old;
    renamed.name = "new";
    run({renamed});
    EXPECT_THAT(marker_of("old"), ElementsAre("no marker"));
    EXPECT_THAT(marker_of("new"), ElementsAre("app"));
    EXPECT_EQ(units.starts_of("app.service"), 1U) << "the program is the same";
    units.forget_calls();
    PassOptions only_old;
    only_old.names = {"old"};
    Component orphan;
    orphan.name = "old";
    orphan.state = WantedState::absent;
    const PassReport report = run({renamed, orphan}, only_old);
    EXPECT_EQ(report.components.at(0).reason, "nothing of it is installed");
    EXPECT_THAT(watch.removed(), IsEmpty());
    EXPECT_THAT(units.jobs(), IsEmpty());
    expect_settled({renamed});
}

TEST_F(OwnershipTest, TheOldNameIsRemovedBeforeAPassHasSeenTheNewOne) {
    units.add("app.service");
    Component old = app_with_unit();
    old.name = "old";
    old.units[0].file = "[Service]\n";
    publish(script("x"), "\"x\"");
    run({old});
    units.forget_calls();
    Component renamed = old;
    renamed.name = "new";
    Component orphan;
    orphan.name = "old";
    orphan.state = WantedState::absent;
    PassOptions only_old;
    only_old.names = {"old"};
    const Outcome outcome = run({renamed, orphan}, only_old).components.at(0);
    EXPECT_EQ(to_string(outcome.decision), "remove");
    EXPECT_THAT(outcome.reason, HasSubstr("bin/app stays, since it belongs to 'new'"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    EXPECT_THAT(units.jobs(), IsEmpty());
    EXPECT_THAT(marker_of("old"), ElementsAre("(app)", "(app.service)"))
        << "'new' has not got them";
    run({renamed});
    EXPECT_THAT(marker_of("old"), ElementsAre("no marker"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled({renamed});
}

TEST_F(OwnershipTest, AnAbsentComponentGivesItsPathToAnother) {
    run({component("b", {"one", "two"})});
    const std::vector<Component> edited{component("a", {"two"}), absent("b")};
    const PassReport report = run(edited);
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_EQ(watch.removed(), removed("one"));
    EXPECT_THAT(report.components.at(1).reason, HasSubstr("two stays, since it belongs to 'a'"));
    EXPECT_THAT(marker_of("b"), ElementsAre("no marker"));
    expect_settled(edited);
}

TEST_F(OwnershipTest, WhatIsGivenAwayStaysWhileTheOtherOneFailsAndGoesWhenItIsNotWantedAnyMore) {
    run({component("b", {"one", "two"})});
    fail_origin_of("a");
    for (const auto& giver : {component("b", {"one"}), absent("b")}) {
        for (int pass = 0; pass < 3; ++pass) {
            run({component("a", {"two"}), giver});
            EXPECT_EQ(content("two"), script("b"));
            EXPECT_FALSE(store().has_marker("a"));
        }
        if (giver.state == WantedState::present) {
            EXPECT_THAT(watch.removed(), IsEmpty());
        }
    }
    EXPECT_EQ(watch.removed(), removed("one"));
    EXPECT_THAT(marker_of("b"), ElementsAre("(two)"));
    run({absent("b")});
    EXPECT_EQ(watch.removed(), removed("two")) << "nobody wants it";
    EXPECT_THAT(marker_of("b"), ElementsAre("no marker"));
    expect_settled({absent("b")});
}

TEST_F(OwnershipTest, WhoGaveAllAwayIsForgottenWhenItIsAbsent) {
    run({component("b", {"one"})});
    fail_origin_of("b");
    run({component("a", {"one"}), component("b", {"two"})});
    EXPECT_EQ(content("one"), script("a"));
    EXPECT_THAT(marker_of("b"), IsEmpty());
    run({component("a", {"one"}), absent("b")});
    EXPECT_THAT(marker_of("b"), ElementsAre("no marker"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled({component("a", {"one"}), absent("b")});
}

TEST_F(OwnershipTest, AGiverIsNotActedOnForWhatItGaveAway) {
    units.add("b.service");
    Component before = component("b", {"one", "two"});
    before.units.emplace_back().name = "b.service";
    run({before});
    Component after = component("b", {"one"});
    after.units = before.units;
    units.forget_calls();
    run({component("a", {"two"}), after});
    EXPECT_THAT(units.jobs(), IsEmpty());
    EXPECT_EQ(store().record("b").healthy, identity_of(*store().installed("b")));
    expect_settled({component("a", {"two"}), after});
}

TEST_F(OwnershipTest, ADroppedFileIsRemovedOnceAndThenForgotten) {
    run({component("b", {"one", "two"})});
    run({component("b", {"one"})});
    EXPECT_EQ(watch.removed(), removed("two"));
    EXPECT_THAT(marker_of("b"), ElementsAre("one"));
    write_text(folder / "bin/two", script("b"));
    run({component("b", {"one"})});
    EXPECT_TRUE(is_there("two")) << "it belongs to whoever put it there";
    publish(script("b2"), "\"b2\"", url_of("b"));
    run({component("b", {"one"})});
    run({absent("b")});
    EXPECT_TRUE(is_there("two"));
    EXPECT_EQ(watch.removed(), removed("one"));
}

TEST_F(OwnershipTest, AnOrphanKeepsItsFilesUntilItIsRemoved) {
    run({component("a", {"one"}), component("b", {"two"})});
    run({component("a", {"one"})});
    EXPECT_TRUE(is_there("two"));
    EXPECT_THAT(marker_of("b"), ElementsAre("two"));
    expect_settled({component("a", {"one"})});
}

TEST_F(OwnershipTest, APathOfAComponentOnHoldIsNotTakenOver) {
    run({component("b", {"one", "two"})});
    store().write_hold("b", "");
    const std::vector<Component> split{component("a", {"two"}), component("b", {"one"})};
    const PassReport report = run(split);
    EXPECT_EQ(to_string(report.components.at(0).decision), "hold");
    EXPECT_EQ(report.components.at(0).reason,
              "operator: '" + (folder / "bin/two").string() +
                  "' belongs to 'b', which is on hold; `provisor release b`");
    EXPECT_EQ(content("two"), script("b"));
    store().remove_hold("b");
    run(split);
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled(split);
}

TEST_F(OwnershipTest, WhileAManifestCannotBeReadItsFilesStayAndNobodyTakesThem) {
    run({component("b", {"one", "two"}), component("c", {"three", "four"})});
    failed_files = {"/etc/provisor/components.d/b.yaml"};
    const PassReport report = run({component("a", {"two"}), component("c", {"three"})});
    EXPECT_EQ(to_string(report.components.at(0).decision), "fail");
    EXPECT_EQ(report.components.at(0).error->kind(), ErrorKind::config);
    EXPECT_THAT(report.components.at(0).reason, HasSubstr("belongs to component 'b'"));
    EXPECT_EQ(content("two"), script("b"));
    EXPECT_TRUE(is_there("four")) << "the manifest that cannot be read may name it";
    EXPECT_THAT(watch.removed(), IsEmpty());
    const Outcome outcome = run({absent("c")}).components.at(0);
    EXPECT_EQ(to_string(outcome.decision), "fail") << "its successor may be in there";
    EXPECT_THAT(watch.removed(), IsEmpty());
    failed_files.clear();
    const std::vector<Component> read{component("a", {"two"}), component("b", {"one"}),
                                      component("c", {"three"})};
    run(read);
    EXPECT_EQ(watch.removed(), removed("four"));
    expect_settled(read);
}

TEST_F(OwnershipTest, WhatIsTakenOverFromAnAbsentOneThatIsStillThereGoesWithTheOther) {
    for (const bool drops : {true, false}) {
        run({component("b", {"one", "two"}), component("a", {"three"})});
        failed_files = {"/etc/provisor/components.d/c.yaml"};
        run({component("a", {"two", "three"}), absent("b")});
        EXPECT_EQ(content("two"), script("a"));
        EXPECT_THAT(marker_of("b"), ElementsAre("one", "two")) << "it could not be removed yet";
        // Then the other one drops it, or becomes absent, too.
        const std::vector<Component> last{drops ? component("a", {"three"}) : absent("a"),
                                          absent("b")};
        run(last);
        EXPECT_THAT(watch.removed(), IsEmpty());
        failed_files.clear();
        run(last);
        EXPECT_FALSE(is_there("one"));
        EXPECT_FALSE(is_there("two"));
        EXPECT_EQ(is_there("three"), drops);
        watch.removed();
        expect_settled(last);
        run({absent("a"), absent("b")});
        watch.removed();
    }
}

TEST_F(OwnershipTest, OneFileByTwoPathsBelongsToTheFirstComponent) {
    fs::create_directory_symlink(folder / "bin", folder / "link");
    Component second = component("b", {"tool"});
    second.files[0].path = (folder / "link/tool").string();
    const std::vector<Component> both{component("a", {"tool"}), second};
    for (int pass = 0; pass < 2; ++pass) {
        const PassReport report = run(both);
        EXPECT_EQ(to_string(report.components.at(0).decision), pass == 0 ? "install" : "unchanged");
        EXPECT_EQ(report.components.at(1).error.value().kind(), ErrorKind::config);
        EXPECT_EQ(report.components.at(1).reason,
                  "'" + (folder / "link/tool").string() + "' is the same file as '" +
                      (folder / "bin/tool").string() +
                      "' of component 'a'; two components cannot share a file");
        EXPECT_EQ(content("tool"), script("a"));
    }
    EXPECT_FALSE(store().has_marker("b"));
    EXPECT_THAT(watch.removed(), IsEmpty());
}

TEST_F(OwnershipTest, AComponentThatNamesOneFileTwiceIsRefused) {
    fs::create_directory_symlink(folder / "bin", folder / "link");
    Component twice = component("b", {"tool", "tool"});
    twice.files[1].path = (folder / "link/tool").string();
    const Outcome outcome = run({twice}).components.at(0);
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason, HasSubstr("are the same file; name it once"));
    EXPECT_FALSE(is_there("tool"));
}

TEST_F(OwnershipTest, APathIsWrittenInAnotherWay) {
    fs::create_directory_symlink(folder / "bin", folder / "link");
    Component before = component("b", {"tool"});
    before.files[0].path = (folder / "link/tool").string();
    run({before});
    run({component("b", {"tool"})});
    EXPECT_EQ(content("tool"), script("b"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled({component("b", {"tool"})});
}

TEST_F(OwnershipTest, ATakeoverThatWasCutOffIsFinished) {
    run({component("b", {"one", "two"})});
    const Marker before = *store().installed("b");
    const std::vector<Component> split{component("a", {"two"}), component("b", {"one"})};
    run(split);
    store().write_installed(before); // as it was after the marker of 'a'
    run(split);
    EXPECT_THAT(marker_of("b"), ElementsAre("one"));
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled(split);
}

TEST_F(OwnershipTest, APassOverOneComponentKnowsTheOthers) {
    run({component("b", {"one", "two"})});
    const std::vector<Component> split{component("a", {"two"}), component("b", {"one"})};
    PassOptions only;
    only.names = {"b"};
    run(split, only);
    EXPECT_EQ(content("two"), script("b"));
    only.names = {"a"};
    run(split, only);
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_THAT(marker_of("b"), ElementsAre("one"));
    EXPECT_THAT(watch.removed(), IsEmpty());
    expect_settled(split);
}

TEST_F(OwnershipTest, AnUpdateThatIsTakenBackKeepsWhatItTookOver) {
    units.add("b.service");
    units.before_job = [this](const UnitJob& job) {
        units.behave(job.unit, content("one").find("bad") == std::string::npos
                                   ? Behaviour::healthy
                                   : Behaviour::crashes_on_start);
    };
    const auto with_unit = [&](const Names& files) {
        Component made = component("b", files);
        made.units.emplace_back().name = "b.service";
        return made;
    };
    run({component("a", {"two"}), with_unit({"one"})});
    publish(script("bad"), "\"bad\"", url_of("b"));
    const PassReport report = run({with_unit({"new", "one", "two"})});
    EXPECT_EQ(to_string(report.components.at(0).decision), "rollback");
    EXPECT_EQ(content("one"), script("b"));
    EXPECT_TRUE(is_there("two")) << "it was there before, and is wanted";
    EXPECT_EQ(watch.removed(), removed("new"));
    publish(script("good"), "\"good\"", url_of("b"));
    run({with_unit({"new", "one", "two"})});
    EXPECT_EQ(content("two"), script("good"));
    EXPECT_THAT(watch.removed(), IsEmpty());
}

TEST_F(OwnershipTest, ARollbackTouchesNothingThatOthersHaveByNow) {
    units.add("b.service");
    const auto with_unit = [&](const Names& files) {
        Component made = component("b", files);
        made.units.emplace_back().name = "b.service";
        return made;
    };
    run({with_unit({"one", "two", "three"})});
    publish(script("b2"), "\"b2\"", url_of("b"));
    const std::vector<Component> split{component("a", {"two"}), with_unit({"one"})};
    run(split);
    EXPECT_EQ(watch.removed(), removed("three"));
    write_text(folder / "bin/three", "of somebody else");
    PassOptions back;
    back.names = {"b"};
    back.rollback_to = "";
    const PassReport report = run(split, back);
    EXPECT_EQ(to_string(report.components.at(0).decision), "rollback")
        << report.components.at(0).reason;
    EXPECT_EQ(content("one"), script("b"));
    EXPECT_EQ(content("two"), script("a"));
    EXPECT_EQ(content("three"), "of somebody else");
    EXPECT_THAT(watch.removed(), IsEmpty());
}

TEST_F(OwnershipTest, ARollbackLeavesWhatAnotherManifestWantsByNow) {
    const Component before = component("b", {"one"});
    run({before});
    publish(script("b2"), "\"b2\"", url_of("b"));
    run({component("b", {"one", "two", "three"})});
    store().write_hold("b", "");
    const std::vector<Component> moved = {component("b", {"one"}), component("c", {"two"})};
    PassOptions back;
    back.names = {"b"};
    back.rollback_to = "";
    const PassReport report = run(moved, back);
    EXPECT_EQ(to_string(report.components.at(0).decision), "rollback");
    EXPECT_EQ(content("one"), script("b"));
    EXPECT_EQ(content("two"), script("b2")) << "until 'c' has its own there";
    EXPECT_EQ(watch.removed(), removed("three")) << "nobody wants it";
    EXPECT_EQ(marker_of("b"), Names({"one", "(two)"}));

    run(moved);
    EXPECT_EQ(content("two"), script("c"));
    EXPECT_EQ(marker_of("b"), Names({"one"}));
    EXPECT_THAT(watch.removed(), IsEmpty());
}

TEST_F(OwnershipTest, AUnitFileMovesToAnotherComponent) {
    units.read_unit_files_from(folder / "units");
    const auto with_file = [&](const std::string& name, const Names& files, bool file) {
        Component made = component(name, files);
        if (file) {
            made.units.emplace_back().name = "x.service";
            made.units[0].file = "[Service]\n";
        }
        return made;
    };
    run({with_file("a", {"one"}, false), with_file("b", {"two"}, true)});
    units.forget_calls();
    const std::vector<Component> moved{with_file("a", {"one"}, true), absent("b")};
    run(moved);
    EXPECT_TRUE(fs::exists(folder / "units/x.service"));
    EXPECT_EQ(watch.removed(), removed("two"));
    for (const std::string& verb : units.jobs_on("x.service"))
        EXPECT_NE(verb, "stop");
    expect_settled(moved);
}

} // namespace
} // namespace provisor::test
