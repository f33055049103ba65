// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp, tests/unit/pass/origins_test.cpp
// What Acquisition makes of the answers.
#include "model/shown_url.hpp"
#include "pass/acquire.hpp"
#include "pass/decode.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

/// Whether what came of a body is worth keeping: not when it is too large, or has no room.
bool may_be_resumed(const Error& error) {
    return error.kind() != ErrorKind::size && error.kind() != ErrorKind::space;
}

} // namespace

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
    if (!result.error && recheck(question))
        return;
    if (result.error && may_be_resumed(*result.error))
        cache_.unfinished().abandon_body(question.url);
    else if (result.error || parts_) // of what the URL had before it was again what is known
        cache_.unfinished().discard_body(question.url);
    for (Work* work : question.askers)
        attempt(*work, [&] {
            if (result.error)
                throw *result.error;
            accept(*work, {question.known->sha256, Freshness::revalidated}, question.url);
        });
}

/// An origin that still has what was refused, as it says, is asked for the whole once an hour: that
/// may be what is wanted, and have been damaged on its way when its tag was learnt.
bool Acquisition::recheck(Question& question) {
    if (!question.known || !question.refused || !cache_.begin_recheck(question.url))
        return false;
    question.known.reset();
    return question.again = question.from_start = true;
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
            cache_.forget(work.component->signature.url);
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
    // A dictionary and its window may be more than the memory that there is, of which
    // provisor-unpack then dies: in each pass again, while the plain body takes none.
    const bool undone =
        damaged || (error && error->kind() == ErrorKind::io && coding == ContentCoding::dcz);
    if (!(decoded ? coding == ContentCoding::dcz && (other_content || damaged) : undone))
        return false;
    spdlog::warn("{}; asking for it without an encoding", error->what());
    question.known.reset();
    question.dictionary.reset();
    question.probe = false;
    return question.plain = true;
}

/// Of those that will ask for it again the first is enough.
void Acquisition::note_missing_validator(Question& question) {
    const auto asker =
        std::find_if(question.askers.begin(), question.askers.end(), [](const Work* work) {
            return !work->is_pinned() && work->component->update == Update::revalidate;
        });
    if (asker != question.askers.end())
        (*asker)->outcome.lacks_validator = true;
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
        const std::optional<CacheEntry> before = cache_.find(question.url);
        cache_.keep(question.url, *result.body, std::move(entry));
        // Told once, when it is met for the first time, as its record says.
        if (result.validator.empty() && !(before && before->validator.empty()))
            note_missing_validator(question);
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
    if (!work.sha512.empty() && !verifier_.is_of_sha512(work, artifact.sha256))
        throw Error(ErrorKind::digest,
                    fmt::format("'{}' has content with sha256 {}, which does not have the pinned "
                                "sha512 {}",
                                shown_url(url), artifact.sha256, work.sha512));
    if (!work.sha512.empty())
        work.pin = artifact.sha256;
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
    verifier_.check_proofs(work, fd, sha256);
    if (!known) {
        work.contents = verifier_.unpack_contents(work, fd, sha256);
        return;
    }
    verifier_.check_programs(work, sha256, *known);
    work.contents = std::move(*known);
}

} // namespace provisor
