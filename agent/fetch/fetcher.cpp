// SPDX-License-Identifier: Apache-2.0
#include "fetch/fetcher.hpp"

#include "base/c_ptr.hpp"
#include "base/text.hpp"
#include "fetch/classify.hpp"
#include "fetch/response_headers.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

#include <algorithm>
#include <cerrno>
#include <curl/curl.h>
#include <deque>
#include <filesystem>
#include <fmt/format.h>
#include <list>
#include <map>
#include <memory>
#include <sys/socket.h>
#include <vector>

namespace provisor {
namespace {

/// libcurl 7.88 can leave data of other streams in its own buffers and then sleep through the whole
/// timeout of a poll, so while anything runs no poll is longer than this.
constexpr int busy_poll_ms = 10;
constexpr int idle_poll_ms = 60'000;
/// Small bodies of answers that nobody wants are read to their end, since that keeps the
/// connection.
constexpr std::size_t drain_limit = 64 * 1024;
constexpr long max_redirects = 10;
constexpr long stall_bytes_per_second = 1024;

class Fetcher;

struct Transfer {
    Fetcher* fetcher = nullptr;
    std::uint32_t id = 0;
    FetchRequest request;
    CPtr<CURL, curl_easy_cleanup> easy;
    CPtr<curl_slist, curl_slist_free_all> headers;
    ResponseHeaders response;
    std::string curl_text = std::string(CURL_ERROR_SIZE, '\0');
    std::string refusal; ///< why we ended it ourselves; empty when we did not
    bool head_sent = false;
    bool unwanted = false;  ///< its body was too long to read for nothing
    std::size_t drained = 0;
};

bool starts_with_scheme(std::string_view url, std::string_view scheme) {
    return url.size() > scheme.size() && std::equal(scheme.begin(), scheme.end(), url.begin(),
                                                    [](char a, char b) { return a == (b | 0x20); });
}

/// OpenSSL finds an issuer in a hashed directory by one look; to read the bundle of all roots
/// instead costs tens of milliseconds per process. Absent where there is no such directory.
std::optional<std::string> hashed_ca_folder() {
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator("/etc/ssl/certs", problem)) {
        const std::string name = entry.path().filename().string();
        if (name.size() == 10 && name.ends_with(".0"))
            return "/etc/ssl/certs";
    }
    return std::nullopt;
}

class Fetcher {
public:
    explicit Fetcher(int socket) : socket_(socket), multi_(curl_multi_init()) {
        if (!multi_)
            throw Error(ErrorKind::io, "libcurl could not be set up");
    }
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;
    ~Fetcher() {
        for (const auto& transfer : active_)
            curl_multi_remove_handle(multi_.get(), transfer->easy.get());
    }

    void run();
    void send(FrameType type, std::uint32_t id, std::string_view payload);
    void send_head(Transfer& transfer);

private:
    bool receive();
    void take(const Frame& frame);
    void take_settings(std::string_view payload);
    void start_queued();
    void start(std::unique_ptr<Transfer> transfer);
    void finish_done();
    void finish(Transfer& transfer, CURLcode code);
    void abandon(std::uint32_t id);
    void set_up(Transfer& transfer);
    void set_up_tls(CURL* easy);
    void set_up_headers(Transfer& transfer);

    int socket_;
    FetchSettings settings_;
    std::optional<std::string> ca_folder_ = hashed_ca_folder();
    CPtr<CURLM, curl_multi_cleanup> multi_;
    FrameReader reader_;
    std::deque<std::unique_ptr<Transfer>> queued_;
    std::list<std::unique_ptr<Transfer>> active_;
    std::vector<CPtr<CURL, curl_easy_cleanup>> idle_handles_;
};

/// A complaint about a redirect, or absent: never from https to anything else, whatever lies in
/// between.
std::optional<std::string> refuse_redirect(const Transfer& transfer) {
    const std::string& location = transfer.response.location();
    const int status = transfer.response.status();
    if (location.empty() || status < 300 || status > 399)
        return std::nullopt;
    char* current = nullptr;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_EFFECTIVE_URL, &current);
    const bool secure = current != nullptr && starts_with_scheme(current, "https:");
    const bool has_scheme = location.find("://") < location.find_first_of("/?#");
    const bool allowed = !has_scheme || starts_with_scheme(location, "https:") ||
                         (!secure && starts_with_scheme(location, "http:"));
    if (allowed)
        return std::nullopt;
    return fmt::format("refused redirect to '{}'",
                       printable(location.substr(0, location.find('?')), 200));
}

// The callbacks are called from C: an exception must not pass through libcurl, so they end the
// transfer instead.

std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* context) noexcept {
    auto& transfer = *static_cast<Transfer*>(context);
    try {
        std::optional<std::string> complaint = transfer.response.take_line({bytes, size});
        if (!complaint)
            complaint = refuse_redirect(transfer);
        const std::string& encoding = transfer.response.content_encoding();
        if (!complaint && !encoding.empty() && encoding != "identity" &&
            transfer.response.status() == 200)
            complaint = fmt::format("Content-Encoding '{}', though only identity was asked for",
                                    printable(encoding, 40));
        if (complaint)
            transfer.refusal = *complaint;
    } catch (const std::exception& error) {
        transfer.refusal = error.what();
    }
    return transfer.refusal.empty() ? size : 0;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* context) noexcept {
    auto& transfer = *static_cast<Transfer*>(context);
    try {
        transfer.fetcher->send_head(transfer);
        if (transfer.response.status() != 200) {
            transfer.drained += size;
            transfer.unwanted = transfer.drained > drain_limit;
            return transfer.unwanted ? 0 : size;
        }
        for (std::string_view rest(bytes, size); !rest.empty();
             rest.remove_prefix(std::min(rest.size(), max_data_payload)))
            transfer.fetcher->send(FrameType::data, transfer.id, rest.substr(0, max_data_payload));
        return size;
    } catch (const std::exception& error) {
        transfer.refusal = error.what();
        return 0;
    }
}

void Fetcher::send(FrameType type, std::uint32_t id, std::string_view payload) {
    // A blocking write: the agent reads whenever it waits, whatever it still has to write, so that
    // this cannot become a deadlock; and a slow agent slows down the network instead of filling
    // memory.
    const std::string frame = encode_frame(type, id, payload);
    for (std::string_view rest = frame; !rest.empty();) {
        const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            throw system_error(errno, "answer the agent");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Fetcher::send_head(Transfer& transfer) {
    if (std::exchange(transfer.head_sent, true))
        return;
    const ResponseHeaders& response = transfer.response;
    send(FrameType::head, transfer.id,
         encode(FetchHead{static_cast<std::uint64_t>(response.status()), response.content_length(),
                          response.etag(), response.last_modified(), response.retry_after()}));
}

bool Fetcher::receive() {
    const std::span<std::byte> space = reader_.space();
    const ssize_t got = ::recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0)
        return false;
    reader_.filled(static_cast<std::size_t>(got));
    while (const std::optional<Frame> frame = reader_.next())
        take(*frame);
    return true;
}

void Fetcher::take(const Frame& frame) {
    switch (frame.type) {
    case FrameType::settings:
        take_settings(frame.payload);
        return;
    case FrameType::get: {
        auto transfer = std::make_unique<Transfer>();
        transfer->fetcher = this;
        transfer->id = frame.id;
        transfer->request = decode_request(frame.payload);
        queued_.push_back(std::move(transfer));
        return;
    }
    case FrameType::abandon:
        abandon(frame.id);
        return;
    default:
        throw Error(ErrorKind::io, "a frame that the agent does not send");
    }
}

void Fetcher::take_settings(std::string_view payload) {
    settings_ = decode_settings(payload);
    settings_.parallel = std::clamp<std::uint64_t>(settings_.parallel, 1, 1024);
    const auto parallel = static_cast<long>(settings_.parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, parallel);
}

void Fetcher::abandon(std::uint32_t id) {
    // At once and not when its next byte comes: it may be one that stalls, and its place is wanted.
    std::erase_if(active_, [&](const auto& transfer) {
        if (transfer->id != id)
            return false;
        curl_multi_remove_handle(multi_.get(), transfer->easy.get());
        return true;
    });
    std::erase_if(queued_, [&](const auto& transfer) { return transfer->id == id; });
}

void Fetcher::set_up_tls(CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                     settings_.min_tls == "1.3" ? CURL_SSLVERSION_TLSv1_3
                                                : CURL_SSLVERSION_TLSv1_2);
    const auto set_blob = [&](CURLoption option, std::string& pem) {
        // Without a copy: the settings outlive every transfer.
        curl_blob blob{pem.data(), pem.size(), CURL_BLOB_NOCOPY};
        if (!pem.empty())
            curl_easy_setopt(easy, option, &blob);
    };
    if (!settings_.ca_pem.empty()) {
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        set_blob(CURLOPT_CAINFO_BLOB, settings_.ca_pem);
    } else if (ca_folder_) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, ca_folder_->c_str());
    }
    set_blob(CURLOPT_SSLCERT_BLOB, settings_.client_cert_pem);
    set_blob(CURLOPT_SSLKEY_BLOB, settings_.client_key_pem);
}

void Fetcher::set_up_headers(Transfer& transfer) {
    const auto add = [&](const std::string& line) {
        curl_slist* longer = curl_slist_append(transfer.headers.get(), line.c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        // The list's head is the same one, or was just made.
        (void)transfer.headers.release();
        transfer.headers.reset(longer);
    };
    // The digest is that of the bytes as they are published, and a length limit must mean what it
    // says.
    add("Accept-Encoding: identity");
    // RFC 9110, 13.1.3: with If-None-Match a server ignores If-Modified-Since, so only one is sent.
    if (!transfer.request.etag.empty())
        add("If-None-Match: " + transfer.request.etag);
    else if (!transfer.request.last_modified.empty())
        add("If-Modified-Since: " + transfer.request.last_modified);
    curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, transfer.headers.get());
}

void Fetcher::set_up(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    curl_easy_setopt(easy, CURLOPT_URL, transfer.request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.curl_text.data());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "provisor/" PROVISOR_VERSION);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, max_redirects);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    // Wait for a connection that may turn out to multiplex, instead of opening one for each
    // transfer.
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.total_timeout));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, stall_bytes_per_second);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     settings_.stall_timeout == 0
                         ? 0L
                         : std::max(1L, static_cast<long>(settings_.stall_timeout / 1000)));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    if (!settings_.proxy.empty())
        curl_easy_setopt(easy, CURLOPT_PROXY, settings_.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_up_tls(easy);
    set_up_headers(transfer);
}

void Fetcher::start_queued() {
    while (!queued_.empty() && active_.size() < settings_.parallel) {
        std::unique_ptr<Transfer> transfer = std::move(queued_.front());
        queued_.pop_front();
        start(std::move(transfer));
    }
}

void Fetcher::start(std::unique_ptr<Transfer> transfer) {
    if (!idle_handles_.empty()) {
        transfer->easy = std::move(idle_handles_.back());
        idle_handles_.pop_back();
    } else {
        transfer->easy.reset(curl_easy_init());
    }
    if (!transfer->easy)
        throw Error(ErrorKind::io, "libcurl has no more handles");
    set_up(*transfer);
    if (curl_multi_add_handle(multi_.get(), transfer->easy.get()) != CURLM_OK)
        throw Error(ErrorKind::io, "libcurl took no more transfers");
    active_.push_back(std::move(transfer));
}

void Fetcher::finish(Transfer& transfer, CURLcode code) {
    const auto fail = [&](const FetchFailure& failure) {
        send(FrameType::failed, transfer.id, encode(failure));
    };
    if (!transfer.refusal.empty()) {
        fail({ErrorKind::http, transfer.refusal});
    } else if (code == CURLE_OK || transfer.unwanted) {
        send_head(transfer);
        send(FrameType::end, transfer.id, "");
    } else {
        fail(classify_curl_code(code, transfer.curl_text.c_str()));
    }
}

void Fetcher::finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        const CURLcode code = message->data.result;
        Transfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(multi_.get(), transfer->easy.get());
        finish(*transfer, code);
        curl_easy_reset(transfer->easy.get());
        idle_handles_.push_back(std::move(transfer->easy));
        active_.remove_if([&](const auto& one) { return one.get() == transfer; });
    }
}

void Fetcher::run() {
    for (;;) {
        start_queued();
        int running = 0;
        if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK)
            throw Error(ErrorKind::io, fmt::format("libcurl: {}", curl_multi_strerror(code)));
        finish_done();
        start_queued();
        curl_waitfd agent{socket_, CURL_WAIT_POLLIN, 0};
        const int patience = active_.empty() ? idle_poll_ms : busy_poll_ms;
        curl_multi_poll(multi_.get(), &agent, 1, patience, nullptr);
        if (agent.revents != 0 && !receive())
            return;
    }
}

} // namespace

void run_fetcher(int socket) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw Error(ErrorKind::io, "libcurl could not be set up");
    Fetcher(socket).run();
}

} // namespace provisor
