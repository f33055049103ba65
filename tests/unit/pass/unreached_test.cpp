// SPDX-License-Identifier: Apache-2.0
// An origin that fails holds up nothing that needs no origin: after a crash, at a boot before the
// network is up, or while it is left alone, what is installed is still looked after.
#include "fakes/fake_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class UnreachedTest : public testing::Test, public FakeMachine {
protected:
    UnreachedTest() {
        units.add("app.service");
        publish(script("one"), "\"1\"");
        EXPECT_EQ(run_one(wanted("1.0")).decision, Decision::install);
        units.forget_calls();
        origin.bodies = 0;
    }
    Component wanted(const std::string& version) {
        Component component = app_with_unit();
        component.version = version;
        return component;
    }
    void take_origin_away() { origin.pages.erase(app_url); }
    /// Where the pass for other content is cut off: at its first unit job.
    void cut_off(const std::string& content) {
        publish(script(content), "\"" + content + "\"");
        units.before_job = [](const UnitJob&) { throw Interrupted(); };
        EXPECT_THROW(run_one(wanted("1.1")), Interrupted);
        units.before_job = nullptr;
        units.forget_calls();
        origin.bodies = 0;
        take_origin_away();
    }
    Record record() const { return ComponentStore(paths.state_dir).record("app"); }
};

TEST_F(UnreachedTest, WithNothingToDoItIsAFailureAndNothingIsWritten) {
    take_origin_away();
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.reason, "HTTP 404");
    EXPECT_TRUE(outcome.next_try);
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(record().history.size(), 1U);
}

TEST_F(UnreachedTest, ADamagedFileIsRepairedFromTheCache) {
    origin.pages[app_url].status = 503;
    origin.pages[app_url].retry_after = std::chrono::minutes(10);
    write_text(folder / "bin/app", "by somebody else");
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(outcome.decision), "repair");
    EXPECT_THAT(outcome.reason,
                HasSubstr("was changed by somebody else (and its origin failed: HTTP 503)"));
    ASSERT_TRUE(outcome.error) << "the pass has still failed for it";
    EXPECT_EQ(outcome.error->kind(), ErrorKind::http);
    EXPECT_TRUE(outcome.next_try);
    EXPECT_EQ(record().history.back().decision, Decision::repair);
    EXPECT_TRUE(units.jobs().empty());

    write_text(folder / "bin/app", "by somebody else, once more");
    const std::size_t asked = origin.asked.size();
    const Outcome waiting = run_one(wanted("1.0"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(waiting.decision), "repair");
    EXPECT_FALSE(waiting.error) << "it is left alone, which is no failure";
    EXPECT_EQ(origin.asked.size(), asked);
    EXPECT_EQ(origin.bodies, 0U);
}

TEST_F(UnreachedTest, ADamagedBlobRepairsNothing) {
    take_origin_away();
    write_text(folder / "bin/app", "by somebody else");
    write_text(blob(script("one")), "damaged as well");
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(target(), "by somebody else");
    ASSERT_TRUE(outcome.error);
    EXPECT_THAT(outcome.error->what(), HasSubstr("HTTP 404"));
}

TEST_F(UnreachedTest, ARestartThatACrashCutOffDoesNotWait) {
    cut_off("two");
    EXPECT_EQ(target(), script("two"));
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(outcome.reason, "HTTP 404");
    run_one(wanted("1.1"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "and not once more";
    EXPECT_EQ(origin.bodies, 0U);
}

TEST_F(UnreachedTest, AnUpdateThatTurnsOutUnhealthyIsTakenBack) {
    cut_off("bad");
    units.before_job = [this](const UnitJob& job) {
        units.behave(job.unit,
                     target() == script("bad") ? Behaviour::crashes_on_start : Behaviour::healthy);
    };
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_EQ(units.jobs_on("app.service"), (Words{"restart", "restart"}));
    EXPECT_EQ(origin.bodies, 0U);
}

TEST_F(UnreachedTest, ARollbackThatACrashCutOffIsFinished) {
    publish(script("bad"), "\"bad\"");
    int jobs = 0;
    units.before_job = [&](const UnitJob& job) {
        if (jobs++ == 1)
            throw Interrupted();
        units.behave(job.unit,
                     target() == script("bad") ? Behaviour::crashes_on_start : Behaviour::healthy);
    };
    EXPECT_THROW(run_one(wanted("1.1")), Interrupted);
    ASSERT_TRUE(record().quarantine);
    // As when the power goes right after the verdict.
    const ComponentStore store(paths.state_dir);
    Marker bad = *store.installed("app");
    bad.artifact = bad.files.front().sha256 = sha256_of(script("bad"));
    ComponentStore(paths.state_dir).write_installed(bad);
    write_text(folder / "bin/app", script("bad"));
    take_origin_away();
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health) << "why it was taken back matters more";
    EXPECT_EQ(units.state("app.service").active_state, "active");
    EXPECT_EQ(record().history.back().decision, Decision::rollback);
}

} // namespace
} // namespace provisor::test
