// SPDX-License-Identifier: Apache-2.0
#include "model/version_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string shown(std::optional<std::weak_ordering> order) {
    return !order ? "none" : *order < 0 ? "<" : *order > 0 ? ">" : "=";
}

struct Row {
    const char* name;
    const char* one;
    const char* other;
    const char* expected;
    VersionOrder order = VersionOrder::automatic;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Versions : public testing::TestWithParam<Row> {};

TEST_P(Versions, AreComparedAsTheirKindSays) {
    const Row& row = GetParam();
    EXPECT_EQ(shown(compare_versions(row.one, row.other, row.order)), row.expected);
    const std::string expected = row.expected;
    EXPECT_EQ(shown(compare_versions(row.other, row.one, row.order)), expected == "<"   ? ">"
                                                                      : expected == ">" ? "<"
                                                                                        : expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, Versions,
    testing::Values(
        Row{"Patch", "1.2.3", "1.2.4", "<"}, Row{"NumbersNotWords", "1.9.0", "1.10.0", "<"},
        Row{"MajorFirst", "2.0.0", "1.99.99", ">"}, Row{"Same", "1.2.3", "1.2.3", "="},
        Row{"LeadingV", "v1.2.3", "1.2.4", "<"}, Row{"BuildIsIgnored", "1.0.0+5", "1.0.0+17", "="},
        Row{"PreRelease", "1.0.0-alpha", "1.0.0", "<"},
        Row{"PreReleaseOfTheNext", "1.0.1-alpha", "1.0.0", ">"},
        Row{"DashInBuild", "1.0.0+a-b", "1.0.0", "="},
        Row{"DashInPreRelease", "1.0.0-a-b", "1.0.0-a-c", "<"},
        Row{"TwoNumbersAreNoSemver", "1.2", "1.3", "none"},
        Row{"FourNumbersAreNoSemver", "1.2.3.4", "1.2.3.5", "none"},
        Row{"LeadingZero", "1.02.3", "1.2.4", "none"},
        Row{"LeadingZeroInPreRelease", "1.0.0-01", "1.0.0-2", "none"},
        Row{"EmptyIdentifier", "1.0.0-a..b", "1.0.0", "none"},
        Row{"EmptyPreRelease", "1.0.0-", "1.0.0", "none"},
        Row{"EmptyBuild", "1.0.0+", "1.0.0", "none"}, Row{"Sign", "1.0.-1", "1.0.0", "none"},
        Row{"Integers", "41", "42", "<"}, Row{"IntegersByValue", "9", "10", "<"},
        Row{"LargestInteger", "999999999999999999", "999999999999999998", ">"},
        Row{"TooLargeAnInteger", "1000000000000000000", "5", "none"},
        Row{"IntegerWithZero", "007", "8", "none"}, Row{"Dates", "20251231", "20260101", "<"},
        Row{"OneOfEach", "20260101", "1.2.3", "none"}, Row{"Words", "stable", "testing", "none"},
        Row{"Empty", "", "1.0.0", "none"}, Row{"BothEmpty", "", "", "none"},
        Row{"SemverOnly", "1.0.0", "2.0.0", "<", VersionOrder::semver},
        Row{"SemverOnlyOfIntegers", "1", "2", "none", VersionOrder::semver},
        Row{"NumericOnly", "1", "2", "<", VersionOrder::numeric},
        Row{"NumericOnlyOfSemver", "1.0.0", "2.0.0", "none", VersionOrder::numeric},
        Row{"None", "1.0.0", "2.0.0", "none", VersionOrder::none}),
    [](const auto& row) { return row.param.name; });

TEST(VersionOrder, IsThatOfTheExamplesOfSemver) {
    const std::vector<std::string> ascending{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                             "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                                             "1.0.0-rc.1",  "1.0.0",         "2.0.0",
                                             "2.1.0",       "2.1.1"};
    for (std::size_t i = 0; i < ascending.size(); ++i)
        for (std::size_t j = 0; j < ascending.size(); ++j)
            EXPECT_EQ(shown(compare_versions(ascending[i], ascending[j], VersionOrder::automatic)),
                      i < j   ? "<"
                      : i > j ? ">"
                              : "=")
                << ascending[i] << " and " << ascending[j];
}

Component wanting(const std::string& version) {
    Component component;
    component.version = version;
    return component;
}

TEST(DowngradeGuard, HoldsALowerVersionAndSaysWhatToWrite) {
    const auto reason = downgrade_reason(wanting("1.1.0"), "1.2.0");
    ASSERT_TRUE(reason);
    EXPECT_THAT(*reason,
                StartsWith("downgrade: 1.2.0 was installed, and the manifest wants 1.1.0"));
    EXPECT_THAT(*reason, HasSubstr("allow_downgrade: true"));
}

TEST(DowngradeGuard, LetsEverythingElsePass) {
    EXPECT_FALSE(downgrade_reason(wanting("1.2.0"), "1.2.0"));
    EXPECT_FALSE(downgrade_reason(wanting("1.3.0"), "1.2.0"));
    EXPECT_FALSE(downgrade_reason(wanting("stable"), "1.2.0"));
    EXPECT_FALSE(downgrade_reason(wanting(""), "1.2.0"));
    EXPECT_FALSE(downgrade_reason(wanting("1.1.0"), ""));
    Component allowed = wanting("1.1.0");
    allowed.allow_downgrade = true;
    EXPECT_FALSE(downgrade_reason(allowed, "1.2.0"));
    Component unordered = wanting("1.1.0");
    unordered.version_order = VersionOrder::none;
    EXPECT_FALSE(downgrade_reason(unordered, "1.2.0"));
}

TEST(DowngradeGuard, GoesByWhatWasFoundWhereTheManifestHasNoVersion) {
    const auto reason = found_downgrade_reason(wanting(""), "1.1.0", "1.2.0");
    ASSERT_TRUE(reason);
    EXPECT_THAT(*reason, StartsWith("downgrade: 1.2.0 was installed, and the origin has 1.1.0"));
    EXPECT_FALSE(found_downgrade_reason(wanting("2.0.0"), "1.1.0", "1.2.0"));
    EXPECT_FALSE(found_downgrade_reason(wanting(""), "", "1.2.0"));
    EXPECT_FALSE(found_downgrade_reason(wanting(""), "1.2.0", "1.2.0"));
    EXPECT_EQ(highest_after(wanting(""), "1.2.0", "1.3.0"), "1.3.0");
    EXPECT_EQ(highest_after(wanting(""), "1.2.0", "1.1.0"), "1.2.0");
    EXPECT_EQ(highest_after(wanting("2.0.0"), "1.2.0", "3.0.0"), "2.0.0");
}

TEST(HighestVersion, RisesAndFallsOnlyWhenThatIsAllowed) {
    EXPECT_EQ(highest_after(wanting("1.0.0"), ""), "1.0.0");
    EXPECT_EQ(highest_after(wanting("1.3.0"), "1.2.0"), "1.3.0");
    EXPECT_EQ(highest_after(wanting("1.1.0"), "1.2.0"), "1.2.0");
    EXPECT_EQ(highest_after(wanting(""), "1.2.0"), "1.2.0");
    EXPECT_EQ(highest_after(wanting("20260101"), "1.2.0"), "20260101");
    Component allowed = wanting("1.1.0");
    allowed.allow_downgrade = true;
    EXPECT_EQ(highest_after(allowed, "999999999"), "1.1.0");
    EXPECT_EQ(highest_after(allowed, "1.2.0"), "1.1.0");
}

} // namespace
} // namespace provisor
