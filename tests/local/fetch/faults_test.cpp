// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"
#include "support/within.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

struct Fault {
    const char* name;
    const char* behavior;
    const char* kind;
    const char* says;
};

/// Every way in which an answer can be wrong ends in one error of the right kind, and never in a
/// body.
class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, AreErrorsAndNeverABody) {
    Origin origin;
    origin.serve("/app", page(std::string(100'000, 'x'), "\"1\"", GetParam().behavior));
    Rig rig;
    const auto begun = Clock::now();
    const TransferResult result = rig.get(origin.url("/app"));
    const std::string outcome = outcome_of(result);
    // Less than libcurl takes by its own measure.
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(5)));
    EXPECT_FALSE(result.body);
    ASSERT_TRUE(result.error) << outcome;
    EXPECT_EQ(to_string(result.error->kind()), std::string(GetParam().kind)) << outcome;
    EXPECT_THAT(outcome, HasSubstr(GetParam().says));
    EXPECT_THAT(outcome, HasSubstr(origin.url("/app")));
    EXPECT_EQ(result.error->url, origin.url("/app"));
    // The program has survived it.
    origin.serve("/fine", page("fine"));
    const int pid = rig.transfer().fetcher_pid();
    EXPECT_EQ(outcome_of(rig.get(origin.url("/fine"))), "200 with 4 bytes");
    EXPECT_EQ(rig.transfer().fetcher_pid(), pid);
}

INSTANTIATE_TEST_SUITE_P(
    Status, Faults,
    testing::Values(Fault{"NotFound", "status=404", "http", "HTTP 404 Not Found from"},
                    Fault{"Gone", "status=410", "http", "HTTP 410 Gone from"},
                    Fault{"Forbidden", "status=403", "http", "credentials"},
                    Fault{"Unauthorized", "status=401", "http", "credentials"},
                    Fault{"ServerError", "status=500", "http", "HTTP 500"},
                    Fault{"BadGateway", "status=502", "http", "HTTP 502"},
                    Fault{"NoContent", "status=204", "http", "HTTP 204"},
                    Fault{"PartialContent", "status=206", "http", "HTTP 206"},
                    Fault{"MultipleChoices", "status=300", "http", "HTTP 300"},
                    Fault{"NotModifiedUnasked", "spur304", "http", "304 without a condition"},
                    // The body of an error page is nobody's business, broken as it may be.
                    Fault{"NotFoundWithoutEnd", "status=404,slowhdr", "timeout",
                          "less than 1 KiB/s for 1 s"},
                    Fault{"OtherStatus", "status=599", "http", "HTTP 599"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Ends, Faults,
    testing::Values(Fault{"CutAtOnce", "cut=0", "http", "ended after 0 of 100000 bytes"},
                    Fault{"CutAfterOne", "cut=1", "http", "ended after 1 of 100000 bytes"},
                    Fault{"CutInTheMiddle", "cut=50000", "http", "ended after 50000 of 100000"},
                    Fault{"CutBeforeTheLast", "cut=99999", "http", "ended after 99999 of 100000"},
                    Fault{"Reset", "rst=50000", "http", "of 100000 bytes"},
                    Fault{"ResetBeforeTheAnswer", "reset", "http", "reset"},
                    Fault{"EndBeforeTheAnswer", "close0", "http", "Empty reply"},
                    Fault{"CutInChunks", "chunked,cut=50000", "http", ""},
                    Fault{"LastChunkMissing", "chunkcut", "http", ""},
                    Fault{"ChunkSizeIsNoNumber", "badchunk", "http", ""}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Silence, Faults,
    testing::Values(Fault{"BeforeTheAnswer", "hang", "timeout", "less than 1 KiB/s for 1 s"},
                    Fault{"InTheBody", "stall=50000", "timeout", "less than 1 KiB/s for 1 s"},
                    Fault{"AfterTheHead", "stall=0", "timeout", "less than 1 KiB/s for 1 s"},
                    Fault{"DripOfBytes", "drip", "timeout", "less than 1 KiB/s for 1 s"},
                    Fault{"DripOfHeaders", "slowhdr", "timeout", "less than 1 KiB/s for 1 s"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Heads, Faults,
    testing::Values(
        Fault{"TwoLengths", "dupcl", "http", "two Content-Length"},
        Fault{"OneLengthTwice", "samecl", "http", "two Content-Length"},
        Fault{"LengthAndChunks", "clte", "http", "both a Content-Length and a Transfer-Encoding"},
        Fault{"NegativeLength", "cl=-5", "http", "Content-Length"},
        Fault{"LengthOfWords", "cl=many", "http", "Content-Length"},
        Fault{"LengthWithPlus", "cl=+100000", "http", "no length: '+100000'"},
        Fault{"LengthInHex", "cl=0x10", "http", "no length"},
        Fault{"LengthBeyondNumbers", "cl=99999999999999999999", "http", "no length"},
        Fault{"NoLengthAtAll", "cl=", "http", "Content-Length"},
        Fault{"NulByte", "nulhdr", "http", ""},
        Fault{"ControlByte", "ctlhdr", "http", "a control character in the header 'X-Odd'"},
        Fault{"HugeHeaders", "hugehdr=400K", "http", "more than 65536 bytes of headers"},
        Fault{"ManyHeaders", "manyhdr=2000", "http", "more than 256 header lines"},
        Fault{"BadStatusLine", "badstatus", "http", ""},
        Fault{"OldHttp", "http09", "http", "HTTP/0.9"},
        Fault{"Gzip", "enc=gzip", "http", "Content-Encoding 'gzip'"},
        Fault{"Zstd", "enc=ZSTD", "http", "Content-Encoding 'zstd'"}),
    [](const auto& row) { return row.param.name; });

TEST(FaultDetails, ALengthShorterThanTheBodyNeverYieldsMoreThanWasDeclared) {
    Origin origin;
    origin.serve("/app", page(std::string(100, 'x'), "", "cl=40"));
    Rig rig;
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(outcome_of(result), "200 with 40 bytes") << "only a digest can tell";
}

TEST(FaultDetails, ErrorPagesOpenNoBodyAndAreNotWaitedFor) {
    Origin origin;
    origin.serve("/app", page("x", "\"1\"", "status=503"));
    Rig rig;
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(rig.bodies_opened(), 0U);
    EXPECT_EQ(result.bytes, 0U);
    EXPECT_TRUE(result.validator.empty());
    EXPECT_EQ(result.error->http_status, 503);
}

TEST(FaultDetails, BodiesOfErrorsAndRedirectsAreNotReadForEver) {
    Origin origin;
    origin.serve("/app", page("content"));
    origin.serve("/missing", page("", "", "status=404,endless"));
    origin.serve("/moved", page("", "", "endless,redirto=/app"));
    Rig rig;
    const auto begun = Clock::now();
    EXPECT_THAT(outcome_of(rig.get(origin.url("/missing"))), HasSubstr("HTTP 404"));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/moved"))), "200 with 7 bytes");
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(2)));
    // What is in the buffers of four programs and two sockets.
    EXPECT_LT(origin.body_bytes(), 20U * 1024 * 1024);
}

TEST(FaultDetails, ASlowBodyAboveTheStallRateIsTaken) {
    Origin origin;
    origin.serve("/app", page(std::string(12'000, 'x'), "", "slow=4K"));
    Rig rig;
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 12000 bytes");
}

TEST(FaultDetails, SilenceInTheHandshakeEndsAtTheConnectLimit) {
    // It waits for the end of a request, which a TLS greeting is not.
    Origin origin;
    AgentConfig config = test_config();
    config.timeouts.stall = std::chrono::seconds(30);
    Rig rig(config);
    const auto begun = Clock::now();
    const std::string url = "https" + origin.url("/app").substr(4);
    EXPECT_THAT(outcome_of(rig.get(url)), HasSubstr("timeout: '" + url + "'"));
    EXPECT_GE(Clock::now() - begun, std::chrono::milliseconds(900));
    // Less than libcurl takes by its own measure.
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(5)));
}

TEST(FaultDetails, RetryAfterIsHandedOn) {
    Origin origin;
    Rig rig;
    for (const char* status : {"429", "503"}) {
        origin.serve("/app", page("x", "", "retry=120,status=" + std::string(status)));
        const TransferResult result = rig.get(origin.url("/app"));
        EXPECT_EQ(result.error->retry_after, std::chrono::seconds(120)) << status;
    }
    origin.serve("/app", page("x", "", "status=404,retry=120"));
    EXPECT_EQ(rig.get(origin.url("/app")).error->retry_after, std::nullopt);
}

TEST(FaultDetails, NobodyListens) {
    std::uint16_t port = 0;
    {
        const Origin gone;
        port = gone.port();
    }
    Rig rig;
    const auto begun = Clock::now();
    const std::string outcome =
        outcome_of(rig.get("http://127.0.0.1:" + std::to_string(port) + "/app"));
    EXPECT_THAT(outcome, HasSubstr("http: "));
    EXPECT_THAT(outcome, HasSubstr("Connection refused"));
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(1)));
}

TEST(FaultDetails, ANameThatIsNoneIsNamed) {
    Rig rig;
    const std::string outcome = outcome_of(rig.get("http://no-such-host.invalid/app"));
    EXPECT_THAT(outcome, testing::AnyOf(HasSubstr("http: "), HasSubstr("timeout: ")));
    EXPECT_THAT(outcome, HasSubstr("no-such-host.invalid"));
}

TEST(FaultDetails, ADeadProxyIsCalledAProxy) {
    std::uint16_t port = 0;
    {
        const Origin gone;
        port = gone.port();
    }
    AgentConfig config = test_config();
    config.proxy = "http://127.0.0.1:" + std::to_string(port);
    Origin origin;
    origin.serve("/app", page("content"));
    Rig rig(config);
    EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), HasSubstr("proxy: "));
    EXPECT_TRUE(origin.log().empty()) << "the proxy was gone round";
}

TEST(FaultDetails, AProxyThatRefusesToConnectIsCalledAProxy) {
    Origin proxy; // answers CONNECT with an error, as it is no proxy
    AgentConfig config = test_config();
    config.proxy = proxy.url("");
    Rig rig(config);
    const std::string outcome = outcome_of(rig.get("https://example.invalid/app"));
    EXPECT_THAT(outcome, HasSubstr("http: "));
    EXPECT_THAT(outcome, HasSubstr("proxy: "));
}

TEST(FaultDetails, ATotalTimeEndsWhatTricklesFastEnough) {
    Origin origin;
    origin.serve("/app", page(std::string(100, 'x'), "", "drip"));
    AgentConfig config = test_config();
    config.timeouts.stall = Duration::zero();
    config.timeouts.total = std::chrono::milliseconds(700);
    Rig rig(config);
    const auto begun = Clock::now();
    EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), HasSubstr("timeout: "));
    EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(2)));
}

TEST(FaultDetails, AClosedKeptConnectionIsReplacedWithoutAnError) {
    Origin origin;
    origin.serve("/app", page("content", "\"1\"", "close"));
    Rig rig;
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
    EXPECT_EQ(origin.connections(), 3U);
}

} // namespace
} // namespace provisor::test
