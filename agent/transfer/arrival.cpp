// SPDX-License-Identifier: Apache-2.0
#include "transfer/arrival.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "model/shown_url.hpp"
#include "transfer/http_status.hpp"

#include <fmt/format.h>
#include <span>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;

/// A failure of provisor-fetch itself, not of the request.
Error nonsense(const char* what) {
    return {ErrorKind::io, fmt::format("it sent {}", what)};
}

} // namespace

Arrival::Arrival(std::uint32_t id, TransferRequest request, Progress& progress)
    : id_(id), request_(std::move(request)), shown_(shown_url(request_.url)), progress_(&progress) {
}

std::string Arrival::ask() const {
    return encode_frame(FrameType::get, id_,
                        encode(FetchRequest{request_.url, request_.validator.etag,
                                            request_.validator.last_modified}));
}

bool Arrival::take(const Frame& frame) {
    if (closed_)
        throw nonsense("more after the end of a request");
    closed_ = frame.type == FrameType::end || frame.type == FrameType::failed;
    if (over_)
        return true;
    switch (frame.type) {
    case FrameType::head:
    case FrameType::data:
    case FrameType::end:
    case FrameType::failed:
        break;
    default:
        throw nonsense("a frame that only the agent sends");
    }
    return true;
}

} // namespace provisor
