// SPDX-License-Identifier: Apache-2.0
#include "fetch/attempts.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <curl/curl.h>

namespace provisor {

void Attempts::FreeEasy::operator()(void* handle) const { curl_easy_cleanup(handle); }

void Attempts::begin(std::uint32_t id, ProbeOrder order) {
    Active& one = active_.emplace_back(id, std::move(order), settings_);
    one.handle.reset(curl_easy_init());
    if (!one.handle)
        throw Error(ErrorKind::io, "libcurl has no more handles");
    one.attempt.begin(one.handle.get());
    if (curl_multi_add_handle(multi_, one.handle.get()) != CURLM_OK)
        throw Error(ErrorKind::io, "libcurl took no more transfers");
}

bool Attempts::finish(void* handle, int code) {
    const auto one = std::find_if(active_.begin(), active_.end(), [&](const Active& active) {
        return active.handle.get() == handle;
    });
    if (one == active_.end())
        return false;
    // Before the handle goes: it knows what the system said last.
    const ProbeReport report = one->attempt.report(handle, code);
    curl_multi_remove_handle(multi_, handle);
    agent_.send(FrameType::probed, one->attempt.id(), encode(report));
    active_.erase(one);
    return true;
}

} // namespace provisor
