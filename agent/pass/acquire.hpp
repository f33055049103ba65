// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp, tests/unit/pass/origins_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "pass/dictionaries.hpp"
#include "pass/documents.hpp"
#include "pass/pass.hpp"
#include "pass/verify.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"

#include <string>
#include <vector>

namespace provisor {

/// The part of a pass that finds out which content each component should have, and sees to it that
/// the cache holds its bytes where they will be needed. Fills Work::artifact; changes nothing but
/// the cache.
class Acquisition {
public:
    Acquisition(Cache& cache, const AgentConfig& config, const Paths& paths,
                const PassOptions& options, Trust& trust, const Surroundings& around,
                std::string machine)
        : cache_(cache), config_(config), paths_(paths), options_(options), around_(around),
          verifier_(cache, config, paths, trust, around, std::move(machine)),
          documents_(cache, config, paths, options, around, verifier_), dictionaries_(cache) {}

    /// Asks the origins of all works that need asking, in one batch (and one more for each mirror
    /// that is needed, and for those who want a URL that others want with other credentials).
    void run(std::vector<Work>& works);

    unsigned requests() const { return requests_ + documents_.requests(); }
    unsigned transferred() const { return transferred_; }
    std::uint64_t bytes() const { return bytes_ + documents_.bytes(); }

private:
    /// Components that want the same URL with the same credentials share one request.
    struct Question {
        std::string url;
        std::vector<std::string> secret_headers;
        std::optional<CacheEntry> known; ///< what a 304 would speak of
        std::vector<Work*> askers;
        bool refused = false; ///< `known` is what one of them refused, see Cache::find_refused()
        std::optional<Dictionary> dictionary = {}; ///< that is offered
        bool probe = false;                        ///< see choose_dictionary()
        bool plain = false;      ///< no encoding, since what came encoded was wrong
        bool from_start = false; ///< no part of it, since what was resumed was wrong
        bool for_room = false;   ///< it was asked for again since others have given room back
        bool again = false;      ///< it has changed for a reason above, and is to be asked again
    };
    bool settle_without_request(Work& work);
    void find_pin(Work& work);
    bool settle_by_pin(Work& work);
    bool needs_blob(const Work& work, const std::string& sha256, Freshness freshness);
    bool hold_back(Work& work) const;
    std::vector<Question> questions_for(const std::vector<Work*>& open, std::size_t round,
                                        std::vector<Work*>& later);
    /// Returns false when one is there for the same URL with other credentials.
    bool add_question(std::vector<Question>& questions, Work& work, const std::string& url);
    void choose_dictionary(Question& question);
    void require_room_for(const std::vector<Work*>& askers, const BodyStart& start) const;
    TransferRequest request_for(const Question& question);
    std::optional<ReadPart> part_for(const Question& question);
    void note_failures(const std::vector<Work*>& asked) const;
    std::optional<CacheEntry> trusted_entry(const Work& work, const std::string& url);
    void ask(std::vector<Question>& questions);
    static void ask_again_for_room(std::vector<Question>& questions,
                                   const std::vector<TransferResult>& results);
    void answer(Question& question, TransferResult& result);
    bool recheck(Question& question);
    void forget_refusals(const Component& component);
    void judge(Work& work, const Body& body, const std::string& url, int http_status);
    void answer_body(Question& question, TransferResult& result);
    void decode(Question& question, TransferResult& result);
    static bool doubt(Question& question, const TransferResult& result, ContentCoding coding);
    static void note_missing_validator(Question& question);
    void remember_refusal(const Question& question, const TransferResult& result);
    void accept(Work& work, const Artifact& artifact, const std::string& url);
    void accept_cached(Work& work, const std::string& sha256);

    Cache& cache_;
    const AgentConfig& config_;
    const Paths& paths_;
    const PassOptions& options_;
    const Surroundings& around_;
    Verifier verifier_;
    Documents documents_;
    Dictionaries dictionaries_;
    bool parts_ = false; ///< the cache holds beginnings of bodies
    unsigned requests_ = 0;
    unsigned transferred_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace provisor
