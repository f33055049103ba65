// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/process_test.cpp
#pragma once

#include "base/content_coding.hpp"
#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "model/component.hpp"
#include "transfer/room_watch.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// What is wanted of an artifact.
struct UnpackRequest {
    int artifact = -1; ///< read from its start whatever its offset is, which stays as it is
    Format format = Format::automatic;
    /// A glob per wanted member (see wire/member_name.hpp), each of which must match exactly one;
    /// two may match the same. A single "" means that it is no archive: the one decompressed
    /// content.
    std::vector<std::string> patterns;
    std::uint64_t max_size = 0; ///< of all results together; see also decompressed_limit()
    /// Called when the bytes of that pattern's member begin: an empty file, read-write.
    std::function<Fd(std::size_t index)> open_member;
    CheckRoom check_room; ///< what it throws ends it
    /// Other than identity: the artifact is a body with this content coding, and all that is in it
    /// is wanted, whatever that is. `format` says nothing then, and `patterns` is a single "".
    ContentCoding coding = ContentCoding::identity;
    int dictionary = -1; ///< for `dcz`; read like `artifact`
    std::string dictionary_sha256;
    /// How long to listen to provisor-unpack in all, with a second more for each MiB of the
    /// artifact; it is longer than the processor time it may take.
    std::chrono::milliseconds patience = std::chrono::minutes(15);
};

/// A whole member as it came: counted, hashed and written on the agent's side. Not yet synced.
struct UnpackedMember {
    std::string name; ///< the member's, made printable; empty for a content that is no archive
    Fd file;
    std::uint64_t size = 0;
    std::string sha256;
};

/// Starts `program` (provisor-unpack; see HelperProgram::place), which reads the artifact to its
/// very end, and takes the wanted members' bytes from it. Results in the order of `patterns`.
/// Whatever else it throws, the files it was given hold nothing to rely on: Error of kind unpack
/// (or size, for a limit) that names the member, of kind io when the program itself fails or says
/// what cannot be, and Interrupted within a second.
std::vector<UnpackedMember> unpack(const std::string& program, const UnpackRequest& request,
                                   const Interrupt& interrupt);

/// How many bytes may come out of the decompression in all, also of members that nobody wants:
/// 16 times `max_size`, and 64 MiB at least.
std::uint64_t decompressed_limit(std::uint64_t max_size);

/// By the first bytes (at least 512 if there are as many) of an artifact: whether `format: auto`
/// without a pattern means that the content must go through provisor-unpack (it begins like gzip,
/// zstd, xz, bzip2, zip or tar), or is installed as it is.
bool looks_packed(std::string_view head);

} // namespace provisor
