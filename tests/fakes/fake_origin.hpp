// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/sha256.hpp"
#include "transfer/transfer.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace provisor::test {

/// An origin and the way to it in one: serves pages by URL with validators, answers conditions as
/// RFC 9110 says, and remembers what it was asked and what it sent.
class FakeOrigin : public Transfer {
public:
    struct Page {
        std::string body;
        std::string etag;
        std::string last_modified;
        int status = 200;
        std::size_t cut = 0;   ///< ends after so many bytes; 0: does not
        bool lies = false;     ///< continues a part with bytes of other content
        std::optional<std::chrono::seconds> retry_after = {};
    };
    struct Asked {
        std::string url;
        Validator validator;
        int status = 0;
        std::vector<std::string> secrets = {};
        bool operator==(const Asked&) const = default;
    };

    std::map<std::string, Page> pages;
    std::vector<Asked> asked;
    unsigned bodies = 0;

    std::vector<TransferResult> run(std::vector<TransferRequest> requests,
                                    const Interrupt& interrupt, Progress&) override {
        std::vector<TransferResult> results;
        for (TransferRequest& request : requests) {
            interrupt.check();
            results.push_back(answer(request));
            asked.push_back({request.url, request.validator, results.back().http_status,
                             request.secret_headers});
        }
        return results;
    }

    long count_of(int status) const {
        return std::count_if(asked.begin(), asked.end(),
                             [&](const Asked& one) { return one.status == status; });
    }

private:
    TransferResult answer(TransferRequest& request) {
        TransferResult result;
        const auto page = pages.find(request.url);
        result.http_status = page == pages.end() ? 404 : page->second.status;
        if (result.http_status != 200) {
            result.error = Error(ErrorKind::http, "HTTP " + std::to_string(result.http_status));
            if (page != pages.end())
                result.error->retry_after = page->second.retry_after;
            return result;
        }
        result.validator = {page->second.etag, page->second.last_modified};
        const bool same_etag =
            !request.validator.etag.empty() && request.validator.etag == page->second.etag;
        const bool same_date = request.validator.etag.empty() &&
                               !request.validator.last_modified.empty() &&
                               request.validator.last_modified == page->second.last_modified;
        if (same_etag || same_date) {
            result.http_status = 304;
            result.not_modified = true;
            return result;
        }
        try {
            send(request, page->second, result);
        } catch (const Error& error) {
            result.error = error;
        }
        return result;
    }

    void send(TransferRequest& request, const Page& page, TransferResult& result) {
        BodyStart start{0, page.body.size()};
        if (request.part && request.part->part.etag == page.etag) {
            start.present = request.part->part.size;
            result.http_status = 206;
            result.resumed = true;
        }
        const std::size_t end = page.cut == 0 ? page.body.size() : page.cut;
        std::string rest = page.body.substr(start.present, end - start.present);
        if (result.resumed && page.lies)
            std::reverse(rest.begin(), rest.end());
        const std::string content = page.body.substr(0, start.present) + rest;
        Body body{request.place.open(start), content.size(), sha256_of(content)};
        write_all(body.file.get(), rest, "body");
        result.bytes = rest.size();
        if (end < page.body.size()) {
            request.place.keep_part(body.file.get(), {page.etag, content.size(), body.sha256,
                                                      page.body.size()});
            throw Error(ErrorKind::http, "it ended after " + std::to_string(end) + " bytes");
        }
        result.body = std::move(body);
        ++bodies;
    }
};

} // namespace provisor::test
