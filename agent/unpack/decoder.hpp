// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/encodings_test.cpp, tests/unit/pass/encoding_test.cpp
#pragma once

#include "unpack/artifact.hpp"
#include "wire/packing.hpp"

#include <memory>

namespace provisor {

/// The bytes of `artifact` with this one compression undone (`none` leaves them as they are; never
/// tar or zip). Several compressed streams one after the other are one, as their formats say
/// (RFC 1952, 2.2; RFC 8878, 3). It throws Error of kind unpack for what is damaged by its
/// checksum, cut short, or followed by anything else, at the latest in place of the end.
std::unique_ptr<ByteSource> decode(const Artifact& artifact, Packing compression);

} // namespace provisor
