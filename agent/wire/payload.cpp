// SPDX-License-Identifier: Apache-2.0
#include "wire/payload.hpp"

#include "base/error.hpp"

#include <cstring>

namespace provisor {

PayloadWriter& PayloadWriter::add(std::uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
}

PayloadWriter& PayloadWriter::add(std::string_view text) {
    add(std::uint64_t{text.size()});
    bytes_ += text;
    return *this;
}

std::uint64_t PayloadReader::number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
}

std::string PayloadReader::text() { return std::string(take(number())); }

ContentCoding PayloadReader::coding() {
    const std::uint64_t coding = number();
    if (coding > static_cast<std::uint64_t>(ContentCoding::dcz))
        throw Error(ErrorKind::io, "a message with an impossible content coding");
    return static_cast<ContentCoding>(coding);
}

void PayloadReader::finish() const {
    if (!bytes_.empty())
        throw Error(ErrorKind::io, "a message with trailing bytes");
}

std::string_view PayloadReader::take(std::uint64_t size) {
    if (size > bytes_.size())
        throw Error(ErrorKind::io, "a message that is cut short");
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
}

} // namespace provisor
