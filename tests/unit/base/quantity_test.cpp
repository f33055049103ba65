// SPDX-License-Identifier: Apache-2.0
#include "base/quantity.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using std::chrono::microseconds;

struct SpanRow {
    const char* name;
    const char* text;
    std::optional<Duration> span;
};

class TimeSpan : public testing::TestWithParam<SpanRow> {};

TEST_P(TimeSpan, IsReadAsSystemdReadsIt) {
    EXPECT_EQ(parse_time_span(GetParam().text), GetParam().span);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TimeSpan,
    testing::Values(SpanRow{"BareNumberIsSeconds", "30", std::chrono::seconds(30)},
                    SpanRow{"Zero", "0", Duration::zero()},
                    SpanRow{"Minutes", "5min", std::chrono::minutes(5)},
                    SpanRow{"LowerMIsMinutes", "5m", std::chrono::minutes(5)},
                    SpanRow{"UpperMIsMonths", "1M", std::chrono::seconds(2629800)},
                    SpanRow{"SeveralUnits", "1h 30min 10s", std::chrono::seconds(5410)},
                    SpanRow{"NoSpacesNeeded", "2h30min", std::chrono::minutes(150)},
                    SpanRow{"SpaceBeforeUnit", "3 days", std::chrono::hours(72)},
                    SpanRow{"Fraction", "1.5h", std::chrono::minutes(90)},
                    SpanRow{"Milliseconds", "250ms", microseconds(250000)},
                    SpanRow{"Infinity", "infinity", Duration::max()},
                    SpanRow{"Empty", "", std::nullopt}, SpanRow{"OnlyUnit", "min", std::nullopt},
                    SpanRow{"Negative", "-5s", std::nullopt},
                    SpanRow{"UnknownUnit", "5 parsecs", std::nullopt},
                    SpanRow{"TooLong", "99999999999999y", std::nullopt},
                    SpanRow{"TrailingDot", "5.", std::nullopt}),
    [](const auto& row) { return row.param.name; });

TEST(TimeSpanText, TellsTwoUnitsAtMost) {
    EXPECT_EQ(format_time_span(std::chrono::seconds(5410)), "1h 30min");
    EXPECT_EQ(format_time_span(std::chrono::hours(49)), "2d 1h");
    EXPECT_EQ(format_time_span(microseconds(250000)), "250ms");
    EXPECT_EQ(format_time_span(Duration::zero()), "0");
    EXPECT_EQ(format_time_span(Duration::max()), "infinity");
    EXPECT_EQ(format_time_span(std::chrono::hours(24) + std::chrono::seconds(1)), "1d");
}

TEST(ByteSize, ReadsIecSuffixes) {
    EXPECT_EQ(parse_byte_size("0"), 0U);
    EXPECT_EQ(parse_byte_size("512"), 512U);
    EXPECT_EQ(parse_byte_size("64K"), 65536U);
    EXPECT_EQ(parse_byte_size("4G"), 4ULL << 30);
    EXPECT_EQ(parse_byte_size("1.5M"), 1572864U);
    EXPECT_EQ(parse_byte_size("2MiB"), 2ULL << 20);
    EXPECT_EQ(parse_byte_size("2MB"), 2ULL << 20);
    EXPECT_EQ(parse_byte_size("-1"), std::nullopt);
    EXPECT_EQ(parse_byte_size("1X"), std::nullopt);
    EXPECT_EQ(parse_byte_size("1Kx"), std::nullopt);
    EXPECT_EQ(parse_byte_size(""), std::nullopt);
    EXPECT_EQ(parse_byte_size("99999999E"), std::nullopt);
}

TEST(ByteSize, IsToldWithOneDecimal) {
    EXPECT_EQ(format_byte_size(0), "0 B");
    EXPECT_EQ(format_byte_size(1023), "1023 B");
    EXPECT_EQ(format_byte_size(37'000'000), "35.3 MiB");
}

} // namespace
} // namespace provisor
