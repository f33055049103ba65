// SPDX-License-Identifier: Apache-2.0
#include "fetch/download.hpp"

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "fetch/classify.hpp"
#include "fetch/redirect.hpp"
#include "fetch/tls_options.hpp"
#include "fetch/use_as_dictionary.hpp"

#include <algorithm>
#include <charconv>
#include <curl/curl.h>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace provisor {
namespace {

/// Small bodies of answers that nobody wants are read to their end, since that keeps the
/// connection.
constexpr std::size_t drain_limit = std::size_t{64} * 1024;
constexpr int max_redirects = 10;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

long as_long(std::uint64_t milliseconds) {
    return static_cast<long>(
        std::min<std::uint64_t>(milliseconds, std::numeric_limits<std::int32_t>::max()));
}

/// A structured field's byte sequence (RFC 9651, 3.3.5) of what is given in hex.
std::string byte_sequence(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        bytes += static_cast<char>(value);
    }
    return ":" + encode_base64(bytes) + ":";
}

/// See AddressGuard.
std::string refused_redirect(const std::string& address) {
    return fmt::format("refused redirect to {}, an address of this machine or its network link; "
                       "the URL in the manifest is of another",
                       printable(address, 80));
}

} // namespace

void Download::FreeList::operator()(curl_slist* list) const { curl_slist_free_all(list); }

Download::Download(std::uint32_t id, FetchRequest request, AgentSocket& agent,
                   const FetchSettings& settings)
    : id_(id), request_(std::move(request)), agent_(agent), settings_(settings), url_(request_.url),
      meter_(std::chrono::milliseconds(as_long(settings.stall_timeout))),
      guard_(settings, request_.url) {}

void Download::begin_hop(void* handle) {
    response_ = {};
    meter_.restart();
    drained_ = 0;
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
    static_assert(CURL_ERROR_SIZE == sizeof curl_text_);
    curl_text_.front() = '\0';
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, curl_text_.data());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "provisor/" PROVISOR_VERSION);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    // Wait for a connection that may turn out to multiplex, instead of opening one for each
    // transfer. Without TLS none does, and each would wait for the body of the one before it.
    curl_easy_setopt(handle, CURLOPT_PIPEWAIT, url_.starts_with("https://") ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(handle, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, anew_ ? 1L : 0L);
    if (!settings_.proxy.empty())
        curl_easy_setopt(handle, CURLOPT_PROXY, settings_.proxy.c_str());
    guard_.watch(handle, hops_ > 0);
    set_up_limits(handle);
    set_up_tls(handle);
    set_up_headers(handle);
}

void Download::set_up_limits(void* handle) const {
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, as_long(settings_.connect_timeout));
    if (settings_.total_timeout != 0) {
        const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun_);
        const auto left = as_long(settings_.total_timeout) - static_cast<long>(spent.count());
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, std::max(1L, left));
    }
}

void Download::set_up_tls(void* handle) {
    set_up_trust(handle, settings_);
    witness_.watch(handle);
    if (request_.client_certificate && at_home())
        set_up_client_certificate(handle, settings_);
}

/// Once a redirect has led elsewhere that one has chosen where to go on: nothing that is meant for
/// the origin is sent again, wherever that is.
bool Download::at_home() const { return !left_home_; }

void Download::set_up_headers(void* handle) {
    headers_.reset();
    const auto add = [&](const std::string& line) {
        curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        // The list's head is the same one, or was just made.
        (void)headers_.release();
        headers_.reset(longer);
    };
    for (const std::string& line : header_lines())
        add(line);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
}

std::vector<std::string> Download::header_lines() const {
    // libcurl decodes nothing, and the agent counts and hashes what comes out of provisor-unpack.
    std::vector<std::string> lines{offers_dictionary()   ? "Accept-Encoding: dcz, zstd"
                                   : request_.compressed ? "Accept-Encoding: zstd"
                                                         : "Accept-Encoding: identity"};
    if (offers_dictionary()) {
        lines.push_back("Available-Dictionary: " + byte_sequence(request_.dictionary));
        if (!request_.dictionary_id.empty())
            lines.push_back("Dictionary-ID: " + structured_string(request_.dictionary_id));
    }
    if (at_home())
        lines.insert(lines.end(), request_.secret_headers.begin(), request_.secret_headers.end());
    if (request_.range_from > 0) {
        lines.push_back(fmt::format("Range: bytes={}-", request_.range_from));
        lines.push_back("If-Range: " + request_.if_range);
    } else if (request_.probe) {
        lines.emplace_back("Range: bytes=0-0");
    }
    // Caches on the way have to ask the origin (RFC 9111, 5.2.1.4): for days they may take what
    // they have for fresh.
    lines.emplace_back("Cache-Control: no-cache");
    // Both (RFC 9110, 8.8.4): a server goes by the tag, and a cache that knows no tags by the date.
    if (!request_.etag.empty())
        lines.push_back("If-None-Match: " + request_.etag);
    if (!request_.last_modified.empty())
        lines.push_back("If-Modified-Since: " + request_.last_modified);
    return lines;
}

/// RFC 9842 has a dictionary serve its own origin only; a URL that leads elsewhere does without.
bool Download::offers_dictionary() const { return hops_ == 0 && !request_.dictionary.empty(); }

/// Of an answer to which complaint_about_coding() has none.
ContentCoding Download::coding() const {
    return parse_content_coding(response_.content_encoding()).value_or(ContentCoding::identity);
}

std::optional<std::string> Download::complaint_about_coding() const {
    const std::string& name = response_.content_encoding();
    if (name.empty() || (name == "zstd" && request_.compressed) ||
        (name == "dcz" && offers_dictionary()))
        return std::nullopt;
    return fmt::format("the Content-Encoding '{}', which was not asked for", printable(name, 40));
}

// The callbacks are called from C: an exception must not pass through libcurl, so it ends the
// transfer instead and is told when libcurl has come back.

std::size_t Download::on_header(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    auto& download = *static_cast<Download*>(self);
    try {
        return download.take_header({bytes, size}) ? size : 0;
    } catch (const std::exception& error) {
        download.failure_ = FetchFailure{ErrorKind::io, error.what()};
        return 0;
    }
}

std::size_t Download::on_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    auto& download = *static_cast<Download*>(self);
    try {
        return download.take_body({bytes, size}) ? size : 0;
    } catch (const std::exception& error) {
        download.failure_ = FetchFailure{ErrorKind::io, error.what()};
        return 0;
    }
}

bool Download::take_header(std::string_view line) {
    meter_.add(line.size());
    std::optional<std::string> complaint = response_.take_line(line);
    if (!complaint && response_.complete() && request_.range_from > 0 && !continues_as_asked()) {
        // Another part, another version, several parts at once (multipart/byteranges), or none.
        start_over_ = response_.status() == 206 || response_.status() == 416;
        if (start_over_)
            return false;
    }
    const bool begins_body = !complaint && response_.complete() && carries_body();
    if (begins_body)
        complaint = complaint_about_coding();
    if (complaint)
        failure_ = FetchFailure{ErrorKind::http, "refused an answer with " + *complaint};
    else if (begins_body)
        tell_head();
    return !complaint;
}

bool Download::take_body(std::string_view bytes) {
    meter_.add(bytes.size());
    if (!carries_body()) {
        drained_ += bytes.size();
        return drained_ <= drain_limit;
    }
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, max_data_payload);
        agent_.send(FrameType::data, id_, piece);
        bytes.remove_prefix(piece.size());
    }
    return true;
}

bool Download::carries_body() const {
    return response_.status() == 200 || (response_.status() == 206 && request_.range_from > 0);
}

/// RFC 9110, 15.3.7: what comes must follow what is there without a gap, be of the same version,
/// and go to the end.
bool Download::continues_as_asked() const {
    const auto& range = response_.content_range();
    return response_.status() == 206 && range && range->first == request_.range_from &&
           range->last == range->whole - 1 && response_.etag() == request_.if_range &&
           coding() == request_.range_coding &&
           (request_.range_whole == 0 || range->whole == request_.range_whole) &&
           response_.content_length().value_or(range->whole - range->first) ==
               range->whole - range->first;
}

bool Download::start_over() {
    start_over_ = false;
    request_.range_from = 0;
    request_.if_range.clear();
    return true;
}

/// Whether what was refused may be what an earlier answer on the same connection had beyond its
/// length: the fault of another request, then, which must not be this one's.
bool Download::speaks_to_another(void* handle, int code) const {
    long new_connections = 0;
    curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &new_connections);
    return code != CURLE_OK && !anew_ && new_connections == 0 && !response_.complete() &&
           (failure_ || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
            code == CURLE_BAD_FUNCTION_ARGUMENT);
}

bool Download::begin_anew() {
    anew_ = true;
    failure_.reset();
    return true;
}

bool Download::end_hop(void* handle, int code) {
    if (guard_.refused().empty() && speaks_to_another(handle, code))
        return begin_anew();
    if (code != CURLE_OK && !guard_.refused().empty()) {
        tell_failure({ErrorKind::http, refused_redirect(guard_.refused())});
    } else if (failure_) {
        tell_failure(*failure_);
    } else if (start_over_) {
        return start_over();
    } else if (code != CURLE_OK && (!response_.complete() || carries_body())) {
        // Whether the body of an error or a redirect came whole is nobody's business.
        tell_failure(explain(handle, code));
    } else if (!response_.complete()) {
        // libcurl is content with an end of the connection after an interim answer.
        tell_failure({ErrorKind::http, "the connection was closed before the answer was whole"});
    } else if (is_redirect(response_.status()) && !response_.location().empty()) {
        return follow();
    } else {
        tell_head();
        tell_end();
    }
    return false;
}

/// libcurl, which knows the variables and what no_proxy exempts, tells only whom it could not
/// connect to.
bool Download::is_with_proxy() const {
    const std::string_view text = curl_text_.data();
    constexpr std::string_view begin = "Failed to connect to ";
    if (!text.starts_with(begin))
        return !settings_.proxy.empty();
    const bool may_be = !settings_.proxy.empty() || !settings_.environment.empty();
    return may_be && !text.substr(begin.size()).starts_with(peer_of(url_) + " ");
}

FetchFailure Download::explain(void* handle, int code) const {
    CurlOutcome outcome{code, curl_text_.data(), 0, is_with_proxy(), witness_.refused()};
    long error_number = 0;
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &error_number);
    outcome.error_number = static_cast<int>(error_number);
    return classify(outcome, wall_clock());
}

bool Download::end_if_stalled(void* handle, StallMeter::Time now) {
    // Until then the limit for connecting counts.
    curl_off_t connected = 0;
    curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected == 0 || !meter_.stalled(now))
        return false;
    tell_failure(
        {ErrorKind::timeout, fmt::format("less than 1 KiB/s for {} s (timeouts.stall)",
                                         static_cast<double>(settings_.stall_timeout) / 1000)});
    return true;
}

bool Download::follow() {
    try {
        if (++hops_ > max_redirects)
            throw Error(ErrorKind::http, fmt::format("more than {} redirects", max_redirects));
        url_ = redirect_target(url_, response_.location(), left_home_ ? "" : request_.url);
        left_home_ = left_home_ || !same_origin(url_, request_.url);
        if (guard_.refuses(url_))
            throw Error(ErrorKind::http, refused_redirect(host_and_port_of(url_).host));
        return true;
    } catch (const Error& error) {
        tell_failure({error.kind(), error.what()});
        return false;
    }
}

void Download::tell_head() {
    if (std::exchange(head_told_, true))
        return;
    FetchHead head;
    head.status = static_cast<std::uint64_t>(response_.status());
    head.content_length = response_.content_length();
    if (response_.status() == 206 && carries_body())
        head.whole_length = response_.content_range()->whole;
    head.etag = response_.etag();
    head.last_modified = response_.last_modified();
    head.retry_after = response_.retry_after();
    head.coding = carries_body() ? coding() : ContentCoding::identity;
    if (const auto& use = response_.use_as_dictionary(); use && hops_ == 0) {
        head.dictionary_match = use->match;
        head.dictionary_id = use->id;
    }
    agent_.send(FrameType::head, id_, encode(head));
}

void Download::tell_end() { agent_.send(FrameType::end, id_, ""); }

void Download::tell_failure(const FetchFailure& failure) {
    agent_.send(FrameType::failed, id_, encode(failure));
}

} // namespace provisor
