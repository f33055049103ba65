// SPDX-License-Identifier: Apache-2.0
#include "unpack/decoder.hpp"

#include "base/error.hpp"
#include "unpack/archive_handle.hpp"
#include "unpack/gzip_decoder.hpp"

#include <archive.h>
#include <fmt/format.h>

namespace provisor {
namespace {

int filter_of(Packing compression) {
    switch (compression) {
    case Packing::zstd:
        return ARCHIVE_FILTER_ZSTD;
    case Packing::xz:
        return ARCHIVE_FILTER_XZ;
    case Packing::bzip2:
        return ARCHIVE_FILTER_BZIP2;
    default:
        throw Error(ErrorKind::io, "there is no such decompression");
    }
}

/// zstd, xz and bzip2, whose filters in libarchive check everything there is to check, but for
/// what follows the last stream of a bzip2 file.
class FilterDecoder : public ByteSource {
public:
    FilterDecoder(const Artifact& artifact, Packing compression);
    std::span<const std::byte> read() override;

private:
    const Artifact* artifact_;
    ArtifactBytes bytes_;
    ArchiveHandle handle_;
    std::string damaged_; ///< "the bzip2 data is damaged or cut short"
    bool over_ = false;
};

FilterDecoder::FilterDecoder(const Artifact& artifact, Packing compression)
    : artifact_(&artifact), bytes_(artifact),
      damaged_(fmt::format("the {} data is damaged or cut short", to_string(compression))) {
    // Set and not just supported: guessing would take data that fails at its beginning for a format
    // that is not known.
    archive_read_set_format(handle_.get(), ARCHIVE_FORMAT_RAW);
    // Exactly this one: "support" would try again and again what comes out of it.
    if (archive_read_append_filter(handle_.get(), filter_of(compression)) != ARCHIVE_OK)
        handle_.fail(fmt::format("libarchive lacks {}", to_string(compression)));
    handle_.open(bytes_, damaged_.c_str());
    archive_entry* entry = nullptr;
    if (archive_read_next_header(handle_.get(), &entry) != ARCHIVE_OK)
        handle_.fail(damaged_);
}

std::span<const std::byte> FilterDecoder::read() {
    if (over_)
        return {};
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(handle_.get(), &piece, &size, &offset);
    if (code == ARCHIVE_OK && size > 0)
        return {static_cast<const std::byte*>(piece), size};
    if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
        handle_.fail(damaged_);
    over_ = true;
    const auto taken = static_cast<std::uint64_t>(archive_filter_bytes(handle_.get(), -1));
    if (taken != artifact_->size())
        throw Error(ErrorKind::unpack,
                    fmt::format("{} bytes of something else follow the end of the compressed data",
                                artifact_->size() - taken));
    return {};
}

} // namespace

std::unique_ptr<ByteSource> decode(const Artifact& artifact, Packing compression) {
    if (compression == Packing::none)
        return std::make_unique<ArtifactBytes>(artifact);
    if (compression == Packing::gzip)
        return std::make_unique<GzipDecoder>(artifact);
    return std::make_unique<FilterDecoder>(artifact, compression);
}

} // namespace provisor
