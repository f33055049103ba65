// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/signatures_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "pass/pass.hpp"
#include "pass/verify.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// The credentials of a component for `url`: they are for the origin that its manifest names, and
/// for no mirror elsewhere. Throws Error of kind config when one is missing.
std::vector<std::string> credentials_for(const Component& component, const std::string& url,
                                         const Paths& paths);

/// The small texts that say what an artifact must be: checksums files and signatures. They are
/// revalidated and cached like artifacts.
class Documents {
public:
    Documents(Cache& cache, const AgentConfig& config, const Paths& paths,
              const PassOptions& options, const Surroundings& around, Verifier& verifier)
        : cache_(cache), config_(config), paths_(paths), options_(options), around_(around),
          verifier_(verifier) {}

    /// Whether the component has any.
    static bool has_any(const Component& component) {
        return !component.checksums.empty() || !component.signature.empty();
    }
    /// Asks for those of all these works in one batch (see Acquisition::run), and fills in
    /// Work::pin, sha512, signature, signed_by and signed_at. Unless the manifest says what it is
    /// over, a signature is over the artifact when its URL begins with the artifact's, else over
    /// the checksums file if there is one.
    void run(const std::vector<Work*>& works);

    unsigned requests() const { return requests_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    struct Document {
        std::string url;
        std::vector<std::string> secret_headers;
        bool own_origin = false; ///< of the component's own URL
        std::string component;   ///< the first that wants it
        std::optional<CacheEntry> known;
        std::optional<TransferResult> fresh;
        bool confirmed = false; ///< by a 304 of this pass
        std::string text;
        std::optional<Error> error;
        bool useful = false; ///< to one of those that want it
    };
    /// A component's two, as indices of documents_.
    struct Wanted {
        Work* work = nullptr;
        std::optional<std::size_t> sums;
        std::optional<std::size_t> signature;
    };
    bool is_wanted_otherwise(const Work& work, const std::string& url) const;
    std::optional<std::size_t> want(const Work& work, const std::string& url);
    TransferRequest request_for(const Document& document);
    void ask(const std::vector<std::size_t>& indices);
    bool has_confirmed(const Wanted& wanted) const;
    std::vector<std::size_t> forget_confirmed(const std::vector<Wanted>& doubted);
    void take(Document& document, TransferResult&& result);
    const std::string& text_of(std::size_t index) const;
    void apply(const Wanted& wanted);
    void settle();

    Cache& cache_;
    const AgentConfig& config_;
    const Paths& paths_;
    const PassOptions& options_;
    const Surroundings& around_;
    Verifier& verifier_;
    std::vector<Document> documents_;
    unsigned requests_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace provisor
