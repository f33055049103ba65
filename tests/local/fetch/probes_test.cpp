// SPDX-License-Identifier: Apache-2.0
// Attempts of health probes, made by the real provisor-fetch against real sockets.
#include "local/fetch/nginx.hpp"
#include "local/fetch/rig.hpp"
#include "support/within.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

/// A machine that loads the test must not fail it.
constexpr milliseconds slack(1500);

/// A socket of [::1] or 127.0.0.1 that is bound and, if so wanted, listens; nobody accepts, which
/// the kernel does.
class Port {
public:
    explicit Port(int family, bool listens = true)
        : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = family == AF_INET6 ? reinterpret_cast<sockaddr*>(&six)
                                           : reinterpret_cast<sockaddr*>(&four);
        socklen_t size = family == AF_INET6 ? sizeof six : sizeof four;
        bound_ = ::bind(socket_.get(), address, size) == 0;
        if (listens)
            ::listen(socket_.get(), 5);
        ::getsockname(socket_.get(), address, &size);
        number_ = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    }
    bool bound() const { return bound_; }
    std::string number() const { return std::to_string(number_); }

private:
    Fd socket_;
    bool bound_ = false;
    std::uint16_t number_ = 0;
};

class Probes : public testing::Test {
protected:
    /// All sightings, each at the place of its attempt.
    std::vector<ProbeSighting> see(const std::vector<ProbeAttempt>& attempts) {
        std::vector<std::uint32_t> numbers;
        for (const ProbeAttempt& attempt : attempts)
            numbers.push_back(rig.transfer().begin_probe(attempt));
        std::vector<ProbeSighting> seen(attempts.size());
        std::size_t told = 0;
        const auto end = Clock::now() + std::chrono::seconds(30);
        while (told < attempts.size() && Clock::now() < end) {
            for (ProbeSighting& one :
                 rig.transfer().await_probes(milliseconds(250), rig.interrupt())) {
                const auto number = std::find(numbers.begin(), numbers.end(), one.number);
                EXPECT_NE(number, numbers.end()) << "one that was not begun here";
                if (number != numbers.end())
                    seen[static_cast<std::size_t>(number - numbers.begin())] = std::move(one);
                ++told;
            }
        }
        EXPECT_EQ(told, attempts.size());
        return seen;
    }
    ProbeSighting see_http(const std::string& url, Duration limit = std::chrono::seconds(10)) {
        return see({{ProbeKind::http, url, limit}}).at(0);
    }
    ProbeSighting see_tcp(const std::string& address, Duration limit = std::chrono::seconds(10)) {
        return see({{ProbeKind::tcp, address, limit}}).at(0);
    }

    Origin origin;
    Rig rig;
};

TEST_F(Probes, AnAnswerOf200IsHealthyAndWasAskedForByAPlainGet) {
    origin.serve("/health", page("fine", "\"1\""));
    const ProbeSighting seen = see_http(origin.url("/health?deep=1"));
    EXPECT_TRUE(seen.healthy);
    EXPECT_EQ(seen.what, "answers 200");
    EXPECT_FALSE(seen.error);
    const Exchange asked = origin.log().at(0);
    EXPECT_EQ(asked.request.method, "GET");
    for (const char* name :
         {"authorization", "cookie", "range", "if-none-match", "proxy-connection"})
        EXPECT_EQ(asked.request.header(name), "") << name;
}

struct Status {
    int status;
    bool healthy;
    const char* says;
};

TEST_F(Probes, OnlyAnAnswerOf2xxIsHealthy) {
    for (const auto& [status, healthy, says] :
         std::vector<Status>{{201, true, "answers 201"},
                             {204, true, "answers 204"},
                             {299, true, "answers 299"},
                             {304, false, "answers 304, and a probe follows no redirect"},
                             {401, false, "answers 401"},
                             {404, false, "answers 404"},
                             {500, false, "answers 500"},
                             {503, false, "answers 503"}}) {
        origin.serve("/health", page("", "", "status=" + std::to_string(status)));
        const ProbeSighting seen = see_http(origin.url("/health"));
        EXPECT_EQ(seen.healthy, healthy) << status;
        EXPECT_EQ(seen.what, says);
        EXPECT_FALSE(seen.error) << "that was seen, and well";
    }
}

TEST_F(Probes, ARedirectIsNotFollowed) {
    Origin elsewhere;
    elsewhere.serve("/fine", page("fine"));
    origin.serve("/health", page("", "", "redirto=" + elsewhere.url("/fine")));
    const ProbeSighting seen = see_http(origin.url("/health"));
    EXPECT_FALSE(seen.healthy);
    EXPECT_THAT(seen.what, HasSubstr("follows no redirect"));
    EXPECT_TRUE(elsewhere.log().empty());
    EXPECT_EQ(origin.log().size(), 1U);
}

TEST_F(Probes, EachHasAConnectionOfItsOwn) {
    origin.serve("/health", page("fine"));
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(see_http(origin.url("/health")).healthy);
    EXPECT_EQ(origin.connections(), 3U);
}

struct Silence {
    const char* name;
    const char* behavior;
};

class SilentProbes : public Probes, public testing::WithParamInterface<Silence> {};

TEST_P(SilentProbes, EndWhenTheirLimitIsOver) {
    origin.serve("/health", page("fine", "", GetParam().behavior));
    const auto begun = Clock::now();
    const ProbeSighting seen = see_http(origin.url("/health"), milliseconds(400));
    EXPECT_FALSE(seen.healthy);
    EXPECT_EQ(seen.what, "does not answer within 0.4s");
    EXPECT_GE(Clock::now() - begun, milliseconds(399));
    EXPECT_LT(Clock::now() - begun, within(milliseconds(400) + slack));
}

INSTANTIATE_TEST_SUITE_P(All, SilentProbes,
                         testing::Values(Silence{"Hang", "hang"},
                                         Silence{"DripOfHeaders", "slowhdr"}),
                         [](const auto& row) { return row.param.name; });

class WordyProbes : public Probes, public testing::WithParamInterface<Silence> {};

/// The head has said it all.
TEST_P(WordyProbes, AreHealthyWhateverBecomesOfTheBody) {
    origin.serve("/health", page(std::string(1000, 'x'), "", GetParam().behavior));
    const auto begun = Clock::now();
    const ProbeSighting seen = see_http(origin.url("/health"), milliseconds(400));
    EXPECT_TRUE(seen.healthy) << seen.what;
    EXPECT_LT(Clock::now() - begun, within(milliseconds(400) + slack));
}

INSTANTIATE_TEST_SUITE_P(All, WordyProbes,
                         testing::Values(Silence{"DripOfTheBody", "drip"},
                                         Silence{"SilenceInTheBody", "stall=10"},
                                         Silence{"CutBody", "cut=10"},
                                         Silence{"ResetInTheBody", "rst=10"}),
                         [](const auto& row) { return row.param.name; });

TEST_F(Probes, AnEndlessBodyIsNotRead) {
    for (const char* behavior : {"endless", "endlesschunk", "big=100G"}) {
        origin.forget();
        origin.serve("/health", page("x", "", behavior));
        const auto begun = Clock::now();
        EXPECT_TRUE(see_http(origin.url("/health")).healthy) << behavior;
        EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(5)))
            << "it did not wait for its limit";
    }
    const std::string peak = proc_status(rig.transfer().prober_pid(), "VmHWM");
    EXPECT_LT(std::stoul(peak), 64U * 1024) << peak;
}

TEST_F(Probes, AnswersThatAreNoneAreUnhealthyAndTold) {
    for (const auto& [behavior, says] : std::vector<std::pair<const char*, const char*>>{
             {"close0", "ends the connection without an answer"},
             {"reset", "the connection was reset"},
             {"http09", "HTTP/0.9"},
             {"badstatus", "cannot be asked: "},
             {"hugehdr=400K", "answers with more than 65536 bytes of headers"}}) {
        origin.serve("/health", page("x", "", behavior));
        const ProbeSighting seen = see_http(origin.url("/health"));
        EXPECT_FALSE(seen.healthy) << behavior;
        EXPECT_THAT(seen.what, HasSubstr(says));
    }
}

TEST_F(Probes, WhatACannotBeTrustedServerSaysIsMadePrintable) {
    origin.serve("/health", page("x", "", "ctlhdr"));
    const ProbeSighting seen = see_http(origin.url("/health"));
    EXPECT_FALSE(seen.healthy);
    EXPECT_EQ(seen.what.find('\x1b'), std::string::npos) << seen.what;
}

TEST_F(Probes, RefusedConnectionsAreTold) {
    const Port closed(AF_INET, false);
    EXPECT_EQ(see_http("http://127.0.0.1:" + closed.number() + "/").what, "refuses connections");
    const ProbeSighting seen = see_tcp("127.0.0.1:" + closed.number());
    EXPECT_FALSE(seen.healthy);
    EXPECT_EQ(seen.what, "refuses connections");
}

TEST_F(Probes, AConnectionThatIsAcceptedIsHealthyAndEndsAtOnce) {
    origin.serve("/", page("x"));
    const ProbeSighting seen = see_tcp("127.0.0.1:" + std::to_string(origin.port()));
    EXPECT_TRUE(seen.healthy) << seen.what;
    EXPECT_EQ(seen.what, "accepts connections");
    EXPECT_TRUE(origin.log().empty()) << "nothing was asked";
}

TEST_F(Probes, NamesAndIpv6AddressesWork) {
    EXPECT_TRUE(see_tcp("localhost:" + std::to_string(origin.port())).healthy);
    const Port six(AF_INET6);
    if (!six.bound())
        GTEST_SKIP() << "this machine has no [::1]: IPv6 is not tested";
    EXPECT_TRUE(see_tcp("[::1]:" + six.number()).healthy);
    EXPECT_FALSE(see_tcp("[::1]:" + Port(AF_INET6, false).number()).healthy);
    const ProbeSighting http = see_http("http://[::1]:" + six.number() + "/", milliseconds(200));
    EXPECT_THAT(http.what, StartsWith("does not answer within")) << "it was connected";
}

TEST_F(Probes, AProxyOfTheEnvironmentIsNotUsed) {
    origin.serve("/health", page("fine"));
    Origin proxy;
    const std::string url = proxy.url("");
    for (const char* name : {"http_proxy", "all_proxy"})
        ::setenv(name, url.c_str(), 1);
    AgentConfig config;
    config.proxy = url;
    FetchTransfer transfer(PROVISOR_FETCH, config);
    transfer.begin_probe({ProbeKind::http, origin.url("/health"), std::chrono::seconds(10)});
    transfer.begin_probe(
        {ProbeKind::tcp, "127.0.0.1:" + std::to_string(origin.port()), std::chrono::seconds(10)});
    const auto seen = transfer.await_probes(std::chrono::seconds(10), rig.interrupt());
    for (const char* name : {"http_proxy", "all_proxy"})
        ::unsetenv(name);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_TRUE(seen[0].healthy && seen[1].healthy) << seen[0].what << seen[1].what;
    EXPECT_EQ(proxy.connections(), 0U);
}

TEST_F(Probes, ManyAtOnceTakeTheTimeOfTheSlowest) {
    origin.serve("/hang", page("", "", "hang"));
    origin.serve("/health", page("fine"));
    std::vector<ProbeAttempt> attempts;
    for (int i = 0; i < 40; ++i) {
        attempts.push_back({ProbeKind::http, origin.url("/hang"), milliseconds(500)});
        attempts.push_back({ProbeKind::http, origin.url("/health"), std::chrono::seconds(20)});
    }
    const auto begun = Clock::now();
    const auto seen = see(attempts);
    EXPECT_LT(Clock::now() - begun, within(milliseconds(500) + 2 * slack));
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_EQ(seen[i].healthy, i % 2 == 1) << i << ": " << seen[i].what;
}

TEST_F(Probes, WhatIsSeenIsToldBeforeWhatIsNot) {
    origin.serve("/hang", page("", "", "hang"));
    origin.serve("/health", page("fine"));
    rig.transfer().begin_probe({ProbeKind::http, origin.url("/hang"), std::chrono::seconds(20)});
    const auto fine = rig.transfer().begin_probe(
        {ProbeKind::http, origin.url("/health"), std::chrono::seconds(20)});
    std::vector<ProbeSighting> seen;
    const auto begun = Clock::now();
    while (seen.empty() && Clock::now() - begun < std::chrono::seconds(10))
        seen = rig.transfer().await_probes(milliseconds(100), rig.interrupt());
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].number, fine);
    EXPECT_TRUE(rig.transfer().await_probes(milliseconds(10), rig.interrupt()).empty());
}

TEST_F(Probes, OneProgramMakesThemAllAndKnowsNoSecret) {
    origin.serve("/health", page("fine"));
    EXPECT_EQ(rig.transfer().prober_pid(), -1) << "it was started for nothing";
    EXPECT_TRUE(rig.transfer().await_probes(milliseconds(10), rig.interrupt()).empty());
    EXPECT_EQ(rig.transfer().prober_pid(), -1);
    see_http(origin.url("/health"));
    const int pid = rig.transfer().prober_pid();
    see_http(origin.url("/health"));
    EXPECT_EQ(rig.transfer().prober_pid(), pid);
    EXPECT_EQ(rig.transfer().fetcher_pid(), -1) << "the other one has nothing to do";
    if (::geteuid() == 0) {
        EXPECT_EQ(proc_status(pid, "CapEff"), "0000000000000000");
        EXPECT_EQ(proc_status(pid, "NoNewPrivs"), "1");
        EXPECT_THAT(proc_status(pid, "Uid"), testing::Not(StartsWith("0\t")));
    }
}

TEST_F(Probes, WhenTheProgramDiesNobodyHasLookedAndTheNextAttemptWorks) {
    origin.serve("/hang", page("", "", "hang"));
    origin.serve("/health", page("fine"));
    const auto number = rig.transfer().begin_probe(
        {ProbeKind::http, origin.url("/hang"), std::chrono::seconds(20)});
    EXPECT_TRUE(rig.transfer().await_probes(milliseconds(100), rig.interrupt()).empty());
    ::kill(rig.transfer().prober_pid(), SIGKILL);
    const auto seen = rig.transfer().await_probes(std::chrono::seconds(10), rig.interrupt());
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].number, number);
    ASSERT_TRUE(seen[0].error);
    EXPECT_EQ(seen[0].error->kind(), ErrorKind::io);
    EXPECT_THAT(seen[0].error->what(), HasSubstr("provisor-fetch was killed by signal 9"));
    EXPECT_TRUE(see_http(origin.url("/health")).healthy);
}

TEST_F(Probes, AProgramThatStandsStillIsEnded) {
    origin.serve("/health", page("fine"));
    see_http(origin.url("/health"));
    const int pid = rig.transfer().prober_pid();
    ::kill(pid, SIGSTOP);
    const auto begun = Clock::now();
    const ProbeSighting seen = see_http(origin.url("/health"), milliseconds(100));
    EXPECT_TRUE(seen.error) << "it says nothing of the address";
    EXPECT_GE(Clock::now() - begun, std::chrono::seconds(2)) << "it was given no time";
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(8)));
    EXPECT_NE(::kill(pid, 0), 0) << "it was left behind";
}

TEST_F(Probes, AnInterruptEndsThemWithinASecond) {
    origin.serve("/hang", page("", "", "hang"));
    rig.transfer().begin_probe({ProbeKind::http, origin.url("/hang"), std::chrono::seconds(20)});
    Clock::time_point raised;
    std::thread later([&] {
        std::this_thread::sleep_for(milliseconds(100));
        raised = Clock::now();
        rig.interrupt().raise();
    });
    EXPECT_THROW(rig.transfer().await_probes(std::chrono::seconds(20), rig.interrupt()),
                 Interrupted);
    later.join();
    EXPECT_LT(Clock::now() - raised, within(milliseconds(1000)));
    EXPECT_EQ(rig.transfer().prober_pid(), -1);
}

TEST_F(Probes, AMissingAuthorityFileIsOursAndNotTheServices) {
    AgentConfig config;
    config.tls.ca_file = "/does/not/exist.pem";
    FetchTransfer transfer(PROVISOR_FETCH, config);
    transfer.begin_probe({ProbeKind::http, "https://127.0.0.1:1/", std::chrono::seconds(1)});
    const auto seen = transfer.await_probes(std::chrono::seconds(10), rig.interrupt());
    ASSERT_EQ(seen.size(), 1U);
    ASSERT_TRUE(seen[0].error);
    EXPECT_EQ(seen[0].error->kind(), ErrorKind::config);
    EXPECT_EQ(transfer.prober_pid(), -1);
}

/// https with an authority of one's own.
class TlsProbes : public testing::Test {
protected:
    void SetUp() override {
        if (!Nginx::installed())
            GTEST_SKIP() << "nginx (nginx-light) or openssl is not installed: TLS is not tested";
        nginx = &Nginx::shared();
        nginx->publish("health", "fine");
        config.tls.ca_file = nginx->file("ca.pem");
    }
    ProbeSighting see(const std::string& server) const {
        FetchTransfer transfer(PROVISOR_FETCH, config);
        const Interrupt interrupt;
        transfer.begin_probe(
            {ProbeKind::http, nginx->url(server, "/health"), std::chrono::seconds(20)});
        return transfer.await_probes(std::chrono::seconds(25), interrupt).at(0);
    }
    Nginx* nginx = nullptr;
    AgentConfig config = test_config();
};

TEST_F(TlsProbes, TheConfiguredAuthorityIsTrustedAndNoOther) {
    EXPECT_EQ(see("tls").what, "answers 200");
    config.tls.ca_file = nginx->file("other_ca.pem");
    const ProbeSighting seen = see("tls");
    EXPECT_FALSE(seen.healthy);
    EXPECT_THAT(seen.what, HasSubstr("(tls.ca_file)"));
}

TEST_F(TlsProbes, AnExpiredCertificateOrAnothersIsUnhealthy) {
    EXPECT_THAT(see("expired").what, HasSubstr("expired"));
    EXPECT_FALSE(see("other_host").healthy);
}

TEST_F(TlsProbes, TheCertificateForTheOriginIsNotShown) {
    config.tls.client_cert = nginx->file("client.pem");
    config.tls.client_key = nginx->file("client.key");
    EXPECT_EQ(see("client").what, "answers 400") << "as nginx says to who has none";
}

} // namespace
} // namespace provisor::test
