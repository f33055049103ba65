// SPDX-License-Identifier: Apache-2.0
// Row 11: a network that loses packets.
#include "faults/lossy_network.hpp"
#include "faults/row.hpp"

#include <cstdio>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

/// A program of 1.6 MB: a thousand packets and more.
std::string large_program() {
    std::string text = program(2);
    for (int i = 0; i < 7; ++i)
        text += program(2);
    return text;
}

/// The scene's origin has that for `app`.
void publish_large(Scene& scene) {
    scene.publish(2);
    scene.origin.serve("/app", page(large_program(), "\"v2\""));
    scene.origin.forget();
}

void expect_large(const Scene& scene) {
    EXPECT_TRUE(state_of(scene).content == large_program());
    EXPECT_EQ(read_text(scene.machine.under("opt/beside")), "#!/bin/sh\n# beside, version 2\n");
    EXPECT_THAT(state_of(scene).unfinished, testing::IsEmpty());
    expect_clean(scene.machine);
}

void report(const char* what, const RunResult& run, std::uint64_t lost) {
    std::printf("%s: %llu packets lost, %lld ms\n", what, static_cast<unsigned long long>(lost),
                static_cast<long long>(run.took.count()));
}

TEST(Loss, Row11OfATenthIsOnlySlow) {
    const std::string trouble = LossyNetwork::with([](LossyNetwork& network) {
        Scene scene("limits: { artifact_size: 4M }\ntimeouts: { connect: 30s, stall: 30s }\n");
        scene.install(1);
        publish_large(scene);
        network.lose(10);
        const RunResult run = scene.machine.apply();
        EXPECT_GT(network.lost(), 20U) << "nothing was lost: this tests nothing";
        report("a tenth lost", run, network.lost());
        EXPECT_EQ(run.status, 0) << run.out;
        EXPECT_EQ(run.told.at("app").decision, "update");
        EXPECT_EQ(scene.asked().size(), 1U);
        expect_large(scene);
    });
    if (!trouble.empty())
        GTEST_SKIP() << "row 11 (packet loss) is not tested: " << trouble;
}

TEST(Loss, Row11OfHalfEndsInATimeoutAndWhatCameIsContinued) {
    const std::string trouble = LossyNetwork::with([](LossyNetwork& network) {
        Scene scene("limits: { artifact_size: 4M }\ntimeouts: { connect: 5s, stall: 1s }\n");
        scene.install(1);
        publish_large(scene);
        const State before = state_of(scene);
        network.lose(50);
        const RunResult run = scene.machine.apply();
        EXPECT_GT(network.lost(), 0U) << "nothing was lost: this tests nothing";
        report("half lost", run, network.lost());
        EXPECT_EQ(run.status, 1);
        EXPECT_EQ(run.told.at("app").kind, "timeout") << run.told.at("app").message;
        EXPECT_THAT(run.told.at("app").message,
                    AnyOf(HasSubstr("no connection was made in time (timeouts.connect)"),
                          HasSubstr("less than 1 KiB/s for 1 s")));
        EXPECT_FALSE(run.told.at("app").next_try.empty());
        EXPECT_LE(run.took, std::chrono::seconds(30));
        expect_untouched(scene, before);

        network.lose(0);
        const std::uint64_t taken = run.told.at("app").bytes;
        const RunResult next = scene.machine.apply();
        EXPECT_EQ(next.status, 0) << next.out;
        EXPECT_EQ(next.told.at("app").decision, "update");
        EXPECT_EQ(taken + next.told.at("app").bytes, large_program().size());
        expect_large(scene);
    });
    if (!trouble.empty())
        GTEST_SKIP() << "row 11 (packet loss) is not tested: " << trouble;
}

} // namespace
} // namespace provisor::test
