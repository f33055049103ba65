// SPDX-License-Identifier: Apache-2.0
#include "pass/documents.hpp"

#include "model/shown_url.hpp"
#include "model/url.hpp"
#include "transfer/credentials.hpp"
#include "trust/checksums.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr std::uint64_t document_limit = std::uint64_t{1} << 20;

std::string read_body(const Body& body) {
    std::string text(body.size, '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t some =
            ::pread(body.file.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
        if (some <= 0)
            throw Error(ErrorKind::io, "the received text cannot be read again");
        got += static_cast<std::size_t>(some);
    }
    return text;
}

/// Whether the signature is one of the checksums file, by its manifest, or else: of both URLs the
/// longer one that it begins with counts ("app", "app.sha256" and "app.sha256.minisig"), and
/// neither means the sums.
bool signs_sums(const Component& component) {
    if (component.signature.over != SignatureOver::automatic)
        return component.signature.over == SignatureOver::sums;
    const std::string& sums = component.checksums;
    const bool longer =
        sums.size() > component.url.size() && component.signature.url.starts_with(sums);
    return !sums.empty() && (longer || !component.signature.url.starts_with(component.url));
}

/// What a checksums file says becomes what is wanted, unless the manifest pins something else.
void take_digest(std::string& said, std::string& wanted, const std::string& source) {
    if (said.empty())
        return;
    if (!wanted.empty() && wanted != said)
        throw Error(ErrorKind::digest,
                    fmt::format("'{}' says {}, the manifest pins {}", source, said, wanted));
    wanted = std::move(said);
}

} // namespace

std::vector<std::string> credentials_for(const Component& component, const std::string& url,
                                         const Paths& paths) {
    if (!component.auth || !same_origin(url, component.url))
        return {};
    return credential_headers(*component.auth, url, {paths.credential_dirs, paths.netrc_files});
}

std::optional<std::size_t> Documents::want(const Work& work, const std::string& url) {
    if (url.empty())
        return std::nullopt;
    const auto same = std::find_if(documents_.begin(), documents_.end(),
                                   [&](const Document& one) { return one.url == url; });
    if (same != documents_.end())
        return static_cast<std::size_t>(same - documents_.begin());
    Document document;
    document.url = url;
    document.component = work.component->name;
    document.secret_headers = credentials_for(*work.component, url, paths_);
    document.own_origin = same_origin(url, work.component->url);
    // Only whole bytes may be confirmed by a 304.
    if (auto entry = cache_.find(url))
        if (auto text = cache_.read_blob(entry->sha256, document_limit)) {
            document.known = std::move(entry);
            document.text = std::move(*text);
        }
    documents_.push_back(std::move(document));
    return documents_.size() - 1;
}

/// What comes of a URL has one place in the cache, see Acquisition::questions_for().
bool Documents::is_wanted_otherwise(const Work& work, const std::string& url) const {
    return std::any_of(documents_.begin(), documents_.end(), [&](const Document& one) {
        return one.url == url &&
               one.secret_headers != credentials_for(*work.component, url, paths_);
    });
}

void Documents::run(const std::vector<Work*>& works) {
    std::vector<Wanted> wanted;
    std::vector<Work*> later;
    documents_.clear();
    for (Work* work : works)
        attempt(*work, [&] {
            work->asked = !options_.offline;
            if (is_wanted_otherwise(*work, work->component->checksums) ||
                is_wanted_otherwise(*work, work->component->signature.url)) {
                later.push_back(work);
                return;
            }
            wanted.push_back({work, want(*work, work->component->checksums),
                              want(*work, work->component->signature.url)});
        });
    std::vector<std::size_t> all(documents_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    ask(all);
    std::vector<Wanted> doubted;
    for (const Wanted& one : wanted)
        attempt(*one.work, [&] {
            try {
                apply(one);
            } catch (const Error&) {
                if (!has_confirmed(one))
                    throw;
                doubted.push_back(one);
            }
        });
    ask(forget_confirmed(doubted));
    for (const Wanted& one : doubted)
        attempt(*one.work, [&] { apply(one); });
    settle();
    if (!later.empty())
        run(later);
}

bool Documents::has_confirmed(const Wanted& wanted) const {
    return (wanted.sums && documents_[*wanted.sums].confirmed) ||
           (wanted.signature && documents_[*wanted.signature].confirmed);
}

/// A tag can stand still while the content moves: nginx makes its own of size and whole seconds,
/// and signatures are all of one size. What a 304 has confirmed is asked for whole before it is
/// believed to be wrong; else an origin could never come out of it.
std::vector<std::size_t> Documents::forget_confirmed(const std::vector<Wanted>& doubted) {
    std::vector<std::size_t> indices;
    for (const Wanted& one : doubted)
        for (const auto& index : {one.sums, one.signature})
            if (index && documents_[*index].confirmed) {
                documents_[*index].known.reset();
                documents_[*index].confirmed = false;
                indices.push_back(*index);
            }
    return indices;
}

TransferRequest Documents::request_for(const Document& document) {
    TransferRequest request;
    request.component = document.component;
    request.url = document.url;
    request.secret_headers = document.secret_headers;
    request.own_origin = document.own_origin;
    request.max_size = document_limit;
    if (document.known)
        request.validator = document.known->validator;
    request.place.open = [this, url = document.url](const BodyStart& start) {
        return cache_.unfinished().begin_body(url, start, config_.limits.min_free);
    };
    return request;
}

void Documents::ask(const std::vector<std::size_t>& indices) {
    if (options_.offline) {
        for (Document& document : documents_)
            if (!document.known)
                document.error =
                    Error(ErrorKind::http,
                          fmt::format("'{}' is not in the cache, and --offline asks nobody",
                                      shown_url(document.url)));
        return;
    }
    if (indices.empty())
        return;
    std::vector<TransferRequest> requests;
    requests.reserve(indices.size());
    for (const std::size_t index : indices)
        requests.push_back(request_for(documents_[index]));
    around_.progress.set_stage(fmt::format("asking for {} checksums file{} or signature{}",
                                           requests.size(), requests.size() == 1 ? "" : "s",
                                           requests.size() == 1 ? "" : "s"));
    requests_ += static_cast<unsigned>(requests.size());
    std::vector<TransferResult> results =
        around_.transfer.run(std::move(requests), around_.interrupt, around_.progress);
    for (std::size_t i = 0; i < results.size(); ++i)
        take(documents_[indices[i]], std::move(results[i]));
}

void Documents::take(Document& document, TransferResult&& result) {
    bytes_ += result.bytes;
    if (result.error) {
        cache_.unfinished().discard_body(document.url);
        document.error = std::move(result.error);
        return;
    }
    document.confirmed = !result.body;
    if (document.confirmed)
        return;
    try {
        document.text = read_body(*result.body);
        document.fresh = std::move(result);
    } catch (const Error& error) {
        document.error = error;
    }
}

const std::string& Documents::text_of(std::size_t index) const {
    const Document& document = documents_[index];
    if (document.error)
        throw *document.error;
    return document.text;
}

/// What the texts say of the artifact.
void Documents::apply(const Wanted& wanted) {
    Work& work = *wanted.work;
    const Component& component = *work.component;
    const std::string sums = wanted.sums ? text_of(*wanted.sums) : "";
    if (wanted.signature) {
        const std::string& text = text_of(*wanted.signature);
        const Signature signature = parse_signature(text, shown_url(component.signature.url));
        if (signs_sums(component)) {
            verify_signature(signature, verifier_.keys_for(component, signature), sums,
                             shown_url(component.checksums));
            verifier_.note_signature(work, signature, component.checksums);
        } else
            work.signature = text;
    }
    if (wanted.sums) {
        const std::string source = shown_url(component.checksums);
        const ListedFile file{path_parts_of(component.url), component.checksums_name};
        FileDigests digests = wanted.signature && signs_sums(component)
                                  ? find_signed_digests(sums, file, source)
                                  : find_digests(sums, file, source);
        take_digest(digests.sha256, work.pin, source);
        take_digest(digests.sha512, work.sha512, source);
    }
    for (const auto& index : {wanted.sums, wanted.signature})
        if (index)
            documents_[*index].useful = true;
}

/// Keeps what came and was of use: something else in its place would be confirmed by every later
/// 304.
void Documents::settle() {
    for (Document& document : documents_) {
        if (!document.fresh)
            continue;
        if (!document.useful) {
            cache_.unfinished().discard_body(document.url);
            continue;
        }
        try {
            cache_.keep(document.url, *document.fresh->body, {document.fresh->validator});
        } catch (const Error& error) {
            // It costs a transfer of some kilobytes next time.
            spdlog::warn("'{}' not kept: {}", shown_url(document.url), error.what());
        }
    }
}

} // namespace provisor
