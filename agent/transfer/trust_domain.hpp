// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/transfer.hpp"

#include <string>

namespace provisor {

/// Which requests may be made by one process of provisor-fetch. Who takes that process over by an
/// answer can read what it knows, and answer for what else is asked of it. So what is open to
/// everybody on the way (http) is kept from what is not (https), and each origin that is given a
/// secret (credentials, a client certificate) from everything else.
struct TrustDomain {
    std::string name; ///< "http", "https", or the origin: "https://host:443"
    bool has_secrets = false;
    bool operator==(const TrustDomain&) const = default;
};

/// `certificate`: there is a client certificate (`tls.client_cert`).
TrustDomain trust_domain_of(const TransferRequest& request, bool certificate);

} // namespace provisor
