// SPDX-License-Identifier: Apache-2.0
// What a pass makes of origins that fail: mirrors, back-off, parts of bodies, credentials.
#include "fakes/fake_machine.hpp"
#include "journal/message_ids.hpp"
#include "pass/troubles.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class OriginsTest : public FakeMachine, public testing::Test {
protected:
    static constexpr const char* mirror_url = "https://mirror/app";
    Component mirrored() const {
        Component component = app();
        component.mirrors = {mirror_url};
        return component;
    }
};

TEST_F(OriginsTest, AMirrorHelpsOutAndTheReasonNamesBoth) {
    origin.pages[app_url].status = 503;
    publish(script("one"), "\"1\"", mirror_url);
    const Outcome outcome = run_one(mirrored());
    EXPECT_EQ(to_string(outcome.decision), "install");
    EXPECT_EQ(outcome.url, mirror_url);
    EXPECT_THAT(outcome.reason, HasSubstr("from a mirror: HTTP 503"));
    EXPECT_EQ(target(), script("one"));
}

TEST_F(OriginsTest, WhenAllFailEachIsTold) {
    origin.pages[app_url].status = 503;
    origin.pages[mirror_url].status = 404;
    const Outcome outcome = run_one(mirrored());
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason, HasSubstr("HTTP 503; HTTP 404"));
}

TEST_F(OriginsTest, AMirrorDoesNotLowerWhatIsAsked) {
    Component pinned = mirrored();
    pinned.sha256 = sha256_of(script("one"));
    origin.pages[app_url].status = 503;
    publish(script("evil"), "\"1\"", mirror_url);
    EXPECT_EQ(to_string(run_one(pinned).decision), "fail");
    EXPECT_FALSE(std::filesystem::exists(folder / "bin/app"));
}

TEST_F(OriginsTest, CredentialsGoToTheManifestsOriginAndToNoMirror) {
    paths.credential_dirs = {folder / "credentials"};
    write_text(folder / "credentials/token", "canary\n");
    Component component = mirrored();
    component.auth.emplace();
    component.auth->bearer = "credential:token";
    origin.pages[app_url].status = 503;
    publish(script("one"), "\"1\"", mirror_url);
    run_one(component);
    ASSERT_EQ(origin.asked.size(), 2U);
    EXPECT_EQ(origin.asked[0].secrets, std::vector<std::string>{"Authorization: Bearer canary"});
    EXPECT_TRUE(origin.asked[1].secrets.empty());
    for (const JournalEntry& entry : journal.entries())
        for (const auto& [name, value] : entry.fields)
            EXPECT_THAT(value, Not(HasSubstr("canary"))) << name;
}

TEST_F(OriginsTest, OneUrlWithOtherCredentialsIsAskedForOnItsOwn) {
    paths.credential_dirs = {folder / "credentials"};
    write_text(folder / "credentials/token", "canary\n");
    publish(script("one"), "\"1\"");
    Component with = app();
    with.auth.emplace();
    with.auth->bearer = "credential:token";
    Component again = with;
    Component without = app();
    again.name = "again";
    again.files[0].path = (folder / "bin/again").string();
    without.name = "without";
    without.files[0].path = (folder / "bin/without").string();
    run({with, again, without});
    ASSERT_EQ(origin.asked.size(), 2U) << "those two together, and then that one";
    EXPECT_EQ(origin.bodies, 1U);
    EXPECT_EQ(origin.asked[1].status, 304);
    EXPECT_EQ(origin.asked[0].secrets, std::vector<std::string>{"Authorization: Bearer canary"});
    EXPECT_TRUE(origin.asked[1].secrets.empty());
    for (const char* name : {"app", "again", "without"})
        EXPECT_EQ(read_text(folder / "bin" / name), script("one"));
}

TEST_F(OriginsTest, AMissingCredentialFailsItsComponentAloneAndAsksNobody) {
    Component component = app();
    component.auth.emplace();
    component.auth->bearer = "credential:token";
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.error->kind()), "config");
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(OriginsTest, AFailedOriginIsLeftAloneUntilItsTime) {
    config.retry.first = 1h;
    config.retry.max = 1h;
    origin.pages[app_url].status = 503;
    origin.pages[app_url].retry_after = 1800s;
    const Outcome failed = run_one(app());
    EXPECT_EQ(to_string(failed.decision), "fail");
    ASSERT_TRUE(failed.next_try);
    EXPECT_GE(*failed.next_try - wall_clock(), 1790s);
    const auto state = list_tree(paths.state_dir);
    for (int i = 0; i < 3; ++i) {
        const Outcome held = run_one(app());
        EXPECT_EQ(to_string(held.decision), "hold");
        EXPECT_THAT(held.reason, HasSubstr("backoff: 1 failure in a row, next try at "));
        EXPECT_FALSE(held.error);
    }
    EXPECT_EQ(origin.asked.size(), 1U) << "it was asked while it was to be left alone";
    EXPECT_EQ(list_tree(paths.state_dir), state);
    EXPECT_EQ(to_string(read_troubles(paths).at("app").decision), "fail")
        << "status is to show what failed";
}

TEST_F(OriginsTest, ForceAndAnotherManifestEndTheWait) {
    config.retry.first = 1h;
    origin.pages[app_url].status = 503;
    origin.pages[app_url].retry_after = 1800s;
    run_one(app());
    PassOptions force;
    force.force = true;
    EXPECT_EQ(to_string(run_one(app(), force).decision), "fail");
    publish(script("one"), "\"1\"", "https://origin/new");
    Component other = app();
    other.url = "https://origin/new";
    EXPECT_EQ(to_string(run_one(other).decision), "install");
    EXPECT_EQ(to_string(run_one(other).decision), "unchanged");
}

TEST_F(OriginsTest, ABodyThatWasCutOffIsContinuedByTheNextPass) {
    publish(script("one of some length"), "\"1\"");
    origin.pages[app_url].cut = 12;
    EXPECT_EQ(to_string(run_one(app()).decision), "fail");
    origin.pages[app_url].cut = 0;
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "install");
    EXPECT_EQ(outcome.bytes, script("one of some length").size() - 12);
    EXPECT_EQ(target(), script("one of some length"));
    EXPECT_TRUE(std::filesystem::is_empty(paths.state_dir / "cache/partial"));
}

TEST_F(OriginsTest, AContinuationOfOtherBytesIsFetchedOnceMoreAsAWhole) {
    Component pinned = app();
    pinned.sha256 = sha256_of(script("one of some length"));
    publish(script("one of some length"), "\"1\"");
    origin.pages[app_url].cut = 12;
    run_one(pinned);
    origin.pages[app_url].cut = 0;
    origin.pages[app_url].lies = true;
    const Outcome outcome = run_one(pinned);
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(target(), script("one of some length"));
    EXPECT_EQ(origin.asked.size(), 3U);
}

// --- an origin without validators

class WithoutValidators : public OriginsTest {
protected:
    WithoutValidators() { publish(script("one"), ""); }
    /// The hints since the last clear().
    std::vector<JournalEntry> hints() const { return journal.with_id(message_id::no_validator); }
};

TEST_F(WithoutValidators, TheOriginIsToldOfOnceAndWhatToAskOfIt) {
    run_one(app());
    ASSERT_EQ(hints().size(), 1U);
    EXPECT_EQ(hints()[0].priority, Priority::notice);
    EXPECT_EQ(field_of(hints()[0], "PROVISOR_COMPONENT"), "app");
    EXPECT_EQ(field_of(hints()[0], "PROVISOR_URL"), app_url);
    EXPECT_THAT(hints()[0].message,
                testing::AllOf(HasSubstr(std::string("the origin of '") + app_url + "'"),
                               HasSubstr("let it send an ETag"), HasSubstr("or pin the content")));
    for (int pass = 0; pass < 3; ++pass)
        EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    publish(script("two"), "");
    EXPECT_EQ(to_string(run_one(app()).decision), "update");
    EXPECT_EQ(hints().size(), 1U) << "it was told again";
}

TEST_F(WithoutValidators, APassWithTheSameContentWritesNothingAndRestartsNothing) {
    units.add("app.service");
    run_one(app_with_unit());
    const auto before = list_tree(folder.path());
    const std::size_t jobs = units.jobs().size();
    const Outcome outcome = run_one(app_with_unit());
    EXPECT_EQ(to_string(outcome.decision), "unchanged");
    EXPECT_GT(outcome.bytes, 0U);
    EXPECT_EQ(list_tree(folder.path()), before);
    EXPECT_EQ(units.jobs().size(), jobs);
}

TEST_F(WithoutValidators, AnOriginThatLosesThemIsToldOf) {
    publish(script("one"), "\"1\"");
    run_one(app());
    EXPECT_TRUE(hints().empty());
    publish(script("two"), "");
    run_one(app());
    EXPECT_EQ(hints().size(), 1U);
}

TEST_F(WithoutValidators, ADateIsGoodEnough) {
    origin.pages[app_url].last_modified = "Tue, 03 Mar 2026 07:08:09 GMT";
    run_one(app());
    EXPECT_TRUE(hints().empty());
}

TEST_F(WithoutValidators, WhatIsPinnedAsksNoMoreAndNeedsNone) {
    Component pinned = app();
    pinned.sha256 = sha256_of(script("one"));
    run_one(pinned);
    EXPECT_TRUE(hints().empty());
}

TEST_F(WithoutValidators, ComponentsThatShareAUrlShareTheHint) {
    Component other = app();
    other.name = "other";
    other.files[0].path = (folder / "bin/other").string();
    run({app(), other});
    EXPECT_EQ(hints().size(), 1U);
}

/// A body without end fills the disk to its limit, and gives it back.
TEST_F(OriginsTest, WhoFindsNoRoomBesideABodyWithoutEndIsAskedForOnceMore) {
    Component beside = app();
    beside.name = "beside";
    beside.url = "https://origin/beside";
    beside.files.front().path = folder / "bin/beside";
    publish(script("beside"), "\"1\"", beside.url);
    publish(script("flood"), "\"1\"");
    const Error full(ErrorKind::space, "no room");
    origin.pages[app_url].troubles = {full, full};
    origin.pages[app_url].taken = 1000;
    origin.pages[beside.url].troubles = {full};
    const PassReport report = run({app(), beside});
    EXPECT_EQ(to_string(report.components[0].decision), "fail");
    EXPECT_EQ(to_string(report.components[1].decision), "install") << report.components[1].reason;
    EXPECT_EQ(origin.asked.size(), 3U) << "the flood is not asked for again";

    // There is no room for either: that is found out by one more request, not by many.
    origin.asked.clear();
    std::filesystem::remove_all(paths.state_dir);
    origin.pages[beside.url].troubles = {full, full, full};
    origin.pages[app_url].troubles = {full, full};
    EXPECT_EQ(to_string(run({app(), beside}).components[1].decision), "fail");
    EXPECT_EQ(origin.asked.size(), 3U);
}

} // namespace
} // namespace provisor::test
