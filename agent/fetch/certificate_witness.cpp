// SPDX-License-Identifier: Apache-2.0
#include "fetch/certificate_witness.hpp"

#include "base/c_ptr.hpp"
#include "base/text.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace provisor {
namespace {

using Bio = CPtr<BIO, BIO_free_all>;
using Place = std::shared_ptr<std::string>;

std::string text_of(const Bio& bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return size > 0 ? printable({bytes, static_cast<std::size_t>(size)}, 200) : "?";
}

std::string name_of(const X509_NAME* name) {
    const Bio bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    return text_of(bio);
}

std::string time_of(const ASN1_TIME* time) {
    const Bio bio(BIO_new(BIO_s_mem()));
    ASN1_TIME_print_ex(bio.get(), time, ASN1_DTFLGS_ISO8601);
    return text_of(bio);
}

std::string describe(X509* certificate) {
    return fmt::format(
        "'{}' of issuer '{}', valid from {} to {}", name_of(X509_get_subject_name(certificate)),
        name_of(X509_get_issuer_name(certificate)), time_of(X509_get0_notBefore(certificate)),
        time_of(X509_get0_notAfter(certificate)));
}

/// OpenSSL frees what hangs on a context with the context.
void free_place(void*, void* place, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<Place*>(place);
}

int place_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_place);
    return index;
}

int on_verify(int verdict, X509_STORE_CTX* store) noexcept {
    if (verdict == 1)
        return verdict;
    try {
        const auto* ssl = static_cast<const SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* place = static_cast<Place*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place_index()));
        X509* certificate = X509_STORE_CTX_get_current_cert(store);
        if (place != nullptr && certificate != nullptr && (*place)->empty())
            **place = describe(certificate);
    } catch (const std::exception&) {
        // Only words are lost.
    }
    return verdict;
}

CURLcode on_context(CURL*, void* context, void* place) noexcept {
    auto* tls = static_cast<SSL_CTX*>(context);
    auto* copy = new (std::nothrow) Place(*static_cast<Place*>(place));
    if (copy != nullptr && SSL_CTX_set_ex_data(tls, place_index(), copy) != 1)
        delete copy;
    SSL_CTX_set_verify(tls, SSL_CTX_get_verify_mode(tls), on_verify);
    return CURLE_OK;
}

} // namespace

void CertificateWitness::watch(void* handle) {
    refused_->clear();
    curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, &refused_);
}

} // namespace provisor
