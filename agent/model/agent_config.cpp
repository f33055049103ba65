// SPDX-License-Identifier: Apache-2.0
#include "model/agent_config.hpp"

#include "model/decoder.hpp"
#include "model/manifest.hpp"
#include "model/syntax.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

/// Reads one file over what earlier files said.
class ConfigDecoder {
public:
    ConfigDecoder(Decoder& decoder, AgentConfig& config) : decoder_(decoder), config_(config) {}

    void read(const YamlNode& document) {
        decoder_.read_map(document, "configuration",
                          {{"state_dir", path(config_.state_dir)},
                           {"interval", span(config_.interval, std::chrono::seconds(1))},
                           {"splay", span(config_.splay, Duration::zero())},
                           {"require",
                            [this](const YamlNode& node) {
                                take(config_.require, decoder_.read_word<Require>(node, "require",
                                                                                  {{"none", Require::none},
                                                                                   {"pin", Require::pin},
                                                                                   {"signature", Require::signature}}));
                            }},
                           {"parallel", count(config_.parallel, 1)},
                           {"limits", map("limits", {{"download_rate", size(config_.limits.download_rate)},
                                                     {"artifact_size", size(config_.limits.artifact_size)},
                                                     {"min_free", size(config_.limits.min_free)}})},
                           {"timeouts", map("timeouts", {{"connect", span(config_.timeouts.connect, Duration::zero())},
                                                         {"stall", span(config_.timeouts.stall, Duration::zero())},
                                                         {"total", span(config_.timeouts.total, Duration::zero())}})},
                           {"cache", map("cache", {{"keep_versions", count(config_.keep_versions, 0)}})},
                           {"retry", map("retry", {{"first", span(config_.retry.first, Duration::zero())},
                                                   {"max", span(config_.retry.max, Duration::zero())},
                                                   {"attempts", count(config_.retry.attempts, 0)}})},
                           {"flip_flop",
                            map("flip_flop", {{"window", span(config_.flip_flop.window, Duration::zero())},
                                              {"switches", count(config_.flip_flop.switches, 0)},
                                              {"hold", span(config_.flip_flop.hold, Duration::zero())},
                                              {"max_hold", span(config_.flip_flop.max_hold, Duration::zero())}})},
                           {"tls", map("tls", {{"ca_file", path(config_.tls.ca_file)},
                                               {"client_cert", path(config_.tls.client_cert)},
                                               {"client_key", path(config_.tls.client_key)},
                                               {"min_version",
                                                [this](const YamlNode& node) {
                                                    take(config_.tls.min_version,
                                                         decoder_.read_word<std::string>(node, "min_version",
                                                                                         {{"1.2", "1.2"}, {"1.3", "1.3"}}));
                                                }}})},
                           {"proxy",
                            [this](const YamlNode& node) {
                                take(config_.proxy, decoder_.read_text(node, "proxy"));
                            }},
                           {"max_age", span(config_.max_age, Duration::zero())}});
    }

private:
    template <typename Value>
    static void take(Value& place, std::optional<Value> value) {
        if (value)
            place = std::move(*value);
    }

    Decoder::ReadValue map(std::string_view what, std::vector<Decoder::Field> fields) {
        return [this, what, fields = std::move(fields)](const YamlNode& node) {
            // `tls:` with nothing below says nothing, which is no mistake.
            if (node.kind != YamlNode::Kind::null)
                decoder_.read_map(node, what, fields);
        };
    }

    Decoder::ReadValue span(Duration& place, Duration lowest) {
        return [this, &place, lowest](const YamlNode& node) {
            const std::optional<Duration> value = decoder_.read_span(node, "time span");
            if (value && *value < lowest)
                decoder_.complain(node,
                                  fmt::format("at least {} is expected", format_time_span(lowest)));
            else
                take(place, value);
        };
    }

    Decoder::ReadValue size(std::uint64_t& place) {
        return
            [this, &place](const YamlNode& node) { take(place, decoder_.read_size(node, "size")); };
    }

    Decoder::ReadValue count(unsigned& place, unsigned lowest) {
        return [this, &place, lowest](const YamlNode& node) {
            take(place, decoder_.read_count(node, "number", lowest));
        };
    }

    Decoder::ReadValue path(std::string& place) {
        return [this, &place](const YamlNode& node) {
            // An empty value takes an earlier file's back.
            if (node.kind == YamlNode::Kind::null) {
                place.clear();
                return;
            }
            std::optional<std::string> value = decoder_.read_text(node, "path");
            const std::optional<std::string> fault =
                value && !value->empty() ? find_path_fault(*value) : std::optional<std::string>();
            if (fault)
                decoder_.complain(node, *fault);
            else
                take(place, std::move(value));
        };
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
