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
Error nonsense(const char* what) { return {ErrorKind::io, fmt::format("it sent {}", what)}; }

} // namespace

Arrival::Arrival(std::uint32_t id, TransferRequest request, Progress& progress)
    : id_(id), request_(std::move(request)), progress_(&progress) {}

std::string Arrival::shown() const { return shown_url(request_.url); }

std::string Arrival::ask() {
    begun_ = Clock::now();
    return encode_frame(FrameType::get, id_,
                        encode(FetchRequest{request_.url, request_.validator.etag,
                                            request_.validator.last_modified}));
}

/// What throws here concerns this request alone.
template <typename Action>
bool Arrival::attempt(Action&& action) {
    // Frames of a request that has failed already were under way by then.
    if (over_)
        return true;
    try {
        action();
        return true;
    } catch (const Error& error) {
        fail(error);
        return false;
    }
}

bool Arrival::take(const Frame& frame) {
    if (closed_)
        throw nonsense("more after the end of an answer");
    switch (frame.type) {
    case FrameType::head: {
        const FetchHead head = decode_head(frame.payload);
        if (std::exchange(has_head_, true))
            throw nonsense("two heads for one answer");
        return attempt([&] { take_head(head); });
    }
    case FrameType::data:
        if (!over_ && !sha_)
            throw nonsense("bytes of a body without its head");
        return attempt([&] { take_data(frame.payload); });
    case FrameType::end:
        if (!has_head_)
            throw nonsense("the end of an answer without its head");
        closed_ = true;
        attempt([&] { take_end(); });
        return true;
    case FrameType::failed: {
        const FetchFailure failure = decode_failure(frame.payload);
        closed_ = true;
        attempt([&] { take_failure(failure); });
        return true;
    }
    default:
        throw nonsense("a frame that only the agent sends");
    }
}

void Arrival::fail(const Error& error) {
    if (over_)
        return;
    Error told = error;
    told.url = shown();
    told.http_status = result_.http_status;
    result_.error = std::move(told);
    finish();
}

void Arrival::finish() {
    over_ = true;
    file_.close();
    sha_.reset();
    result_.duration = std::chrono::duration_cast<Duration>(Clock::now() - begun_);
    progress_->end_transfer(id_);
}

void Arrival::take_head(const FetchHead& head) {
    result_.http_status = static_cast<int>(head.status);
    declared_ = head.content_length;
    if (head.status != 200 && (head.status != 304 || request_.validator.empty()))
        throw status_error(result_.http_status, shown(), head.retry_after, wall_clock());
    result_.validator = {head.etag, head.last_modified};
    if (head.status == 304)
        return;
    if (declared_ && *declared_ > request_.max_size)
        throw Error(ErrorKind::size,
                    fmt::format("'{}' declares {} bytes, the limit is {} (limits.artifact_size)",
                                shown(), *declared_, request_.max_size));
    file_ = request_.open_body();
    sha_.emplace();
    progress_->begin_transfer(id_, request_.component, declared_);
}

void Arrival::take_data(std::string_view bytes) {
    result_.bytes += bytes.size();
    if (result_.bytes > request_.max_size)
        throw Error(ErrorKind::size,
                    fmt::format("'{}' sent more than the limit of {} bytes (limits.artifact_size)",
                                shown(), request_.max_size));
    sha_->update(std::as_bytes(std::span(bytes)));
    write_all(file_.get(), bytes, "write the download cache");
    progress_->advance_transfer(id_, result_.bytes);
}

void Arrival::take_end() {
    if (result_.http_status == 304) {
        result_.not_modified = true;
        finish();
        return;
    }
    if (declared_ && *declared_ != result_.bytes)
        throw Error(ErrorKind::http, fmt::format("'{}' ended after {} of {} bytes", shown(),
                                                 result_.bytes, *declared_));
    result_.body = Body{std::move(file_), result_.bytes, sha_->finish()};
    finish();
}

void Arrival::take_failure(const FetchFailure& failure) {
    const std::string why = printable(failure.message, 600);
    if (!sha_ || !declared_)
        throw Error(failure.kind, fmt::format("'{}': {}", shown(), why));
    throw Error(failure.kind, fmt::format("'{}' ended after {} of {} bytes: {}", shown(),
                                          result_.bytes, *declared_, why));
}

} // namespace provisor
