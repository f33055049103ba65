// SPDX-License-Identifier: Apache-2.0
#include "unpack/archive_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "unpack/zip_end.hpp"
#include "wire/member_name.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::uint64_t max_members = 1'000'000;
constexpr std::uint64_t tar_end_size = 1024; ///< POSIX pax: two blocks of zeros
constexpr const char* damaged_archive = "the archive is damaged or cut short";

const char* other_kind(::archive_entry* entry) {
    if (archive_entry_hardlink(entry) != nullptr)
        return "a hard link";
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return nullptr;
    case AE_IFLNK:
        return "a symbolic link";
    case AE_IFDIR:
        return "a directory";
    case AE_IFCHR:
        return "a character device";
    case AE_IFBLK:
        return "a block device";
    case AE_IFIFO:
        return "a FIFO";
    case AE_IFSOCK:
        return "a socket";
    default:
        return "of an unknown kind";
    }
}

} // namespace

ArchiveReader::ArchiveReader(Content& tar) : tar_(&tar) {
    archive_read_support_format_tar(handle_.get());
    handle_.open(tar, damaged_archive);
}

ArchiveReader::ArchiveReader(const Artifact& zip) {
    check_zip_end(zip);
    // By its central directory, which is what everybody else goes by.
    archive_read_support_format_zip_seekable(handle_.get());
    handle_.open(zip, damaged_archive);
}

std::optional<Member> ArchiveReader::next() {
    if (entry_ != nullptr)
        finish_member();
    const int code = archive_read_next_header(handle_.get(), &entry_);
    if (code == ARCHIVE_EOF) {
        entry_ = nullptr;
        if (tar_ != nullptr)
            check_tar_end();
        return std::nullopt;
    }
    // A warning concerns an attribute that is of no interest here; names are judged by whoever
    // wants one.
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
        handle_.fail(damaged_archive);
    if (++members_ > max_members)
        throw Error(ErrorKind::size,
                    fmt::format("the archive has more than {} members", max_members));
    read_ = 0;
    Member member;
    if (const char* name = archive_entry_pathname(entry_))
        member.name = normalized_member(name);
    member.other_kind = other_kind(entry_);
    member.directory = archive_entry_filetype(entry_) == AE_IFDIR;
    member.encrypted = archive_entry_is_encrypted(entry_) != 0;
    member.sparse = archive_entry_sparse_count(entry_) > 0;
    return member;
}

std::span<const std::byte> ArchiveReader::read() {
    const auto where = [&] {
        const char* name = archive_entry_pathname(entry_);
        return fmt::format("member '{}' is damaged or cut short",
                           name != nullptr ? printable(normalized_member(name), 200) : "");
    };
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int code = ARCHIVE_OK;
    // An empty piece is legal in the middle.
    while (code == ARCHIVE_OK && size == 0)
        code = archive_read_data_block(handle_.get(), &piece, &size, &offset);
    // A checksum that differs is a mere warning to libarchive.
    if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
        handle_.fail(where());
    if (code == ARCHIVE_OK) {
        if (static_cast<std::uint64_t>(offset) != read_)
            throw Error(ErrorKind::unpack, where() + " (it has holes)");
        read_ += size;
        return {static_cast<const std::byte*>(piece), size};
    }
    if (archive_entry_size_is_set(entry_) != 0 &&
        static_cast<std::uint64_t>(archive_entry_size(entry_)) != read_)
        throw Error(ErrorKind::unpack, fmt::format("{} ({} bytes where {} were announced)", where(),
                                                   read_, archive_entry_size(entry_)));
    return {};
}

void ArchiveReader::finish_member() {
    const int code = archive_read_data_skip(handle_.get());
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN && code != ARCHIVE_EOF)
        handle_.fail(damaged_archive);
    end_of_members_ = static_cast<std::uint64_t>(archive_filter_bytes(handle_.get(), 0));
}

void ArchiveReader::check_tar_end() {
    // libarchive is content with a stream that just ends, and does not read on after the end: what
    // is there, the checksums of the compression among it, comes to light only now.
    while (!tar_->read().empty()) {
    }
    if (tar_->end_of_last_nonzero() > end_of_members_)
        throw Error(ErrorKind::unpack, "something else follows the end of the tar archive");
    if (tar_->position() - end_of_members_ < tar_end_size)
        throw Error(ErrorKind::unpack, "the tar archive is cut short: it lacks its end");
}

} // namespace provisor
