// SPDX-License-Identifier: Apache-2.0
#include "model/retry.hpp"

#include "model/component.hpp"
#include "model/record.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <random>
#include <vector>

namespace provisor {
namespace {

using namespace std::chrono_literals;

constexpr WallTime now{1'800'000'000s};
constexpr std::uint64_t luckless = std::numeric_limits<std::uint64_t>::max();

Component component(const char* url = "https://origin/app") {
    Component one;
    one.name = "app";
    one.url = url;
    return one;
}

AgentConfig::Retry retry() { return {10s, 1h, 0}; }

TEST(Retry, WaitsGrowAndEndAtTheMost) {
    std::optional<Backoff> backoff;
    Duration widest = 10s;
    for (unsigned failures = 1; failures < 40; ++failures) {
        // The random number that makes the wait as long as it can be.
        const auto longest = static_cast<std::uint64_t>(widest.count());
        backoff = after_failure(backoff, component(), retry(), {}, now, longest);
        EXPECT_EQ(backoff->failures, failures);
        EXPECT_EQ(backoff->until - now, widest);
        widest = std::min<Duration>(widest * 2, 1h);
    }
}

TEST(Retry, TheJitterIsFull) {
    Duration least = 1h;
    Duration most = 0s;
    for (std::uint64_t random = 0; random < 1000; ++random) {
        const Duration wait =
            after_failure({}, component(), retry(), {}, now, random * 18'446'744'073'709'551ULL)
                .until -
            now;
        least = std::min(least, wait);
        most = std::max(most, wait);
    }
    EXPECT_LT(least, 200ms);
    EXPECT_GT(most, 9800ms);
    EXPECT_LE(most, 10s);
}

/// A hundred agents that all look at one time for an origin that is out for an hour.
class Outage : public testing::Test {
protected:
    static constexpr unsigned agents = 100;
    static constexpr Duration outage = 1h;

    Outage() {
        const Component app = component();
        for (std::uint64_t agent = 0; agent < agents; ++agent) {
            std::mt19937_64 random(agent);
            std::optional<Backoff> backoff;
            WallTime at = now;
            for (; at < now + outage; at = backoff->until) {
                ++requests[std::chrono::floor<std::chrono::seconds>(at - now)];
                backoff = after_failure(backoff, app, retry(), {}, at, random());
                EXPECT_TRUE(backoff->until <= at || is_waiting(backoff, app, retry(), at));
                EXPECT_FALSE(is_waiting(backoff, app, retry(), backoff->until));
            }
            most = std::max(most, backoff->failures);
            converged.push_back(at);
        }
    }
    std::map<std::chrono::seconds, unsigned> requests; ///< by second of the outage
    unsigned most = 0;                                 ///< failures of one agent
    std::vector<WallTime> converged;
};

TEST_F(Outage, IsNotAskedAboutByManyAgentsInOneSecondOnceTheFirstMinuteIsOver) {
    unsigned busiest = 0;
    for (const auto& [second, count] : requests)
        if (second >= 60s)
            busiest = std::max(busiest, count);
    EXPECT_LE(busiest, agents / 10) << "they go in step";
    EXPECT_GE(requests.at(0s), agents);
}

TEST_F(Outage, CostsEachAgentFewRequestsAndAllComeBackWithinTheLongestWait) {
    // Twice the steps from 10 s to 1 h, since half of a wait is what it comes to.
    EXPECT_LE(most, 24U);
    for (const WallTime at : converged)
        EXPECT_LE(at, now + outage + retry().max);
    EXPECT_LT(*std::min_element(converged.begin(), converged.end()), now + outage + 10min);
}

TEST(Retry, TheOriginsWordCountsUpToTheMost) {
    const auto wait = [](std::chrono::seconds asked) {
        return after_failure({}, component(), retry(), asked, now, 0).until - now;
    };
    EXPECT_EQ(wait(120s), 120s);
    EXPECT_EQ(wait(0s), 0s);
    EXPECT_EQ(wait(315'360'000s), 1h);
}

TEST(Retry, WaitsOnlyForTheSameManifestAndNotForEver) {
    const Backoff backoff = after_failure({}, component(), retry(), 600s, now, luckless);
    EXPECT_TRUE(is_waiting(backoff, component(), retry(), now));
    EXPECT_TRUE(is_waiting(backoff, component(), retry(), now + 599s));
    EXPECT_FALSE(is_waiting(backoff, component(), retry(), now + 600s));
    EXPECT_FALSE(is_waiting(backoff, component("https://origin/other"), retry(), now));
    EXPECT_FALSE(is_waiting(std::nullopt, component(), retry(), now));
    // The clock was set back by a year.
    EXPECT_FALSE(is_waiting(backoff, component(), retry(), now - 8760h));
}

TEST(Retry, AnotherManifestBeginsAnew) {
    Backoff backoff = after_failure({}, component(), retry(), {}, now, 0);
    backoff = after_failure(backoff, component(), retry(), {}, now, 0);
    EXPECT_EQ(backoff.failures, 2U);
    EXPECT_EQ(after_failure(backoff, component("https://new"), retry(), {}, now, 0).failures, 1U);
}

TEST(Retry, AttemptsAreTheEndOfIt) {
    AgentConfig::Retry twice = retry();
    twice.attempts = 2;
    Backoff backoff = after_failure({}, component(), twice, {}, now, 0);
    EXPECT_EQ(backoff.until, now);
    backoff = after_failure(backoff, component(), twice, {}, now, 0);
    EXPECT_TRUE(is_waiting(backoff, component(), twice, now + 87600h));
    EXPECT_FALSE(is_waiting(backoff, component("https://new"), twice, now));
}

TEST(Retry, SurvivesInTheRecord) {
    Record record;
    record.backoff = after_failure({}, component(), retry(), 60s, now, 0);
    EXPECT_EQ(parse_record(to_json(record)), record);
    record.backoff->until = WallTime::max();
    EXPECT_EQ(parse_record(to_json(record)), record);
}

TEST(Retry, TheFingerprintKnowsWhatDecidesAndNoSecret) {
    const std::string plain = fingerprint_of(component());
    Component other = component();
    other.mirrors = {"https://mirror"};
    EXPECT_NE(fingerprint_of(other), plain);
    other = component();
    other.units.push_back({});
    EXPECT_EQ(fingerprint_of(other), plain) << "units are not asked for";
    other.check = {"{staged}"};
    EXPECT_NE(fingerprint_of(other), plain) << "what has to be passed is another thing";
    Component secret = component();
    secret.auth.emplace();
    secret.auth->bearer = "hunter2";
    Component other_secret = secret;
    other_secret.auth->bearer = "hunter3";
    EXPECT_EQ(fingerprint_of(secret), fingerprint_of(other_secret));
    other_secret.auth->bearer = "credential:new";
    EXPECT_NE(fingerprint_of(secret), fingerprint_of(other_secret));
}

} // namespace
} // namespace provisor
