// SPDX-License-Identifier: Apache-2.0
#include "journal/native.hpp"

#include "base/fd.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace provisor {
namespace {

constexpr const char* place = "/run/systemd/journal/socket";
/// The largest entry has some twenty fields of 4 KiB; the system's default holds 200 KiB.
constexpr int send_buffer = 1 << 20;

/// A disk under load keeps journald from reading for seconds, in which nothing shall be lost.
constexpr int seconds_of_patience = 5;

/// Whether an entry was given up because journald does not read. As long for each would make a pass
/// over a thousand components take more than an hour.
std::atomic<bool> journald_hangs = false;

void append(std::string& datagram, const std::string& field) {
    const std::size_t end = field.find('=');
    if (field.find('\n') == std::string::npos || end == std::string::npos) {
        datagram += field + '\n';
        return;
    }
    const std::string_view value = std::string_view(field).substr(end + 1);
    datagram.append(field, 0, end) += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8) // little-endian
        datagram += static_cast<char>(static_cast<std::uint64_t>(value.size()) >> shift & 0xff);
    datagram.append(value) += '\n';
}

} // namespace

std::string to_datagram(const std::vector<std::string>& fields) {
    std::string datagram;
    for (const std::string& field : fields)
        append(datagram, field);
    return datagram;
}

bool send_datagram(std::string_view datagram) noexcept {
    // A socket for each: journald may have been started again, and an idle daemon keeps none open.
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, place, sizeof address.sun_path - 1);
    const timeval patience{seconds_of_patience, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    const int flags = MSG_NOSIGNAL | (journald_hangs ? MSG_DONTWAIT : 0);
    ssize_t sent = 0;
    do
        sent = ::sendto(socket.get(), datagram.data(), datagram.size(), flags,
                        reinterpret_cast<const sockaddr*>(&address), sizeof address);
    while (sent < 0 && errno == EINTR);
    journald_hangs = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return sent >= 0;
}

} // namespace provisor
