// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

struct ssl_st;
struct ssl_ctx_st;

namespace provisor::test {

/// A server on 127.0.0.1 that speaks HTTP/2 over TLS as far as a test needs it: it reads the frames
/// of a client and answers each request (HEADERS) with the bytes that `answer` makes, frames or
/// not. It serves one connection after the other.
class H2Origin {
public:
    using Answer = std::function<std::string(std::uint32_t stream, unsigned request)>;

    /// `request` counts from 0 over all connections. Called by the server's thread.
    explicit H2Origin(Answer answer);
    H2Origin(const H2Origin&) = delete;
    H2Origin& operator=(const H2Origin&) = delete;
    ~H2Origin();

    std::string url(const std::string& path) const;
    /// Its certificate, which has signed itself, in PEM.
    const std::string& certificate() const { return certificate_; }
    unsigned connections() const { return connections_; }

    /// A frame of HTTP/2 (RFC 9113, 4.1).
    static std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                             std::string_view payload);
    /// A field as HPACK has it, not indexed (RFC 7541, 6.2.2). Both texts under 127 bytes.
    static std::string field(std::string_view name, std::string_view value);
    /// HEADERS with END_HEADERS: a status and fields.
    static std::string head(std::uint32_t stream, int status, std::string_view fields,
                            bool ends = false);
    static std::string data(std::uint32_t stream, std::string_view bytes, bool ends = true);

private:
    struct FreeContext {
        void operator()(ssl_ctx_st* context) const;
    };
    void make_certificate();
    void accept_all();
    void converse(ssl_st* tls);

    Answer answer_;
    std::unique_ptr<ssl_ctx_st, FreeContext> context_;
    std::string certificate_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::atomic<unsigned> connections_ = 0;
    std::atomic<unsigned> requests_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> client_ = -1;
    std::thread thread_;
};

} // namespace provisor::test
