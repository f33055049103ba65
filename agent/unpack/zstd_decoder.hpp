// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/encoding_test.cpp
#pragma once

#include "unpack/artifact.hpp"

#include <memory>
#include <string>

namespace provisor {

/// A body with the content coding zstd. A frame that needs a window of more than 8 MiB is refused,
/// as RFC 9659 lets every reader do. Throws Error of kind unpack like decode().
std::unique_ptr<ByteSource> decode_zstd(const Artifact& body);

/// A body with the content coding dcz (RFC 9842, 5): a head that names the dictionary by its
/// digest, `sha256` in hex, and zstd. The window is limited to 1.25 times the dictionary's size, 8
/// MiB at least and 128 MiB at most. Throws Error of kind unpack, also for another dictionary.
std::unique_ptr<ByteSource> decode_dcz(const Artifact& body, const Artifact& dictionary,
                                       const std::string& sha256);

} // namespace provisor
