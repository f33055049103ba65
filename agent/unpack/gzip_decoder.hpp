// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/damage_test.cpp
#pragma once

#include "unpack/artifact.hpp"

#include <memory>
#include <vector>

namespace provisor {

/// What is in a gzip file (RFC 1952) of one or more members. By zlib and not by libarchive, whose
/// filter neither compares the checksum nor looks at what follows.
class GzipDecoder : public ByteSource {
public:
    explicit GzipDecoder(const Artifact& artifact);
    ~GzipDecoder() override;
    std::span<const std::byte> read() override;

private:
    struct State;
    /// Whether there is input, which is fetched if there is none.
    bool has_input();
    /// Whether a member begins here, and not the end of the file.
    bool begin_member();

    ArtifactBytes bytes_;
    std::unique_ptr<State> state_;
    std::vector<std::byte> output_;
    bool in_member_ = false;
};

} // namespace provisor
