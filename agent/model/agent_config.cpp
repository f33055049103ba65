// SPDX-License-Identifier: Apache-2.0
#include "model/agent_config.hpp"

#include "base/quantity.hpp"
#include "model/decoder.hpp"
#include "model/manifest.hpp"
#include "model/syntax.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

using Fault = std::optional<std::string> (*)(std::string_view);

std::optional<std::string> find_folder_fault(std::string_view path) {
    if (path.starts_with('/') && path.ends_with('/'))
        return "a directory below '/' is expected, without a '/' at the end";
    return find_path_fault(path);
}

/// Reads one file over what earlier files said.
class ConfigDecoder {
public:
    ConfigDecoder(Decoder& decoder, AgentConfig& config) : decoder_(decoder), config_(config) {}

    void read(const YamlNode& document) {
        decoder_.read_map(
            document, "configuration",
            {text("state_dir", config_.state_dir, find_folder_fault),
             span("interval", config_.interval, std::chrono::seconds(1)),
             span("splay", config_.splay),
             word<Require>("require", config_.require,
                           {{"none", Require::none},
                            {"pin", Require::pin},
                            {"signature", Require::signature}}),
             count("parallel", config_.parallel, 1, max_parallel),
             map("limits", {size("download_rate", config_.limits.download_rate),
                            size("artifact_size", config_.limits.artifact_size),
                            size("min_free", config_.limits.min_free)}),
             map("timeouts",
                 {span("connect", config_.timeouts.connect), span("stall", config_.timeouts.stall),
                  span("total", config_.timeouts.total)}),
             map("cache", {count("keep_versions", config_.cache.keep_versions, 0),
                           size("max_size", config_.cache.max_size)}),
             map("retry", {span("first", config_.retry.first), span("max", config_.retry.max),
                           count("attempts", config_.retry.attempts, 0)}),
             map("flip_flop", {span("window", config_.flip_flop.window),
                               count("switches", config_.flip_flop.switches, 0),
                               span("hold", config_.flip_flop.hold),
                               span("max_hold", config_.flip_flop.max_hold)}),
             map("tls", {text("ca_file", config_.tls.ca_file, find_path_fault),
                         text("client_cert", config_.tls.client_cert, find_path_fault),
                         text("client_key", config_.tls.client_key, find_path_fault),
                         word<std::string>("min_version", config_.tls.min_version,
                                           {{"1.2", "1.2"}, {"1.3", "1.3"}})}),
             text("proxy", config_.proxy, find_proxy_fault), span("max_age", config_.max_age)});
    }

private:
    template <typename Value>
    static void take(Value& place, std::optional<Value> value) {
        if (value)
            place = std::move(*value);
    }

    // Each of these is the field of one key.

    Decoder::Field map(std::string_view key, std::vector<Decoder::Field> fields) {
        return {key, [this, key, fields = std::move(fields)](const YamlNode& node) {
                    // `tls:` with nothing below says nothing, which is no mistake.
                    if (node.kind != YamlNode::Kind::null)
                        decoder_.read_map(node, key, fields);
                }};
    }

    template <typename Value>
    Decoder::Field word(std::string_view key, Value& place,
                        std::vector<std::pair<std::string_view, Value>> words) {
        return {key, [this, key, &place, words = std::move(words)](const YamlNode& node) {
                    take(place, decoder_.read_word<Value>(node, key, words));
                }};
    }

    Decoder::Field span(std::string_view key, Duration& place, Duration lowest = Duration::zero()) {
        return {key, [this, key, &place, lowest](const YamlNode& node) {
                    const std::optional<Duration> value = decoder_.read_span(node, key);
                    if (value && *value < lowest)
                        decoder_.complain(node, fmt::format("{}: at least {} is expected", key,
                                                            format_time_span(lowest)));
                    else
                        take(place, value);
                }};
    }

    Decoder::Field size(std::string_view key, std::uint64_t& place) {
        return {key, [this, key, &place](const YamlNode& node) {
                    take(place, decoder_.read_size(node, key));
                }};
    }

    Decoder::Field count(std::string_view key, unsigned& place, unsigned lowest,
                         unsigned highest = 100'000) {
        return {key, [this, key, &place, lowest, highest](const YamlNode& node) {
                    take(place, decoder_.read_count(node, key, lowest, highest));
                }};
    }

    Decoder::Field text(std::string_view key, std::string& place, Fault find_fault) {
        return {key, [this, key, &place, find_fault](const YamlNode& node) {
                    // An empty value takes an earlier file's back.
                    if (node.kind == YamlNode::Kind::null) {
                        place.clear();
                        return;
                    }
                    std::optional<std::string> value = decoder_.read_text(node, key);
                    const auto fault = value && !value->empty() ? find_fault(*value) : std::nullopt;
                    if (fault)
                        decoder_.complain(node, fmt::format("{}: {}", key, *fault));
                    else
                        take(place, std::move(value));
                }};
    }

    Decoder& decoder_;
    AgentConfig& config_;
};

} // namespace

ParsedConfig parse_agent_config(const std::vector<SourceText>& sources) {
    ParsedConfig parsed;
    for (const SourceText& source : sources) {
        Decoder decoder(source.file, source.text);
        const std::optional<YamlNode> document =
            decoder.read_document(source.text, manifest_size_limit);
        if (document && document->kind != YamlNode::Kind::null)
            ConfigDecoder(decoder, parsed.config).read(*document);
        for (Diagnostic& error : decoder.take_errors())
            parsed.errors.push_back(std::move(error));
    }
    if (!parsed.errors.empty())
        parsed.config = {};
    return parsed;
}

} // namespace provisor
