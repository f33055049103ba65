// SPDX-License-Identifier: Apache-2.0
#include "unpack/unpacker.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "unpack/archive_reader.hpp"
#include "unpack/content.hpp"
#include "unpack/decoder.hpp"
#include "unpack/selection.hpp"
#include "unpack/zstd_decoder.hpp"
#include "wire/packing.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <new>
#include <poll.h>

namespace provisor {
namespace {

Error refusal(const std::string& why) { return {ErrorKind::unpack, why}; }

/// Whether it is an archive of members, and not one compressed file.
bool has_members(Packing packing) { return packing == Packing::tar || packing == Packing::zip; }

/// A single "" asks for the one content of a compressed file.
bool wants_single(const UnpackOrder& order) {
    return order.patterns.size() == 1 && order.patterns.front().empty();
}

Error name_the_member(std::string_view what) {
    return refusal(fmt::format("the artifact is a {} archive: name the member that is wanted with "
                               "files.from",
                               what));
}

/// What the artifact is by its first bytes, when that is what the manifest says and wants.
Packing expected_packing(const UnpackOrder& order, const Artifact& artifact) {
    std::string head(packing_head_size, '\0');
    head.resize(artifact.read_at(0, std::as_writable_bytes(std::span(head))));
    const Packing found = packing_of(head);
    if (order.packing && !has_members(*order.packing) && !wants_single(order))
        throw refusal(fmt::format("the manifest says format: {0}, which is one compressed file and "
                                  "has no members: leave files.from out, or say format: tar",
                                  to_string(*order.packing)));
    // A tar may be compressed; what is inside of it is looked at later.
    const bool fits =
        !order.packing || *order.packing == found ||
        (*order.packing == Packing::tar && found != Packing::none && found != Packing::zip);
    if (!fits)
        throw refusal(fmt::format("the manifest says format: {}, but the artifact is {}",
                                  to_string(*order.packing), to_string(found)));
    if (found == Packing::none)
        throw refusal(fmt::format("the artifact is {}", to_string(found)));
    if (has_members(found) && wants_single(order))
        throw name_the_member(to_string(found));
    return found;
}

void send_bytes(std::span<const std::byte> bytes, AgentSocket& agent) {
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!rest.empty()) {
        agent.send(FrameType::data, 0, rest.substr(0, max_data_payload));
        rest.remove_prefix(std::min(rest.size(), max_data_payload));
    }
}

template <typename Source>
void send_all(Source& source, AgentSocket& agent) {
    for (std::span<const std::byte> piece = source.read(); !piece.empty(); piece = source.read())
        send_bytes(piece, agent);
    agent.send(FrameType::end, 0, "");
}

void send_members(ArchiveReader& archive, const UnpackOrder& order, AgentSocket& agent) {
    Selection selection(order.patterns);
    while (const std::optional<Member> member = archive.next()) {
        const std::vector<std::uint32_t> wanting = selection.wanting(*member);
        for (const std::uint32_t index : wanting)
            agent.send(FrameType::member, index, member->name);
        if (!wanting.empty())
            send_all(archive, agent);
    }
    selection.finish();
}

void send_stream(const Artifact& artifact, Packing found, const UnpackOrder& order,
                 AgentSocket& agent) {
    const Packing compression = found == Packing::tar ? Packing::none : found;
    Content content(decode(artifact, compression), order.max_decompressed);
    const bool tar = packing_of(content.head()) == Packing::tar;
    if (wants_single(order)) {
        if (tar)
            throw name_the_member(fmt::format("tar ({})", to_string(found)));
        agent.send(FrameType::member, 0, "");
        send_all(content, agent);
        return;
    }
    if (!tar)
        throw refusal(fmt::format("what is compressed in the {} file is no tar archive, so that "
                                  "there is no member '{}': leave files.from out",
                                  to_string(found), printable(order.patterns.front(), 200)));
    ArchiveReader archive(content);
    send_members(archive, order, agent);
}

void send_decoded(const Artifact& body, const std::optional<Artifact>& dictionary,
                  const UnpackOrder& order, AgentSocket& agent) {
    if (order.coding == ContentCoding::dcz && !dictionary)
        throw Error(ErrorKind::io, "there is no dictionary");
    Content content(order.coding == ContentCoding::dcz
                        ? decode_dcz(body, *dictionary, order.dictionary)
                        : decode_zstd(body),
                    order.max_decompressed);
    agent.send(FrameType::member, 0, "");
    send_all(content, agent);
}

UnpackOrder receive_order(AgentSocket& agent) {
    for (;;) {
        if (const std::optional<Frame> frame = agent.next()) {
            if (frame->type != FrameType::unpack)
                throw Error(ErrorKind::io, "a frame that the agent does not send");
            return decode_unpack_order(frame->payload);
        }
        pollfd ready{agent.fd(), POLLIN, 0};
        if (::poll(&ready, 1, -1) < 0 && errno != EINTR)
            throw system_error(errno, "wait for the agent");
        if (!agent.receive())
            throw Error(ErrorKind::io, "the agent is gone");
    }
}

} // namespace

void unpack_artifact(const Artifact& artifact, const std::optional<Artifact>& dictionary,
                     const UnpackOrder& order, AgentSocket& agent) {
    if (order.coding != ContentCoding::identity) {
        send_decoded(artifact, dictionary, order, agent);
        return;
    }
    const Packing found = expected_packing(order, artifact);
    if (found != Packing::zip) {
        send_stream(artifact, found, order, agent);
        return;
    }
    ArchiveReader archive(artifact);
    send_members(archive, order, agent);
}

void run_unpacker(int socket, const Artifact& artifact, const std::optional<Artifact>& dictionary) {
    AgentSocket agent(socket);
    const UnpackOrder order = receive_order(agent);
    UnpackFailure failure;
    try {
        unpack_artifact(artifact, dictionary, order, agent);
        agent.send(FrameType::done, 0, "");
        return;
    } catch (const Error& error) {
        failure = {error.kind(), error.what()};
    } catch (const std::bad_alloc&) {
        failure = {ErrorKind::size, "unpacking it takes more memory than provisor-unpack may have "
                                    "(512 MiB)"};
    }
    agent.send(FrameType::failed, 0, encode(failure));
}

} // namespace provisor
