// SPDX-License-Identifier: Apache-2.0
// What was a lower version once is not installed again unless the manifest says that it may.
#include "fakes/fake_machine.hpp"

#include "journal/message_ids.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::StartsWith;

class Downgrade : public testing::Test {
protected:
    Component version(const std::string& number) {
        Component app = machine.app();
        app.version = number;
        app.url = "https://origin/app-" + number;
        machine.publish(script(number), "\"" + number + "\"", app.url);
        return app;
    }
    void SetUp() override {
        ASSERT_EQ(machine.run_one(version("1.1.0")).decision, Decision::install);
        ASSERT_EQ(machine.run_one(version("1.2.0")).decision, Decision::update);
        machine.origin.asked.clear();
    }
    void expect_held(const Component& app, const PassOptions& options = {}) {
        const auto before = list_tree(machine.paths.state_dir);
        const std::string installed = machine.target();
        const Outcome outcome = machine.run_one(app, options);
        EXPECT_EQ(outcome.decision, Decision::hold);
        EXPECT_THAT(outcome.reason, StartsWith("downgrade: 1.2.0 was installed"));
        EXPECT_FALSE(outcome.error);
        EXPECT_EQ(machine.origin.asked.size(), 0U) << "somebody was asked";
        EXPECT_EQ(list_tree(machine.paths.state_dir), before) << "something was written";
        EXPECT_EQ(machine.target(), installed);
    }

    FakeMachine machine;
};

TEST_F(Downgrade, IsHeldBeforeAnybodyIsAsked) {
    expect_held(version("1.1.0"));
    EXPECT_EQ(machine.target(), script("1.2.0"));
}

TEST_F(Downgrade, IsHeldUnderForceAndInAPlanToo) {
    PassOptions force;
    force.force = true;
    PassOptions plan;
    plan.dry_run = true;
    expect_held(version("1.1.0"), force);
    expect_held(version("1.1.0"), plan);
}

TEST_F(Downgrade, IsToldOnceAndNotInEachPass) {
    machine.journal.clear();
    for (int pass = 0; pass < 3; ++pass)
        machine.run_one(version("1.1.0"));
    machine.run_one(version("1.0.0")); // another one
    std::string priorities;
    for (const JournalEntry& entry : machine.journal.with_id(message_id::hold))
        priorities += entry.priority == Priority::notice ? "notice " : "debug ";
    EXPECT_EQ(priorities, "notice debug debug notice ");
}

TEST_F(Downgrade, IsHeldAlsoWhenTheMarkerWasLost) {
    std::filesystem::remove(machine.paths.state_dir / "components/app/.installed");
    expect_held(version("1.1.0"));
}

TEST_F(Downgrade, ThatIsAllowedIsMadeAndLowersWhatCounts) {
    Component allowed = version("1.1.0");
    allowed.allow_downgrade = true;
    EXPECT_EQ(machine.run_one(allowed).decision, Decision::update);
    EXPECT_EQ(machine.target(), script("1.1.0"));
    EXPECT_EQ(machine.run_one(version("1.1.0")).decision, Decision::unchanged);
    EXPECT_EQ(machine.run_one(version("1.1.5")).decision, Decision::update);
}

TEST_F(Downgrade, IsNotWhatCannotBeCompared) {
    EXPECT_EQ(machine.run_one(version("stable")).decision, Decision::update);
    EXPECT_EQ(machine.run_one(version("1.1.0")).decision, Decision::update);
}

TEST_F(Downgrade, ThatFailedToBeInstalledRaisesNothing) {
    Component newer = version("9.0.0");
    machine.origin.pages.erase(newer.url);
    ASSERT_EQ(machine.run_one(newer).decision, Decision::fail);
    EXPECT_EQ(machine.run_one(version("1.2.0")).decision, Decision::unchanged);
    EXPECT_EQ(machine.run_one(version("1.3.0")).decision, Decision::update);
}

} // namespace
} // namespace provisor::test
