// SPDX-License-Identifier: Apache-2.0
#include "fetch/classify.hpp"

#include "base/text.hpp"

#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <fmt/format.h>

namespace provisor {
namespace {

bool says(const CurlOutcome& outcome, const char* words) {
    return outcome.detail.find(words) != std::string::npos;
}

ErrorKind kind_of(const CurlOutcome& outcome) {
    switch (outcome.code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ErrorKind::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return ErrorKind::tls;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        // In TLS 1.3 a server that wants a certificate says so when the client thinks that the
        // handshake is over.
        return says(outcome, "alert") ? ErrorKind::tls : ErrorKind::http;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return ErrorKind::io;
    default:
        return ErrorKind::http;
    }
}

bool concerns_proxy(const CurlOutcome& outcome) {
    return outcome.code == CURLE_COULDNT_RESOLVE_PROXY || outcome.code == CURLE_PROXY ||
           says(outcome, "CONNECT tunnel failed") ||
           (outcome.proxy && outcome.code == CURLE_COULDNT_CONNECT);
}

bool was_reset(const CurlOutcome& outcome) {
    return outcome.error_number == ECONNRESET || says(outcome, "Connection reset by peer");
}

/// libcurl's words, or ours where those are about libcurl.
std::string words_of(const CurlOutcome& outcome) {
    // By chance while it connects, sends or receives: the same fault should read the same.
    if (was_reset(outcome))
        return "the connection was reset";
    if (outcome.code == CURLE_OPERATION_TIMEDOUT &&
        (says(outcome, "Connection timeout") || says(outcome, "Failed to connect")))
        return "no connection was made in time";
    if (outcome.code == CURLE_PARTIAL_FILE)
        return "the connection was closed before the body was whole";
    // lib/headers.c says that of a folded line (RFC 9112, 5.2) with nothing before it.
    if (outcome.code == CURLE_BAD_FUNCTION_ARGUMENT)
        return "the answer is malformed: a malformed header line, which continues no other";
    // What it complains about then is no HTTP, or none of this age.
    if (!outcome.detail.empty() &&
        (outcome.code == CURLE_WEIRD_SERVER_REPLY ||
         (outcome.code == CURLE_UNSUPPORTED_PROTOCOL && says(outcome, "HTTP"))))
        return "the answer is malformed: " + outcome.detail;
    return outcome.detail.empty() ? curl_easy_strerror(static_cast<CURLcode>(outcome.code))
                                  : outcome.detail;
}

/// The setting that ended it.
const char* limit_of(const CurlOutcome& outcome) {
    return says(outcome, "Operation timed out") ? " (timeouts.total)" : " (timeouts.connect)";
}

} // namespace

FetchFailure classify(const CurlOutcome& outcome, WallTime now) {
    std::string message = words_of(outcome);
    if (outcome.code == CURLE_OPERATION_TIMEDOUT)
        message += limit_of(outcome);
    if (outcome.code == CURLE_COULDNT_CONNECT && outcome.error_number != 0 && !was_reset(outcome))
        message += fmt::format(" ({})", std::strerror(outcome.error_number));
    if (concerns_proxy(outcome))
        message = "proxy: " + message;
    if (!outcome.certificate.empty())
        message += fmt::format("; the certificate is {}", outcome.certificate);
    if (says(outcome, "local issuer") || says(outcome, "self-signed") ||
        says(outcome, "self signed"))
        message += "; no authority that is trusted here has signed it (tls.ca_file)";
    if (says(outcome, "wrong version number"))
        message += "; that port does not speak TLS";
    // What the server says of it, and what OpenSSL does.
    if (says(outcome, "alert protocol version") || says(outcome, "unsupported protocol"))
        message += "; the server speaks no TLS that is new enough (tls.min_version)";
    // Both are as often the fault of the clock as of the certificate.
    if (says(outcome, "expired") || says(outcome, "not yet valid"))
        message += fmt::format(" (this machine's clock says {})", format_rfc3339(now));
    // Authorities date certificates back, so that this is hardly ever the certificate's fault.
    if (says(outcome, "not yet valid"))
        message += "; probably it is the clock that is behind";
    return {kind_of(outcome), printable(message, 900)};
}

} // namespace provisor
