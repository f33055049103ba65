// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace provisor {

/// What travels on the socket between the agent and its unprivileged programs. All run on one
/// machine from one build, so numbers are in host order and there is no version.
///
/// provisor-fetch: `settings` are answered by one `ready`; every `get` is answered by at most one
/// `head`, then `data`, and in the end exactly one `end` or `failed`, also after an `abandon`;
/// every `probe` by exactly one `probed`, when its limit is over at the latest.
///
/// provisor-unpack: after the files (handed_files.hpp), one `unpack` is answered by, for each
/// member that is wanted, one `member` per pattern that names it, `data` and `end`, and in the end
/// by exactly one `done` or `failed`.
enum class FrameType : std::uint16_t {
    settings = 1, ///< agent: once, first
    get = 2,      ///< agent: a request
    abandon = 3,  ///< agent: no more of this id, please
    unpack = 4,   ///< agent: what is wanted of the artifact
    probe = 5,    ///< agent: one attempt of a health probe
    head = 16,    ///< fetcher: the final response's status and headers
    data = 17,    ///< fetcher: body bytes of a 200; unpacker: bytes of the member that has begun
    end = 18,     ///< fetcher: the response is over and well; unpacker: the member is
    failed = 19,  ///< fetcher: it is over and not well; unpacker: so is everything
    fatal = 20,   ///< either program: nothing at all can be done; it exits
    member = 21,  ///< unpacker: the member of the pattern `id` begins
    done = 22,    ///< unpacker: the artifact was read to its end, and all is well
    probed = 23,  ///< fetcher: what came of the attempt
    ready = 24    ///< fetcher: it has its settings, and what follows is the requests' business
};

/// A frame is a header of 12 bytes (payload length, type, zero, id) and its payload.
inline constexpr std::size_t frame_header_size = 12;
inline constexpr std::size_t max_data_payload = std::size_t{64} * 1024;
inline constexpr std::size_t max_payload = std::size_t{1024} * 1024;

struct Frame {
    FrameType type = FrameType::end;
    std::uint32_t id = 0;
    std::string_view payload; ///< valid until the reader is fed again
};

using FrameHeader = std::array<char, frame_header_size>;

/// The header of a frame with such a payload, as it goes over the wire.
FrameHeader encode_header(FrameType type, std::uint32_t id, std::size_t payload_size);

/// Header and payload as they go over the wire.
std::string encode_frame(FrameType type, std::uint32_t id, std::string_view payload);

/// Cuts a stream of bytes into frames. The other side is not trusted: a length, type or padding
/// that cannot be throws Error of kind io, after which the reader must not be used any more.
class FrameReader {
public:
    /// Room for more bytes; to be followed by filled().
    std::span<std::byte> space();
    void filled(std::size_t count) { end_ += count; }
    /// The next whole frame; absent until more bytes have come.
    std::optional<Frame> next();

private:
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace provisor
