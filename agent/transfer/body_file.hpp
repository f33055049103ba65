// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/transfer.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace provisor {

/// Where the bytes of an arriving body are kept. As long as they are those of a content that is
/// there already nothing is written: an origin that sends the same again in each pass, because it
/// has no validators or ignores them, wears out no disk.
class BodyFile {
public:
    /// Opens the file when there is something to be written to it.
    using Open = std::function<Fd()>;

    BodyFile() = default;
    /// The body goes to what `open` opens at once.
    BodyFile(const Open& open, CheckRoom room) : file_(open()), room_(std::move(room)) {}
    /// The body is compared with `known` first.
    BodyFile(KnownContent known, Open open, CheckRoom room)
        : known_(std::move(known)), open_(std::move(open)), room_(std::move(room)) {}

    /// Throws Error of kind io or space, or what opening the file throws.
    void append(std::string_view bytes);
    /// Whether there is a file of its own.
    bool is_written() const { return bool(file_); }
    /// That file, with all that came until now.
    const Fd& written();
    /// Ends it: the known content, if that is what came (its SHA-256 is `sha256`), else the file.
    Body finish(std::uint64_t size, std::string sha256, ContentCoding coding);

private:
    bool continues_known(std::string_view bytes) const;

    Fd file_;
    std::optional<KnownContent> known_; ///< while what came is the beginning of it
    Open open_;
    std::uint64_t same_ = 0; ///< so much of it
    RoomWatch room_;
};

} // namespace provisor
