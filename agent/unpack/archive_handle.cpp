// SPDX-License-Identifier: Apache-2.0
#include "unpack/archive_handle.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <archive.h>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <new>

namespace provisor {

/// What the callbacks work on. One of `source` and `artifact` is set.
struct ArchiveHandle::Input {
    ByteSource* source = nullptr;
    const Artifact* artifact = nullptr;
    std::uint64_t offset = 0;
    std::vector<std::byte> buffer;
    std::exception_ptr problem;

    static Input& of(void* data) { return *static_cast<Input*>(data); }

    std::span<const std::byte> read() {
        if (source != nullptr)
            return source->read();
        const std::size_t got = artifact->read_at(offset, buffer);
        offset += got;
        return std::span<const std::byte>(buffer).first(got);
    }
    std::int64_t seek(std::int64_t distance, int whence) {
        const std::int64_t base = whence == SEEK_SET ? 0
                                  : whence == SEEK_CUR
                                      ? static_cast<std::int64_t>(offset)
                                      : static_cast<std::int64_t>(artifact->size());
        std::int64_t target = 0;
        if (__builtin_add_overflow(base, distance, &target) || target < 0)
            return ARCHIVE_FATAL;
        offset = static_cast<std::uint64_t>(target);
        return target;
    }

    static la_ssize_t on_read(::archive* handle, void* data, const void** bytes) noexcept {
        Input& input = of(data);
        try {
            const std::span<const std::byte> piece = input.read();
            *bytes = piece.data();
            return static_cast<la_ssize_t>(piece.size());
        } catch (...) {
            input.problem = std::current_exception();
            archive_set_error(handle, EIO, "read");
            return -1;
        }
    }
    static la_int64_t on_seek(::archive* /*handle*/, void* data, la_int64_t distance,
                              int whence) noexcept {
        return of(data).seek(distance, whence);
    }
    static la_int64_t on_skip(::archive* /*handle*/, void* data, la_int64_t distance) noexcept {
        Input& input = of(data);
        const auto before = static_cast<std::int64_t>(input.offset);
        const std::int64_t after = input.seek(distance, SEEK_CUR);
        return after < 0 ? ARCHIVE_FATAL : after - before;
    }
};

namespace {

constexpr std::size_t piece_size = std::size_t{64} * 1024;

} // namespace

ArchiveHandle::ArchiveHandle() : handle_(archive_read_new()), input_(std::make_unique<Input>()) {
    if (handle_ == nullptr)
        throw std::bad_alloc();
}

ArchiveHandle::~ArchiveHandle() { archive_read_free(handle_); }

void ArchiveHandle::open(ByteSource& source, const char* what) {
    input_->source = &source;
    archive_read_set_callback_data(handle_, input_.get());
    archive_read_set_read_callback(handle_, Input::on_read);
    if (archive_read_open1(handle_) != ARCHIVE_OK)
        fail(what);
}

void ArchiveHandle::open(const Artifact& artifact, const char* what) {
    input_->artifact = &artifact;
    input_->buffer.resize(piece_size);
    archive_read_set_callback_data(handle_, input_.get());
    archive_read_set_read_callback(handle_, Input::on_read);
    archive_read_set_seek_callback(handle_, Input::on_seek);
    archive_read_set_skip_callback(handle_, Input::on_skip);
    if (archive_read_open1(handle_) != ARCHIVE_OK)
        fail(what);
}

void ArchiveHandle::fail(const std::string& what) const {
    if (input_->problem)
        std::rethrow_exception(input_->problem);
    if (archive_errno(handle_) == ENOMEM)
        throw std::bad_alloc();
    const char* reason = archive_error_string(handle_);
    throw Error(ErrorKind::unpack,
                fmt::format("{} ({})", what,
                            reason != nullptr ? printable(reason, 300) : "no reason is given"));
}

} // namespace provisor
