// SPDX-License-Identifier: Apache-2.0
#include "wire/handed_files.hpp"

#include "base/error.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

class HandedFiles : public testing::Test {
protected:
    HandedFiles() {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        agent = Fd(pair[0]);
        program = Fd(pair[1]);
    }
    static ino_t inode_of(int fd) {
        struct stat facts {};
        EXPECT_EQ(::fstat(fd, &facts), 0);
        return facts.st_ino;
    }

    Fd agent;
    Fd program;
    const Fd passwd{::open("/etc/passwd", O_RDONLY | O_CLOEXEC)};
    const Fd group{::open("/etc/group", O_RDONLY | O_CLOEXEC)};
};

TEST_F(HandedFiles, ComeInOrderAndWhatFollowsThemIsLeftAlone) {
    hand_over_files(agent.get(), std::array{passwd.get(), group.get()});
    ASSERT_EQ(::send(agent.get(), "frame", 5, 0), 5);
    const std::vector<Fd> files = receive_files(program.get());
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(inode_of(files[0].get()), inode_of(passwd.get()));
    EXPECT_EQ(inode_of(files[1].get()), inode_of(group.get()));
    std::array<char, 8> rest{};
    EXPECT_EQ(::recv(program.get(), rest.data(), rest.size(), MSG_DONTWAIT), 5);
    EXPECT_EQ(rest[0], 'f');
}

TEST_F(HandedFiles, AMessageWithoutThemIsRefused) {
    ASSERT_EQ(::send(agent.get(), "\1", 1, 0), 1);
    EXPECT_THROW(receive_files(program.get()), Error);
}

TEST_F(HandedFiles, AnImpossibleNumberIsNotSent) {
    hand_over_files(agent.get(), std::array{passwd.get()});
    EXPECT_THROW(hand_over_files(agent.get(), std::array{passwd.get(), passwd.get(), passwd.get()}),
                 Error);
    EXPECT_THROW(hand_over_files(agent.get(), {}), Error);
    EXPECT_EQ(receive_files(program.get()).size(), 1U) << "of the others nothing was sent";
}

TEST_F(HandedFiles, AnAgentThatIsGoneHandsNothingOver) {
    agent.close();
    EXPECT_THROW(receive_files(program.get()), Error);
}

TEST_F(HandedFiles, AProgramThatIsGoneIsLeftToWhoReadsFromIt) {
    program.close();
    EXPECT_NO_THROW(hand_over_files(agent.get(), std::array{passwd.get()}));
}

} // namespace
} // namespace provisor
