// SPDX-License-Identifier: Apache-2.0
#include "transfer/delivery.hpp"

#include "base/text.hpp"
#include "transfer/helper_process.hpp"
#include "wire/member_name.hpp"
#include "wire/unpack_messages.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace provisor {
namespace {

template <typename Action>
decltype(auto) with_files(Action&& action) {
    try {
        return std::forward<Action>(action)();
    } catch (const Error& error) {
        throw FileFailure(error);
    }
}

} // namespace

Delivery::Delivery(const UnpackRequest& request)
    : request_(&request), places_(request.patterns.size()), room_(request.check_room),
      is_single_(request.patterns.size() == 1 && request.patterns.front().empty()) {}

bool Delivery::take(const Frame& frame) {
    switch (frame.type) {
    case FrameType::member:
        begin_member(frame.id, frame.payload);
        return false;
    case FrameType::data:
        take_bytes(frame.payload);
        return false;
    case FrameType::end:
        end_member();
        return false;
    case FrameType::done:
        if (!open_.empty() || !std::all_of(places_.begin(), places_.end(),
                                           [](const Place& place) { return place.begun; }))
            throw nonsense("its last word before all that is wanted");
        return true;
    case FrameType::failed: {
        const UnpackFailure failure = decode_unpack_failure(frame.payload);
        throw Error(failure.kind, printable(failure.message, 2000));
    }
    case FrameType::fatal:
        throw Error(ErrorKind::io, printable(frame.payload, 300));
    default:
        throw nonsense("a frame that does not come from it");
    }
}

void Delivery::begin_member(std::uint32_t index, std::string_view name) {
    if (index >= places_.size() || places_[index].begun)
        throw nonsense("a member that it was not asked for");
    if (has_bytes_ || (!open_.empty() && name != name_))
        throw nonsense("a member in the middle of another one");
    // It has looked at all of this, but what it says is no proof.
    if (is_single_ ? !name.empty()
                   : !member_matches(request_->patterns[index], name) ||
                         member_name_problem(name) != nullptr)
        throw nonsense("a member with another name than it was asked for");
    Place& place = places_[index];
    place.begun = true;
    place.member.name = printable(name);
    place.member.file = with_files([&] { return request_->open_member(index); });
    name_ = name;
    open_.push_back(index);
}

void Delivery::take_bytes(std::string_view bytes) {
    if (open_.empty())
        throw nonsense("bytes of no member");
    if (bytes.empty())
        throw nonsense("bytes of a member that are none");
    has_bytes_ = true;
    for (const std::size_t index : open_) {
        Place& place = places_[index];
        if (bytes.size() > request_->max_size - total_)
            refuse_size();
        with_files([&] { room_.expect(bytes.size()); });
        total_ += bytes.size();
        place.member.size += bytes.size();
        place.sha.update(std::as_bytes(std::span(bytes)));
        with_files([&] {
            write_all(place.member.file.get(), bytes,
                      is_single_ ? "write what was compressed"
                                 : fmt::format("write member '{}'", place.member.name));
        });
    }
}

void Delivery::refuse_size() const {
    const UnpackedMember& member = places_[open_.front()].member;
    const bool alone = total_ == member.size;
    throw Error(ErrorKind::size,
                fmt::format("{} larger than the limit of {} bytes (limits.artifact_size)",
                            is_single_ ? "what is compressed is"
                            : alone    ? fmt::format("member '{}' is", member.name)
                                       : fmt::format("member '{}' and those before it are together",
                                                     member.name),
                            request_->max_size));
}

void Delivery::end_member() {
    if (open_.empty())
        throw nonsense("the end of no member");
    for (const std::size_t index : open_)
        places_[index].member.sha256 = places_[index].sha.finish();
    open_.clear();
    has_bytes_ = false;
}

std::vector<UnpackedMember> Delivery::take_members() {
    std::vector<UnpackedMember> members;
    members.reserve(places_.size());
    for (Place& place : places_)
        members.push_back(std::move(place.member));
    return members;
}

} // namespace provisor
