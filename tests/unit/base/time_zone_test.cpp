// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.hpp"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>

namespace provisor {
namespace {

namespace chr = std::chrono;
using chr::sys_seconds;
using namespace std::chrono_literals;

sys_seconds at(int year, unsigned month, unsigned day, chr::seconds time) {
    return chr::sys_days(chr::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}
chr::local_seconds local(int year, unsigned month, unsigned day, chr::seconds time) {
    return chr::local_seconds(at(year, month, day, time).time_since_epoch());
}

/// What libc makes of a zone; it has one for the whole process.
class LibcZone {
public:
    explicit LibcZone(const std::string& name) {
        ::setenv("TZ", name.c_str(), 1);
        ::tzset();
    }
    LibcZone(const LibcZone&) = delete;
    LibcZone& operator=(const LibcZone&) = delete;
    ~LibcZone() {
        ::unsetenv("TZ");
        ::tzset();
    }
    static chr::seconds offset_at(sys_seconds time) {
        const std::time_t seconds = time.time_since_epoch().count();
        std::tm parts{};
        ::localtime_r(&seconds, &parts);
        return chr::seconds(parts.tm_gmtoff);
    }
};

TEST(PosixTzRule, GivesTheOffsetOfEachSeason) {
    struct Row {
        const char* rule;
        sys_seconds time;
        chr::seconds offset;
    };
    for (const Row& row : {Row{"UTC0", at(2026, 7, 1, 0s), 0s},
                           {"<+0545>-5:45", at(2026, 7, 1, 0s), 5h + 45min},
                           {"CET-1CEST,M3.5.0,M10.5.0/3", at(2026, 3, 29, 1h - 1s), 1h},
                           {"CET-1CEST,M3.5.0,M10.5.0/3", at(2026, 3, 29, 1h), 2h},
                           {"CET-1CEST,M3.5.0,M10.5.0/3", at(2026, 10, 25, 1h - 1s), 2h},
                           {"CET-1CEST,M3.5.0,M10.5.0/3", at(2026, 10, 25, 1h), 1h},
                           {"EST5EDT,M3.2.0,M11.1.0", at(2026, 3, 8, 7h), -4h},
                           {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2026, 1, 1, 0s), 11h},
                           {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2026, 7, 1, 0s), 10h},
                           {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", at(2026, 3, 29, 1h), -2h},
                           {"XXX-1YYY-3,J60/0,300/0", at(2024, 2, 29, 22h), 1h},
                           {"XXX-1YYY-3,J60/0,300/0", at(2024, 2, 29, 23h), 3h}}) {
        const auto rule = parse_posix_tz(row.rule);
        ASSERT_TRUE(rule) << row.rule;
        EXPECT_EQ(rule->offset_at(row.time).count(), row.offset.count())
            << row.rule << " at " << row.time.time_since_epoch().count();
    }
}

TEST(PosixTzRule, RefusesWhatIsNone) {
    EXPECT_TRUE(parse_posix_tz("CET-24CEST-24,0/-167,1/167")) << "a switch has up to a week";
    for (const char* text :
         {"", "C", "CET", "CET-", "<+03", "CET-25", "CET25", "CET-1CEST-25,0,1", "CET-168",
          "CET-1:60", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
          "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
          "CET-1CEST,J999,J1"})
        EXPECT_FALSE(parse_posix_tz(text)) << text;
}

/// Whether the machine has the database (tzdata), whatever our reader makes of it.
bool has_time_zones() { return std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin"); }

TEST(TimeZoneFile, IsReadAsLibcReadsIt) {
    if (!has_time_zones())
        GTEST_SKIP() << "no time zone database on this machine";
    std::mt19937_64 random(7);
    for (const char* name :
         {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
          "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Europe/Dublin", "Etc/GMT+5", "UTC"}) {
        const auto zone = read_time_zone(name, "");
        ASSERT_TRUE(zone) << name;
        const LibcZone libc(name);
        for (int i = 0; i < 3000; ++i) {
            // 1970 to 2099: behind the last change that a file lists one by one, too.
            const sys_seconds time(chr::seconds(random() % 4102444800U));
            ASSERT_EQ(zone->offset_at(time).count(), LibcZone::offset_at(time).count())
                << name << " at " << time.time_since_epoch().count();
            const sys_seconds back = zone->to_utc(zone->to_local(time));
            EXPECT_LE(back, time) << name;
            EXPECT_EQ(zone->to_local(back), zone->to_local(time)) << name;
        }
    }
}

TEST(TimeZoneFile, ThatIsDamagedIsNone) {
    EXPECT_FALSE(TimeZone::parse(""));
    EXPECT_FALSE(TimeZone::parse("TZif2"));
    std::string header = "TZif2" + std::string(39, '\0');
    EXPECT_FALSE(TimeZone::parse(header)) << "it has no type";
    header[39] = 1;
    EXPECT_FALSE(TimeZone::parse(header)) << "its data are missing";
    header[32] = 0x7f;
    EXPECT_FALSE(TimeZone::parse(header)) << "its data would not fit anywhere";
    EXPECT_FALSE(read_time_zone("Europe/Nowhere", ""));
    EXPECT_FALSE(read_time_zone("Europe", "")) << "a folder";
}

/// A file (RFC 8536, 3) with one type: local time is ahead of UTC by so many seconds for ever.
std::string file_with_offset(std::int32_t ahead) {
    std::string text = "TZif" + std::string(40, '\0');
    text[39] = 1; // types
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        text += static_cast<char>(static_cast<std::uint32_t>(ahead) >> shift & 0xFFU);
    return text + std::string(2, '\0');
}

TEST(TimeZoneFile, WithAnOffsetOfMoreThanADayIsNone) {
    constexpr std::int32_t hour = 3600;
    for (const std::int32_t offset : {0, 14 * hour, -25 * hour + 1, 26 * hour - 1}) {
        const auto zone = TimeZone::parse(file_with_offset(offset));
        ASSERT_TRUE(zone) << offset;
        EXPECT_EQ(zone->offset_at(at(2026, 1, 1, 0s)), chr::seconds(offset));
    }
    for (const std::int32_t offset : {-25 * hour, 26 * hour, INT32_MIN, INT32_MAX})
        EXPECT_FALSE(TimeZone::parse(file_with_offset(offset))) << offset;
}

TEST(LocalTime, ThatIsSkippedStandsForTheMomentAtWhichClocksArePutForward) {
    if (!has_time_zones())
        GTEST_SKIP() << "no time zone database on this machine";
    const auto berlin = read_time_zone("Europe/Berlin", "");
    ASSERT_TRUE(berlin);
    for (const chr::seconds skipped : {chr::seconds(2h), chr::seconds(2h + 30min), 3h - 1s})
        EXPECT_EQ(berlin->to_utc(local(2026, 3, 29, skipped)), at(2026, 3, 29, 1h));
    EXPECT_EQ(berlin->to_utc(local(2026, 3, 29, 2h - 1s)), at(2026, 3, 29, 1h - 1s));
    EXPECT_EQ(berlin->to_utc(local(2026, 3, 29, 3h)), at(2026, 3, 29, 1h));
    EXPECT_EQ(berlin->to_utc(local(2026, 10, 25, 2h + 30min)), at(2026, 10, 25, 30min))
        << "the first of the two";
}

} // namespace
} // namespace provisor
