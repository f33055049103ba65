// SPDX-License-Identifier: Apache-2.0
#include "fetch/classify.hpp"

#include "base/text.hpp"

#include <curl/curl.h>

namespace provisor {
namespace {

ErrorKind kind_of(int code) {
    switch (code) {
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
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return ErrorKind::io;
    default:
        return ErrorKind::http;
    }
}

} // namespace

FetchFailure classify_curl_code(int code, const std::string& detail) {
    const char* general = curl_easy_strerror(static_cast<CURLcode>(code));
    return {kind_of(code), printable(detail.empty() ? general : detail, 500)};
}

} // namespace provisor
