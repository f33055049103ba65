// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace provisor {

template <auto Release>
struct Releaser {
    template <typename T>
    void operator()(T* handle) const {
        Release(handle);
    }
};

/// Owner of a C handle: `CPtr<CURL, curl_easy_cleanup> easy(curl_easy_init());`
template <typename T, auto Release>
using CPtr = std::unique_ptr<T, Releaser<Release>>;

} // namespace provisor
