// SPDX-License-Identifier: Apache-2.0
#include "transfer/arrival.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "model/shown_url.hpp"
#include "transfer/helper_process.hpp"
#include "transfer/http_status.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t part_each = 64 * mebibyte;

} // namespace

Arrival::Arrival(std::uint32_t id, TransferRequest request, Progress& progress)
    : id_(id), request_(std::move(request)), progress_(&progress) {}

std::string Arrival::shown() const { return shown_url(request_.url); }

std::string Arrival::ask() {
    begun_ = Clock::now();
    FetchRequest asked;
    asked.url = request_.url;
    asked.etag = request_.validator.etag;
    asked.last_modified = request_.validator.last_modified;
    asked.secret_headers = request_.secret_headers;
    asked.compressed = request_.compressed;
    asked.probe = request_.probe;
    asked.client_certificate = request_.own_origin;
    if (request_.dictionary) {
        asked.dictionary = request_.dictionary->sha256;
        asked.dictionary_id = request_.dictionary->id;
    }
    if (request_.part) {
        const BodyPart& part = request_.part->part;
        asked.range_from = part.size;
        asked.range_whole = part.whole.value_or(0);
        asked.if_range = part.etag;
        asked.range_coding = part.coding;
    }
    return encode_frame(FrameType::get, id_, encode(asked));
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
        if (frame.payload.empty())
            throw nonsense("bytes of a body that are none");
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
    // What is too large or has no room shall not even be continued.
    if (error.kind() != ErrorKind::size && error.kind() != ErrorKind::space)
        keep_part();
    result_.error = std::move(told);
    result_.changed = false; // said by a head that nothing followed
    finish();
}

std::optional<BodyPart> Arrival::kept_part() noexcept {
    if (over_ || !sha_ || size_ == 0 || !request_.place.keep_part || !is_strong(result_.validator))
        return std::nullopt;
    if (declared_ && size_ > *declared_) // the beginning of nothing
        return std::nullopt;
    try {
        BodyPart part{result_.validator.etag, size_, sha_->so_far(), declared_, coding_};
        if (coding_ == ContentCoding::dcz)
            part.dictionary = request_.dictionary->sha256;
        request_.place.keep_part(file_.written().get(), part);
        return part;
    } catch (const std::exception&) {
        // It costs a transfer from the start; what ended this one is what has to be told.
        return std::nullopt;
    }
}

bool Arrival::reopen() {
    if (over_)
        return false;
    if (std::optional<BodyPart> part = kept_part())
        request_.part = ReadPart{std::move(*part), std::move(*sha_)};
    else if (sha_ && result_.resumed)
        request_.part.reset(); // its hash has gone on
    if (sha_)
        progress_->end_transfer(id_);
    sha_.reset();
    file_ = {};
    const std::uint64_t bytes = result_.bytes;
    result_ = {};
    result_.bytes = bytes; // they were received, whatever became of them
    declared_.reset();
    size_ = 0;
    has_head_ = false;
    return true;
}

Error Arrival::blamed(const Error& error) const {
    return {error.kind(), fmt::format("'{}': while it read the answer, {}", shown(), error.what())};
}

void Arrival::finish() {
    over_ = true;
    file_ = {};
    sha_.reset();
    result_.duration = std::chrono::duration_cast<Duration>(Clock::now() - begun_);
    progress_->end_transfer(id_);
}

bool Arrival::continues_part(const FetchHead& head) const {
    return head.status == 206 && request_.part && head.whole_length &&
           head.etag == request_.part->part.etag && head.coding == request_.part->part.coding &&
           *head.whole_length > request_.part->part.size;
}

void Arrival::take_head(const FetchHead& head) {
    result_.http_status = static_cast<int>(head.status);
    if (request_.probe && (head.status == 206 || head.status == 416)) {
        result_.changed = true;
        return;
    }
    const bool continues = continues_part(head);
    if (head.status != 200 && !continues && (head.status != 304 || request_.validator.empty()))
        throw status_error(result_.http_status, shown(),
                           request_.secret_headers.empty() ? Credentials::none : Credentials::sent,
                           head.retry_after, wall_clock());
    const bool may_be_encoded = head.coding != ContentCoding::dcz || request_.dictionary;
    if (!may_be_encoded || (head.coding != ContentCoding::identity && !request_.compressed))
        throw nonsense("a body in an encoding that it was not asked for");
    result_.validator = {head.etag, head.last_modified};
    if (!head.dictionary_match.empty())
        result_.use_as_dictionary = DictionaryUse{head.dictionary_match, head.dictionary_id};
    result_.resumed = continues;
    if (head.status != 304)
        begin_body(head);
}

void Arrival::begin_body(const FetchHead& head) {
    declared_ = result_.resumed ? head.whole_length : head.content_length;
    if (declared_ && *declared_ > request_.max_size)
        throw Error(ErrorKind::size,
                    fmt::format("'{}' declares {} bytes, the limit is {} (limits.artifact_size)",
                                shown(), *declared_, request_.max_size));
    coding_ = head.coding;
    size_ = result_.resumed ? request_.part->part.size : 0;
    next_part_ = size_ + part_each;
    file_ = file_for_body();
    if (result_.resumed)
        sha_.emplace(std::move(request_.part->sha));
    else
        sha_.emplace();
    progress_->begin_transfer(id_, request_.component, declared_);
    progress_->advance_transfer(id_, size_);
}

BodyFile Arrival::file_for_body() {
    const BodyFile::Open open = [this] {
        const std::uint64_t present = result_.resumed ? size_ : 0;
        return request_.place.open({present, std::max(declared_.value_or(0), size_)});
    };
    const CheckRoom& room = request_.place.check_room;
    // What is encoded is another content than the one that is known.
    if (result_.resumed || coding_ != ContentCoding::identity || !request_.place.known)
        return BodyFile(open, room);
    std::optional<KnownContent> known = request_.place.known();
    if (!known || (declared_ && *declared_ != known->size))
        return BodyFile(open, room);
    return {std::move(*known), open, room};
}

/// What is done now and then on the way, and not for every piece.
void Arrival::checkpoint() {
    if (size_ >= next_part_) {
        keep_part();
        next_part_ = size_ + part_each;
    }
}

void Arrival::take_data(std::string_view bytes) {
    result_.bytes += bytes.size();
    if (size_ + bytes.size() > request_.max_size)
        throw Error(ErrorKind::size,
                    fmt::format("'{}' sent more than the limit of {} bytes (limits.artifact_size)",
                                shown(), request_.max_size));
    checkpoint();
    file_.append(bytes);
    sha_->update(std::as_bytes(std::span(bytes)));
    size_ += bytes.size();
    progress_->advance_transfer(id_, size_);
}

void Arrival::take_end() {
    if (result_.changed) {
        finish();
        return;
    }
    if (result_.http_status == 304) {
        result_.not_modified = true;
        finish();
        return;
    }
    if (declared_ && *declared_ != size_)
        throw Error(ErrorKind::http,
                    fmt::format("'{}' ended after {} of {} bytes", shown(), size_, *declared_));
    result_.body = file_.finish(size_, sha_->finish(), coding_);
    finish();
}

void Arrival::take_failure(const FetchFailure& failure) {
    const std::string why = printable(failure.message, 1000);
    if (!sha_ || !declared_)
        throw Error(failure.kind, fmt::format("'{}': {}", shown(), why));
    throw Error(failure.kind, fmt::format("'{}' ended after {} of {} bytes: {}", shown(), size_,
                                          *declared_, why));
}

} // namespace provisor
