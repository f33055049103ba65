// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/nginx_tls_test.cpp, tests/faults/tls_proxy_rows_test.cpp
#pragma once

#include "wire/messages.hpp"

namespace provisor {

/// Sets `handle` (a CURL*) up to judge servers as `settings` say: the version of TLS, and whose
/// certificates are trusted. `settings` must outlive the transfer, since nothing is copied.
void set_up_trust(void* handle, const FetchSettings& settings);

/// Sets the certificate up that a server may ask for, if there is one; likewise.
void set_up_client_certificate(void* handle, const FetchSettings& settings);

} // namespace provisor
