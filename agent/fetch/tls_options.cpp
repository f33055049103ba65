// SPDX-License-Identifier: Apache-2.0
#include "fetch/tls_options.hpp"

#include "fetch/ca_folder.hpp"

#include <curl/curl.h>

namespace provisor {
namespace {

/// Without a copy, which libcurl does not write to.
void set_blob(void* handle, CURLoption option, const std::string& pem) {
    curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
    if (!pem.empty())
        curl_easy_setopt(handle, option, &blob);
}

} // namespace

void set_up_trust(void* handle, const FetchSettings& settings) {
    curl_easy_setopt(handle, CURLOPT_SSLVERSION,
                     settings.min_tls == "1.3" ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2);
    if (!settings.ca_pem.empty()) {
        curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
        set_blob(handle, CURLOPT_CAINFO_BLOB, settings.ca_pem);
    } else if (!hashed_ca_folder().empty()) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(handle, CURLOPT_CAPATH, hashed_ca_folder().c_str());
    }
}

void set_up_client_certificate(void* handle, const FetchSettings& settings) {
    set_blob(handle, CURLOPT_SSLCERT_BLOB, settings.client_cert_pem);
    set_blob(handle, CURLOPT_SSLKEY_BLOB, settings.client_key_pem);
}

} // namespace provisor
