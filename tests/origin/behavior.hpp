// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace provisor::test {

/// How an answer departs from a plain one, written as "name" or "name=value" joined by "," or "&":
/// "chunked,cut=100". What there is (k and n are bytes, decimal or with K, M, G, T):
///
///   status=503 retry=120        that status with a small text page, and Retry-After
///   retrydate=n                 Retry-After as a date, so many seconds from now (may be negative)
///   html, empty                 200 with a web page, with nothing
///   redir=3 code=307            so many redirects to the same path first
///   redirto=URL                 a redirect there (the last item: it takes the rest of the text)
///   loop                        a redirect to itself
///   no304, always304, spur304   conditions are not heeded; 304 in any case (both names)
///   etag=perreq, etag304=TEXT   another ETag each time; another one in a 304
///   nolen, chunked, http10      no declared length, in three ways
///   early, trailer              an answer 103 first; chunked with trailers
///   enc=gzip                    says that the content is encoded
///   cl=TEXT, dupcl, samecl, clte   length as given; two of them; two equal; and Transfer-Encoding
///   big=n                       declares n bytes and sends for ever
///   endless, endlesschunk       sends for ever without a length (a status or redirect, too), in
///                               chunks
///   chunkcut, badchunk          the last chunk is missing; a chunk size is no number
///   nulhdr, ctlhdr, hugehdr=n, manyhdr=n, badstatus, http09   malformed heads
///   hang, reset, close0         no answer: silence, reset, end of the connection
///   cut=k, rst=k, stall=k       end, reset, silence after k bytes of the body
///   drip, slowhdr               a byte of body or head each 100 ms
///   slow=n                      about n bytes of the body per second
///   range=TEXT                  a Range is answered: "ignore": with all; "wrong": another part;
///                               "shift": other bytes; "total": another whole length; "multi":
///                               several parts; "416"; "newetag": another ETag; "nolength": without
///                               a Content-Length
///   close                       closes the connection after the answer without announcing it
class Behavior {
public:
    /// Unknown names throw std::invalid_argument: a test that asks for them tests nothing.
    explicit Behavior(std::string_view text = {});
    /// Adds what it knows of a request's query and leaves the rest alone.
    void add_query(std::string_view query);

    bool has(const std::string& name) const { return items_.contains(name); }
    /// The value of an item, empty when there is none.
    std::string text(const std::string& name) const;
    /// The value as a count of bytes; `fallback` when the item is missing or has no value.
    std::uint64_t number(const std::string& name, std::uint64_t fallback) const;

private:
    bool add(std::string_view item);

    std::map<std::string, std::string> items_;
};

} // namespace provisor::test
