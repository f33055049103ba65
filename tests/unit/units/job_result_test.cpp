// SPDX-License-Identifier: Apache-2.0
#include "units/job_result.hpp"

#include "units/unit_manager.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(JobResult, IsExplainedForEveryFailureOfTheInterfaceDocument) {
    // org.freedesktop.systemd1(5), JobRemoved
    for (const char* result : {"canceled", "timeout", "failed", "dependency", "skipped"})
        EXPECT_FALSE(explain_job_result(result).empty()) << result;
}

TEST(JobResult, HasNothingToExplainOnSuccessOrForWordsOfANewerSystemd) {
    EXPECT_EQ(explain_job_result("done"), "");
    EXPECT_EQ(explain_job_result("postponed"), "");
    EXPECT_EQ(explain_job_result(""), "");
}

TEST(JobResult, IsSuccessForDoneAlone) {
    EXPECT_TRUE((UnitJobResult{"done", ""}.done()));
    EXPECT_FALSE((UnitJobResult{"skipped", ""}.done()));
    EXPECT_FALSE(UnitJobResult{}.done());
}

TEST(UnitVerb, IsWrittenAsSystemctlWritesIt) {
    EXPECT_EQ(to_string(UnitVerb::start), "start");
    EXPECT_EQ(to_string(UnitVerb::restart), "restart");
    EXPECT_EQ(to_string(UnitVerb::reload), "reload");
    EXPECT_EQ(to_string(UnitVerb::reload_or_restart), "reload-or-restart");
}

} // namespace
} // namespace provisor
