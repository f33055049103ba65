// SPDX-License-Identifier: Apache-2.0
#include "service/notify.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

Progress::Running transfer(const char* component, std::uint64_t received,
                           std::optional<std::uint64_t> total) {
    return {component, received, total, {}};
}

TEST(StatusLine, TellsTheStageAlone) {
    EXPECT_EQ(status_line({"watching app.service", {}}), "watching app.service");
}

TEST(StatusLine, SaysSomethingBeforeTheFirstStage) {
    EXPECT_EQ(status_line({}), "starting a pass");
}

TEST(StatusLine, TellsHowFarTransfersAre) {
    EXPECT_EQ(status_line(
                  {"fetching", {transfer("app", 12 << 20, 37 << 20), transfer("edge", 1024, {})}}),
              "fetching: app 12.0 MiB of 37.0 MiB, edge 1.0 KiB");
}

TEST(StatusLine, CountsTransfersBeyondTheThird) {
    EXPECT_EQ(status_line({"fetching", std::vector(5, transfer("app", 0, {}))}),
              "fetching: app 0 B, app 0 B, app 0 B and 2 more");
}

} // namespace
} // namespace provisor
