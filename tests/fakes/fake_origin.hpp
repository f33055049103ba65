// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/sha256.hpp"
#include "transfer/transfer.hpp"

#include <algorithm>
#include <map>
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
    };
    struct Asked {
        std::string url;
        Validator validator;
        int status = 0;
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
            asked.push_back({request.url, request.validator, results.back().http_status});
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
            Body body{request.place.open({0, page->second.body.size()}), page->second.body.size(), sha256_of(page->second.body)};
            write_all(body.file.get(), page->second.body, "body");
            result.bytes = body.size;
            result.body = std::move(body);
            ++bodies;
        } catch (const Error& error) {
            result.error = error;
        }
        return result;
    }
};

} // namespace provisor::test
