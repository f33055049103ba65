// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/damage_test.cpp
#pragma once

#include "unpack/artifact.hpp"

#include <exception>
#include <memory>
#include <string>

struct archive;

namespace provisor {

/// A libarchive reader that gets its bytes from us. Formats and filters are added by whoever has
/// it, each by name, before it is opened.
class ArchiveHandle {
public:
    ArchiveHandle();
    ArchiveHandle(const ArchiveHandle&) = delete;
    ArchiveHandle& operator=(const ArchiveHandle&) = delete;
    ~ArchiveHandle();

    ::archive* get() const { return handle_; }
    /// Opens it over bytes that come in order, or over a file that is read here and there. Either
    /// outlives it. Throws like fail().
    void open(ByteSource& source, const char* what);
    void open(const Artifact& artifact, const char* what);
    /// Throws what our side threw while libarchive read from it, else an Error of kind unpack:
    /// `what` and libarchive's reason.
    [[noreturn]] void fail(const std::string& what) const;

private:
    struct Input;

    ::archive* handle_;
    std::unique_ptr<Input> input_;
};

} // namespace provisor
