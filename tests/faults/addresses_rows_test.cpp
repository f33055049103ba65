// SPDX-License-Identifier: Apache-2.0
// Row 59: a host with an address of each family, of which that of IPv6 is broken. What its name
// means is said in a mount namespace of its own.
#include "faults/listener.hpp"
#include "faults/row.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* host = "both-families.test";

class BrokenIpv6 : public testing::TestWithParam<Listener::How> {};

TEST_P(BrokenIpv6, Row59IsPassedOverWithinASecond) {
    if (std::system("unshare --mount true 2>/dev/null") != 0)
        GTEST_SKIP() << "no mount namespace (not root?): row 59 is not tested";
    Scene scene;
    const Listener broken(GetParam(), Listener::Family::ipv6, scene.origin.port());
    if (!broken.is_open())
        GTEST_SKIP() << "no IPv6 on the loopback: row 59 is not tested";
    write_text(scene.machine.aside("hosts"),
               std::string("::1 ") + host + "\n127.0.0.1 " + host + "\n");
    scene.machine.run_under({"unshare", "--mount", "sh", "-c",
                             "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "sh",
                             scene.machine.aside("hosts")});
    // Longer than it may take: the limit for connecting is not what helps.
    scene.machine.configure("timeouts: { connect: 10s, stall: 10s }\n");
    scene.app_url.replace(scene.app_url.find("127.0.0.1"), 9, host);
    scene.publish(2);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    EXPECT_EQ(run.told.at("app").decision, "install");
    EXPECT_LE(run.took, milliseconds(1500));
    // Else the broken address was not even tried.
    if (GetParam() == Listener::How::black_hole) {
        EXPECT_GE(run.took, milliseconds(190));
    }
    EXPECT_TRUE(state_of(scene).content == program(2));
    ASSERT_THAT(scene.asked(), testing::SizeIs(1));
    EXPECT_THAT(scene.asked()[0].request.header("host"), testing::StartsWith(host));
}

INSTANTIATE_TEST_SUITE_P(Fault, BrokenIpv6,
                         testing::Values(Listener::How::dead, Listener::How::black_hole),
                         [](const auto& row) {
                             return row.param == Listener::How::dead ? "Refused" : "BlackHole";
                         });

} // namespace
} // namespace provisor::test
