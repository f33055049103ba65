// SPDX-License-Identifier: Apache-2.0
// health.http and health.tcp: what is in place has to answer, or it is taken back. Row 110 of the
// fault matrix, with a network that says what the test wants.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "journal/message_ids.hpp"
#include "support/within.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

constexpr const char* health_url = "http://127.0.0.1:8080/health";
/// A machine that loads the test must not fail it.
constexpr milliseconds slack(900);

class ProbesTest : public testing::Test, public FakeMachine {
protected:
    ProbesTest() {
        units.add("app.service");
        // "two" is what the service does not take to.
        origin.look_at = [this](const std::string&) {
            return target() == script("two") && !cured ? FakeOrigin::unhealthy(symptom)
                                                       : FakeOrigin::healthy();
        };
        publish(script("one"), "\"1\"");
    }
    Component wanted(const std::string& version) const {
        Component component = app_with_unit();
        component.version = version;
        component.health.timeout = milliseconds(600);
        component.health.http = health_url;
        return component;
    }
    /// The same without a unit: a site whose files somebody else serves.
    Component site(const std::string& version) const {
        Component component = wanted(version);
        component.units.clear();
        return component;
    }
    void install_one(const Component& component) {
        EXPECT_EQ(to_string(run_one(component).decision), "install");
        publish(script("two"), "\"2\"");
        units.forget_calls();
        origin.probed.clear();
        journal.clear();
    }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }

    std::string symptom = "answers 500";
    bool cured = false;
};

TEST_F(ProbesTest, WhatAnswersIsHealthyAfterOneAttempt) {
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_EQ(to_string(outcome.decision), "install");
    EXPECT_FALSE(outcome.error);
    ASSERT_EQ(origin.probed.size(), 1U);
    EXPECT_EQ(origin.probed[0].kind, ProbeKind::http);
    EXPECT_EQ(origin.probed[0].address, health_url);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
}

TEST_F(ProbesTest, WhatDoesNotAnswerIsTakenBackWhenItsTimeoutIsOver) {
    install_one(wanted("1.0"));
    const auto begun = Clock::now();
    const Outcome outcome = run_one(wanted("1.1"));
    const auto took = Clock::now() - begun;
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_GE(took, milliseconds(600));
    EXPECT_LT(took, within(milliseconds(600) + slack));
    EXPECT_EQ(target(), script("one"));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_THAT(outcome.error->what(), StartsWith("1.1 ("));
    EXPECT_THAT(outcome.error->what(),
                testing::ContainsRegex("app.service runs, but http://127.0.0.1:8080/health answers "
                                       "500 after [34] attempts in 600ms"));
    EXPECT_EQ(units.jobs_on("app.service"), (Words{"restart", "restart"})) << "one per content";
    EXPECT_EQ(origin.bodies, 2U) << "none for the way back";
    EXPECT_EQ(store().record("app").quarantine->sha256, sha256_of(script("two")));
    EXPECT_EQ(journal.with_id(message_id::rollback).size(), 1U) << "one clear entry";
    EXPECT_TRUE(journal.with_id(message_id::fail).empty());
    units.forget_calls();
    origin.probed.clear();
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(origin.probed.empty()) << "nothing was activated";
}

TEST_F(ProbesTest, AHangUsesUpNoMoreThanTheTimeout) {
    symptom = FakeOrigin::hanging;
    install_one(wanted("1.0"));
    const auto begun = Clock::now();
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_GE(Clock::now() - begun, milliseconds(600));
    EXPECT_LT(Clock::now() - begun, within(milliseconds(600) + slack));
    EXPECT_THAT(outcome.error->what(), HasSubstr("does not answer after"));
    for (const ProbeAttempt& attempt : origin.probed)
        EXPECT_LE(attempt.limit, milliseconds(600));
}

TEST_F(ProbesTest, NoAttemptMayTakeLongerThanFiveSeconds) {
    Component patient = wanted("1.0");
    patient.health.timeout = std::chrono::hours(1);
    run_one(patient);
    EXPECT_EQ(origin.probed.at(0).limit, std::chrono::seconds(5));
}

TEST_F(ProbesTest, WhatNeedsAMomentIsAskedUntilItAnswers) {
    install_one(wanted("1.0"));
    const auto ready = Clock::now() + milliseconds(700);
    origin.look_at = [ready](const std::string&) {
        return Clock::now() < ready ? FakeOrigin::unhealthy("refuses connections")
                                    : FakeOrigin::healthy();
    };
    Component component = wanted("1.1");
    component.health.timeout = std::chrono::seconds(20);
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "update");
    EXPECT_LT(Clock::now() - ready, within(slack));
    EXPECT_GE(origin.probed.size(), 3U);
    EXPECT_LE(origin.probed.size(), 5U) << "each quarter of a second";
    EXPECT_EQ(store().record("app").healthy, identity_of(*store().installed("app")));
}

TEST_F(ProbesTest, TheFirstAttemptComesAfterTheSettleTime) {
    Component component = wanted("1.0");
    component.health.settle = milliseconds(400);
    const auto begun = Clock::now();
    Clock::time_point asked;
    origin.look_at = [&](const std::string&) {
        asked = Clock::now();
        return FakeOrigin::healthy();
    };
    run_one(component);
    EXPECT_GE(asked - begun, milliseconds(400));
}

TEST_F(ProbesTest, ATimeoutShorterThanTheSettleTimeLeavesOneAttempt) {
    Component component = wanted("1.0");
    component.health.settle = milliseconds(300);
    component.health.timeout = milliseconds(100);
    install_one(component);
    component.version = "1.1";
    EXPECT_THAT(run_one(component).error->what(), HasSubstr("after 1 attempt in 300ms"));
}

TEST_F(ProbesTest, BothProbesOfAComponentHaveToSucceed) {
    Component component = wanted("1.0");
    component.health.tcp = "[::1]:80";
    origin.look_at = [&](const std::string& address) {
        return address == "[::1]:80" && target() == script("two")
                   ? FakeOrigin::unhealthy("refuses connections")
                   : FakeOrigin::healthy();
    };
    install_one(component);
    component.version = "1.1";
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_THAT(outcome.error->what(), HasSubstr("but [::1]:80 refuses connections after"));
    long asked = 0;
    for (const ProbeAttempt& attempt : origin.probed)
        asked += attempt.kind == ProbeKind::http ? 1 : 0;
    EXPECT_EQ(asked, 2) << "once for each content: it had succeeded";
}

TEST_F(ProbesTest, AUnitThatDiesWhileItIsProbedIsUnhealthyAtOnce) {
    install_one(wanted("1.0"));
    Component component = wanted("1.1");
    component.health.timeout = std::chrono::minutes(10);
    int attempts = 0;
    origin.look_at = [&](const std::string&) {
        if (target() == script("one"))
            return FakeOrigin::healthy();
        if (++attempts == 2)
            units.crash_and_restart("app.service");
        return FakeOrigin::unhealthy("answers 503");
    };
    const auto begun = Clock::now();
    const Outcome outcome = run_one(component);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(300) + slack));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_THAT(outcome.error->what(), HasSubstr("systemd had to restart it 1 time"));
}

TEST_F(ProbesTest, AUnitThatDiesBehindItsLastGoodAnswerIsUnhealthy) {
    install_one(wanted("1.0"));
    origin.look_at = [&](const std::string&) {
        if (target() == script("two"))
            units.crash_and_restart("app.service");
        return FakeOrigin::healthy();
    };
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "rollback");
}

TEST_F(ProbesTest, TheManifestCanForbidTheWayBack) {
    install_one(wanted("1.0"));
    Component component = wanted("1.1");
    component.rollback = Rollback::off;
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_EQ(target(), script("two"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_FALSE(store().record("app").quarantine);
    // It is told as long as it is so, and no longer.
    EXPECT_EQ(to_string(run_one(component).decision), "fail");
    cured = true;
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(ProbesTest, WhatIsBackIsProbedTooAndStaysWhateverItSays) {
    install_one(wanted("1.0"));
    origin.look_at = [](const std::string&) { return FakeOrigin::unhealthy("answers 500"); };
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_THAT(outcome.error->what(), HasSubstr("what is back is not healthy either, and stays"));
    EXPECT_EQ(target(), script("one"));
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "hold");
    EXPECT_TRUE(units.jobs().empty()) << "no ping-pong";
}

TEST_F(ProbesTest, AFirstInstallThatDoesNotAnswerStaysSinceThereIsNothingElse) {
    origin.look_at = [](const std::string&) { return FakeOrigin::unhealthy("answers 500"); };
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "fail");
    EXPECT_EQ(target(), script("one"));
    // And it is no way back from what comes after it, though its unit runs.
    publish(script("two"), "\"2\"");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "fail");
    EXPECT_EQ(target(), script("two"));
}

TEST_F(ProbesTest, AnUnchangedPassProbesNothing) {
    install_one(wanted("1.0"));
    publish(script("one"), "\"1\"");
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "unchanged");
    EXPECT_TRUE(origin.probed.empty());
}

TEST_F(ProbesTest, APassThatLeavesUnitsAloneProbesNothing) {
    PassOptions options;
    options.no_units = true;
    run_one(wanted("1.0"), options);
    EXPECT_TRUE(origin.probed.empty());
    EXPECT_FALSE(run_one(wanted("1.0")).error);
    EXPECT_EQ(origin.probed.size(), 1U) << "the activation came with this pass";
}

TEST_F(ProbesTest, ARepairThatRestartsIsProbedAndARepairThatDoesNotIsNot) {
    Component component = wanted("1.0");
    install_one(component);
    publish(script("one"), "\"1\"");
    write_text(folder / "bin/app", "damaged");
    EXPECT_EQ(to_string(run_one(component).decision), "repair");
    EXPECT_TRUE(origin.probed.empty());
    component.units[0].on_repair = OnRepair::restart;
    write_text(folder / "bin/app", "damaged");
    EXPECT_EQ(to_string(run_one(component).decision), "repair");
    EXPECT_EQ(origin.probed.size(), 1U);
}

TEST_F(ProbesTest, WhatAnAdministratorStoppedIsNotProbedBeforeItRuns) {
    install_one(wanted("1.0"));
    units.stop("app.service");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "update");
    EXPECT_TRUE(origin.probed.empty());
    units.run({{"app.service", UnitVerb::start}}, {}, interrupt);
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "rollback");
    EXPECT_EQ(target(), script("one"));
}

TEST_F(ProbesTest, AComponentWithoutUnitsIsProbedAndTakenBackToo) {
    install_one(site("1.0"));
    const Outcome outcome = run_one(site("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_THAT(outcome.error->what(), HasSubstr("it is in place, but http://127.0.0.1:8080/health "
                                                 "answers 500"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(to_string(run_one(site("1.1")).decision), "hold");
    origin.probed.clear();
    EXPECT_EQ(to_string(run_one(site("1.1")).decision), "hold");
    EXPECT_TRUE(origin.probed.empty());
}

TEST_F(ProbesTest, WithoutUnitsWhatIsBackIsProbedToo) {
    install_one(site("1.0"));
    origin.look_at = [](const std::string&) { return FakeOrigin::unhealthy("answers 500"); };
    EXPECT_THAT(run_one(site("1.1")).error->what(),
                HasSubstr("what is back is not healthy either, and stays"));
    EXPECT_EQ(target(), script("one"));
}

TEST_F(ProbesTest, ManyAreWatchedAndProbedAtOnceEachWithItsOwnTimes) {
    std::vector<Component> components;
    for (int i = 0; i < 8; ++i) {
        const std::string name = "app" + std::to_string(i);
        Component component = wanted("1.0");
        component.name = name;
        component.url = "https://origin/" + name;
        component.files[0].path = (folder / ("bin/" + name)).string();
        component.units[0].name = name + ".service";
        component.health.http = "http://127.0.0.1/" + name;
        component.health.settle = milliseconds(100 * i);
        component.health.timeout = milliseconds(1000);
        units.add(name + ".service");
        publish(script(name), "\"1\"", component.url);
        components.push_back(component);
    }
    origin.look_at = [](const std::string& address) {
        return address.ends_with("app3") || address.ends_with("app5")
                   ? FakeOrigin::unhealthy(FakeOrigin::hanging)
                   : FakeOrigin::healthy();
    };
    const auto begun = Clock::now();
    const PassReport report = run(components);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(1000) + 2 * slack));
    for (std::size_t i = 0; i < components.size(); ++i)
        EXPECT_EQ(report.components[i].error.has_value(), i == 3 || i == 5) << i;
    EXPECT_EQ(units.batches(), 1U);
}

TEST_F(ProbesTest, APassThatProbesIsInterruptedWithinASecondAndTheNextOneGoesOn) {
    install_one(wanted("1.0"));
    Component component = wanted("1.1");
    component.health.timeout = std::chrono::minutes(10);
    symptom = FakeOrigin::hanging;
    Clock::time_point raised;
    std::thread later([&] {
        std::this_thread::sleep_for(milliseconds(200));
        raised = Clock::now();
        interrupt.raise();
    });
    EXPECT_THROW(run_one(component), Interrupted);
    later.join();
    EXPECT_LT(Clock::now() - raised, within(milliseconds(1000)));
    EXPECT_EQ(target(), script("two"));
}

TEST_F(ProbesTest, ATrialThatACrashCutOffIsProbedInTheNextPass) {
    for (const Component& component : {wanted("1.0"), site("1.0")}) {
        SCOPED_TRACE(component.units.size());
        publish(script("one"), "\"1\"");
        install_one(component);
        Component newer = component;
        newer.version = "1.1";
        // What a power cut in the middle of probing leaves.
        origin.look_at = [](const std::string&) -> ProbeSighting { throw Interrupted(); };
        EXPECT_THROW(run_one(newer), Interrupted);
        EXPECT_EQ(target(), script("two"));
        units.forget_calls();
        origin.look_at = [this](const std::string&) {
            return target() == script("two") ? FakeOrigin::unhealthy("answers 500")
                                             : FakeOrigin::healthy();
        };
        EXPECT_EQ(to_string(run_one(newer).decision), "rollback");
        EXPECT_EQ(target(), script("one"));
        EXPECT_LE(units.jobs().size(), 1U) << "only for the way back";
        EXPECT_EQ(to_string(run_one(newer).decision), "hold");
        std::filesystem::remove_all(paths.state_dir);
        std::filesystem::remove(folder / "bin/app");
    }
}

TEST_F(ProbesTest, WhenNobodyCanLookNothingIsTakenBackAndTheNextPassLooks) {
    install_one(wanted("1.0"));
    origin.look_at = [](const std::string&) {
        return ProbeSighting{0, false, "", Error(ErrorKind::io, "provisor-fetch was killed")};
    };
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.error->what(),
                HasSubstr("app.service runs, but nobody could look at "
                          "http://127.0.0.1:8080/health: provisor-fetch was killed"));
    EXPECT_EQ(target(), script("two"));
    EXPECT_FALSE(store().record("app").quarantine);
    cured = true;
    origin.look_at = [](const std::string&) { return FakeOrigin::healthy(); };
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "unchanged");
    EXPECT_EQ(store().record("app").healthy, identity_of(*store().installed("app")));
}

TEST_F(ProbesTest, SecretsOfTheAddressAreNotTold) {
    Component component = wanted("1.0");
    component.health.http = "http://user:canary@127.0.0.1/health?token=canary";
    install_one(component);
    component.version = "1.1";
    const Outcome outcome = run_one(component);
    EXPECT_THAT(outcome.error->what(), HasSubstr("http://127.0.0.1/health?token="));
    EXPECT_EQ(std::string(outcome.error->what()).find("canary"), std::string::npos);
    EXPECT_EQ(outcome.reason.find("canary"), std::string::npos);
}

/// The trial of a unit that is on its way somewhere waits for a later pass.
TEST_F(ProbesTest, AUnitThatIsStartingIsJudgedWhenItRuns) {
    install_one(wanted("1.0"));
    origin.look_at = [](const std::string&) -> ProbeSighting { throw Interrupted(); };
    EXPECT_THROW(run_one(wanted("1.1")), Interrupted);
    origin.look_at = [](const std::string&) { return FakeOrigin::healthy(); };
    origin.probed.clear();
    for (const char* state : {"activating", "deactivating"}) {
        units.put_into("app.service", state);
        EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "unchanged") << state;
        EXPECT_TRUE(origin.probed.empty()) << state;
        EXPECT_EQ(target(), script("two")) << state;
        EXPECT_NE(store().record("app").healthy, identity_of(*store().installed("app"))) << state;
    }
    units.put_into("app.service", "active");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "unchanged");
    EXPECT_EQ(store().record("app").healthy, identity_of(*store().installed("app")));
}

} // namespace
} // namespace provisor::test
