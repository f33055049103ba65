// SPDX-License-Identifier: Apache-2.0
// health.command: what is in place has to say itself that it is well, or it is taken back. Row 110.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/within.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;

/// A machine that loads the test must not fail it.
constexpr milliseconds slack(1500);

class CommandProbe : public testing::Test, public FakeMachine {
protected:
    CommandProbe() {
        units.add("app.service");
        fs::permissions(folder.path(), fs::perms(0755));
        publish(script("test \"$1\" = --health"), "\"1\"");
    }
    Component wanted(const std::string& version) const {
        Component component = app_with_unit();
        component.version = version;
        component.health.timeout = milliseconds(600);
        component.health.command = {"{path}", "--health"};
        return component;
    }
    Outcome update_to(const std::string& body) {
        EXPECT_EQ(run_one(wanted("1.0")).decision, Decision::install);
        publish(script(body), "\"2\"");
        units.forget_calls();
        return run_one(wanted("1.1"));
    }
};

TEST_F(CommandProbe, ThatSucceedsIsRunOnceForEachContent) {
    const Outcome outcome = update_to("exit 0");
    EXPECT_EQ(outcome.decision, Decision::update);
    EXPECT_FALSE(outcome.error);
    ASSERT_EQ(units.commands().size(), 1U);
    const ContainedCommand& command = units.commands().front();
    EXPECT_EQ(command.name, "health-app");
    EXPECT_THAT(command.words, testing::ElementsAre((folder / "bin/app").string(), "--health"));
    EXPECT_FALSE(command.lent) << "it is in its place";
    EXPECT_EQ(command.reach, Reach::this_machine);
    EXPECT_EQ(run_one(wanted("1.1")).decision, Decision::unchanged);
    EXPECT_EQ(units.commands().size(), 1U);
    EXPECT_THAT(origin.probed, IsEmpty());
}

TEST_F(CommandProbe, ThatFailsToTheEndTakesTheUpdateBack) {
    const auto begun = Clock::now();
    const Outcome outcome = update_to("echo not yet; exit 3");
    EXPECT_EQ(outcome.decision, Decision::rollback);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(600) + slack));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_THAT(
        outcome.error->what(),
        ContainsRegex("app.service runs, but `\\{path\\} --health` ended with exit status 3 "
                      "\\(it printed: not yet\\) after [234] attempts in 600ms"));
    EXPECT_EQ(target(), script("test \"$1\" = --health"));
    EXPECT_EQ(run_one(wanted("1.1")).decision, Decision::hold);
}

TEST_F(CommandProbe, IsTriedAgainUntilItSucceeds) {
    // Well from the third look on: what is looked at changes, for the command cannot.
    int looks = 0;
    write_text(folder / "state-of-app", "ill");
    fs::permissions(folder / "state-of-app", fs::perms(0644));
    units.before_command = [&] {
        if (++looks == 3)
            write_text(folder / "state-of-app", "well");
    };
    const Outcome outcome = update_to("grep -q well " + (folder / "state-of-app").string());
    EXPECT_EQ(outcome.decision, Decision::update) << outcome.reason;
    EXPECT_FALSE(outcome.error);
}

TEST_F(CommandProbe, ThatHangsUsesUpNoMoreThanTheTimeout) {
    const auto begun = Clock::now();
    const Outcome outcome = update_to("sleep 604.25");
    EXPECT_EQ(outcome.decision, Decision::rollback);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(600) + slack));
    EXPECT_THAT(outcome.error->what(), HasSubstr("timed out after "));
}

TEST_F(CommandProbe, ThatHangsHoldsUpNoOtherOne) {
    // More than run at once, and the well ones are asked last.
    constexpr std::size_t hanging = 8;
    constexpr std::size_t components = 10;
    std::vector<Component> wanted;
    for (std::size_t i = 0; i < components; ++i) {
        Component& one = wanted.emplace_back(app());
        one.name = "app-" + std::to_string(i);
        one.files.front().path = (folder / "bin" / one.name).string();
        // What is well has time to say so on a busy machine.
        one.health.timeout = i < hanging ? milliseconds(1500) : milliseconds(20000);
        one.health.command = {"/bin/sleep", i < hanging ? "604.5" : "0"};
    }
    const auto begun = Clock::now();
    const PassReport report = run(wanted);
    EXPECT_LT(Clock::now() - begun, milliseconds(10000)) << "one by one they take 12 seconds";
    ASSERT_EQ(report.components.size(), components);
    for (std::size_t i = 0; i < components; ++i)
        EXPECT_EQ(report.components[i].error.has_value(), i < hanging)
            << i << ": " << report.components[i].reason;
}

TEST_F(CommandProbe, ThatFloodsIsUnhealthy) {
    const Outcome outcome = update_to("yes");
    EXPECT_EQ(outcome.decision, Decision::rollback);
    EXPECT_THAT(outcome.error->what(), HasSubstr("was ended because it printed more than 1.0 MiB"));
    EXPECT_LE(std::string(outcome.error->what()).size(), 4096U);
}

TEST_F(CommandProbe, StandsBesideTheOtherProbes) {
    Component component = wanted("1.0");
    component.health.http = "http://127.0.0.1:8080/health";
    origin.look_at = [](const std::string&) { return FakeOrigin::unhealthy("answers 500"); };
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_THAT(outcome.error->what(), HasSubstr("answers 500"));
    EXPECT_EQ(units.commands().size(), 1U) << "which succeeded once and for all";
}

TEST_F(CommandProbe, IsNotRunWhereUnitsAreLeftAlone) {
    PassOptions no_units;
    no_units.no_units = true;
    EXPECT_EQ(run_one(wanted("1.0"), no_units).decision, Decision::install);
    EXPECT_THAT(units.commands(), IsEmpty());
}

} // namespace
} // namespace provisor::test
