// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"

#include <cerrno>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <initializer_list>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Bodies : public testing::Test {
protected:
    Origin origin;
    Rig rig;
};

/// Whole bodies in every legal framing.
class Framing : public Bodies, public testing::WithParamInterface<const char*> {};

TEST_P(Framing, BringsTheWholeBody) {
    std::string content(300'000, 'x');
    content[150'000] = '\n';
    origin.serve("/app", page(content, "\"1\"", GetParam()));
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(outcome_of(result), "200 with 300000 bytes");
    ASSERT_TRUE(result.body);
    EXPECT_EQ(result.body->sha256, sha256_of(content));
    EXPECT_EQ(body_of(result), content);
    EXPECT_EQ(result.validator.etag, "\"1\"");
}

INSTANTIATE_TEST_SUITE_P(All, Framing,
                         testing::Values("", "chunked", "nolen", "http10", "early", "trailer",
                                         "chunked,early", "close", "enc=identity"),
                         [](const testing::TestParamInfo<const char*>& row) {
                             std::string name = std::string("Plain") + row.param;
                             std::erase_if(name, [](char c) { return c == ',' || c == '='; });
                             return name;
                         });

TEST_F(Bodies, AnEmptyBodyIsABody) {
    origin.serve("/app", page("", "\"1\""));
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(outcome_of(result), "200 with 0 bytes");
    EXPECT_EQ(result.body->sha256, sha256_of(""));
}

TEST_F(Bodies, ADeclaredLengthBeyondTheLimitIsRefusedBeforeTheFirstByte) {
    origin.serve("/app", page("x", "\"1\"", "big=10T"));
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_THAT(outcome_of(result),
                HasSubstr("size: '" + origin.url("/app") +
                          "' declares 10995116277760 bytes, the limit is 1048576"));
    EXPECT_EQ(result.bytes, 0U);
    EXPECT_EQ(rig.bodies_opened(), 0U);
}

TEST_F(Bodies, ABodyOfExactlyTheLimitIsTaken) {
    origin.serve("/app", page(std::string(rig.max_size, 'x')));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 1048576 bytes");
    origin.serve("/app", page(std::string(rig.max_size + 1, 'x'), "", "chunked"));
    EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), HasSubstr("size: "));
}

TEST_F(Bodies, EndlessBodiesEndAtTheLimit) {
    for (const char* behavior : {"endless", "endlesschunk"}) {
        origin.serve("/app", page("x", "\"1\"", behavior));
        const TransferResult result = rig.get(origin.url("/app"));
        EXPECT_THAT(outcome_of(result), HasSubstr("sent more than the limit of 1048576 bytes"));
        EXPECT_THAT(outcome_of(result), HasSubstr("size: ")) << behavior;
        EXPECT_LE(result.bytes, rig.max_size + 65'536) << behavior;
    }
}

TEST_F(Bodies, AFailureAmongOthersHarmsNoneOfThemNorTheNextBatch) {
    origin.serve("/endless", page("x", "", "endless"));
    origin.serve("/stall", page("0123456789", "", "stall=5"));
    std::vector<TransferRequest> requests;
    for (int i = 0; i < 20; ++i) {
        const std::string path = "/fine" + std::to_string(i);
        origin.serve(path, page(path, "\"" + path + "\""));
        requests.push_back(rig.request(origin.url(path)));
    }
    requests.insert(requests.begin() + 3, rig.request(origin.url("/endless")));
    requests.insert(requests.begin() + 5, rig.request(origin.url("/stall")));
    requests.insert(requests.begin() + 7, rig.request(origin.url("/missing")));
    const std::vector<TransferResult> results = rig.run(std::move(requests));
    ASSERT_EQ(results.size(), 23U);
    EXPECT_THAT(outcome_of(results[3]), HasSubstr("size: "));
    EXPECT_THAT(outcome_of(results[5]), HasSubstr("timeout: "));
    EXPECT_THAT(outcome_of(results[7]), HasSubstr("HTTP 404"));
    int fine = 0;
    for (const std::size_t at : std::initializer_list<std::size_t>{
             0, 1, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22})
        EXPECT_EQ(body_of(results[at]), "/fine" + std::to_string(fine++));
    const int pid = rig.transfer().fetcher_pid();
    EXPECT_EQ(outcome_of(rig.get(origin.url("/fine0"))), "200 with 6 bytes");
    EXPECT_EQ(rig.transfer().fetcher_pid(), pid) << "it was started anew";
}

TEST_F(Bodies, TroubleWithTheFileIsTheRequestsOwnError) {
    origin.serve("/app", page(std::string(500'000, 'x')));
    std::vector<TransferRequest> requests;
    requests.push_back(rig.request(origin.url("/app")));
    requests.push_back(rig.request(origin.url("/app")));
    requests.push_back(rig.request(origin.url("/app")));
    requests[0].place.open = [](const BodyStart&) {
        return Fd(::open("/dev/full", O_RDWR | O_CLOEXEC));
    };
    requests[1].place.open = [](const BodyStart&) -> Fd {
        throw system_error(ENOSPC, "open a blob");
    };
    const std::vector<TransferResult> results = rig.run(std::move(requests));
    EXPECT_THAT(outcome_of(results[0]), HasSubstr("space: "));
    EXPECT_THAT(outcome_of(results[1]), HasSubstr("space: open a blob"));
    EXPECT_EQ(results[1].bytes, 0U);
    EXPECT_EQ(outcome_of(results[2]), "200 with 500000 bytes");
}

TEST_F(Bodies, ErrorsNameTheAddressWithoutItsSecrets) {
    origin.serve("/app", page("x", "", "status=403"));
    std::string url = origin.url("/app?X-Amz-Signature=very-secret&v=1");
    url.insert(url.find("127"), "user:hidden@");
    const TransferResult result = rig.get(url);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->url, origin.url("/app?X-Amz-Signature=…&v=…"));
    EXPECT_EQ(result.error->http_status, 403);
    for (const char* secret : {"very-secret", "hidden", "user"})
        EXPECT_EQ(outcome_of(result).find(secret), std::string::npos) << outcome_of(result);
    // It is used all the same.
    EXPECT_THAT(origin.log().at(0).request.header("authorization"), HasSubstr("Basic "));
}

TEST_F(Bodies, ProgressNamesTheRunningTransferAndForgetsIt) {
    origin.serve("/app", page(std::string(1000, 'x'), "", "stall=400"));
    rig.get(origin.url("/app"));
    EXPECT_TRUE(rig.progress().snapshot().running.empty());
}

} // namespace
} // namespace provisor::test
