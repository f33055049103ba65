// SPDX-License-Identifier: Apache-2.0
#include "wire/handed_files.hpp"

#include "base/error.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
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

/// What no agent sends: any files, and any number said of them.
void send_files(int socket, std::vector<int> files, std::string said) {
    iovec part{said.data(), said.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
    const std::size_t size = files.size() * sizeof(int);
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(rights), files.data(), size);
    ASSERT_EQ(::sendmsg(socket, &message, 0), static_cast<ssize_t>(said.size()));
}

TEST_F(HandedFiles, ANumberThatIsNotTheirsIsRefusedAndNoneStaysOpen) {
    const auto open_files = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    const auto before = open_files();
    const std::vector<int> three{passwd.get(), group.get(), passwd.get()};
    for (const auto& [files, said] : {std::pair{std::vector{passwd.get()}, "\2"},
                                      {std::vector{passwd.get(), group.get()}, "\1"},
                                      {three, "\3"},
                                      {three, "\2"}}) {
        send_files(agent.get(), files, said);
        EXPECT_THROW(receive_files(program.get()), Error) << files.size();
        EXPECT_EQ(open_files(), before) << files.size();
    }
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
