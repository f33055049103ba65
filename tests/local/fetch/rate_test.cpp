// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"
#include "support/within.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

TEST(Rate, HoldsForAllTransfersTogether) {
    Origin origin;
    origin.serve("/app", page(std::string(1'500'000, 'x')));
    AgentConfig config = test_config();
    config.limits.download_rate = 2'000'000;
    Rig rig(config);
    rig.max_size = 4 << 20;
    const auto begun = std::chrono::steady_clock::now();
    std::vector<TransferRequest> requests;
    requests.push_back(rig.request(origin.url("/app")));
    requests.push_back(rig.request(origin.url("/app")));
    for (const TransferResult& result : rig.run(std::move(requests)))
        EXPECT_EQ(outcome_of(result), "200 with 1500000 bytes");
    // 3 MB at 2 MB/s.
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(took.count(), 1.5 * 0.9);
    EXPECT_LE(took.count(), within(1.5 * 1.6)) << "it wastes what it may use";
}

} // namespace
} // namespace provisor::test
