// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace provisor {
namespace {

struct Heard {
    FrameType type;
    std::uint32_t id;
    std::string payload;
    bool operator==(const Heard&) const = default;
};

void feed(FrameReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<std::byte> space = reader.space();
        const std::size_t count = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), count);
        reader.filled(count);
        bytes.remove_prefix(count);
    }
}

std::vector<Heard> hear(FrameReader& reader) {
    std::vector<Heard> heard;
    while (const std::optional<Frame> frame = reader.next())
        heard.push_back({frame->type, frame->id, std::string(frame->payload)});
    return heard;
}

/// A header with any content, as a broken or hostile peer could send it.
std::string raw_header(std::uint32_t length, std::uint16_t type, std::uint16_t zero,
                       std::uint32_t id) {
    std::string bytes(frame_header_size, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    std::memcpy(bytes.data() + 4, &type, sizeof type);
    std::memcpy(bytes.data() + 6, &zero, sizeof zero);
    std::memcpy(bytes.data() + 8, &id, sizeof id);
    return bytes;
}

const std::vector<Heard> some_frames{{FrameType::settings, 0, "settings"},
                                     {FrameType::get, 7, std::string("a\0b", 3)},
                                     {FrameType::end, 4'000'000'000, ""},
                                     {FrameType::data, 8, std::string(max_data_payload, 'x')},
                                     {FrameType::failed, 9, "sorry"}};

std::string encoded(const std::vector<Heard>& frames) {
    std::string bytes;
    for (const Heard& frame : frames)
        bytes += encode_frame(frame.type, frame.id, frame.payload);
    return bytes;
}

TEST(Frame, IsAHeaderOfTwelveBytesAndItsPayload) {
    EXPECT_EQ(encode_frame(FrameType::get, 5, "abc"), raw_header(3, 2, 0, 5) + "abc");
}

TEST(FrameReader, CutsWhatCameAtOnceIntoItsFrames) {
    FrameReader reader;
    feed(reader, encoded(some_frames));
    EXPECT_EQ(hear(reader), some_frames);
}

TEST(FrameReader, CutsTheSameFramesOutOfSingleBytes) {
    FrameReader reader;
    std::vector<Heard> heard;
    for (const char byte : encoded(some_frames)) {
        feed(reader, std::string_view(&byte, 1));
        for (Heard& frame : hear(reader))
            heard.push_back(std::move(frame));
    }
    EXPECT_EQ(heard, some_frames);
}

TEST(FrameReader, CutsTheSameFramesOutOfPiecesOfAnySize) {
    const std::string bytes = encoded(some_frames);
    for (const std::size_t size : {2U, 11U, 12U, 13U, 4096U, 65'536U, 65'549U}) {
        FrameReader reader;
        std::vector<Heard> heard;
        for (std::size_t offset = 0; offset < bytes.size(); offset += size) {
            feed(reader, std::string_view(bytes).substr(offset, size));
            for (Heard& frame : hear(reader))
                heard.push_back(std::move(frame));
        }
        EXPECT_EQ(heard, some_frames) << "pieces of " << size;
    }
}

TEST(FrameReader, HandsOutNothingOfAFrameThatIsNotWhole) {
    const std::string bytes = encode_frame(FrameType::head, 1, "payload");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        FrameReader reader;
        feed(reader, std::string_view(bytes).substr(0, size));
        EXPECT_FALSE(reader.next().has_value()) << size << " bytes";
    }
}

TEST(FrameReader, OffersRoomThatStaysBoundedHoweverMuchGoesThrough) {
    FrameReader reader;
    const std::string bytes = encode_frame(FrameType::data, 1, std::string(max_data_payload, 'x'));
    std::size_t largest = 0;
    for (int turn = 0; turn < 200; ++turn) {
        largest = std::max(largest, reader.space().size());
        feed(reader, bytes);
        ASSERT_EQ(hear(reader).size(), 1U);
    }
    EXPECT_LE(largest, 1024U * 1024);
}

struct BadHeader {
    const char* name;
    std::string bytes;
};

class FrameReaderRefuses : public testing::TestWithParam<BadHeader> {};

TEST_P(FrameReaderRefuses, FramesThatCannotBe) {
    FrameReader reader;
    feed(reader, GetParam().bytes);
    try {
        reader.next();
        FAIL() << "was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::io);
        EXPECT_STRNE(error.what(), "");
    }
}

// Refused by the header alone: a peer that announces 4 GiB must not make us wait for them.
INSTANTIATE_TEST_SUITE_P(
    All, FrameReaderRefuses,
    testing::Values(BadHeader{"TypeZero", raw_header(0, 0, 0, 1)},
                    BadHeader{"UnknownType", raw_header(0, 6, 0, 1)},
                    BadHeader{"UnknownTypeBeyondAll", raw_header(0, 0xFFFF, 0, 1)},
                    BadHeader{"PaddingThatIsNotZero", raw_header(0, 18, 1, 1)},
                    BadHeader{"DataOneByteTooLong", raw_header(max_data_payload + 1, 17, 0, 1)},
                    BadHeader{"HeadOneByteTooLong", raw_header(max_payload + 1, 16, 0, 1)},
                    BadHeader{"LongestLength", raw_header(0xFFFFFFFF, 16, 0, 1)}),
    [](const auto& row) { return row.param.name; });

TEST(FrameReader, TakesPayloadsOfExactlyTheLargestSize) {
    FrameReader reader;
    feed(reader, encode_frame(FrameType::settings, 0, std::string(max_payload, 's')));
    ASSERT_EQ(hear(reader).size(), 1U);
}

} // namespace
} // namespace provisor
