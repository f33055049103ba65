// SPDX-License-Identifier: Apache-2.0
#include "unpack/content.hpp"

#include "base/error.hpp"
#include "wire/packing.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

Content::Content(std::unique_ptr<ByteSource> source, std::uint64_t limit)
    : source_(std::move(source)), limit_(limit) {}

const std::string& Content::head() {
    while (head_.size() < packing_head_size) {
        const std::span<const std::byte> piece = source_->read();
        if (piece.empty())
            break;
        // All of the piece, since it cannot be had again.
        head_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        head_is_unread_ = true;
    }
    return head_;
}

std::span<const std::byte> Content::read() {
    const std::span<const std::byte> piece = std::exchange(head_is_unread_, false)
                                                 ? std::as_bytes(std::span<const char>(head_))
                                                 : source_->read();
    const auto last = std::find_if(piece.rbegin(), piece.rend(),
                                   [](std::byte byte) { return byte != std::byte{}; });
    if (last != piece.rend())
        end_of_last_nonzero_ = position_ + static_cast<std::uint64_t>(piece.rend() - last);
    position_ += piece.size();
    if (position_ > limit_)
        throw Error(ErrorKind::size,
                    fmt::format("more than {} bytes come out of the decompression (the limit is 16 "
                                "times that of the wanted members, limits.artifact_size)",
                                limit_));
    return piece;
}

} // namespace provisor
