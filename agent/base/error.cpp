// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace provisor {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::http:
        return "http";
    case ErrorKind::tls:
        return "tls";
    case ErrorKind::timeout:
        return "timeout";
    case ErrorKind::size:
        return "size";
    case ErrorKind::digest:
        return "digest";
    case ErrorKind::signature:
        return "signature";
    case ErrorKind::sanity:
        return "sanity";
    case ErrorKind::check:
        return "check";
    case ErrorKind::unpack:
        return "unpack";
    case ErrorKind::space:
        return "space";
    case ErrorKind::io:
        return "io";
    case ErrorKind::unit:
        return "unit";
    case ErrorKind::health:
        return "health";
    case ErrorKind::config:
        return "config";
    }
    return "io";
}

Error system_error(int error_number, const std::string& what) {
    const bool space = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    return Error(space ? ErrorKind::space : ErrorKind::io,
                 what + ": " + std::generic_category().message(error_number));
}

} // namespace provisor
