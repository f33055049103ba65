// SPDX-License-Identifier: Apache-2.0
#include "model/found_version.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::Eq;
using testing::Optional;

TEST(FoundVersion, IsTheGroupInTheFirstLineThatMatches) {
    EXPECT_THAT(find_version("app 1\nversion 1.8.2 (go)\nversion 3\n", "version ([^ ]+)"),
                Optional(Eq("1.8.2")));
    EXPECT_THAT(find_version("v2", "^v(.*)$"), Optional(Eq("2")));
    EXPECT_FALSE(find_version("", "(.*)"));
    EXPECT_FALSE(find_version("no version", "version ([0-9]+)"));
    EXPECT_FALSE(find_version("version\n12", "version\\s([0-9]+)")) << "lines are looked at alone";
}

TEST(FoundVersion, IsNothingThatCannotBeALabel) {
    EXPECT_FALSE(find_version("version \x1b[31m1", "version (.*)"));
    EXPECT_FALSE(find_version("version \xe2\x80\xae"
                              "1",
                              "version (.*)"));
    EXPECT_FALSE(find_version("version ", "version (.*)"));
    EXPECT_FALSE(find_version("version " + std::string(129, '1'), "version (.*)"));
    EXPECT_FALSE(find_version("x", "x|(y)")) << "the group is not part of the match";
}

TEST(FoundVersion, IsLookedForInFourKibibytesOfShortLines) {
    EXPECT_FALSE(find_version(std::string(5000, '\n') + "version 1", "version (.*)"));
    EXPECT_FALSE(find_version(std::string(300, ' ') + "version 1", "version (.*)"));
}

TEST(FoundVersion, TakesNoExponentialTime) {
    // As long as a line can be; some milliseconds, or longer than anybody can wait.
    const std::string hostile(256, 'a');
    for (const char* match : {"(a+)+b", "(?:a|aa)+(?:a|aa)+c(x)", "^(?:(?:a*)*)*(b)$"}) {
        ASSERT_FALSE(find_match_fault(match)) << match;
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_FALSE(find_version(hostile, match));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10)) << match;
    }
}

TEST(FoundVersion, IsNotLookedForByAnExpressionThatTakesTheStack) {
    const std::string most = "(" + std::string(1022, 'a') + ")";
    EXPECT_FALSE(find_match_fault(most));
    EXPECT_EQ(find_match_fault(most + "a"),
              "a regular expression of at most 1024 bytes is expected");
    EXPECT_TRUE(find_match_fault(std::string(500'000, '(') + std::string(500'000, ')')));
}

TEST(FoundVersion, IsNotLookedForByAnExpressionWithANumberThatOverflows) {
    const std::string number(30, '8');
    const auto too_often = "a repetition of at most 999999 times is expected";
    EXPECT_EQ(find_match_fault("(v){" + number + "}"), too_often);
    EXPECT_EQ(find_match_fault("(v){1," + number + "}"), too_often);
    EXPECT_EQ(find_match_fault("(v){" + number), too_often);
    EXPECT_EQ(find_match_fault("(v)\\" + number), "back-references are not supported");
    EXPECT_TRUE(find_match_fault("((v{999}){999}){999999}"))
        << "more states than memory should hold";
    EXPECT_FALSE(find_match_fault("(v{2,3})" + number + "\\{" + number + "\\0"));
    EXPECT_EQ(find_version("v" + number, "v([0-9]{2,30})"), number);
}

TEST(FoundVersion, MustBeThatOfTheManifest) {
    Component component;
    component.version = "1.2.0";
    component.version_from = VersionCommand{{"{path}"}, "(.*)"};
    EXPECT_EQ(find_version_fault(component, "1.0.0"),
              "it calls itself version 1.0.0, and the manifest says version 1.2.0");
    EXPECT_TRUE(find_version_fault(component, "1.3.0")) << "a later one is another one, too";
    EXPECT_TRUE(find_version_fault(component, "nightly"));
    for (const char* same : {"1.2.0", "v1.2.0", "1.2.0+build.5", ""})
        EXPECT_FALSE(find_version_fault(component, same)) << same;
    component.version_order = VersionOrder::none;
    EXPECT_FALSE(find_version_fault(component, "1.0.0"));
    component.version_order = VersionOrder::automatic;
    component.version.clear();
    EXPECT_FALSE(find_version_fault(component, "1.0.0")) << "the manifest has none";
}

TEST(FoundVersion, IsWhatIsShownOfAnInstallation) {
    Component component;
    component.version = "1.0";
    component.files = {{"", "/opt/app"}};
    component.version_from = VersionCommand{{"{path}"}, "(.*)"};
    Marker installed;
    installed.artifact = sha256_of("artifact");
    installed.files = {{"/opt/app", sha256_of("app"), 0755, "root", "root"}};
    Record record;
    EXPECT_EQ(label_of(&component, record, installed), "");
    record.remember({{}, Decision::install, "1.0", installed.artifact, "", "", ""});
    EXPECT_EQ(label_of(&component, record, installed), "1.0");
    record.remember_version({version_key(component, sha256_of("app")), ""});
    EXPECT_EQ(label_of(&component, record, installed), "1.0") << "it does not tell";
    record.remember_version({version_key(component, sha256_of("app")), "1.0.1"});
    EXPECT_EQ(label_of(&component, record, installed), "1.0.1");
    EXPECT_EQ(label_of(nullptr, record, installed), "1.0");
    Component other = component;
    other.version_from->match = "x(.*)";
    EXPECT_EQ(label_of(&other, record, installed), "1.0") << "another question";
}

} // namespace
} // namespace provisor
