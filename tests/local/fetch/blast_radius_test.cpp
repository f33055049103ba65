// SPDX-License-Identifier: Apache-2.0
// What a provisor-fetch costs that dies of an answer, hangs or lies, and what it could have known.
#include "local/fetch/rig.hpp"
#include "support/within.hpp"

#include <gmock/gmock.h>
#include <set>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BlastRadius : public testing::Test {
protected:
    TransferRequest request(const std::string& url, std::vector<std::string> secrets = {}) const {
        TransferRequest request;
        request.component = "tested";
        request.url = url;
        request.max_size = 1 << 20;
        request.secret_headers = std::move(secrets);
        request.place.open = [opened = opened_](const BodyStart&) {
            ++*opened;
            return unnamed_file();
        };
        return request;
    }
    std::vector<TransferResult> ask(const std::vector<std::string>& urls) {
        std::vector<TransferRequest> requests;
        for (const std::string& url : urls)
            requests.push_back(request(url));
        return run(std::move(requests));
    }
    std::vector<TransferResult> run(std::vector<TransferRequest> requests) {
        if (!transfer)
            transfer = std::make_unique<FetchTransfer>(PROVISOR_FRAGILE_FETCH, config);
        auto results = transfer->run(std::move(requests), interrupt, progress);
        EXPECT_TRUE(progress.snapshot().running.empty());
        return results;
    }
    /// The process that has answered, as it says.
    static std::string process_of(const TransferResult& result) {
        const std::string body = body_of(result);
        return body.substr(0, body.find(' '));
    }

    std::shared_ptr<unsigned> opened_ = std::make_shared<unsigned>(0);
    AgentConfig config = test_config();
    std::unique_ptr<FetchTransfer> transfer;
    Interrupt interrupt;
    Progress progress;
};

TEST_F(BlastRadius, OneThatDiesIsToldWithWhatItRead) {
    const auto results = ask({"http://a/kill"});
    EXPECT_EQ(outcome_of(results[0]),
              "http: 'http://a/kill': while it read the answer, "
              "provisor-fetch was killed by signal 11 (Segmentation fault)");
    EXPECT_EQ(results[0].error->url, "http://a/kill");
}

TEST_F(BlastRadius, OnlyTheOneThatKilledFails) {
    std::vector<std::string> urls;
    for (int i = 0; i < 40; ++i)
        urls.push_back((i == 7       ? "http://a/kill"
                        : i % 2 == 0 ? "http://b/late"
                                     : "http://c/fine") +
                       std::to_string(i));
    const auto begun = Clock::now();
    const auto results = ask(urls);
    for (std::size_t i = 0; i < urls.size(); ++i)
        EXPECT_THAT(outcome_of(results[i]), StartsWith(i == 7 ? "http: " : "200 with ")) << urls[i];
    EXPECT_LT(Clock::now() - begun, within(seconds(5)));
}

TEST_F(BlastRadius, AllWhoKillFailAndNobodyElseHoweverMany) {
    config.parallel = 4;
    std::vector<std::string> urls;
    for (int i = 0; i < 60; ++i)
        urls.push_back((i % 3 == 0 ? "http://a/kill" : "http://b/late") + std::to_string(i));
    const auto results = ask(urls);
    for (std::size_t i = 0; i < urls.size(); ++i)
        EXPECT_THAT(outcome_of(results[i]), StartsWith(i % 3 == 0 ? "http: " : "200 with "));
}

TEST_F(BlastRadius, ABodyThatHadBegunInTheDeadProcessIsWholeInTheEnd) {
    // Both are asked again; one of them is the one.
    const auto results = ask({"http://a/begun", "http://a/late", "http://a/begun2"});
    EXPECT_THAT(outcome_of(results[0]), StartsWith("http: "));
    EXPECT_THAT(outcome_of(results[1]), StartsWith("200 with "));
    EXPECT_THAT(outcome_of(results[2]), StartsWith("http: "));
    EXPECT_FALSE(results[0].body);
    EXPECT_EQ(process_of(results[1]).find("half"), std::string::npos);
}

TEST_F(BlastRadius, HttpHttpsAndEachOriginWithSecretsHaveAProcessOfTheirOwn) {
    std::vector<TransferRequest> requests;
    for (const char* url : {"http://a/fine", "http://b/fine", "https://a/fine", "https://b/fine"})
        requests.push_back(request(url));
    for (const char* url : {"https://a/fine-secret", "https://A:443/fine-secret",
                            "https://a:8443/fine-secret", "http://a/fine-secret"})
        requests.push_back(request(url, {"Authorization: Bearer secret"}));
    requests.push_back(request("https://user:password@c/fine"));
    const auto results = run(std::move(requests));
    std::vector<std::string> by;
    for (const TransferResult& result : results)
        by.push_back(process_of(result));
    EXPECT_EQ(by[0], by[1]);
    EXPECT_EQ(by[2], by[3]);
    EXPECT_EQ(by[4], by[5]) << "the same origin, written in another way";
    const std::set<std::string> apart{by[0], by[2], by[4], by[6], by[7], by[8]};
    EXPECT_EQ(apart.size(), 6U);
    EXPECT_EQ(transfer->fetcher_pids().size(), 6U);
}

TEST_F(BlastRadius, ProcessesAreKeptForTheNextBatch) {
    const std::string first = process_of(ask({"https://a/fine"})[0]);
    EXPECT_EQ(process_of(ask({"https://b/fine"})[0]), first);
    EXPECT_NE(process_of(ask({"http://b/fine"})[0]), first);
    EXPECT_EQ(process_of(ask({"https://c/fine"})[0]), first);
}

TEST_F(BlastRadius, TheClientCertificateIsKnownWhereItIsUsedAndNowhereElse) {
    const TemporaryFolder folder;
    for (const char* name : {"cert.pem", "key.pem"})
        write_text(folder / name, "-----BEGIN X-----\n-----END X-----\n");
    config.tls.client_cert = folder / "cert.pem";
    config.tls.client_key = folder / "key.pem";
    std::vector<TransferRequest> requests;
    for (const char* url :
         {"https://own/fine", "https://mirror/fine", "http://own/fine", "https://other/fine"}) {
        requests.push_back(request(url));
        requests.back().own_origin = std::string(url).find("mirror") == std::string::npos;
    }
    const auto results = run(std::move(requests));
    EXPECT_THAT(body_of(results[0]), HasSubstr("with certificate"));
    EXPECT_THAT(body_of(results[1]), Not(HasSubstr("with certificate")));
    EXPECT_THAT(body_of(results[2]), Not(HasSubstr("with certificate")));
    EXPECT_THAT(body_of(results[3]), HasSubstr("with certificate"));
    EXPECT_NE(process_of(results[0]), process_of(results[3]));
}

TEST_F(BlastRadius, ManyOriginsWithSecretsShareAFewPlaces) {
    std::vector<TransferRequest> requests;
    for (int i = 0; i < 100; ++i)
        requests.push_back(request("https://a" + std::to_string(i) + "/fine", {"X-Key: secret"}));
    const auto results = run(std::move(requests));
    std::set<std::string> processes;
    for (const TransferResult& result : results)
        processes.insert(process_of(result));
    EXPECT_EQ(processes.size(), 100U) << "two origins shared a process";
    EXPECT_LE(transfer->fetcher_pids().size(), 16U);
}

TEST_F(BlastRadius, OneThatHangsIsEndedAndTheOthersGoOn) {
    config.timeouts.connect = config.timeouts.stall = milliseconds(1);
    transfer = std::make_unique<FetchTransfer>(PROVISOR_FRAGILE_FETCH, config);
    // The agent's own limits are ten seconds longer than those of provisor-fetch.
    const auto begun = Clock::now();
    const auto results = ask({"http://a/hang", "http://a/late", "http://a/endless"});
    EXPECT_THAT(outcome_of(results[0]),
                AllOf(StartsWith("timeout: 'http://a/hang'"), HasSubstr("in time")));
    EXPECT_THAT(outcome_of(results[1]), StartsWith("200 with "));
    EXPECT_THAT(outcome_of(results[2]),
                AllOf(StartsWith("timeout: 'http://a/endless'"), HasSubstr("in time")));
    EXPECT_LT(Clock::now() - begun, within(seconds(40)));
}

TEST_F(BlastRadius, EmptyPiecesOfABodyAreNonsense) {
    const auto results = ask({"http://a/empty", "http://a/late"});
    EXPECT_THAT(outcome_of(results[0]), AllOf(StartsWith("http: "), HasSubstr("that are none")));
    EXPECT_THAT(outcome_of(results[1]), StartsWith("200 with "));
}

TEST_F(BlastRadius, OneThatDoesNotStopWhenItIsToldToIsEnded) {
    const auto begun = Clock::now();
    const auto results = ask({"http://a/forever", "http://a/late"});
    EXPECT_THAT(outcome_of(results[0]),
                AllOf(StartsWith("size: "), HasSubstr("more than the limit")));
    EXPECT_THAT(outcome_of(results[1]), StartsWith("200 with "));
    EXPECT_LT(Clock::now() - begun, within(seconds(40)));
}

TEST_F(BlastRadius, NoMoreThanParallelAreAskedOfAllProcessesTogether) {
    config.parallel = 2;
    std::vector<std::string> urls;
    for (int i = 0; i < 4; ++i)
        for (const char* scheme : {"http", "https"})
            urls.push_back(std::string(scheme) + "://a/late" + std::to_string(i));
    const auto begun = Clock::now();
    for (const TransferResult& result : ask(urls))
        EXPECT_THAT(outcome_of(result), StartsWith("200 with "));
    // Each keeps its place for 150 ms.
    EXPECT_GE(Clock::now() - begun, milliseconds(4 * 150 - 20));
}

TEST_F(BlastRadius, AnInterruptEndsAllOfThem) {
    std::vector<TransferRequest> requests;
    for (int i = 0; i < 10; ++i)
        requests.push_back(request("https://a" + std::to_string(i) + "/hang", {"X-Key: secret"}));
    std::thread stop([&] {
        std::this_thread::sleep_for(milliseconds(300));
        interrupt.raise();
    });
    const auto begun = Clock::now();
    EXPECT_THROW(run(std::move(requests)), Interrupted);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(1300)));
    stop.join();
    EXPECT_TRUE(transfer->fetcher_pids().empty());
}

} // namespace
} // namespace provisor::test
