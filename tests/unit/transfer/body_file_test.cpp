// SPDX-License-Identifier: Apache-2.0
#include "transfer/body_file.hpp"

#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using test::read_text;
using test::write_text;

class BodyFileTest : public testing::Test {
protected:
    BodyFileTest() {
        write_text(folder / "known", known);
        body = BodyFile(KnownContent{Fd(::open((folder / "known").c_str(), O_RDONLY | O_CLOEXEC)),
                                     known.size(), sha256_of(known)},
                        open(), {});
    }
    BodyFile::Open open() {
        return [this] {
            ++opened;
            return Fd(
                ::open((folder / "body").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        };
    }
    /// In pieces of that many bytes.
    void append(const std::string& content, std::size_t piece = 50'000) {
        for (std::size_t at = 0; at < content.size(); at += piece)
            body.append(std::string_view(content).substr(at, piece));
    }
    Body finish(const std::string& content) {
        return body.finish(content.size(), sha256_of(content), ContentCoding::identity);
    }
    void expect_written(const std::string& content) {
        append(content);
        const Body whole = finish(content);
        EXPECT_FALSE(whole.known);
        EXPECT_EQ(opened, 1);
        EXPECT_TRUE(read_text(folder / "body") == content);
        EXPECT_TRUE(read_text(folder / "known") == known);
    }

    static std::string numbers() {
        std::string text;
        for (int i = 0; text.size() < 200'000; ++i)
            text += std::to_string(i);
        return text.substr(0, 200'000);
    }

    test::TemporaryFolder folder;
    std::string known = numbers();
    int opened = 0;
    BodyFile body;
};

TEST_F(BodyFileTest, OfTheKnownContentIsThatAndNothingIsWritten) {
    append(known);
    EXPECT_FALSE(body.is_written());
    const Body whole = finish(known);
    EXPECT_TRUE(whole.known);
    EXPECT_EQ(whole.size, known.size());
    std::string bytes(10, ' ');
    EXPECT_EQ(::pread(whole.file.get(), bytes.data(), bytes.size(), 0), 10);
    EXPECT_EQ(bytes, known.substr(0, 10));
    EXPECT_EQ(opened, 0);
    EXPECT_FALSE(std::filesystem::exists(folder / "body"));
}

class BodyFileThatDiffers : public BodyFileTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(BodyFileThatDiffers, IsWrittenWhole) {
    std::string other = known;
    other.at(GetParam()) = 'x';
    expect_written(other);
}

INSTANTIATE_TEST_SUITE_P(At, BodyFileThatDiffers,
                         testing::Values(0, 1, 49'999, 50'000, 130'001, 199'999));

TEST_F(BodyFileTest, OfTheKnownContentsBeginningIsWrittenWhole) {
    expect_written(known.substr(0, 120'000));
}

TEST_F(BodyFileTest, OfMoreThanTheKnownContentIsWrittenWhole) { expect_written(known + "more"); }

TEST_F(BodyFileTest, OfNothingIsWritten) { expect_written(""); }

/// The blob is damaged, and just so is what came.
TEST_F(BodyFileTest, OfBytesThatAreNotWhatIsKnownOfThemIsWrittenWhole) {
    std::string damaged = known;
    damaged[7] = 'x';
    write_text(folder / "known", damaged);
    known = damaged;
    expect_written(damaged);
}

TEST_F(BodyFileTest, CanBeHadInTheMiddle) {
    append(known.substr(0, 70'000));
    EXPECT_TRUE(body.written());
    EXPECT_TRUE(read_text(folder / "body") == known.substr(0, 70'000));
    append(known.substr(70'000));
    EXPECT_FALSE(finish(known).known);
    EXPECT_TRUE(read_text(folder / "body") == known);
}

TEST_F(BodyFileTest, WithNothingKnownIsOpenedAtOnce) {
    body = BodyFile(open(), {});
    EXPECT_TRUE(body.is_written());
    expect_written(known);
}

TEST_F(BodyFileTest, ABlobThatShrinksMeanwhileIsNoContentOfAnything) {
    append(known.substr(0, 70'000));
    std::filesystem::resize_file(folder / "known", 10);
    EXPECT_THROW(append(known.substr(70'000)), Error);
}

} // namespace
} // namespace provisor
