// SPDX-License-Identifier: Apache-2.0
#include "model/shown_url.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(ShownUrl, LeavesAnOrdinaryUrlAlone) {
    EXPECT_EQ(shown_url("https://o/x"), "https://o/x");
    EXPECT_EQ(shown_url("https://o/a@b"), "https://o/a@b");
    EXPECT_EQ(shown_url("https://o:8443/@scope/x-1.0+b1.tar.gz"),
              "https://o:8443/@scope/x-1.0+b1.tar.gz");
    EXPECT_EQ(shown_url("https://[::1]:8443/a@b"), "https://[::1]:8443/a@b");
    EXPECT_EQ(shown_url("file:///srv/app"), "file:///srv/app");
}

TEST(ShownUrl, HasNoUserInformation) {
    for (const char* url :
         {"https://user:hunter2@o/x", "https://us@er:hunter2@o/x", "https://hunter2@o/x",
          "https://user:hun/ter2@o/x", "https://user:hun?ter2@o/x", "https://user:hun#ter2@o/x"})
        EXPECT_EQ(shown_url(url), "https://o/x") << url;
    EXPECT_EQ(shown_url("https://user:hunter2@o"), "https://o");
    EXPECT_EQ(shown_url("user:hunter2@o/x"), "o/x") << "its scheme was forgotten";
}

TEST(ShownUrl, HasNamesInItsQueryAndNoValues) {
    const std::pair<const char*, const char*> rows[] = {
        {"https://o/x?a=1&b=2", "https://o/x?a=…&b=…"},
        {"https://o/x?md5=hunter2&expires=1", "https://o/x?md5=…&expires=…"},
        {"https://o/x?hdnts=exp=1~acl=/*~hmac=hunter2", "https://o/x?hdnts=…"},
        {"https://o/x?st=hunter2;e=1", "https://o/x?st=…;e=…"},
        {"https://o/x?jwt=hunter2.a.b", "https://o/x?jwt=…"},
        {"https://o/x?X-Amz-Signature=hunter2&part=1", "https://o/x?X-Amz-Signature=…&part=…"},
        {"https://o/x?hunter2", "https://o/x?…"},
        {"https://o/x?aHVudGVyMg==", "https://o/x?…"},
        {"https://o/x?hunter2&a=1", "https://o/x?…&a=…"},
        {"https://o/x?a=1?hunter2", "https://o/x?a=…"},
        {"https://o/x?hun ter2=1", "https://o/x?…"},
        {"https://o/x?a=1/hunter2@o", "https://o/x?a=…"},
        {"https://o?hunter2", "https://o?…"},
        {"https://o/x?", "https://o/x?"},
        {"https://o/x?&&", "https://o/x?&&"},
        {"o/x?md5=hunter2", "o/x?md5=…"}};
    for (const auto& [url, shown] : rows)
        EXPECT_EQ(shown_url(url), shown);
}

TEST(ShownUrl, HasNoFragmentAndNoParametersOfItsPath) {
    EXPECT_EQ(shown_url("https://o/x#hunter2"), "https://o/x#…");
    EXPECT_EQ(shown_url("https://o/x#a?b=hunter2"), "https://o/x#…");
    EXPECT_EQ(shown_url("https://o/x?a=1#hunter2"), "https://o/x?a=…#…");
    EXPECT_EQ(shown_url("https://o/x#"), "https://o/x");
    EXPECT_EQ(shown_url("https://o/a;jsessionid=hunter2/x;hunter2;v=1"),
              "https://o/a;jsessionid=…/x;…;v=…");
}

TEST(ShownUrl, IsNotHiddenTwice) {
    for (const char* url : {"https://o/x?a=1&hunter2#c", "https://o/a;b=c/x", "https://u:p@o/?x"})
        EXPECT_EQ(shown_url(shown_url(url)), shown_url(url));
}

TEST(ShownUrl, IsSafeForATerminal) {
    EXPECT_EQ(shown_url("https://o/\x1b[2J"), "https://o/\\x1b[2J");
}

TEST(ShownText, HasItsUrlsAsTheyMayBeShown) {
    const std::pair<const char*, const char*> rows[] = {
        {"'https://o/x?md5=hunter2': HTTP 404", "'https://o/x?md5=…': HTTP 404"},
        {"'https://o/x?a=it's&b=hunter2': HTTP 404", "'https://o/x?a=…&b=…': HTTP 404"},
        {"see https://o/x?hunter2 and (https://o/y?st=hunter2)",
         "see https://o/x?… and (https://o/y?st=…"},
        {"`curl -f https://me:hunter2@o/x?hunter2`: exit status 22",
         "`curl -f https://o/x?… exit status 22"},
        {"unknown key 'o/x?md5=hunter2'", "unknown key 'o/x?md5=…'"},
        {"what? 'a/b' is unlike v?([0-9]/x); see `systemctl status app@1.service`",
         "what? 'a/b' is unlike v?([0-9]/x); see `systemctl status app@1.service`"}};
    for (const auto& [text, shown] : rows) {
        EXPECT_EQ(shown_text(text), shown);
        EXPECT_EQ(shown_text(shown_text(text)), shown_text(text));
    }
}

TEST(ShownLine, OfAManifestHasNoSecretEither) {
    const std::pair<const char*, const char*> rows[] = {
        {"  version: 1.0", "  version: 1.0"},
        {"    url: https://user:hunter2@o/x  # main", "    url: https://o/x  # main"},
        {"    mirrors: [\"https://a:hunter2@o/x\", 'https://o/y?sig=hunter2']",
         "    mirrors: [\"https://o/x\", 'https://o/y?sig=…']"},
        {"    url: https://o/x?md5=a,hunter2&b={c}hunter2", "    url: https://o/x?md5=…&b=…"},
        {"    url: https://o/{version}/x?md5=hunter2", "    url: https://o/{version}/x?md5=…"},
        {"    url: https://o/x?md5=a hunter2 # main", "    url: https://o/x?md5=… # main"},
        {"    url: \"https://o/x?md5=a hunter2\" # main", "    url: \"https://o/x?md5=…\" # main"},
        {"    url: \"https://o/x?md5=a\\\"hunter2\"", "    url: \"https://o/x?md5=…\""},
        {"    url: 'https://o/x?md5=a''hunter2'", "    url: 'https://o/x?md5=…'"},
        {"    url:https://o/x?hunter2", "    url:https://o/x?…"},
        {"    url: o/x?md5=hunter2", "    url: o/x?md5=…"},
        {"    url: o/{version}/x?hunter2", "    url: o/{version}/x?…"},
        {"    - me:hunter2@o/x", "    - o/x"},
        {"    - hunter2@o/x", "    - o/x"},
        {"    - name: app@1.service", "    - name: app@1.service"},
        {"    # ':-_.\\@' and @scope/x", "    # ':-_.\\@' and @scope/x"},
        {"  x: { url: https://o/x?hunter2, pth: /x }", "  x: { url: https://o/x?…, pth: /x }"},
        {"    from: \"*/app-?.bin\"", "    from: \"*/app-?.bin\""},
        {"    match: 'v?([0-9.]+)'", "    match: 'v?([0-9.]+)'"},
        {"    auth: { bearer: hunter2 }", "    auth: { bearer: …"},
        {"    auth: { bearer: credential:token }", "    auth: { bearer: credential:token }"},
        {"      password: hunter2", "      password: …"},
        {"      \"password\": hunter2", "      \"password\": …"},
        {"    auth: { basic: { user: me, password: hunter2 } }", "    auth: { basic: { user: …"},
        {"    header: { X-Key: hunter2 }", "    header: …"},
        {"vars: { cdn_token: hunter2, x: y }", "vars: { cdn_token: …"},
        {"  DOWNLOAD_SECRET: hunter2", "  DOWNLOAD_SECRET: …"},
        {"proxy: http://me:hunter2@proxy:3128", "proxy: …"},
        {"  x: { url: \"http://me:hunter2@o/x?token=hunter2\", auth: { bearer: hunter2 }, pth: /x "
         "}",
         "  x: { url: \"http://o/x?token=…\", auth: { bearer: …"},
        {"  x: { url: https://o/bearer, auth: { bearer: hunter2 } }",
         "  x: { url: https://o/bearer, auth: { bearer: …"},
        {"    user_defined: x", "    user_defined: x"},
        {"  header:", "  header:"}};
    for (const auto& [line, shown] : rows) {
        EXPECT_EQ(shown_line(line), shown);
        EXPECT_EQ(shown_line(line).find("hunter2"), std::string::npos);
    }
}

} // namespace
} // namespace provisor
