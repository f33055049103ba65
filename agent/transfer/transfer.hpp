// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "model/agent_config.hpp"
#include "model/progress.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// What makes a GET conditional (RFC 9110, 8.8): both texts exactly as the origin sent them, either
/// may be empty.
struct Validator {
    std::string etag;
    std::string last_modified;
    bool empty() const { return etag.empty() && last_modified.empty(); }
    bool operator==(const Validator&) const = default;
};

/// One GET. It is conditional when `validator` is not empty: If-None-Match when there is an ETag,
/// else If-Modified-Since.
struct TransferRequest {
    std::string component; ///< for progress and messages
    std::string url;
    Validator validator;
    std::uint64_t max_size =
        0; ///< a larger body is refused, by declared length before its first byte
    std::function<Fd()>
        open_body; ///< called when a 200 begins: the file (read-write, empty) that takes the body
};

/// A whole body as it was received: counted, hashed and written on the agent's side. Not yet
/// synced.
struct Body {
    Fd file;
    std::uint64_t size = 0;
    std::string sha256;
};

/// How a request ended. Exactly one of `body` (200), `not_modified` (304 to a condition) and
/// `error` is set.
struct TransferResult {
    int http_status = 0;
    bool not_modified = false;
    std::optional<Body> body;
    Validator
        validator; ///< of the final response; empty when it had none that is legal to send back
    std::uint64_t bytes = 0; ///< body bytes received, also of a transfer that failed
    Duration duration{};
    std::optional<Error> error;
};

/// The network. One call is one batch: results stand in the order of the requests, at most
/// `parallel` transfers run at once.
class Transfer {
public:
    virtual ~Transfer() = default;
    /// Runs all requests. Throws Interrupted within a second of the interrupt, nothing else: what
    /// fails is in the results. `progress` is kept up to date (stage, running transfers).
    virtual std::vector<TransferResult> run(std::vector<TransferRequest> requests,
                                            const Interrupt& interrupt, Progress& progress) = 0;
};

} // namespace provisor
