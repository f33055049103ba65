// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/nginx_tls_test.cpp
#pragma once

#include <string>

namespace provisor {

/// The machine's folder of certificates under their hashed names, empty where there is none.
/// OpenSSL finds an issuer in it by one look; to read the bundle of all roots instead costs tens of
/// milliseconds per process. Looked for once.
const std::string& hashed_ca_folder();

} // namespace provisor
