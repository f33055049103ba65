// SPDX-License-Identifier: Apache-2.0
// file:// sources: no server, no fetcher, and one stat when nobody touched the file.
#include "local/fetch/rig.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class LocalFile : public testing::Test {
protected:
    LocalFile() { write_text(file, "content"); }
    TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "app one";
    std::string url = "file://" + folder.path().string() + "/app%20one";
    Rig rig;
};

TEST_F(LocalFile, IsReadWithoutStartingTheFetcher) {
    const TransferResult result = rig.get(url);
    EXPECT_EQ(body_of(result), "content");
    EXPECT_EQ(result.body->sha256, sha256_of("content"));
    EXPECT_EQ(rig.transfer().fetcher_pid(), -1);
}

TEST_F(LocalFile, ThatNobodyTouchedIsNotReadAgain) {
    const Validator validator = rig.get(url).validator;
    EXPECT_TRUE(rig.get(url, validator).not_modified);
    EXPECT_EQ(rig.bodies_opened(), 1U);
}

TEST_F(LocalFile, OfTheSameSizeAndTimeIsReadAgain) {
    struct stat before {};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    const Validator validator = rig.get(url).validator;
    write_text(file, "CONTENT");
    const timespec times[] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    EXPECT_EQ(body_of(rig.get(url, validator)), "CONTENT");
}

TEST_F(LocalFile, BeyondTheLimitIsRefusedUnread) {
    rig.max_size = 3;
    EXPECT_THAT(outcome_of(rig.get(url)), HasSubstr("size: "));
    EXPECT_EQ(rig.bodies_opened(), 0U);
}

TEST_F(LocalFile, WhatIsNoFileIsAnError) {
    EXPECT_THAT(outcome_of(rig.get("file://" + folder.path().string())),
                HasSubstr("io: '" + folder.path().string() + "' is no regular file"));
    EXPECT_THAT(outcome_of(rig.get("file:///does/not/exist")), HasSubstr("io: open '/does/not"));
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(outcome_of(rig.get("file://" + folder.path().string() + "/pipe")),
                HasSubstr("no regular file"));
    EXPECT_THAT(outcome_of(rig.get("file://elsewhere/app")), HasSubstr("config: "));
}

TEST_F(LocalFile, IsNamedWithPercentEncodingAndPerhapsByLocalhost) {
    write_text(folder.path() / "a+\u00e9%zz%4", "other");
    for (const char* name : {"/a%2B%C3%A9%zz%4", "/a%2b%c3%a9%zz%4", "/a+\u00e9%25zz%4"})
        EXPECT_EQ(body_of(rig.get("file://localhost" + folder.path().string() + name)), "other")
            << name;
}

TEST_F(LocalFile, IsNotNamedByWhatEndsBeforeItsEnd) {
    EXPECT_THAT(outcome_of(rig.get(url + "%00.txt")), HasSubstr("holds a NUL byte"));
    EXPECT_EQ(rig.bodies_opened(), 0U);
}

TEST_F(LocalFile, ThatChangesWhileItIsReadIsNotTaken) {
    for (const std::string other : {"CONTENT", "con", "content and more"}) {
        write_text(file, "content");
        TransferRequest request = rig.request(url);
        request.place.open = [&, open = request.place.open](const BodyStart& start) {
            write_text(file, other);
            return open(start);
        };
        std::vector<TransferRequest> requests;
        requests.push_back(std::move(request));
        const auto results = rig.run(std::move(requests));
        const TransferResult& result = results.at(0);
        EXPECT_THAT(outcome_of(result), HasSubstr("changed while it was read")) << other;
        EXPECT_FALSE(result.body);
    }
}

TEST_F(LocalFile, IsNotReadWhereThereIsNoRoom) {
    std::uint64_t asked = 0;
    TransferRequest request = rig.request(url);
    request.place.check_room = [&](std::uint64_t wanted) -> std::uint64_t {
        asked = wanted;
        throw Error(ErrorKind::space, "full");
    };
    std::vector<TransferRequest> requests;
    requests.push_back(std::move(request));
    const auto results = rig.run(std::move(requests));
    const TransferResult& result = results.at(0);
    EXPECT_THAT(outcome_of(result), HasSubstr("space: full"));
    EXPECT_EQ(asked, 7U);
    EXPECT_FALSE(result.body);
}

TEST_F(LocalFile, StandsInABatchWithOthersInOrder) {
    Origin origin;
    origin.serve("/app", page("remote"));
    std::vector<TransferRequest> requests;
    requests.push_back(rig.request(origin.url("/app")));
    requests.push_back(rig.request(url));
    requests.push_back(rig.request(origin.url("/app")));
    const auto results = rig.run(std::move(requests));
    EXPECT_EQ(body_of(results[0]), "remote");
    EXPECT_EQ(body_of(results[1]), "content");
    EXPECT_EQ(body_of(results[2]), "remote");
}

} // namespace
} // namespace provisor::test
