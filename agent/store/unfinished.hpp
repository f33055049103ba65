// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/store/cache_test.cpp
#pragma once

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "transfer/transfer.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace provisor {

/// What is on its way into the cache and not whole yet: bodies that are still arriving or were cut
/// off, by URL, and members that are being unpacked, by number. Folder `partial` of the cache:
///
///     <sha256 of URL>        the bytes of a body
///     <sha256 of URL>.json   once it was cut off: its ETag, and how many bytes with which digest
///                            are there
///     <sha256 of URL>.decoded   what an encoded body is being decoded to
///     member-<number>        the bytes of a member
class Unfinished {
public:
    /// Nothing is made on disk before something begins.
    explicit Unfinished(const std::filesystem::path& state_dir);

    /// What an earlier transfer left of this URL's body, read again and found whole; absent when
    /// there is nothing of use.
    std::optional<ReadPart> find_part(const std::string& url, const Interrupt& interrupt) const;
    /// Whether there is anything at all, so that an unchanged pass need not ask for each URL.
    bool any() const;
    /// A file for the body of this URL, read-write: with the first `start.present` bytes of what is
    /// there, and positioned behind them. Throws Error of kind space when the rest of the body
    /// would leave less than `min_free` bytes.
    Fd begin_body(const std::string& url, const BodyStart& start, std::uint64_t min_free);
    /// Throws Error of kind space when `wanted` bytes would leave less than `min_free` for the
    /// cache's file system; returns how many would not.
    std::uint64_t require_room(std::uint64_t min_free, std::uint64_t wanted) const;
    /// Records how much of a body is in its file, durably, for a later begin_body.
    void keep_part(const std::string& url, int fd, const BodyPart& part);
    /// The end of a transfer without a body: what is recorded as a part stays, anything else goes.
    void abandon_body(const std::string& url) noexcept;
    /// Throws away a body and what is recorded of it; also when its file has got another name.
    void discard_body(const std::string& url) noexcept;
    std::filesystem::path body_path(const std::string& url) const;

    /// An empty file for what a body is decoded to, read-write. Throws Error of kind space like
    /// begin_body.
    Fd begin_decoded(const std::string& url, std::uint64_t min_free);
    /// Puts that in the place of the body.
    void replace_body(const std::string& url);
    /// Throws it away, if it is still there.
    void discard_decoded(const std::string& url) noexcept;

    /// An empty file for a member that is being unpacked, read-write.
    Fd begin_member(std::size_t number);
    /// Throws away those of the members 0 to count - 1 that have not got another name.
    void discard_members(std::size_t count) noexcept;
    std::filesystem::path member_path(std::size_t number) const;

    /// Drops what nobody will finish: what is of none of these URLs, what has no record, or one
    /// that is a week old, and records without a body.
    void prune(const std::set<std::string>& urls);

private:
    std::filesystem::path part_path(const std::string& url) const;
    std::filesystem::path decoded_path(const std::string& url) const;
    Fd open(const std::filesystem::path& path) const;

    std::filesystem::path state_dir_;
    std::filesystem::path folder_;
};

} // namespace provisor
