// SPDX-License-Identifier: Apache-2.0
// The front end of provisor-unpack, in one process: a pattern in the first line, and an artifact.
#include "base/error.hpp"
#include "fuzz/memory_file.hpp"
#include "fuzz/target.hpp"
#include "unpack/archive_reader.hpp"
#include "unpack/content.hpp"
#include "unpack/decoder.hpp"
#include "unpack/selection.hpp"
#include "unpack/zstd_decoder.hpp"
#include "wire/member_name.hpp"

namespace provisor::fuzz {
namespace {

constexpr std::uint64_t limit = std::uint64_t{1} << 20;

/// Reads all of a source, which must end.
template <typename Source>
std::uint64_t size_of(Source& source) {
    std::uint64_t size = 0;
    for (auto piece = source.read(); !piece.empty(); piece = source.read()) {
        size += piece.size();
        require(size <= limit + decoded_piece_size, "what is decoded has an end");
    }
    return size;
}

void read_members(ArchiveReader& archive, const std::string& pattern) {
    Selection selection({pattern});
    std::size_t taken = 0;
    while (const auto member = archive.next()) {
        const auto wanting = selection.wanting(*member);
        require(wanting.size() <= 1, "one pattern wants a member once");
        if (wanting.empty())
            continue;
        ++taken;
        require(member_name_problem(member->name) == nullptr, "a wanted member's name is harmless");
        require(member_matches(pattern, member->name), "and matches its pattern");
        require(member->other_kind == nullptr && !member->directory && !member->encrypted &&
                    !member->sparse,
                "and it is a whole regular file");
        size_of(archive);
    }
    selection.finish();
    require(taken == 1, "a pattern gets exactly one member");
}

void unpack(const Artifact& artifact, Packing packing, const std::string& pattern) {
    if (packing == Packing::zip) {
        ArchiveReader archive(artifact);
        return read_members(archive, pattern);
    }
    Content content(decode(artifact, packing == Packing::tar ? Packing::none : packing), limit);
    if (packing_of(content.head()) == Packing::tar) {
        ArchiveReader archive(content);
        return read_members(archive, pattern);
    }
    const std::uint64_t size = size_of(content);
    require(size <= limit, "no more is decoded than the limit");
    require(content.position() == size, "each byte is counted");
}

template <typename Action>
void or_refused(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::unpack || error.kind() == ErrorKind::size,
                "a refusal is of kind unpack or size");
    }
}

} // namespace

void archive(std::string_view input) {
    Input parts(input);
    const std::string pattern(parts.line());
    const std::string_view bytes = parts.rest();
    const Fd file = memory_file(bytes);
    const Artifact artifact(file.get());
    const Packing packing = packing_of(bytes.substr(0, packing_head_size));
    if (packing != Packing::none)
        or_refused([&] { unpack(artifact, packing, pattern); });
    // The same bytes as the body of an answer.
    or_refused([&] {
        Content body(decode_zstd(artifact), limit);
        size_of(body);
    });
}

} // namespace provisor::fuzz
