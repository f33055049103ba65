// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include "base/error.hpp"

#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace provisor {
namespace {

struct Header {
    std::uint32_t length;
    std::uint16_t type;
    std::uint16_t zero;
    std::uint32_t id;
};
static_assert(sizeof(Header) == frame_header_size);

constexpr std::size_t read_size = std::size_t{256} * 1024;

bool is_known(std::uint16_t type) {
    switch (static_cast<FrameType>(type)) {
    case FrameType::settings:
    case FrameType::get:
    case FrameType::abandon:
    case FrameType::unpack:
    case FrameType::probe:
    case FrameType::head:
    case FrameType::data:
    case FrameType::end:
    case FrameType::failed:
    case FrameType::fatal:
    case FrameType::member:
    case FrameType::done:
    case FrameType::probed:
    case FrameType::ready:
        return true;
    }
    return false;
}

} // namespace

FrameHeader encode_header(FrameType type, std::uint32_t id, std::size_t payload_size) {
    return std::bit_cast<FrameHeader>(
        Header{static_cast<std::uint32_t>(payload_size), static_cast<std::uint16_t>(type), 0, id});
}

std::string encode_frame(FrameType type, std::uint32_t id, std::string_view payload) {
    const FrameHeader header = encode_header(type, id, payload.size());
    std::string bytes(header.data(), header.size());
    bytes += payload;
    return bytes;
}

std::span<std::byte> FrameReader::space() {
    // What has been handed out is gone now; the rest moves to the front, so that the buffer stays
    // as small as the largest frame and one read. (Only that: erase() would move the space behind
    // it as well.)
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < end_ + read_size)
        buffer_.resize(end_ + read_size);
    return std::as_writable_bytes(std::span(buffer_).subspan(end_, read_size));
}

std::optional<Frame> FrameReader::next() {
    if (end_ - begin_ < frame_header_size)
        return std::nullopt;
    Header header{};
    std::memcpy(&header, buffer_.data() + begin_, sizeof header);
    const std::size_t limit =
        header.type == static_cast<std::uint16_t>(FrameType::data) ? max_data_payload : max_payload;
    if (!is_known(header.type) || header.zero != 0 || header.length > limit)
        throw Error(ErrorKind::io, fmt::format("a malformed frame (type {}, {} bytes)", header.type,
                                               header.length));
    if (end_ - begin_ < frame_header_size + header.length)
        return std::nullopt;
    const Frame frame{static_cast<FrameType>(header.type), header.id,
                      std::string_view(buffer_).substr(begin_ + frame_header_size, header.length)};
    begin_ += frame_header_size + header.length;
    return frame;
}

} // namespace provisor
