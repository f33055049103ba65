// SPDX-License-Identifier: Apache-2.0
#include "fetch/classify.hpp"

#include <cerrno>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

WallTime now() { return *parse_rfc3339("2026-01-31T12:00:00Z"); }

std::string message(int code, const std::string& detail) {
    return classify({code, detail, 0, false}, now()).message;
}

struct Code {
    const char* name;
    CURLcode code;
    ErrorKind kind;
};

class Classify : public testing::TestWithParam<Code> {};

TEST_P(Classify, TellsTheKindOfACurlCode) {
    const FetchFailure failure = classify({GetParam().code, "", 0, false}, now());
    EXPECT_EQ(failure.kind, GetParam().kind);
    EXPECT_THAT(failure.message, HasSubstr(curl_easy_strerror(GetParam().code)));
}

TEST(ClassifyWords, TellsACutBodyInWordsOfItsOwn) {
    const FetchFailure failure = classify(
        {CURLE_PARTIAL_FILE, "transfer closed with outstanding read data", 0, false}, now());
    EXPECT_EQ(failure.kind, ErrorKind::http);
    EXPECT_EQ(failure.message, "the connection was closed before the body was whole");
}

TEST(ClassifyWords, NamesTheLimitThatEndedIt) {
    EXPECT_THAT(message(CURLE_OPERATION_TIMEDOUT, "Failed to connect to h port 80 after 30000 ms"),
                HasSubstr("(timeouts.connect)"));
    EXPECT_THAT(message(CURLE_OPERATION_TIMEDOUT, "Operation timed out after 700 milliseconds"),
                HasSubstr("(timeouts.total)"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Classify,
    testing::Values(Code{"UnsupportedProtocol", CURLE_UNSUPPORTED_PROTOCOL, ErrorKind::http},
                    Code{"MalformedUrl", CURLE_URL_MALFORMAT, ErrorKind::http},
                    Code{"ProxyNotResolved", CURLE_COULDNT_RESOLVE_PROXY, ErrorKind::http},
                    Code{"HostNotResolved", CURLE_COULDNT_RESOLVE_HOST, ErrorKind::http},
                    Code{"Refused", CURLE_COULDNT_CONNECT, ErrorKind::http},
                    Code{"WeirdReply", CURLE_WEIRD_SERVER_REPLY, ErrorKind::http},
                    Code{"Http2", CURLE_HTTP2, ErrorKind::http},
                    Code{"Http2Stream", CURLE_HTTP2_STREAM, ErrorKind::http},
                    Code{"EmptyReply", CURLE_GOT_NOTHING, ErrorKind::http},
                    Code{"ResetWhileReading", CURLE_RECV_ERROR, ErrorKind::http},
                    Code{"ResetWhileSending", CURLE_SEND_ERROR, ErrorKind::http},
                    Code{"TooManyRedirects", CURLE_TOO_MANY_REDIRECTS, ErrorKind::http},
                    Code{"Proxy", CURLE_PROXY, ErrorKind::http},
                    Code{"Timeout", CURLE_OPERATION_TIMEDOUT, ErrorKind::timeout},
                    Code{"Handshake", CURLE_SSL_CONNECT_ERROR, ErrorKind::tls},
                    Code{"Verification", CURLE_PEER_FAILED_VERIFICATION, ErrorKind::tls},
                    Code{"CaFile", CURLE_SSL_CACERT_BADFILE, ErrorKind::tls},
                    Code{"ClientCertificate", CURLE_SSL_CERTPROBLEM, ErrorKind::tls},
                    Code{"ClientCertificateWanted", CURLE_SSL_CLIENTCERT, ErrorKind::tls},
                    Code{"Cipher", CURLE_SSL_CIPHER, ErrorKind::tls},
                    Code{"OutOfMemory", CURLE_OUT_OF_MEMORY, ErrorKind::io},
                    Code{"NotSetUp", CURLE_FAILED_INIT, ErrorKind::io}),
    [](const auto& row) { return row.param.name; });

TEST(ClassifyMessage, IsLibcurlsOwnWordsWhereItHasSome) {
    EXPECT_EQ(message(CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host: nowhere"),
              "Could not resolve host: nowhere");
}

TEST(ClassifyMessage, SaysWhyTheConnectionWasNotMade) {
    const FetchFailure failure = classify(
        {CURLE_COULDNT_CONNECT, "Failed to connect to x port 80", ECONNREFUSED, false}, now());
    EXPECT_EQ(failure.message, "Failed to connect to x port 80 (Connection refused)");
}

TEST(ClassifyMessage, SaysThatItIsTheProxyThatFailed) {
    EXPECT_THAT(
        classify({CURLE_COULDNT_CONNECT, "Failed to connect", ECONNREFUSED, true}, now()).message,
        StartsWith("proxy: "));
    EXPECT_THAT(message(CURLE_COULDNT_RESOLVE_PROXY, "Could not resolve proxy: x"),
                StartsWith("proxy: "));
    EXPECT_THAT(message(CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407"),
                StartsWith("proxy: "));
    EXPECT_THAT(message(CURLE_COULDNT_CONNECT, "Failed to connect"), Not(StartsWith("proxy: ")));
}

TEST(ClassifyMessage, NamesTheClockWhenACertificateIsOutOfDate) {
    const auto clock = HasSubstr("(this machine's clock says 2026-01-31T12:00:00Z)");
    EXPECT_THAT(message(CURLE_PEER_FAILED_VERIFICATION, "certificate has expired"), clock);
    EXPECT_THAT(message(CURLE_PEER_FAILED_VERIFICATION, "certificate is not yet valid"), clock);
    EXPECT_THAT(message(CURLE_PEER_FAILED_VERIFICATION, "self-signed certificate"), Not(clock));
    const auto behind = HasSubstr("; probably it is the clock that is behind");
    EXPECT_THAT(message(CURLE_PEER_FAILED_VERIFICATION, "certificate is not yet valid"), behind);
    EXPECT_THAT(message(CURLE_PEER_FAILED_VERIFICATION, "certificate has expired"), Not(behind));
}

TEST(ClassifyKind, IsTlsForAServerThatMissesACertificateAfterTheHandshake) {
    EXPECT_EQ(
        classify({CURLE_RECV_ERROR, "tlsv13 alert certificate required", 0, false}, now()).kind,
        ErrorKind::tls);
}

TEST(ClassifyMessage, HoldsNoControlCharactersAndIsShort) {
    const std::string text = message(CURLE_WEIRD_SERVER_REPLY, "\x1b[31m" + std::string(5000, 'x'));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_LT(text.size(), 1000U);
}

} // namespace
} // namespace provisor
