// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/hostile_test.cpp
#pragma once

#include "unpack/archive_handle.hpp"
#include "unpack/content.hpp"

#include <cstdint>
#include <optional>
#include <string>

struct archive_entry;

namespace provisor {

/// A member of an archive, as the archive says.
struct Member {
    std::string name;                 ///< normalized_member() of it; not to be trusted in any way
    const char* other_kind = nullptr; ///< "a symbolic link"; nullptr for a regular file
    bool directory = false;
    bool encrypted = false;
    bool sparse = false;
};

/// The members of a tar or zip archive in their order, one at a time. Nothing is ever looked up or
/// made in a file system. Every function throws Error of kind unpack for an archive that is
/// damaged.
class ArchiveReader {
public:
    /// A tar in a stream that outlives the reader.
    explicit ArchiveReader(Content& tar);
    /// A zip in a file that outlives the reader.
    explicit ArchiveReader(const Artifact& zip);

    /// The next member; absent after the last, when everything up to the end of the artifact has
    /// been found right.
    std::optional<Member> next();
    /// The next bytes of the member that next() has returned; empty at its end. Its length and (in
    /// a zip) its checksum have been compared by then.
    std::span<const std::byte> read();

private:
    void finish_member();
    void check_tar_end();

    ArchiveHandle handle_;
    Content* tar_ = nullptr;
    ::archive_entry* entry_ = nullptr; ///< libarchive's, until the next one
    std::uint64_t read_ = 0;           ///< bytes of the current member
    std::uint64_t members_ = 0;
    std::uint64_t end_of_members_ = 0; ///< in the stream, of those so far
};

} // namespace provisor
