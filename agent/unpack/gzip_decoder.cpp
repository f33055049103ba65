// SPDX-License-Identifier: Apache-2.0
#include "unpack/gzip_decoder.hpp"

#include "base/error.hpp"

#include <fmt/format.h>
#include <new>
#include <zlib.h>

namespace provisor {
namespace {

/// zlib's way to say "a gzip header and nothing else, and the largest window".
constexpr int gzip_only = 16 + MAX_WBITS;
constexpr unsigned char first_of_magic = 0x1f;

} // namespace

struct GzipDecoder::State {
    z_stream stream{};
};

GzipDecoder::GzipDecoder(const Artifact& artifact)
    : bytes_(artifact), state_(std::make_unique<State>()), output_(decoded_piece_size) {
    if (inflateInit2(&state_->stream, gzip_only) != Z_OK)
        throw std::bad_alloc();
}

GzipDecoder::~GzipDecoder() { inflateEnd(&state_->stream); }

bool GzipDecoder::has_input() {
    z_stream& stream = state_->stream;
    if (stream.avail_in > 0)
        return true;
    const std::span<const std::byte> piece = bytes_.read();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    return !piece.empty();
}

bool GzipDecoder::begin_member() {
    if (!has_input())
        return false;
    if (*state_->stream.next_in != first_of_magic)
        throw Error(ErrorKind::unpack, "something else follows the end of the gzip data");
    inflateReset(&state_->stream);
    return true;
}

std::span<const std::byte> GzipDecoder::read() {
    z_stream& stream = state_->stream;
    stream.next_out = reinterpret_cast<Bytef*>(output_.data());
    stream.avail_out = static_cast<uInt>(output_.size());
    while (stream.avail_out > 0) {
        if (!in_member_ && !begin_member())
            break;
        in_member_ = true;
        const bool input = has_input();
        const int code = inflate(&stream, Z_NO_FLUSH);
        if (code == Z_STREAM_END)
            in_member_ = false;
        else if (code == Z_MEM_ERROR)
            throw std::bad_alloc();
        else if (code == Z_BUF_ERROR && !input)
            throw Error(ErrorKind::unpack, "the gzip data is cut short");
        else if (code != Z_OK && code != Z_BUF_ERROR)
            throw Error(ErrorKind::unpack,
                        fmt::format("the gzip data is damaged ({})",
                                    stream.msg != nullptr ? stream.msg : "no reason is given"));
    }
    return std::span<const std::byte>(output_).first(output_.size() - stream.avail_out);
}

} // namespace provisor
