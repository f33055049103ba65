// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

std::vector<TransferRequest> requests_for(const Rig& rig, const Origin& origin, int count,
                                          const Validator& validator) {
    std::vector<TransferRequest> requests;
    requests.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        requests.push_back(rig.request(origin.url("/app/" + std::to_string(i)), validator));
    return requests;
}

TEST(Many, AThousandRevalidationsCostOneRequestEachOverFewConnections) {
    Origin origin(
        0, [](const std::string&) { return page("content", "\"1\""); }, [](const Exchange&) {});
    AgentConfig config = test_config();
    config.parallel = 8;
    Rig rig(config);
    for (const TransferResult& result : rig.run(requests_for(rig, origin, 1000, {"\"1\"", ""})))
        ASSERT_EQ(outcome_of(result), "304");
    EXPECT_EQ(origin.log().size(), 1000U);
    EXPECT_EQ(origin.count(304), 1000U);
    EXPECT_EQ(origin.body_bytes(), 0U);
    EXPECT_LE(origin.connections(), 8U);
    EXPECT_EQ(rig.bodies_opened(), 0U);
    for (const Exchange& exchange : origin.log())
        EXPECT_EQ(exchange.request.method, "GET");

    // The connections are kept for the next batch: it opens no second set.
    rig.run(requests_for(rig, origin, 100, {"\"1\"", ""}));
    EXPECT_LE(origin.connections(), 8U);
    std::printf(
        "1000 conditional GETs over HTTP/1.1: %u connections, 1000 requests, 0 body bytes\n",
        origin.connections());
}

/// Over plain HTTP no connection can serve two at once.
TEST(Many, OneThatHangsHoldsUpNoOtherOfItsOrigin) {
    Origin origin(
        0, [](const std::string& path) { return page(path); }, [](const Exchange&) {});
    AgentConfig config = test_config();
    config.timeouts.stall = std::chrono::seconds(2);
    Rig rig(config);
    std::vector<TransferRequest> requests;
    for (const char* path : {"/one?hang", "/two?hang", "/three?hang", "/four"})
        requests.push_back(rig.request(origin.url(path)));
    const auto begun = std::chrono::steady_clock::now();
    const std::vector<TransferResult> results = rig.run(std::move(requests));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(3800))
        << "they waited for one another";
    EXPECT_EQ(body_of(results.at(3)), "/four");
}

TEST(Many, ResultsStandInTheOrderOfTheRequests) {
    Origin origin(
        0, [](const std::string& path) { return page(path); }, [](const Exchange&) {});
    Rig rig;
    const std::vector<TransferResult> results =
        rig.run(requests_for(rig, origin, 500, Validator{}));
    ASSERT_EQ(results.size(), 500U);
    for (std::size_t i = 0; i < results.size(); ++i)
        ASSERT_EQ(body_of(results[i]), "/app/" + std::to_string(i));
}

TEST(Many, TenThousandRequestsWithLongAddressesDoNotLockUp) {
    // More bytes of requests than any socket buffer, while answers with bodies come back.
    Origin origin(
        0, [](const std::string&) { return page(std::string(500, 'x')); }, [](const Exchange&) {});
    Rig rig;
    std::vector<TransferRequest> requests;
    for (int i = 0; i < 10'000; ++i) {
        TransferRequest request =
            rig.request(origin.url("/app?" + std::string(900, 'q') + std::to_string(i)));
        request.place.open = [](const BodyStart&) {
            return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
        };
        requests.push_back(std::move(request));
    }
    std::uint64_t bytes = 0;
    for (const TransferResult& result : rig.run(std::move(requests)))
        bytes += result.bytes;
    EXPECT_EQ(bytes, 5'000'000U);
    EXPECT_LE(origin.connections(), 16U);
}

TEST(Many, NoMoreThanParallelRunAtOnce) {
    // Each holds its place for a second; with two places three take two seconds.
    Origin origin;
    origin.serve("/app", page("0123456789", "", "stall=5"));
    AgentConfig config = test_config();
    config.parallel = 2;
    Rig rig(config);
    std::vector<TransferRequest> requests;
    requests.reserve(3);
    for (int i = 0; i < 3; ++i)
        requests.push_back(rig.request(origin.url("/app")));
    const auto begun = std::chrono::steady_clock::now();
    rig.run(std::move(requests));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1900));
    EXPECT_EQ(origin.log().size(), 3U);
}

} // namespace
} // namespace provisor::test
