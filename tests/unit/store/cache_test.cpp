// SPDX-License-Identifier: Apache-2.0
#include "store/cache.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "model/shown_url.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::list_tree;
using test::read_text;
using test::write_text;

class CacheTest : public testing::Test {
protected:
    std::string put(const std::string& from, const std::string& content,
                    const Validator& validator) {
        Body body{cache.unfinished().begin_body(from, {}, 0), content.size(), sha256_of(content)};
        write_all(body.file.get(), content, "body");
        cache.keep(from, body, {validator});
        return body.sha256;
    }

    fs::path blob(const std::string& sha256) { return folder / "cache/blobs" / sha256; }

    test::TemporaryFolder folder;
    Cache cache{folder.path()};
    Interrupt interrupt;
    const std::string url = "https://user:hunter2@origin/app?md5=hunter3&hunter3";
};

TEST_F(CacheTest, IsNotMadeBeforeThereIsSomethingToKeep) {
    EXPECT_FALSE(cache.find(url));
    EXPECT_FALSE(cache.open_blob(sha256_of("x")));
    cache.prune({}, {}, Cache::Mode::remove);
    EXPECT_FALSE(fs::exists(folder / "cache"));
}

TEST_F(CacheTest, BindsValidatorAndBytes) {
    const std::string digest = put(url, "content", {"\"v1\"", "Mon, 01 Jan 2024 00:00:00 GMT"});
    const auto entry = cache.find(url);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->validator.etag, "\"v1\"");
    EXPECT_EQ(entry->sha256, digest);
    EXPECT_EQ(entry->size, 7U);
    EXPECT_EQ(read_text(blob(digest)), "content");
    EXPECT_TRUE(fs::is_empty(folder / "cache/partial"));
}

TEST_F(CacheTest, IsClosedToOthersAndHoldsNoSecret) {
    put(url, "content", {"\"v1\"", ""});
    for (const auto& entry : fs::recursive_directory_iterator(folder / "cache")) {
        struct stat facts {};
        ASSERT_EQ(::stat(entry.path().c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0077, 0U) << entry.path();
        if (entry.is_regular_file()) {
            EXPECT_EQ(read_text(entry.path()).find("hunter"), std::string::npos) << entry.path();
        }
    }
}

TEST_F(CacheTest, KeepsSeveralUrlsAndVersionsSideBySide) {
    const std::string one = put("https://o/1", "one", {"\"same\"", ""});
    const std::string two = put("https://o/2", "two", {"\"same\"", ""});
    EXPECT_EQ(cache.find("https://o/1")->sha256, one);
    EXPECT_EQ(cache.find("https://o/2")->sha256, two) << "an ETag belongs to its URL alone";
    put("https://o/1", "three", {"\"new\"", ""});
    EXPECT_TRUE(cache.open_blob(one)) << "the version before stays";
}

TEST_F(CacheTest, DoesNotTrustARecordWhoseBlobIsCutOrGone) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    fs::resize_file(blob(digest), 3);
    EXPECT_FALSE(cache.find(url));
    fs::remove(blob(digest));
    EXPECT_FALSE(cache.find(url));
}

TEST_F(CacheTest, VerifyDropsADamagedBlobOfTheSameSize) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    EXPECT_TRUE(cache.verify_blob(digest, interrupt));
    write_text(blob(digest), "cONTENT");
    EXPECT_TRUE(cache.find(url)) << "size alone cannot tell";
    EXPECT_FALSE(cache.verify_blob(digest, interrupt));
    EXPECT_FALSE(cache.find(url)) << "so that the next request is unconditional";
}

TEST_F(CacheTest, ADamagedRecordIsAsGoodAsNone) {
    put(url, "content", {"\"v1\"", ""});
    for (const auto& entry : fs::directory_iterator(folder / "cache/urls"))
        for (const char* text : {"", "{", "[]", "{\"schema\":2}", "{\"schema\":1e300}"}) {
            write_text(entry.path(), text);
            EXPECT_FALSE(cache.find(url)) << text;
        }
}

TEST_F(CacheTest, ANumberThatDoesNotFitIsNoSize) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    const fs::path record = folder / "cache/urls" / sha256_of(url);
    const std::string text = read_text(record);
    const std::size_t size = text.find('7', text.find("\"size\""));
    ASSERT_NE(size, std::string::npos) << text;
    for (const char* number : {"7.0", "1e300", "-7", "18446744073709551623"}) {
        write_text(record, std::string(text).replace(size, 1, number));
        EXPECT_FALSE(cache.find(url)) << number;
    }
    write_text(record, text);
    EXPECT_TRUE(cache.find(url));
}

TEST_F(CacheTest, ARecordOfWhatCannotBeIsAsGoodAsNone) {
    put(url, "content", {"\"v1\"", ""});
    const fs::path record = folder / "cache/urls" / sha256_of(url);
    const std::string text = read_text(record);
    const std::string end = text.substr(0, text.rfind('}'));
    const std::string digest = sha256_of("content");
    for (const std::string& damaged :
         {std::string(text).replace(text.find(digest), 1, "x"), end + ",\"dictionary\":3}",
          end + R"(,"dictionary":{"sha256":"../../../etc/shadow","id":"x"}})",
          end + R"(,"dictionary":{"sha256":")" + digest + R"("}})",
          end + R"(,"use_as_dictionary":{"match":3,"id":"x"}})"}) {
        write_text(record, damaged);
        EXPECT_FALSE(cache.find(url)) << damaged;
    }
    write_text(record, end + R"(,"dictionary":{"sha256":")" + digest + R"(","id":"x"}})");
    EXPECT_TRUE(cache.find(url));
}

TEST_F(CacheTest, OnlyAWholeRecordOfAWholeBlobIsADictionary) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    const fs::path record = folder / "cache/urls" / sha256_of(url);
    EXPECT_TRUE(cache.dictionaries().empty()) << "one whose origin does not offer it";
    const std::string text = read_text(record);
    const std::string offered =
        text.substr(0, text.rfind('}')) + R"(,"use_as_dictionary":{"match":"/app","id":"x"}})";
    write_text(record, offered);
    ASSERT_EQ(cache.dictionaries().size(), 1U);
    EXPECT_EQ(cache.dictionaries()[0].url, shown_url(url));
    const std::size_t shown = offered.find("\"https:");
    const std::size_t length = offered.find(',', shown) - shown;
    for (const std::string& damaged :
         {std::string("{"), std::string(offered).replace(shown, length, "3"),
          std::string(offered).replace(shown, length, "null")}) {
        write_text(record, damaged);
        EXPECT_TRUE(cache.dictionaries().empty()) << damaged;
    }
    write_text(record, offered);
    write_text(blob(digest), "cont");
    EXPECT_TRUE(cache.dictionaries().empty());
}

TEST_F(CacheTest, ADamagedTextIsNotRead) {
    const std::string digest = sha256_of("text");
    cache.keep_text("text", digest);
    EXPECT_EQ(cache.read_blob(digest, 100), "text");
    write_text(blob(digest), "TEXT");
    EXPECT_FALSE(cache.read_blob(digest, 100));
    EXPECT_FALSE(cache.read_blob(sha256_of("other"), 100));
}

TEST_F(CacheTest, ARefusalIsOfTheDayAndADamagedOneIsNone) {
    const CacheEntry refused{{"\"v1\"", ""}, sha256_of("error page"), 10};
    cache.remember_refused(url, refused);
    EXPECT_EQ(cache.find_refused(url), refused);
    EXPECT_FALSE(cache.find(url)) << "nothing of it is there";
    const fs::path record = folder / "cache/refused" / sha256_of(url);
    const auto before = list_tree(folder / "cache/refused");
    cache.remember_refused(url, refused);
    EXPECT_EQ(list_tree(folder / "cache/refused"), before) << "it was written again";
    fs::last_write_time(record, fs::file_time_type::clock::now() - std::chrono::hours(25));
    EXPECT_FALSE(cache.find_refused(url));
    write_text(record, "{");
    EXPECT_FALSE(cache.find_refused(url));
}

TEST_F(CacheTest, ARefusalIsDoubtedOnceAnHour) {
    EXPECT_FALSE(cache.begin_recheck(url)) << "nothing was refused";
    cache.remember_refused(url, {{"\"v1\"", ""}, sha256_of("x"), 1});
    EXPECT_FALSE(cache.begin_recheck(url));
    const fs::path record = folder / "cache/refused" / sha256_of(url);
    const auto back = [&](std::chrono::minutes time) {
        fs::last_write_time(record, fs::last_write_time(record) - time);
    };
    back(std::chrono::minutes(59));
    EXPECT_FALSE(cache.begin_recheck(url));
    back(std::chrono::minutes(2));
    test::run_with_failing_call(__NR_utimensat, EROFS, [&] {
        EXPECT_FALSE(cache.begin_recheck(url)) << "it could not be noted";
    });
    EXPECT_TRUE(cache.begin_recheck(url));
    EXPECT_FALSE(cache.begin_recheck(url)) << "twice in an hour";
    EXPECT_TRUE(cache.find_refused(url));
    EXPECT_TRUE(cache.forget_refused(url));
    EXPECT_FALSE(cache.forget_refused(url));
    EXPECT_FALSE(cache.find_refused(url));
}

TEST_F(CacheTest, PruneDropsDamagedRecordsAndWhatWasFoundAMonthAgo) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    cache.remember_refused(url, {{"\"v1\"", ""}, sha256_of("x"), 1});
    cache.remember_verified("signature");
    cache.remember_verified("of old");
    fs::last_write_time(folder / "cache/verified" / sha256_of("of old"),
                        fs::file_time_type::clock::now() - std::chrono::hours(24 * 31));
    write_text(folder / "cache/urls" / sha256_of("https://o/1"), "{");
    const auto before = list_tree(folder.path());
    cache.prune({digest}, {}, Cache::Mode::report);
    EXPECT_EQ(list_tree(folder.path()), before) << "a report changes nothing";
    cache.prune({digest}, {}, Cache::Mode::remove);
    EXPECT_FALSE(fs::exists(folder / "cache/urls" / sha256_of("https://o/1")));
    EXPECT_FALSE(cache.is_verified("of old"));
    EXPECT_TRUE(cache.is_verified("signature"));
    EXPECT_TRUE(cache.find_refused(url));
    EXPECT_TRUE(cache.find(url));
}

TEST_F(CacheTest, ABlobThatIsALinkIsNotFollowed) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    write_text(folder / "elsewhere", "content");
    fs::remove(blob(digest));
    fs::create_symlink(folder / "elsewhere", blob(digest));
    EXPECT_FALSE(cache.find(url)) << "so that the next request is unconditional";
    EXPECT_THROW(cache.open_blob(digest), Error);
    EXPECT_TRUE(cache.prune({}, {}, Cache::Mode::remove).blobs.empty());
    EXPECT_TRUE(fs::is_symlink(blob(digest))) << "it is somebody else's";
    EXPECT_EQ(put(url, "content", {"\"v1\"", ""}), digest);
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(blob(digest))))
        << "replaced, not written through";
    EXPECT_TRUE(cache.find(url));
}

TEST_F(CacheTest, APartThatCannotBeIsNotContinued) {
    const Fd body = cache.unfinished().begin_body(url, {}, 0);
    write_all(body.get(), "part", "body");
    cache.unfinished().keep_part(url, body.get(), {"\"1\"", 4, sha256_of("part"), {}});
    ASSERT_TRUE(cache.unfinished().find_part(url, interrupt));
    const fs::path record = folder / "cache/partial" / (sha256_of(url) + ".json");
    const std::string text = read_text(record);
    const std::size_t digest = text.find(sha256_of("part"));
    const std::string end = text.substr(0, text.rfind('}'));
    const std::size_t colon = text.find(':', text.find("\"size\""));
    for (const std::string& damaged :
         {std::string(), std::string("{"), std::string(text).replace(digest, 1, "x"),
          std::string(text).replace(colon, 1, ":0,\"old\":"),
          std::string(text).replace(colon, 1, ":3,\"old\":"),
          std::string(text).replace(text.find('1', text.find("\"schema\"")), 1, "2"),
          end + R"(,"coding":"br"})"}) {
        write_text(record, damaged);
        EXPECT_FALSE(cache.unfinished().find_part(url, interrupt)) << damaged;
    }
}

TEST_F(CacheTest, TheSameAnswerAgainWritesNoRecord) {
    put(url, "content", {"\"v1\"", ""});
    const auto before = list_tree(folder / "cache/urls");
    put(url, "content", {"\"v1\"", ""});
    EXPECT_EQ(list_tree(folder / "cache/urls"), before);
}

TEST_F(CacheTest, AnEtagThatIsNoTextIsNotStored) {
    put(url, "content", {"\"\xff\xfe\"", ""});
    EXPECT_FALSE(cache.find(url));
}

TEST_F(CacheTest, PruneDropsAllButWhatIsKept) {
    const std::string one = put("https://o/1", "one", {"\"1\"", ""});
    const std::string two = put("https://o/2", "twotwo", {"\"2\"", ""});
    cache.unfinished().begin_body("https://o/3", {}, 0);
    const auto before = list_tree(folder.path());
    const auto would = cache.prune({one}, {}, Cache::Mode::report);
    EXPECT_EQ(would.blobs, std::vector<std::string>{two});
    EXPECT_EQ(would.bytes, 6U);
    EXPECT_EQ(list_tree(folder.path()), before) << "a report changes nothing";
    cache.prune({one}, {}, Cache::Mode::remove);
    EXPECT_TRUE(cache.find("https://o/1"));
    EXPECT_FALSE(cache.find("https://o/2"));
    EXPECT_FALSE(fs::exists(blob(two)));
    EXPECT_TRUE(fs::is_empty(folder / "cache/partial"));
    EXPECT_EQ(
        std::distance(fs::directory_iterator(folder / "cache/urls"), fs::directory_iterator()), 1);
}

TEST_F(CacheTest, PruneDropsARecordOfABodyThatIsNotThereAndKeepsOneThatIs) {
    for (const std::string& from : {url, std::string("https://o/1")}) {
        const Fd body = cache.unfinished().begin_body(from, {}, 0);
        write_all(body.get(), "part", "body");
        cache.unfinished().keep_part(from, body.get(), {"\"1\"", 4, sha256_of("part"), {}});
    }
    fs::remove(cache.unfinished().body_path(url));
    cache.prune({}, {url, "https://o/1"}, Cache::Mode::remove);
    EXPECT_FALSE(fs::exists(folder / "cache/partial" / (sha256_of(url) + ".json")));
    EXPECT_TRUE(cache.unfinished().find_part("https://o/1", interrupt));
}

TEST_F(CacheTest, WhatIsNoFileOfItsOwnIsNeitherReadNorRemoved) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    const std::string other = "https://o/1";
    const std::vector<fs::path> strange{folder / "cache/urls" / sha256_of(other),
                                        folder / "cache/urls/extra",
                                        folder / "cache/refused" / sha256_of(other),
                                        folder / "cache/verified/extra",
                                        folder / "cache/blobs" / sha256_of("folder"),
                                        folder / "cache/contents/extra",
                                        folder / "cache/partial/extra",
                                        folder / "cache/partial" / (sha256_of(other) + ".json")};
    for (const fs::path& path : strange) {
        fs::create_directories(path);
        fs::last_write_time(path, fs::file_time_type::clock::now());
    }
    EXPECT_FALSE(cache.find(other));
    EXPECT_FALSE(cache.find_refused(other));
    EXPECT_FALSE(cache.unfinished().find_part(other, interrupt));
    EXPECT_FALSE(cache.unpacked().find("extra", "", {}));
    EXPECT_FALSE(cache.read_blob(sha256_of("folder"), 100));
    EXPECT_TRUE(cache.dictionaries().empty());
    for (const fs::path& path : strange)
        fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
    cache.prune({digest}, {}, Cache::Mode::remove);
    for (const fs::path& path : strange)
        EXPECT_TRUE(fs::is_directory(path)) << path << ": somebody else has made it";
    EXPECT_TRUE(cache.find(url));
}

TEST_F(CacheTest, ARecordThatCannotBeReadIsAsGoodAsNone) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    const fs::path record = folder / "cache/urls" / sha256_of(url);
    const std::string text = read_text(record);
    write_text(record, text + std::string(1U << 20U, ' '));
    EXPECT_FALSE(cache.find(url)) << "longer than any record";
    EXPECT_TRUE(cache.dictionaries().empty());
    fs::remove(record);
    fs::create_symlink("nowhere", record);
    EXPECT_FALSE(cache.find(url));
    EXPECT_TRUE(cache.dictionaries().empty());
    cache.prune({digest}, {}, Cache::Mode::report);
    put(url, "content", {"\"v1\"", ""});
    EXPECT_TRUE(cache.find(url)) << "a new one takes its place";
}

TEST_F(CacheTest, WithoutItsFolderABlobIsNotThere) {
    const std::string digest = put(url, "content", {"\"v1\"", ""});
    fs::remove_all(folder / "cache/blobs");
    write_text(folder / "cache/blobs", "a file in its place");
    EXPECT_FALSE(cache.open_blob(digest));
    EXPECT_FALSE(cache.find(url));
}

TEST_F(CacheTest, APartOfADifferenceIsKeptWithWhatItIsADifferenceTo) {
    const Fd body = cache.unfinished().begin_body(url, {}, 0);
    write_all(body.get(), "part", "body");
    BodyPart part{"\"1\"", 4, sha256_of("part"), {}};
    part.coding = ContentCoding::dcz;
    part.dictionary = sha256_of("what was there");
    cache.unfinished().keep_part(url, body.get(), part);
    const auto found = cache.unfinished().find_part(url, interrupt);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->part.coding, ContentCoding::dcz);
    EXPECT_EQ(found->part.dictionary, part.dictionary);
}

TEST_F(CacheTest, ABodyThatWasNotDecodedReplacesNone) {
    const Fd body = cache.unfinished().begin_body(url, {}, 0);
    write_all(body.get(), "part", "body");
    EXPECT_THROW(cache.unfinished().replace_body(url), Error);
    EXPECT_EQ(read_text(cache.unfinished().body_path(url)), "part");
}

TEST_F(CacheTest, PruneDropsNothingWhenItCannotSeeWhatThereIs) {
    const std::string artifact = put(url, "an archive", {"\"v1\"", ""});
    const std::string member = put("https://o/1", "its member", {"\"v1\"", ""});
    cache.unpacked().remember(artifact, "tar", {{"app", member}});
    const auto before = list_tree(folder.path());
    test::run_with_failing_call(__NR_getdents64, EIO, [&] {
        EXPECT_THROW(cache.prune({artifact}, {}, Cache::Mode::remove), Error);
    });
    EXPECT_EQ(list_tree(folder.path()), before);
    cache.prune({artifact}, {}, Cache::Mode::remove);
    EXPECT_TRUE(cache.open_blob(member)) << "what came out of an archive that is kept";
}

TEST_F(CacheTest, PruneDropsThePartOfABodyAfterAWeek) {
    const Fd body = cache.unfinished().begin_body(url, {}, 0);
    write_all(body.get(), "part", "body");
    cache.unfinished().keep_part(url, body.get(), {"\"1\"", 4, sha256_of("part"), {}});
    const fs::path record = folder / "cache/partial" / (sha256_of(url) + ".json");
    const auto now = fs::file_time_type::clock::now();
    fs::last_write_time(record, now - std::chrono::hours(24 * 6));
    cache.prune({}, {url}, Cache::Mode::remove);
    EXPECT_TRUE(cache.unfinished().find_part(url, interrupt));
    fs::last_write_time(record, now - std::chrono::hours(24 * 8));
    cache.prune({}, {url}, Cache::Mode::remove);
    EXPECT_TRUE(fs::is_empty(folder / "cache/partial"));
}

TEST_F(CacheTest, PruneDropsThePartOfABodyThatNobodyWillAskFor) {
    const Fd body = cache.unfinished().begin_body(url, {}, 0);
    write_all(body.get(), "part", "body");
    cache.unfinished().keep_part(url, body.get(), {"\"1\"", 4, sha256_of("part"), {}});
    cache.prune({}, {"https://o/1"}, Cache::Mode::remove);
    EXPECT_TRUE(fs::is_empty(folder / "cache/partial"));
}

} // namespace
} // namespace provisor
