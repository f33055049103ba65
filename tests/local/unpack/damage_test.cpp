// SPDX-License-Identifier: Apache-2.0
// Artifacts that are not whole: never a success, unless it is with the very same bytes.
#include "local/unpack/archives.hpp"
#include "local/unpack/rig.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::StartsWith;

/// An artifact, what is wanted of it, and what that is.
struct Sample {
    std::string name;
    std::string artifact;
    std::string pattern;
};

const std::string content = [] {
    std::string bytes;
    for (unsigned i = 0; bytes.size() < 800; ++i)
        bytes += std::to_string(i * 2654435761U);
    return bytes;
}();

std::vector<Sample> samples() {
    const TemporaryFolder folder;
    write_text(folder / "dir/app", content);
    write_text(folder / "dir/other", "something else");
    shell(folder.path(),
          "cd dir && tar -b 1 -cf tar app other && for x in gzip:gz zstd:zst xz:xz bzip2:bz2; do "
          "${x%:*} -qc tar >tar.${x#*:}; ${x%:*} -qc app >app.${x#*:}; done; zip -q app.zip app "
          "other");
    std::vector<Sample> all{{"tar", "", "app"}};
    for (const char* compression : {"gz", "zst", "xz", "bz2"}) {
        all.push_back({std::string("tar.") + compression, "", "app"});
        all.push_back({std::string("app.") + compression, "", ""});
    }
    all.push_back({"app.zip", "", "app"});
    for (Sample& sample : all)
        sample.artifact = read_text(folder / ("dir/" + sample.name));
    return all;
}

TEST(Damage, WhatIsCutShortIsNeverASuccess) {
    for (const Sample& sample : samples()) {
        ASSERT_EQ(Rig().run(sample.artifact, {sample.pattern}).error, "") << sample.name;
        for (std::size_t size = 0; size < sample.artifact.size(); size += 64)
            EXPECT_THAT(Rig().run(sample.artifact.substr(0, size), {sample.pattern}).error,
                        StartsWith("unpack: "))
                << sample.name << " cut after " << size;
        // And where it is hardest to see: the very last byte.
        EXPECT_THAT(
            Rig()
                .run(sample.artifact.substr(0, sample.artifact.size() - 1), {sample.pattern})
                .error,
            StartsWith("unpack: "))
            << sample.name;
    }
}

TEST(Damage, WhateverFollowsTheEndIsRefused) {
    for (const Sample& sample : samples())
        for (const std::string& garbage : {std::string("x"), std::string("garbage garbage garbage"),
                                           std::string(600, '\x1f'), std::string(700, 'P')})
            EXPECT_THAT(Rig().run(sample.artifact + garbage, {sample.pattern}).error,
                        StartsWith("unpack: "))
                << sample.name << " and " << garbage.substr(0, 30);
}

TEST(Damage, WhatFollowsTheEndIsToldApart) {
    const std::string tar = tar_of({{"app", "x"}});
    const struct {
        std::string artifact;
        const char* pattern;
        const char* error;
    } rows[] = {
        {tar + "x", "app", "unpack: something else follows the end of the tar archive"},
        {tar + tar, "app", "unpack: something else follows the end of the tar archive"},
        {gzip_of(tar + "x"), "app", "unpack: something else follows the end of the tar archive"},
        {gzip_of(tar) + "x", "app", "unpack: something else follows the end of the gzip data"},
        {gzip_of("app") + std::string(1, '\0'), "",
         "unpack: something else follows the end of the gzip data"},
        {zip_of({{"app", "x"}}) + "xyz", "app",
         "unpack: 3 bytes of something else follow the end of the zip archive"},
        {tar.substr(0, 1024), "app", "unpack: the tar archive is cut short: it lacks its end"},
        {tar.substr(0, 1536), "app", "unpack: the tar archive is cut short: it lacks its end"},
        {gzip_of("app").substr(0, 20), "", "unpack: the gzip data is cut short"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(Rig().run(row.artifact, {row.pattern}).error, row.error);
}

TEST(Damage, ZerosThatFillTheLastRecordOfATarAreItsEnd) {
    const std::string tar = tar_of({{"app", "x"}}) + std::string(10240, '\0');
    EXPECT_EQ(Rig().run(tar, {"app"}).error, "");
    EXPECT_EQ(Rig().run(gzip_of(tar), {"app"}).error, "");
}

TEST(Damage, ZerosOfAMemberAreNotTheEndOfTheTar) {
    const std::string tar = tar_of({{"app", std::string(4096, '\0')}});
    EXPECT_EQ(Rig().run(tar.substr(0, tar.size() - 1024), {"app"}).error,
              "unpack: the tar archive is cut short: it lacks its end");
}

/// Every byte in turn with one or all of its bits turned over.
void expect_no_other_bytes(const Sample& sample) {
    std::size_t refused = 0;
    for (std::size_t at = 0; at < sample.artifact.size(); ++at) {
        std::string artifact = sample.artifact;
        const int bits = at % 2 == 0 ? 1 << (at / 2 % 8) : 0xff;
        artifact[at] = static_cast<char>(artifact[at] ^ bits);
        const Unpacked result = Rig().run(artifact, {sample.pattern});
        if (result.error.empty()) {
            EXPECT_EQ(result.members.at(0).content, "content of the program") << at;
            continue;
        }
        ++refused;
        EXPECT_THAT(result.error, testing::AnyOf(StartsWith("unpack: "), StartsWith("size: ")));
    }
    // Times and modes that nobody looks at are the smaller part.
    EXPECT_GT(refused, sample.artifact.size() / 2) << sample.name;
}

TEST(Damage, TurnedBitsOfATarGzNeverGiveOtherBytes) {
    expect_no_other_bytes({"tar.gz", gzip_of(tar_of({{"app", "content of the program"}})), "app"});
}

TEST(Damage, TurnedBitsOfAZipNeverGiveOtherBytes) {
    expect_no_other_bytes({"zip", zip_of({{"app", "content of the program"}}), "app"});
}

} // namespace
} // namespace provisor::test
