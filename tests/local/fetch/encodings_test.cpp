// SPDX-License-Identifier: Apache-2.0
// How bodies may come encoded: what is asked, what is taken, and what is told to the agent of it.
#include "local/fetch/rig.hpp"

#include "base/sha256.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Encodings : public testing::Test {
protected:
    TransferRequest request(const std::string& path, Validator validator = {}) {
        TransferRequest request = rig.request(origin.url(path), std::move(validator));
        request.compressed = true;
        return request;
    }
    TransferRequest with_dictionary(const std::string& path, Validator validator = {}) {
        TransferRequest asked = request(path, std::move(validator));
        asked.dictionary = Dictionary{sha256_of("abc"), "the \"id\""};
        return asked;
    }
    TransferRequest probe(const std::string& path) {
        TransferRequest asked = with_dictionary(path, {"\"1\"", ""});
        asked.probe = true;
        return asked;
    }
    TransferResult run(TransferRequest asked) {
        std::vector<TransferRequest> requests;
        requests.push_back(std::move(asked));
        return std::move(rig.run(std::move(requests)).at(0));
    }
    Request last() const { return origin.log().back().request; }

    Origin origin;
    Rig rig;
};

TEST_F(Encodings, ZstdIsAskedForWhereItMayCome) {
    origin.serve("/app", page("the program"));
    EXPECT_EQ(body_of(run(request("/app"))), "the program");
    EXPECT_EQ(last().header("accept-encoding"), "zstd");
    EXPECT_FALSE(last().headers.contains("available-dictionary"));
    EXPECT_FALSE(last().headers.contains("range"));
}

TEST_F(Encodings, ADictionaryIsOfferedByItsDigest) {
    origin.serve("/app", page("the program"));
    run(with_dictionary("/app"));
    EXPECT_EQ(last().header("accept-encoding"), "dcz, zstd");
    EXPECT_EQ(last().header("available-dictionary"),
              ":ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:");
    EXPECT_EQ(last().header("dictionary-id"), R"("the \"id\"")");
}

TEST_F(Encodings, ButNotWhereARedirectLeads) {
    origin.serve("/app", page("the program", "\"1\"", "redir=1"));
    EXPECT_EQ(body_of(run(with_dictionary("/app"))), "the program");
    EXPECT_EQ(last().header("accept-encoding"), "zstd");
    EXPECT_FALSE(last().headers.contains("available-dictionary"));
    EXPECT_FALSE(last().headers.contains("dictionary-id"));
}

TEST_F(Encodings, AnEncodedBodyIsHandedOnAsItCame) {
    for (const auto& [name, coding] :
         {std::pair("zstd", ContentCoding::zstd), {"dcz", ContentCoding::dcz}}) {
        origin.serve("/app", page("encoded", "\"1\"", std::string("enc=") + name));
        const TransferResult result = run(with_dictionary("/app"));
        EXPECT_EQ(body_of(result), "encoded") << name;
        EXPECT_EQ(result.body->coding, coding);
        EXPECT_EQ(result.validator.etag, "\"1\"");
    }
}

TEST_F(Encodings, WhatWasNotAskedForIsRefused) {
    for (const char* name : {"dcz", "gzip", "br", "zstd,gzip"}) {
        Page odd = page("encoded");
        odd.headers = std::string("Content-Encoding: ") + name + "\r\n";
        origin.serve("/app", odd);
        EXPECT_THAT(outcome_of(run(request("/app"))),
                    HasSubstr(std::string("Content-Encoding '") + name + "'"));
    }
    Page twice = page("encoded", "\"1\"", "enc=zstd");
    twice.headers = "Content-Encoding: zstd\r\n";
    origin.serve("/app", twice);
    EXPECT_THAT(outcome_of(run(request("/app"))), HasSubstr("Content-Encoding 'zstd, zstd'"));
    EXPECT_EQ(rig.bodies_opened(), 0U);
}

TEST_F(Encodings, WhatAnOriginSaysOfDictionariesIsTold) {
    Page served = page("the program", "\"1\"");
    served.headers = "Use-As-Dictionary: match=\"/app*\", id=\"x\"\r\n";
    origin.serve("/app", served);
    EXPECT_EQ(run(request("/app")).use_as_dictionary, (DictionaryUse{"/app*", "x"}));
    served.behavior = "redir=1";
    origin.serve("/app", served);
    EXPECT_EQ(run(request("/app")).use_as_dictionary, std::nullopt) << "it is of another URL";
    served.behavior = "";
    served.headers = "Use-As-Dictionary: nonsense\r\n";
    origin.serve("/app", served);
    EXPECT_EQ(run(request("/app")).use_as_dictionary, std::nullopt);
}

TEST_F(Encodings, AProbeOfWhatHasNotChangedIsAnOrdinary304) {
    origin.serve("/app", page("the program", "\"1\""));
    const TransferResult result = run(probe("/app"));
    EXPECT_TRUE(result.not_modified);
    EXPECT_EQ(origin.body_bytes(), 0U);
    EXPECT_EQ(last().header("range"), "bytes=0-0");
    EXPECT_FALSE(last().headers.contains("if-range"));
}

TEST_F(Encodings, AProbeOfWhatHasChangedCostsOneByte) {
    origin.serve("/app", page(std::string(500'000, 'x'), "\"2\""));
    const TransferResult result = run(probe("/app"));
    EXPECT_TRUE(result.changed);
    EXPECT_FALSE(result.body || result.error || result.not_modified);
    EXPECT_EQ(origin.body_bytes(), 1U);
    EXPECT_EQ(rig.bodies_opened(), 0U);
    origin.serve("/app", page("other", "\"3\"", "range=416"));
    EXPECT_TRUE(run(probe("/app")).changed);
}

TEST_F(Encodings, AProbeOfAnOriginWithoutRangesBringsTheBody) {
    origin.serve("/app", page("the program", "\"2\"", "range=ignore"));
    EXPECT_EQ(body_of(run(probe("/app"))), "the program");
}

TEST_F(Encodings, APartIsNotContinuedInAnotherEncoding) {
    origin.serve("/app", page("the program", "\"1\"", "enc=zstd"));
    TransferRequest asked = request("/app");
    ReadPart part{{"\"1\"", 4, sha256_of("the "), 11}, {}};
    part.sha.update(std::as_bytes(std::span("the ", 4)));
    asked.part = std::move(part);
    const TransferResult result = run(std::move(asked));
    EXPECT_FALSE(result.resumed);
    EXPECT_EQ(body_of(result), "the program");
    std::vector<int> statuses;
    for (const Exchange& one : origin.await_log(2))
        statuses.push_back(one.status);
    EXPECT_THAT(statuses, testing::UnorderedElementsAre(206, 200));
}

} // namespace
} // namespace provisor::test
