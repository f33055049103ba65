// SPDX-License-Identifier: Apache-2.0
// Two who want different contents, and never agree.
#include "fakes/fake_machine.hpp"

#include "journal/message_ids.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class FlipFlopTest : public testing::Test, public FakeMachine {
protected:
    FlipFlopTest() { units.add("app.service"); }
    Component from(int source) {
        Component component = app_with_unit();
        component.version = source == 0 ? "stable" : "latest";
        component.url = source == 0 ? "https://origin/stable" : "https://mirror/latest";
        publish(script(component.version), "\"" + component.version + "\"", component.url);
        return component;
    }
};

TEST_F(FlipFlopTest, AThousandAlternationsAreTwoTransfersAndFourRestartsAndThenOneHold) {
    int holds = 0;
    for (int i = 0; i < 1000; ++i)
        holds += run_one(from(i % 2)).decision == Decision::hold ? 1 : 0;
    EXPECT_EQ(origin.bodies, 2U);
    EXPECT_EQ(units.jobs_on("app.service").size(), 5U) << "the start, and four restarts";
    EXPECT_EQ(holds, 498) << "every second pass is for what is there";
    EXPECT_EQ(target(), script("stable"));
    const auto told = journal.with_id(message_id::hold);
    EXPECT_EQ(
        std::count_if(told.begin(), told.end(),
                      [](const JournalEntry& entry) { return entry.priority != Priority::debug; }),
        1);
}

TEST_F(FlipFlopTest, TheHoldNamesBothContentsAndWhereTheyComeFrom) {
    for (int i = 0; i < 5; ++i)
        run_one(from(i % 2));
    const Outcome outcome = run_one(from(1));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("flip-flop: stable ("));
    EXPECT_THAT(outcome.reason, HasSubstr(") from https://origin/stable and latest ("));
    EXPECT_THAT(outcome.reason, HasSubstr(") from https://mirror/latest have replaced one another "
                                          "4 times within 1h"));
    EXPECT_FALSE(outcome.error);
}

TEST_F(FlipFlopTest, AHoldWritesNothingOnceItIsKnown) {
    for (int i = 0; i < 6; ++i)
        run_one(from(i % 2));
    const auto before = list_tree(paths.state_dir);
    run_one(from(1));
    EXPECT_EQ(list_tree(paths.state_dir), before);
}

TEST_F(FlipFlopTest, ContentThatItNeverHadIsInstalledAllTheSame) {
    for (int i = 0; i < 6; ++i)
        run_one(from(i % 2));
    Component fix = from(0);
    publish(script("fix"), "\"fix\"", fix.url);
    EXPECT_EQ(to_string(run_one(fix).decision), "update");
    EXPECT_EQ(target(), script("fix"));
}

} // namespace
} // namespace provisor::test
