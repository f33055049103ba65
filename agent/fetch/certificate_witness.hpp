// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/nginx_tls_test.cpp
#pragma once

#include <memory>
#include <string>

namespace provisor {

/// Sees the certificates of a server's chain as OpenSSL judges them, and remembers the first one
/// that it refused: libcurl tells why a handshake failed, but not about whose certificate, nor its
/// dates. It changes no verdict.
class CertificateWitness {
public:
    /// Sets `handle` (a CURL*) up. What it sees may still be written while libcurl ends the
    /// connection, so the place for it belongs to both.
    void watch(void* handle);
    /// "'CN = name' of issuer '…', valid from … to …"; empty when nothing was refused.
    const std::string& refused() const { return *refused_; }

private:
    std::shared_ptr<std::string> refused_ = std::make_shared<std::string>();
};

} // namespace provisor
