// SPDX-License-Identifier: Apache-2.0
#include "model/shown_url.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(ShownUrl, LeavesAnOrdinaryUrlAlone) {
    EXPECT_EQ(shown_url("https://o/x?a=1&b=2#c"), "https://o/x?a=1&b=2#c");
    EXPECT_EQ(shown_url("https://o/a@b"), "https://o/a@b");
}

TEST(ShownUrl, HasNoUserInformation) {
    EXPECT_EQ(shown_url("https://user:hunter2@o/x"), "https://o/x");
    EXPECT_EQ(shown_url("https://us@er:hunter2@o/x"), "https://o/x");
    EXPECT_EQ(shown_url("https://user:hunter2@o"), "https://o");
}

TEST(ShownUrl, HidesWhatSignsAQuery) {
    EXPECT_EQ(shown_url("https://o/x?X-Amz-Signature=hunter2&part=1"),
              "https://o/x?X-Amz-Signature=…&part=1");
    EXPECT_EQ(shown_url("https://o/x?se=1&sig=hunter2"), "https://o/x?se=1&sig=…");
    EXPECT_EQ(shown_url("https://o/x?private_token=hunter2"), "https://o/x?private_token=…");
}

TEST(ShownUrl, IsSafeForATerminal) {
    EXPECT_EQ(shown_url("https://o/\x1b[2J"), "https://o/\\x1b[2J");
}

TEST(ShownLine, OfAManifestHasNoSecretEither) {
    const std::pair<const char*, const char*> rows[] = {
        {"  version: 1.0", "  version: 1.0"},
        {"    url: https://user:hunter2@o/x  # main", "    url: https://o/x  # main"},
        {"    mirrors: [\"https://a:hunter2@o/x\", 'https://o/y?sig=hunter2']",
         "    mirrors: [\"https://o/x\", 'https://o/y?sig=…']"},
        {"    auth: { bearer: hunter2 }", "    auth: { bearer: …"},
        {"    auth: { bearer: credential:token }", "    auth: { bearer: credential:token }"},
        {"      password: hunter2", "      password: …"},
        {"      \"password\": hunter2", "      \"password\": …"},
        {"    auth: { basic: { user: me, password: hunter2 } }", "    auth: { basic: { user: …"},
        {"    header: { X-Key: hunter2 }", "    header: …"},
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
