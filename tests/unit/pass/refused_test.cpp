// SPDX-License-Identifier: Apache-2.0
// Content that is not what the manifest pins, and how long an origin is believed to still have it.
#include "base/sha256.hpp"
#include "fakes/fake_machine.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::FakeMachine;
using test::script;

/// Content that was damaged on its way twice, under the tag of what is wanted.
class RefusedTest : public testing::Test, public FakeMachine {
protected:
    RefusedTest() {
        pinned.sha256 = sha256_of(script("good"));
        publish(script("damaged"), "\"1\"");
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(run_one(pinned).error->kind(), ErrorKind::digest);
        EXPECT_EQ(origin.asked.back().validator, Validator());
    }
    void let_pass(std::chrono::minutes time) {
        for (const auto& entry : fs::directory_iterator(folder / "state/cache/refused"))
            fs::last_write_time(entry, entry.last_write_time() - time);
    }
    /// A pass that costs a 304 and not a body.
    void expect_believed() {
        const std::size_t asked = origin.asked.size();
        const unsigned bodies = origin.bodies;
        const Outcome outcome = run_one(pinned);
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
        EXPECT_EQ(outcome.bytes, 0U);
        EXPECT_EQ(origin.asked.size(), asked + 1);
        EXPECT_EQ(origin.asked.back().status, 304);
        EXPECT_EQ(origin.bodies, bodies);
    }
    PassOptions forced() {
        PassOptions options;
        options.force = true;
        return options;
    }

    Component pinned = app();
};

TEST_F(RefusedTest, IsBelievedToBeThereForAnHour) {
    publish(script("good"), "\"1\"");
    expect_believed();
    let_pass(std::chrono::minutes(58));
    expect_believed();
    let_pass(std::chrono::minutes(3));
    const Outcome outcome = run_one(pinned);
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(origin.bodies, 3U);
    EXPECT_EQ(target(), script("good"));
    const std::size_t asked = origin.asked.size();
    EXPECT_EQ(to_string(run_one(pinned).decision), "unchanged");
    EXPECT_EQ(origin.asked.size(), asked) << "a pin that is there needs no request";
}

TEST_F(RefusedTest, IsAskedForAsAWholeOnceAnHour) {
    for (unsigned hour = 1; hour <= 3; ++hour) {
        let_pass(std::chrono::minutes(61));
        const std::size_t asked = origin.asked.size();
        EXPECT_EQ(run_one(pinned).error->kind(), ErrorKind::digest);
        ASSERT_EQ(origin.asked.size(), asked + 2);
        EXPECT_EQ(origin.asked[asked].status, 304);
        EXPECT_EQ(origin.asked[asked + 1].validator, Validator());
        EXPECT_EQ(origin.bodies, 2 + hour);
        for (int i = 0; i < 3; ++i)
            expect_believed();
        let_pass(std::chrono::minutes(50));
        expect_believed();
    }
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_FALSE(fs::exists(blob(script("damaged"))));
}

TEST_F(RefusedTest, IsNotAskedForAgainAtOnceWhenThatFails) {
    let_pass(std::chrono::minutes(61));
    const std::size_t asked = origin.asked.size();
    // The 304 still comes; the body does not.
    origin.pages.at(app_url).cut = 3;
    EXPECT_EQ(run_one(pinned).error->kind(), ErrorKind::http);
    EXPECT_EQ(origin.asked.size(), asked + 2);
    origin.pages.at(app_url).cut = 0;
    expect_believed();
}

TEST_F(RefusedTest, IsAskedForAsAWholeAfterAClockThatWasWrong) {
    let_pass(std::chrono::minutes(-600));
    publish(script("good"), "\"1\"");
    EXPECT_EQ(to_string(run_one(pinned).decision), "install");
}

TEST_F(RefusedTest, EndsNoBackOff) {
    config.retry.first = std::chrono::hours(4);
    config.retry.max = std::chrono::hours(4);
    run_one(pinned);
    let_pass(std::chrono::minutes(61));
    publish(script("good"), "\"1\"");
    const std::size_t asked = origin.asked.size();
    const Outcome outcome = run_one(pinned);
    EXPECT_EQ(to_string(outcome.decision), "hold") << outcome.reason;
    EXPECT_EQ(origin.asked.size(), asked) << "its origin is left alone";
}

TEST_F(RefusedTest, IsForgottenByAForcedPassAtMirrorsToo) {
    const std::string mirror = "https://mirror/app";
    pinned.mirrors = {mirror};
    publish(script("damaged"), "\"1\"", mirror);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(run_one(pinned).error);
    EXPECT_EQ(origin.asked.back().status, 304) << "of the mirror";
    origin.pages.at(app_url).status = 503;
    publish(script("good"), "\"1\"", mirror);
    EXPECT_TRUE(run_one(pinned).error);
    const Outcome outcome = run_one(pinned, forced());
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(origin.asked.back().validator, Validator());
}

TEST_F(RefusedTest, OfAnotherComponentIsNotForgotten) {
    Component other = app();
    other.name = "other";
    other.url = "https://origin/other";
    other.files[0].path = (folder / "bin/other").string();
    publish(script("other"), "\"1\"", other.url);
    run({other}, forced());
    expect_believed();
}

} // namespace
} // namespace provisor
