// SPDX-License-Identifier: Apache-2.0
#include "wire/unpack_messages.hpp"

#include "base/error.hpp"
#include "wire/payload.hpp"

namespace provisor {

std::string encode(const UnpackOrder& order) {
    PayloadWriter writer;
    writer.add(static_cast<std::uint64_t>(order.packing.value_or(Packing::none)))
        .add(order.max_decompressed)
        .add(static_cast<std::uint64_t>(order.coding))
        .add(order.dictionary)
        .add(std::uint64_t{order.patterns.size()});
    for (const std::string& pattern : order.patterns)
        writer.add(pattern);
    return writer.take();
}

UnpackOrder decode_unpack_order(std::string_view payload) {
    PayloadReader reader(payload);
    UnpackOrder order;
    const std::uint64_t packing = reader.number();
    if (packing > static_cast<std::uint64_t>(Packing::zip))
        throw Error(ErrorKind::io, "a message with an impossible format");
    if (packing != static_cast<std::uint64_t>(Packing::none))
        order.packing = static_cast<Packing>(packing);
    order.max_decompressed = reader.number();
    order.coding = reader.coding();
    order.dictionary = reader.text();
    for (std::uint64_t count = reader.number(); count > 0; --count)
        order.patterns.push_back(reader.text());
    reader.finish();
    if (order.patterns.empty())
        throw Error(ErrorKind::io, "a message without patterns");
    return order;
}

std::string encode(const UnpackFailure& failure) {
    return PayloadWriter()
        .add(static_cast<std::uint64_t>(failure.kind))
        .add(failure.message)
        .take();
}

UnpackFailure decode_unpack_failure(std::string_view payload) {
    PayloadReader reader(payload);
    UnpackFailure failure;
    const std::uint64_t kind = reader.number();
    failure.message = reader.text();
    reader.finish();
    for (const ErrorKind possible : {ErrorKind::unpack, ErrorKind::size, ErrorKind::io})
        if (kind == static_cast<std::uint64_t>(possible)) {
            failure.kind = possible;
            return failure;
        }
    throw Error(ErrorKind::io, "a message with an impossible error kind");
}

} // namespace provisor
