// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/good_manifests_test.cpp
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
// What is done with a component: units, health, windows, guards; and what must fit together.
#include "model/component_decoder.hpp"

#include "model/found_version.hpp"
#include "model/shown_url.hpp"
#include "model/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

void ComponentDecoder::read_units(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence) {
        decoder_.complain(node, "units: a list of mappings with 'name' is expected");
        return;
    }
    for (const YamlNode& item : node.items)
        read_unit(item);
}

void ComponentDecoder::read_unit(const YamlNode& node) {
    UnitSpec unit;
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(
        node, "units",
        {{"name",
          [&](const YamlNode& value) {
              put(unit.name, read_expanded(value, "name", Escape::none, find_unit_fault));
              mention(value, unit.name);
          }},
         {"on_change",
          [&](const YamlNode& value) {
              put(unit.on_change,
                  decoder_.read_word<OnChange>(value, "on_change",
                                               {{"restart", OnChange::restart},
                                                {"reload", OnChange::reload},
                                                {"reload-or-restart", OnChange::reload_or_restart},
                                                {"start", OnChange::start},
                                                {"none", OnChange::none}}));
          }},
         {"on_repair",
          [&](const YamlNode& value) {
              put(unit.on_repair, decoder_.read_word<OnRepair>(
                                      value, "on_repair",
                                      {{"none", OnRepair::none}, {"restart", OnRepair::restart}}));
          }},
         // Taken as it is: ${VARIABLE} and %i are systemd's, not placeholders of ours.
         {"file", [&](const YamlNode& value) { unit.file = decoder_.read_text(value, "file"); }},
         {"enable",
          [&](const YamlNode& value) { put(unit.enable, decoder_.read_bool(value, "enable")); }}});
    if (unit.name.empty() && decoder_.error_count() == before)
        decoder_.complain(node, "units: 'name' is missing");
    if (!unit.name.empty() && !unit_names_.insert(unit.name).second)
        decoder_.complain(node, fmt::format("units: '{}' stands here twice", unit.name));
    component_.units.push_back(std::move(unit));
}

void ComponentDecoder::read_auth(const YamlNode& node) {
    AuthSpec auth;
    int kinds = 0;
    const std::size_t before = decoder_.error_count();
    const auto text = [&](std::string& place, const char* what) {
        return [&, what](const YamlNode& value) { put(place, decoder_.read_text(value, what)); };
    };
    decoder_.read_map(node, "auth",
                      {{"bearer",
                        [&](const YamlNode& value) {
                            ++kinds;
                            text(auth.bearer, "bearer")(value);
                        }},
                       {"basic",
                        [&](const YamlNode& value) {
                            ++kinds;
                            decoder_.read_map(value, "basic",
                                              {{"user", text(auth.user, "user")},
                                               {"password", text(auth.password, "password")}});
                        }},
                       {"netrc",
                        [&](const YamlNode& value) {
                            ++kinds;
                            put(auth.netrc, decoder_.read_bool(value, "netrc"));
                        }},
                       {"header", [&](const YamlNode& value) {
                            ++kinds;
                            decoder_.read_entries(
                                value, "header", [&](const YamlNode& key, const YamlNode& one) {
                                    if (const auto fault = find_header_fault(key.text))
                                        decoder_.complain(key, "header: " + *fault);
                                    text(auth.header[key.text], "header")(one);
                                });
                        }}});
    if (kinds != 1 && decoder_.error_count() == before)
        decoder_.complain(node, "auth: exactly one of bearer, basic, netrc, header is expected");
    component_.auth = std::move(auth);
}

void ComponentDecoder::read_version_from(const YamlNode& node) {
    VersionCommand from;
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(node, "version_from",
                      {{"command",
                        [&](const YamlNode& value) {
                            from.command = read_command(value, "version_from.command");
                        }},
                       {"match", [&](const YamlNode& value) {
                            put(from.match, decoder_.read_text(value, "match"));
                            if (const auto fault = find_match_fault(from.match))
                                decoder_.complain(value, "match: " + *fault);
                        }}});
    if ((from.command.empty() || from.match.empty()) && decoder_.error_count() == before)
        decoder_.complain(node, "version_from: both 'command' and 'match' are needed");
    component_.version_from = std::move(from);
}

void ComponentDecoder::read_health(const YamlNode& node) {
    HealthSpec& health = component_.health;
    const auto bounded = [&](Duration& place, const char* what) {
        return [&, what](const YamlNode& value) {
            const auto span = decoder_.read_span(value, what);
            if (span && *span > std::chrono::hours(24))
                decoder_.complain(value, fmt::format("{}: at most a day is expected", what));
            else
                put(place, span);
        };
    };
    decoder_.read_map(
        node, "health",
        {{"settle", bounded(health.settle, "settle")},
         {"timeout", bounded(health.timeout, "timeout")},
         {"http",
          [&](const YamlNode& value) {
              put(health.http, read_expanded(value, "http", Escape::url, [](std::string_view url) {
                      return url.starts_with("http://") || url.starts_with("https://")
                                 ? find_url_fault(url)
                                 : std::optional<std::string>(
                                       "an http:// or https:// URL is expected");
                  }));
          }},
         {"tcp",
          [&](const YamlNode& value) {
              put(health.tcp, read_expanded(value, "tcp", Escape::none, find_tcp_fault));
          }},
         {"command",
          [&](const YamlNode& value) { health.command = read_command(value, "health.command"); }}});
}

void ComponentDecoder::read_windows(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence) {
        decoder_.complain(node, "windows: a list like [ \"Mon..Fri 02:00-04:00\" ] is expected");
        return;
    }
    for (const YamlNode& item : node.items) {
        const std::optional<std::string> text = decoder_.read_text(item, "windows");
        if (!text)
            continue;
        ParsedWindow parsed = parse_window(*text);
        if (!parsed.fault.empty())
            decoder_.complain(item, "windows: " + parsed.fault);
        parsed.window.line = item.line;
        parsed.window.column = item.column;
        component_.windows.push_back(std::move(parsed.window));
    }
}

std::vector<Decoder::Field> ComponentDecoder::policy_fields() {
    return {
        {"update",
         [this](const YamlNode& node) {
             put(component_.update,
                 decoder_.read_word<Update>(
                     node, "update",
                     {{"revalidate", Update::revalidate}, {"if-missing", Update::if_missing}}));
         }},
        {"check", [this](const YamlNode& node) { component_.check = read_command(node, "check"); }},
        {"version_from", [this](const YamlNode& node) { read_version_from(node); }},
        {"after",
         [this](const YamlNode& node) {
             component_.after = decoder_.read_texts(node, "after");
             for (const YamlNode& item : node.items)
                 if (item.kind == YamlNode::Kind::scalar) {
                     mention(item, item.text);
                     if (const auto fault = find_name_fault(item.text))
                         decoder_.complain(item, "after: " + *fault);
                 }
         }},
        {"health", [this](const YamlNode& node) { read_health(node); }},
        {"rollback",
         [this](const YamlNode& node) {
             put(component_.rollback,
                 decoder_.read_word<Rollback>(
                     node, "rollback", {{"auto", Rollback::automatic}, {"off", Rollback::off}}));
         }},
        {"version_order",
         [this](const YamlNode& node) {
             put(component_.version_order,
                 decoder_.read_word<VersionOrder>(node, "version_order",
                                                  {{"auto", VersionOrder::automatic},
                                                   {"semver", VersionOrder::semver},
                                                   {"numeric", VersionOrder::numeric},
                                                   {"none", VersionOrder::none}}));
         }},
        {"allow_downgrade",
         [this](const YamlNode& node) {
             put(component_.allow_downgrade, decoder_.read_bool(node, "allow_downgrade"));
         }},
        {"replace_packaged",
         [this](const YamlNode& node) {
             put(component_.replace_packaged, decoder_.read_bool(node, "replace_packaged"));
         }},
        {"windows", [this](const YamlNode& node) { read_windows(node); }},
        {"state",
         [this](const YamlNode& node) {
             put(component_.state,
                 decoder_.read_word<WantedState>(node, "state",
                                                 {{"present", WantedState::present},
                                                  {"absent", WantedState::absent},
                                                  {"held", WantedState::held}}));
         }},
    };
}

void ComponentDecoder::check_whole(const YamlNode& name, const YamlNode& body) {
    const std::string who = fmt::format("component '{}'", component_.name);
    if (short_form_used_ && !component_.files.empty())
        decoder_.complain(name,
                          fmt::format("{}: either 'files' or 'path' is expected, not both", who));
    else if (short_form_used_ && short_form_.path.empty())
        decoder_.complain(name, fmt::format("{}: 'path' is missing", who));
    else if (short_form_used_)
        component_.files.push_back(short_form_);
    if (component_.state == WantedState::absent)
        return;
    if (component_.url.empty())
        decoder_.complain(name, fmt::format("{}: 'url' is missing", who));
    if (component_.files.empty() && !short_form_used_)
        decoder_.complain(name, fmt::format("{}: 'path' (or 'files') is missing", who));
    const YamlNode* checksums = body.find("checksums");
    if (checksums == nullptr)
        checksums = body.find("sha256sums");
    if (checksums != nullptr && !(component_.sha256.empty() && component_.sha512.empty()))
        decoder_.complain(*checksums, fmt::format("{}: either '{}' or 'checksums' is expected", who,
                                                  component_.sha256.empty() ? "sha512" : "sha256"));
    if (!component_.checksums_name.empty() && checksums == nullptr)
        decoder_.complain(*body.find("checksums_name"),
                          fmt::format("{}: 'checksums_name' needs 'checksums'", who));
    if (component_.signature.over == SignatureOver::sums && component_.checksums.empty())
        decoder_.complain(*body.find("signature"),
                          fmt::format("{}: 'over: sums' needs 'checksums'", who));
    warn_of_http(body, who);
}

/// Of each URL that anybody on the way can answer for, when nothing else says what is wanted.
void ComponentDecoder::warn_of_http(const YamlNode& body, const std::string& who) {
    // A checksums file that comes the same way says what its sender wants.
    const bool verified = !component_.sha256.empty() || !component_.sha512.empty() ||
                          component_.checksums.starts_with("https://") ||
                          !component_.signature.url.empty();
    if (verified)
        return;
    constexpr const char* danger = "without sha256 or signature: anyone on the network path can "
                                   "replace the download";
    if (component_.url.starts_with("http://"))
        decoder_.warn(*body.find("url"), fmt::format("{}: http:// {}", who, danger));
    const YamlNode* mirrors = body.find("mirrors");
    // One that is wrong in itself is no mirror, and an error anyway.
    for (std::size_t i = 0; mirrors != nullptr && i < component_.mirrors.size(); ++i)
        if (component_.mirrors[i].starts_with("http://"))
            decoder_.warn(mirrors->items[i], fmt::format("{}: the mirror '{}' {}", who,
                                                         shown_url(component_.mirrors[i]), danger));
}

} // namespace provisor
