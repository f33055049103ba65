// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace provisor {

void Fd::close() noexcept {
    if (number_ >= 0)
        // EINTR included, the descriptor is gone on Linux: close(2), "retrying is the wrong thing
        // to do".
        ::close(number_);
    number_ = -1;
}

void open_standard_descriptors() noexcept {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
        if (::fcntl(number, F_GETFD) < 0 && errno == EBADF)
            // The lowest number that is free (open(2)), which is this one. It stays open.
            if (::open("/dev/null", O_RDWR) < 0)
                return;
}

void write_all(int fd, std::span<const std::byte> bytes, const std::string& what) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR)
                continue;
            throw system_error(errno, what);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

void write_all(int fd, std::string_view bytes, const std::string& what) {
    write_all(fd, std::as_bytes(std::span(bytes)), what);
}

std::size_t read_some(int fd, std::span<std::byte> buffer, const std::string& what) {
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (errno != EINTR)
            throw system_error(errno, what);
    }
}

} // namespace provisor
