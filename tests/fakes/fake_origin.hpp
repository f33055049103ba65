// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/sha256.hpp"
#include "transfer/transfer.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace provisor::test {

/// An origin and the way to it in one: serves pages by URL with validators, answers conditions as
/// RFC 9110 says, and remembers what it was asked and what it sent.
class FakeOrigin : public Transfer {
public:
    /// The same content encoded, for who accepts that.
    struct Variant {
        ContentCoding coding = ContentCoding::zstd;
        std::string dictionary; ///< SHA-256, for dcz
        std::string body;
        std::string etag;
    };
    struct Page {
        std::string body;
        std::string etag;
        std::string last_modified;
        int status = 200;
        std::size_t cut = 0; ///< ends after so many bytes; 0: does not
        bool lies = false;   ///< continues a part with bytes of other content
        std::optional<std::chrono::seconds> retry_after = {};
        std::vector<Variant> variants = {};
        std::optional<DictionaryUse> use_as_dictionary = {};
        bool ranges = true;               ///< a probe is answered with one byte
        std::vector<Error> troubles = {}; ///< of the machine, one for each of the next transfers
        std::uint64_t taken = 0;          ///< bytes of the body that arrive before the trouble
    };
    struct Asked {
        std::string url;
        Validator validator;
        int status = 0;
        std::vector<std::string> secrets = {};
        std::string dictionary = {}; ///< SHA-256 of what was offered
        bool probe = false;
        bool compressed = false;
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
                             request.secret_headers,
                             request.dictionary ? request.dictionary->sha256 : "", request.probe,
                             request.compressed});
        }
        return results;
    }

    std::uint32_t begin_probe(const ProbeAttempt& attempt) override {
        const auto number = static_cast<std::uint32_t>(probed.size() + 1);
        probed.push_back(attempt);
        const ProbeSighting seen = look_at ? look_at(attempt.address) : healthy();
        const bool hangs = !seen.healthy && seen.what == hanging;
        open_probes_.emplace(Clock::now() + (hangs ? attempt.limit : Duration::zero()),
                             ProbeSighting{number, seen.healthy, seen.what, seen.error});
        return number;
    }

    std::vector<ProbeSighting> await_probes(Duration patience,
                                            const Interrupt& interrupt) override {
        const Clock::time_point end = Clock::now() + patience;
        std::vector<ProbeSighting> seen;
        while (!open_probes_.empty()) {
            interrupt.check();
            const auto [due, sighting] = *open_probes_.begin();
            std::this_thread::sleep_until(std::min(due, end));
            if (Clock::now() < due)
                break;
            seen.push_back(sighting);
            open_probes_.erase(open_probes_.begin());
        }
        return seen;
    }

    /// What an attempt at an address sees; its number does not matter. One that sees `hanging` is
    /// told when its limit is over.
    std::function<ProbeSighting(const std::string& address)> look_at = {};
    static constexpr const char* hanging = "does not answer";
    static ProbeSighting healthy() { return {0, true, "answers 200", {}}; }
    static ProbeSighting unhealthy(const std::string& what) { return {0, false, what, {}}; }
    std::vector<ProbeAttempt> probed; ///< every attempt so far

    long count_of(int status) const {
        return std::count_if(asked.begin(), asked.end(),
                             [&](const Asked& one) { return one.status == status; });
    }

private:
    using Clock = std::chrono::steady_clock;
    std::multimap<Clock::time_point, ProbeSighting> open_probes_; ///< by the time of the answer

    /// The page as it is for this request, and how it is encoded.
    std::pair<Page, ContentCoding> select(const TransferRequest& request) {
        Page page = pages.at(request.url);
        for (const Variant& variant : page.variants) {
            const bool accepted =
                variant.coding == ContentCoding::dcz
                    ? request.dictionary && request.dictionary->sha256 == variant.dictionary
                    : request.compressed;
            if (!accepted)
                continue;
            page.body = variant.body;
            page.etag = variant.etag;
            return {page, variant.coding};
        }
        return {page, ContentCoding::identity};
    }

    TransferResult answer(TransferRequest& request) {
        TransferResult result;
        if (!pages.contains(request.url)) {
            result.http_status = 404;
            result.error = Error(ErrorKind::http, "HTTP 404");
            return result;
        }
        const auto [page, coding] = select(request);
        result.http_status = page.status;
        if (!page.troubles.empty()) {
            result.error = page.troubles.front();
            result.bytes = page.taken;
            auto& left = pages.at(request.url).troubles;
            left.erase(left.begin());
            return result;
        }
        if (result.http_status != 200) {
            result.error = Error(ErrorKind::http, "HTTP " + std::to_string(result.http_status));
            result.error->retry_after = page.retry_after;
            return result;
        }
        result.validator = {page.etag, page.last_modified};
        result.use_as_dictionary = page.use_as_dictionary;
        const bool same_etag =
            !request.validator.etag.empty() && request.validator.etag == page.etag;
        const bool same_date = request.validator.etag.empty() &&
                               !request.validator.last_modified.empty() &&
                               request.validator.last_modified == page.last_modified;
        if (same_etag || same_date) {
            result.http_status = 304;
            result.not_modified = true;
            return result;
        }
        if (request.probe && page.ranges) {
            result.http_status = 206;
            result.changed = true;
            return result;
        }
        try {
            send(request, page, coding, result);
        } catch (const Error& error) {
            result.error = error;
        }
        return result;
    }

    static bool sends_known(const TransferRequest& request, ContentCoding coding,
                            const std::string& content) {
        const auto known = coding == ContentCoding::identity && request.place.known
                               ? request.place.known()
                               : std::nullopt;
        return known && known->sha256 == sha256_of(content);
    }

    void send(TransferRequest& request, const Page& page, ContentCoding coding,
              TransferResult& result) {
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
        if (!result.resumed && end == page.body.size() && sends_known(request, coding, content)) {
            result.body = Body{std::move(request.place.known()->file), content.size(),
                               sha256_of(content), coding, true};
            result.bytes = content.size();
            ++bodies;
            return;
        }
        Body body{request.place.open(start), content.size(), sha256_of(content), coding};
        write_all(body.file.get(), rest, "body");
        result.bytes = rest.size();
        if (end < page.body.size()) {
            BodyPart part{page.etag, content.size(), body.sha256, page.body.size(), coding};
            if (coding == ContentCoding::dcz)
                part.dictionary = request.dictionary->sha256;
            request.place.keep_part(body.file.get(), part);
            throw Error(ErrorKind::http, "it ended after " + std::to_string(end) + " bytes");
        }
        result.body = std::move(body);
        ++bodies;
    }
};

} // namespace provisor::test
