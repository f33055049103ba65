// SPDX-License-Identifier: Apache-2.0
// Directories that are made for targets, and those that are in the way.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class DirectoriesTest : public testing::Test, public FakeMachine {
protected:
    DirectoriesTest() { publish(script("one"), "\"1\""); }
    /// Installs the artifact as this file of the folder.
    Component at(const std::string& name) const {
        Component component = app();
        component.files[0].path = (folder / name).string();
        return component;
    }
    static Component absent(Component component) {
        component.state = WantedState::absent;
        return component;
    }
    bool is_there(const std::string& name) const { return fs::exists(folder / name); }
};

TEST_F(DirectoriesTest, ThoseThatWereMadeGoWithTheLastFile) {
    fs::create_directories(folder / "opt");
    run_one(at("opt/x/bin/app"));
    ASSERT_TRUE(is_there("opt/x/bin/app"));
    run_one(absent(at("opt/x/bin/app")));
    EXPECT_FALSE(is_there("opt/x"));
    EXPECT_TRUE(is_there("opt")) << "that was there before";
}

TEST_F(DirectoriesTest, TheyGoWithARetiredFile) {
    run_one(at("opt/x/app"));
    run_one(at("srv/app"));
    EXPECT_FALSE(is_there("opt"));
    EXPECT_TRUE(is_there("srv/app"));
}

TEST_F(DirectoriesTest, TheyStayWhileSomethingIsInThem) {
    run_one(at("opt/x/app"));
    write_text(folder / "opt/x/theirs", "theirs");
    run_one(absent(at("opt/x/app")));
    EXPECT_FALSE(is_there("opt/x/app"));
    EXPECT_TRUE(is_there("opt/x/theirs"));
}

TEST_F(DirectoriesTest, OneThatWasMadeAgainByOthersStays) {
    run_one(at("opt/x/app"));
    fs::rename(folder / "opt/x", folder / "opt/was");
    fs::create_directories(folder / "opt/x");
    fs::rename(folder / "opt/was/app", folder / "opt/x/app");
    run_one(absent(at("opt/x/app")));
    EXPECT_FALSE(is_there("opt/x/app"));
    EXPECT_TRUE(is_there("opt/x"));
}

TEST_F(DirectoriesTest, TheyGoWhenAnotherComponentHasTakenTheFileOver) {
    run_one(at("opt/x/app"));
    Component other = at("opt/x/app");
    other.name = "other";
    run_one(other);
    ASSERT_TRUE(is_there("opt/x/app"));
    run_one(absent(other));
    EXPECT_FALSE(is_there("opt"));
}

TEST_F(DirectoriesTest, AnInstallationThatFailsLeavesNone) {
    Component component = at("opt/x/app");
    component.check = {"/bin/false"};
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_FALSE(is_there("opt"));
}

TEST_F(DirectoriesTest, ThoseOfABadVersionGoWithIt) {
    units.add("app.service");
    units.before_job = [this](const UnitJob& job) {
        units.behave(job.unit,
                     is_there("opt/x/app") ? Behaviour::crashes_on_start : Behaviour::healthy);
    };
    Component component = app_with_unit();
    ASSERT_EQ(to_string(run_one(component).decision), "install");
    component.files.push_back(component.files[0]);
    component.files.back().path = (folder / "opt/x/app").string();
    EXPECT_EQ(to_string(run_one(component).decision), "rollback");
    EXPECT_FALSE(is_there("opt"));
}

TEST_F(DirectoriesTest, AnUnchangedPassDoesNotReadWhatWasMade) {
    run_one(at("opt/x/app"));
    run_one(at("opt/x/app"));
    const auto before = list_tree(folder.path());
    EXPECT_EQ(to_string(run_one(at("opt/x/app")).decision), "unchanged");
    EXPECT_EQ(list_tree(folder.path()), before);
}

TEST_F(DirectoriesTest, AFileThatIsToBecomeADirectoryIsRefusedWithARemedyThatWorks) {
    run_one(at("opt/x"));
    const auto before = list_tree(folder / "opt");
    publish(script("two"), "\"2\"");
    const Outcome refused = run_one(at("opt/x/app"));
    EXPECT_EQ(to_string(refused.decision), "fail");
    EXPECT_THAT(refused.reason, HasSubstr("opt/x' is a file that 'app' has installed; what is "
                                          "installed stays"));
    EXPECT_THAT(refused.reason, HasSubstr("`state: absent`"));
    EXPECT_EQ(list_tree(folder / "opt"), before);
    EXPECT_EQ(origin.bodies, 1U) << "nothing was transferred for it";
    run_one(absent(at("opt/x/app")));
    EXPECT_EQ(to_string(run_one(at("opt/x/app")).decision), "install");
    EXPECT_EQ(read_text(folder / "opt/x/app"), script("two"));
}

TEST_F(DirectoriesTest, ADirectoryThatIsToBecomeAFileIsRefusedWithARemedyThatWorks) {
    run_one(at("opt/x/app"));
    const auto before = list_tree(folder / "opt");
    const Outcome refused = run_one(at("opt/x"));
    EXPECT_EQ(to_string(refused.decision), "fail");
    EXPECT_THAT(refused.reason, HasSubstr("opt/x' is a directory in which 'app' has installed"));
    EXPECT_EQ(list_tree(folder / "opt"), before);
    run_one(absent(at("opt/x")));
    EXPECT_EQ(to_string(run_one(at("opt/x")).decision), "install");
    EXPECT_EQ(read_text(folder / "opt/x"), script("one"));
}

TEST_F(DirectoriesTest, WhatOthersPutInTheWayIsNamed) {
    fs::create_directories(folder / "opt/x");
    EXPECT_THAT(run_one(at("opt/x")).reason,
                HasSubstr("is a directory that provisor did not install; move it away"));
    fs::remove(folder / "opt/x");
    write_text(folder / "opt/x", "theirs");
    const Outcome outcome = run_one(at("opt/x/bin/app"));
    EXPECT_THAT(outcome.reason, HasSubstr("opt/x' is a file that provisor did not install"));
    EXPECT_EQ(read_text(folder / "opt/x"), "theirs");
    EXPECT_EQ(origin.bodies, 0U);
    fs::remove(folder / "opt/x");
    EXPECT_EQ(to_string(run_one(at("opt/x/bin/app")).decision), "install");
}

TEST_F(DirectoriesTest, ADirectoryInPlaceOfTheFileIsNamedAsTheirs) {
    run_one(at("opt/x"));
    fs::remove(folder / "opt/x");
    fs::create_directories(folder / "opt/x");
    EXPECT_THAT(run_one(at("opt/x")).reason,
                HasSubstr("is a directory that provisor did not install"));
}

TEST_F(DirectoriesTest, ALinkToADirectoryIsNotInTheWay) {
    fs::create_directories(folder / "disk/data");
    fs::create_directory_symlink(folder / "disk/data", folder / "opt");
    EXPECT_EQ(to_string(run_one(at("opt/app")).decision), "install");
    EXPECT_TRUE(is_there("disk/data/app"));
}

TEST_F(DirectoriesTest, NothingIsMadeThroughALinkThatLeadsNowhere) {
    fs::create_directory_symlink(folder / "disk/data", folder / "opt");
    const Outcome outcome = run_one(at("opt/x/app"));
    EXPECT_THAT(outcome.reason, HasSubstr("opt' is a link that leads nowhere; make the directory"));
    EXPECT_FALSE(is_there("disk")) << "a disk may have to be mounted there";
    EXPECT_EQ(origin.bodies, 0U);
    fs::create_directories(folder / "disk/data");
    EXPECT_EQ(to_string(run_one(at("opt/x/app")).decision), "install");
    EXPECT_TRUE(is_there("disk/data/x/app"));
}

TEST_F(DirectoriesTest, WhatAnotherComponentGivesUpIsInTheWayForOnePass) {
    Component first = at("opt/x");
    first.name = "first";
    run_one(first);
    Component moved = at("srv/x");
    moved.name = "first";
    Component second = at("opt/x/app");
    second.name = "second";
    const PassReport report = run({moved, second});
    EXPECT_THAT(report.components.at(1).reason, Not(HasSubstr("did not install")));
    EXPECT_EQ(to_string(run({moved, second}).components.at(1).decision), "install");
    EXPECT_TRUE(is_there("opt/x/app"));
}

} // namespace
} // namespace provisor::test
