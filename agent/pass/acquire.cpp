// SPDX-License-Identifier: Apache-2.0
#include "pass/acquire.hpp"

#include "base/random.hpp"
#include "model/retry.hpp"
#include "model/shown_url.hpp"
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

/// Whether what came of a body is worth keeping: not when it is too large, or has no room.
bool may_be_resumed(const Error& error) {
    return error.kind() != ErrorKind::size && error.kind() != ErrorKind::space;
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
/// unpack it, to verify its signature.
bool Acquisition::needs_blob(const Work& work, const std::string& sha256, Freshness freshness) {
    const std::optional<Contents> contents = verifier_.known_contents(work, sha256);
    return !contents || !verifier_.is_proven(work, sha256) ||
           !make_plan(*work.component,
                      wanted_marker(*work.component, sha256, *contents, paths_.unit_dir), freshness,
                      work.observed, Units::act)
                .place.empty();
}

bool Acquisition::settle_by_pin(Work& work) {
    if (work.pin.empty() || options_.force)
        return false;
    if (needs_blob(work, work.pin, Freshness::pinned) &&
        !cache_.verify_blob(work.pin, around_.interrupt))
        return false;
    accept(work, {work.pin, Freshness::pinned}, work.component->url);
    return true;
}

std::optional<CacheEntry> Acquisition::trusted_entry(const Work& work, const std::string& url) {
    std::optional<CacheEntry> entry = cache_.find(url);
    // Bytes that are not the pinned ones cannot be what is wanted: to hear that they are unchanged
    // would help only if the origin's validators were perfect, and those made of size and time are
    // not.
    const std::string& pin = work.pin;
    if (!pin.empty() && (!entry || entry->sha256 != pin)) {
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
    hold(work, fmt::format("backoff: {} failure{} in a row, {}", backoff->failures,
                           backoff->failures == 1 ? "" : "s",
                           backoff->until == WallTime::max()
                               ? "no further try before the manifest changes (retry.attempts)"
                               : fmt::format("next try at {}", format_rfc3339(backoff->until))));
    if (backoff->until != WallTime::max()) {
        work.outcome.next_try = backoff->until;
        work.outcome.after_failure = true;
    }
    return true;
}

void Acquisition::add_question(std::vector<Question>& questions, Work& work,
                               const std::string& url) {
    std::vector<std::string> secrets = credentials_for(*work.component, url, paths_);
    std::optional<CacheEntry> known = trusted_entry(work, url);
    if (options_.offline) {
        if (!known)
            throw Error(
                ErrorKind::http,
                fmt::format("'{}' is not in the cache, and --offline asks nobody", shown_url(url)));
        accept(work, {known->sha256, Freshness::cached}, url);
        return;
    }
    work.asked = true;
    const auto same =
        std::find_if(questions.begin(), questions.end(), [&](const Question& question) {
            return question.url == url && question.secret_headers == secrets;
        });
    if (same == questions.end()) {
        questions.push_back({url, std::move(secrets), std::move(known), {&work}});
        return;
    }
    same->askers.push_back(&work);
    if (known != same->known)
        same->known.reset();
}

std::vector<Acquisition::Question> Acquisition::questions_for(const std::vector<Work*>& open,
                                                              std::size_t round) {
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
        attempt(*work, [&] { add_question(questions, *work, *url); });
    }
    return questions;
}

void Acquisition::run(std::vector<Work>& works) {
    std::vector<Work*> open;
    std::vector<Work*> with_documents;
    for (Work& work : works)
        attempt(work, [&] {
            work.pin = work.component->sha256;
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
            attempt(*work, [&] { settled = settle_by_pin(*work); });
        return settled || work->done;
    });
    parts_ = !open.empty() && cache_.unfinished().any();
    for (std::size_t round = 0; !open.empty(); ++round) {
        std::vector<Question> questions = questions_for(open, round);
        // It ends, because each time a question is made simpler.
        while (!questions.empty()) {
            ask(questions);
            std::erase_if(questions, [](const Question& question) { return !question.again; });
        }
        std::erase_if(open, [&](const Work* work) {
            return !work->done || !work->outcome.error || !candidate(*work->component, round + 1);
        });
    }
    note_failures(asked);
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
                              : dictionaries_.offer_for(*question.askers.front(), question.url);
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

TransferRequest Acquisition::request_for(const Question& question) {
    TransferRequest request;
    request.component = question.askers.front()->component->name;
    request.url = question.url;
    request.secret_headers = question.secret_headers;
    request.max_size = config_.limits.artifact_size;
    if (question.known)
        request.validator = question.known->validator;
    request.compressed = !question.plain;
    request.dictionary = question.dictionary;
    request.probe = question.probe;
    request.part = part_for(question);
    const std::string& url = question.url;
    const std::uint64_t min_free = config_.limits.min_free;
    request.place.open = [this, url, min_free](const BodyStart& start) {
        return cache_.unfinished().begin_body(url, start, min_free);
    };
    request.place.check_room = [this, min_free] { cache_.unfinished().require_room(min_free); };
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
}

void Acquisition::answer(Question& question, TransferResult& result) {
    if (result.body) {
        ++transferred_;
        answer_body(question, result);
        return;
    }
    if (result.changed) {
        question.known.reset();
        question.again = true;
        return;
    }
    if (result.error && may_be_resumed(*result.error))
        cache_.unfinished().abandon_body(question.url);
    else if (result.error)
        cache_.unfinished().discard_body(question.url);
    for (Work* work : question.askers)
        attempt(*work, [&] {
            if (result.error)
                throw *result.error;
            accept(*work, {question.known->sha256, Freshness::revalidated}, question.url);
        });
}

void Acquisition::remember_refusal(const Question& question, const TransferResult& result) {
    const bool other_than_pinned =
        std::any_of(question.askers.begin(), question.askers.end(), [](const Work* work) {
            return work->outcome.error && work->outcome.error->kind() == ErrorKind::digest;
        });
    if (!other_than_pinned || result.validator.empty())
        return;
    try {
        // Its validator is of use only once the same has come twice: what was damaged on the way
        // bears the tag of what is wanted, and would be confirmed for ever.
        const std::optional<CacheEntry> before = cache_.find_refused(question.url);
        const bool again = before && before->sha256 == result.body->sha256;
        cache_.remember_refused(question.url, {again ? result.validator : Validator{},
                                               result.body->sha256, result.body->size});
    } catch (const Error& error) {
        // It costs a transfer next time, and the refusal itself is what has to be told.
        spdlog::warn("refusal not remembered: {}", error.what());
    }
}

/// Whether the body is what the component wants. Throws Error that tells where it came from.
void Acquisition::judge(Work& work, const Body& body, const std::string& url, int http_status) {
    try {
        verifier_.check(work, body.file.get(), body.size, body.sha256);
        work.contents = verifier_.unpack_contents(work, body.file.get(), body.sha256);
    } catch (const Error& error) {
        // It may be the signature that is the old one, behind a tag that stood still (nginx makes
        // its own of size and second, and signatures are of one size): to be had whole next time.
        if (error.kind() == ErrorKind::signature && !work.signature.empty())
            cache_.forget(work.component->signature);
        Error told = error.retold(fmt::format("'{}': {}", shown_url(url), error.what()));
        told.url = shown_url(url);
        told.http_status = http_status;
        throw told;
    }
}

/// What came encoded is judged, named and kept by what is in it.
void Acquisition::decode(Question& question, TransferResult& result) {
    if (result.body->coding == ContentCoding::identity)
        return;
    try {
        result.body =
            decode_body(*result.body, question.url, question.dictionary, cache_, config_, around_);
    } catch (const Error& error) {
        Error told = error;
        told.url = shown_url(question.url);
        told.http_status = result.http_status;
        for (Work* work : question.askers)
            fail(*work, told);
    }
}

/// Whether a body that nobody wanted may be the fault of how it came, which then will not be tried
/// again.
bool Acquisition::doubt(Question& question, const TransferResult& result, ContentCoding coding) {
    // The first half may be of other content than the origin says (RFC 9110 leaves it to the origin
    // to be honest about strong tags): once more, from the start.
    if (result.resumed)
        return question.from_start = true;
    // Damaged, or put together against another dictionary: once more, as it is.
    const auto& error = question.askers.front()->outcome.error;
    const bool decoded = result.body->coding == ContentCoding::identity;
    const bool other_content =
        error && (error->kind() == ErrorKind::digest || error->kind() == ErrorKind::signature ||
                  error->kind() == ErrorKind::sanity);
    const bool damaged = error && error->kind() == ErrorKind::unpack;
    if (!(decoded ? coding == ContentCoding::dcz && (other_content || damaged) : damaged))
        return false;
    spdlog::warn("{}; asking for it without an encoding", error->what());
    question.known.reset();
    question.dictionary.reset();
    question.probe = false;
    return question.plain = true;
}

void Acquisition::answer_body(Question& question, TransferResult& result) {
    const ContentCoding coding = result.body->coding;
    bool wanted = false;
    decode(question, result);
    for (Work* work : question.askers)
        attempt(*work, [&] {
            judge(*work, *result.body, question.url, result.http_status);
            wanted = true;
        });
    // Neither bytes nor validator of a refused body are kept: a poisoned cache would be confirmed
    // by every later 304.
    if (!wanted) {
        cache_.unfinished().discard_body(question.url);
        question.again = doubt(question, result, coding);
        for (Work* work : question.askers)
            work->done = work->done && !question.again;
        if (!question.again)
            remember_refusal(question, result);
        return;
    }
    std::optional<Error> trouble;
    try {
        CacheEntry entry{result.validator};
        if (coding == ContentCoding::dcz)
            entry.dictionary = question.dictionary;
        entry.use_as_dictionary = result.use_as_dictionary;
        cache_.keep(question.url, *result.body, std::move(entry));
    } catch (const Error& error) {
        trouble = error;
    }
    for (Work* work : question.askers)
        attempt(*work, [&] {
            if (trouble)
                throw *trouble;
            accept(*work, {result.body->sha256, Freshness::fetched}, question.url);
        });
}

void Acquisition::accept(Work& work, const Artifact& artifact, const std::string& url) {
    if (!work.pin.empty() && artifact.sha256 != work.pin)
        throw Error(ErrorKind::digest,
                    fmt::format("'{}' has content with sha256 {}, the manifest pins {}",
                                shown_url(url), artifact.sha256, work.pin));
    if (artifact.freshness != Freshness::fetched)
        accept_cached(work, artifact.sha256);
    work.artifact = artifact;
    work.outcome.url = shown_url(url);
    work.outcome.error.reset();
    work.outcome.decision = Decision::unchanged;
}

/// What came in earlier counts only if the keys in force now have signed it, too. Wherever its
/// bytes are read here, needs_blob() has said so before, and they have been made sure of.
void Acquisition::accept_cached(Work& work, const std::string& sha256) {
    std::optional<Contents> known = verifier_.known_contents(work, sha256);
    std::optional<Fd> blob;
    if (!known || !verifier_.is_proven(work, sha256)) {
        blob = cache_.open_blob(sha256);
        if (!blob)
            throw Error(ErrorKind::io, fmt::format("the cached blob {} has vanished", sha256));
    }
    const int fd = blob ? blob->get() : -1;
    verifier_.check_signature(work, fd, sha256);
    work.contents = known ? std::move(*known) : verifier_.unpack_contents(work, fd, sha256);
}

} // namespace provisor
