// SPDX-License-Identifier: Apache-2.0
// Rows 1 to 12: what the network does.
#include "faults/listener.hpp"
#include "faults/row.hpp"

#include <cstdio>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const std::string stall_text = "less than 1 KiB/s for 1 s";
constexpr milliseconds limit(950);
/// With a second for two programs to start on a machine that is busy with other tests.
constexpr milliseconds limit_and_a_second(3000);
constexpr milliseconds at_once(3000);

const std::vector<Row> rows{
    {.name = "Row05ResetBeforeTheAnswer",
     .behavior = "reset",
     .kind = "http",
     .says = {"reset"},
     .requests = 2,
     .golden = true},
    {.name = "Row05EndBeforeTheAnswer",
     .behavior = "close0",
     .kind = "http",
     .says = {"Empty reply"},
     .requests = 2,
     .golden = true},
    {.name = "Row06ResetInTheBody",
     .behavior = "rst=100000",
     .kind = "http",
     .says = {"of 200000 bytes"},
     .bytes = 100'000,
     .part = Part::continued},
    {.name = "Row07CutBeforeTheFirstByte",
     .behavior = "cut=0",
     .kind = "http",
     .says = {"ended after 0 of 200000 bytes"}},
    {.name = "Row07CutAfterAByte",
     .behavior = "cut=1",
     .kind = "http",
     .says = {"ended after 1 of 200000 bytes"},
     .bytes = 1,
     .part = Part::continued},
    {.name = "Row07CutInTheMiddle",
     .behavior = "cut=100000",
     .kind = "http",
     .says = {"ended after 100000 of 200000 bytes"},
     .bytes = 100'000,
     .part = Part::continued,
     .golden = true},
    {.name = "Row07CutBeforeTheLastByte",
     .behavior = "cut=199999",
     .kind = "http",
     .says = {"ended after 199999 of 200000 bytes"},
     .bytes = 199'999,
     .part = Part::continued},
    {.name = "Row07CutInChunks",
     .behavior = "chunked,cut=131072",
     .kind = "http",
     .says = {"/app?token="},
     .bytes = 131'072,
     .part = Part::continued,
     .golden = true},
    {.name = "Row04SilenceBeforeTheAnswer",
     .behavior = "hang",
     .kind = "timeout",
     .says = {stall_text},
     .at_least = limit,
     .at_most = limit_and_a_second,
     .golden = true},
    {.name = "Row08StallInTheBody",
     .behavior = "stall=100000",
     .kind = "timeout",
     .says = {"ended after 100000 of 200000 bytes", stall_text},
     .bytes = 100'000,
     .at_least = limit,
     .at_most = limit_and_a_second,
     .part = Part::continued,
     .golden = true},
    {.name = "Row09DripOfTheBody",
     .behavior = "drip",
     .kind = "timeout",
     .says = {stall_text},
     .bytes = 50,
     .at_least = limit,
     .at_most = limit_and_a_second,
     .part = Part::continued},
    {.name = "Row10DripOfTheHead",
     .behavior = "slowhdr",
     .kind = "timeout",
     .says = {stall_text},
     .at_least = limit,
     .at_most = limit_and_a_second},
};

PROVISOR_FAULT_ROWS(NetworkRows, rows);

/// Faults below HTTP: `app` is at another port, of which nothing comes.
struct Below {
    const char* name;
    Listener::How how;
    const char* kind;
    const char* says;
    unsigned accepted; ///< connections at most
    milliseconds at_least;
    milliseconds at_most;
};

class BelowHttp : public testing::TestWithParam<Below> {};

TEST_P(BelowHttp, FailsAndTheNextMirrorIsTried) {
    const Below& row = GetParam();
    const Listener listener(row.how);
    Scene scene;
    scene.install(1);
    const std::string well = scene.app_url;
    scene.app_url = listener.url("/app?token=") + Canaries::query;
    scene.publish(2);
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_EQ(told.kind, row.kind);
    EXPECT_THAT(told.message, HasSubstr(row.says));
    EXPECT_THAT(told.message, HasSubstr(listener.url("/app")));
    EXPECT_FALSE(told.next_try.empty());
    EXPECT_GE(run.took, row.at_least);
    EXPECT_LE(run.took, row.at_most);
    EXPECT_LE(listener.accepted(), row.accepted);
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
    // Whether a reset comes while it connects or just after is chance, and so are the words for it.
    if (row.how != Listener::How::reset_on_accept)
        expect_golden(row.name, scene.machine);

    scene.app_lines = "    mirrors: [ \"" + well + "\" ]\n";
    scene.write_manifest();
    const RunResult detour = scene.machine.apply();
    EXPECT_EQ(detour.status, 0);
    EXPECT_EQ(detour.told.at("app").decision, "update");
    EXPECT_THAT(detour.told.at("app").reason, HasSubstr(row.says));
    EXPECT_TRUE(state_of(scene).content == program(2));
    expect_clean(scene.machine);
}

INSTANTIATE_TEST_SUITE_P(Fault, BelowHttp,
                         testing::Values(Below{"Row02Refused", Listener::How::dead, "http",
                                               "Connection refused", 0, milliseconds(0), at_once},
                                         Below{"Row03BlackHole", Listener::How::black_hole,
                                               "timeout", "", 0, limit, limit_and_a_second},
                                         Below{"Row04Silent", Listener::How::silent, "timeout",
                                               stall_text.c_str(), 1, limit, limit_and_a_second},
                                         Below{"Row05ResetOnAccept", Listener::How::reset_on_accept,
                                               "http", "", 2, milliseconds(0), at_once}),
                         [](const auto& row) { return row.param.name; });

TEST(Network, Row01ANameThatDoesNotResolveIsNamed) {
    // Longer than a label may be, so that no resolver needs to be asked.
    const std::string host = std::string(64, 'n') + ".invalid";
    Scene scene;
    scene.install(1);
    scene.app_url = "http://" + host + "/app?token=" + Canaries::query;
    scene.publish(2);
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(run.told.at("app").kind, "http");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("Could not resolve host: " + host));
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
    expect_golden("Row01NameNotResolved", scene.machine);
}

/// How long a first pass over eight components of 500,000 bytes each takes.
milliseconds time_of_eight_bodies(const std::string& limits) {
    Scene scene(limits);
    std::string manifest = "components:\n";
    std::vector<std::string> contents;
    for (int i = 0; i < 8; ++i) {
        const std::string name = "c" + std::to_string(i);
        contents.push_back((program(1) + program(2) + program(3)).substr(0, 500'000));
        contents.back() += name;
        scene.origin.serve("/" + name, page(contents.back(), "\"1\""));
        manifest += "  " + name + ":\n    url: \"" + scene.origin.url("/" + name) +
                    "\"\n    path: /opt/" + name + "\n    mode: \"0755\"\n";
    }
    scene.machine.write_manifest(manifest);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    EXPECT_EQ(scene.origin.log().size(), contents.size());
    for (std::size_t i = 0; i < contents.size(); ++i)
        EXPECT_TRUE(read_text(scene.machine.under("opt/c" + std::to_string(i))) == contents[i]);
    expect_clean(scene.machine);
    return run.took;
}

TEST(Network, Row12TheRateIsThatOfAllTransfersTogetherWithinATenth) {
    // What the programs and the disk take is in both.
    const milliseconds unlimited = time_of_eight_bodies("");
    const milliseconds limited =
        time_of_eight_bodies("limits: { download_rate: 1000000 }\ntimeouts: { stall: 30s }\n");
    const double seconds = std::chrono::duration<double>(limited - unlimited).count();
    std::printf("4 MB in %.2f s at a rate of 1 MB/s\n", seconds);
    EXPECT_GE(seconds, 4.0 * 0.9);
    EXPECT_LE(seconds, 4.0 * 1.1);
}

} // namespace
} // namespace provisor::test
