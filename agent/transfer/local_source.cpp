// SPDX-License-Identifier: Apache-2.0
#include "transfer/local_source.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "model/shown_url.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <sys/stat.h>
#include <vector>

namespace provisor {
namespace {

constexpr std::string_view scheme = "file://";
/// The fetcher's own ids count from 0.
constexpr std::uint32_t local_id = std::numeric_limits<std::uint32_t>::max();

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// RFC 8089: an empty host or localhost, and a path with percent-encoding.
std::string path_of(std::string_view url) {
    std::string_view rest = url.substr(scheme.size());
    if (rest.starts_with("localhost/"))
        rest.remove_prefix(9);
    if (!rest.starts_with('/'))
        throw Error(ErrorKind::config, fmt::format("'{}' names a host; file:///PATH is a file of "
                                                   "this machine",
                                                   shown_url(url)));
    std::string path;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const bool encoded = rest[i] == '%' && i + 2 < rest.size() && hex_digit(rest[i + 1]) >= 0 &&
                             hex_digit(rest[i + 2]) >= 0;
        path += encoded ? static_cast<char>(hex_digit(rest[i + 1]) * 16 + hex_digit(rest[i + 2]))
                        : rest[i];
        i += encoded ? 2 : 0;
    }
    if (path.find('\0') != std::string::npos)
        throw Error(ErrorKind::config, fmt::format("'{}' holds a NUL byte", shown_url(url)));
    return path;
}

struct Source {
    Fd file;
    std::uint64_t size = 0;
    std::string etag;
};

Source open_source(const std::string& path) {
    // Not blocking, so that a FIFO cannot hold the pass up.
    Source source{Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), 0, ""};
    if (!source.file)
        throw system_error(errno, fmt::format("open '{}'", shown_url(path)));
    struct stat facts {};
    if (::fstat(source.file.get(), &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", shown_url(path)));
    if (!S_ISREG(facts.st_mode))
        throw Error(ErrorKind::io, fmt::format("'{}' is no regular file", shown_url(path)));
    source.size = static_cast<std::uint64_t>(facts.st_size);
    source.etag = fmt::format("\"{:x}-{:x}-{:x}-{:x}.{:x}-{:x}.{:x}\"", facts.st_dev, facts.st_ino,
                              facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
                              facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
    return source;
}

Body copy(const Source& source, TransferRequest& request, const Interrupt& interrupt,
          Progress& progress, const std::string& path) {
    if (source.size > request.max_size)
        throw Error(ErrorKind::size,
                    fmt::format("'{}' has {} bytes, the limit is {} (limits.artifact_size)",
                                shown_url(request.url), source.size, request.max_size));
    Body body{request.place.open({0, source.size}), 0, ""};
    if (request.place.check_room)
        request.place.check_room(source.size);
    progress.begin_transfer(local_id, request.component, source.size);
    Sha256 sha;
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    // Never more than it had when it was opened: one that grows is caught by the second look.
    while (body.size < source.size) {
        interrupt.check();
        const std::size_t got =
            read_some(source.file.get(), buffer, fmt::format("read '{}'", shown_url(path)));
        if (got == 0)
            break;
        const std::span<const std::byte> bytes(buffer.data(), got);
        write_all(body.file.get(), bytes, "write the download cache");
        sha.update(bytes);
        body.size += got;
        progress.advance_transfer(local_id, body.size);
    }
    body.sha256 = sha.finish();
    if (open_source(path).etag != source.etag)
        throw Error(ErrorKind::io, fmt::format("'{}' changed while it was read", shown_url(path)));
    return body;
}

} // namespace

bool is_local(std::string_view url) { return url.starts_with(scheme); }

TransferResult read_local(TransferRequest& request, const Interrupt& interrupt,
                          Progress& progress) {
    const auto begun = std::chrono::steady_clock::now();
    TransferResult result;
    try {
        const std::string path = path_of(request.url);
        const Source source = open_source(path);
        result.validator.etag = source.etag;
        if (request.validator.etag == source.etag) {
            result.not_modified = true;
        } else {
            result.body = copy(source, request, interrupt, progress, path);
            result.bytes = result.body->size;
        }
    } catch (const Error& error) {
        Error told = error;
        told.url = shown_url(request.url);
        result.error = std::move(told);
    }
    progress.end_transfer(local_id);
    result.duration =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
    return result;
}

} // namespace provisor
