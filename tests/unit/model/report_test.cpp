// SPDX-License-Identifier: Apache-2.0
#include "model/report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

PassReport sample() {
    PassReport report;
    report.id = "5f0d";
    report.started = WallTime(std::chrono::seconds(1'700'000'000));
    report.duration = std::chrono::milliseconds(12);
    report.requests = 3;
    report.transferred = 1;
    report.bytes = 37'000'000;
    report.restarts = 1;
    Outcome update;
    update.name = "x";
    update.decision = Decision::update;
    update.reason = "origin has new content";
    update.version = "1.1";
    update.previous_version = "1.0";
    update.http_status = 200;
    update.bytes = 37'000'000;
    update.units = {{"x.service", "restart", "done", ""}};
    Outcome broken;
    broken.name = "y";
    broken.decision = Decision::fail;
    broken.error = Error(ErrorKind::http, "HTTP 503");
    broken.error->url = "https://o/y";
    broken.error->http_status = 503;
    report.components = {update, broken};
    return report;
}

TEST(Report, JsonHasTheContractsFields) {
    const auto json = nlohmann::json::parse(to_json(sample()));
    EXPECT_EQ(json.at("schema"), 1);
    for (const char* field :
         {"id", "started", "duration_ms", "requests", "transferred", "bytes", "restarts"})
        EXPECT_TRUE(json.at("pass").contains(field)) << field;
    const auto& update = json.at("components").at(0);
    for (const char* field :
         {"name", "decision", "reason", "version", "previous_version", "sha256", "previous_sha256",
          "url", "http_status", "bytes", "duration_ms", "units", "error", "next_try"})
        EXPECT_TRUE(update.contains(field)) << field;
    EXPECT_EQ(update.at("decision"), "update");
    EXPECT_EQ(update.at("error"), nullptr);
    EXPECT_EQ(update.at("next_try"), nullptr);
    EXPECT_EQ(update.at("units").at(0),
              nlohmann::json({{"name", "x.service"}, {"action", "restart"}, {"result", "done"}}));
    const auto& error = json.at("components").at(1).at("error");
    EXPECT_EQ(error, nlohmann::json({{"kind", "http"},
                                     {"message", "HTTP 503"},
                                     {"url", "https://o/y"},
                                     {"http_status", 503}}));
}

TEST(Report, SummaryCountsWhatHappened) {
    EXPECT_EQ(sample().summary(),
              "2 components: 1 update, 1 fail; 3 requests, 1 body (35.3 MiB), 1 unit job, 12ms");
}

TEST(Report, SummaryOfAPassThatTookNoTimeSaysATimeAllTheSame) {
    PassReport report;
    report.duration = std::chrono::microseconds(300);
    EXPECT_EQ(report.summary(), "0 components; 0 requests, 1ms");
}

TEST(Report, IsUnchangedOnlyIfEveryDecisionIsAndNoFileFailed) {
    PassReport report;
    report.components.resize(2);
    EXPECT_TRUE(report.all_unchanged());
    report.failed_files = 1;
    EXPECT_FALSE(report.all_unchanged());
    EXPECT_FALSE(sample().all_unchanged());
}

} // namespace
} // namespace provisor
