// SPDX-License-Identifier: Apache-2.0
#include "pass/decode.hpp"

#include "model/shown_url.hpp"
#include "transfer/unpack.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

/// Takes the unfinished file away, whatever happens.
class Decoded {
public:
    Decoded(Unfinished& unfinished, const std::string& url) : unfinished_(unfinished), url_(url) {}
    Decoded(const Decoded&) = delete;
    Decoded& operator=(const Decoded&) = delete;
    ~Decoded() { unfinished_.discard_decoded(url_); }

private:
    Unfinished& unfinished_;
    const std::string& url_;
};

/// The dictionary's bytes, made sure of: an origin that has been offered a digest encodes against
/// what hashes to it, and anything else would give another content.
Fd open_dictionary(const Dictionary& dictionary, Cache& cache, const Interrupt& interrupt) {
    std::optional<Fd> blob;
    if (cache.verify_blob(dictionary.sha256, interrupt))
        blob = cache.open_blob(dictionary.sha256);
    if (!blob)
        throw Error(ErrorKind::unpack,
                    fmt::format("the dictionary {} in the cache is damaged", dictionary.sha256));
    return std::move(*blob);
}

} // namespace

Body decode_body(const Body& encoded, const std::string& url,
                 const std::optional<Dictionary>& dictionary, Cache& cache,
                 const AgentConfig& config, const Surroundings& around) {
    Unfinished& unfinished = cache.unfinished();
    const std::uint64_t min_free = config.limits.min_free;
    UnpackRequest request;
    request.artifact = encoded.file.get();
    request.coding = encoded.coding;
    request.patterns = {""};
    request.max_size = config.limits.artifact_size;
    request.open_member = [&](std::size_t) { return unfinished.begin_decoded(url, min_free); };
    request.check_room = [&](std::uint64_t wanted) {
        return unfinished.require_room(min_free, wanted);
    };
    Fd blob;
    if (encoded.coding == ContentCoding::dcz) {
        blob = open_dictionary(*dictionary, cache, around.interrupt);
        request.dictionary = blob.get();
        request.dictionary_sha256 = dictionary->sha256;
    }
    around.progress.set_stage("decoding what came");
    const Decoded cleanup(unfinished, url);
    UnpackedMember content = with_context(
        fmt::format("'{}', encoded with {}", shown_url(url), to_string(encoded.coding)), [&] {
            return std::move(unpack(around.unpack_program, request, around.interrupt).front());
        });
    unfinished.replace_body(url);
    return {std::move(content.file), content.size, content.sha256};
}

} // namespace provisor
