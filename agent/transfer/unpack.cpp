// SPDX-License-Identifier: Apache-2.0
#include "transfer/unpack.hpp"

#include "base/error.hpp"
#include "transfer/delivery.hpp"
#include "transfer/helper_process.hpp"
#include "wire/handed_files.hpp"
#include "wire/unpack_messages.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <poll.h>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>

namespace provisor {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t least_decompressed = std::uint64_t{64} * 1024 * 1024;
constexpr std::uint64_t times_wanted = 16;
/// So that an order fits into the socket's buffer whatever provisor-unpack does.
constexpr std::size_t max_patterns = std::size_t{64} * 1024;

std::optional<Packing> packing_for(Format format) {
    switch (format) {
    case Format::automatic:
        return std::nullopt;
    case Format::gzip:
        return Packing::gzip;
    case Format::zstd:
        return Packing::zstd;
    case Format::xz:
        return Packing::xz;
    case Format::bzip2:
        return Packing::bzip2;
    case Format::tar:
        return Packing::tar;
    case Format::zip:
        return Packing::zip;
    case Format::raw:
        break;
    }
    throw Error(ErrorKind::unpack,
                "the manifest says format: raw, so that there is nothing to unpack");
}

UnpackOrder order_for(const UnpackRequest& request) {
    if (request.coding != ContentCoding::identity)
        return {std::nullopt,
                decompressed_limit(request.max_size),
                {""},
                request.coding,
                request.dictionary_sha256};
    if (request.patterns.empty())
        throw Error(ErrorKind::unpack, "no member is named with files.from");
    if (request.patterns.size() > 1 &&
        std::find(request.patterns.begin(), request.patterns.end(), "") != request.patterns.end())
        throw Error(ErrorKind::unpack,
                    "several files are to be had, and not all of them name their member with "
                    "files.from");
    std::size_t size = 0;
    for (const std::string& pattern : request.patterns)
        size += pattern.size();
    if (size > max_patterns)
        throw Error(
            ErrorKind::unpack,
            fmt::format("the names of files.from are longer than {} bytes together", max_patterns));
    return {packing_for(request.format), decompressed_limit(request.max_size), request.patterns};
}

/// The same file for reading only: what we have may be open for writing, and whoever shares that
/// could cut it off.
Fd read_only(int file) {
    Fd copy(::open(fmt::format("/proc/self/fd/{}", file).c_str(), O_RDONLY | O_CLOEXEC));
    if (!copy)
        throw system_error(errno, "open a file for provisor-unpack");
    return copy;
}

void send_order(int socket, const std::string& frame) {
    if (::send(socket, frame.data(), frame.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(frame.size()) &&
        errno != EPIPE)
        throw system_error(errno, "ask provisor-unpack");
}

/// How long to listen to it in all: for its processor time, and for reading the artifact from a
/// slow disk at 1 MiB/s. The time that we take ourselves, to write what came, is not counted.
milliseconds listening_limit(const UnpackRequest& request) {
    struct stat facts {};
    if (::fstat(request.artifact, &facts) != 0)
        return request.patience;
    return request.patience + std::chrono::seconds(facts.st_size >> 20);
}

/// Waits for more and takes it in; what the wait takes goes off from `left`. Throws Error of kind
/// io, without a message when there is no more because the other end was closed.
void receive(int socket, FrameReader& reader, std::chrono::microseconds& left,
             const Interrupt& interrupt) {
    using Clock = std::chrono::steady_clock;
    const auto begun = Clock::now();
    pollfd fds[] = {{socket, POLLIN, 0}, {interrupt.fd(), POLLIN, 0}};
    const auto wait = std::chrono::ceil<milliseconds>(left).count();
    if (::poll(fds, 2, static_cast<int>(std::clamp<std::int64_t>(wait, 0, INT_MAX))) < 0 &&
        errno != EINTR)
        throw system_error(errno, "wait for provisor-unpack");
    interrupt.check();
    left -= std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
    if (left.count() <= 0)
        throw Error(ErrorKind::io, "it took too long");
    const std::span<std::byte> space = reader.space();
    const ssize_t got = ::recv(socket, space.data(), space.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        throw Error(ErrorKind::io, "");
    reader.filled(static_cast<std::size_t>(got));
}

void deliver(int socket, Delivery& delivery, const UnpackRequest& request,
             const Interrupt& interrupt) {
    FrameReader reader;
    std::chrono::microseconds left = listening_limit(request);
    for (;;) {
        receive(socket, reader, left, interrupt);
        while (const std::optional<Frame> frame = reader.next())
            if (delivery.take(*frame))
                return;
    }
}

} // namespace

std::uint64_t decompressed_limit(std::uint64_t max_size) {
    if (max_size > std::numeric_limits<std::uint64_t>::max() / times_wanted)
        return std::numeric_limits<std::uint64_t>::max();
    return std::max(max_size * times_wanted, least_decompressed);
}

bool looks_packed(std::string_view head) { return packing_of(head) != Packing::none; }

std::vector<UnpackedMember> unpack(const std::string& program, const UnpackRequest& request,
                                   const Interrupt& interrupt) {
    interrupt.check();
    const std::string order = encode_frame(FrameType::unpack, 0, encode(order_for(request)));
    Delivery delivery(request);
    const Fd artifact = read_only(request.artifact);
    std::vector<int> files{artifact.get()};
    const Fd dictionary = request.dictionary >= 0 ? read_only(request.dictionary) : Fd();
    if (dictionary)
        files.push_back(dictionary.get());
    HelperProcess process({"provisor-unpack", program});
    try {
        hand_over_files(process.socket(), files);
        send_order(process.socket(), order);
        deliver(process.socket(), delivery, request, interrupt);
    } catch (const FileFailure&) {
        throw;
    } catch (const Error& error) {
        // What it says of the artifact, and the limit, are no failures of its own.
        if (error.kind() != ErrorKind::io)
            throw;
        throw process.end(error);
    }
    return delivery.take_members();
}

} // namespace provisor
