// SPDX-License-Identifier: Apache-2.0
#include "fetch/redirect.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Hop {
    const char* name;
    const char* current;
    const char* location;
    const char* target;
};

class RedirectTarget : public testing::TestWithParam<Hop> {};

TEST_P(RedirectTarget, IsWhereTheLocationLeads) {
    const auto& [name, current, location, target] = GetParam();
    EXPECT_EQ(redirect_target(current, location, current), target);
}

INSTANTIATE_TEST_SUITE_P(
    Followed, RedirectTarget,
    testing::Values(Hop{"Absolute", "http://a/x", "http://b/y", "http://b/y"},
                    Hop{"ToHttps", "http://a/x", "https://a/x", "https://a/x"},
                    Hop{"HttpsToHttps", "https://a/x", "https://b:8443/y", "https://b:8443/y"},
                    Hop{"SchemeInUpperCase", "https://a/x", "HTTPS://b/y", "https://b/y"},
                    Hop{"Path", "https://a:8443/x/y?q", "/z", "https://a:8443/z"},
                    Hop{"RelativePath", "https://a/x/y", "z", "https://a/x/z"},
                    Hop{"PathUpwards", "https://a/x/y/z", "../w", "https://a/x/w"},
                    Hop{"SameSchemeOtherHost", "https://a/x", "//b/y", "https://b/y"},
                    Hop{"QueryAlone", "https://a/x?old", "?new", "https://a/x?new"},
                    Hop{"AddressWithColonInThePath", "https://a/x", "/y:z//w", "https://a/y:z//w"},
                    Hop{"FragmentIsLeftOut", "https://a/x", "/y#part", "https://a/y"},
                    Hop{"BlankIsEncoded", "https://a/x", "/y z", "https://a/y%20z"}),
    [](const auto& row) { return row.param.name; });

struct Refused {
    const char* name;
    const char* current;
    const char* location;
};

class RedirectRefused : public testing::TestWithParam<Refused> {};

TEST_P(RedirectRefused, IsAnErrorOfKindHttp) {
    const auto& [name, current, location] = GetParam();
    try {
        ADD_FAILURE() << "leads to " << redirect_target(current, location, current);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::http);
        EXPECT_THAT(error.what(), HasSubstr("redirect"));
        EXPECT_THAT(error.what(), Not(HasSubstr("canary")));
    }
}

// libcurl takes one slash, or three, for two; what is refused must not depend on their count.
INSTANTIATE_TEST_SUITE_P(
    All, RedirectRefused,
    testing::Values(Refused{"HttpsToHttp", "https://a/x", "http://a/x"},
                    Refused{"HttpsToHttpInUpperCase", "https://a/x", "HTTP://a/x"},
                    Refused{"HttpsToHttpWithOneSlash", "https://a/x", "http:/a/x"},
                    Refused{"HttpsToHttpWithThreeSlashes", "https://a/x", "http:///a/x"},
                    Refused{"HttpsToHttpWithoutSlash", "https://a/x", "http:a"},
                    Refused{"File", "http://a/x", "file:///etc/passwd"},
                    Refused{"FileWithOneSlash", "http://a/x", "file:/etc/passwd"},
                    Refused{"FileFromHttps", "https://a/x", "file:///etc/passwd"},
                    Refused{"Ftp", "http://a/x", "ftp://a/x"},
                    Refused{"Dict", "http://a/x", "dict://a:11211/x"},
                    Refused{"Gopher", "http://a/x", "gopher://a:25/x"},
                    Refused{"Script", "http://a/x", "javascript://a/alert"},
                    Refused{"UnknownScheme", "https://a/x", "x-odd://a/x"},
                    Refused{"NoHost", "https://a/x", "https://"},
                    Refused{"BadPort", "https://a/x", "https://b:99999/"},
                    Refused{"BadAddress", "https://a/x", "https://[::1/"},
                    Refused{"SecretInTheQuery", "https://a/x", "http://a/x?st=canary"},
                    Refused{"SecretInTheFragment", "https://a/x", "https://a b:99999/x#canary"},
                    Refused{"SecretInThePath", "https://a/x", "http://a/x;v=canary"},
                    Refused{"SecretInThePathOfNoUrl", "https://a/x", "https://a b:99999/x;canary"},
                    Refused{"SecretBeforeTheHost", "https://a/x", "http://u:canary@a/x"},
                    Refused{"SecretBeforeABadPort", "https://a/x", "https://u:canary@a:99999/x"},
                    Refused{"SecretWithASlash", "https://a/x", "https://u:can/canary@a b:99999/x"},
                    Refused{"SecretWithoutAScheme", "https://a/x", "//u:canary@a:99999/x"}),
    [](const auto& row) { return row.param.name; });

TEST(RedirectCredentials, GoToTheManifestsOwnOriginOnly) {
    const std::string manifest = "https://user:secret@a/x";
    EXPECT_EQ(redirect_target("https://user:secret@a/x", "/y", manifest),
              "https://user:secret@a/y");
    EXPECT_EQ(redirect_target(manifest, "https://b/y", manifest), "https://b/y");
    EXPECT_EQ(redirect_target(manifest, "https://a:8443/y", manifest), "https://a:8443/y");
    // And back again, by way of another host.
    EXPECT_EQ(redirect_target("https://b/y", "https://a/z", manifest), "https://user:secret@a/z");
    EXPECT_EQ(redirect_target("https://b/y", "/z", manifest), "https://b/z");
}

TEST(RedirectCredentials, OfTheRedirectsOwnAreDropped) {
    EXPECT_EQ(redirect_target("https://a/x", "https://u:p@b/y", "https://a/x"), "https://b/y");
    EXPECT_EQ(redirect_target("https://a/x", "https://u:p@a/y", "https://a/x"), "https://a/y");
}

TEST(SameOrigin, IsSchemeHostAndPort) {
    EXPECT_TRUE(same_origin("https://a/x", "https://a/y?z"));
    EXPECT_TRUE(same_origin("https://a/x", "https://u:p@a:443/x"));
    EXPECT_TRUE(same_origin("https://A/x", "https://a/x"));
    EXPECT_FALSE(same_origin("https://a/x", "http://a/x"));
    EXPECT_FALSE(same_origin("https://a/x", "https://a:8443/x"));
    EXPECT_FALSE(same_origin("https://a/x", "https://a.b/x"));
    EXPECT_FALSE(same_origin("https://a/x", "https://b@c/x"));
    EXPECT_FALSE(same_origin("", ""));
    EXPECT_FALSE(same_origin("https://a/x", "no address at all"));
}

TEST(Peer, IsNamedAsLibcurlNamesIt) {
    EXPECT_EQ(peer_of("https://u:p@a.example/x?y"), "a.example port 443");
    EXPECT_EQ(peer_of("http://a"), "a port 80");
    EXPECT_EQ(peer_of("http://[::1]:8080/"), "::1 port 8080");
    EXPECT_EQ(peer_of(""), "");
}

} // namespace
} // namespace provisor
