// SPDX-License-Identifier: Apache-2.0
#include "store/unpacked.hpp"

#include "base/sha256.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using test::read_text;
using test::write_text;

TEST(Unpacked, ADamagedRecordIsAsGoodAsNone) {
    const test::TemporaryFolder folder;
    const std::string artifact = sha256_of("artifact");
    const std::string member = sha256_of("member");
    const std::map<std::string, std::string> contents{{"*/app", member}};
    Unpacked unpacked(folder.path());
    unpacked.remember(artifact, "tar */app", contents);
    write_text(folder / "cache/blobs" / member, "member");
    ASSERT_EQ(unpacked.find(artifact, "tar */app", {"*/app"}), contents);
    const auto record = std::filesystem::directory_iterator(folder / "cache/contents")->path();
    const std::string text = read_text(record);
    const std::size_t digit = text.find('1', text.find("\"schema\""));
    ASSERT_NE(digit, std::string::npos) << text;
    for (const char* schema : {"2", "1.0", "1e300", "4294967297", "\"1\""}) {
        write_text(record, std::string(text).replace(digit, 1, schema));
        EXPECT_FALSE(unpacked.find(artifact, "tar */app", {"*/app"})) << schema;
    }
    for (std::size_t length = 0; length < text.rfind('}'); ++length) {
        write_text(record, text.substr(0, length));
        EXPECT_FALSE(unpacked.find(artifact, "tar */app", {"*/app"}))
            << "cut after " << length << " bytes";
    }
    write_text(record, text);
    EXPECT_FALSE(unpacked.find(artifact, "tar */app", {"*/app", "*/other"}));
    EXPECT_FALSE(unpacked.find(artifact, "tar */app", {}));
    // One of another pattern would leave a target without its member.
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        write_text(record, changed);
        const auto found = unpacked.find(artifact, "tar */app", {"*/app"});
        EXPECT_TRUE(!found || found == contents) << changed;
    }
}

TEST(Unpacked, WhatWasWrittenOfManyMembersIsRead) {
    const test::TemporaryFolder folder;
    const std::string artifact = sha256_of("artifact");
    const std::string member = sha256_of("member");
    std::map<std::string, std::string> contents;
    std::vector<std::string> patterns;
    // More than names of 64 KiB together can be.
    for (int i = 0; i < 30'000; ++i) {
        patterns.push_back("a/" + std::to_string(i));
        contents[patterns.back()] = member;
    }
    Unpacked unpacked(folder.path());
    write_text(folder / "cache/blobs" / member, "member");
    unpacked.remember(artifact, "tar", contents);
    EXPECT_EQ(unpacked.find(artifact, "tar", patterns), contents);
    EXPECT_EQ(unpacked.members_of({artifact}), std::set<std::string>{member});
    EXPECT_TRUE(unpacked.members_of({member}).empty()) << "of another artifact";
    unpacked.prune({artifact});
    EXPECT_TRUE(unpacked.find(artifact, "tar", patterns));
    unpacked.prune({});
    EXPECT_FALSE(unpacked.find(artifact, "tar", patterns));
}

} // namespace
} // namespace provisor
