// SPDX-License-Identifier: Apache-2.0
#include "fakes/fake_machine.hpp"
#include "journal/message_ids.hpp"
#include "pass/announce.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using test::FakeMachine;
using test::field_of;
using test::script;

class AnnounceTest : public testing::Test, public FakeMachine {
protected:
    AnnounceTest() {
        publish(script("one"), "\"1\"");
        units.add("app.service");
    }
};

TEST_F(AnnounceTest, ADecisionCarriesEveryField) {
    run_one(app_with_unit());
    journal.clear();
    publish(script("two"), "\"2\"");
    const Outcome outcome = run_one(app_with_unit());
    const auto entries = journal.with_id(message_id::update);
    ASSERT_EQ(entries.size(), 1U);
    const JournalEntry& entry = entries[0];
    EXPECT_EQ(entry.priority, Priority::notice);
    EXPECT_EQ(field_of(entry, "PROVISOR_COMPONENT"), "app");
    EXPECT_EQ(field_of(entry, "PROVISOR_DECISION"), "update");
    EXPECT_EQ(field_of(entry, "PROVISOR_SHA256"), outcome.sha256);
    EXPECT_EQ(field_of(entry, "PROVISOR_PREVIOUS_SHA256"), outcome.previous_sha256);
    EXPECT_EQ(field_of(entry, "PROVISOR_ETAG"), "\"2\"");
    EXPECT_EQ(field_of(entry, "PROVISOR_HTTP_STATUS"), "200");
    EXPECT_EQ(field_of(entry, "OBJECT_SYSTEMD_UNIT"), "app.service");
    for (const char* name :
         {"PROVISOR_REASON", "PROVISOR_PASS", "PROVISOR_URL", "PROVISOR_VERSION",
          "PROVISOR_PREVIOUS_VERSION", "PROVISOR_BYTES", "PROVISOR_DURATION_USEC"})
        EXPECT_NE(field_of(entry, name), "") << name;
    const auto unit = journal.with_id(message_id::unit_action);
    ASSERT_EQ(unit.size(), 1U);
    EXPECT_EQ(field_of(unit[0], "OBJECT_SYSTEMD_UNIT"), "app.service");
}

TEST_F(AnnounceTest, WhoAsksForTheUnitSeesThatADownloadFailed) {
    run_one(app_with_unit());
    journal.clear();
    origin.pages[app_url].status = 404;
    run_one(app_with_unit());
    const auto entries = journal.with_id(message_id::fail);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(field_of(entries[0], "OBJECT_SYSTEMD_UNIT"), "app.service");
}

TEST_F(AnnounceTest, AnUnchangedPassIsOneLineAboveDebug) {
    run_one(app_with_unit());
    journal.clear();
    run_one(app_with_unit());
    unsigned lines = 0;
    for (const JournalEntry& entry : journal.entries())
        lines += entry.priority < Priority::debug ? 1 : 0;
    EXPECT_EQ(lines, 1U);
    EXPECT_EQ(journal.with_id(message_id::pass_summary).size(), 1U);
}

TEST_F(AnnounceTest, AFailureSaysWhatStaysInForce) {
    run_one(app_with_unit());
    journal.clear();
    origin.pages[app_url].status = 503;
    run_one(app_with_unit());
    const auto entries = journal.with_id(message_id::fail);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].priority, Priority::error);
    EXPECT_EQ(field_of(entries[0], "PROVISOR_ERROR_KIND"), "http");
    EXPECT_NE(entries[0].message.find("503"), std::string::npos);
    EXPECT_NE(entries[0].message.find("1.0"), std::string::npos);
    EXPECT_NE(entries[0].message.find("stays in place"), std::string::npos) << entries[0].message;
}

TEST(SamePages, AreThoseOfTwoComponentsAtLeast) {
    const auto refused = [](const char* name, const char* page) {
        Outcome outcome;
        outcome.name = name;
        outcome.decision = Decision::fail;
        outcome.error = Error(ErrorKind::sanity, std::string("'http://origin': ") + page);
        outcome.error->web_page = page;
        return outcome;
    };
    PassReport report;
    report.components = {refused("a", "a login"), refused("b", "an error"), Outcome{},
                         refused("c", "a login")};
    const std::vector<SamePage> pages = same_pages(report);
    ASSERT_EQ(pages.size(), 1U);
    EXPECT_EQ(pages[0].page, "a login");
    EXPECT_NE(describe(pages[0]).find("2 components got a login"), std::string::npos);
    EXPECT_TRUE(describe(pages[0]).ends_with(": a, c")) << describe(pages[0]);
    test::FakeJournal journal;
    announce(report, {}, journal);
    EXPECT_EQ(journal.with_id(message_id::same_page).size(), 1U);
    unsigned errors = 0;
    for (const JournalEntry& entry : journal.entries())
        errors += entry.priority == Priority::error ? 1 : 0;
    EXPECT_EQ(errors, 2U) << "one for the two together, one for the other";
}

TEST(Aftermath, OfUnitsThatFailedIsNotTheEarlierVersion) {
    Outcome outcome;
    outcome.version = "2.0";
    outcome.previous_version = "1.0";
    outcome.error = Error(ErrorKind::unit, "job failed");
    EXPECT_EQ(aftermath(outcome), "2.0 is in place");
    outcome.error = Error(ErrorKind::io, "no file");
    EXPECT_EQ(aftermath(outcome), "1.0 stays in place");
    outcome.previous_version.clear();
    EXPECT_EQ(aftermath(outcome), "nothing was installed before");
}

} // namespace
} // namespace provisor
