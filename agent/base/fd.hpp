// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/output_rows_test.cpp
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace provisor {

/// Owner of a file descriptor; -1 owns nothing.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { close(); }

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    int release() { return std::exchange(number_, -1); }
    void close() noexcept;

private:
    int number_ = -1;
};

/// Puts /dev/null in the place of standard descriptors that are closed: what is opened next would
/// be given their numbers, and what is printed would then be written into that file.
void open_standard_descriptors() noexcept;

/// Writes all of `bytes`, through short writes and EINTR. Throws the Error of the failing write,
/// told as `what`.
void write_all(int fd, std::span<const std::byte> bytes, const std::string& what);
void write_all(int fd, std::string_view bytes, const std::string& what);

/// Reads up to `buffer.size()` bytes, through EINTR; 0 at the end. Throws the Error of the read,
/// told as `what`.
std::size_t read_some(int fd, std::span<std::byte> buffer, const std::string& what);

} // namespace provisor
