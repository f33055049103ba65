// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/content_coding.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "base/probe_kind.hpp"
#include "base/sha256.hpp"
#include "model/agent_config.hpp"
#include "model/progress.hpp"
#include "transfer/room_watch.hpp"

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

/// Whether the validator says "the same bytes" (RFC 9110, 8.8.1), as resuming takes it: a strong
/// entity-tag. A date is not strong enough, since content may change twice in a second.
inline bool is_strong(const Validator& validator) {
    // A tag without its quotes says nothing of that.
    return validator.etag.starts_with('"');
}

/// An earlier content that a body may be encoded against (RFC 9842).
struct Dictionary {
    std::string sha256;
    std::string id; ///< what the origin calls it; may be empty
    bool operator==(const Dictionary&) const = default;
};

/// What an origin says of a content: for which URLs it will serve as a dictionary (RFC 9842, 2.1).
struct DictionaryUse {
    std::string match; ///< a URL pattern, relative to the content's own URL
    std::string id;
    bool operator==(const DictionaryUse&) const = default;
};

/// How much of a body is in its file, for a later transfer that begins where this one ended.
struct BodyPart {
    std::string etag; ///< a strong one, of the version that the bytes are of
    std::uint64_t size = 0;
    std::string sha256;                 ///< of these bytes
    std::optional<std::uint64_t> whole; ///< length of the whole body
    ContentCoding coding = ContentCoding::identity;
    std::string dictionary = {}; ///< the SHA-256 of what it is encoded against, for `dcz`
    bool operator==(const BodyPart&) const = default;
};

/// The same, read again from its file just now.
struct ReadPart {
    BodyPart part;
    Sha256 sha; ///< has taken its bytes
};

/// What is known when a body begins.
struct BodyStart {
    std::uint64_t present = 0; ///< bytes of the offered part that the body continues; else 0
    std::optional<std::uint64_t> whole; ///< its declared length
};

/// A content that is there already, by an open file with it.
struct KnownContent {
    Fd file;
    std::uint64_t size = 0;
    std::string sha256;
};

/// Where a body goes. Each may throw Error, which ends the transfer.
struct BodyPlace {
    /// Called when a body begins: its file, read-write, which holds what the body continues and
    /// nothing else.
    std::function<Fd(const BodyStart&)> open;
    /// What the body may well turn out to be, if there is such a content: then `open` is called
    /// only once it is found to be another. May be empty.
    std::function<std::optional<KnownContent>()> known;
    CheckRoom check_room;
    /// Called with the file when a body with a strong entity-tag does not come to its end, and now
    /// and then before (each 64 MiB), so that not all is lost in a crash; may be empty.
    std::function<void(int fd, const BodyPart& part)> keep_part;
};

/// One GET. It is conditional when `validator` is not empty: If-None-Match with its ETag and
/// If-Modified-Since with its date, as far as it has them.
struct TransferRequest {
    std::string component; ///< for progress and messages
    std::string url;
    Validator validator;
    std::uint64_t max_size =
        0; ///< a larger body is refused, by declared length before its first byte
    BodyPlace place;
    /// Header lines with credentials. They go to the URL's own origin alone, never along a redirect
    /// to another.
    std::vector<std::string> secret_headers = {};
    /// It is the origin that the manifest names (and no mirror elsewhere), which may see the client
    /// certificate of this machine (`tls.client_cert`).
    bool own_origin = false;
    bool compressed = false; ///< the body may come encoded with zstd
    /// The body may come encoded with zstd against this one.
    std::optional<Dictionary> dictionary = {};
    /// Only whether something has changed is of interest; a body may come all the same.
    bool probe = false;
    /// What is there already of a body that began to come, if anything: only what follows is asked
    /// for. With a validator, too, since RFC 9110, 13.2.2 looks at that first.
    std::optional<ReadPart> part = {};
};

/// A whole body as it was received: counted, hashed and written on the agent's side. Not yet
/// synced.
struct Body {
    Fd file;
    std::uint64_t size = 0;
    std::string sha256;
    ContentCoding coding = ContentCoding::identity; ///< of the bytes in `file`
    /// It is BodyPlace::known, byte by byte; `file` is that one, for reading, and nothing was
    /// written.
    bool known = false;
};

/// How a request ended. Exactly one of `body` (200, 206), `not_modified` (304 to a condition),
/// `changed` (206 or 416 to a probe) and `error` is set.
struct TransferResult {
    int http_status = 0;
    bool not_modified = false;
    bool changed = false;
    std::optional<Body> body;
    Validator
        validator; ///< of the final response; empty when it had none that is legal to send back
    std::optional<DictionaryUse> use_as_dictionary;
    bool resumed = false;    ///< the body continues the part that was offered
    std::uint64_t bytes = 0; ///< body bytes received, also of a transfer that failed
    Duration duration{};
    std::optional<Error> error;
};

/// One attempt of a health probe: a GET that anything but a 2xx answer fails (redirects are not
/// followed), or a connection that is accepted.
struct ProbeAttempt {
    ProbeKind kind = ProbeKind::http;
    std::string address; ///< a URL, or "host:port"
    Duration limit{};    ///< for all of it
};

/// What an attempt saw.
struct ProbeSighting {
    std::uint32_t number = 0; ///< of the attempt
    bool healthy = false;
    std::string what; ///< in words that follow the address: "answers 500", "refuses connections"
    /// Nobody could look, which says nothing of what there is to see.
    std::optional<Error> error;
};

/// The network. One call of run() is one batch: results stand in the order of the requests, at most
/// `parallel` transfers run at once.
class Transfer {
public:
    virtual ~Transfer() = default;
    /// Runs all requests. Throws Interrupted within a second of the interrupt, nothing else: what
    /// fails is in the results. `progress` is kept up to date (stage, running transfers).
    virtual std::vector<TransferResult> run(std::vector<TransferRequest> requests,
                                            const Interrupt& interrupt, Progress& progress) = 0;

    /// Begins an attempt of a probe and does not wait for it. Returns its number, which no other
    /// attempt has. Throws nothing: what fails is a sighting.
    virtual std::uint32_t begin_probe(const ProbeAttempt& attempt) = 0;
    /// What attempts have seen since the last call; each is told once, a moment after its limit is
    /// over at the latest. Returns when all have been told that were begun, or after `patience`.
    /// Throws Interrupted within a second of the interrupt, nothing else.
    virtual std::vector<ProbeSighting> await_probes(Duration patience,
                                                    const Interrupt& interrupt) = 0;
};

} // namespace provisor
