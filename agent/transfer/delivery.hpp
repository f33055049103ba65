// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/process_test.cpp
#pragma once

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "transfer/unpack.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace provisor {

/// A failure of ours with a file, which says nothing of provisor-unpack.
class FileFailure : public Error {
public:
    explicit FileFailure(const Error& error) : Error(error) {}
};

/// What provisor-unpack delivers for one request, on the agent's side: here the bytes are counted,
/// limited, hashed and written, whatever it says about them.
class Delivery {
public:
    /// `request` outlives it.
    explicit Delivery(const UnpackRequest& request);

    /// Takes the next frame; returns whether it was the last one and all is well. Throws the Error
    /// that provisor-unpack tells, one of kind size for the limit, FileFailure, and one of kind io
    /// for a frame that cannot come here.
    bool take(const Frame& frame);
    /// After the last frame: in the order of the patterns.
    std::vector<UnpackedMember> take_members();

private:
    struct Place {
        UnpackedMember member;
        Sha256 sha;
        bool begun = false;
    };

    void begin_member(std::uint32_t index, std::string_view name);
    void take_bytes(std::string_view bytes);
    void end_member();
    [[noreturn]] void refuse_size() const;

    const UnpackRequest* request_;
    std::vector<Place> places_;     ///< one per pattern
    std::vector<std::size_t> open_; ///< those whose bytes come now
    std::string name_;              ///< of the member whose bytes come now
    bool has_bytes_ = false;        ///< some of them have come
    std::uint64_t total_ = 0;       ///< bytes written
    RoomWatch room_;
    bool is_single_ = false; ///< no archive, but one compressed file
};

} // namespace provisor
