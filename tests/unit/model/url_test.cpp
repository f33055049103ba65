// SPDX-License-Identifier: Apache-2.0
#include "model/url.hpp"

#include <gtest/gtest.h>

namespace provisor::test {
namespace {

TEST(Url, HasAHostAndMaybeAPort) {
    const Authority plain = authority_of("https://u:p@a.example/x:9");
    EXPECT_EQ(plain.host, "a.example");
    EXPECT_FALSE(plain.port);
    const Authority address = authority_of("http://[::1]:8080/");
    EXPECT_EQ(address.host, "[::1]");
    EXPECT_EQ(address.port, "8080");
    EXPECT_EQ(authority_of("http://a:?q").port, "");
    EXPECT_EQ(host_of("https://u@A.Example:443/"), "a.example");
    EXPECT_EQ(host_of("http://[FE80::1]/"), "fe80::1");
}

TEST(Url, EndsInAFileName) {
    EXPECT_EQ(file_name_of("https://a/b/app.tar.gz"), "app.tar.gz");
    EXPECT_EQ(file_name_of("https://a/b/app?token=x/y#z"), "app");
    EXPECT_EQ(file_name_of("https://a/b/"), "");
    EXPECT_EQ(file_name_of("https://a"), "");
    EXPECT_EQ(file_name_of("https://a/b/app-1.0%2Bdeb12%7E1"), "app-1.0+deb12~1");
    EXPECT_EQ(file_name_of("https://a/b/100%25"), "100%");
    EXPECT_EQ(file_name_of("https://a/%2e%2E%2Fapp"), "../app") << "only the path has slashes";
    EXPECT_EQ(file_name_of("https://a/50%zz%4"), "50%zz%4") << "what encodes nothing is itself";
}

TEST(Url, HasAPathOfParts) {
    using Parts = std::vector<std::string>;
    EXPECT_EQ(path_parts_of("https://a/v1/b%2Bc/app?x=/y"), (Parts{"v1", "b+c", "app"}));
    EXPECT_EQ(path_parts_of("https://a//app/"), (Parts{"", "app", ""}));
    EXPECT_EQ(path_parts_of("https://a/x%2Fapp"), (Parts{"x/app"})) << "only the path has slashes";
    EXPECT_EQ(path_parts_of("https://a/"), (Parts{""}));
    EXPECT_EQ(path_parts_of("https://a?x=/y"), Parts{});
    EXPECT_EQ(path_parts_of("file:///opt/app"), (Parts{"opt", "app"}));
}

TEST(Origins, AreSchemeHostAndPort) {
    EXPECT_TRUE(same_origin("https://a/x", "https://A:443/y?z"));
    EXPECT_TRUE(same_origin("http://u:p@a:80", "http://a/"));
    EXPECT_TRUE(same_origin("http://[::1]:8080/", "http://[::1]:8080/x"));
    EXPECT_FALSE(same_origin("http://[::1]:8080/", "http://[::1]/x"));
    EXPECT_FALSE(same_origin("https://a/", "http://a/"));
    EXPECT_FALSE(same_origin("https://a/", "https://a.b/"));
    EXPECT_FALSE(same_origin("https://a@b/", "https://a/"));
}

} // namespace
} // namespace provisor::test
