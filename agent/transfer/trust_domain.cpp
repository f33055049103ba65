// SPDX-License-Identifier: Apache-2.0
#include "transfer/trust_domain.hpp"

#include "model/url.hpp"

namespace provisor {

TrustDomain trust_domain_of(const TransferRequest& request, bool certificate) {
    const bool secure = request.url.starts_with("https://");
    if (!request.secret_headers.empty() || has_user(request.url) ||
        (secure && certificate && request.own_origin))
        return {origin_of(request.url), true};
    return {secure ? "https" : "http", false};
}

} // namespace provisor
