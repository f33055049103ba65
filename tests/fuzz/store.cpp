// SPDX-License-Identifier: Apache-2.0
// Records of the cache as a crash or another program may leave them.
#include "base/error.hpp"
#include "base/sha256.hpp"
#include "fuzz/target.hpp"
#include "store/cache.hpp"
#include "support/temporary_folder.hpp"

namespace provisor::fuzz {
namespace {

const std::string url = "https://o/a";
const std::string bytes = "content";

/// A state directory with one blob, and a body that was cut off.
class State {
public:
    State() {
        test::write_text(cache / "blobs" / sha256_of(bytes), bytes);
        test::write_text(cache / "partial" / sha256_of(url), bytes);
    }
    test::TemporaryFolder folder;
    std::filesystem::path cache = folder / "cache";
};

} // namespace

void store(std::string_view input) {
    static const State state;
    static const Interrupt never;
    const Cache cache(state.folder.path());
    const std::string text(input);
    test::write_text(state.cache / "urls" / sha256_of(url), text);
    if (const auto entry = cache.find(url)) {
        require(entry->sha256 == sha256_of(bytes) && entry->size == bytes.size(),
                "a record counts only with its blob");
        require(!entry->dictionary || is_sha256(entry->dictionary->sha256),
                "a dictionary is named by its digest");
    }
    test::write_text(state.cache / "refused" / sha256_of(url), text);
    if (const auto refused = cache.find_refused(url))
        require(is_sha256(refused->sha256), "what was refused is named by its digest");
    test::write_text(state.cache / "partial" / (sha256_of(url) + ".json"), text);
    Unfinished unfinished(state.folder.path());
    if (const auto read = unfinished.find_part(url, never)) {
        require(read->part.size <= bytes.size(), "a part is there");
        require(read->part.sha256 == sha256_of(bytes.substr(0, read->part.size)),
                "and hashes to its record");
    }
}

} // namespace provisor::fuzz
