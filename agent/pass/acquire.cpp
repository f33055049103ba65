// SPDX-License-Identifier: Apache-2.0
#include "pass/acquire.hpp"

#include "base/random.hpp"
#include "install/staging.hpp"
#include "model/retry.hpp"
#include "model/shown_url.hpp"
#include "model/url.hpp"
#include "pass/decode.hpp"
#include "pass/last_pass.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

/// The URL that is tried in this round: the component's own, then its mirrors; absent when there
/// are no more.
std::optional<std::string> candidate(const Component& component, std::size_t round) {
    if (round == 0)
        return component.url;
    if (round <= component.mirrors.size())
        return component.mirrors[round - 1];
    return std::nullopt;
}

} // namespace

bool Acquisition::settle_without_request(Work& work) {
    const Component& component = *work.component;
    if (options_.force)
        return false;
    if (component.update == Update::if_missing &&
        std::all_of(component.files.begin(), component.files.end(),
                    [&](const FileSpec& file) { return target_exists(file.path, paths_); })) {
        if (!work.observed.installed) {
            work.outcome.reason = "it is there, and the manifest says update: if-missing";
            work.done = true;
            return true;
        }
        // What is there counts as what is wanted: only an activation that a crash cut off can still
        // be due.
        work.as_is = true;
        work.artifact = Artifact{work.observed.installed->artifact, Freshness::pinned};
        return true;
    }
    // What has checksums or a signature elsewhere has to ask there first.
    return !Documents::has_any(component) && settle_by_pin(work);
}

/// Whether the artifact's bytes would be read if it were the one: to put something in place, to
/// unpack it, to verify its signature. Members that would be put in place are made sure of, so that
/// those which are damaged are unpacked again.
bool Acquisition::needs_blob(const Work& work, const std::string& sha256, Freshness freshness) {
    const std::optional<Contents> contents = verifier_.known_contents(work, sha256);
    if (!contents || !verifier_.is_proven(work, sha256))
        return true;
    const Plan plan = make_plan(*work.component,
                                wanted_marker(*work.component, sha256, *contents, paths_.unit_dir),
                                freshness, work.observed, Units::act);
    if (plan.place.empty())
        return false;
    for (const auto& [from, member] : *contents)
        cache_.verify_blob(member, around_.interrupt);
    return true;
}

/// The SHA-256 digest of what has the wanted SHA-512 digest, if it is installed or in the cache:
/// all else goes by that.
void Acquisition::find_pin(Work& work) {
    if (!work.pin.empty() || work.sha512.empty())
        return;
    if (const auto& installed = work.observed.installed;
        installed && verifier_.is_of_sha512(work, installed->artifact)) {
        work.pin = installed->artifact;
        return;
    }
    for (std::size_t round = 0; work.pin.empty() && candidate(*work.component, round); ++round)
        if (const auto entry = cache_.find(*candidate(*work.component, round));
            entry && verifier_.is_of_sha512(work, entry->sha256))
            work.pin = entry->sha256;
}

bool Acquisition::settle_by_pin(Work& work) {
    if (work.pin.empty() || options_.force)
        return false;
    if (needs_blob(work, work.pin, Freshness::pinned) &&
        !cache_.verify_blob(work.pin, around_.interrupt))
        return false;
    accept(work, {work.pin, Freshness::pinned}, work.component->url);
    // Nobody will go on with what was cut off before the content came from elsewhere.
    for (std::size_t round = 0; parts_ && candidate(*work.component, round); ++round)
        cache_.unfinished().discard_body(*candidate(*work.component, round));
    return true;
}

std::optional<CacheEntry> Acquisition::trusted_entry(const Work& work, const std::string& url) {
    std::optional<CacheEntry> entry = cache_.find(url);
    // Bytes that are not the pinned ones cannot be what is wanted: to hear that they are unchanged
    // would help only if the origin's validators were perfect, and those made of size and time are
    // not.
    // What has the pinned SHA-512 digest is the pin, as far as it is known (find_pin()).
    const std::string& pin = work.pin;
    if (work.is_pinned() && (!entry || entry->sha256 != pin)) {
        const std::optional<CacheEntry> refused = cache_.find_refused(url);
        return refused && refused->sha256 != pin ? refused : std::nullopt;
    }
    if (!entry)
        return std::nullopt;
    // If the answer "unchanged" would lead to an installation from the cache, the bytes must be
    // whole now: to find the damage afterwards would cost a second round. When they would not be
    // read they need not be looked at either.
    if (needs_blob(work, entry->sha256, Freshness::revalidated) &&
        !cache_.verify_blob(entry->sha256, around_.interrupt))
        return std::nullopt;
    return entry;
}

/// While its back-off lasts a component is neither asked for nor failed: it is held.
bool Acquisition::hold_back(Work& work) const {
    const auto& backoff = work.record.backoff;
    if (options_.force || !is_waiting(backoff, *work.component, config_.retry, wall_clock()))
        return false;
    hold(work, "backoff: " + in_words(*backoff));
    if (backoff->until != WallTime::max()) {
        work.outcome.next_try = backoff->until;
        work.outcome.after_failure = true;
    }
    return true;
}

bool Acquisition::add_question(std::vector<Question>& questions, Work& work,
                               const std::string& url) {
    std::vector<std::string> secrets = credentials_for(*work.component, url, paths_);
    const auto same = std::find_if(questions.begin(), questions.end(),
                                   [&](const Question& question) { return question.url == url; });
    if (same != questions.end() && same->secret_headers != secrets)
        return false;
    std::optional<CacheEntry> known = trusted_entry(work, url);
    const bool refused = known && work.is_pinned() && known->sha256 != work.pin;
    if (options_.offline) {
        if (!known)
            throw Error(
                ErrorKind::http,
                fmt::format("'{}' is not in the cache, and --offline asks nobody", shown_url(url)));
        accept(work, {known->sha256, Freshness::cached}, url);
        return true;
    }
    work.asked = true;
    if (same == questions.end()) {
        questions.push_back({url, std::move(secrets), std::move(known), {&work}, refused});
        return true;
    }
    same->askers.push_back(&work);
    same->refused |= refused;
    if (known != same->known)
        same->known.reset();
    return true;
}

/// What comes of a URL has one place in the cache. So who would ask for it with other credentials
/// goes to `later`: it asks when the answer to these is known, and hears mostly that nothing
/// changed since. The first to name a URL never does, so that fewer are left each time.
std::vector<Acquisition::Question> Acquisition::questions_for(const std::vector<Work*>& open,
                                                              std::size_t round,
                                                              std::vector<Work*>& later) {
    std::vector<Question> questions;
    for (Work* work : open) {
        const auto url = candidate(*work->component, round);
        if (!url)
            continue;
        // Tried again at a mirror: what failed so far is told together with how that ends.
        if (work->done && work->outcome.error)
            work->detour +=
                (work->detour.empty() ? "" : "; ") + std::string(work->outcome.error->what());
        work->done = false;
        attempt(*work, [&] {
            if (!add_question(questions, *work, *url))
                later.push_back(work);
        });
    }
    return questions;
}

void Acquisition::run(std::vector<Work>& works) {
    std::vector<Work*> open;
    std::vector<Work*> with_documents;
    verifier_.expect_targets(works);
    parts_ = cache_.unfinished().any();
    for (Work& work : works)
        attempt(work, [&] {
            work.pin = work.component->sha256;
            work.sha512 = work.component->sha512;
            find_pin(work);
            if (options_.force)
                forget_refusals(*work.component);
            verifier_.require_keys(*work.component);
            if (settle_without_request(work) || hold_back(work))
                return;
            open.push_back(&work);
            if (Documents::has_any(*work.component))
                with_documents.push_back(&work);
        });
    const std::vector<Work*> asked = open;
    documents_.run(with_documents);
    std::erase_if(open, [&](Work* work) {
        bool settled = work->done;
        if (Documents::has_any(*work->component))
            attempt(*work, [&] {
                find_pin(*work);
                settled = settle_by_pin(*work);
            });
        return settled || work->done;
    });
    for (std::size_t round = 0; !open.empty(); ++round) {
        for (std::vector<Work*> askers = open; !askers.empty();) {
            std::vector<Work*> later;
            std::vector<Question> questions = questions_for(askers, round, later);
            // It ends, because each time a question is made simpler.
            while (!questions.empty()) {
                ask(questions);
                std::erase_if(questions, [](const Question& question) { return !question.again; });
            }
            askers = std::move(later);
        }
        std::erase_if(open, [&](const Work* work) {
            return !work->done || !work->outcome.error || !candidate(*work->component, round + 1);
        });
    }
    note_failures(asked);
}

/// Whoever forces a pass wants to see what the origin has now.
void Acquisition::forget_refusals(const Component& component) {
    for (std::size_t round = 0; candidate(component, round); ++round)
        cache_.forget_refused(*candidate(component, round));
}

/// Says which origins failed before the last one, and when the next try is.
void Acquisition::note_failures(const std::vector<Work*>& asked) const {
    for (Work* work : asked) {
        if (!work->asked)
            continue;
        if (!work->outcome.error) {
            work->record_changed = work->record.backoff.has_value();
            work->record.backoff.reset();
            continue;
        }
        if (!work->detour.empty())
            fail(*work, work->outcome.error->retold(
                            fmt::format("{}; {}", work->detour, work->outcome.error->what())));
        const Backoff backoff = after_failure(work->record.backoff, *work->component, config_.retry,
                                              work->outcome.error->retry_after, wall_clock(),
                                              random_number(), last_full_pass(paths_));
        work->record.backoff = backoff;
        work->record_changed = true;
        if (backoff.until != WallTime::max())
            work->outcome.next_try = backoff.until;
    }
}

/// A validator belongs to the answer that was chosen by what we offered (RFC 9110, 12.5.5): the
/// answer against one dictionary has another tag than the one against the next, or than the plain
/// one. So the question is asked as it was when the validator came, and only for a sign of change;
/// what has changed is then asked for with the newest content that we have.
void Acquisition::choose_dictionary(Question& question) {
    if (question.plain)
        return;
    const auto& known = question.known;
    question.probe = known && known->dictionary && cache_.open_blob(known->dictionary->sha256);
    question.dictionary = question.probe
                              ? known->dictionary
                              : dictionaries_.offer_for(*question.askers.front(), question.url,
                                                        question.refused ? std::nullopt : known);
}

/// What is there of the body, if it is of the answer that is asked for now.
std::optional<ReadPart> Acquisition::part_for(const Question& question) {
    if (!parts_ || question.probe || question.from_start)
        return std::nullopt;
    std::optional<ReadPart> found = cache_.unfinished().find_part(question.url, around_.interrupt);
    const std::string dictionary = question.dictionary ? question.dictionary->sha256 : "";
    const bool fits = found && (found->part.coding == ContentCoding::identity ||
                                (!question.plain && (found->part.coding == ContentCoding::zstd ||
                                                     found->part.dictionary == dictionary)));
    return fits ? std::move(found) : std::nullopt;
}

/// That a body is put in place nowhere should be known before it is taken. Staging looks again.
void Acquisition::require_room_for(const std::vector<Work*>& askers, const BodyStart& start) const {
    std::optional<Error> trouble;
    for (const Work* work : askers) {
        try {
            for (const FileSpec& file : work->component->files) {
                require_writable(file.path, paths_);
                // What is in an archive may be less than the archive.
                require_room_at(file.path, file.from.empty() ? start.whole.value_or(0) : 0,
                                config_.limits.min_free, paths_);
            }
            return;
        } catch (const Error& error) {
            trouble = error;
        }
    }
    if (trouble)
        throw *trouble;
}

TransferRequest Acquisition::request_for(const Question& question) {
    TransferRequest request;
    request.component = question.askers.front()->component->name;
    request.url = question.url;
    request.secret_headers = question.secret_headers;
    request.own_origin =
        std::all_of(question.askers.begin(), question.askers.end(), [&](const Work* work) {
            return same_origin(question.url, work->component->url);
        });
    request.max_size = config_.limits.artifact_size;
    if (question.known)
        request.validator = question.known->validator;
    request.compressed = !question.plain;
    request.dictionary = question.dictionary;
    request.probe = question.probe;
    request.part = part_for(question);
    const std::string& url = question.url;
    const std::uint64_t min_free = config_.limits.min_free;
    request.place.open = [this, url, min_free, askers = question.askers](const BodyStart& start) {
        require_room_for(askers, start);
        return cache_.unfinished().begin_body(url, start, min_free);
    };
    if (question.known)
        request.place.known = [this, known = *question.known] { return cache_.open_known(known); };
    request.place.check_room = [this, min_free](std::uint64_t wanted) {
        return cache_.unfinished().require_room(min_free, wanted);
    };
    request.place.keep_part = [this, url](int fd, const BodyPart& part) {
        cache_.unfinished().keep_part(url, fd, part);
    };
    return request;
}

void Acquisition::ask(std::vector<Question>& questions) {
    std::vector<TransferRequest> requests;
    requests.reserve(questions.size());
    for (Question& question : questions) {
        question.again = false;
        choose_dictionary(question);
        requests.push_back(request_for(question));
    }
    around_.progress.set_stage(
        fmt::format("asking {} origin{}", requests.size(), requests.size() == 1 ? "" : "s"));
    requests_ += static_cast<unsigned>(requests.size());
    std::vector<TransferResult> results =
        around_.transfer.run(std::move(requests), around_.interrupt, around_.progress);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        bytes_ += results[i].bytes;
        for (Work* work : questions[i].askers) {
            work->outcome.http_status = results[i].http_status;
            work->outcome.bytes += results[i].bytes;
            work->outcome.etag = results[i].validator.etag;
        }
        answer(questions[i], results[i]);
    }
    ask_again_for_room(questions, results);
}

/// A body without end fills the disk to its limit before it is refused, and who comes meanwhile
/// finds no room. What it took is given back by now: those who had taken less are asked for once
/// more.
void Acquisition::ask_again_for_room(std::vector<Question>& questions,
                                     const std::vector<TransferResult>& results) {
    const auto failed = [](const TransferResult& result, ErrorKind kind) {
        return result.error && result.error->kind() == kind;
    };
    std::uint64_t given_back = 0;
    for (const TransferResult& result : results)
        if (failed(result, ErrorKind::space) || failed(result, ErrorKind::size))
            given_back = std::max(given_back, result.bytes);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        Question& question = questions[i];
        if (!failed(results[i], ErrorKind::space) || results[i].bytes >= given_back ||
            question.for_room)
            continue;
        question.again = question.for_room = true;
        for (Work* work : question.askers)
            work->done = false;
    }
}

} // namespace provisor
