// SPDX-License-Identifier: Apache-2.0
#include "journal/sd_journal.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

std::string stderr_at(int verbosity) {
    ::unsetenv("JOURNAL_STREAM");
    set_up_diagnostics(verbosity);
    testing::internal::CaptureStderr();
    spdlog::debug("detail");
    spdlog::info("news");
    spdlog::warn("beware");
    return testing::internal::GetCapturedStderr();
}

TEST(Diagnostics, ArePlainLinesOnStderr) {
    EXPECT_EQ(stderr_at(0), "provisor: news\nprovisor: beware\n");
}

TEST(Diagnostics, FollowTheVerbosity) {
    EXPECT_EQ(stderr_at(-1), "provisor: beware\n");
    EXPECT_EQ(stderr_at(1), "provisor: detail\nprovisor: news\nprovisor: beware\n");
}

TEST(Diagnostics, HoldNothingThatATerminalWouldObey) {
    set_up_diagnostics(0);
    testing::internal::CaptureStderr();
    spdlog::warn("red \x1b[31m\nsecond line");
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "provisor: red \\x1b[31m\nprovisor: second line\n");
}

TEST(Diagnostics, StayOnStderrWhenItIsNotTheSocketThatJournalStreamNames) {
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    set_up_diagnostics(0);
    testing::internal::CaptureStderr();
    spdlog::info("redirected");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "provisor: redirected\n");
    ::unsetenv("JOURNAL_STREAM");
}

} // namespace
} // namespace provisor
