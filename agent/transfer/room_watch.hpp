// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace provisor {

/// Throws Error of kind space unless so many bytes may be written; returns how many may be. May be
/// empty: then nobody looks.
using CheckRoom = std::function<std::uint64_t(std::uint64_t wanted)>;

/// Looks now and then at the room that is left while something of unknown length is written, so
/// that it is never used up: after as many bytes as there was room for, and after 16 MiB at the
/// latest, since others write as well.
class RoomWatch {
public:
    explicit RoomWatch(CheckRoom check = {}) : check_(std::move(check)) {}

    /// Before so many bytes are written. Throws what the look throws.
    void expect(std::uint64_t bytes) {
        if (!check_)
            return;
        if (bytes > allowed_)
            allowed_ = std::max(bytes, std::min(check_(bytes), interval));
        allowed_ -= bytes;
    }

private:
    static constexpr std::uint64_t interval = std::uint64_t{16} << 20U;

    CheckRoom check_;
    std::uint64_t allowed_ = 0;
};

} // namespace provisor
