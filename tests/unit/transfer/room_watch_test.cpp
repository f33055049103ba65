// SPDX-License-Identifier: Apache-2.0
#include "transfer/room_watch.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace provisor::test {
namespace {

/// A disk on which so many bytes may be written.
struct Disk {
    std::uint64_t room;
    unsigned looks = 0;
    CheckRoom check() {
        return [this](std::uint64_t wanted) {
            ++looks;
            if (wanted > room)
                throw Error(ErrorKind::space, "full");
            return room;
        };
    }
    void write(RoomWatch& watch, std::uint64_t bytes) {
        watch.expect(bytes);
        room -= bytes;
    }
};

TEST(RoomWatch, LetsAllOfTheRoomBeUsedAndNotAByteMore) {
    Disk disk{100'000};
    RoomWatch watch(disk.check());
    for (int i = 0; i < 14; ++i)
        disk.write(watch, 7'000);
    EXPECT_THROW(watch.expect(7'000), Error);
    EXPECT_EQ(disk.room, 2'000U);
    disk.write(watch, 2'000);
    EXPECT_THROW(watch.expect(1), Error);
}

TEST(RoomWatch, LooksAgainAfterSixteenMebibytesSinceOthersWriteToo) {
    Disk disk{std::uint64_t{1} << 40U};
    RoomWatch watch(disk.check());
    const std::uint64_t piece = 1 << 16;
    for (std::uint64_t written = 0; written < std::uint64_t{64} << 20U; written += piece)
        disk.write(watch, piece);
    EXPECT_EQ(disk.looks, 4U);
    disk.room = 0;
    EXPECT_THROW(watch.expect(piece), Error);
}

TEST(RoomWatch, WithoutALookLetsEverythingBeWritten) {
    RoomWatch watch;
    watch.expect(~std::uint64_t{0});
    watch.expect(~std::uint64_t{0});
}

} // namespace
} // namespace provisor::test
