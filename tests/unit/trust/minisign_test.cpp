// SPDX-License-Identifier: Apache-2.0
#include "trust/minisign.hpp"

#include "base/error.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

using test::read_text;
using test::write_text;
using testing::HasSubstr;

std::string data(const std::string& name) {
    return read_text(std::filesystem::path(TRUST_DATA) / name);
}

KeyRing ring(const std::vector<std::string>& names) {
    KeyRing keys;
    for (const std::string& name : names)
        keys.keys.push_back(parse_public_key(data(name), name));
    return keys;
}

template <typename Action>
std::string complaint(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::signature);
        return error.what();
    }
    return "";
}

Verified verify(const std::string& signature, const std::string& content,
                const KeyRing& keys = ring({"one.pub"})) {
    return verify_signature(parse_signature(signature, "app.minisig"), keys, content, "app");
}

class Form : public testing::TestWithParam<const char*> {};

TEST_P(Form, OfWhatMinisignMadeIsVerified) {
    const Verified verified = verify(data(GetParam()), data("content"));
    EXPECT_EQ(verified.key_id, "9D70654653C709E4");
    EXPECT_EQ(verified.key_file, "one.pub");
    EXPECT_EQ(verified.trusted_comment, "timestamp:1 file:content");
}

TEST_P(Form, IsVerifiedFromAFileAsWell) {
    test::TemporaryFolder folder;
    write_text(folder.path() / "content", data("content"));
    const Fd file(::open((folder.path() / "content").c_str(), O_RDONLY | O_CLOEXEC));
    const Interrupt interrupt;
    const Signature signature = parse_signature(data(GetParam()), "app.minisig");
    EXPECT_NO_THROW(verify_signature(signature, ring({"one.pub"}), file.get(), interrupt, "app"));
    write_text(folder.path() / "content", "other");
    EXPECT_THAT(complaint([&] {
                    verify_signature(signature, ring({"one.pub"}), file.get(), interrupt, "app");
                }),
                HasSubstr("is not a signature of 'app'"));
}

TEST_P(Form, IsRefusedWithAnySingleBitChanged) {
    const std::string good = data(GetParam());
    const std::string content = data("content");
    // The untrusted comment may say what it wants, and a changed line end is still one.
    const std::size_t begin = good.find('\n') + 1;
    for (std::size_t byte = begin; byte < good.size(); ++byte)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
            EXPECT_NE(complaint([&] { verify(bad, content); }), "") << byte << ":" << bit;
        }
    for (std::size_t byte = 0; byte < content.size(); ++byte)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = content;
            bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
            EXPECT_NE(complaint([&] { verify(good, bad); }), "") << byte << ":" << bit;
        }
}

TEST_P(Form, IsRefusedCutAtAnyByte) {
    const std::string good = data(GetParam());
    for (std::size_t size = 0; size + 1 < good.size(); ++size)
        EXPECT_NE(complaint([&] { verify(good.substr(0, size), data("content")); }), "") << size;
}

INSTANTIATE_TEST_SUITE_P(All, Form, testing::Values("content.minisig", "content.legacy.minisig"),
                         [](const auto& row) {
                             return std::string(row.param).find("legacy") == std::string::npos
                                        ? "Prehashed"
                                        : "Legacy";
                         });

TEST(Minisign, ALegacySignatureIsNotTakenForAPrehashedOne) {
    std::string text = data("content.legacy.minisig");
    const std::size_t line = text.find('\n') + 1;
    ASSERT_EQ(text.substr(line, 2), "RW");
    text.replace(line, 2, "RU");
    EXPECT_THAT(complaint([&] { verify(text, data("content")); }), HasSubstr("is not a signature"));
}

TEST(Minisign, APrehashedSignatureIsNotTakenForALegacyOneOverTheDigest) {
    // BLAKE2b-512 of the signed content, as b2sum(1) computes it.
    const std::string digest = data("content.b2sum");
    ASSERT_EQ(digest.size(), 64U);
    std::string text = data("content.minisig");
    const std::size_t line = text.find('\n') + 1;
    ASSERT_EQ(text.substr(line, 2), "RU");
    text.replace(line, 2, "RW");
    EXPECT_THAT(complaint([&] { verify(text, digest); }), HasSubstr("legacy form over 64 bytes"));
}

TEST(Minisign, NoKeyIsTakenFromAFolderThatOthersCanWriteTo) {
    test::TemporaryFolder folder;
    write_text(folder.path() / "a.pub", data("one.pub"));
    ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
    const KeyRing keys = read_keys(folder.path(), {});
    EXPECT_TRUE(keys.keys.empty());
    EXPECT_EQ(keys.problems.size(), 1U);
}

TEST(Minisign, AFolderOfKeysThatCannotBeReadIsToldAndHasNone) {
    const test::TemporaryFolder folder;
    test::run_with_failing_call(__NR_getdents64, EIO, [&] {
        const KeyRing keys = read_keys(folder.path(), {});
        EXPECT_TRUE(keys.keys.empty());
        ASSERT_EQ(keys.problems.size(), 1U);
        EXPECT_NE(keys.problems[0].find(folder.path().string()), std::string::npos);
    });
    EXPECT_TRUE(read_keys(folder.path(), {}).problems.empty());
    EXPECT_TRUE(read_keys(folder / "none", {}).problems.empty());
}

TEST(Minisign, NoKeyIsTakenFromAStranger) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can give files away";
    test::TemporaryFolder folder;
    write_text(folder.path() / "a.pub", data("one.pub"));
    write_text(folder.path() / "b.pub", data("two.pub"));
    ASSERT_EQ(::chown((folder.path() / "a.pub").c_str(), 65534, 65534), 0);
    const KeyRing one = read_keys(folder.path(), {});
    ASSERT_EQ(one.keys.size(), 1U);
    EXPECT_THAT(one.keys[0].file, HasSubstr("b.pub"));
    ASSERT_EQ(one.problems.size(), 1U);
    EXPECT_THAT(one.problems[0], HasSubstr("a.pub' can be changed by others than root"));
    ASSERT_EQ(::chown(folder.path().c_str(), 65534, 65534), 0);
    EXPECT_TRUE(read_keys(folder.path(), {}).keys.empty());
}

TEST(Minisign, ContentThatCannotBeReadIsNoWrongSignature) {
    const test::TemporaryFolder folder;
    write_text(folder / "content", data("content"));
    const Fd file(::open((folder / "content").c_str(), O_RDONLY | O_CLOEXEC));
    const Signature signature = parse_signature(data("content.minisig"), "app.minisig");
    const KeyRing keys = ring({"one.pub"});
    const Interrupt never;
    test::run_with_failing_call(__NR_pread64, EIO, [&] {
        try {
            verify_signature(signature, keys, file.get(), never, "app");
            ADD_FAILURE() << "it was taken for verified";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            EXPECT_STREQ(error.what(), "read 'app': Input/output error");
        }
    });
    EXPECT_EQ(verify_signature(signature, keys, file.get(), never, "app").key_file, "one.pub");
}

TEST(Minisign, ALegacySignatureOfMuchContentIsRefusedUnread) {
    const test::TemporaryFolder folder;
    const Fd file(::open((folder.path() / "app").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
    const Interrupt interrupt;
    const auto refusal = [&](const char* name) {
        return complaint([&] {
            verify_signature(parse_signature(data(name), "s"), ring({"one.pub"}), file.get(),
                             interrupt, "app");
        });
    };
    ASSERT_EQ(::ftruncate(file.get(), (64 << 20) + 1), 0);
    EXPECT_THAT(refusal("content.legacy.minisig"), HasSubstr("at most 64 MiB"));
    EXPECT_THAT(refusal("content.minisig"), HasSubstr("is not a signature of 'app'"));
    ASSERT_EQ(::ftruncate(file.get(), 64 << 20), 0);
    EXPECT_THAT(refusal("content.legacy.minisig"), HasSubstr("is not a signature of 'app'"));
}

TEST(Minisign, ATrustedCommentHasItsLimit) {
    const auto with = [](std::size_t size) {
        const std::string text = data("content.minisig");
        const std::size_t at = text.find("timestamp:1");
        return text.substr(0, at) + std::string(size, 'x') + text.substr(text.find('\n', at));
    };
    EXPECT_THAT(complaint([&] { parse_signature(with(8193), "s"); }), HasSubstr("more than 8 KiB"));
    EXPECT_THAT(complaint([&] { verify(with(8192), data("content")); }),
                HasSubstr("has a trusted comment that was altered"));
}

TEST(Minisign, NamesTheKeysThatWereTried) {
    EXPECT_EQ(complaint([] { verify(data("content.two.minisig"), data("content")); }),
              "'app.minisig' was made by key " + parse_public_key(data("two.pub"), "two.pub").id +
                  ", which is not trusted here; keys.d has 9D70654653C709E4 (one.pub)");
    EXPECT_THAT(complaint([] { verify(data("content.minisig"), data("content"), {}); }),
                HasSubstr("keys.d is empty"));
    KeyRing keys = ring({"two.pub", "two.pub"});
    keys.problems = {"'c.pub' is no public key"};
    const std::string id = keys.keys[0].id;
    EXPECT_THAT(complaint([&] { verify(data("content.minisig"), data("content"), keys); }),
                HasSubstr("keys.d has " + id + " (two.pub), " + id +
                          " (two.pub); 'c.pub' is no public key"));
    keys.keys.clear();
    keys.problems.emplace_back("'d.pub' is no public key");
    EXPECT_THAT(complaint([&] { verify(data("content.minisig"), data("content"), keys); }),
                HasSubstr("keys.d has 'c.pub' is no public key; 'd.pub' is no public key"));
}

TEST(Minisign, OneOfSeveralKeysIsEnough) {
    EXPECT_EQ(
        verify(data("content.two.minisig"), data("content"), ring({"one.pub", "two.pub"})).key_file,
        "two.pub");
}

TEST(Minisign, AnAlteredTrustedCommentIsTold) {
    std::string text = data("content.minisig");
    text.replace(text.find("timestamp:1"), 11, "timestamp:2");
    EXPECT_EQ(complaint([&] { verify(text, data("content")); }),
              "'app.minisig' has a trusted comment that was altered");
}

TEST(Minisign, TrailingDataAndOtherFilesAreNoSignature) {
    for (const std::string& text : {data("content.minisig") + "x", data("content.minisig") + "\nx",
                                    std::string(), std::string("<html>"), data("one.pub")})
        EXPECT_THAT(complaint([&] { parse_signature(text, "s"); }),
                    HasSubstr("'s' is no signature of minisign"));
}

/// As editors and web forms leave them.
TEST(Minisign, EmptyLinesAtTheEndSayNothing) {
    for (const char* end : {"\n", "\n\n", "\r\n"}) {
        EXPECT_EQ(parse_signature(data("content.minisig") + end, "s").key_id,
                  parse_signature(data("content.minisig"), "s").key_id);
        EXPECT_EQ(parse_public_key(data("one.pub") + end, "k").id,
                  parse_public_key(data("one.pub"), "k").id);
    }
}

TEST(Minisign, KeysAreReadFromAFolderAndWhatIsNoneIsTold) {
    test::TemporaryFolder folder;
    write_text(folder.path() / "b.pub", data("one.pub"));
    write_text(folder.path() / "a.pub", data("two.pub"));
    write_text(folder.path() / "c.pub", "no key\n");
    write_text(folder.path() / "d.pub", data("one.pub"));
    write_text(folder.path() / "ignored.txt", data("one.pub"));
    ASSERT_EQ(::chmod((folder.path() / "d.pub").c_str(), 0664), 0);
    std::filesystem::create_symlink("missing", folder.path() / "e.pub");
    const KeyRing keys = read_keys(folder.path(), {});
    ASSERT_EQ(keys.keys.size(), 2U);
    EXPECT_THAT(keys.keys[0].file, HasSubstr("a.pub"));
    EXPECT_EQ(keys.keys[1].id, "9D70654653C709E4");
    ASSERT_EQ(keys.problems.size(), 3U);
    EXPECT_THAT(keys.problems[2], HasSubstr("e.pub'"));
    EXPECT_THAT(keys.problems[0], HasSubstr("c.pub' is no public key of minisign"));
    EXPECT_THAT(keys.problems[1], HasSubstr("d.pub' can be changed by others than root"));
    EXPECT_TRUE(read_keys(folder.path() / "missing", {}).keys.empty());
}

TEST(Minisign, AKeyMayStandThereWithoutItsComment) {
    std::string text = data("one.pub");
    text.erase(0, text.find('\n') + 1);
    EXPECT_EQ(parse_public_key(text, "f").id, "9D70654653C709E4");
}

} // namespace
} // namespace provisor
