// SPDX-License-Identifier: Apache-2.0
// Rows 43, 45, 62 and 68: what would fill the disk or the memory. The state directory is
// a file system of exactly the size that it may take.
#include "faults/own_namespace.hpp"
#include "faults/row.hpp"
#include "faults/small_disk.hpp"
#include "local/unpack/archives.hpp"

#include <cstdio>
#include <gmock/gmock.h>
#include <sys/mount.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t limit = 8 * mebibyte; ///< limits.artifact_size
/// One buffer on its way, and what `beside` and the records take.
constexpr std::uint64_t allowance = mebibyte / 4;
#ifdef PROVISOR_SANITIZED
constexpr long memory_bound_kib = 1024L * 1024;
#else
constexpr long memory_bound_kib = 64L * 1024;
#endif

/// A gibibyte of zeros, in a member for each 16 MiB.
std::string gzip_bomb() {
    const std::string part = gzip_of(std::string(16 * mebibyte, '\0'));
    std::string bytes;
    for (int i = 0; i < 64; ++i)
        bytes += part;
    return bytes;
}

/// The same as one zstd frame of blocks that each are one byte, 128 KiB times (RFC 8878, 3.1.1).
std::string zstd_bomb() {
    std::string bytes = "\x28\xb5\x2f\xfd" + number(0, 1) + number(13U << 3U, 1); // window of 8 MiB
    const int blocks = 8192;
    for (int i = 1; i <= blocks; ++i)
        bytes += number((i == blocks ? 1U : 0U) | 1U << 1U | (128U * 1024) << 3U, 3) + '\0';
    return bytes;
}

struct Flood {
    const char* name;
    std::string content; ///< of `app`'s body
    const char* behavior;
    /// Bytes of the body that stand beside what is made of it.
    std::uint64_t beside;
    const char* says; ///< how it is too large: not by what was declared
};

class Floods : public testing::TestWithParam<Flood> {
protected:
    /// A pass over version 1 with a disk of that size for all state; what it comes to.
    void flood(const std::string& limits, std::uint64_t disk_size,
               const std::function<void(const RunResult&, const SmallDisk&)>& look) const {
        const std::string trouble = in_own_namespace(CLONE_NEWNS, [&] {
            Scene scene("limits: { " + limits + " }\ntimeouts: { stall: 10s }\n");
            const SmallDisk disk(scene.machine.under("var/lib/provisor"), disk_size);
            scene.install(1);
            const std::uint64_t before = disk.free();
            scene.publish(2);
            scene.origin.serve("/app", page(GetParam().content, "\"v2\"", GetParam().behavior));
            const State installed = state_of(scene);
            const RunResult run = scene.machine.apply();
            std::printf("%s: %llu KiB of the disk at most, %ld KiB of memory\n", GetParam().name,
                        static_cast<unsigned long long>((disk_size - disk.least_free()) / 1024),
                        run.peak_memory_kib);
            EXPECT_EQ(run.status, 1);
            EXPECT_LE(run.peak_memory_kib, memory_bound_kib);
            look(run, disk);
            expect_untouched(scene, installed);
            expect_beside_unharmed(scene, run, 2);
            EXPECT_THAT(state_of(scene).unfinished, testing::IsEmpty());
            EXPECT_GE(disk.free() + allowance / 8, before) << "the room was not given back";
            scene.publish(2);
            EXPECT_EQ(scene.machine.apply().status, 0);
            expect_like_clean_install(scene);
        });
        if (!trouble.empty())
            GTEST_SKIP() << "what floods take of the disk is not tested: " << trouble;
    }
};

/// Were it more, the disk would be full, and that would be another kind of error.
TEST_P(Floods, TakeNoMoreOfTheDiskThanTheLimitAndABuffer) {
    const std::uint64_t installed = 2 * program(1).size();
    flood("artifact_size: 8M, min_free: 0", limit + GetParam().beside + installed + allowance,
          [](const RunResult& run, const SmallDisk& disk) {
              EXPECT_EQ(run.told.at("app").kind, "size") << run.told.at("app").message;
              EXPECT_THAT(run.told.at("app").message, HasSubstr(GetParam().says));
              EXPECT_GT(disk.least_free(), 0U);
          });
}

TEST_P(Floods, LeaveWhatMustStayFree) {
    const std::uint64_t min_free = 3 * mebibyte;
    flood("artifact_size: 512M, min_free: 3M",
          2 * min_free + GetParam().beside + 2 * program(1).size(),
          [&](const RunResult& run, const SmallDisk& disk) {
              EXPECT_EQ(run.told.at("app").kind, "space") << run.told.at("app").message;
              EXPECT_THAT(run.told.at("app").message, HasSubstr("limits.min_free"));
              EXPECT_GE(disk.least_free(), min_free);
          });
}

TEST(Room, Row62IsLookedForAtTheTargetBeforeTheBodyIsTaken) {
    const std::string trouble = in_own_namespace(CLONE_NEWNS, [] {
        Scene scene("limits: { min_free: 1M }\n");
        const SmallDisk disk(scene.machine.under("opt"), 2 * mebibyte);
        scene.install(1);
        const std::filesystem::path filler = scene.machine.under("opt/filler");
        write_text(filler, std::string(disk.free() - mebibyte - 100 * 1024UL, 'x'));
        const State before = state_of(scene);
        scene.publish(2);
        scene.origin.forget();
        const RunResult run = scene.machine.apply();
        EXPECT_EQ(run.status, 1);
        const Told& told = run.told.at("app");
        EXPECT_EQ(told.kind, "space") << told.message;
        EXPECT_THAT(told.message, HasSubstr("opt"));
        EXPECT_THAT(told.message, HasSubstr("limits.min_free"));
        // It is needed once something has come that is not there already.
        EXPECT_LE(told.bytes, 64 * 1024U) << "the body was taken";
        EXPECT_GE(disk.least_free(), mebibyte);
        expect_untouched(scene, before);
        expect_beside_unharmed(scene, run, 2);

        // Of a first installation not a byte is.
        std::filesystem::remove_all(scene.machine.under("var/lib/provisor"));
        std::filesystem::remove(scene.target());
        write_text(filler, "");
        write_text(filler, std::string(disk.free() - mebibyte - 100 * 1024UL, 'x'));
        const Told first = scene.machine.apply().told.at("app");
        EXPECT_EQ(first.kind, "space") << first.message;
        EXPECT_EQ(first.bytes, 0U) << "the body was taken";
        EXPECT_FALSE(std::filesystem::exists(scene.target()));
        std::filesystem::remove(filler);
        EXPECT_EQ(scene.machine.apply().status, 0);
        expect_like_clean_install(scene);
    });
    if (!trouble.empty())
        GTEST_SKIP() << "room at the target is not tested: " << trouble;
}

TEST(Room, Row68AReadOnlyTargetIsToldBeforeTheBodyIsTaken) {
    const std::string trouble = in_own_namespace(CLONE_NEWNS, [] {
        Scene scene;
        const std::filesystem::path folder = scene.machine.under("opt");
        const SmallDisk disk(folder, 2 * mebibyte);
        const auto mount_again = [&](unsigned long flags) {
            ASSERT_EQ(
                ::mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr),
                0);
        };
        mount_again(MS_RDONLY);
        scene.publish(1);
        const RunResult run = scene.machine.apply();
        EXPECT_EQ(run.status, 1);
        const Told& told = run.told.at("app");
        EXPECT_EQ(told.kind, "io") << told.message;
        EXPECT_THAT(told.message, HasSubstr("put '" + scene.target().string() + "' in place"));
        EXPECT_THAT(told.message, HasSubstr("(it is mounted read-only)"));
        EXPECT_EQ(told.bytes, 0U) << "the body was taken";
        EXPECT_FALSE(std::filesystem::exists(scene.target()));
        mount_again(0);
        EXPECT_EQ(scene.machine.apply().status, 0);
        expect_like_clean_install(scene);
    });
    if (!trouble.empty())
        GTEST_SKIP() << "a read-only target is not tested: " << trouble;
}

const std::string gzip = gzip_bomb();
const std::string zstd = zstd_bomb();

const char* const unpacked =
    "what is compressed is larger than the limit of 8388608 bytes (limits.artifact_size)";
const char* const received = "sent more than the limit of 8388608 bytes (limits.artifact_size)";

INSTANTIATE_TEST_SUITE_P(Fault, Floods,
                         testing::Values(Flood{"Row43GzipBomb", gzip, "", gzip.size(), unpacked},
                                         Flood{"Row43ZstdBombAsContentEncoding", zstd, "enc=zstd",
                                               zstd.size(), unpacked},
                                         Flood{"Row45Endless", "", "endless", 0, received},
                                         Flood{"Row45EndlessInChunks", "", "endlesschunk", 0,
                                               received}),
                         [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor::test
