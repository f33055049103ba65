// SPDX-License-Identifier: Apache-2.0
#include "fetch/attempt.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "fetch/classify.hpp"
#include "fetch/tls_options.hpp"

#include <algorithm>
#include <cerrno>
#include <curl/curl.h>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace provisor {
namespace {

constexpr std::size_t most_of_a_body = std::size_t{64} * 1024;

} // namespace

Attempt::Attempt(std::uint32_t id, ProbeOrder order, const FetchSettings& settings)
    : id_(id), order_(std::move(order)), settings_(settings) {}

void Attempt::begin(void* handle) {
    const bool http = order_.kind == ProbeKind::http;
    const std::string url = http ? order_.address : "http://" + order_.address + "/";
    const auto limit = static_cast<long>(
        std::min<std::uint64_t>(order_.limit, std::numeric_limits<std::int32_t>::max()));
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    static_assert(CURL_ERROR_SIZE == sizeof curl_text_);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, curl_text_.data());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "provisor/" PROVISOR_VERSION);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
    // "": not even the environment's.
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, limit);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, limit);
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, http ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    set_up_trust(handle, settings_);
    witness_.watch(handle);
}

// Called from C: an exception must not pass through libcurl.

std::size_t Attempt::on_header(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    auto& attempt = *static_cast<Attempt*>(self);
    try {
        attempt.complaint_ = attempt.response_.take_line({bytes, size}).value_or("");
    } catch (const std::exception& error) {
        attempt.complaint_ = error.what();
    }
    return attempt.complaint_.empty() ? size : 0;
}

std::size_t Attempt::on_body(char*, std::size_t, std::size_t size, void* self) noexcept {
    auto& attempt = *static_cast<Attempt*>(self);
    attempt.drained_ += size;
    return attempt.drained_ <= most_of_a_body ? size : 0;
}

ProbeReport Attempt::report(void* handle, int code) const {
    if (order_.kind == ProbeKind::http && complaint_.empty() && response_.complete())
        return {static_cast<std::uint64_t>(response_.status()), ""};
    if (order_.kind == ProbeKind::tcp && code == CURLE_OK)
        return {};
    return {0, why_not(handle, code)};
}

std::string Attempt::why_not(void* handle, int code) const {
    if (!complaint_.empty())
        return fmt::format("answers with {}", printable(complaint_, 300));
    long error_number = 0;
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &error_number);
    if (code == CURLE_COULDNT_CONNECT && error_number == ECONNREFUSED)
        return "refuses connections";
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fmt::format("does not answer within {}s", static_cast<double>(order_.limit) / 1000);
    if (code == CURLE_GOT_NOTHING)
        return "ends the connection without an answer";
    const CurlOutcome outcome{code, curl_text_.data(), static_cast<int>(error_number), false,
                              witness_.refused()};
    return fmt::format("cannot be asked: {}", classify(outcome, wall_clock()).message);
}

} // namespace provisor
