// SPDX-License-Identifier: Apache-2.0
#include "wire/handed_files.hpp"

#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace provisor {
namespace {

constexpr std::size_t room = CMSG_SPACE(max_handed_files * sizeof(int));

} // namespace

void hand_over_files(int socket, std::span<const int> files) {
    if (files.empty() || files.size() > max_handed_files)
        throw Error(ErrorKind::io, "hand files over: an impossible number of them");
    char count = static_cast<char>(files.size());
    iovec part{&count, sizeof count};
    alignas(cmsghdr) std::array<char, room> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(files.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(files.size_bytes());
    std::memcpy(CMSG_DATA(rights), files.data(), files.size_bytes());
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) != 1 && errno != EPIPE && errno != ECONNRESET)
        throw system_error(errno, "hand files over");
}

std::vector<Fd> receive_files(int socket) {
    char count = 0;
    iovec part{&count, sizeof count};
    alignas(cmsghdr) std::array<char, room> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = -1;
    do
        got = ::recvmsg(socket, &message, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        throw system_error(errno, "wait for the agent's files");
    std::vector<Fd> files;
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one))
        if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_RIGHTS)
            for (std::size_t at = 0; CMSG_LEN((at + 1) * sizeof(int)) <= one->cmsg_len; ++at) {
                int file = -1;
                std::memcpy(&file, CMSG_DATA(one) + at * sizeof file, sizeof file);
                files.emplace_back(file);
            }
    if (got != 1 || files.empty() || files.size() != static_cast<std::size_t>(count) ||
        (message.msg_flags & MSG_CTRUNC) != 0)
        throw Error(ErrorKind::io, "the agent handed no files over");
    return files;
}

} // namespace provisor
