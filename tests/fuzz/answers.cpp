// SPDX-License-Identifier: Apache-2.0
// The agent's side: whatever frames provisor-fetch or provisor-unpack may send, what is believed in
// the end are the bytes that were counted and hashed.
#include "base/error.hpp"
#include "fuzz/memory_file.hpp"
#include "fuzz/target.hpp"
#include "transfer/arrival.hpp"
#include "transfer/delivery.hpp"

#include <cstring>

namespace provisor::fuzz {
namespace {

constexpr std::uint64_t max_size = 4096;
constexpr std::string_view part_bytes = "the first part";

std::string content_of(int fd) {
    std::string bytes(max_size + 1, '\0');
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

ReadPart part() {
    ReadPart read{{"\"v1\"", part_bytes.size(), sha256_of(part_bytes), std::nullopt}, {}};
    read.sha.update(std::as_bytes(std::span(part_bytes)));
    return read;
}

/// A request of one of several kinds.
TransferRequest request_of(std::uint8_t kind) {
    TransferRequest request;
    request.component = "app";
    request.url = "https://o/app";
    request.max_size = max_size;
    request.compressed = (kind & 1U) != 0;
    request.probe = (kind & 2U) != 0;
    if ((kind & 4U) != 0)
        request.validator.etag = "\"v1\"";
    if ((kind & 8U) != 0)
        request.part = part();
    if ((kind & 16U) != 0)
        request.dictionary = Dictionary{sha256_of("d"), ""};
    request.place.open = [](const BodyStart& start) {
        Fd file = memory_file(part_bytes.substr(0, start.present));
        ::lseek(file.get(), static_cast<off_t>(start.present), SEEK_SET);
        return file;
    };
    if ((kind & 32U) != 0)
        request.place.known = [] {
            return std::optional(
                KnownContent{memory_file(part_bytes), part_bytes.size(), sha256_of(part_bytes)});
        };
    return request;
}

void check_result(const TransferResult& result, const TransferRequest& asked) {
    const int outcomes = int{result.not_modified} + int{result.changed} +
                         int{result.body.has_value()} + int{result.error.has_value()};
    require(outcomes == 1, "a request has one outcome");
    if (result.not_modified)
        require(!asked.validator.empty() && result.http_status == 304, "304 answers a condition");
    require(!result.changed || asked.probe, "only a probe is told no more than that");
    require(!result.resumed || asked.part, "only what was begun goes on");
    if (!result.body)
        return;
    const Body& body = *result.body;
    require(body.size <= max_size, "a body is within the limit");
    const std::string content = content_of(body.file.get());
    require(content.size() == body.size, "a body is counted");
    require(sha256_of(content) == body.sha256, "a body is hashed");
    require(result.http_status == 200 || (result.http_status == 206 && result.resumed),
            "a body is that of a 200, or goes on");
}

/// Gives the frames of a stream to `take` until it says that it was the last.
template <typename Take>
void for_each_frame(std::string_view stream, Take&& take) {
    FrameReader reader;
    while (!stream.empty()) {
        const auto space = reader.space();
        const std::size_t size = std::min(stream.size(), space.size());
        std::memcpy(space.data(), stream.data(), size);
        reader.filled(size);
        stream.remove_prefix(size);
        while (const auto frame = reader.next())
            if (take(*frame))
                return;
    }
}

void take_fetched(std::uint8_t kind, std::string_view stream) {
    Progress progress;
    const TransferRequest asked = request_of(kind);
    Arrival arrival(0, request_of(kind), progress);
    arrival.ask();
    try {
        for_each_frame(stream, [&](const Frame& frame) {
            arrival.take(frame);
            return arrival.closed();
        });
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::io, "nonsense is of kind io");
    }
    arrival.fail(Error(ErrorKind::io, "over"));
    require(progress.snapshot().running.empty(), "nothing is left running");
    check_result(arrival.take_result(), asked);
}

void take_unpacked(std::uint8_t kind, std::string_view stream) {
    UnpackRequest request;
    request.patterns = (kind & 1U) != 0 ? std::vector<std::string>{""}
                                        : std::vector<std::string>{"*/app", "doc/?"};
    request.max_size = max_size;
    request.open_member = [](std::size_t) { return memory_file(); };
    Delivery delivery(request);
    bool done = false;
    try {
        for_each_frame(stream, [&](const Frame& frame) { return done = delivery.take(frame); });
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::io || error.kind() == ErrorKind::size ||
                    error.kind() == ErrorKind::unpack,
                "a failure is of a kind that unpacking has");
    }
    if (!done)
        return;
    std::uint64_t total = 0;
    for (const UnpackedMember& member : delivery.take_members()) {
        const std::string content = content_of(member.file.get());
        require(content.size() == member.size && sha256_of(content) == member.sha256,
                "a member is counted and hashed");
        total += member.size;
    }
    require(total <= max_size, "all members are within the limit");
}

} // namespace

void answers(std::string_view input) {
    Input parts(input);
    const std::uint8_t kind = parts.byte();
    if ((kind & 64U) != 0)
        take_unpacked(kind, parts.rest());
    else
        take_fetched(kind, parts.rest());
}

} // namespace provisor::fuzz
