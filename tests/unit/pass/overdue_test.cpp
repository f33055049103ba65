// SPDX-License-Identifier: Apache-2.0
// Components that nobody could check for too long are told of.
#include "fakes/fake_machine.hpp"

#include "journal/message_ids.hpp"
#include "pass/last_pass.hpp"
#include "pass/overdue.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class OverdueTest : public testing::Test, public FakeMachine {
protected:
    OverdueTest() {
        config.max_age = 24h;
        publish(script("1.0"), "\"1.0\"");
    }
    void SetUp() override {
        ASSERT_EQ(run_one(app()).decision, Decision::install);
        note_full_pass(paths);
    }
    /// As if the last pass had been so long ago.
    void wait(std::chrono::hours span) {
        fs::last_write_time(folder / "run/last-pass", fs::file_time_type::clock::now() - span);
    }
    std::vector<JournalEntry> warnings() const { return journal.with_id(message_id::overdue); }
};

TEST_F(OverdueTest, AFailureIsOverdueWhenTheLastCheckWasTooLongAgo) {
    wait(25h);
    origin.pages.clear();
    run_one(app());
    ASSERT_EQ(warnings().size(), 1U);
    EXPECT_EQ(warnings()[0].priority, Priority::warning);
    EXPECT_THAT(warnings()[0].message,
                StartsWith("app: not checked with its origin since " +
                           format_rfc3339(wall_clock() - 25h).substr(0, 13)));
    EXPECT_THAT(warnings()[0].message, HasSubstr(", longer than max_age (1d): "));
    EXPECT_THAT(warnings()[0].message, HasSubstr("HTTP 404"));
    EXPECT_EQ(field_of(warnings()[0], "PROVISOR_COMPONENT"), "app");
}

TEST_F(OverdueTest, ItIsToldOnceADay) {
    wait(25h);
    origin.pages.clear();
    for (int pass = 0; pass < 4; ++pass) {
        run_one(app());
        note_full_pass(paths);
    }
    EXPECT_EQ(warnings().size(), 1U) << "and that passes were made does not count as a check";
    std::map<std::string, Trouble> troubles = read_troubles(paths);
    PassReport report;
    report.components.emplace_back().name = "app";
    const WallTime told = *troubles.at("app").warned;
    EXPECT_TRUE(take_overdue(troubles, report, 24h, told + 24h - 1s).empty());
    EXPECT_EQ(take_overdue(troubles, report, 24h, told + 24h).size(), 1U);
    EXPECT_EQ(troubles.at("app").warned, told + 24h);
    EXPECT_EQ(take_overdue(troubles, report, 24h, told).size(), 1U) << "the clock was set back";
}

TEST_F(OverdueTest, WhatWasCheckedLatelyIsNotOverdue) {
    wait(23h);
    origin.pages.clear();
    run_one(app());
    EXPECT_TRUE(warnings().empty());
    config.max_age = Duration::zero();
    wait(1000h);
    run_one(app());
    EXPECT_TRUE(warnings().empty()) << "0 is never";
}

TEST_F(OverdueTest, AHoldOfAnOperatorIsOverdueToo) {
    wait(25h);
    ComponentStore(paths.state_dir).write_hold("app", "audit");
    run_one(app());
    EXPECT_EQ(warnings().size(), 1U);
}

TEST_F(OverdueTest, AChangeThatIsHeldWasChecked) {
    wait(25h);
    Component component = app();
    component.windows = {parse_window("2020-01-01 00:00-01:00").window};
    publish(script("1.1"), "\"1.1\"");
    ASSERT_EQ(run_one(component).decision, Decision::hold);
    EXPECT_TRUE(warnings().empty());
    EXPECT_FALSE(read_troubles(paths).at("app").unchecked);
}

TEST_F(OverdueTest, ARebootDoesNotMakeItForget) {
    wait(20h);
    origin.pages.clear();
    run_one(app());
    ASSERT_TRUE(warnings().empty());
    fs::remove_all(folder / "run");
    fs::create_directories(folder / "run");
    config.max_age = 19h;
    run_one(app());
    EXPECT_EQ(warnings().size(), 1U);
    publish(script("1.0"), "\"1.0\"");
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    EXPECT_FALSE(ComponentStore(paths.state_dir).record("app").backoff);
}

TEST_F(OverdueTest, AnUnchangedPassIsATimeAndNoByte) {
    wait(25h);
    const auto before = list_tree(folder.path());
    run_one(app());
    EXPECT_EQ(list_tree(folder.path()), before);
    note_full_pass(paths);
    EXPECT_GE(*last_full_pass(paths), wall_clock() - 5s);
    EXPECT_EQ(fs::file_size(folder / "run/last-pass"), 0U);
    const auto inode = list_tree(folder / "run").size();
    note_full_pass(paths);
    EXPECT_EQ(list_tree(folder / "run").size(), inode);
}

TEST_F(OverdueTest, BelowARootNoTimeIsKept) {
    fs::remove(folder / "run/last-pass");
    paths.root = folder.path();
    note_full_pass(paths);
    EXPECT_FALSE(last_full_pass(paths));
}

} // namespace
} // namespace provisor::test
