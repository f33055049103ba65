// SPDX-License-Identifier: Apache-2.0
#include "base/content_coding.hpp"

namespace provisor {

std::string_view to_string(ContentCoding coding) {
    switch (coding) {
    case ContentCoding::zstd:
        return "zstd";
    case ContentCoding::dcz:
        return "dcz";
    case ContentCoding::identity:
        break;
    }
    return "identity";
}

std::optional<ContentCoding> parse_content_coding(std::string_view name) {
    for (const ContentCoding coding :
         {ContentCoding::identity, ContentCoding::zstd, ContentCoding::dcz})
        if (name == to_string(coding))
            return coding;
    return std::nullopt;
}

} // namespace provisor
