// SPDX-License-Identifier: Apache-2.0
#include "origin/h2_origin.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace provisor::test {
namespace {

using Key = CPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = CPtr<X509, X509_free>;
using Tls = CPtr<SSL, SSL_free>;

constexpr std::uint8_t type_headers = 1;
constexpr std::uint8_t type_settings = 4;
constexpr std::uint8_t ack = 1;
constexpr std::size_t preface = 24;
constexpr std::size_t frame_head = 9;

void require(bool done, const char* what) {
    if (!done)
        throw Error(ErrorKind::io, what);
}

int choose_h2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
              unsigned length, void*) {
    static constexpr std::array<unsigned char, 3> h2{2, 'h', '2'};
    unsigned char* chosen = nullptr;
    const int result = SSL_select_next_proto(&chosen, size, h2.data(), h2.size(), offered, length);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::uint32_t number(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes)
        value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

bool send_all(SSL* tls, const std::string& bytes) {
    return bytes.empty() || SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

} // namespace

void H2Origin::FreeContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

H2Origin::H2Origin(Answer answer)
    : answer_(std::move(answer)), context_(SSL_CTX_new(TLS_server_method())),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    require(bool(context_) && bool(listener_), "set a TLS server up");
    make_certificate();
    SSL_CTX_set_alpn_select_cb(context_.get(), choose_h2, nullptr);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener_.get(), any, size) == 0 && ::listen(listener_.get(), 64) == 0 &&
                ::getsockname(listener_.get(), any, &size) == 0,
            "listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
}

H2Origin::~H2Origin() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    ::shutdown(client_, SHUT_RDWR);
    thread_.join();
}

void H2Origin::make_certificate() {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate own(X509_new());
    X509_set_version(own.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(own.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(own.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(own.get()), 24 * 3600);
    X509_set_pubkey(own.get(), key.get());
    X509_NAME* name = X509_get_subject_name(own.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("h2"), -1, -1, 0);
    X509_set_issuer_name(own.get(), name);
    const CPtr<X509_EXTENSION, X509_EXTENSION_free> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"));
    X509_add_ext(own.get(), names.get(), -1);
    require(X509_sign(own.get(), key.get(), EVP_sha256()) > 0 &&
                SSL_CTX_use_certificate(context_.get(), own.get()) == 1 &&
                SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1,
            "make a certificate");
    const CPtr<BIO, BIO_free_all> text(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(text.get(), own.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    certificate_.assign(bytes, static_cast<std::size_t>(size));
}

void H2Origin::accept_all() {
    while (!stopping_) {
        const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client)
            continue;
        ++connections_;
        client_ = client.get();
        const Tls tls(SSL_new(context_.get()));
        SSL_set_fd(tls.get(), client.get());
        if (!stopping_ && SSL_accept(tls.get()) == 1)
            converse(tls.get());
        client_ = -1;
    }
}

void H2Origin::converse(SSL* tls) {
    if (!send_all(tls, frame(type_settings, 0, 0, "")))
        return;
    std::string received;
    bool begun = false;
    std::array<char, 4096> part{};
    for (int got = 0; (got = SSL_read(tls, part.data(), part.size())) > 0;) {
        received.append(part.data(), static_cast<std::size_t>(got));
        if (!begun && received.size() >= preface) {
            received.erase(0, preface);
            begun = true;
        }
        while (begun && received.size() >= frame_head) {
            const std::size_t size = number(std::string_view(received).substr(0, 3));
            if (received.size() < frame_head + size)
                break;
            const auto type = static_cast<std::uint8_t>(received[3]);
            const auto flags = static_cast<std::uint8_t>(received[4]);
            const std::uint32_t stream = number(std::string_view(received).substr(5, 4));
            received.erase(0, frame_head + size);
            if (type == type_settings && (flags & ack) == 0 &&
                !send_all(tls, frame(type_settings, ack, 0, "")))
                return;
            if (type == type_headers && !send_all(tls, answer_(stream, requests_++)))
                return;
        }
    }
}

std::string H2Origin::url(const std::string& path) const {
    return "https://127.0.0.1:" + std::to_string(port_) + path;
}

std::string H2Origin::frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                            std::string_view payload) {
    std::string bytes;
    const auto add = [&](std::uint32_t value, unsigned count) {
        while (count-- > 0)
            bytes += static_cast<char>(value >> (8 * count) & 0xFFU);
    };
    add(static_cast<std::uint32_t>(payload.size()), 3);
    add(type, 1);
    add(flags, 1);
    add(stream, 4);
    return bytes.append(payload);
}

std::string H2Origin::field(std::string_view name, std::string_view value) {
    std::string bytes(1, '\0');
    for (const std::string_view text : {name, value})
        (bytes += static_cast<char>(text.size())) += text;
    return bytes;
}

std::string H2Origin::head(std::uint32_t stream, int status, std::string_view fields, bool ends) {
    return frame(type_headers, ends ? 5 : 4, stream,
                 field(":status", std::to_string(status)) + std::string(fields));
}

std::string H2Origin::data(std::uint32_t stream, std::string_view bytes, bool ends) {
    return frame(0, ends ? 1 : 0, stream, bytes);
}

} // namespace provisor::test
