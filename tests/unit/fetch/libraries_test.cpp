// SPDX-License-Identifier: Apache-2.0
#include "fetch/libraries.hpp"

#include <gmock/gmock.h>

namespace provisor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HostServices, AreTheWordsOfTheirLine) {
    EXPECT_THAT(host_services("passwd: files systemd\nhosts:          files dns\n"),
                ElementsAre("files", "dns"));
    EXPECT_THAT(
        host_services("hosts:\tmymachines resolve [!UNAVAIL=return] files\tmyhostname dns # x"),
        ElementsAre("mymachines", "resolve", "files", "myhostname", "dns"));
    EXPECT_THAT(host_services("  hosts:mdns4_minimal[NOTFOUND=return]dns\r\n"),
                ElementsAre("mdns4_minimal", "dns"));
}

TEST(HostServices, AreNoneWithoutALineAndNoPaths) {
    EXPECT_THAT(host_services(""), IsEmpty());
    EXPECT_THAT(host_services("#hosts: files\nnetworks: files\nhosts:\nhosts: [\n"), IsEmpty());
    EXPECT_THAT(host_services("hosts: ../../tmp/x dns"), ElementsAre("dns"));
}

} // namespace
} // namespace provisor
