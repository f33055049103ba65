// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace provisor {
namespace {

ParsedConfig read(const std::string& text) { return parse_agent_config({{"agent.yaml", text}}); }

TEST(AgentConfig, OfNothingIsTheDefault) {
    EXPECT_EQ(read("").config, AgentConfig{});
    EXPECT_EQ(read("tls:\nlimits:\n").config, AgentConfig{});
}

TEST(AgentConfig, ReadsEveryKey) {
    const ParsedConfig parsed = read(R"(
state_dir: /srv/provisor
interval: 1h
splay: 5min
require: pin
parallel: 4
limits: { download_rate: 1M, artifact_size: 8G, min_free: 1G }
timeouts: { connect: 5s, stall: 10s, total: 1h }
cache: { keep_versions: 3, max_size: 10G }
retry: { first: 1s, max: 10min, attempts: 7 }
flip_flop: { window: 2h, switches: 0, hold: 30min, max_hold: 12h }
tls: { ca_file: /etc/ca.pem, client_cert: /etc/c.pem, client_key: /etc/k.pem, min_version: "1.3" }
proxy: http://proxy:3128
max_age: 1d
)");
    ASSERT_TRUE(parsed.errors.empty()) << to_text(parsed.errors.front());
    using namespace std::chrono_literals;
    AgentConfig expected;
    expected.state_dir = "/srv/provisor";
    expected.interval = 1h;
    expected.splay = 5min;
    expected.require = Require::pin;
    expected.parallel = 4;
    expected.limits = {1ULL << 20, 8ULL << 30, 1ULL << 30};
    expected.timeouts = {5s, 10s, 1h};
    expected.cache = {3, 10ULL << 30};
    expected.retry = {1s, 10min, 7};
    expected.flip_flop = {2h, 0, 30min, 12h};
    expected.tls = {"/etc/ca.pem", "/etc/c.pem", "/etc/k.pem", "1.3"};
    expected.proxy = "http://proxy:3128";
    expected.max_age = 24h;
    EXPECT_EQ(parsed.config, expected);
}

TEST(AgentConfig, ALaterFileOverridesSingleKeys) {
    const ParsedConfig parsed = parse_agent_config(
        {{"agent.yaml", "limits: {min_free: 1G, artifact_size: 1G}\nparallel: 3\n"},
         {"10.yaml", "limits: {min_free: 2G}\n"}});
    EXPECT_EQ(parsed.config.limits.min_free, 2ULL << 30);
    EXPECT_EQ(parsed.config.limits.artifact_size, 1ULL << 30);
    EXPECT_EQ(parsed.config.parallel, 3U);
}

TEST(AgentConfig, TheShippedExampleSaysTheDefaults) {
    std::stringstream text;
    text << std::ifstream(CONFIG_FOLDER "/agent.yaml").rdbuf();
    ASSERT_FALSE(text.str().empty());
    // Every line is commented out; taken in, they must say what is so anyway.
    std::string uncommented;
    for (std::string line; std::getline(text, line);)
        if (line.starts_with("#") && !line.starts_with("# "))
            uncommented += line.substr(1) + "\n";
    const ParsedConfig parsed = read(uncommented);
    ASSERT_TRUE(parsed.errors.empty()) << to_text(parsed.errors.front());
    AgentConfig expected;
    expected.state_dir = "/var/lib/provisor";
    EXPECT_EQ(parsed.config, expected);
    EXPECT_NE(uncommented.find("max_age"), std::string::npos);
}

struct Row {
    const char* name;
    const char* text;
    const char* complaint;
};

class BadConfig : public testing::TestWithParam<Row> {};

TEST_P(BadConfig, IsToldWhereAndWhatWasExpected) {
    const ParsedConfig parsed = read(GetParam().text);
    ASSERT_FALSE(parsed.errors.empty());
    const Diagnostic& error = parsed.errors.front();
    EXPECT_EQ(std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": " +
                  error.message,
              GetParam().complaint);
    EXPECT_EQ(parsed.config, AgentConfig{}) << "a bad configuration is not half in force";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadConfig,
    testing::Values(
        Row{"TypingSlip", "intervall: 5min",
            "1:1: configuration: unknown key 'intervall', did you mean 'interval'?"},
        Row{"ZeroInterval", "interval: 0", "1:11: interval: at least 1s is expected"},
        Row{"BadSize", "limits: {min_free: lots}",
            "1:20: min_free: 'lots' is no size; a number of bytes is expected, like 500000, 64M or "
            "4G"},
        Row{"ProxyOfAnUnknownScheme", "proxy: gopher://p",
            "1:8: proxy: one like \"http://proxy.example:3128\" is expected (http, https, "
            "socks4, socks4a, socks5 or socks5h)"},
        Row{"NoTransfers", "parallel: 0",
            "1:11: parallel: a whole number from 1 to 1024 is expected"},
        Row{"MoreTransfersThanOpenFiles", "parallel: 1025",
            "1:11: parallel: a whole number from 1 to 1024 is expected"},
        Row{"RelativeStateDir", "state_dir: var", "1:12: state_dir: 'var' is not an absolute path"},
        Row{"OldTls", "tls: {min_version: \"1.0\"}",
            "1:20: min_version: '1.0' is not one of 1.2, 1.3, did you mean '1.2'?"},
        Row{"BadRequire", "require: pins",
            "1:10: require: 'pins' is not one of none, pin, signature, did you mean "
            "'pin'?"},
        Row{"GoodBesideBad", "parallel: 2\nsplay: x\n",
            "2:8: splay: 'x' is no time span; one like 30s, 5min or \"1h 30min\" is expected"}),
    [](const auto& row) { return row.param.name; });

TEST(AgentConfig, TakesWhatCurlCallsAProxyAndShowsNoneThatItRefuses) {
    for (const char* good : {"proxy.example:3128", "http://me:secret@proxy.example:3128/",
                             "socks5h://[::1]:1080", "https://proxy.example", "\"\""})
        EXPECT_TRUE(read("proxy: " + std::string(good)).errors.empty()) << good;
    for (const char* bad : {"http://", "\"http://me:secret@proxy.example:3128 \"",
                            "http://me:secret@proxy.example:http"}) {
        const ParsedConfig parsed = read("proxy: " + std::string(bad));
        ASSERT_EQ(parsed.errors.size(), 1U) << bad;
        EXPECT_EQ(to_text(parsed.errors[0]).find("secret"), std::string::npos) << bad;
    }
}

} // namespace
} // namespace provisor
