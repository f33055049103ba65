// SPDX-License-Identifier: Apache-2.0
#include "pass/documents.hpp"

#include "model/shown_url.hpp"
#include "transfer/credentials.hpp"
#include "trust/checksums.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr std::uint64_t document_limit = std::uint64_t{1} << 20;

/// The last part of a URL's path: what the artifact is called in a checksums file.
std::string file_name_of(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    return std::string(url.substr(url.rfind('/') + 1));
}

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

/// Whether the signature is one of the checksums file.
bool signs_sums(const Component& component) {
    return !component.sha256sums.empty() && !component.signature.starts_with(component.url);
}

} // namespace

std::vector<std::string> credentials_for(const Component& component, const std::string& url,
                                         const Paths& paths) {
    if (!component.auth || !same_origin_url(url, component.url))
        return {};
    return credential_headers(*component.auth, url, {paths.credential_dirs, paths.netrc_files});
}

Documents::Document* Documents::find(const Work& work, const std::string& url) {
    const std::vector<std::string> secrets = credentials_for(*work.component, url, paths_);
    const auto document =
        std::find_if(documents_.begin(), documents_.end(), [&](const Document& one) {
            return one.url == url && one.secret_headers == secrets;
        });
    return document == documents_.end() ? nullptr : &*document;
}

Documents::Document& Documents::want(Work& work, const std::string& url) {
    if (Document* known = find(work, url))
        return *known;
    Document document;
    document.url = url;
    document.component = work.component->name;
    document.secret_headers = credentials_for(*work.component, url, paths_);
    // Only whole bytes may be confirmed by a 304.
    if (auto entry = cache_.find(url))
        if (auto text = cache_.read_blob(entry->sha256, document_limit)) {
            document.known = std::move(entry);
            document.text = std::move(*text);
        }
    documents_.push_back(std::move(document));
    return documents_.back();
}

void Documents::run(const std::vector<Work*>& works) {
    for (Work* work : works)
        attempt(*work, [&] {
            work->asked = !options_.offline;
            for (const std::string* url :
                 {&work->component->sha256sums, &work->component->signature})
                if (!url->empty())
                    want(*work, *url);
        });
    ask();
    for (Work* work : works)
        attempt(*work, [&] { apply(*work); });
    settle();
}

void Documents::ask() {
    if (options_.offline) {
        for (Document& document : documents_)
            if (!document.known)
                document.error =
                    Error(ErrorKind::http,
                          fmt::format("'{}' is not in the cache, and --offline asks nobody",
                                      shown_url(document.url)));
        return;
    }
    if (documents_.empty())
        return;
    std::vector<TransferRequest> requests;
    requests.reserve(documents_.size());
    for (const Document& document : documents_) {
        TransferRequest request;
        request.component = document.component;
        request.url = document.url;
        request.secret_headers = document.secret_headers;
        request.max_size = document_limit;
        if (document.known)
            request.validator = document.known->validator;
        request.place.open = [this, url = document.url](const BodyStart& start) {
            return cache_.begin_body(url, start, config_.limits.min_free);
        };
        requests.push_back(std::move(request));
    }
    around_.progress.set_stage(fmt::format("asking for {} checksums file{} or signature{}",
                                           requests.size(), requests.size() == 1 ? "" : "s",
                                           requests.size() == 1 ? "" : "s"));
    requests_ += static_cast<unsigned>(requests.size());
    std::vector<TransferResult> results =
        around_.transfer.run(std::move(requests), around_.interrupt, around_.progress);
    for (std::size_t i = 0; i < results.size(); ++i)
        take(documents_[i], std::move(results[i]));
}

void Documents::take(Document& document, TransferResult&& result) {
    bytes_ += result.bytes;
    if (result.error) {
        cache_.discard_body(document.url);
        document.error = std::move(result.error);
        return;
    }
    if (!result.body)
        return;
    try {
        document.text = read_body(*result.body);
        document.fresh = std::move(result);
    } catch (const Error& error) {
        document.error = error;
    }
}

const std::string& Documents::text_of(const Work& work, const std::string& url) {
    const Document& document = *find(work, url);
    if (document.error)
        throw *document.error;
    return document.text;
}

/// What the texts say of the artifact.
void Documents::apply(Work& work) {
    const Component& component = *work.component;
    try {
        const std::string sums =
            component.sha256sums.empty() ? "" : text_of(work, component.sha256sums);
        if (!component.signature.empty() && signs_sums(component)) {
            const Signature signature =
                parse_signature(text_of(work, component.signature), shown_url(component.signature));
            work.signed_by =
                verify_signature(signature, verifier_.keys(), sums, shown_url(component.sha256sums))
                    .key_id;
        } else if (!component.signature.empty()) {
            work.signature = text_of(work, component.signature);
            // Something that is no signature at all shall not stay in the cache.
            parse_signature(work.signature, shown_url(component.signature));
        }
        if (component.sha256sums.empty())
            return;
        const std::string digest =
            find_digest(sums, file_name_of(component.url), shown_url(component.sha256sums));
        if (!work.pin.empty() && work.pin != digest)
            throw Error(ErrorKind::digest,
                        fmt::format("'{}' says {}, the manifest pins {}",
                                    shown_url(component.sha256sums), digest, work.pin));
        work.pin = digest;
    } catch (const Error&) {
        for (const std::string* url : {&component.sha256sums, &component.signature})
            if (!url->empty())
                find(work, *url)->refused = true;
        throw;
    }
}

/// Keeps what came and was of use.
void Documents::settle() {
    for (Document& document : documents_) {
        if (!document.fresh)
            continue;
        if (document.refused) {
            cache_.discard_body(document.url);
            continue;
        }
        try {
            cache_.keep(document.url, *document.fresh->body, document.fresh->validator);
        } catch (const Error& error) {
            // It costs a transfer of some kilobytes next time.
            spdlog::warn("'{}' not kept: {}", shown_url(document.url), error.what());
        }
    }
}

} // namespace provisor
