// SPDX-License-Identifier: Apache-2.0
#include "model/window.hpp"

#include <gtest/gtest.h>
#include <random>

namespace provisor {
namespace {

namespace chr = std::chrono;
using namespace std::chrono_literals;

WallTime at(const char* rfc3339) { return parse_rfc3339(rfc3339).value(); }

Window window(const std::string& text) {
    ParsedWindow parsed = parse_window(text);
    EXPECT_EQ(parsed.fault, "");
    return parsed.window;
}

/// Zones without a file: that of central Europe, and that of New York.
const TimeZones& zones() {
    static const TimeZones all = [] {
        const auto of_rule = [](const std::string& rule) {
            // A TZif file with one type and no change is its last line alone.
            std::string block = "TZif2" + std::string(39, '\0');
            block[39] = 1; // types
            block[43] = 1; // characters of names
            const std::string data(7, '\0');
            return TimeZone::parse(block + data + block + data + "\n" + rule + "\n").value();
        };
        return TimeZones{{"", of_rule("CET-1CEST,M3.5.0,M10.5.0/3")},
                         {"UTC", TimeZone()},
                         {"America/New_York", of_rule("EST5EDT,M3.2.0,M11.1.0")}};
    }();
    return all;
}

struct Row {
    const char* text;
    const char* when; ///< in UTC
    bool open;
    const char* next; ///< opening, in UTC
    const char* shown;
};

class WindowTest : public testing::TestWithParam<Row> {};

TEST_P(WindowTest, IsOpenAndOpensNext) {
    const Row& row = GetParam();
    const std::vector<Window> windows{window(row.text)};
    EXPECT_EQ(is_open(windows, zones(), at(row.when)), row.open);
    const auto next = next_opening(windows, zones(), at(row.when));
    ASSERT_TRUE(next);
    EXPECT_EQ(format_rfc3339(next->when), row.next);
    EXPECT_EQ(describe(*next, zones()), row.shown);
}

INSTANTIATE_TEST_SUITE_P(Days, WindowTest,
                         testing::Values(
                             // 2026-12-01 is a Tuesday.
                             Row{"02:00-04:00 UTC", "2026-12-01T01:59:59Z", false,
                                 "2026-12-01T02:00:00Z", "Tue 2026-12-01 02:00 UTC"},
                             Row{"02:00-04:00 UTC", "2026-12-01T02:00:00Z", true,
                                 "2026-12-01T02:00:00Z", "Tue 2026-12-01 02:00 UTC"},
                             Row{"02:00-04:00 UTC", "2026-12-01T03:59:59Z", true,
                                 "2026-12-01T03:59:59Z", "Tue 2026-12-01 03:59:59 UTC"},
                             Row{"02:00-04:00 UTC", "2026-12-01T04:00:00Z", false,
                                 "2026-12-02T02:00:00Z", "Wed 2026-12-02 02:00 UTC"},
                             Row{"Mon..Fri 02:00-04:00 utc", "2026-12-04T04:00:00Z", false,
                                 "2026-12-07T02:00:00Z", "Mon 2026-12-07 02:00 UTC"},
                             Row{"Sat,sunday 2:00-4:00 UTC", "2026-12-01T02:00:00Z", false,
                                 "2026-12-05T02:00:00Z", "Sat 2026-12-05 02:00 UTC"},
                             Row{"Fri 22:00-02:00 UTC", "2026-12-05T01:00:00Z", true,
                                 "2026-12-05T01:00:00Z", "Sat 2026-12-05 01:00 UTC"},
                             Row{"Fri 22:00-02:00 UTC", "2026-12-04T01:00:00Z", false,
                                 "2026-12-04T22:00:00Z", "Fri 2026-12-04 22:00 UTC"},
                             Row{"*-*-01 00:00-24:00 UTC", "2026-12-02T00:00:00Z", false,
                                 "2027-01-01T00:00:00Z", "Fri 2027-01-01 00:00 UTC"},
                             Row{"*-12-24..26 10:00:30-11:00 UTC", "2026-12-01T00:00:00Z", false,
                                 "2026-12-24T10:00:30Z", "Thu 2026-12-24 10:00:30 UTC"},
                             Row{"Mon *-*-1..7 10:00-11:00 UTC", "2026-12-07T11:00:00Z", false,
                                 "2027-01-04T10:00:00Z", "Mon 2027-01-04 10:00 UTC"},
                             Row{"*-1/3-15 10:00-11:00 UTC", "2026-11-01T00:00:00Z", false,
                                 "2027-01-15T10:00:00Z", "Fri 2027-01-15 10:00 UTC"},
                             Row{"12-24 10:00-11:00 UTC", "2026-12-25T00:00:00Z", false,
                                 "2027-12-24T10:00:00Z", "Fri 2027-12-24 10:00 UTC"},
                             Row{"Mon *-02-29 10:00-11:00 UTC", "2026-01-01T00:00:00Z", false,
                                 "2044-02-29T10:00:00Z", "Mon 2044-02-29 10:00 UTC"}));

INSTANTIATE_TEST_SUITE_P(Clocks, WindowTest,
                         testing::Values(Row{"02:00-04:00", "2026-12-01T00:59:59Z", false,
                                             "2026-12-01T01:00:00Z", "Tue 2026-12-01 02:00"},
                                         Row{"02:00-04:00", "2026-07-01T01:30:00Z", true,
                                             "2026-07-01T01:30:00Z", "Wed 2026-07-01 03:30"},
                                         Row{"02:00-04:00 America/New_York", "2026-12-01T06:59:59Z",
                                             false, "2026-12-01T07:00:00Z",
                                             "Tue 2026-12-01 02:00 America/New_York"},
                                         // At 01:00 UTC clocks go from 02:00 to 03:00.
                                         Row{"02:30-04:00", "2026-03-29T00:59:59Z", false,
                                             "2026-03-29T01:00:00Z", "Sun 2026-03-29 03:00"},
                                         Row{"02:00-03:00", "2026-03-28T02:00:00Z", false,
                                             "2026-03-30T00:00:00Z", "Mon 2026-03-30 02:00"},
                                         Row{"01:00-02:30", "2026-03-29T00:59:59Z", true,
                                             "2026-03-29T00:59:59Z", "Sun 2026-03-29 01:59:59"},
                                         Row{"01:00-02:30", "2026-03-29T01:00:00Z", false,
                                             "2026-03-29T23:00:00Z", "Mon 2026-03-30 01:00"},
                                         // At 01:00 UTC clocks go from 03:00 back to 02:00.
                                         Row{"02:30-04:00", "2026-10-25T00:29:59Z", false,
                                             "2026-10-25T00:30:00Z", "Sun 2026-10-25 02:30"},
                                         Row{"02:30-04:00", "2026-10-25T01:10:00Z", true,
                                             "2026-10-25T01:10:00Z", "Sun 2026-10-25 02:10"},
                                         Row{"01:00-02:30", "2026-10-25T00:30:00Z", false,
                                             "2026-10-26T00:00:00Z", "Mon 2026-10-26 01:00"}));

TEST(WindowText, SaysWhatIsWrong) {
    const auto fault = [](const char* text) { return parse_window(text).fault; };
    EXPECT_EQ(fault("Mon..Fri"),
              "'Mon..Fri' is no window; one like \"Mon..Fri 02:00-04:00\" is expected");
    EXPECT_EQ(fault("Mon..Fry 02:00-04:00"),
              "'Mon..Fry 02:00-04:00' is no window; 'Mon..Fry' is no day of the week");
    EXPECT_EQ(fault("Sat..Mon 02:00-04:00"),
              "'Sat..Mon 02:00-04:00' is no window; the week begins on Monday, so 'Sat..Mon' is to "
              "be written in two parts (\"Sat,Sun,Mon\")");
    EXPECT_EQ(fault("02:00-02:00"), "'02:00-02:00' is no window; '02:00-02:00' is over as it "
                                    "begins; a whole day is 00:00-24:00");
    EXPECT_EQ(fault("*-02-30 02:00-04:00"),
              "'*-02-30 02:00-04:00' is no window; there is no day '*-02-30'");
    EXPECT_EQ(fault("*-13-01 02:00-04:00"),
              "'*-13-01 02:00-04:00' is no window; '13' is no month; one from 1 to 12, \"1..5\", "
              "\"1,15\" or \"*\" is expected");
    EXPECT_EQ(fault("02:00-04:00 ../../etc/shadow"),
              "'02:00-04:00 ../../etc/shadow' is no window; '../../etc/shadow' is no time zone; "
              "\"UTC\" or one like \"Europe/Berlin\" is expected");
    for (const char* text : {"",
                             " ",
                             "-",
                             ":",
                             "02:00",
                             "02:00-",
                             "-02:00",
                             "2-4",
                             "24:00-02:00",
                             "02:60-04:00",
                             "02:00-04:00:60",
                             "2:0-4:0",
                             "002:00-04:00",
                             "Mon Tue 02:00-04:00",
                             "Mon, 02:00-04:00",
                             "*-*-* *-*-* 02:00-04:00",
                             "*-*-0 02:00-04:00",
                             "*-*-1/0 02:00-04:00",
                             "*-*-5..3 02:00-04:00",
                             "1-2-3-4 02:00-04:00",
                             "02:00-04:00 UTC UTC",
                             "02:00-04:00 /etc",
                             "02:00-04:00 Mon..Fri",
                             "*-*-1/x 02:00-04:00",
                             "*-*-x/2 02:00-04:00",
                             "*-*-5..x 02:00-04:00",
                             "x:00-04:00",
                             "02:x0-04:00",
                             "02:00:x0-04:00",
                             "02:00:0-04:00",
                             "02:00:00:00-04:00",
                             "02:00-04:00 9urope/Berlin",
                             "02:00-04:00 -urope/Berlin",
                             "daily",
                             "99999-01-01 02:00-04:00"})
        EXPECT_NE(fault(text), "") << text;
    const std::string longest(64, 'a');
    EXPECT_EQ(window("02:00-04:00 " + longest).zone, longest);
    EXPECT_NE(fault(("02:00-04:00 a" + longest).c_str()), "");
}

TEST(WindowText, MeansTheSameInItsOldAndLongForms) {
    const auto same = [](const char* one, const char* other) {
        Window first = window(one);
        Window second = window(other);
        first.text = second.text = "";
        EXPECT_EQ(first, second) << one;
    };
    same("Mon-Fri 02:00-04:00", "Mon..Fri 02:00-04:00");
    same("monday,TUE  2:00:00-4:00", "Mon,Tue 02:00-04:00");
    same("*-*-* 02:00-04:00", "02:00-04:00");
}

TEST(Windows, ThatAreOverNeverOpenAgain) {
    EXPECT_FALSE(
        next_opening({window("2020-*-* 02:00-04:00")}, zones(), at("2026-01-01T00:00:00Z")));
    EXPECT_FALSE(is_open({}, zones(), at("2026-01-01T00:00:00Z")));
    EXPECT_FALSE(next_opening({}, zones(), at("2026-01-01T00:00:00Z")));
}

TEST(Windows, OpenWithTheFirstOfThem) {
    const std::vector<Window> windows{window("Sun 02:00-04:00 UTC"), window("Sat 02:00-04:00 UTC")};
    const auto next = next_opening(windows, zones(), at("2026-12-01T00:00:00Z"));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->window, &windows[1]);
    EXPECT_EQ(format_rfc3339(next->when), "2026-12-05T02:00:00Z");
}

/// A window at random, of few digits, so that they also meet.
std::string random_window(std::mt19937_64& random) {
    static const std::vector<std::string> days{"", "Mon..Fri ", "Sun ", "Sat,Sun ", "Tue "};
    static const std::vector<std::string> dates{"", "*-*-* ", "*-*-25..31 ", "*-3,10-* ",
                                                "*-*-1/7 "};
    static const std::vector<std::string> named{"", " UTC", " America/New_York"};
    const auto one_of = [&](const auto& list) { return list[random() % list.size()]; };
    const auto time = [&] {
        return std::to_string(random() % 24) + (random() % 2 == 0 ? ":00" : ":30");
    };
    const std::string begin = time();
    std::string end = time();
    if (end == begin)
        end = "24:00";
    return one_of(days) + one_of(dates) + begin + "-" + end + one_of(named);
}

TEST(Windows, AreOpenWhenTheyOpenAndClosedTheSecondBefore) {
    std::mt19937_64 random(11);
    // Around both changes of the clocks of 2026, on both sides of the ocean, and anywhere.
    const std::vector<WallTime> places{at("2026-03-07T00:00:00Z"), at("2026-03-28T00:00:00Z"),
                                       at("2026-10-24T00:00:00Z"), at("2026-10-31T00:00:00Z"),
                                       at("2027-06-01T00:00:00Z")};
    for (int i = 0; i < 20000; ++i) {
        std::vector<Window> windows;
        for (std::size_t count = 1 + random() % 3; count > 0; --count)
            windows.push_back(window(random_window(random)));
        const WallTime when = places[random() % places.size()] + chr::seconds(random() % 172800);
        const std::string shown = windows.front().text + " at " + format_rfc3339(when);
        const auto next = next_opening(windows, zones(), when);
        ASSERT_TRUE(next) << shown;
        ASSERT_GE(next->when, when) << shown;
        ASSERT_TRUE(is_open(windows, zones(), next->when)) << shown;
        ASSERT_EQ(is_open(windows, zones(), when), next->when == when) << shown;
        if (next->when == when)
            continue;
        ASSERT_FALSE(is_open(windows, zones(), next->when - 1s)) << shown;
        // And it does not open in between.
        for (int probe = 0; probe < 10; ++probe) {
            const WallTime between =
                when +
                chr::seconds(random() % static_cast<std::uint64_t>(
                                            chr::floor<chr::seconds>(next->when - when).count()));
            ASSERT_FALSE(is_open(windows, zones(), between))
                << shown << " and at " << format_rfc3339(between);
        }
    }
}

} // namespace
} // namespace provisor
