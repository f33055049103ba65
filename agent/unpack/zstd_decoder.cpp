// SPDX-License-Identifier: Apache-2.0
#define ZSTD_STATIC_LINKING_ONLY // for a dictionary that is taken as it is, and is not copied
#include "unpack/zstd_decoder.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <fmt/format.h>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <vector>
#include <zstd.h>
#include <zstd_errors.h>

namespace provisor {
namespace {

constexpr std::uint64_t least_window = std::uint64_t{8} << 20;
constexpr std::uint64_t largest_window = std::uint64_t{128} << 20;
/// A skippable frame of 32 bytes (RFC 8878, 3.1.2), which are the dictionary's digest.
constexpr std::string_view dcz_magic("\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8);
constexpr std::size_t dcz_head_size = 40;

Error damaged(std::string_view why) {
    return {ErrorKind::unpack, fmt::format("the zstd data {}", why)};
}

void must(std::size_t code, const char* what) {
    if (ZSTD_isError(code) != 0)
        throw Error(ErrorKind::io, fmt::format("{}: {}", what, ZSTD_getErrorName(code)));
}

/// The whole of a file in memory, as long as this lives.
class Mapping {
public:
    explicit Mapping(const Artifact& file)
        : size_(file.size()), bytes_(::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd(), 0)) {
        if (bytes_ == MAP_FAILED)
            throw system_error(errno, "map the dictionary");
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { ::munmap(bytes_, size_); }
    const void* bytes() const { return bytes_; }
    std::size_t size() const { return size_; }

private:
    std::size_t size_;
    void* bytes_;
};

class ZstdDecoder : public ByteSource {
public:
    ZstdDecoder(const Artifact& body, std::uint64_t window)
        : bytes_(body), context_(ZSTD_createDCtx()), output_(decoded_piece_size) {
        if (!context_)
            throw std::bad_alloc();
        must(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                                    static_cast<int>(std::bit_width(window - 1))),
             "limit the window");
    }

    void use(const Artifact& dictionary) {
        dictionary_ = std::make_unique<Mapping>(dictionary);
        must(ZSTD_DCtx_loadDictionary_advanced(context_.get(), dictionary_->bytes(),
                                               dictionary_->size(), ZSTD_dlm_byRef,
                                               ZSTD_dct_rawContent),
             "use the dictionary");
    }

    /// The next bytes of the body itself, for a head that is no zstd; `size` of them, or fewer at
    /// its end.
    std::string take_head(std::size_t size) {
        std::string head;
        while (head.size() < size && has_input()) {
            const std::size_t some = std::min(size - head.size(), input_.size - input_.pos);
            head.append(static_cast<const char*>(input_.src) + input_.pos, some);
            input_.pos += some;
        }
        return head;
    }

    std::span<const std::byte> read() override {
        ZSTD_outBuffer output{output_.data(), output_.size(), 0};
        while (output.pos < output.size) {
            const bool more = has_input();
            if (!more && !in_frame_)
                break;
            const std::size_t before = output.pos;
            const std::size_t code = ZSTD_decompressStream(context_.get(), &output, &input_);
            if (ZSTD_isError(code) != 0)
                refuse(code);
            if (!more && code != 0 && output.pos == before)
                throw damaged("is cut short");
            in_frame_ = code != 0;
            begun_ = true;
        }
        if (!begun_)
            throw damaged("is cut short");
        return std::span<const std::byte>(output_).first(output.pos);
    }

private:
    bool has_input() {
        if (input_.pos < input_.size)
            return true;
        const std::span<const std::byte> piece = bytes_.read();
        input_ = {piece.data(), piece.size(), 0};
        return !piece.empty();
    }
    [[noreturn]] static void refuse(std::size_t code) {
        if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
            throw std::bad_alloc();
        if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
            throw damaged(
                "needs a larger window than its content coding allows (RFC 9659, RFC 9842)");
        throw damaged(fmt::format("is damaged ({})", ZSTD_getErrorName(code)));
    }

    ArtifactBytes bytes_;
    std::unique_ptr<Mapping> dictionary_; ///< outlives the context, which refers to it
    CPtr<ZSTD_DCtx, ZSTD_freeDCtx> context_;
    ZSTD_inBuffer input_{nullptr, 0, 0};
    std::vector<std::byte> output_;
    bool in_frame_ = false;
    bool begun_ = false;
};

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes)
        text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

} // namespace

std::unique_ptr<ByteSource> decode_zstd(const Artifact& body) {
    return std::make_unique<ZstdDecoder>(body, least_window);
}

std::unique_ptr<ByteSource> decode_dcz(const Artifact& body, const Artifact& dictionary,
                                       const std::string& sha256) {
    const std::uint64_t window =
        std::clamp(dictionary.size() / 4 * 5, least_window, largest_window);
    auto decoder = std::make_unique<ZstdDecoder>(body, window);
    const std::string head = decoder->take_head(dcz_head_size);
    if (head.size() != dcz_head_size || !head.starts_with(dcz_magic))
        throw Error(ErrorKind::unpack, "what is said to be dcz does not begin like it");
    if (const std::string named = hex(std::string_view(head).substr(dcz_magic.size()));
        named != sha256)
        throw Error(ErrorKind::unpack,
                    fmt::format("it is encoded against the dictionary {}, and {} was offered",
                                named, sha256));
    decoder->use(dictionary);
    return decoder;
}

} // namespace provisor
