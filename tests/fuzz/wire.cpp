// SPDX-License-Identifier: Apache-2.0
// The frames of both directions, in pieces as a socket may cut them, and what is in them.
#include "wire/frame.hpp"

#include "base/error.hpp"
#include "fuzz/target.hpp"
#include "wire/messages.hpp"
#include "wire/probe_messages.hpp"
#include "wire/unpack_messages.hpp"

#include <algorithm>
#include <cstring>

namespace provisor::fuzz {
namespace {

template <typename Message>
void check_message(std::string_view payload, Message (*decode)(std::string_view)) {
    try {
        const Message message = decode(payload);
        require(decode(encode(message)) == message, "an encoded message is the same message");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::io, "a refusal is of kind io");
    }
}

void check_payload(const Frame& frame) {
    switch (frame.type) {
    case FrameType::settings:
        return check_message(frame.payload, decode_settings);
    case FrameType::get:
        return check_message(frame.payload, decode_request);
    case FrameType::unpack:
        return check_message(frame.payload, decode_unpack_order);
    case FrameType::probe:
        return check_message(frame.payload, decode_probe_order);
    case FrameType::head:
        return check_message(frame.payload, decode_head);
    case FrameType::failed:
        check_message(frame.payload, decode_failure);
        return check_message(frame.payload, decode_unpack_failure);
    case FrameType::probed:
        return check_message(frame.payload, decode_probe_report);
    default:
        return;
    }
}

/// The frames up to the first fault, put together again; `piece` bytes are taken at a time.
std::string frames_of(std::string_view stream, std::size_t piece, void (*use)(const Frame&)) {
    FrameReader reader;
    std::string frames;
    try {
        while (!stream.empty()) {
            const auto space = reader.space();
            const std::size_t size = std::min({piece, stream.size(), space.size()});
            std::memcpy(space.data(), stream.data(), size);
            reader.filled(size);
            stream.remove_prefix(size);
            while (const auto frame = reader.next()) {
                frames += encode_frame(frame->type, frame->id, frame->payload);
                use(*frame);
            }
        }
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::io, "a refusal is of kind io");
    }
    return frames;
}

} // namespace

void wire(std::string_view input) {
    Input parts(input);
    const std::size_t piece = std::size_t{1} + parts.byte();
    const std::string_view stream = parts.rest();
    const std::string frames = frames_of(stream, stream.size() + 1, check_payload);
    require(stream.starts_with(frames), "frames are the bytes that came");
    require(frames_of(stream, piece, [](const Frame&) {}) == frames,
            "how a stream is cut says nothing");
}

} // namespace provisor::fuzz
