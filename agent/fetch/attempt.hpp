// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/probes_test.cpp
#pragma once

#include "fetch/certificate_witness.hpp"
#include "fetch/response_headers.hpp"
#include "wire/messages.hpp"
#include "wire/probe_messages.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace provisor {

/// One attempt of a health probe. It is made as a stranger would make it: a connection of its own,
/// through no proxy, with no certificate or login of this machine's (what the URL itself has is
/// sent). Redirects are not followed: what is asked for is that this address is well.
class Attempt {
public:
    /// `settings` must outlive it.
    Attempt(std::uint32_t id, ProbeOrder order, const FetchSettings& settings);
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() = default;

    std::uint32_t id() const { return id_; }
    /// Sets `handle` (a CURL*), which was just made, up. It refers to this object until it is
    /// freed.
    void begin(void* handle);
    /// What came of it, given how libcurl ended (a CURLcode). The head of an answer says it all:
    /// its body is read to its end or to 64 KiB, so that a server can end in peace, and not judged.
    ProbeReport report(void* handle, int code) const;

private:
    static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char*, std::size_t, std::size_t size, void* self) noexcept;
    std::string why_not(void* handle, int code) const;

    std::uint32_t id_;
    ProbeOrder order_;
    const FetchSettings& settings_;
    ResponseHeaders response_;
    std::size_t drained_ = 0;
    std::string complaint_;
    std::array<char, 256> curl_text_{};
    CertificateWitness witness_;
};

} // namespace provisor
