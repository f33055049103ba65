// SPDX-License-Identifier: Apache-2.0
// Files of the distribution's packages are not replaced unasked.
#include "fakes/fake_machine.hpp"

#include "pass/packaged.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class PackagedTest : public testing::Test, public FakeMachine {
protected:
    PackagedTest() {
        paths.root = folder.path();
        paths.unit_dir = "/units";
        fs::create_directories(folder / "var/lib/dpkg/info");
        write_text(folder / "var/lib/dpkg/info/nodejs.list", "/bin/app\n");
        write_text(folder / "var/lib/dpkg/info/provisor.list",
                   "/bin/provisor\n/units/provisor.service\n");
        write_text(folder / "bin/app", "packaged");
        publish(script("1.0"), "\"1.0\"");
    }
    Component wanted(const std::string& path = "/bin/app") {
        Component component = app();
        component.files[0].path = path;
        return component;
    }
    void expect_refused(const Component& component, const std::string& words) {
        origin.asked.clear();
        const Outcome outcome = run_one(component);
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::config);
        EXPECT_THAT(outcome.reason, HasSubstr(words));
        EXPECT_TRUE(origin.asked.empty()) << "it was downloaded for nothing";
        EXPECT_FALSE(ComponentStore(paths.state_dir).installed("app"));
        EXPECT_EQ(target(), "packaged");
        EXPECT_THAT(
            refused_as_packaged({component}, ComponentStore(paths.state_dir), paths).at("app"),
            HasSubstr(words));
    }
};

TEST_F(PackagedTest, AFileOfAPackageIsNotReplaced) {
    expect_refused(wanted(), "'/bin/app' belongs to the deb package 'nodejs'");
    expect_refused(wanted(), "`replace_packaged: true`");
}

TEST_F(PackagedTest, AFileOfAPackageIsReplacedWhenTheManifestSaysSo) {
    Component component = wanted();
    component.replace_packaged = true;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    EXPECT_EQ(target(), script("1.0"));
    EXPECT_TRUE(refused_as_packaged({component}, ComponentStore(paths.state_dir), paths).empty());
}

TEST_F(PackagedTest, ProvisorsOwnPackageIsRefusedInAnyCase) {
    Component component = wanted("/bin/provisor");
    component.replace_packaged = true;
    expect_refused(component, "'/bin/provisor' belongs to provisor's own package: update it with "
                              "`apt install provisor`");
    component = wanted("/bin/other");
    component.units = {{}};
    component.units[0].name = "provisor.service";
    component.units[0].file = "[Service]\n";
    expect_refused(component, "'/units/provisor.service' belongs to provisor's own package");
}

TEST_F(PackagedTest, WhatTheMarkerHasIsNotLookedUp) {
    write_text(folder / "var/lib/dpkg/info/nodejs.list", "");
    ASSERT_EQ(run_one(wanted()).decision, Decision::install);
    // A list that cannot be read would be an error.
    fs::remove(folder / "var/lib/dpkg/info/nodejs.list");
    fs::create_directory(folder / "var/lib/dpkg/info/nodejs.list");
    EXPECT_EQ(to_string(run_one(wanted()).decision), "unchanged");
    publish(script("1.1"), "\"1.1\"");
    EXPECT_EQ(to_string(run_one(wanted()).decision), "update");
    Component moved = wanted("/bin/moved");
    const Outcome outcome = run_one(moved);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::io);
    EXPECT_THAT(outcome.reason, StartsWith("whether its files belong to a package is not known: "));
    moved.replace_packaged = true;
    EXPECT_EQ(to_string(run_one(moved).decision), "update");
}

TEST_F(PackagedTest, WhatIsThereAndOnlyWantedIfMissingIsNobodysBusiness) {
    Component component = wanted();
    component.update = Update::if_missing;
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(target(), "packaged");
}

TEST_F(PackagedTest, OthersAreInstalledAllTheSame) {
    Component other = wanted("/bin/other");
    other.name = "other";
    const PassReport report = run({wanted(), other});
    EXPECT_EQ(report.components[0].decision, Decision::fail);
    EXPECT_EQ(report.components[1].decision, Decision::install);
}

} // namespace
} // namespace provisor::test
