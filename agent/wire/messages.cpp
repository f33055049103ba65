// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include "base/error.hpp"
#include "wire/payload.hpp"
#include "wire/validator_text.hpp"

#include <algorithm>

namespace provisor {
namespace {

std::optional<std::uint64_t> read_optional(PayloadReader& reader) {
    const bool known = reader.number() != 0;
    const std::uint64_t value = reader.number();
    return known ? std::optional(value) : std::nullopt;
}

} // namespace

std::string encode(const FetchSettings& settings) {
    PayloadWriter writer;
    writer.add(settings.connect_timeout)
        .add(settings.stall_timeout)
        .add(settings.total_timeout)
        .add(settings.parallel)
        .add(settings.min_tls)
        .add(settings.proxy)
        .add(settings.ca_pem)
        .add(settings.client_cert_pem)
        .add(settings.client_key_pem)
        .add(settings.environment.size());
    for (const std::string& variable : settings.environment)
        writer.add(variable);
    return writer.take();
}

FetchSettings decode_settings(std::string_view payload) {
    PayloadReader reader(payload);
    FetchSettings settings;
    settings.connect_timeout = reader.number();
    settings.stall_timeout = reader.number();
    settings.total_timeout = reader.number();
    settings.parallel = std::clamp<std::uint64_t>(reader.number(), 1, FetchSettings::max_parallel);
    settings.min_tls = reader.text();
    settings.proxy = reader.text();
    settings.ca_pem = reader.text();
    settings.client_cert_pem = reader.text();
    settings.client_key_pem = reader.text();
    // Each is 8 bytes at least, so that a number that cannot be ends soon.
    for (std::uint64_t count = reader.number(); count > 0; --count)
        settings.environment.push_back(reader.text());
    reader.finish();
    return settings;
}

std::string encode(const FetchRequest& request) {
    PayloadWriter writer;
    writer.add(request.url)
        .add(request.etag)
        .add(request.last_modified)
        .add(request.range_from)
        .add(request.range_whole)
        .add(request.if_range)
        .add(static_cast<std::uint64_t>(request.range_coding))
        .add(std::uint64_t{request.compressed})
        .add(request.dictionary)
        .add(request.dictionary_id)
        .add(std::uint64_t{request.probe})
        .add(std::uint64_t{request.client_certificate})
        .add(request.secret_headers.size());
    for (const std::string& line : request.secret_headers)
        writer.add(line);
    return writer.take();
}

FetchRequest decode_request(std::string_view payload) {
    PayloadReader reader(payload);
    FetchRequest request;
    request.url = reader.text();
    request.etag = reader.text();
    request.last_modified = reader.text();
    request.range_from = reader.number();
    request.range_whole = reader.number();
    request.if_range = reader.text();
    request.range_coding = reader.coding();
    request.compressed = reader.number() != 0;
    request.dictionary = reader.text();
    request.dictionary_id = reader.text();
    request.probe = reader.number() != 0;
    request.client_certificate = reader.number() != 0;
    // Each is 8 bytes at least, so that a number that cannot be ends soon.
    for (std::uint64_t count = reader.number(); count > 0; --count)
        request.secret_headers.push_back(reader.text());
    reader.finish();
    return request;
}

std::string encode(const FetchHead& head) {
    return PayloadWriter()
        .add(head.status)
        .add(head.content_length ? 1U : 0U)
        .add(head.content_length.value_or(0))
        .add(head.whole_length ? 1U : 0U)
        .add(head.whole_length.value_or(0))
        .add(head.etag)
        .add(head.last_modified)
        .add(head.retry_after)
        .add(static_cast<std::uint64_t>(head.coding))
        .add(head.dictionary_match)
        .add(head.dictionary_id)
        .take();
}

FetchHead decode_head(std::string_view payload) {
    PayloadReader reader(payload);
    FetchHead head;
    head.status = reader.number();
    head.content_length = read_optional(reader);
    head.whole_length = read_optional(reader);
    head.etag = reader.text();
    head.last_modified = reader.text();
    head.retry_after = reader.text();
    head.coding = reader.coding();
    head.dictionary_match = reader.text();
    head.dictionary_id = reader.text();
    reader.finish();

    if (head.status < 200 || head.status > 999)
        throw Error(ErrorKind::io, "a message with an impossible status");
    // They are stored and sent back: checked on the side that is to rely on it.
    if (!(head.etag.empty() || is_entity_tag(head.etag)) || !is_date_text(head.last_modified) ||
        !is_date_text(head.retry_after) || !is_dictionary_text(head.dictionary_match) ||
        !is_dictionary_text(head.dictionary_id))
        throw Error(ErrorKind::io, "a message with an impossible validator");
    return head;
}

std::string encode(const FetchFailure& failure) {
    return PayloadWriter()
        .add(static_cast<std::uint64_t>(failure.kind))
        .add(failure.message)
        .take();
}

FetchFailure decode_failure(std::string_view payload) {
    PayloadReader reader(payload);
    FetchFailure failure;
    const std::uint64_t kind = reader.number();
    failure.message = reader.text();
    reader.finish();
    // Only what can go wrong with a transfer; anything else would let the fetcher put words into
    // the agent's mouth.
    for (const ErrorKind possible :
         {ErrorKind::http, ErrorKind::tls, ErrorKind::timeout, ErrorKind::io})
        if (kind == static_cast<std::uint64_t>(possible)) {
            failure.kind = possible;
            return failure;
        }
    throw Error(ErrorKind::io, "a message with an impossible error kind");
}

} // namespace provisor
