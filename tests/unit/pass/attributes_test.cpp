// SPDX-License-Identifier: Apache-2.0
// What an administrator gave a file outlives updates, rollbacks and repairs; what the manifest asks
// for is kept so.
#include "fakes/fake_machine.hpp"

#include "model/capabilities.hpp"
#include "store/component_store.hpp"
#include "support/file_attributes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AttributesOfTargets : public testing::Test, public FakeMachine {
protected:
    void SetUp() override {
        if (::geteuid() != 0 || !takes_attributes(folder.path()))
            GTEST_SKIP() << "it takes root, and a file system with attributes below "
                         << folder.path();
        publish(script("one"), "\"1\"");
    }
    fs::path app_file() const { return folder / "bin/app"; }
    Component asking(const std::string& capabilities) const {
        Component component = app();
        component.files[0].capabilities = capabilities;
        return component;
    }
    std::optional<std::string> capabilities() const {
        const auto value = attribute(app_file(), capability_name);
        return value ? std::optional(capabilities_from_attribute(*value)) : std::nullopt;
    }
    void give() const {
        ASSERT_TRUE(set_attribute(app_file(), "user.note", "mine"));
        ASSERT_TRUE(set_attribute(app_file(), acl_name, acl_for(1500, 5, 7, 5, 5, 5)));
        ASSERT_TRUE(set_attribute(app_file(), capability_name,
                                  capabilities_to_attribute("cap_net_raw=ep")));
    }
    void expect_kept(const char* what) const {
        SCOPED_TRACE(what);
        EXPECT_EQ(attribute(app_file(), "user.note"), "mine");
        EXPECT_EQ(attribute(app_file(), acl_name), acl_for(1500, 5, 7, 5, 5, 5));
        EXPECT_EQ(capabilities(), "cap_net_raw=ep");
    }
};

TEST_F(AttributesOfTargets, OutliveAnUpdateARollbackARepairAndWhatStoodThereBefore) {
    write_text(app_file(), "by hand");
    fs::permissions(app_file(), static_cast<fs::perms>(0755));
    give();
    EXPECT_EQ(run_one(app()).decision, Decision::install);
    expect_kept("installed over what stood there");
    EXPECT_EQ(run_one(app()).decision, Decision::unchanged) << "they are nobody's business";
    publish(script("two"), "\"2\"");
    EXPECT_EQ(run_one(app()).decision, Decision::update);
    EXPECT_EQ(target(), script("two"));
    expect_kept("updated");
    PassOptions back;
    back.names = {"app"};
    back.rollback_to = "";
    EXPECT_EQ(run_one(app(), back).decision, Decision::rollback);
    EXPECT_EQ(target(), script("one"));
    expect_kept("rolled back");
    fs::permissions(app_file(), static_cast<fs::perms>(0700));
    PassOptions only;
    EXPECT_NE(run_one(app(), only).decision, Decision::fail);
    EXPECT_EQ(mode_of(app_file()), 0755U);
    expect_kept("repaired");
}

TEST_F(AttributesOfTargets, CapabilitiesThatAreAskedForAreSetRecordedAndPutBack) {
    EXPECT_EQ(run_one(asking("cap_net_raw=ep")).decision, Decision::install);
    EXPECT_EQ(capabilities(), "cap_net_raw=ep");
    EXPECT_EQ(ComponentStore(paths.state_dir).installed("app")->files[0].capabilities,
              "cap_net_raw=ep");
    EXPECT_EQ(run_one(asking("cap_net_raw=ep")).decision, Decision::unchanged);
    ASSERT_EQ(::lremovexattr(app_file().c_str(), capability_name), 0);
    const Outcome repaired = run_one(asking("cap_net_raw=ep"));
    EXPECT_EQ(repaired.decision, Decision::repair);
    EXPECT_THAT(repaired.reason, HasSubstr("had lost cap_net_raw=ep"));
    EXPECT_EQ(capabilities(), "cap_net_raw=ep");
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(AttributesOfTargets, CapabilitiesComeAndGoWithTheManifest) {
    EXPECT_EQ(run_one(app()).decision, Decision::install);
    const Outcome asked = run_one(asking("cap_kill=ep"));
    EXPECT_EQ(asked.decision, Decision::update);
    EXPECT_THAT(asked.reason, HasSubstr("has cap_kill=ep in the manifest, not no capabilities"));
    EXPECT_EQ(capabilities(), "cap_kill=ep");
    const Outcome gone = run_one(app());
    EXPECT_EQ(gone.decision, Decision::update);
    EXPECT_EQ(capabilities(), std::nullopt) << "nobody set them by hand";
    EXPECT_EQ(run_one(app()).decision, Decision::unchanged);
}

} // namespace
} // namespace provisor::test
