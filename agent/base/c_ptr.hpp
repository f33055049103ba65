// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace provisor {

template <auto release>
struct Releaser {
    template <typename T>
    void operator()(T* handle) const {
        release(handle);
    }
};

/// Owner of a C handle: `CPtr<CURL, curl_easy_cleanup> easy(curl_easy_init());`
template <typename T, auto release>
using CPtr = std::unique_ptr<T, Releaser<release>>;

} // namespace provisor
