// SPDX-License-Identifier: Apache-2.0
#include "transfer/arrival.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

#include <cstring>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <span>

namespace provisor {
namespace {

using testing::HasSubstr;

TEST(Arrival, OfAProbeThatIsCutOffHasFailedAndSaysNoMore) {
    TransferRequest request;
    request.component = "app";
    request.url = "https://o/app";
    request.validator.etag = "\"v1\"";
    request.probe = true;
    Progress progress;
    Arrival arrival(0, std::move(request), progress);
    arrival.ask();
    FetchHead head;
    head.status = 416; // there is something else now
    const std::string bytes = encode_frame(FrameType::head, 0, encode(head));
    FrameReader reader;
    std::memcpy(reader.space().data(), bytes.data(), bytes.size());
    reader.filled(bytes.size());
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(arrival.take(*frame));
    arrival.fail(Error(ErrorKind::io, "provisor-fetch ended"));
    const TransferResult result = arrival.take_result();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind(), ErrorKind::io);
    EXPECT_FALSE(result.changed) << "one outcome, not two";
    EXPECT_FALSE(result.body || result.not_modified);
}

/// One request for https://o/app whose answer the test makes up, as a fetcher could that somebody
/// has taken over: what it says is heard, and never believed.
class Fetcher {
public:
    Fetcher() {
        request.component = "app";
        request.url = "https://o/app";
        request.max_size = 100;
        request.place.open = [this](const BodyStart& start) {
            ++opened;
            Fd file(::open((folder / "body").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
            EXPECT_EQ(::lseek(file.get(), static_cast<off_t>(start.present), SEEK_SET),
                      static_cast<off_t>(start.present));
            return file;
        };
        request.place.keep_part = [this](int, const BodyPart& part) { kept.push_back(part); };
    }
    /// Offers what is there of a body already.
    void offer(const std::string& bytes, const std::string& etag) {
        test::write_text(folder / "body", bytes);
        ReadPart part{{etag, bytes.size(), sha256_of(bytes), std::nullopt}, {}};
        part.sha.update(std::as_bytes(std::span(bytes)));
        request.part = std::move(part);
    }
    /// Returns whether the agent wants to hear more of it.
    bool say(FrameType type, const std::string& payload) {
        if (!arrival_) {
            arrival_ = std::make_unique<Arrival>(0, std::move(request), progress_);
            arrival_->ask();
        }
        const std::string bytes = encode_frame(type, 0, payload);
        FrameReader reader;
        std::memcpy(reader.space().data(), bytes.data(), bytes.size());
        reader.filled(bytes.size());
        return arrival_->take(reader.next().value());
    }
    bool head(std::uint64_t status, const std::function<void(FetchHead&)>& more = {}) {
        FetchHead head;
        head.status = status;
        if (more)
            more(head);
        return say(FrameType::head, encode(head));
    }
    bool data(const std::string& bytes) { return say(FrameType::data, bytes); }
    bool end() { return say(FrameType::end, ""); }
    /// "304", "body: the bytes", or "kind: the message".
    std::string outcome() {
        const TransferResult result = arrival_->take_result();
        EXPECT_EQ(int(result.not_modified) + int(result.changed) + int(result.body.has_value()) +
                      int(result.error.has_value()),
                  1);
        if (result.error)
            return std::string(to_string(result.error->kind())) + ": " + result.error->what();
        if (!result.body)
            return "304";
        const std::string bytes = test::read_text(folder / "body");
        EXPECT_EQ(result.body->sha256, sha256_of(bytes));
        return "body: " + bytes;
    }

    test::TemporaryFolder folder;
    TransferRequest request;
    unsigned opened = 0;
    std::vector<BodyPart> kept;

private:
    Progress progress_;
    std::unique_ptr<Arrival> arrival_;
};

TEST(Arrival, OfFramesThatCannotComeThereEndsTheFetcher) {
    using Talk = std::function<void(Fetcher&)>;
    const std::string failure = encode(FetchFailure{ErrorKind::http, "why"});
    const std::pair<const char*, Talk> talks[] = {
        {"two heads",
         [](Fetcher& it) {
             it.head(200);
             it.head(200);
         }},
        {"bytes of a body without its head", [](Fetcher& it) { it.data("x"); }},
        {"bytes of a body without its head",
         [](Fetcher& it) {
             it.request.validator.etag = "\"1\"";
             it.head(304);
             it.data("x");
         }},
        {"the end of an answer without its head", [](Fetcher& it) { it.end(); }},
        {"more after the end",
         [](Fetcher& it) {
             it.head(200);
             it.end();
             it.data("x");
         }},
        {"more after the end",
         [&](Fetcher& it) {
             it.say(FrameType::failed, failure);
             it.end();
         }},
        {"a frame that only the agent sends", [](Fetcher& it) { it.say(FrameType::get, ""); }}};
    for (const auto& [complaint, talk] : talks) {
        Fetcher fetcher;
        try {
            talk(fetcher);
            ADD_FAILURE() << complaint;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            EXPECT_THAT(error.what(), HasSubstr(complaint));
        }
    }
}

TEST(Arrival, OfAnAnswerToAnotherQuestionFailsBeforeItsBody) {
    using Talk = std::function<bool(Fetcher&)>;
    const auto continued = [](const std::function<void(FetchHead&)>& change) {
        return [change](Fetcher& it) {
            it.offer("begun", "\"1\"");
            return it.head(206, [&](FetchHead& head) {
                head.etag = "\"1\"";
                head.whole_length = 10;
                change(head);
            });
        };
    };
    const std::pair<const char*, Talk> talks[] = {
        {"http: HTTP 304", [](Fetcher& it) { return it.head(304); }},
        {"http: HTTP 206", [](Fetcher& it) { return it.head(206); }},
        {"http: HTTP 206", continued([](FetchHead& head) { head.etag = "\"2\""; })},
        {"http: HTTP 206", continued([](FetchHead& head) { head.whole_length.reset(); })},
        {"http: HTTP 206", continued([](FetchHead& head) { head.whole_length = 5; })},
        {"http: HTTP 206", continued([](FetchHead& head) { head.coding = ContentCoding::zstd; })},
        {"size: ", continued([](FetchHead& head) { head.whole_length = 101; })},
        {"size: ",
         [](Fetcher& it) {
             return it.head(200, [](FetchHead& head) { head.content_length = 101; });
         }},
        {"encoding that it was not asked for",
         [](Fetcher& it) {
             return it.head(200, [](FetchHead& head) { head.coding = ContentCoding::zstd; });
         }},
        {"encoding that it was not asked for", [](Fetcher& it) {
             it.request.compressed = true;
             return it.head(200, [](FetchHead& head) { head.coding = ContentCoding::dcz; });
         }}};
    for (const auto& [complaint, talk] : talks) {
        Fetcher fetcher;
        EXPECT_FALSE(talk(fetcher)) << complaint;
        EXPECT_TRUE(fetcher.data("what was under way")) << "and is not looked at";
        EXPECT_TRUE(fetcher.end());
        EXPECT_THAT(fetcher.outcome(), HasSubstr(complaint));
        EXPECT_EQ(fetcher.opened, 0U) << complaint;
        EXPECT_TRUE(fetcher.kept.empty());
    }
}

TEST(Arrival, OfMoreOrLessThanWasDeclaredOrIsAllowedIsNoBody) {
    const auto declared = [](FetchHead& head) {
        head.etag = "\"1\"";
        head.content_length = 10;
    };
    Fetcher less;
    less.head(200, declared);
    less.data("123456789");
    less.end();
    EXPECT_THAT(less.outcome(), HasSubstr("ended after 9 of 10 bytes"));
    ASSERT_EQ(less.kept.size(), 1U);
    EXPECT_EQ(less.kept[0], (BodyPart{"\"1\"", 9, sha256_of("123456789"), 10}));
    Fetcher more;
    more.head(200, declared);
    more.data("12345678901");
    more.end();
    EXPECT_THAT(more.outcome(), HasSubstr("ended after 11 of 10 bytes"));
    EXPECT_TRUE(more.kept.empty()) << "it is the beginning of nothing";
    Fetcher endless;
    endless.head(200, [](FetchHead& head) { head.etag = "\"1\""; });
    EXPECT_TRUE(endless.data(std::string(100, 'x')));
    EXPECT_FALSE(endless.data("x"));
    EXPECT_TRUE(endless.end());
    EXPECT_THAT(endless.outcome(), testing::StartsWith("size: "));
    EXPECT_TRUE(endless.kept.empty()) << "it shall not even be continued";
    Fetcher weak;
    weak.head(200, [](FetchHead& head) { head.etag = "W/\"1\""; });
    weak.data("12345");
    weak.say(FrameType::failed, encode(FetchFailure{ErrorKind::timeout, "stalled\x1b[31m"}));
    EXPECT_EQ(weak.outcome(), "timeout: 'https://o/app': stalled\\x1b[31m");
    EXPECT_TRUE(weak.kept.empty()) << "what it is the beginning of nobody knows";
}

TEST(Arrival, OfTheRestOfAPartIsTheWhole) {
    Fetcher fetcher;
    fetcher.offer("begun", "\"1\"");
    fetcher.head(206, [](FetchHead& head) {
        head.etag = "\"1\"";
        head.whole_length = 10;
    });
    fetcher.data("ended");
    fetcher.end();
    EXPECT_EQ(fetcher.outcome(), "body: begunended");
}

} // namespace
} // namespace provisor
