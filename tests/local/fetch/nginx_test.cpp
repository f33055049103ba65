// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/nginx.hpp"
#include "local/fetch/rig.hpp"

#include <cstdio>
#include <gtest/gtest.h>
#include <set>
#include <thread>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;

AgentConfig config_for(const Nginx& nginx, unsigned parallel) {
    AgentConfig config = test_config();
    config.timeouts.connect = std::chrono::seconds(10);
    config.timeouts.stall = std::chrono::seconds(20);
    config.tls.ca_file = nginx.file("ca.pem");
    config.parallel = parallel;
    return config;
}

std::set<std::string> connections_in(const std::vector<Nginx::Line>& log) {
    std::set<std::string> connections;
    for (const Nginx::Line& line : log)
        connections.insert(line.connection);
    return connections;
}

/// All of the machine's processors and more, kept busy.
class Load {
public:
    Load() {
        for (unsigned i = 0; i < 2 * std::max(2U, std::thread::hardware_concurrency()); ++i)
            threads_.emplace_back([](const std::stop_token& stop) {
                volatile unsigned work = 0;
                while (!stop.stop_requested())
                    work = work + 1;
            });
    }

private:
    std::vector<std::jthread> threads_;
};

class WithNginx : public testing::Test {
protected:
    void SetUp() override {
        if (!Nginx::installed())
            GTEST_SKIP() << "nginx (nginx-light) or openssl is not installed: HTTP/2 is not tested";
        nginx = &Nginx::shared();
        nginx->forget();
        nginx->publish("app", "content of the program");
    }

    /// So many conditional requests for the same page, all of which must be answered 304.
    void revalidate(Rig& rig, const std::string& server, int count) const {
        const Validator validator = rig.get(nginx->url(server, "/app")).validator;
        ASSERT_FALSE(validator.etag.empty());
        std::vector<TransferRequest> requests;
        requests.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i)
            requests.push_back(
                rig.request(nginx->url(server, "/app?" + std::to_string(i)), validator));
        for (const TransferResult& result : rig.run(std::move(requests)))
            ASSERT_EQ(outcome_of(result), "304");
    }

    Nginx* nginx = nullptr;
};

TEST_F(WithNginx, AThousandRevalidationsOverHttp2UseOneConnection) {
    Rig rig(config_for(*nginx, 16));
    revalidate(rig, "tls", 1000);
    const std::vector<Nginx::Line> log = nginx->log(1001);
    ASSERT_EQ(log.size(), 1001U);
    std::uint64_t body_bytes = 0;
    for (const Nginx::Line& line : log) {
        ASSERT_EQ(line.protocol, "HTTP/2.0");
        body_bytes += line.body_bytes;
    }
    EXPECT_EQ(body_bytes, std::string("content of the program").size());
    EXPECT_EQ(connections_in(log).size(), 1U);
    std::printf("1000 conditional GETs over https, HTTP/2: %zu connection, %zu requests\n",
                connections_in(log).size(), log.size() - 1);
}

TEST_F(WithNginx, OverHttp1ItUsesAtMostParallelConnections) {
    for (const char* server : {"plain", "tls_1"}) {
        Rig rig(config_for(*nginx, 16));
        revalidate(rig, server, 1000);
        const std::vector<Nginx::Line> log = nginx->log(1001);
        EXPECT_EQ(log.size(), 1001U);
        EXPECT_LE(connections_in(log).size(), 16U) << server;
        nginx->forget();
    }
}

TEST_F(WithNginx, AServerThatEndsItsConnectionAfterAThousandRequestsCostsNoError) {
    Rig rig(config_for(*nginx, 100));
    revalidate(rig, "default_limits", 5000);
    const std::size_t connections = connections_in(nginx->log(5001)).size();
    std::printf(
        "5000 conditional GETs, a server that ends connections after 1000: %zu connections\n",
        connections);
    // Left alone, libcurl 7.88 opens one for each transfer that the end of the old one cuts off.
    EXPECT_LE(connections, 12U);
}

TEST_F(WithNginx, Http2DoesNotFallAsleepOverAnswersThatAreThere) {
    // libcurl 7.88 has answers of other streams in its own buffers while it waits for the socket: a
    // wait of a second then takes the whole second, a few times in a hundred batches. New requests
    // would wake it up, so there are none while the answers of a batch come in.
    Rig rig(config_for(*nginx, 100));
    int slow = 0;
    const auto measure = [&](int batches) {
        const auto begun = Clock::now();
        for (int batch = 0; batch < batches; ++batch) {
            const auto batch_begun = Clock::now();
            revalidate(rig, "tls", 99);
            slow += Clock::now() - batch_begun > std::chrono::milliseconds(800) ? 1 : 0;
        }
        return std::chrono::duration<double>(Clock::now() - begun).count();
    };
    const double quiet = measure(200);
    double busy = 0;
    {
        const Load load;
        busy = measure(100);
    }
    std::printf("200 batches of 100 GETs over HTTP/2: %.2f s; 100 on a busy machine: %.2f s; slow "
                "batches: %d\n",
                quiet, busy, slow);
    // One is what a machine with other work may do to us.
    EXPECT_LE(slow, 1);
}

TEST_F(WithNginx, ABodyComesWholeOverHttp2AmongRevalidations) {
    std::string content(5'000'000, 'x');
    content.front() = 'a';
    nginx->publish("large", content);
    Rig rig(config_for(*nginx, 16));
    rig.max_size = 10'000'000;
    const Validator validator = rig.get(nginx->url("tls", "/app")).validator;
    std::vector<TransferRequest> requests;
    requests.reserve(200);
    for (int i = 0; i < 200; ++i)
        requests.push_back(rig.request(nginx->url("tls", i % 20 == 0 ? "/large" : "/app"),
                                       i % 20 == 0 ? Validator{} : validator));
    const std::vector<TransferResult> results = rig.run(std::move(requests));
    for (std::size_t i = 0; i < results.size(); ++i)
        ASSERT_EQ(outcome_of(results[i]), i % 20 == 0 ? "200 with 5000000 bytes" : "304");
    EXPECT_EQ(body_of(results[20]), content);
}

} // namespace
} // namespace provisor::test
