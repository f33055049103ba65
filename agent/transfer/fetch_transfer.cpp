// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_transfer.hpp"

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "model/shown_url.hpp"
#include "transfer/fetch_process.hpp"
#include "transfer/http_status.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t pem_limit = 256 * 1024;

std::string read_pem(const std::string& path, const char* what) {
    if (path.empty())
        return "";
    const std::optional<std::string> text = read_file(path, pem_limit);
    if (!text)
        throw Error(ErrorKind::config, fmt::format("{}: there is no file '{}'", what, path));
    return *text;
}

std::uint64_t milliseconds(Duration span) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

FetchSettings settings_for(const AgentConfig& config) {
    FetchSettings settings;
    // "infinity" means that there is no limit, which is what 0 says to the fetcher.
    const auto span = [](Duration limit) {
        return limit == Duration::max() ? 0 : milliseconds(limit);
    };
    settings.connect_timeout = span(config.timeouts.connect);
    settings.stall_timeout = span(config.timeouts.stall);
    settings.total_timeout = span(config.timeouts.total);
    settings.parallel = config.parallel;
    settings.min_tls = config.tls.min_version;
    settings.proxy = config.proxy;
    settings.ca_pem = read_pem(config.tls.ca_file, "tls.ca_file");
    settings.client_cert_pem = read_pem(config.tls.client_cert, "tls.client_cert");
    settings.client_key_pem = read_pem(config.tls.client_key, "tls.client_key");
    return settings;
}

/// One request on its way, on the agent's side: here the bytes are counted, limited, hashed and
/// written.
class Arrival {
public:
    Arrival(std::size_t id, TransferRequest request, Progress& progress)
        : id_(id), request_(std::move(request)), shown_(shown_url(request_.url)),
          progress_(progress) {}

    bool over() const { return over_; }
    std::uint32_t id() const { return static_cast<std::uint32_t>(id_); }
    const TransferRequest& request() const { return request_; }
    TransferResult take_result() { return std::move(result_); }

    void take(const Frame& frame) {
        switch (frame.type) {
        case FrameType::head:
            take_head(decode_head(frame.payload));
            return;
        case FrameType::data:
            take_data(std::as_bytes(std::span(frame.payload)));
            return;
        case FrameType::end:
            take_end();
            return;
        case FrameType::failed:
            take_failure(decode_failure(frame.payload));
            return;
        default:
            throw Error(ErrorKind::io, "a frame that provisor-fetch does not send");
        }
    }

    void fail(const Error& error) {
        Error told = with_url(error);
        result_.error = std::move(told);
        finish();
    }

private:
    Error with_url(const Error& error) {
        Error told = error;
        told.url = shown_;
        told.http_status = result_.http_status;
        return told;
    }

    void finish() {
        over_ = true;
        file_.close();
        result_.duration = std::chrono::duration_cast<Duration>(Clock::now() - begun_);
        progress_.end_transfer(id_);
    }

    void take_head(const FetchHead& head) {
        if (result_.http_status != 0)
            throw Error(ErrorKind::io, "two heads for one request");
        result_.http_status = static_cast<int>(head.status);
        result_.validator = {head.etag, head.last_modified};
        declared_ = head.content_length;
        if (head.status == 304 && !request_.validator.empty())
            return;
        if (head.status != 200)
            throw status_error(result_.http_status, shown_, head.retry_after, wall_clock());
        if (declared_ && *declared_ > request_.max_size)
            throw Error(
                ErrorKind::size,
                fmt::format("'{}' declares {} bytes, the limit is {} (limits.artifact_size)",
                            shown_, *declared_, request_.max_size));
        file_ = request_.open_body();
        sha_.emplace();
        progress_.begin_transfer(id_, request_.component, declared_);
    }

    void take_data(std::span<const std::byte> bytes) {
        if (!sha_)
            throw Error(ErrorKind::io, "body bytes without a body");
        result_.bytes += bytes.size();
        if (result_.bytes > request_.max_size)
            throw Error(
                ErrorKind::size,
                fmt::format("'{}' sent more than the limit of {} bytes (limits.artifact_size)",
                            shown_, request_.max_size));
        sha_->update(bytes);
        write_all(file_.get(), bytes, "write the download cache");
        progress_.advance_transfer(id_, result_.bytes);
    }

    void take_end() {
        if (result_.http_status == 304) {
            result_.not_modified = true;
            // A 304 with another ETag than the one that was asked for speaks of nothing we have;
            // what is stored stays.
            finish();
            return;
        }
        if (!sha_)
            throw Error(ErrorKind::io, "an end without a head");
        if (declared_ && *declared_ != result_.bytes)
            throw Error(ErrorKind::http, fmt::format("'{}' ended after {} of {} bytes", shown_,
                                                     result_.bytes, *declared_));
        Fd file = std::move(file_);
        finish();
        result_.body = Body{std::move(file), result_.bytes, sha_->finish()};
    }

    void take_failure(const FetchFailure& failure) {
        std::string message = fmt::format("'{}': {}", shown_, printable(failure.message, 600));
        if (sha_ && declared_)
            message += fmt::format(" (ended after {} of {} bytes)", result_.bytes, *declared_);
        throw Error(failure.kind, message);
    }

    std::size_t id_;
    TransferRequest request_;
    std::string shown_;
    Progress& progress_;
    Clock::time_point begun_ = Clock::now();
    std::optional<std::uint64_t> declared_;
    std::optional<Sha256> sha_;
    Fd file_;
    TransferResult result_;
    bool over_ = false;
};

/// One batch over one socket.
class Batch {
public:
    /// `first_id` is beyond all ids of earlier batches, whose abandoned transfers may still have
    /// frames on the way.
    Batch(std::vector<TransferRequest> requests, std::uint32_t first_id, Progress& progress)
        : first_id_(first_id) {
        arrivals_.reserve(requests.size());
        for (TransferRequest& request : requests) {
            const std::size_t id = first_id + arrivals_.size();
            outgoing_ += encode_frame(FrameType::get, static_cast<std::uint32_t>(id),
                                      encode(FetchRequest{request.url, request.validator.etag,
                                                          request.validator.last_modified}));
            arrivals_.emplace_back(id, std::move(request), progress);
        }
        open_ = arrivals_.size();
    }

    void prepend(std::string frame) { outgoing_.insert(0, frame); }

    /// Reads and writes until all requests are over. Throws Error when the fetcher or the socket
    /// fails as a whole.
    void run(int socket, const Interrupt& interrupt) {
        while (open_ > 0) {
            const bool more = written_ < outgoing_.size();
            pollfd fds[] = {{socket, static_cast<short>(more ? POLLIN | POLLOUT : POLLIN), 0},
                            {interrupt.fd(), POLLIN, 0}};
            if (::poll(fds, 2, -1) < 0 && errno != EINTR)
                throw system_error(errno, "wait for provisor-fetch");
            interrupt.check();
            // Reading comes first: the fetcher may be blocked until we do.
            if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
                receive(socket);
            if ((fds[0].revents & POLLOUT) != 0)
                send(socket);
        }
    }

    void fail_open(const Error& error) {
        for (Arrival& arrival : arrivals_)
            if (!arrival.over())
                arrival.fail(error);
    }

    std::vector<TransferResult> take_results() {
        std::vector<TransferResult> results;
        for (Arrival& arrival : arrivals_)
            results.push_back(arrival.take_result());
        return results;
    }

private:
    void send(int socket) {
        const ssize_t sent =
            ::send(socket, outgoing_.data() + written_, outgoing_.size() - written_, MSG_NOSIGNAL);
        if (sent > 0)
            written_ += static_cast<std::size_t>(sent);
        else if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE)
            throw system_error(errno, "ask provisor-fetch");
    }

    void receive(int socket) {
        const std::span<std::byte> space = reader_.space();
        const ssize_t got = ::recv(socket, space.data(), space.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0)
            throw Error(ErrorKind::io, "");
        reader_.filled(static_cast<std::size_t>(got));
        while (const std::optional<Frame> frame = reader_.next())
            dispatch(*frame);
    }

    void dispatch(const Frame& frame) {
        if (frame.type == FrameType::fatal)
            throw Error(ErrorKind::io, printable(frame.payload, 300));
        if (frame.id < first_id_)
            return;
        if (frame.id - first_id_ >= arrivals_.size())
            throw Error(ErrorKind::io, "an answer to no request");
        Arrival& arrival = arrivals_[frame.id - first_id_];
        // Frames of an abandoned transfer that were under way already.
        if (arrival.over())
            return;
        try {
            arrival.take(frame);
        } catch (const Error& error) {
            arrival.fail(error);
            if (frame.type == FrameType::head || frame.type == FrameType::data)
                outgoing_ += encode_frame(FrameType::abandon, arrival.id(), "");
        }
        if (arrival.over())
            --open_;
    }

    std::uint32_t first_id_;
    std::vector<Arrival> arrivals_;
    std::size_t open_ = 0;
    std::string outgoing_;
    std::size_t written_ = 0;
    FrameReader reader_;
};

} // namespace

FetchTransfer::FetchTransfer(std::string program, const AgentConfig& config)
    : program_(std::move(program)), config_(config) {}

FetchTransfer::~FetchTransfer() = default;

int FetchTransfer::fetcher_pid() const { return process_ ? process_->pid() : -1; }

std::vector<TransferResult> FetchTransfer::run(std::vector<TransferRequest> requests,
                                               const Interrupt& interrupt, Progress& progress) {
    if (requests.empty())
        return {};
    const std::uint32_t first_id = next_id_;
    next_id_ += static_cast<std::uint32_t>(requests.size());
    Batch batch(std::move(requests), first_id, progress);
    try {
        if (!process_) {
            const std::string settings =
                encode_frame(FrameType::settings, 0, encode(settings_for(config_)));
            process_ = std::make_unique<FetchProcess>(program_);
            batch.prepend(settings);
        }
        batch.run(process_->socket(), interrupt);
    } catch (const Error& error) {
        std::string message = error.what();
        if (process_) {
            const std::string how = process_->end();
            message = message.empty() ? fmt::format("provisor-fetch {}", how)
                                      : fmt::format("provisor-fetch: {} ({})", message, how);
            process_.reset();
        }
        batch.fail_open(Error(error.kind(), message));
    } catch (const Interrupted&) {
        process_.reset();
        throw;
    }
    return batch.take_results();
}

} // namespace provisor
