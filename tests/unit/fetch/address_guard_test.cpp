// SPDX-License-Identifier: Apache-2.0
#include "fetch/address_guard.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(LocalAddresses, AreLoopbackTheLinkAndMetadata) {
    for (const char* ip : {"127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "169.254.169.254",
                           "169.254.0.1", "100.100.100.200", "192.0.0.192", "::1", "::", "fe80::1",
                           "fe80::1%eth0", "febf::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
                           "::127.0.0.1", "64:ff9b::7f00:1", "fd00:ec2::254"})
        EXPECT_TRUE(is_local_address(ip)) << ip;
}

TEST(LocalAddresses, AreNoOthers) {
    for (const char* ip :
         {"126.255.255.255", "128.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.253.1.1",
          "169.255.1.1", "100.100.100.201", "203.0.113.7", "255.255.255.255", "::2:0:0:0",
          "fec0::1", "fd00:ec2::255", "2001:db8::1", "::ffff:203.0.113.7", "64:ff9b::cb00:7107", "",
          "localhost", "127.1"})
        EXPECT_FALSE(is_local_address(ip)) << ip;
}

TEST(LocalNames, AreRefusedUnlessTheFirstUrlNamesOne) {
    const AddressGuard away(FetchSettings{}, "https://origin.example/");
    for (const char* url :
         {"http://localhost/", "http://LocalHost.:8/", "http://a.localhost/", "http://127.0.0.1/",
          "http://[::1]:8/", "https://user@169.254.169.254/x"})
        EXPECT_TRUE(away.refuses(url)) << url;
    for (const char* url :
         {"https://localhost.example/", "https://10.0.0.1/", "https://origin.example"})
        EXPECT_FALSE(away.refuses(url)) << url;
    for (const char* url : {"http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/"})
        EXPECT_FALSE(AddressGuard(FetchSettings{}, url).refuses("http://127.0.0.1/")) << url;
}

} // namespace
} // namespace provisor
