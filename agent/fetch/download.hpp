// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/bodies_test.cpp, tests/local/fetch/resume_test.cpp
#pragma once

#include "base/stall_meter.hpp"
#include "fetch/address_guard.hpp"
#include "fetch/certificate_witness.hpp"
#include "fetch/response_headers.hpp"
#include "wire/agent_socket.hpp"
#include "wire/messages.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct curl_slist;

namespace provisor {

/// One request from its first hop to its last: sets libcurl up, watches over what comes, and tells
/// the agent. Redirects are followed here and not by libcurl, so that each hop is judged, and gets
/// credentials and a client certificate only while no other origin had a say.
class Download {
public:
    /// `agent` and `settings` must outlive it.
    Download(std::uint32_t id, FetchRequest request, AgentSocket& agent,
             const FetchSettings& settings);
    Download(const Download&) = delete;
    Download& operator=(const Download&) = delete;
    ~Download() = default;

    std::uint32_t id() const { return id_; }
    /// Sets `handle` (a CURL*), which was just made, up for the next hop. It refers to this object
    /// until it is freed.
    void begin_hop(void* handle);
    /// Takes how the hop ended (a CURLcode). Returns whether there is another; if not, the agent
    /// has been told how the request ended.
    bool end_hop(void* handle, int code);
    /// Whether nothing worth mentioning has come for too long (FetchSettings::stall_timeout,
    /// counted from the time that the hop is connected). If so, the agent has been told, and the
    /// handle is to be taken away from libcurl.
    bool end_if_stalled(void* handle, StallMeter::Time now);
    /// So much time was lost to something else than the network.
    void forgive(std::chrono::steady_clock::duration time) { meter_.forgive(time); }

private:
    struct FreeList {
        void operator()(curl_slist* list) const;
    };

    static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
    bool take_header(std::string_view line);
    bool take_body(std::string_view bytes);
    bool at_home() const;
    bool offers_dictionary() const;
    ContentCoding coding() const;
    std::optional<std::string> complaint_about_coding() const;
    bool carries_body() const;
    bool continues_as_asked() const;
    bool start_over();
    bool speaks_to_another(void* handle, int code) const;
    bool begin_anew();
    bool follow();
    void tell_head();
    void tell_end();
    void tell_failure(const FetchFailure& failure);
    void set_up_limits(void* handle) const;
    void set_up_tls(void* handle);
    void set_up_headers(void* handle);
    std::vector<std::string> header_lines() const;
    bool is_with_proxy() const;
    FetchFailure explain(void* handle, int code) const;

    std::uint32_t id_;
    FetchRequest request_;
    AgentSocket& agent_;
    const FetchSettings& settings_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::string url_; ///< of the hop
    int hops_ = 0;
    bool left_home_ = false; ///< a redirect has led to another origin, perhaps back since
    ResponseHeaders response_;
    StallMeter meter_;
    std::unique_ptr<curl_slist, FreeList> headers_;
    std::array<char, 256> curl_text_{};
    std::optional<FetchFailure> failure_; ///< why we ended it ourselves
    std::size_t drained_ = 0;             ///< bytes of a body that nobody wants
    bool head_told_ = false;
    bool start_over_ = false; ///< the part that was asked for cannot be had
    bool anew_ = false;       ///< it has been given a connection of its own
    CertificateWitness witness_;
    AddressGuard guard_;
};

} // namespace provisor
