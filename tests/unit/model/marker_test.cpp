// SPDX-License-Identifier: Apache-2.0
#include "model/marker.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "model/generation.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

Marker sample() {
    const std::string digest = sha256_of("content");
    return {"app", digest, {{"/usr/local/bin/app", digest, 0755, "root", "root"}}, {}, false,
            {},    ""};
}

TEST(Marker, ComesBackFromItsJsonUnchanged) {
    Marker marker = sample();
    marker.retired = {{"/usr/local/bin/old", sha256_of("old"), 04755, "svc", "1000"}};
    marker.in_doubt = true;
    marker.adopted = {"/usr/local/bin/app"};
    const std::optional<Marker> back = parse_marker(to_json(marker));
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->same_installation(marker));
    EXPECT_EQ(back->retired, marker.retired);
    EXPECT_TRUE(back->in_doubt);
    EXPECT_EQ(back->adopted, marker.adopted);
}

TEST(Marker, CapabilitiesStandInItOnlyWhereSomeAreAskedFor) {
    Marker marker = sample();
    EXPECT_EQ(to_json(marker).find("capabilities"), std::string::npos) << "as it was before them";
    const std::string without = identity_of(marker);
    marker.files[0].capabilities = "cap_chown,cap_kill=ep";
    EXPECT_EQ(parse_marker(to_json(marker))->files, marker.files);
    EXPECT_NE(identity_of(marker), without);
    // Written by an older libcap, which did not know the name yet.
    std::string text = to_json(marker);
    text.replace(text.find("cap_chown,cap_kill"), 18, "0,5");
    EXPECT_EQ(parse_marker(text)->files, marker.files);
}

TEST(Marker, HoldsNothingVolatile) {
    const std::string text = to_json(sample());
    for (const char* word : {"time", "etag", "url", "version", "inode", "mtime"})
        EXPECT_EQ(text.find(word), std::string::npos) << word;
}

TEST(Marker, IdentityIsContentPathModeAndOwner) {
    const Marker marker = sample();
    Marker other = marker;
    EXPECT_TRUE(marker.same_installation(other));
    other.retired = other.files;
    other.adopted = {other.files[0].path};
    EXPECT_TRUE(marker.same_installation(other)) << "what has still to be removed is no part of it";
    for (const auto change :
         {+[](Marker& m) { m.artifact = sha256_of("x"); },
          +[](Marker& m) { m.files[0].capabilities = "cap_kill=ep"; },
          +[](Marker& m) { m.files[0].mode = 0700; }, +[](Marker& m) { m.files[0].owner = "svc"; },
          +[](Marker& m) { m.files[0].path = "/x"; },
          +[](Marker& m) { m.files[0].sha256 = sha256_of("x"); },
          +[](Marker& m) { m.files.clear(); }}) {
        other = marker;
        change(other);
        EXPECT_FALSE(marker.same_installation(other));
    }
}

TEST(Marker, DamagedTextIsNoMarker) {
    const std::string whole = to_json(sample());
    for (std::size_t length = 0; length + 2 < whole.size(); ++length)
        EXPECT_FALSE(parse_marker(whole.substr(0, length))) << "cut after " << length << " bytes";
    for (const char* text :
         {"[]", "null", "3", "{\"schema\":1}", "\xff\xff", "{\"schema\":\"1\"}",
          "{\"schema\":1e300}", "{\"schema\":2.0}", "{\"schema\":18446744073709551616}"})
        EXPECT_FALSE(parse_marker(text)) << text;
}

std::string with(const std::string& text, const std::string& old, const std::string& other) {
    return std::string(text).replace(text.find(old), old.size(), other);
}

TEST(Marker, WithAFileThatCannotBeIsNoMarker) {
    const std::string whole = to_json(sample());
    for (const char* mode : {"", "75", "07555", "0x1ed", "0788", "755 ", "-1", "40000000755"})
        EXPECT_FALSE(parse_marker(with(whole, "\"0755\"", "\"" + std::string(mode) + "\"")))
            << mode;
    EXPECT_FALSE(parse_marker(with(whole, "\"0755\"", "493")));
    for (const char* path : {"", "usr/local/bin/app", "../app"})
        EXPECT_FALSE(parse_marker(with(whole, "/usr/local/bin/app", path))) << path;
    const std::string digest = sample().artifact;
    const std::size_t at = whole.rfind(digest);
    ASSERT_NE(at, whole.find(digest)) << "the artifact's and the file's";
    EXPECT_FALSE(parse_marker(std::string(whole).replace(at, 1, "x")));
    EXPECT_FALSE(parse_marker(with(whole, digest, digest.substr(1))));
    EXPECT_TRUE(parse_marker(with(whole, "\"0755\"", "\"755\"")));
}

TEST(Marker, OfAMuchNewerProvisorIsNotTakenForAnOldOne) {
    for (const char* schema : {"4294967297", "9223372036854775807"}) // int makes 1 and -1 of them
        EXPECT_THROW(parse_marker("{\"schema\":" + std::string(schema) + "}"), Error) << schema;
}

TEST(Marker, OfANewerProvisorIsNotTouched) {
    try {
        parse_marker("{\"schema\": 2, \"surprise\": true}");
        FAIL() << "a newer schema was accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::config);
        EXPECT_NE(std::string(error.what()).find("newer provisor"), std::string::npos);
    }
}

} // namespace
} // namespace provisor
