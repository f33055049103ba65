// SPDX-License-Identifier: Apache-2.0
#include "model/inline_secrets.hpp"

#include "model/manifest.hpp"
#include "model/placeholders.hpp"

#include <gmock/gmock.h>

namespace provisor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(InlineSecrets, AreNotNamesOfCredentials) {
    Component component;
    component.url = "https://host/path@2";
    component.auth = AuthSpec{"credential:token", "", "", false, {}};
    EXPECT_THAT(keys_with_secrets(component), IsEmpty());
    component.auth = AuthSpec{"", "user", "credential:password", false, {}};
    EXPECT_THAT(keys_with_secrets(component), IsEmpty()) << "a user's name is none";
    component.auth = AuthSpec{"", "", "", true, {}};
    EXPECT_THAT(keys_with_secrets(component), IsEmpty());
}

TEST(InlineSecrets, StandInAuthAndInUrls) {
    Component component;
    component.url = "https://u:p@host/x";
    component.mirrors = {"https://host/y", "https://token@other/x"};
    component.checksums = "https://u@host/s";
    component.signature.url = "https://u:p@host/x.minisig";
    component.auth = AuthSpec{"t", "", "p", false, {{"X-Key", "k"}, {"X-No", "credential:k"}}};
    EXPECT_THAT(keys_with_secrets(component),
                ElementsAre("auth.bearer", "auth.basic.password", "auth.header.X-Key", "url",
                            "mirrors", "checksums", "signature"));
}

TEST(InlineSecrets, AreWarnedOfInFilesThatEverybodyReads) {
    const std::string text = "components:\n  app:\n    url: https://u:p@host/x\n    path: /opt/x\n";
    const Facts facts{"x86_64", "", "linux"};
    EXPECT_THAT(parse_manifest({"m.yaml", text}, facts).warnings, IsEmpty());
    const ParsedManifest parsed = parse_manifest({"m.yaml", text, true}, facts);
    ASSERT_EQ(parsed.warnings.size(), 1U);
    EXPECT_EQ(parsed.warnings[0].place.line, 2);
    EXPECT_THAT(parsed.warnings[0].message, testing::HasSubstr("a secret stands in url"));
    EXPECT_THAT(parsed.warnings[0].message, testing::Not(testing::HasSubstr("u:p")));
}

} // namespace
} // namespace provisor
