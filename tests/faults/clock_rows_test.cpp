// SPDX-License-Identifier: Apache-2.0
//
// Row 93: a clock that is wrong by more than a year, and put right later.
#include "faults/scene.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

struct Clock {
    const char* name;
    const char* says; ///< as faketime(1) is told
};

std::string this_year() {
    const auto today =
        std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()); // UTC, as is told
    return std::to_string(static_cast<int>(std::chrono::year_month_day(today).year()));
}

class WrongClock : public testing::TestWithParam<Clock> {
protected:
    WrongClock() {
        // Waits are by the monotonic clock, which nobody sets.
        scene.machine.set_environment("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        scene.machine.set_environment("DONT_FAKE_MONOTONIC", "1");
    }
    void SetUp() override {
        if (!std::filesystem::exists("/usr/bin/faketime"))
            GTEST_SKIP() << "faketime is not installed";
    }
    void go_wrong() { scene.machine.run_under({"faketime", "-f", GetParam().says}); }
    void put_right() { scene.machine.run_under({}); }

    Scene scene{"retry: { first: 10min }\n"};
};

TEST_P(WrongClock, Row93ChangesNoDecision) {
    scene.install(1);
    go_wrong();
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    EXPECT_EQ(scene.sent(), 0U);
    scene.publish(2);
    RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_EQ(run.told.at("app").decision, "update");

    put_right();
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    EXPECT_EQ(scene.sent(), 0U);
    expect_like_clean_install(scene);
    scene.publish(3);
    run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").decision, "update") << run.out << run.err;
}

TEST_P(WrongClock, Row93LeavesAFailingOriginAloneButNotForYears) {
    scene.install(1);
    go_wrong();
    scene.publish(2, "status=500");
    const Told failed = scene.machine.apply().told.at("app");
    EXPECT_EQ(failed.decision, "fail");
    EXPECT_NE(failed.next_try.substr(0, 4), this_year()) << "the clock is right";
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "hold");
    EXPECT_EQ(scene.asked().size(), 0U) << "it was asked again at once";

    put_right();
    scene.publish(2);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").decision, "update") << run.out << run.err;
    expect_like_clean_install(scene);
}

INSTANTIATE_TEST_SUITE_P(By, WrongClock,
                         testing::Values(Clock{"Behind", "-400d"}, Clock{"Ahead", "+400d"},
                                         Clock{"OfNoBattery", "@1970-01-01 00:01:00"},
                                         Clock{"Beyond32Bits", "@2040-01-01 00:00:00"}),
                         [](const auto& test) { return std::string(test.param.name); });

} // namespace
} // namespace provisor::test
