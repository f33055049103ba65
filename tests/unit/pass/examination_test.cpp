// SPDX-License-Identifier: Apache-2.0
// What a pass learns of new content by running it: `check` and `version_from`.
#include "fakes/fake_machine.hpp"

#include "base/privileges.hpp"
#include "base/sha256.hpp"
#include "support/log_capture.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class ExaminationTest : public testing::Test, public FakeMachine {
protected:
    Component checked(std::vector<std::string> words = {"{staged}", "--self-test"}) const {
        Component component = app();
        component.check = std::move(words);
        return component;
    }
    Component told(const std::string& manifest_version = "") const {
        Component component = app();
        component.version = manifest_version;
        component.version_from = VersionCommand{{"{path}", "--version"}, "version ([^ ]+)"};
        return component;
    }
    /// A program that says its version and passes its check, or not.
    static std::string program(const std::string& version, const std::string& check = "exit 0") {
        return script("case $1 in --version) echo app version " + version + " of today ;; *) " +
                      check + " ;; esac");
    }
    Record record() const { return ComponentStore(paths.state_dir).record("app"); }
    std::size_t temporaries() const {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            count += entry.path().filename().string().starts_with(".provisor-") ? 1U : 0U;
        return count;
    }
};

class Check : public ExaminationTest {
protected:
    void SetUp() override {
        publish(program("1"), "\"1\"");
        ASSERT_EQ(run_one(checked()).decision, Decision::install);
        units.forget_calls();
        origin.bodies = 0;
        config.retry.first = config.retry.max = std::chrono::hours(1);
    }
    Outcome publish_bad() {
        publish(program("2", "echo no good; echo twice no good >&2; exit 3"), "\"2\"");
        Component next = checked();
        next.version = "2.0";
        return run_one(next);
    }
};

TEST_F(Check, IsMadeOnceForEachContentBeforeItIsInPlace) {
    publish(program("2"), "\"2\"");
    EXPECT_EQ(run_one(checked()).decision, Decision::update);
    ASSERT_EQ(units.commands().size(), 1U);
    const ContainedCommand& command = units.commands().front();
    EXPECT_EQ(command.name, "check-app");
    EXPECT_THAT(command.words, ElementsAre("{staged}", "--self-test"));
    EXPECT_EQ(command.lent->name, "app");
    EXPECT_EQ(command.lent->path.parent_path(), folder / "bin") << "where it can be renamed from";
    for (int pass = 0; pass < 3; ++pass)
        EXPECT_EQ(run_one(checked()).decision, Decision::unchanged);
    EXPECT_EQ(units.commands().size(), 1U);
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(Check, ThatFailsLeavesWhatWasThere) {
    const auto before = list_tree(folder / "bin/app");
    const std::string marker = read_text(paths.state_dir / "components/app/.installed");
    const Outcome outcome = publish_bad();
    EXPECT_EQ(outcome.decision, Decision::fail);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::check);
    EXPECT_STREQ(outcome.error->what(), "'https://origin/app': `{staged} --self-test`: exit status "
                                        "3; it printed: no good | twice no good");
    EXPECT_EQ(outcome.error->url, app_url);
    EXPECT_TRUE(outcome.next_try);
    EXPECT_EQ(list_tree(folder / "bin/app"), before);
    EXPECT_EQ(temporaries(), 0U);
    EXPECT_EQ(read_text(paths.state_dir / "components/app/.installed"), marker);
    EXPECT_TRUE(fs::exists(blob(program("2", "echo no good; echo twice no good >&2; exit 3"))))
        << "it would be fetched again";
    EXPECT_EQ(record().history.size(), 1U);
}

TEST_F(Check, ThatFailsHarmsNoOtherComponent) {
    publish(program("2", "exit 3"), "\"2\"");
    publish(script("beside"), "\"b\"", "https://origin/beside");
    Component beside = app();
    beside.name = "beside";
    beside.url = "https://origin/beside";
    beside.files.front().path = (folder / "bin/beside").string();
    const PassReport report = run({checked(), beside});
    EXPECT_EQ(report.components[0].decision, Decision::fail);
    EXPECT_EQ(report.components[1].decision, Decision::install);
}

TEST_F(Check, ThatFailedIsNotMadeAgainInEachPass) {
    publish_bad();
    Component next = checked();
    next.version = "2.0";
    const auto before = list_tree(paths.state_dir);
    const auto before_bin = list_tree(folder / "bin");
    for (int pass = 0; pass < 3; ++pass) {
        const Outcome outcome = run_one(next);
        EXPECT_EQ(outcome.decision, Decision::hold);
        EXPECT_THAT(outcome.reason, StartsWith("backoff: the check of 2.0 ("));
        EXPECT_THAT(outcome.reason, HasSubstr("1 failure in a row, next try at "));
        EXPECT_THAT(outcome.reason, HasSubstr("exit status 3"));
        EXPECT_TRUE(outcome.next_try);
        EXPECT_FALSE(outcome.error);
    }
    EXPECT_EQ(units.commands().size(), 1U);
    EXPECT_EQ(origin.bodies, 1U) << "it was transferred again";
    EXPECT_EQ(list_tree(folder / "bin"), before_bin);
    EXPECT_EQ(list_tree(paths.state_dir), before) << "a pass that waits writes nothing";
}

TEST_F(Check, IsMadeAgainWhenItsTimeHasCome) {
    config.retry.first = Duration::zero();
    publish_bad();
    publish_bad();
    EXPECT_EQ(publish_bad().decision, Decision::fail);
    EXPECT_EQ(units.commands().size(), 3U);
    EXPECT_EQ(record().failed_check->backoff.failures, 3U);
}

TEST_F(Check, IsMadeAgainAtOnceForOtherContentUnderForceAndWithAnotherCommand) {
    publish_bad();
    Component next = checked();
    next.version = "2.0";
    PassOptions force;
    force.force = true;
    EXPECT_EQ(run_one(next, force).decision, Decision::fail);
    EXPECT_EQ(units.commands().size(), 2U);
    next.check = {"{staged}", "--other"};
    EXPECT_EQ(run_one(next).decision, Decision::fail);
    EXPECT_EQ(units.commands().size(), 3U);
    publish(program("3"), "\"3\"");
    EXPECT_EQ(run_one(next).decision, Decision::update);
    EXPECT_EQ(units.commands().size(), 4U);
    EXPECT_FALSE(record().failed_check);
}

TEST_F(Check, WaitsBeforeAFirstInstallationToo) {
    fs::remove_all(folder / "bin");
    fs::remove_all(paths.state_dir);
    EXPECT_EQ(publish_bad().decision, Decision::fail);
    EXPECT_EQ(publish_bad().decision, Decision::hold);
    EXPECT_EQ(units.commands().size(), 1U);
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_FALSE(fs::exists(paths.state_dir / "components/app/.installed"));
    EXPECT_FALSE(fs::exists(paths.state_dir / "components/app/.activated"));
}

TEST_F(Check, IsNotMadeOfWhatPassedAlready) {
    write_text(folder / "bin/app", "damaged");
    EXPECT_EQ(run_one(checked()).decision, Decision::repair);
    Component other_mode = checked();
    other_mode.files.front().mode = 0700;
    EXPECT_EQ(run_one(other_mode).decision, Decision::update);
    EXPECT_EQ(run_one(checked()).decision, Decision::update);
    fs::remove_all(paths.state_dir / "components");
    EXPECT_EQ(run_one(checked()).decision, Decision::install) << "in place already";
    EXPECT_THAT(units.commands(), IsEmpty());
}

TEST_F(Check, SeesTheFileAloneWhateverItsModeWillBe) {
    // Readable and executable for it, and for nobody else.
    publish(script("stat -c '%a %U %g' $0 >&2; exit 4"), "\"2\"");
    Component secret = checked();
    secret.files.front().mode = 0700;
    const Outcome outcome = run_one(secret);
    const std::string group =
        std::to_string(::geteuid() == 0 ? find_account(command_account).group : ::getegid());
    EXPECT_THAT(outcome.reason, HasSubstr("550 "));
    EXPECT_THAT(outcome.reason, HasSubstr(" " + group));
    publish(script("exit 0"), "\"3\"");
    EXPECT_EQ(run_one(secret).decision, Decision::update);
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "bin/app").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0700U);
    EXPECT_EQ(facts.st_gid, ::getegid());
}

TEST_F(Check, SeesTheFirstFileAlsoWhenAnotherOneIsNew) {
    Component two = checked({"/bin/sh", "-c", "cmp -s {staged} {path} && exit 9"});
    two.files.push_back(two.files.front());
    two.files.back().path = (folder / "bin/second").string();
    fs::permissions(folder.path(), fs::perms(0755));
    const Outcome outcome = run_one(two);
    EXPECT_THAT(outcome.reason, HasSubstr("exit status 9"));
    EXPECT_FALSE(fs::exists(folder / "bin/second"));
    EXPECT_EQ(target(), program("1"));
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(Check, IsAProcessOfOursWhereUnitsAreLeftAloneOrNobodyManagesThem) {
    PassOptions no_units;
    no_units.no_units = true;
    publish(program("2", "exit 5"), "\"2\"");
    EXPECT_THAT(run_one(checked(), no_units).reason, HasSubstr("exit status 5"));
    units.be_unreachable("there is no systemd");
    publish(program("3", "exit 6"), "\"3\"");
    EXPECT_THAT(run_one(checked()).reason, HasSubstr("exit status 6"));
    EXPECT_THAT(units.commands(), IsEmpty());
}

TEST_F(Check, IsNotMadeInAPlan) {
    publish(program("2", "exit 5"), "\"2\"");
    PassOptions plan;
    plan.dry_run = true;
    EXPECT_EQ(run_one(checked(), plan).decision, Decision::update);
    EXPECT_THAT(units.commands(), IsEmpty());
}

class VersionFrom : public ExaminationTest {};

TEST_F(VersionFrom, IsTheLabelWhereTheManifestHasNone) {
    publish(program("1.1"), "\"1\"");
    LogCapture log;
    EXPECT_EQ(run_one(told()).version, "1.1");
    EXPECT_EQ(record().history.back().version, "1.1");
    publish(program("1.2"), "\"2\"");
    const Outcome update = run_one(told());
    EXPECT_EQ(update.version, "1.2");
    EXPECT_EQ(update.previous_version, "1.1");
    EXPECT_EQ(run_one(told()).version, "1.2") << "unchanged";
    EXPECT_EQ(units.commands().size(), 2U) << "once for each content";
    EXPECT_EQ(log.text(), "");
}

TEST_F(VersionFrom, HoldsALowerVersionBackThatNoManifestNames) {
    publish(program("1.2.0"), "\"2\"");
    run_one(told());
    publish(program("1.1.0"), "\"1\"");
    LogCapture log;
    for (int pass = 0; pass < 3; ++pass) {
        const Outcome outcome = run_one(told());
        EXPECT_EQ(outcome.decision, Decision::hold);
        EXPECT_THAT(outcome.reason,
                    StartsWith("downgrade: 1.2.0 was installed, and the origin has 1.1.0; "));
    }
    EXPECT_EQ(target(), program("1.2.0"));
    EXPECT_EQ(record().history.size(), 1U);
    EXPECT_EQ(units.commands().size(), 2U);
    EXPECT_EQ(temporaries(), 0U);
    Component allowed = told();
    allowed.allow_downgrade = true;
    EXPECT_EQ(run_one(allowed).decision, Decision::update);
    EXPECT_EQ(record().highest_version, "1.1.0");
}

TEST_F(VersionFrom, ThatDiffersFromTheManifestsIsRefusedBeforeAnythingIsPutInPlace) {
    publish(program("3.0.0"), "\"1\"");
    ASSERT_EQ(run_one(told("3.0.0")).decision, Decision::install);
    // Not of its directory, where the content is staged to be asked.
    const auto before = list_tree(folder / "bin").at(folder / "bin/app");
    // The URL of the new release has an old one.
    publish(program("1.0.0"), "\"2\"");
    for (int pass = 0; pass < 2; ++pass) {
        const Outcome outcome = run_one(told("3.1.0"));
        EXPECT_EQ(outcome.decision, Decision::fail);
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::check);
        EXPECT_THAT(outcome.reason, HasSubstr("it calls itself version 1.0.0, and the manifest "
                                              "says version 3.1.0; put one of them right, or say "
                                              "`version_order: none`"));
        EXPECT_EQ(outcome.version, "3.1.0");
    }
    EXPECT_EQ(list_tree(folder / "bin").at(folder / "bin/app"), before)
        << "something was put in place";
    EXPECT_EQ(record().history.size(), 1U);
    EXPECT_EQ(record().highest_version, "3.0.0");
    EXPECT_EQ(temporaries(), 0U);
    EXPECT_EQ(record().failed_check->backoff.failures, 2U);
    config.retry.first = config.retry.max = std::chrono::hours(1);
    run_one(told("3.1.0"));
    EXPECT_EQ(run_one(told("3.1.0")).decision, Decision::hold) << "it waits like a failed check";
    EXPECT_EQ(target(), program("3.0.0"));
    publish(program("3.1.0"), "\"3\"");
    EXPECT_EQ(run_one(told("3.1.0")).decision, Decision::update);
    EXPECT_FALSE(record().failed_check);
}

TEST_F(VersionFrom, ThatDiffersAndIsNotComparedIsToldOnceAndShown) {
    publish(program("2.0.1"), "\"1\"");
    Component component = told("2.0.0");
    component.version_order = VersionOrder::none;
    LogCapture log;
    for (int pass = 0; pass < 3; ++pass)
        EXPECT_EQ(run_one(component).version, "2.0.1");
    EXPECT_EQ(run_one(component).decision, Decision::unchanged) << "and no downgrade";
    const std::string warning =
        "app: the manifest says version 2.0.0, and what it installs calls itself 2.0.1";
    EXPECT_THAT(log.text(), HasSubstr(warning));
    EXPECT_EQ(log.text().find(warning), log.text().rfind(warning));
    EXPECT_EQ(units.commands().size(), 1U);
}

TEST_F(VersionFrom, ThatSaysTheSameInOtherWordsIsTheSame) {
    publish(program("v2.0.0+build.7"), "\"1\"");
    EXPECT_EQ(run_one(told("2.0.0")).decision, Decision::install);
    EXPECT_EQ(target(), program("v2.0.0+build.7"));
}

TEST_F(VersionFrom, ThatFindsNothingIsAWarningAndNoFailure) {
    fs::permissions(folder.path(), fs::perms(0755));
    publish(script("echo no idea; exit 3"), "\"1\"");
    LogCapture log;
    for (int pass = 0; pass < 3; ++pass) {
        const Outcome outcome = run_one(told("1.0"));
        EXPECT_FALSE(outcome.error);
        EXPECT_EQ(outcome.version, "1.0");
    }
    EXPECT_EQ(target(), script("echo no idea; exit 3"));
    EXPECT_THAT(log.text(),
                HasSubstr("app: version_from found no version, and the label is '1.0'"));
    EXPECT_THAT(log.text(), HasSubstr("it printed: no idea"));
    EXPECT_EQ(log.text().find("found no version"), log.text().rfind("found no version"));
    EXPECT_EQ(units.commands().size(), 2U)
        << "before and after it was in its place, and never again";
}

TEST_F(VersionFrom, IsAskedInItsPlaceWhenItTellsNothingBefore) {
    fs::permissions(folder.path(), fs::perms(0755));
    publish(script("case $0 in */bin/app) echo version 3.1 ;; esac"), "\"1\"");
    EXPECT_EQ(run_one(told()).version, "3.1");
    EXPECT_EQ(record().history.back().version, "3.1");
    EXPECT_EQ(record().highest_version, "3.1");
}

TEST_F(VersionFrom, IsAskedOfWhatWasInPlaceAlready) {
    fs::permissions(folder.path(), fs::perms(0755));
    publish(program("1.4"), "\"1\"");
    write_text(folder / "bin/app", program("1.4"));
    fs::permissions(folder / "bin/app", fs::perms(0755));
    const Outcome outcome = run_one(told());
    EXPECT_EQ(outcome.reason, "the content was in place already and is recorded now");
    EXPECT_EQ(outcome.version, "1.4");
    EXPECT_EQ(record().history.back().version, "1.4");
}

TEST_F(VersionFrom, IsAskedOfForeignFilesThatAreLeftAsTheyAre) {
    fs::permissions(folder.path(), fs::perms(0755));
    write_text(folder / "bin/app", program("0.9"));
    fs::permissions(folder / "bin/app", fs::perms(0755));
    Component missing = told();
    missing.update = Update::if_missing;
    for (int pass = 0; pass < 3; ++pass) {
        const Outcome outcome = run_one(missing);
        EXPECT_EQ(outcome.decision, Decision::unchanged);
        EXPECT_EQ(outcome.version, "0.9");
    }
    EXPECT_EQ(units.commands().size(), 1U);
    EXPECT_EQ(origin.asked.size(), 0U);
    write_text(folder / "bin/app", program("0.10"));
    EXPECT_EQ(run_one(missing).version, "0.10") << "somebody has replaced it";
}

TEST_F(VersionFrom, IsLearntWhenTheManifestBeginsToAskForIt) {
    fs::permissions(folder.path(), fs::perms(0755));
    publish(program("5.0"), "\"1\"");
    Component silent = app();
    silent.version = "";
    run_one(silent);
    const Outcome outcome = run_one(told());
    EXPECT_EQ(outcome.decision, Decision::unchanged);
    EXPECT_EQ(outcome.version, "5.0");
    const auto before = list_tree(paths.state_dir);
    EXPECT_EQ(run_one(told()).version, "5.0");
    EXPECT_EQ(list_tree(paths.state_dir), before) << "an unchanged pass writes nothing";
    EXPECT_EQ(units.commands().size(), 1U);
}

} // namespace
} // namespace provisor::test
