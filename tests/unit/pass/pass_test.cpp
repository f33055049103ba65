// SPDX-License-Identifier: Apache-2.0
// What a pass does with files, cache and origin. Units are in activation_test.cpp.
#include "pass/pass.hpp"

#include "base/sha256.hpp"
#include "fakes/fake_machine.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::FakeMachine;
using test::list_tree;
using test::read_text;
using test::script;
using test::write_text;

class PassTest : public testing::Test, public FakeMachine {};

TEST_F(PassTest, InstallsWhatTheOriginHas) {
    publish(script("one"), "\"1\"");
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(outcome.sha256, sha256_of(script("one")));
    EXPECT_EQ(outcome.previous_sha256, "");
    EXPECT_EQ(outcome.http_status, 200);
    EXPECT_EQ(ComponentStore(paths.state_dir).installed("app")->artifact, sha256_of(script("one")));
}

TEST_F(PassTest, AHundredForcedPassesOfTheSameCostOneBodyAndWriteNothing) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto before = list_tree(folder.path());
    PassOptions force;
    force.force = true;
    for (int i = 0; i < 99; ++i)
        EXPECT_EQ(to_string(run_one(app(), force).decision), "unchanged");
    EXPECT_EQ(origin.bodies, 1U);
    EXPECT_EQ(origin.count_of(304), 99);
    EXPECT_EQ(list_tree(folder.path()), before);
}

TEST_F(PassTest, UpdatesWhenTheOriginHasNewContent) {
    publish(script("one"), "\"1\"");
    run_one(app());
    publish(script("two"), "\"2\"");
    Component next = app();
    next.version = "2.0";
    const Outcome outcome = run_one(next);
    EXPECT_EQ(to_string(outcome.decision), "update");
    EXPECT_EQ(outcome.previous_version, "1.0");
    EXPECT_EQ(outcome.version, "2.0");
    EXPECT_EQ(target(), script("two"));
    EXPECT_TRUE(fs::exists(blob(script("one")))) << "the version before stays in the cache";
}

TEST_F(PassTest, ANewEtagOnTheSameBytesChangesNothing) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto before = list_tree(folder / "bin");
    const std::string marker = read_text(paths.state_dir / "components/app/.installed");
    publish(script("one"), "\"2\"");
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    EXPECT_EQ(list_tree(folder / "bin"), before);
    EXPECT_EQ(read_text(paths.state_dir / "components/app/.installed"), marker);
    run_one(app());
    EXPECT_EQ(origin.asked.back().status, 304) << "the new ETag was kept";
}

TEST_F(PassTest, TheSameEtagAtAnotherUrlIsAnotherThing) {
    publish(script("one"), "\"same\"", "https://origin/1");
    publish(script("two"), "\"same\"", "https://origin/2");
    Component component = app();
    component.url = "https://origin/1";
    run_one(component);
    component.url = "https://origin/2";
    EXPECT_EQ(to_string(run_one(component).decision), "update");
    EXPECT_EQ(target(), script("two"));
    EXPECT_TRUE(origin.asked.back().validator.empty());
}

TEST_F(PassTest, AlternatingVersionsAreTransferredOnceEach) {
    config.flip_flop.switches = 0;
    publish(script("one"), "\"1\"", "https://origin/1");
    publish(script("two"), "\"2\"", "https://origin/2");
    for (int i = 0; i < 50; ++i) {
        Component component = app();
        component.url = i % 2 == 0 ? "https://origin/1" : "https://origin/2";
        run_one(component);
        ASSERT_EQ(target(), i % 2 == 0 ? script("one") : script("two"));
    }
    EXPECT_EQ(origin.bodies, 2U);
}

TEST_F(PassTest, AnInstalledPinAsksNobody) {
    publish(script("one"), "\"1\"");
    Component pinned = app();
    pinned.sha256 = sha256_of(script("one"));
    run_one(pinned);
    EXPECT_EQ(to_string(run_one(pinned).decision), "unchanged");
    EXPECT_EQ(origin.asked.size(), 1U);
}

TEST_F(PassTest, APinInTheCacheAsksNobody) {
    publish(script("one"), "\"1\"");
    run_one(app());
    publish(script("two"), "\"2\"");
    run_one(app());
    Component pinned = app();
    pinned.sha256 = sha256_of(script("one"));
    EXPECT_EQ(to_string(run_one(pinned).decision), "update");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(origin.asked.size(), 2U);
}

TEST_F(PassTest, OtherContentThanThePinIsRefusedAndNotKept) {
    publish(script("evil"), "\"1\"");
    Component pinned = app();
    pinned.sha256 = sha256_of(script("good"));
    const Outcome outcome = run_one(pinned);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_FALSE(fs::exists(blob(script("evil"))));
    for (int i = 0; i < 3; ++i)
        run_one(pinned);
    EXPECT_EQ(origin.bodies, 2U) << "that the origin still has it costs a 304, not a transfer";
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    publish(script("good"), "\"2\"");
    EXPECT_EQ(to_string(run_one(pinned).decision), "install");
}

TEST_F(PassTest, WhatWasDamagedOnceOnItsWayIsNotRefusedForEver) {
    publish(script("damaged"), "\"1\"");
    Component pinned = app();
    pinned.sha256 = sha256_of(script("good"));
    EXPECT_TRUE(run_one(pinned).error);
    publish(script("good"), "\"1\"");
    EXPECT_EQ(to_string(run_one(pinned).decision), "install")
        << "the tag of what is wanted was taken for that of the damage";
}

TEST_F(PassTest, ANewPinIsNotSatisfiedByAnOldValidator) {
    publish(script("one"), "\"size and time\"");
    run_one(app());
    publish(script("two"), "\"size and time\"");
    Component pinned = app();
    pinned.sha256 = sha256_of(script("two"));
    EXPECT_EQ(to_string(run_one(pinned).decision), "update")
        << "an ETag made of size and time may lie";
    EXPECT_EQ(target(), script("two"));
}

TEST_F(PassTest, IfMissingAndPresentAsksNobodyAndWritesNothing) {
    write_text(folder / "bin/app", "anything at all");
    Component component = app();
    component.update = Update::if_missing;
    const auto before = list_tree(folder.path());
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(list_tree(folder.path()), before);
}

TEST_F(PassTest, IfMissingInstallsWhatIsMissingAndLeavesItThenEvenWhenEdited) {
    publish(script("one"), "\"1\"");
    Component component = app();
    component.update = Update::if_missing;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    write_text(folder / "bin/app", "edited");
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(target(), "edited");
    EXPECT_EQ(origin.asked.size(), 1U);
}

TEST_F(PassTest, AnErrorPageIsNeverInstalledNorRemembered) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto before = list_tree(folder / "bin");
    publish("<html><title>Login</title></html>", "\"evil\"");
    const Outcome outcome = run_one(app());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::sanity);
    EXPECT_NE(outcome.reason.find("Login"), std::string::npos);
    EXPECT_EQ(list_tree(folder / "bin"), before);
    EXPECT_FALSE(fs::exists(blob("<html><title>Login</title></html>")));
    run_one(app());
    EXPECT_EQ(origin.asked.back().validator.etag, "\"1\"") << "the good validator is still in use";
}

TEST_F(PassTest, DataDoesNotBecomeAProgramByItsMode) {
    publish("just text\n", "\"1\"");
    Component data = app();
    data.files[0].mode = 0644;
    ASSERT_EQ(run_one(data).decision, Decision::install);
    const auto before = list_tree(folder / "bin");
    const std::string marker = read_text(paths.state_dir / "components/app/.installed");
    Component program = app();
    for (const bool pinned : {false, true}) {
        program.sha256 = pinned ? sha256_of("just text\n") : "";
        const Outcome outcome = run_one(program);
        ASSERT_TRUE(outcome.error) << pinned;
        EXPECT_EQ(outcome.error->kind(), ErrorKind::sanity) << outcome.reason;
        EXPECT_THAT(outcome.reason, testing::HasSubstr("data that begins with"));
        EXPECT_EQ(list_tree(folder / "bin"), before);
        EXPECT_EQ(read_text(paths.state_dir / "components/app/.installed"), marker);
    }
    EXPECT_EQ(run_one(data).decision, Decision::unchanged);
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(PassTest, AProgramMayBecomeDataAndAProgramAgain) {
    publish(script("one"), "\"1\"");
    Component data = app();
    data.files[0].mode = 0644;
    run_one(app());
    EXPECT_EQ(run_one(data).decision, Decision::update);
    EXPECT_EQ(run_one(app()).decision, Decision::update);
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(PassTest, WhatAnotherComponentHadAsDataIsNoProgramEither) {
    publish("just text\n", "\"1\"");
    Component data = app();
    data.name = "data";
    data.files[0].mode = 0644;
    data.files[0].path = (folder / "data").string();
    ASSERT_EQ(run_one(data).decision, Decision::install);
    const Outcome outcome = run({data, app()}).components.at(1);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::sanity);
    EXPECT_FALSE(std::filesystem::exists(folder / "bin/app"));
    EXPECT_EQ(origin.bodies, 1U) << "it was known already";
}

TEST_F(PassTest, AFailingOriginLeavesEverythingAsItWas) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto bin = list_tree(folder / "bin");
    const auto cache = list_tree(paths.state_dir / "cache");
    const std::string marker = read_text(paths.state_dir / "components/app/.installed");
    origin.pages[app_url].status = 503;
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(outcome.http_status, 503);
    EXPECT_EQ(list_tree(folder / "bin"), bin);
    EXPECT_EQ(list_tree(paths.state_dir / "cache"), cache);
    EXPECT_EQ(read_text(paths.state_dir / "components/app/.installed"), marker);
}

TEST_F(PassTest, OneFailureHarmsNobodyElse) {
    publish(script("one"), "\"1\"");
    Component other = app();
    other.name = "other";
    other.url = "https://origin/missing";
    other.files[0].path = (folder / "bin/other").string();
    const PassReport report = run({other, app()});
    EXPECT_EQ(to_string(report.components[0].decision), "fail");
    EXPECT_EQ(to_string(report.components[1].decision), "install");
}

TEST_F(PassTest, AMirrorHelpsOut) {
    publish(script("one"), "\"1\"", "https://mirror/app");
    Component component = app();
    component.mirrors = {"https://broken/app", "https://mirror/app"};
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(outcome.url, "https://mirror/app");
    EXPECT_EQ(origin.asked.size(), 3U);
}

TEST_F(PassTest, ComponentsWithOneUrlShareOneRequest) {
    publish(script("one"), "\"1\"");
    Component other = app();
    other.name = "other";
    other.files[0].path = (folder / "bin/other").string();
    const PassReport report = run({app(), other});
    EXPECT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(report.requests, 1U);
    EXPECT_EQ(read_text(folder / "bin/other"), script("one"));
}

TEST_F(PassTest, RepairsFromTheCacheWithoutATransferAndWithoutANewMarker) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto marker = list_tree(paths.state_dir / "components/app/.installed");
    write_text(folder / "bin/app", script("eno"));
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "repair") << outcome.reason;
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(origin.bodies, 1U);
    EXPECT_EQ(list_tree(paths.state_dir / "components/app/.installed"), marker);
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
}

TEST_F(PassTest, ADamagedBlobIsFetchedAgainWithoutACondition) {
    publish(script("one"), "\"1\"");
    run_one(app());
    fs::remove(folder / "bin/app");
    write_text(blob(script("one")), script("eno"));
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "repair") << outcome.reason;
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(origin.bodies, 2U);
    EXPECT_TRUE(origin.asked.back().validator.empty());
}

TEST_F(PassTest, ADeletedCacheCostsOneTransferAndNoChange) {
    publish(script("one"), "\"1\"");
    run_one(app());
    fs::remove_all(paths.state_dir / "cache");
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    EXPECT_EQ(origin.bodies, 2U);
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    EXPECT_EQ(origin.bodies, 2U);
}

TEST_F(PassTest, ALostStateDirectoryIsMadeAnewWithoutTouchingTheTarget) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const auto before = list_tree(folder / "bin/app");
    fs::remove_all(paths.state_dir);
    EXPECT_EQ(to_string(run_one(app()).decision), "install");
    EXPECT_EQ(list_tree(folder / "bin/app"), before);
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
}

TEST_F(PassTest, AGarbledMarkerIsWrittenAnew) {
    publish(script("one"), "\"1\"");
    run_one(app());
    write_text(paths.state_dir / "components/app/.installed", "{\"sch");
    const auto before = list_tree(folder / "bin/app");
    run_one(app());
    EXPECT_TRUE(ComponentStore(paths.state_dir).installed("app"));
    EXPECT_EQ(list_tree(folder / "bin/app"), before);
}

TEST_F(PassTest, AMarkerOfANewerProvisorStopsTheComponentOnly) {
    publish(script("one"), "\"1\"");
    write_text(paths.state_dir / "components/app/.installed", "{\"schema\": 2}");
    const Outcome outcome = run_one(app());
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_NE(outcome.reason.find("newer provisor"), std::string::npos);
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(read_text(paths.state_dir / "components/app/.installed"), "{\"schema\": 2}");
}

TEST_F(PassTest, WhenTheLastStepFailsTheNextPassNeedsNoTransfer) {
    publish(script("one"), "\"1\"");
    fs::remove(folder / "bin");
    write_text(folder / "bin", "a file where the folder should be");
    EXPECT_EQ(to_string(run_one(app()).decision), "fail");
    fs::remove(folder / "bin");
    EXPECT_EQ(to_string(run_one(app()).decision), "install");
    EXPECT_EQ(origin.bodies, 1U);
    EXPECT_EQ(target(), script("one"));
}

TEST_F(PassTest, AMovedPathTakesTheOldFileAway) {
    publish(script("one"), "\"1\"");
    run_one(app());
    Component moved = app();
    moved.files[0].path = (folder / "sbin/app").string();
    EXPECT_EQ(to_string(run_one(moved).decision), "update");
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_EQ(read_text(folder / "sbin/app"), script("one"));
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(PassTest, SeveralFilesOfAComponentChangeTogetherOrNotAtAll) {
    publish(script("one"), "\"1\"");
    Component component = app();
    component.files.push_back(component.files[0]);
    component.files[1].path = (folder / "sbin/app2").string();
    run_one(component);
    EXPECT_EQ(read_text(folder / "sbin/app2"), script("one"));
    publish(script("two"), "\"2\"");
    fs::remove_all(folder / "sbin");
    write_text(folder / "sbin", "in the way");
    EXPECT_EQ(to_string(run_one(component).decision), "fail");
    EXPECT_EQ(target(), script("one")) << "the first file must not change without the second";
    fs::remove(folder / "sbin");
    run_one(component);
    EXPECT_EQ(target(), script("two"));
    EXPECT_EQ(read_text(folder / "sbin/app2"), script("two"));
}

TEST_F(PassTest, ADryRunChangesNothingButTheCache) {
    publish(script("one"), "\"1\"");
    PassOptions dry;
    dry.dry_run = true;
    const Outcome outcome = run_one(app(), dry);
    EXPECT_EQ(to_string(outcome.decision), "install");
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_FALSE(fs::exists(paths.state_dir / "components"));
    EXPECT_TRUE(journal.entries().empty());
    run_one(app());
    EXPECT_EQ(origin.bodies, 1U) << "what the dry run fetched is used";
}

TEST_F(PassTest, OfflineAsksNobody) {
    publish(script("one"), "\"1\"");
    run_one(app());
    fs::remove(folder / "bin/app");
    PassOptions offline;
    offline.dry_run = offline.offline = true;
    EXPECT_EQ(to_string(run_one(app(), offline).decision), "repair");
    EXPECT_EQ(origin.asked.size(), 1U);
}

TEST_F(PassTest, RequirePinRefusesWhatHasNone) {
    publish(script("one"), "\"1\"");
    config.require = Require::pin;
    EXPECT_EQ(to_string(run_one(app()).decision), "fail");
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(PassTest, AHeldComponentIsLeftAlone) {
    publish(script("one"), "\"1\"");
    Component held = app();
    held.state = WantedState::held;
    EXPECT_EQ(to_string(run_one(held).decision), "hold");
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(PassTest, AnUnknownNameIsBadInput) {
    PassOptions options;
    options.names = {"nobody"};
    EXPECT_THROW(run({app()}, options), Error);
}

TEST_F(PassTest, LeftoversOfAnInterruptedPassAreSwept) {
    publish(script("one"), "\"1\"");
    write_text(folder / "bin/.provisor-0123456789abcdef", "half a file");
    run_one(app());
    EXPECT_FALSE(fs::exists(folder / "bin/.provisor-0123456789abcdef"));
}

TEST_F(PassTest, SweepsWhatACrashLeftAmongItsRecords) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const fs::path leftovers[] = {paths.run_dir, paths.state_dir, paths.state_dir / "cache"};
    for (const fs::path& place : leftovers)
        write_text(place / ".provisor-0123456789abcdef", "half a record");
    PassOptions dry_run;
    dry_run.dry_run = true;
    run_one(app(), dry_run);
    for (const fs::path& place : leftovers)
        EXPECT_TRUE(fs::exists(place / ".provisor-0123456789abcdef")) << place;
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
    for (const fs::path& place : leftovers)
        EXPECT_FALSE(fs::exists(place / ".provisor-0123456789abcdef")) << place;
}

TEST_F(PassTest, SweepsFoldersThatTheManifestDoesNotNameAnyMoreAlsoOfAHeldComponent) {
    publish(script("one"), "\"1\"");
    run_one(app());
    write_text(folder / "bin/.provisor-0123456789abcdef", "half a file");
    Component moved = app();
    moved.files[0].path = (folder / "elsewhere/app").string();
    moved.state = WantedState::held;
    EXPECT_EQ(to_string(run_one(moved).decision), "hold");
    EXPECT_FALSE(fs::exists(folder / "bin/.provisor-0123456789abcdef"));
    EXPECT_FALSE(fs::exists(folder / "elsewhere"));
}

TEST_F(PassTest, OldVersionsLeaveTheCache) {
    config.cache.keep_versions = 2;
    for (const char* version : {"1", "2", "3", "4"}) {
        publish(script(version), "\"" + std::string(version) + "\"");
        run_one(app());
    }
    EXPECT_FALSE(fs::exists(blob(script("1"))));
    EXPECT_FALSE(fs::exists(blob(script("2"))));
    EXPECT_TRUE(fs::exists(blob(script("3"))));
    EXPECT_TRUE(fs::exists(blob(script("4"))));
}

TEST_F(PassTest, AnInterruptLeavesAtOnceAndConsistently) {
    publish(script("one"), "\"1\"");
    interrupt.raise();
    EXPECT_THROW(run_one(app()), Interrupted);
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
}

} // namespace
} // namespace provisor
