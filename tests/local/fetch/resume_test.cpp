// SPDX-License-Identifier: Apache-2.0
// Bodies that are cut off and continued: how many bytes travel, and that what is put together is
// never made of two versions. The real provisor-fetch, the real cache, and an origin that lies.
#include "local/fetch/rig.hpp"
#include "store/cache.hpp"
#include "support/tree_listing.hpp"

#include <algorithm>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/statvfs.h>
#include <thread>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Resume : public testing::Test {
protected:
    Resume() { rig.max_size = std::uint64_t{1} << 31; }

    TransferRequest request() {
        TransferRequest request;
        request.component = "tested";
        request.url = url;
        request.max_size = rig.max_size;
        request.part = cache.unfinished().find_part(url, rig.interrupt());
        request.place.open = [this](const BodyStart& start) {
            return cache.unfinished().begin_body(url, start, min_free);
        };
        request.place.known = [this]() -> std::optional<KnownContent> {
            const auto entry = cache.find(url);
            return entry ? cache.open_known(*entry) : std::nullopt;
        };
        request.place.check_room = [this](std::uint64_t wanted) {
            return cache.unfinished().require_room(min_free, wanted);
        };
        request.place.keep_part = [this](int fd, const BodyPart& part) {
            cache.unfinished().keep_part(url, fd, part);
        };
        return request;
    }
    TransferResult get() {
        std::vector<TransferRequest> requests;
        requests.push_back(request());
        TransferResult result = std::move(rig.run(std::move(requests)).at(0));
        if (result.body)
            cache.keep(url, *result.body, {result.validator});
        return result;
    }
    void serve(const std::string& behavior, const std::string& etag = "\"one\"") {
        Page one = page(content, etag, behavior);
        one.repeat = repeat;
        origin.serve("/app", one);
    }
    std::string stored() const {
        const auto entry = cache.find(url);
        return entry ? read_text(folder.path() / "cache/blobs" / entry->sha256) : "nothing";
    }
    /// Names of what is left of unfinished bodies.
    std::string parts() const {
        std::string names;
        std::error_code gone;
        for (const auto& entry :
             std::filesystem::directory_iterator(folder.path() / "cache/partial", gone))
            names += entry.path().filename().string() + " ";
        return names;
    }

    TemporaryFolder folder;
    Cache cache{folder.path()};
    Origin origin;
    Rig rig;
    std::string url = origin.url("/app");
    std::string content = std::string(100'000, 'a') + std::string(100'000, 'b');
    std::uint64_t repeat = 1;
    std::uint64_t min_free = 0;
};

TEST_F(Resume, ACutBodyIsContinuedWhereItEnded) {
    serve("cut=150000");
    const TransferResult first = get();
    EXPECT_THAT(outcome_of(first), HasSubstr("ended after 150000 of 200000 bytes"));
    serve("");
    const TransferResult second = get();
    EXPECT_EQ(outcome_of(second), "206 with 200000 bytes");
    EXPECT_TRUE(second.resumed);
    EXPECT_EQ(second.bytes, 50'000U);
    EXPECT_EQ(stored(), content);
    const Exchange asked = origin.log().back();
    EXPECT_EQ(asked.request.header("range"), "bytes=150000-");
    EXPECT_EQ(asked.request.header("if-range"), "\"one\"");
    EXPECT_EQ(origin.body_bytes(), 200'000U);
    EXPECT_EQ(parts(), "") << "something is left";
}

TEST_F(Resume, ABodyThatIsWhatIsThereIsNotWritten) {
    serve("");
    get();
    const auto blobs = list_tree(folder.path() / "cache/blobs");
    const auto unfinished = list_tree(folder.path() / "cache/partial");
    serve("", "\"two\"");
    EXPECT_EQ(outcome_of(get()), "200 with 200000 bytes");
    EXPECT_EQ(list_tree(folder.path() / "cache/blobs"), blobs);
    EXPECT_EQ(list_tree(folder.path() / "cache/partial"), unfinished);
    EXPECT_EQ(cache.find(url)->validator.etag, "\"two\"");
}

TEST_F(Resume, ACutBodyThatBeganAsWhatIsThereIsContinued) {
    serve("");
    get();
    serve("cut=150000", "\"two\"");
    EXPECT_TRUE(get().error);
    serve("", "\"two\"");
    origin.forget();
    EXPECT_EQ(outcome_of(get()), "206 with 200000 bytes");
    EXPECT_EQ(origin.body_bytes(), 50'000U);
    EXPECT_EQ(stored(), content);
    EXPECT_EQ(parts(), "");
}

TEST_F(Resume, AlsoAfterResetsAndStalls) {
    for (const char* cut : {"rst=70000", "stall=120000"}) {
        serve(cut);
        EXPECT_TRUE(get().error);
    }
    serve("");
    EXPECT_EQ(outcome_of(get()), "206 with 200000 bytes");
    EXPECT_EQ(stored(), content);
    EXPECT_LE(origin.body_bytes(), 200'000U + 65'536U);
}

struct Odd {
    const char* name;
    const char* behavior;
};
class ResumeOdd : public Resume, public testing::WithParamInterface<Odd> {};

TEST_P(ResumeOdd, StartsOverAndIsWhole) {
    serve("cut=150000");
    get();
    serve(GetParam().behavior);
    const TransferResult second = get();
    EXPECT_EQ(outcome_of(second), "200 with 200000 bytes");
    EXPECT_FALSE(second.resumed);
    EXPECT_EQ(stored(), content);
    EXPECT_EQ(parts(), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, ResumeOdd,
    testing::Values(Odd{"Ignored", "range=ignore"}, Odd{"Wrong", "range=wrong"},
                    Odd{"OtherTotal", "range=total"}, Odd{"Multipart", "range=multi"},
                    Odd{"NotSatisfiable", "range=416"}, Odd{"NewEtag", "range=newetag"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Resume, APartWithoutALengthOfItsOwnIsTaken) {
    serve("cut=150000");
    get();
    serve("range=nolength");
    EXPECT_EQ(outcome_of(get()), "206 with 200000 bytes");
    EXPECT_EQ(stored(), content);
}

TEST_F(Resume, ContentThatChangedMeanwhileIsAllNew) {
    serve("cut=150000");
    get();
    content = std::string(180'000, 'n');
    serve("", "\"two\"");
    EXPECT_EQ(outcome_of(get()), "200 with 180000 bytes");
    EXPECT_EQ(stored(), content);
}

TEST_F(Resume, WeakOrMissingTagsAreNotGoodEnough) {
    for (const char* etag : {"", "W/\"one\""}) {
        serve("cut=150000", etag);
        get();
        EXPECT_FALSE(cache.unfinished().find_part(url, rig.interrupt())) << etag;
        cache.unfinished().abandon_body(url);
        EXPECT_EQ(parts(), "") << etag;
    }
}

TEST_F(Resume, ADamagedPartIsNotContinued) {
    serve("cut=150000");
    get();
    const auto body = folder.path() / "cache/partial" / sha256_of(url);
    std::string bytes = read_text(body);
    bytes[149'999] ^= 1;
    write_text(body, bytes);
    EXPECT_FALSE(cache.unfinished().find_part(url, rig.interrupt()));
    write_text(body, bytes.substr(0, 100));
    EXPECT_FALSE(cache.unfinished().find_part(url, rig.interrupt()));
    serve("");
    EXPECT_EQ(outcome_of(get()), "200 with 200000 bytes");
    EXPECT_EQ(stored(), content);
}

TEST_F(Resume, WhatCameAfterTheRecordIsNotVouchedFor) {
    serve("cut=150000");
    get();
    const auto body = folder.path() / "cache/partial" / sha256_of(url);
    write_text(body, read_text(body) + "from a crash");
    serve("");
    EXPECT_EQ(outcome_of(get()), "206 with 200000 bytes");
    EXPECT_EQ(stored(), content);
}

TEST_F(Resume, AnInterruptedTransferIsContinued) {
    serve("stall=150000");
    AgentConfig patient = test_config();
    patient.timeouts.stall = std::chrono::seconds(60);
    Interrupt interrupt;
    std::thread stop([&] {
        while (rig.progress().snapshot().running.empty())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        interrupt.raise();
    });
    {
        FetchTransfer transfer(PROVISOR_FETCH, patient);
        std::vector<TransferRequest> requests;
        requests.push_back(request());
        EXPECT_THROW(transfer.run(std::move(requests), interrupt, rig.progress()), Interrupted);
    }
    stop.join();
    serve("");
    EXPECT_EQ(outcome_of(get()), "206 with 200000 bytes");
    EXPECT_EQ(stored(), content);
    EXPECT_LE(origin.body_bytes(), 200'000U + 65'536U);
}

TEST_F(Resume, AHundredCutsCostHardlyMoreThanTheSize) {
    content = std::string(1 << 20, 'x');
    for (std::size_t i = 0; i < content.size(); i += 13)
        content[i] = static_cast<char>('a' + i % 23);
    repeat = 64;
    const std::uint64_t size = content.size() * repeat;
    std::mt19937_64 random(7);
    std::vector<std::uint64_t> cuts(100);
    for (std::uint64_t& cut : cuts)
        cut = 1 + random() % (size - 1);
    std::sort(cuts.begin(), cuts.end());
    std::uint64_t received = 0;
    for (const std::uint64_t cut : cuts) {
        serve("cut=" + std::to_string(cut));
        received += get().bytes;
    }
    serve("");
    const TransferResult last = get();
    received += last.bytes;
    EXPECT_EQ(outcome_of(last), "206 with " + std::to_string(size) + " bytes");
    std::string whole;
    for (std::uint64_t i = 0; i < repeat; ++i)
        whole += content;
    EXPECT_EQ(last.body ? "" : stored(), "");
    EXPECT_EQ(cache.find(url)->sha256, sha256_of(whole));
    EXPECT_LE(static_cast<double>(received), 1.001 * static_cast<double>(size));
    std::printf("a body of 64 MiB cut at 100 random bytes: %.5f of its size transferred\n",
                static_cast<double>(received) / static_cast<double>(size));
}

TEST_F(Resume, NoRoomMeansNoByteOfTheBody) {
    struct statvfs facts {};
    ASSERT_EQ(::statvfs(folder.path().c_str(), &facts), 0);
    // More than there ever is, whatever others give back meanwhile.
    min_free = static_cast<std::uint64_t>(facts.f_blocks) * facts.f_frsize + (1 << 20);
    serve("");
    const TransferResult result = get();
    EXPECT_THAT(outcome_of(result), HasSubstr("space: "));
    EXPECT_THAT(outcome_of(result), HasSubstr("limits.min_free"));
    EXPECT_EQ(stored(), "nothing");
    cache.unfinished().discard_body(url);
    EXPECT_EQ(parts(), "");
}

} // namespace
} // namespace provisor::test
