// SPDX-License-Identifier: Apache-2.0
// A large body that is cut off again and again.
#include "base/sha256.hpp"
#include "faults/scene.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <random>
#include <span>

namespace provisor::test {
namespace {

using testing::HasSubstr;

/// A large file as the only component.
void write_large_manifest(const Scene& scene) {
    scene.machine.write_manifest("components:\n  large:\n    url: \"" + scene.origin.url("/large") +
                                 "?token=" + Canaries::query +
                                 "\"\n    path: /opt/large\n    mode: \"0644\"\n");
}

// Every pass reads what is there again: for a GiB (PROVISOR_RESUME_MIB=1024) that is 50 GiB, which
// takes more than a minute.
TEST(Resume, AHundredCutsCostHardlyMoreThanTheSize) {
    const char* asked = std::getenv("PROVISOR_RESUME_MIB");
    const char* given = std::getenv("PROVISOR_SEED");
    const std::uint64_t mebibytes = asked == nullptr ? 256 : std::stoull(asked);
    const std::uint64_t seed = given == nullptr ? 7 : std::stoull(given);
    std::printf("seed %llu, %llu MiB\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(mebibytes));
    // The partial body, then the blob and the target.
    const auto room = std::filesystem::space(std::filesystem::temp_directory_path()).available;
    if (room < 3 * (mebibytes << 20U))
        GTEST_SKIP() << "a large body is not tested: one of " << mebibytes
                     << " MiB needs three times that in the temporary folder, which has "
                     << (room >> 20U) << " MiB (PROVISOR_RESUME_MIB, TMPDIR)";
    std::mt19937_64 random(seed);
    Page large = page(std::string(1 << 20, 'x'), "\"large\"");
    std::string content(1 << 20, '\0');
    for (char& c : content)
        c = static_cast<char>(random());
    large.content = std::make_shared<const std::string>(content);
    large.repeat = mebibytes;
    const std::uint64_t size = content.size() * mebibytes;
    std::vector<std::uint64_t> cuts(100);
    for (std::uint64_t& cut : cuts)
        cut = 1 + random() % (size - 1);
    std::sort(cuts.begin(), cuts.end());

    Scene scene("limits: { artifact_size: 2G }\ntimeouts: { stall: 30s }\n");
    write_large_manifest(scene);
    std::uint64_t received = 0;
    for (const std::uint64_t cut : cuts) {
        large.behavior = "cut=" + std::to_string(cut);
        scene.origin.serve("/large", large);
        const RunResult run = scene.machine.apply();
        ASSERT_EQ(run.status, 1);
        received += run.told.at("large").bytes;
        ASSERT_FALSE(std::filesystem::exists(scene.machine.under("opt/large")));
    }
    large.behavior = "";
    scene.origin.serve("/large", large);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    received += run.told.at("large").bytes;
    EXPECT_LE(static_cast<double>(received), 1.001 * static_cast<double>(size));
    EXPECT_LE(static_cast<double>(scene.origin.body_bytes()), 1.001 * static_cast<double>(size));
    EXPECT_EQ(std::filesystem::file_size(scene.machine.under("opt/large")), size);
    Sha256 sha;
    for (std::uint64_t i = 0; i < mebibytes; ++i)
        sha.update(std::as_bytes(std::span(content)));
    EXPECT_THAT(scene.machine.marker("large"), HasSubstr(sha.finish()));
    expect_clean(scene.machine);
    std::printf("%.6f of the size were transferred\n",
                static_cast<double>(received) / static_cast<double>(size));
}

} // namespace
} // namespace provisor::test
