// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <stdexcept>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace provisor::fuzz {

/// A file that is nowhere, with these bytes, at its start.
inline Fd memory_file(std::string_view bytes = {}) {
    Fd file(::memfd_create("input", MFD_CLOEXEC));
    if (!file ||
        ::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw std::runtime_error("memfd_create");
    return file;
}

} // namespace provisor::fuzz
