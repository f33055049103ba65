// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/content_coding.hpp"
#include "base/error_kind.hpp"
#include "wire/packing.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Payload of FrameType::unpack.
struct UnpackOrder {
    std::optional<Packing> packing;     ///< what the manifest says it is; absent: by content. `tar`
                                        ///< may be compressed, `none` is impossible
    std::uint64_t max_decompressed = 0; ///< bytes that may come out of the decompression in all
    std::vector<std::string> patterns;  ///< at least one; a single "" for no archive
    /// Other than identity: the artifact is a body with this coding, and all that is in it is
    /// wanted, whatever that is. `packing` is absent then, and `patterns` a single "".
    ContentCoding coding = ContentCoding::identity;
    std::string dictionary = {}; ///< the SHA-256 of the second file in hex, for `dcz`
    bool operator==(const UnpackOrder&) const = default;
};

/// Payload of FrameType::failed from provisor-unpack: of kind unpack, size or io.
struct UnpackFailure {
    ErrorKind kind = ErrorKind::unpack;
    std::string message;
    bool operator==(const UnpackFailure&) const = default;
};

/// FrameType::member has the member's name itself as its payload, `data` the bytes, `end` and
/// `done` nothing.
std::string encode(const UnpackOrder& order);
std::string encode(const UnpackFailure& failure);

/// The reverse; each throws Error of kind io for a payload that is cut, too long or otherwise
/// impossible.
UnpackOrder decode_unpack_order(std::string_view payload);
UnpackFailure decode_unpack_failure(std::string_view payload);

} // namespace provisor
